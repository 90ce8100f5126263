"""Lists of prospects: the live ones, the archived ones, and either as CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import shown_domain
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing, Wanted, every_customer, list_customers
from blueprints.prospects.rules import LEAD
from blueprints.web.csv_files import csv_safe
from data import formats
from data.customers import ACCOUNT_TYPES, Contact
from data.partners import Partner

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


def prospects(who: Standing, wanted: Wanted) -> Listing:
    return list_customers(who, wanted, PERMISSION)


def told(listing: Listing) -> str:
    """How many there are, in words: “214 prospects”."""
    if listing.more_than_total:
        return f"More than {formats.number(listing.total)} prospects"
    return "1 prospect" if listing.total == 1 else f"{formats.number(listing.total)} prospects"


def total_told(listing: Listing) -> str:
    """The number for the foot of a page: “214”, “more than 1,000”."""
    return f"{'more than ' if listing.more_than_total else ''}{formats.number(listing.total)}"


def nothing_told(wanted: Wanted) -> str:
    """Why a list is empty that is not empty as a whole."""
    where = f" under {wanted.letter}" if wanted.letter else ""
    if wanted.q:
        return f"No name{where} has “{wanted.q}” in it, and no domain is exactly that."
    return f"There is nothing{where}."


def may_order(who: Standing) -> Callable[[Row], bool] | None:
    """Which rows the person may provision; None when there can be none."""
    if not who.may("orders.edit"):
        return None
    return lambda row: who.may_for_customer("orders.edit", row.id, row.partner_id)


def created_on(row: Row, timezone: str) -> str:
    """The day on which it was entered, on the reader's clock."""
    return formats.day(row.created_at.astimezone(ZoneInfo(timezone)).date())


def partner_names(who: Standing, rows: Iterable[Row]) -> dict[int, str]:
    """The MSPs of these rows by id, for people to whom a list shows more than one; else {}."""
    if not who.operator and len({*who.over_partners, *(partner for partner, _ in who.over_customers.values())}) < 2:
        return {}
    shown = {row.partner_id for row in rows}
    return names_of(shown) if shown else {}


def names_of(partner_ids: Iterable[int]) -> dict[int, str]:
    named = Partner.select(Partner.id, Partner.name).where(Partner.id.in_(list(partner_ids))).tuples()
    return dict(named)


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
        row.created_at.astimezone(ZoneInfo(timezone)).date().isoformat(),
        lead.full_name if lead else "",
        lead.email if lead else "",
        lead.phone if lead else "",
    )


def lined(rows: Iterable[Iterable[object]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([csv_safe(str(cell)) for cell in row] for row in rows)
    return file.getvalue()
