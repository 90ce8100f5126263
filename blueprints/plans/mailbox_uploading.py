"""Lists of mailboxes coming in: read from a file, looked over row by row, and kept by a yes; or as the RFI has them."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any

from peewee import fn

from blueprints.customers.sealing import drop_lists, seal
from blueprints.plans.checking import answers_of
from blueprints.plans.held import Held
from blueprints.plans.mailbox_lists import MOST_ROWS, Fault, Listed, mailboxes_in, sorted_out
from blueprints.plans.mailbox_places import Place, hold_mailboxes, place_of, questions_of
from blueprints.plans.mailbox_previews import SEPARATOR, in_list, stamp_of
from blueprints.web.csv_files import csv_rows
from blueprints.web.refusals import ChangedMeanwhile, Refused
from data.database import database, transaction
from data.mailboxes import ListedMailbox, MailboxList
from data.moments import now
from data.plans import Mailbox, Plan

MOST_BYTES = 25_000_000
MOST_FAULTS = 5_000  # kept with their reasons; the others are counted
MOST_MAILBOXES = 50_000  # of one plan
DROPPED_AFTER = timedelta(days=3)
AT_ONCE = 500  # rows in one statement


class ListGone(ChangedMeanwhile):
    sentence = "This list is not waiting any more: somebody has kept it, dropped it, or uploaded another."


class TooMany(Refused):
    sentence = f"A plan moves at most {MOST_MAILBOXES:,} mailboxes. Take some away, or replace the list."


class NoListInRfi(Refused):
    sentence = "No list of mailboxes was handed in with the RFI."


# --- reading ------------------------------------------------------------------------------------------


def read_list(who: Any, customer_id: int, file: IO[bytes]) -> MailboxList:
    """Read a file, and keep its rows apart until somebody says yes. Read in pieces: it may be far too long.

    Raises NotCsv, and as `hold`.
    """
    place_of(who, customer_id, "customers.edit")  # before anything is read for a stranger
    table = mailboxes_in(csv_rows(file, most_rows=MOST_ROWS, most_bytes=MOST_BYTES))
    counts: Counter[str] = Counter()
    rows = [row_values(row) for row in counted_rows(sorted_out(table, passwords=True), counts)]
    with transaction():
        held, _ = hold_mailboxes(who, customer_id)
        drop_lists([held.plan.id])
        kept = MailboxList.create(
            plan=held.plan,
            format=table.form.name,
            good=counts["good"],
            faults=counts["faults"],
            twice=counts["twice"],
            at=now(),
            by_name=who.name,
        )
        insert_rows(kept.id, rows)
        held.tell("plan.mailbox_list_read", good=f"{kept.good:,}", faults=f"{kept.faults:,}")
    return kept


def counted_rows(rows: Iterable[Listed | Fault | None], counts: Counter[str]) -> Iterator[Listed | Fault]:
    for row in rows:
        if row is None:
            counts["twice"] += 1
            continue
        kind = "faults" if isinstance(row, Fault) else "good"
        counts[kind] += 1
        if kind == "good" or counts["faults"] <= MOST_FAULTS:
            yield row


COLUMNS = ("list_id", "number", "reason", "cells", "address", "login", "name", "target", "sealed")


def row_values(row: Listed | Fault) -> tuple[Any, ...]:
    """As COLUMNS, without the list."""
    if isinstance(row, Fault):
        return (row.number, row.reason, SEPARATOR.join(row.cells), "", "", "", "", "")
    sealed = seal(row.password) if row.password else ""
    return (row.number, "", "", row.address.lower(), row.user or row.address, row.name, row.target.lower(), sealed)


def insert_rows(list_id: int, rows: list[tuple[Any, ...]]) -> None:
    """Many at once; by hand, because Peewee takes longer to write the statement than the database to do it."""
    marks = f"({', '.join([database.param] * len(COLUMNS))})"
    into = f"INSERT INTO listed_mailbox ({', '.join(COLUMNS)}) VALUES "  # noqa: S608 - our own names
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        database.execute_sql(into + ", ".join([marks] * len(some)), [v for row in some for v in (list_id, *row)])


# --- keeping it ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """What came of keeping a list."""

    new: int
    changed: int
    gone: int = 0

    @property
    def told(self) -> str:
        words = ((self.new, "new"), (self.changed, "there already and brought up to date"), (self.gone, "taken away"))
        return ", ".join(f"{count:,} {word}" for count, word in words if count) or "nothing new"


def keep_list(who: Any, customer_id: int, stamp: str, *, replace: bool = False) -> Taken:
    """Take the good rows of the list over; `replace`: mailboxes that are not in it are taken away. `stamp`: of the list
    that the person looked at.

    What a row does not say stays as it was. A mailbox that gets another user name or password is to be tested again.
    Raises ListGone, TooMany, and as `hold`.
    """
    with transaction():
        held, _ = hold_mailboxes(who, customer_id)
        kept = list_seen(held.plan, stamp)
        gone = take_away_others(held.plan, kept) if replace else 0
        changed = bring_up_to_date(held.plan, kept)
        new = insert_new(held, kept)
        if Mailbox.select().where(Mailbox.plan == held.plan).count() > MOST_MAILBOXES:
            raise TooMany
        drop_lists([held.plan.id])
        taken = Taken(new, changed, gone)
        held.tell("plan.mailboxes_listed", told=taken.told)
    return taken


def list_seen(plan: Plan, stamp: str) -> MailboxList:
    """Raises ListGone unless it is still the one that the person saw."""
    kept: MailboxList | None = MailboxList.get_or_none(MailboxList.plan == plan)
    if kept is None or stamp_of(kept) != stamp:
        raise ListGone
    return kept


def take_away_others(plan: Plan, kept: MailboxList) -> int:
    in_it = ListedMailbox.select(ListedMailbox.address).where(in_list(kept) & (ListedMailbox.reason == ""))
    gone: int = Mailbox.delete().where((Mailbox.plan == plan) & Mailbox.address.not_in(in_it)).execute()
    return gone


def bring_up_to_date(plan: Plan, kept: MailboxList) -> int:
    """Mailboxes that are there already. First those whose results count no more, while that can still be seen."""
    same = (Mailbox.plan == plan) & in_list(kept) & (ListedMailbox.reason == "")
    same &= Mailbox.address == ListedMailbox.address
    otherwise = (Mailbox.login != ListedMailbox.login) | (ListedMailbox.sealed != "")
    forgotten: dict[str, Any] = {"state": "pending", "sentence": "", "found": {}}
    forgotten |= dict.fromkeys(("folders", "messages", "size", "tested_at"))
    Mailbox.update(**forgotten).from_(ListedMailbox).where(same & otherwise & (Mailbox.state != "skipped")).execute()
    known: int = (
        Mailbox.update(
            login=ListedMailbox.login,
            name=said_or_kept(ListedMailbox.name, Mailbox.name),
            target=said_or_kept(ListedMailbox.target, Mailbox.target),
            sealed=said_or_kept(ListedMailbox.sealed, Mailbox.sealed),
            version=Mailbox.version + 1,
        )
        .from_(ListedMailbox)
        .where(same)
        .execute()
    )
    return known


def said_or_kept(said: Any, kept: Any) -> Any:
    return fn.COALESCE(fn.NULLIF(said, ""), kept)


def insert_new(held: Held, kept: MailboxList) -> int:
    statement = """
INSERT INTO mailbox (plan_id, address, login, name, target, sealed, state, sentence, found, version)
SELECT ?, address, login, name, target, sealed, 'pending', '', '{}', 1 FROM listed_mailbox AS listed
WHERE list_id = ? AND reason = ''
AND NOT EXISTS (SELECT 1 FROM mailbox WHERE mailbox.plan_id = ? AND mailbox.address = listed.address)
ORDER BY number"""
    made = database.execute_sql(statement.replace("?", database.param), (held.plan.id, kept.id, held.plan.id))
    return int(made.rowcount)


def drop_list(who: Any, customer_id: int, stamp: str) -> None:
    """Nobody wants it. Raises ListGone, and as `hold`."""
    with transaction():
        held, _ = hold_mailboxes(who, customer_id)
        list_seen(held.plan, stamp)
        drop_lists([held.plan.id])
        held.tell("plan.mailbox_list_dropped")


def drop_old_lists() -> None:
    """Lists that were uploaded and forgotten: there may be passwords in them."""
    MailboxList.delete().where(MailboxList.at < now() - DROPPED_AFTER).execute()


# --- the list of the RFI ------------------------------------------------------------------------------


def rfi_list(place: Place) -> dict[str, Any] | None:
    """The list that was handed in with the newest RFI, as blueprints/rfi/uploaded_lists.py keeps it."""
    answers = answers_of(place.plan.customer_id)
    given = (answers.get(question) for question in questions_of(place.told, "mailboxes"))
    return next((each for each in given if isinstance(each, dict) and each.get("count")), None)


def left_to_take_over(place: Place, given: dict[str, Any] | None) -> int:
    """How many of its addresses are not listed yet."""
    if not given:
        return 0
    there = {row[0] for row in Mailbox.select(Mailbox.address).where(Mailbox.plan == place.plan).tuples()}
    return sum(address.lower() not in there for address, _ in rows_of(given))


def rows_of(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Address, user name."""
    for _, address, user in csv.reader(io.StringIO(given.get("rows", ""), newline="")):
        yield address, user


def take_over(who: Any, customer_id: int) -> Taken:
    """List what the RFI lists; mailboxes that are there already stay as they are. Raises NoListInRfi, TooMany."""
    with transaction():
        held, step = hold_mailboxes(who, customer_id)
        given = rfi_list(Place(held.customer, held.plan, step.row, step.told))
        if not given:
            raise NoListInRfi
        found = {address.lower(): user or address for address, user in rows_of(given)}
        kept = MailboxList.select(MailboxList.id).where(MailboxList.plan == held.plan).first()
        if kept is not None:
            raise Refused("A list that was uploaded waits for your yes. Keep it or drop it first.")
        listed = MailboxList.create(
            plan=held.plan, format=str(given["format"]), good=len(found), faults=0, twice=0, at=now(), by_name=who.name
        )
        rows = [(number, "", "", address, user, "", "", "") for number, (address, user) in enumerate(found.items(), 1)]
        insert_rows(listed.id, rows)
        taken = Taken(insert_new(held, listed), 0)
        if Mailbox.select().where(Mailbox.plan == held.plan).count() > MOST_MAILBOXES:
            raise TooMany
        drop_lists([held.plan.id])
        held.tell("plan.mailboxes_listed", told=f"{taken.told}, as the RFI has them")
    return taken
