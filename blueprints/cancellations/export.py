"""The final export: what the portal keeps of a customer whose service has ended, as one archive to be taken.

It is made anew each time and streamed. What a run has got through is kept, so that its page can show a bar.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.cancellations.archive import Facts, File, as_csv, as_json, fitting, zipped
from blueprints.cancellations.cases import cancellation_of
from blueprints.cancellations.eligibility import PERMISSION
from blueprints.customers.attachments import name_to_save
from blueprints.customers.rules import find_customer
from blueprints.web.refusals import NotThere, Refused
from data import formats, history
from data.accounts import Person
from data.attachments import Attachment
from data.cancellations import Cancellation, ExportRun
from data.contents import pieces_of
from data.customers import Contact, Customer
from data.database import transaction
from data.history import History, sentence
from data.moments import now
from data.notes import Note
from data.orders import Order, OrderLine

AT_ONCE = 200
TOLD_EVERY = timedelta(seconds=1)  # how often a run says how far it is
SILENT = timedelta(minutes=2)  # after which a run counts as broken


class NotYet(Refused):
    """There is an export to come, or there was one, or none was asked for; the sentence says which."""


@dataclass(frozen=True)
class Export:
    """The export of a customer as its page shows it. `why_not`: why it cannot be taken now, "" if it can."""

    customer: Customer
    cancellation: Cancellation
    why_not: str
    files: int
    run: ExportRun | None

    @property
    def running(self) -> bool:
        return self.run is not None and self.run.state == "running" and self.run.changed_at > now() - SILENT


def export_of(who: Standing, customer_id: int) -> Export:
    """Raises NotThere where nobody ever asked for one, MayNot."""
    customer = find_customer(who, customer_id, PERMISSION)
    cancellation = cancellation_of(customer)
    if cancellation is None or not cancellation.export or cancellation.state == "withdrawn":
        raise NotThere
    run: ExportRun | None = (
        ExportRun.select()
        .where((ExportRun.cancellation == cancellation) & (ExportRun.person == who.id))
        .order_by(ExportRun.id.desc())
        .first()
    )
    return Export(customer, cancellation, why_not(cancellation), len(TABLES) * 2 + papers_of(customer).count(), run)


def name_of(export: Export) -> str:
    """Under what a browser saves the archive."""
    return f"{fitting(export.customer.name)}.zip"


def why_not(cancellation: Cancellation) -> str:
    if cancellation.state == "pending":
        return f"The export can be taken once the service has ended, after {formats.day(cancellation.ends_on)}."
    if cancellation.export_until is None or cancellation.export_until <= now():
        return "The time for taking this export is over. The provider's operator can open it again."
    return ""


def begin(who: Standing, export: Export) -> Iterator[bytes]:
    """The archive, to be sent as it is made. Raises NotYet."""
    if export.why_not:
        raise NotYet(export.why_not)
    with transaction():
        run = ExportRun.create(
            cancellation=export.cancellation, person=who.id, files=export.files, begun_at=now(), changed_at=now()
        )
        facts = {"partner": export.customer.partner_id, "customer": export.customer.id, "files": export.files}
        history.record("cancellation.exported", who, **facts)
    return sent(run, zipped(files_of(export.customer), Progress(run)))


def sent(run: ExportRun, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces; the run is done when the last is through, and broken when somebody stops before."""
    state = "broken"
    try:
        yield from pieces
        state = "done"
    finally:
        facts = {"state": state, "changed_at": now()}
        if state == "done":
            facts["files_done"] = run.files
        ExportRun.update(**facts).where(ExportRun.id == run.id).execute()


class Progress:
    """Writes down how far a run is, once a second."""

    def __init__(self, run: ExportRun) -> None:
        self.run, self.told_at = run, now()

    def __call__(self, files: int) -> None:
        if now() - self.told_at >= TOLD_EVERY:
            self.told_at = now()
            here = ExportRun.update(files_done=files, changed_at=self.told_at)
            here.where(ExportRun.id == self.run.id).execute()


# --- what is in it ------------------------------------------------------------------------------------


def files_of(customer: Customer) -> Iterator[File]:
    """First what the records say, each as JSON and as CSV, then the papers."""
    at = now()
    for name, (columns, rows) in TABLES.items():
        yield File(f"{name}.json", at, partial(json_of, rows, customer))
        yield File(f"{name}.csv", at, partial(csv_of, columns, rows, customer))
    for paper in in_turn(papers_of(customer), Attachment.id):
        name = f"attachments/{paper.id:06} {fitting(name_to_save(paper))}"
        yield File(name, paper.created_at, partial(pieces_of, paper.sha256, paper.size), packed=False)


def json_of(rows: "Rows", customer: Customer) -> Iterator[bytes]:
    return as_json(rows(customer))


def csv_of(columns: tuple[str, ...], rows: "Rows", customer: Customer) -> Iterator[bytes]:
    return as_csv(columns, rows(customer))


Rows = Callable[[Customer], Iterator[Facts]]


def in_turn(query: Any, key: Any) -> Iterator[Any]:
    """The rows in the order of their key, some at a time, so that nothing is held open meanwhile."""
    last = 0
    while found := list(query.where(key > last).order_by(key).limit(AT_ONCE)):
        last = found[-1].id
        yield from found


def papers_of(customer: Customer) -> Any:
    return Attachment.select().where(Attachment.customer == customer)


RECORD = (
    "name", "company_type", "primary_domain", "website", "sector", "street", "postcode", "city", "region", "country",
    "account_type", "permitted_users", "infrastructure", "status", "subscription_start", "commitment_ends",
    "created_at", "contacts",
)  # fmt: skip  # the contacts of the RFI are in its paper
CONTACT = ("kind", "first_name", "last_name", "email", "phone", "job_title")
ORDER = (
    "addendum_number", "order_number", "submitted_at", "permitted_users", "currency", "monthly_total",
    "one_time_total", "first_payment", "subscription_start", "commitment_ends", "agreed_hash", "lines",
)  # fmt: skip  # as the addendum has them
LINE = ("code", "name", "monthly_per_user", "monthly_total", "one_time_fee")
NOTE = ("text", "author", "created_at", "edited_at")
HISTORY = ("at", "who", "what", "kind", "facts")


def record_of(customer: Customer) -> Iterator[Facts]:
    contacts = Contact.select().where(Contact.customer == customer).order_by(Contact.id)
    known = values(customer, RECORD[:-1])
    yield {**known, "contacts": [values(contact, CONTACT) for contact in contacts]}


def orders_of(customer: Customer) -> Iterator[Facts]:
    """Those that were submitted, with their frozen prices; of the customer's present MSP."""
    submitted = (Order.customer == customer) & (Order.partner == customer.partner_id) & (Order.state == "submitted")
    for order in in_turn(Order.select().where(submitted), Order.id):
        lines = OrderLine.select().where(OrderLine.order == order).order_by(OrderLine.position)
        yield {**values(order, ORDER[:-1]), "lines": [values(line, LINE) for line in lines]}


def notes_of(customer: Customer) -> Iterator[Facts]:
    for note in in_turn(
        Note.select(Note, Person.name).join(Person, on=(Note.author == Person.id)).where(Note.customer == customer),
        Note.id,
    ):
        yield {**values(note, NOTE), "author": note.author.name}


def history_of(customer: Customer) -> Iterator[Facts]:
    ours = (History.customer_id == customer.id) & (History.partner_id == customer.partner_id)
    for told in in_turn(History.select().where(ours), History.id):
        yield {"at": told.at, "who": told.who_name, "what": sentence(told), "kind": told.kind, "facts": told.facts}


def values(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


# Name of the file → columns in a spreadsheet, and where the rows come from.
TABLES: dict[str, tuple[tuple[str, ...], Rows]] = {
    "record": (RECORD, record_of),
    "orders": (ORDER, orders_of),
    "notes": (NOTE, notes_of),
    "history": (HISTORY, history_of),
}
