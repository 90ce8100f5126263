"""The list of mailboxes taken away as a file: to look at, or for the other side's import."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from blueprints.customers.sealing import Unreadable, unseal
from blueprints.plans.mailbox_places import Place, Source, hold_mailboxes, source_of
from blueprints.plans.mailboxes import view_of
from blueprints.web.csv_files import csv_safe, write_csv
from blueprints.web.refusals import Refused
from data.database import transaction
from data.plans import Mailbox, Plan

LIST = "list"
FORMATS = {
    LIST: "A list with the results, for a spreadsheet",
    "microsoft": "For a Microsoft IMAP batch",
    "exchange": "For the Exchange migration wizard",
    "imapsync": "For imapsync",
    "kerio": "For Kerio",
    "google": "For Google’s migration from Exchange",
}
HEADINGS: dict[str, tuple[str, ...]] = {
    LIST: ("EmailAddress", "UserName", "Name", "Target", "State", "Folders", "Messages", "Bytes", "Result"),
    "microsoft": ("EmailAddress", "UserName", "Password"),
    "exchange": ("IMAP_Mailbox", "IMAP_Password", "SMTP_Address", "IMAP_Server", "Ex_Mailbox", "IMAP_Port", "IMAP_SSL"),
}
SEPARATORS = {"imapsync": ";", "kerio": ";"}
READ_AT_ONCE = 2_000


class WithoutPasswords(Refused):
    sentence = "This list never has passwords. Choose the format of an import, or leave the box empty."


@dataclass(frozen=True)
class Exported:
    name: str
    content: bytes


def export(who: Any, customer_id: int, form: str, *, passwords: bool) -> Exported:
    """The file, and its line of history. `form`: one of FORMATS.

    Imports get what moves, the list all. Nothing that a spreadsheet would calculate is in it; a password that it would
    is left out. Raises WithoutPasswords, and as `hold`.
    """
    if passwords and form == LIST:
        raise WithoutPasswords("", "passwords")
    with transaction():
        held, step = hold_mailboxes(who, customer_id)
        with_them = " with passwords" if passwords else ""
        held.tell("plan.mailboxes_exported", format=FORMATS[form][:1].lower() + FORMATS[form][1:], passwords=with_them)
    source = source_of(held.plan, step.told)
    if form == LIST:
        content = write_csv([HEADINGS[LIST], *list_rows(held.plan, source)])
    else:
        content = import_file(form, import_rows(held.plan, form, source, passwords=passwords))
    return Exported(f"mailboxes-{form}.csv", content)


def every_mailbox(plan: Plan, *, moving: bool) -> Iterator[Mailbox]:
    """All of them by address, some thousand at a time."""
    fields = [each for each in Mailbox._meta.sorted_fields if each.name != "found"]
    last = ""
    while True:
        which = (Mailbox.plan == plan) & (Mailbox.address > last)
        which &= Mailbox.state != "skipped" if moving else Mailbox.state != ""
        rows = list(Mailbox.select(*fields).where(which).order_by(Mailbox.address).limit(READ_AT_ONCE))
        yield from rows
        if len(rows) < READ_AT_ONCE:
            return
        last = rows[-1].address


def list_rows(plan: Plan, source: Source) -> Iterator[tuple[object, ...]]:
    for row in every_mailbox(plan, moving=False):
        shown = view_of(row, source.needs_own_secrets)
        yield (
            row.address,
            row.login,
            row.name,
            row.target or row.address,
            shown.word,
            row.folders,
            row.messages,
            row.size,
            shown.sentence,
        )


def import_rows(plan: Plan, form: str, source: Source, *, passwords: bool) -> Iterator[tuple[str, ...]]:
    write = WRITERS[form]
    for row in every_mailbox(plan, moving=True):
        secret = secret_of(row.sealed) if passwords else ""
        yield write(row, secret, source)


def secret_of(sealed: str) -> str:
    """A password as it may stand in a file; "" for none, and for one that cannot be opened any more.

    One that a spreadsheet would calculate is left out, too: made harmless, it would open nothing.
    """
    try:
        secret = unseal(sealed) if sealed else ""
    except Unreadable:
        return ""
    return secret if csv_safe(secret) == secret else ""


def microsoft(row: Mailbox, secret: str, _: Source) -> tuple[str, ...]:
    return csv_safe(row.address), csv_safe(row.login), secret


def exchange(row: Mailbox, secret: str, source: Source) -> tuple[str, ...]:
    tls = source.security == "tls"
    target = csv_safe(row.target or row.address)
    where = (csv_safe(source.host), target, "993" if tls else "143", "1" if tls else "0")
    return csv_safe(row.login), secret, csv_safe(row.address), *where


def imapsync(row: Mailbox, secret: str, source: Source) -> tuple[str, ...]:
    return csv_safe(source.host), csv_safe(row.login), secret, "", csv_safe(row.target or row.address), "", "", ""


def kerio(row: Mailbox, secret: str, _: Source) -> tuple[str, ...]:
    return csv_safe(row.address), secret, csv_safe(row.name)


def google(row: Mailbox, secret: str, _: Source) -> tuple[str, ...]:
    return f"{csv_safe(row.login)}#{secret}", csv_safe(row.target or row.address)


WRITERS: dict[str, Callable[[Mailbox, str, Source], tuple[str, ...]]] = {
    "microsoft": microsoft,
    "exchange": exchange,
    "imapsync": imapsync,
    "kerio": kerio,
    "google": google,
}


def import_file(form: str, rows: Iterator[tuple[str, ...]]) -> bytes:
    """As the other side's program reads it: UTF-8 without a mark."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=SEPARATORS.get(form, ","))
    if heading := HEADINGS.get(form):
        writer.writerow(heading)
    writer.writerows(rows)
    return file.getvalue().encode()


def left_out_passwords(place: Place) -> int:
    """How many passwords a file for an import would go without."""
    rows = Mailbox.select(Mailbox.sealed).where(
        (Mailbox.plan == place.plan) & (Mailbox.sealed != "") & (Mailbox.state != "skipped")
    )
    return sum(not secret_of(sealed) for (sealed,) in rows.tuples())
