"""Lists of prospects: the live ones, the archived ones, and either as CSV."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import shown_domain
from blueprints.customers.export import LEAD, NOBODY, as_csv, day_there, leads_of
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing, every_customer, list_customers
from blueprints.customers.lists import names_of
from blueprints.customers.wanted import Wanted
from data import formats
from data.customers import ACCOUNT_TYPES

PERMISSION = "prospects.see"
HEADING = ("Company", "Domain", "MSP", "Permitted users", "Account type", "Created", *LEAD)


class Shown(NamedTuple):
    """A prospect as a row of the list shows it, in words; `partner` is "" where all rows are of one MSP."""

    id: int
    name: str
    partner: str
    domain: str
    users: str
    account_type: str
    created: str


def prospects(who: Standing, wanted: Wanted) -> Listing:
    return list_customers(who, wanted, PERMISSION)


def shown(row: Row, partner: str, timezone: str) -> Shown:
    """Numbers and days as people read them, days on the clocks of their time zone."""
    return Shown(
        id=row.id,
        name=row.name,
        partner=partner,
        domain=shown_domain(row.primary_domain),
        users=formats.number(row.permitted_users),
        account_type=ACCOUNT_TYPES[row.account_type],
        created=formats.day(day_there(row, timezone)),
    )


def may_order(who: Standing) -> Callable[[Row], bool]:
    """Whether the person may provision a prospect; asked once for each MSP, and for each exception."""
    by_partner = cache(lambda partner_id: who.may_for_partner("orders.edit", partner_id))

    def may(row: Row) -> bool:
        if row.id in who.over_customers:
            return who.may_for_customer("orders.edit", row.id, row.partner_id)
        return by_partner(row.partner_id)

    return may


def csv_lines(who: Standing, wanted: Wanted) -> Iterator[str]:
    """The whole list as CSV."""
    return as_csv(HEADING, every_customer(who, wanted, PERMISSION), lambda rows: cells(who, rows))


def cells(who: Standing, rows: list[Row]) -> Iterator[tuple[object, ...]]:
    leads = leads_of(row.id for row in rows)
    partners = names_of({row.partner_id for row in rows})
    for row in rows:
        yield (
            row.name,
            shown_domain(row.primary_domain),
            partners[row.partner_id],
            row.permitted_users,
            ACCOUNT_TYPES.get(row.account_type, row.account_type),
            day_there(row, who.timezone),
            *leads.get(row.id, NOBODY),
        )
