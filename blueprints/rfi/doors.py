"""The two doors to an RFI: its MSP's people come by their role, the customer's contact by a personal link."""

from dataclasses import dataclass
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.rfi.rules import LinkHolder, OpenedLink, follow_link
from blueprints.web.refusals import MayNot, NotThere
from data.customers import Customer
from data.kept import Kept
from data.partners import Partner
from data.rfi import Rfi, RfiLink


@dataclass(frozen=True)
class Door:
    """Who comes to which RFI. `here`: its address by this door; `timezone`: of whoever reads."""

    who: Any  # a Standing or a LinkHolder
    rfi: Rfi  # with its customer and partner
    here: str
    timezone: str
    may_fill: bool
    link: RfiLink | None = None

    @property
    def customer(self) -> Customer:
        return self.rfi.customer

    @property
    def partner(self) -> Partner:
        return self.rfi.customer.partner


def door_of(who: Standing, customer_id: int, base: str, permission: str = "customers.see") -> Door:
    """The newest RFI of a customer. `base`: what addresses begin with. Raises NotThere, MayNot."""
    rfi: Rfi | None = newest_whole.first(customer_id)
    if rfi is None or not who.may_for_customer("customers.see", customer_id, rfi.customer.partner_id):
        raise NotThere
    place = rfi.customer.id, rfi.customer.partner_id
    if not who.may_for_customer(permission, *place):
        raise MayNot
    may_fill = who.may_for_customer("customers.edit", *place)
    return Door(who, rfi, f"{base}/customers/{customer_id}/rfi", who.timezone, may_fill)


newest_whole = Kept(
    lambda customer: (
        Rfi.select(Rfi, Customer, Partner)
        .join(Customer)
        .join(Partner)
        .where(Rfi.customer == customer)
        .order_by(Rfi.id.desc())
        .limit(1)
    )
)


def door_by_link(token: str, base: str) -> Door:
    """The RFI that a personal link opens; that it was opened is noted. Raises NotThere."""
    opened: OpenedLink = follow_link(token)
    who = LinkHolder(opened.link)
    return Door(who, opened.rfi, f"{base}/rfi/{token}", opened.partner.timezone, may_fill=True, link=opened.link)
