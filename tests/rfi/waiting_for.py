"""RFIs that were opened by a submitted order, for tests of what comes after."""

from decimal import Decimal

from data.customers import Customer
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Partner
from data.plans import Plan
from data.rfi import Rfi, RfiLink
from tests.factories import World, a_customer
from tests.orders.drafts import a_draft


def an_opened_rfi(world: World, customer: Customer | None = None, **changed: object) -> Rfi:
    """Of a customer of Northstar in progress, ordered by its administrator now; with its plan and first link."""
    customer = customer or a_customer(world.northstar, status="in_progress")
    order = submitted(a_draft(world, customer), world)
    Plan.create(customer=customer, order=order, opened_at=now())
    rfi = Rfi.create(**{"customer": customer, "order": order, "opened_at": now()} | changed)
    RfiLink.create(
        rfi=rfi,
        token_hash=f"{rfi.id:064}",
        name="Ines Lead",
        email=f"lead@{customer.primary_domain}",
        created_at=now(),
        expires_at=now(),
    )
    return rfi


def submitted(order: Order, world: World) -> Order:
    order.state, order.submitted_at, order.submitted_by = "submitted", now(), world.admin
    order.addendum_number, order.agreed, order.agreed_hash = f"2026-{order.id:06}", {}, "0" * 64
    order.monthly_total = order.one_time_total = order.first_payment = Decimal(100)
    order.save()
    sold = {"name": "Mail shield", "services": "security", "monthly_total": Decimal(100), "one_time_fee": Decimal(0)}
    OrderLine.update(**sold).where(OrderLine.order == order).execute()
    return order


def set_waiting(partner: Partner, reminders: str, close: int) -> None:
    Partner.update(rfi_reminder_days=reminders, rfi_close_days=close).where(Partner.id == partner.id).execute()


def of(record: Rfi | Customer | Order) -> Rfi | Customer | Order:
    """The record as it is now."""
    return type(record).get_by_id(record.id)
