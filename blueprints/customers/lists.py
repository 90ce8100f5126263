"""The two lists of customers, *In progress* and *Complete*, and the words that every list of customers shares."""

from collections.abc import Iterable
from dataclasses import dataclass

from peewee import fn

from blueprints.accounts.standing import Standing
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing, list_customers
from blueprints.customers.wanted import Wanted
from data import formats
from data.customers import ACCOUNT_TYPES
from data.partners import Partner
from data.rfi import Rfi


@dataclass(frozen=True)
class Marks:
    """What a list says beside its rows. `rfi`: customer id → state of the newest RFI; `roles`: → your role."""

    rfi: dict[int, str]
    roles: dict[int, str]
    partners: dict[int, str]

    def account_type(self, row: Row) -> str:
        return ACCOUNT_TYPES.get(row.account_type, row.account_type)


def customers_on(who: Standing, wanted: Wanted) -> tuple[Listing, Marks]:
    """A page of a list, and what stands beside its rows; a constant number of queries."""
    listing = list_customers(who, wanted)
    ids = [row.id for row in listing.rows]
    roles = {row.id: who.role_on(row.id, row.partner_id).label for row in listing.rows}
    return listing, Marks(rfi_states(ids), roles, partner_names(who, listing.rows))


def rfi_states(customer_ids: list[int]) -> dict[int, str]:
    if not customer_ids:
        return {}
    newest = Rfi.select(fn.MAX(Rfi.id)).where(Rfi.customer.in_(customer_ids)).group_by(Rfi.customer)
    return dict(Rfi.select(Rfi.customer, Rfi.state).where(Rfi.id.in_(newest)).tuples())


def partner_names(who: Standing, rows: Iterable[Row]) -> dict[int, str]:
    """The MSPs of these rows by id, for people to whom a list shows more than one; else {}."""
    if not who.operator and len({*who.over_partners, *(partner for partner, _ in who.over_customers.values())}) < 2:
        return {}
    shown = {row.partner_id for row in rows}
    return names_of(shown) if shown else {}


def names_of(partner_ids: Iterable[int]) -> dict[int, str]:
    return dict(Partner.select(Partner.id, Partner.name).where(Partner.id.in_(list(partner_ids))).tuples())


def told(listing: Listing, one: str, many: str) -> str:
    """How many there are, in words: “214 prospects”."""
    if listing.more_than_total:
        return f"More than {formats.number(listing.total)} {many}"
    return f"1 {one}" if listing.total == 1 else f"{formats.number(listing.total)} {many}"


def total_told(listing: Listing) -> str:
    """The number for the foot of a page: “214”, “more than 1,000”."""
    return f"{'more than ' if listing.more_than_total else ''}{formats.number(listing.total)}"


def nothing_told(wanted: Wanted) -> str:
    """Why a list is empty that is not empty as a whole."""
    where = f" under {wanted.letter}" if wanted.letter else ""
    if wanted.q:
        return f"No name{where} has “{wanted.q}” in it, and no domain is exactly that."
    return f"There is nothing{where}."
