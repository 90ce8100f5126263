"""Lists as CSV, a few hundred rows at a time, so that their length does not matter."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from zoneinfo import ZoneInfo

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import shown_domain
from blueprints.customers.finding import Row
from blueprints.customers.listing import chosen_customers, every_customer
from blueprints.customers.lists import RFI_STATES, Progress, marks_of, names_of, plans_of
from blueprints.customers.wanted import Wanted
from blueprints.web.csv_files import csv_safe
from data.customers import ACCOUNT_TYPES, Contact
from data.monitors import SERVICES
from data.plans import OWNERS

AT_ONCE = 500
LEAD = ("Implementation Lead", "Email", "Phone")
NOBODY = ("", "", "")
HEADING = (
    *("Customer", "Domain", "MSP", "Permitted users", "Account type", "RFI"),
    *("Steps done", "Steps", "Whose turn", *SERVICES.values(), "Your role"),
    *("Subscription start", "Created", *LEAD),
)

Cells = Iterable[object]


def customers_as_csv(who: Standing, wanted: Wanted) -> Iterator[str]:
    """The whole list that is wanted."""
    return as_csv(HEADING, every_customer(who, wanted), lambda rows: cells(who, rows))


def chosen_as_csv(who: Standing, wanted: Wanted, ids: Sequence[int]) -> Iterator[str]:
    """These customers of the list. Raises NotThere at once, unless each is the person's to see."""
    rows = chosen_customers(who, wanted, ids)
    return as_csv(HEADING, iter(rows), lambda some: cells(who, some))


def as_csv(
    heading: Sequence[str], rows: Iterator[Row], cells_of: Callable[[list[Row]], Iterable[Cells]]
) -> Iterator[str]:
    """The lines of a CSV file. `cells_of`: what a few hundred rows say, in the order of the heading."""
    yield "\ufeff" + lined([heading])  # the mark by which spreadsheets know UTF-8
    while some := list(islice(rows, AT_ONCE)):
        yield lined(cells_of(some))


def lined(rows: Iterable[Cells]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([csv_safe(str(cell)) for cell in row] for row in rows)
    return file.getvalue()


def cells(who: Standing, rows: list[Row]) -> Iterator[Cells]:
    leads = leads_of(row.id for row in rows)
    partners = names_of({row.partner_id for row in rows})
    plans = plans_of(rows)
    for row in rows:
        yield (
            row.name,
            shown_domain(row.primary_domain),
            partners[row.partner_id],
            row.permitted_users,
            ACCOUNT_TYPES.get(row.account_type, row.account_type),
            RFI_STATES.get(row.rfi_state, ""),
            *worked_off(plans.get(row.id)),
            *(mark.text for mark in marks_of(row.monitors)),
            who.role_on(row.id, row.partner_id).label,
            row.subscription_start or "",
            day_there(row, who.timezone),
            *leads.get(row.id, NOBODY),
        )


def worked_off(plan: Progress | None) -> tuple[object, object, str]:
    """Required steps done, how many there are, and who does the next one."""
    return (plan.done, plan.total, OWNERS.get(plan.turn, "")) if plan else ("", "", "")


def leads_of(customer_ids: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Customer id → name, address and phone number of the Implementation Lead."""
    chosen = Contact.customer.in_(list(customer_ids)) & (Contact.kind == "implementation_lead")
    columns = (Contact.customer, Contact.first_name, Contact.last_name, Contact.email, Contact.phone)
    found = Contact.select(*columns).where(chosen).tuples()
    return {customer: (f"{first} {last}".strip(), email, phone) for customer, first, last, email, phone in found}


def day_there(row: Row, timezone: str) -> date:
    """The day on which it was entered, on the clocks of a time zone."""
    return row.created.astimezone(ZoneInfo(timezone)).date()
