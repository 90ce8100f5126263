"""Customers on the way from one MSP to another, for tests: `asked(world, on_the_way(world))`.

Harbour Lights releases, Northstar receives: so Northstar's people of the access table stand on the receiving side.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import time_machine

from blueprints.accounts.standing import Standing, standing_of
from blueprints.orders.submission import Agreement
from blueprints.transfers import codes, confirming, moving, rules, taking_over
from data.customers import Customer
from data.database import database
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Partner, Product
from data.plans import Plan
from data.rfi import Rfi
from data.terms import terms_on
from data.transfers import Transfer, TransferLine
from tests.factories import World, a_customer

PORTAL_ADDRESS = "https://portal.example"
START = date(2026, 1, 15)  # of subscriptions; eligible from 15 December 2026
ASKING = datetime(2027, 2, 3, 9, tzinfo=UTC)  # when tests ask
DAY = date(2027, 2, 15)  # the next billing date
ON_THE_DAY = datetime(2027, 2, 15, 9, tzinfo=UTC)


def releasing_side(world: World) -> Standing:
    return standing_of(world.stranger)


def receiving_side(world: World) -> Standing:
    return standing_of(world.admin)


def provider(world: World) -> Standing:
    return standing_of(world.operator)


def a_complete_customer(
    world: World, partner: Partner | None = None, products: tuple[Product, ...] = (), **changed: Any
) -> Customer:
    """Of Harbour unless said, with its order, RFI and plan, and the commitment over."""
    partner = partner or world.harbour
    facts = {"subscription_start": START, "commitment_ends": date(2027, 1, 14), "permitted_users": 40}
    customer = a_customer(partner, status="complete", **facts | changed)
    order = an_order(customer, products or (world.shield, world.vault))
    Rfi.create(customer=customer, order=order, state="complete", opened_at=now())
    Plan.create(customer=customer, order=order, state="done", opened_at=now(), completed_at=now())
    return customer


def an_order(customer: Customer, products: tuple[Product, ...], price: str = "3.75") -> Order:
    """Submitted by whoever administrates the MSP, at prices of their own."""
    from data.accounts import Grant, Person  # noqa: PLC0415 - names that nothing else here needs

    seller = Person.select().join(Grant).where(Grant.partner == customer.partner_id).order_by(Person.id).first()
    users = customer.permitted_users
    order = Order.create(
        customer=customer,
        partner=customer.partner_id,
        state="submitted",
        permitted_users=users,
        currency="EUR",
        monthly_total=Decimal(price) * users * len(products),
        one_time_total=Decimal(0),
        first_payment=Decimal(0),
        addendum_number=f"2026-9{customer.id:05}",
        agreed={},
        agreed_hash="0" * 64,
        subscription_start=customer.subscription_start,
        commitment_ends=customer.commitment_ends,
        created_at=now(),
        created_by=seller,
        changed_at=now(),
        changed_by=seller,
        submitted_at=now(),
        submitted_by=seller,
    )
    for position, product in enumerate(products):
        OrderLine.create(
            order=order,
            product=product,
            position=position,
            code=product.code,
            name=product.name,
            services=",".join(product.services),
            monthly_per_user=Decimal(price),
            monthly_total=Decimal(price) * users,
            one_time_fee=Decimal(0),
        )
    return order


def code_of(partner: Partner) -> str:
    """Made when it is first asked for."""
    found = codes.codes_of([partner])[0][1]
    if not found:
        codes.TransferCode.create(partner=partner, code=codes.new_code(), made_at=now())
        found = codes.codes_of([partner])[0][1]
    return found


def a_request(world: World, customer: Customer, **changed: Any) -> rules.Request:
    """All products to Northstar on the next billing date, the terms accepted."""
    lines = OrderLine.select().join(Order).where(Order.customer == customer).order_by(OrderLine.position)
    facts: dict[str, Any] = {
        "product_ids": tuple(line.product_id for line in lines),
        "day": DAY,
        "elsewhere": False,
        "terms": terms_on(rules.KIND, DAY).version,
        "code": code_of(world.northstar),
        "from_address": "192.0.2.1",
    }
    return rules.Request(**facts | changed)


ELSEWHERE = {"elsewhere": True, "code": "", "name": "Far Shore", "contact": "Fay", "email": "fay@farshore.example"}


def asked(world: World, customer: Customer | None = None, **changed: Any) -> Transfer:
    """By the releasing side; the clock is the caller's (see `clock`)."""
    customer = customer or a_complete_customer(world)
    return rules.ask(releasing_side(world), customer.id, a_request(world, customer, **changed), PORTAL_ADDRESS)


def an_agreement(world: World, transfer: Transfer, **changed: Any) -> Agreement:
    costs = taking_over.offer_to(receiving_side(world), transfer.id).costs
    facts = {
        "order_number": "PO-9",
        "not_required": False,
        "governed": True,
        "authorised": True,
        "seen": costs.mark if costs else "",
        "from_address": "192.0.2.2",
    }
    return Agreement(**facts | changed)


def accepted(world: World, transfer: Transfer, **changed: Any) -> Transfer:
    who = receiving_side(world)
    return taking_over.accept(
        who, transfer.id, transfer.version, an_agreement(world, transfer, **changed), PORTAL_ADDRESS
    )


def confirmed(world: World, customer: Customer | None = None, **changed: Any) -> Transfer:
    transfer = accepted(world, asked(world, customer, **changed))
    return confirming.confirm(provider(world), transfer.id, transfer.version, PORTAL_ADDRESS)


@dataclass(frozen=True)
class Moved:
    """`old`: the releasing MSP's record; `new`: the receiving one's."""

    transfer: Transfer
    old: Customer
    new: Customer


def moved(world: World, customer: Customer | None = None, **changed: Any) -> Moved:
    """Asked for, accepted, confirmed, and the day has come."""
    with clock(ASKING):
        transfer = confirmed(world, customer, **changed)
    with clock(ON_THE_DAY):
        moving.move_due(PORTAL_ADDRESS)
    transfer = Transfer.get_by_id(transfer.id)
    assert transfer.state == "moved", transfer.reason
    return Moved(transfer, Customer.get_by_id(transfer.customer_id), Customer.get_by_id(transfer.taken_over_as_id))


@contextmanager
def clock(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def moving_names(transfer: Transfer) -> list[str]:
    return [line.name for line in TransferLine.select().where(TransferLine.transfer == transfer, TransferLine.moves)]


def go(at: datetime = ON_THE_DAY) -> int:
    with clock(at):
        return moving.move_due(PORTAL_ADDRESS)


def on_the_way(world: World, customer: Customer | None = None, **changed: Any) -> Transfer:
    with clock(ASKING):
        return confirmed(world, customer, **changed)


def of(transfer: Transfer) -> Transfer:
    return Transfer.get_by_id(transfer.id)


def rows() -> dict[str, set[Any]]:
    found = {}
    for table in database.get_tables():
        if not table.startswith(("findable", "customer_search", "schema_", "sqlite_", "customer_count", "counter")):
            found[table] = set(map(repr, database.execute_sql(f'SELECT * FROM "{table}"').fetchall()))
    return found
