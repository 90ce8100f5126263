"""The two doors to an RFI: its MSP's people come by their role, the customer's contact by a personal link."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.links import LinkHolder, follow_link
from blueprints.customers.rules import MovedAway, stays_as_it_is
from blueprints.rfi.remembering import whole_rfi
from blueprints.web.refusals import MayNot, NotThere
from data.database import database
from data.rfi import Rfi, RfiLink


@dataclass(frozen=True)
class Door:
    """Who comes to which RFI. `here`: its address by this door; `timezone`: of whoever reads.

    `welcome`: by link, the address of the customer's own page, where the plan goes on.
    """

    who: Any  # a Standing or a LinkHolder
    rfi_id: int
    here: str
    timezone: str
    may_fill: bool
    link: RfiLink | None = None
    welcome: str = ""

    @cached_property
    def rfi(self) -> Rfi:
        """With its customer and partner."""
        return whole_rfi(self.rfi_id)


NEWEST = """
SELECT rfi.id, customer.partner_id, customer.status FROM rfi JOIN customer ON customer.id = rfi.customer_id
WHERE rfi.customer_id = ? ORDER BY rfi.id DESC LIMIT 1"""


def door_of(who: Standing, customer_id: int, base: str, permission: str = "customers.see") -> Door:
    """The newest RFI of a customer. `base`: what addresses begin with. Raises NotThere, MayNot."""
    opened = database.obj
    found = opened.execute_sql(NEWEST.replace("?", opened.param), (customer_id,)).fetchone()
    if found is None or not who.may_for_customer("customers.see", customer_id, found[1]):
        raise NotThere
    rfi_id, partner_id, status = found
    if not who.may_for_customer(permission, customer_id, partner_id):
        raise MayNot
    if stays_as_it_is(status, permission):
        raise MovedAway
    may_fill = who.may_for_customer("customers.edit", customer_id, partner_id)
    may_fill = may_fill and not stays_as_it_is(status, "customers.edit")
    return Door(who, rfi_id, f"{base}/customers/{customer_id}/rfi", who.timezone, may_fill)


def door_by_link(token: str, base: str) -> Door:
    """The RFI that a personal link opens; that it was opened is noted. Raises NotThere."""
    opened = follow_link(token)
    link = opened.link
    here, welcome = f"{base}/rfi/{token}", f"{base}/welcome/{token}"
    return Door(LinkHolder(link), link.rfi_id, here, opened.timezone, may_fill=True, link=link, welcome=welcome)
