"""Lists of prospects: the live ones, the archived ones, and either as CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import shown_domain
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing, every_customer, list_customers
from blueprints.customers.lists import names_of
from blueprints.customers.wanted import Wanted
from blueprints.prospects.rules import LEAD
from blueprints.web.csv_files import csv_safe
from data import formats
from data.customers import ACCOUNT_TYPES, Contact

PERMISSION = "prospects.see"
AT_ONCE = 500
HEADING = (
    "Company",
    "Domain",
    "MSP",
    "Permitted users",
    "Account type",
    "Created",
    "Implementation Lead",
    "Email",
    "Phone",
)


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


def day_there(row: Row, timezone: str) -> date:
    return row.created.astimezone(ZoneInfo(timezone)).date()


def may_order(who: Standing) -> Callable[[Row], bool]:
    """Whether the person may provision a prospect; asked once for each MSP, and for each exception."""
    by_partner = cache(lambda partner_id: who.may_for_partner("orders.edit", partner_id))

    def may(row: Row) -> bool:
        if row.id in who.over_customers:
            return who.may_for_customer("orders.edit", row.id, row.partner_id)
        return by_partner(row.partner_id)

    return may


def csv_lines(who: Standing, wanted: Wanted) -> Iterator[str]:
    """The whole list as CSV, a few hundred rows at a time, so that its length does not matter."""
    yield "\ufeff" + lined([HEADING])  # the mark by which spreadsheets know UTF-8
    rows = every_customer(who, wanted, PERMISSION)
    while some := list(islice(rows, AT_ONCE)):
        leads = leads_of([row.id for row in some])
        partners = names_of({row.partner_id for row in some})
        yield lined(cells(row, who.timezone, partners, leads.get(row.id)) for row in some)


def leads_of(customer_ids: list[int]) -> dict[int, Contact]:
    chosen = Contact.customer.in_(customer_ids) & (Contact.kind == LEAD)
    return {contact.customer_id: contact for contact in Contact.select().where(chosen)}


def cells(row: Row, timezone: str, partners: dict[int, str], lead: Contact | None) -> tuple[object, ...]:
    return (
        row.name,
        shown_domain(row.primary_domain),
        partners[row.partner_id],
        row.permitted_users,
        ACCOUNT_TYPES.get(row.account_type, row.account_type),
        day_there(row, timezone).isoformat(),
        lead.full_name if lead else "",
        lead.email if lead else "",
        lead.phone if lead else "",
    )


def lined(rows: Iterable[Iterable[object]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([csv_safe(str(cell)) for cell in row] for row in rows)
    return file.getvalue()
