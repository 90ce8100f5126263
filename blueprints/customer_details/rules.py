"""What the panels of a customer's page show: the records of the customer, a few at a time.

A constant number of queries, however much there is.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from blueprints.accounts.standing import Standing
from blueprints.customers.log import recent_history
from blueprints.customers.telling import Told
from blueprints.prospects.lookups import FOUND, mail_line
from data.customers import INFRASTRUCTURES, Contact, Customer
from data.domains import DomainLookup
from data.orders import Order, OrderLine
from data.partners import Partner
from data.plans import Plan
from data.rfi import Rfi
from data.roles import Role

ORDERS, CONTACTS = 4, 6  # shown at once

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

    @property
    def partner(self) -> Partner:
        return self.customer.partner

    @cached_property
    def plan(self) -> Plan | None:
        """The one that the newest order opened."""
        return newest(Plan, Plan.customer == self.customer.id).first()

    @cached_property
    def rfi(self) -> Rfi | None:
        return newest(Rfi, Rfi.customer == self.customer.id).first()

    @cached_property
    def infrastructure(self) -> Infrastructure:
        recorded = self.customer.infrastructure
        answered = self.rfi.infrastructure if self.rfi and self.rfi.infrastructure != recorded else ""
        lookup: DomainLookup | None = DomainLookup.get_or_none(DomainLookup.domain == self.customer.primary_domain)
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
        submitted = (Order.customer == self.customer.id) & (Order.state == "submitted")
        orders = self.some(newest(Order, submitted, self.key("products")), ORDERS)
        lines: dict[int, list[OrderLine]] = {order.id: [] for order in orders.few}
        for line in OrderLine.select().where(OrderLine.order.in_(list(lines))).order_by(OrderLine.position):
            lines[line.order_id].append(line)
        return Some(tuple(Bought(order, tuple(lines[order.id])) for order in orders.few), orders.next)

    @cached_property
    def contacts(self) -> Some[Contact]:
        """In the order in which they were written down, the Implementation Lead usually first."""
        theirs = (Contact.customer == self.customer.id) & (Contact.id > self.key("contacts"))
        return self.some(Contact.select().where(theirs).order_by(Contact.id), CONTACTS)

    @cached_property
    def recent(self) -> Some[Told]:
        return Some(*recent_history(self.who, self.customer, self.key("recent")))

    def some(self, query: Any, most: int) -> Some[Any]:
        found = list(query.limit(most + 1))
        return Some(tuple(found[:most]), found[most - 1].id if len(found) > most else None)


def newest(record: Any, condition: Any, before: int = 0) -> Any:
    """The query for the newest rows, or for those older than the row `before`."""
    query = record.select().where(condition)
    return (query.where(record.id < before) if before else query).order_by(record.id.desc())
