"""A list of mailboxes that waits for a yes, looked over row by row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, Expression, fn

from blueprints.customers.domains import shown_domain
from blueprints.plans.checking import answers_of
from blueprints.plans.mailbox_lists import FORMATS
from blueprints.plans.mailbox_places import Place
from blueprints.web.refusals import NotThere
from data.database import database
from data.mailboxes import ListedMailbox, MailboxList
from data.plans import Mailbox, Plan

ROWS_SHOWN = 50
SEPARATOR = "\t"  # between the cells of a faulty row, as files have it between theirs


@dataclass(frozen=True)
class RowView:
    """`state`: new, known (there already, gets what the row says), faulty."""

    number: int
    address: str
    login: str
    name: str
    target: str
    has_secret: bool
    state: str
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """A list that waits. `gone`: mailboxes of the plan that are not in it; `elsewhere`: domains of addresses that are
    none of the customer's email domains, with how many.
    """

    stamp: str
    format: str
    good: int
    faults: int
    twice: int
    new: int
    known: int
    gone: int
    secrets: int
    elsewhere: tuple[tuple[str, int], ...]
    rows: list[RowView]
    after: int  # number of the last row shown, 0 where it is the last
    before: int
    at: datetime
    by: str


def waiting_list(place: Place) -> MailboxList | None:
    found: MailboxList | None = MailboxList.get_or_none(MailboxList.plan == place.plan)
    return found


def preview_of(place: Place, after: int = 0, only: str = "") -> Preview | None:
    """The list that waits, with a page of its rows. `only`: "faulty" for those that cannot be used."""
    kept = waiting_list(place)
    if kept is None:
        return None
    good = in_list(kept) & (ListedMailbox.reason == "")
    known = ListedMailbox.select().where(good & is_known(place.plan)).count()
    in_it = ListedMailbox.select(ListedMailbox.address).where(good)
    gone = Mailbox.select().where((Mailbox.plan == place.plan) & Mailbox.address.not_in(in_it)).count()
    which = in_list(kept) & (ListedMailbox.reason != "" if only == "faulty" else ListedMailbox.number > 0)
    rows = list(
        ListedMailbox.select(ListedMailbox, is_known(place.plan).alias("known"))
        .where(which & (ListedMailbox.number > after))
        .order_by(ListedMailbox.number)
        .limit(ROWS_SHOWN + 1)
    )
    earlier = ListedMailbox.select(ListedMailbox.number).where(which & (ListedMailbox.number <= after))
    before = [row.number for row in earlier.order_by(ListedMailbox.number.desc()).limit(ROWS_SHOWN + 1)]
    return Preview(
        stamp=stamp_of(kept),
        format=FORMATS.get(kept.format, kept.format),
        good=kept.good,
        faults=kept.faults,
        twice=kept.twice,
        new=kept.good - known,
        known=known,
        gone=gone,
        secrets=ListedMailbox.select().where(good & (ListedMailbox.sealed != "")).count(),
        elsewhere=domains_elsewhere(place, kept),
        rows=[row_view(row) for row in rows[:ROWS_SHOWN]],
        after=rows[ROWS_SHOWN - 1].number if len(rows) > ROWS_SHOWN else 0,
        before=before[ROWS_SHOWN] if len(before) > ROWS_SHOWN else (-1 if before else 0),
        at=kept.at,
        by=kept.by_name,
    )


def in_list(kept: MailboxList) -> Expression:
    inside: Expression = ListedMailbox.of == kept
    return inside


def is_known(plan: Plan) -> Any:
    return fn.EXISTS(
        Mailbox.select(Mailbox.id).where((Mailbox.plan == plan) & (Mailbox.address == ListedMailbox.address))
    )


def row_view(row: ListedMailbox) -> RowView:
    return RowView(
        number=row.number,
        address=row.address,
        login="" if row.login.lower() == row.address else row.login,
        name=row.name,
        target=row.target,
        has_secret=bool(row.sealed),
        state="faulty" if row.reason else "known" if row.known else "new",
        reason=row.reason,
        cells=tuple(row.cells.split(SEPARATOR)) if row.cells else (),
    )


def domains_elsewhere(place: Place, kept: MailboxList) -> tuple[tuple[str, int], ...]:
    """Domains that the RFI does not name among the email domains. They may be meant: it is said, not refused."""
    own = own_domains(place)
    if not own:
        return ()
    at = fn.STRPOS if database.param == "%s" else fn.INSTR
    domain = fn.SUBSTR(ListedMailbox.address, at(ListedMailbox.address, "@") + 1)
    rows = (
        ListedMailbox.select(domain, fn.COUNT(ListedMailbox.id))
        .where(in_list(kept) & (ListedMailbox.reason == ""))
        .group_by(SQL("1"))  # its parameters make the same words another expression to PostgreSQL
        .tuples()
    )
    found = sorted(((shown_domain(name), count) for name, count in rows if name not in own), key=lambda each: -each[1])
    return tuple(found[:5])


def own_domains(place: Place) -> frozenset[str]:
    answers = answers_of(place.plan.customer_id)
    given = answers.get("mail_domains")
    return frozenset(str(each).lower() for each in given) if isinstance(given, list) else frozenset()


def faulty_rows(place: Place) -> list[list[str]]:
    """A heading, then each faulty row: number, reason, its cells without passwords. Raises NotThere."""
    kept = waiting_list(place)
    if kept is None or not kept.faults:
        raise NotThere
    rows = ListedMailbox.select().where(in_list(kept) & (ListedMailbox.reason != "")).order_by(ListedMailbox.number)
    return [["Row", "Reason", "Cells"], *([row.number, row.reason, *row.cells.split(SEPARATOR)] for row in rows)]


def stamp_of(kept: MailboxList) -> str:
    """Tells lists apart; their ids do not, because SQLite gives those of deleted rows again."""
    return f"{kept.id}-{kept.at.isoformat()}"
