"""What the panels of a customer's page show: the records of the customer, a few at a time.

A constant number of queries, however much there is.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from blueprints.accounts.standing import Standing
from blueprints.customers.contact_rules import may_change
from blueprints.customers.links import newest_rfi
from blueprints.customers.log import recent_history
from blueprints.customers.telling import Told
from blueprints.prospects.lookups import FOUND, mail_line
from data.customers import INFRASTRUCTURES, Contact, Customer
from data.domains import DomainLookup
from data.kept import EVERY, Kept
from data.orders import Order, OrderLine
from data.partners import Partner
from data.rfi import Rfi
from data.roles import Role

ORDERS, CONTACTS = 3, 5  # shown at once

T = TypeVar("T")


@dataclass(frozen=True)
class Some(Generic[T]):
    """A few of many. `next`: the key to go on with; None when these are the last."""

    few: tuple[T, ...]
    next: int | None


@dataclass(frozen=True)
class Bought:
    """A submitted order with its lines."""

    order: Order
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True)
class Infrastructure:
    """Where the customer's mail is, as far as anybody said or looked.

    `label`: what the record says; "" while it says nothing. `answered`: what the RFI says where that is something
    else, not handed in yet. `mail`: what the domain name system said when it was last asked, at `looked_up`.
    """

    label: str
    answered: str
    mail: str
    looked_up: datetime | None


class Details:
    """What the panels of one customer's page show, each asked for when a panel that shows it is drawn.

    `panel` goes on from `key`, where it had shown some of many; the others show what comes first.
    """

    def __init__(self, who: Standing, customer: Customer, panel: str = "", key: int = 0) -> None:
        self.who = who
        self.customer = customer
        self.keys = {panel: key}

    def key(self, panel: str) -> int:
        """Where the panel goes on; 0 from the start."""
        return self.keys.get(panel, 0)

    @property
    def role(self) -> Role:
        return self.who.role_on(self.customer.id, self.customer.partner_id)

    def may(self, permission: str) -> bool:
        return self.who.may_for_customer(permission, self.customer.id, self.customer.partner_id)

    @cached_property
    def partner(self) -> Partner:
        """Laid at the customer, too, where other features look for it."""
        self.customer.partner = partner_of.first(self.customer.partner_id)
        return self.customer.partner

    @cached_property
    def rfi(self) -> Rfi | None:
        return newest_rfi(self.customer)

    @cached_property
    def infrastructure(self) -> Infrastructure:
        recorded = self.customer.infrastructure
        answered = self.rfi.infrastructure if self.rfi and self.rfi.infrastructure != recorded else ""
        lookup: DomainLookup | None = lookup_of.first(self.customer.id)
        found = lookup is not None and lookup.outcome == FOUND
        return Infrastructure(
            label=INFRASTRUCTURES.get(recorded, recorded),
            answered=INFRASTRUCTURES.get(answered, answered),
            mail=mail_line(lookup.facts) if lookup and found else "",
            looked_up=lookup.answered_at if lookup and found else None,
        )

    @cached_property
    def orders(self) -> Some[Bought]:
        """The submitted ones, newest first: two queries."""
        orders = some(orders_before(self.customer.id, self.key("products") or EVERY), ORDERS)
        ids = [order.id for order in orders.few]
        lines: dict[int, list[OrderLine]] = {order_id: [] for order_id in ids}
        for line in lines_of(*ids, *[0] * (ORDERS - len(ids))):
            lines[line.order_id].append(line)
        return Some(tuple(Bought(order, tuple(lines[order.id])) for order in orders.few), orders.next)

    @cached_property
    def contacts(self) -> Some[Contact]:
        """In the order in which they were written down, the Implementation Lead usually first."""
        return some(contacts_after(self.customer.id, self.key("contacts")), CONTACTS)

    @property
    def may_change_contacts(self) -> bool:
        return may_change(self.who, self.customer)

    @cached_property
    def recent(self) -> Some[Told]:
        return Some(*recent_history(self.who, self.customer, self.key("recent")))


def some(found: list[Any], most: int) -> Some[Any]:
    """`found` has one more than is shown, if there are more."""
    return Some(tuple(found[:most]), found[most - 1].id if len(found) > most else None)


# --- the queries --------------------------------------------------------------------------------------

WITHOUT_LOGO = [field for field in Partner._meta.sorted_fields if field.name != "logo"]
partner_of = Kept(lambda partner: Partner.select(*WITHOUT_LOGO).where(Partner.id == partner))
lookup_of = Kept(
    lambda customer: (
        DomainLookup.select()
        .join(Customer, on=(Customer.primary_domain == DomainLookup.domain))
        .where(Customer.id == customer)
    )
)
orders_before = Kept(
    lambda customer, key: (
        Order.select(
            Order.id,
            Order.addendum_number,
            Order.permitted_users,
            Order.currency,
            Order.monthly_total,
            Order.submitted_at,
            Order.kind,
            Order.applied_at,
            Order.effective_on,
        )
        .where((Order.customer == customer) & (Order.state == "submitted") & (Order.id < key))
        .order_by(Order.id.desc())
        .limit(ORDERS + 1)
    )
)
lines_of = Kept(
    lambda *orders: (
        OrderLine.select(OrderLine.order, OrderLine.name, OrderLine.monthly_total, OrderLine.one_time_fee)
        .where(OrderLine.order.in_(orders))
        .order_by(OrderLine.position)
    )
)
contacts_after = Kept(
    lambda customer, key: (
        Contact.select()
        .where((Contact.customer == customer) & (Contact.id > key))
        .order_by(Contact.id)
        .limit(CONTACTS + 1)
    )
)
