"""Lists that come as CSV files: recognised, read row by row, and kept without the passwords in them. Pure.

What is kept of a file (the value of a csv answer): `format`, one of FORMATS; `rows`, a CSV text of its good rows:
number in the file, address, and for mailboxes the user name on the old server; `count` of them; `domains`, how many
addresses are in each; `twice`, how many rows said again what an earlier one had said; `faults`, each
[number, reason, cells as they may be shown]. Of a file that is no table, only `unreadable`, the sentence why.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from blueprints.customers.domains import shown_domain
from blueprints.partners.addresses import email_address, shown
from blueprints.rfi.asking import Situation, domains_in
from blueprints.rfi.findings import Findings
from blueprints.rfi.single_answers import domain_of
from blueprints.web.csv_files import MOST_COLUMNS, NotCsv, read_csv
from blueprints.web.refusals import Refused
from data.folding import fold
from data.questions import Question

MOST_BYTES = 6_000_000
MOST_ROWS = 50_000
SHOWN_CELL = 100  # characters of a cell in the list of faulty rows
MASK = "•••"
EVERY_COLUMN = frozenset(range(MOST_COLUMNS))
# An address that needs no closer look; others are given to the library, which takes a hundred times as long.
PLAIN_ADDRESS = re.compile(r"[a-z0-9_][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
ADDRESS_COLUMNS = frozenset(
    {"email", "e mail", "email address", "emailaddress", "mail", "address", "smtp address", "primary smtp address"}
    | {"primarysmtpaddress", "email/upn", "upn", "userprincipalname", "user principal name", "recipient", "sender"}
)
FORMATS = {
    "addresses": "list of addresses",
    "microsoft": "Microsoft IMAP batch",
    "exchange": "Exchange migration wizard",
    "imapsync": "imapsync",
    "kerio": "Kerio",
    "google": "Google migration for Exchange",
}


@dataclass(frozen=True)
class Format:
    """Where a row has what. `secret`: columns that are never kept; `split_user`: the first cell is user#password.

    Of a list of mailboxes, nothing but addresses and user names is kept: any other column may hold a password.
    """

    name: str
    address: int
    user: int | None = None
    secret: frozenset[int] = frozenset()
    heading: bool = False
    split_user: bool = False
    least_cells: int = 1


@dataclass
class Kept:
    """The rows of a file as they are sorted out."""

    good: list[tuple[int, str, str]] = field(default_factory=list)
    faults: list[list[Any]] = field(default_factory=list)
    seen: dict[str, tuple[int, str]] = field(default_factory=dict)
    twice: int = 0

    def value(self, form: Format) -> dict[str, Any]:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.good)
        domains = Counter(domain_of_plain(address) for _, address, _ in self.good)
        return {
            "format": form.name,
            "rows": text.getvalue(),
            "count": len(self.good),
            "domains": dict(domains),
            "twice": self.twice,
            "faults": self.faults,
        }


def read_list(question: Question, content: bytes) -> dict[str, Any]:
    """What is kept of a file. Never raises: what cannot be read is `unreadable`."""
    most = min(question.most or MOST_ROWS, MOST_ROWS)
    try:
        table = read_csv(content, most_rows=most, most_bytes=MOST_BYTES)
        form = mailboxes_format(table) if question.columns == "mailboxes" else addresses_format(table)
    except NotCsv as refusal:
        return {"unreadable": refusal.sentence}
    kept = Kept()
    for number, cells in enumerate(table, 1):
        comment = form.name == "imapsync" and bool(cells) and cells[0].startswith("#")
        if cells and not comment and not (form.heading and number == first_row(table)):
            sort_out(kept, form, number, cells)
    return kept.value(form)


def first_row(table: Sequence[Sequence[str]]) -> int:
    return next(number for number, cells in enumerate(table, 1) if cells)


def sort_out(kept: Kept, form: Format, number: int, cells: Sequence[str]) -> None:
    """Keep a row, count it as a repetition, or note what is wrong with it."""
    shown_cells = without_secrets(form, cells)
    try:
        address, user = parts_of(form, shown_cells)
        earlier = kept.seen.setdefault(address.lower(), (number, user))
        if earlier[0] == number:
            kept.good.append((number, address, user))
        elif earlier[1] == user:
            kept.twice += 1
        else:
            raise Refused(f"{shown(address)} is in row {earlier[0]} already, with another user name.")
    except Refused as refusal:
        kept.faults.append([number, refusal.sentence, [cell[:SHOWN_CELL] for cell in shown_cells]])


def without_secrets(form: Format, cells: Sequence[str]) -> list[str]:
    """The cells with a mask over what may be a password."""
    safe = [MASK if place in form.secret and cell else cell for place, cell in enumerate(cells)]
    if form.split_user and "#" in safe[0]:
        safe[0] = f"{safe[0].partition('#')[0]}#{MASK}"
    return safe


def parts_of(form: Format, cells: Sequence[str]) -> tuple[str, str]:
    """Address and user name of a row. Raises Refused."""
    if len(cells) < form.least_cells:
        raise Refused(f"This row has {len(cells)} cells, and needs {form.least_cells}.")
    address = checked_address(cell_at(cells, form.address))
    if form.user is None:
        return address, ""
    user = cell_at(cells, form.user)
    user = user.partition("#")[0] if form.split_user else user
    if not user:
        raise Refused("The user name is missing.")
    return address, user


def cell_at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def checked_address(cell: str) -> str:
    """Raises Refused."""
    written = cell.removeprefix("SMTP:").removeprefix("smtp:")
    if not written:
        raise Refused("The address is missing.")
    if len(written) <= 254 and PLAIN_ADDRESS.fullmatch(written.lower()):
        name, _, domain = written.rpartition("@")
        if len(name) <= 64:
            return f"{name}@{domain.lower()}"
    return email_address(written)


def domain_of_plain(address: str) -> str:
    return address.rpartition("@")[2]


# --- which format it is ---------------------------------------------------------------------------------


def addresses_format(table: Sequence[Sequence[str]]) -> Format:
    """A column of addresses, named in the first row or alone in it. Raises NotCsv."""
    first = table[first_row(table) - 1]
    names = names_in(first)
    if named := [place for place, name in enumerate(names) if name in ADDRESS_COLUMNS]:
        secret = frozenset(place for place, name in enumerate(names) if "passw" in name or "kennwort" in name)
        return Format("addresses", named[0], secret=secret, heading=True)
    holding = [place for place, cell in enumerate(first) if "@" in cell]
    if len(holding) == 1:
        return Format("addresses", holding[0])
    raise NotCsv("The first row names the columns. None of them is called “Email”.")


def names_in(row: Sequence[str]) -> list[str]:
    return [fold(name).replace("-", " ").replace("_", " ").strip() for name in row]


def mailboxes_format(table: Sequence[Sequence[str]]) -> Format:
    """The format of a list of mailboxes, by its heading or by how its first row looks. Raises NotCsv."""
    first = next((row for row in table if row and not row[0].startswith("#")), [])
    recognised = (recognise(first) for recognise in (microsoft, exchange, imapsync, google, kerio))
    try:
        form = next((form for form in recognised if form), None) or addresses_format(table)
        return replace(form, secret=EVERY_COLUMN - {form.address, form.user})
    except NotCsv:
        raise NotCsv(
            "This is no list of mailboxes that is known here. Name the columns in the first row: "
            "EmailAddress, UserName, Password. The password may stay empty."
        ) from None


def microsoft(first: Sequence[str]) -> Format | None:
    """EmailAddress, UserName, Password, in any order."""
    names = names_in(first)
    if not {"emailaddress", "username"} <= set(names):
        return None
    return Format("microsoft", names.index("emailaddress"), names.index("username"), heading=True)


def exchange(first: Sequence[str]) -> Format | None:
    """IMAP_Mailbox, IMAP_Password, SMTP_Address, IMAP_Server, Ex_Mailbox, IMAP_Port, IMAP_SSL, in any order."""
    names = names_in(first)
    if not {"imap mailbox", "smtp address"} <= set(names):
        return None
    return Format("exchange", names.index("smtp address"), names.index("imap mailbox"), heading=True)


def imapsync(first: Sequence[str]) -> Format | None:
    """host1;user1;password1;host2;user2;password2;extra;"""
    if len(first) < 6 or "@" in first[0] or "@" not in first[4]:
        return None
    return Format("imapsync", 4, 1, least_cells=6)


def google(first: Sequence[str]) -> Format | None:
    """user#password,address"""
    if len(first) != 2 or "#" not in first[0] or "@" not in first[1]:
        return None
    return Format("google", 1, 0, split_user=True, least_cells=2)


def kerio(first: Sequence[str]) -> Format | None:
    """address;password;full name"""
    if len(first) not in (2, 3) or "@" not in first[0] or "#" in first[0]:
        return None
    return Format("kerio", 0, 0, least_cells=2)


# --- checking what is kept ------------------------------------------------------------------------------


def check_csv(question: Question, findings: Findings, situation: Situation) -> None:
    kept = findings.value
    if "unreadable" in kept:
        raise Refused(kept["unreadable"])
    if kept["faults"]:
        number, reason, _ = kept["faults"][0]
        rows = "1 row" if len(kept["faults"]) == 1 else f"{len(kept['faults']):,} rows"
        findings.refuse(f"{rows} cannot be used. Row {number}: {reason} Mend the file and choose it again.")
    elif not kept["count"]:
        raise Refused("There is no address in this file.")
    for domain, count in elsewhere(question, kept, situation).items():
        findings.refuse(f"{counted(count)} in {shown_domain(domain)}, which is none of your email domains.")
    if kept["twice"]:
        rows = "1 row says" if kept["twice"] == 1 else f"{kept['twice']:,} rows say"
        findings.notes.append(f"{rows} again what an earlier row says; that is kept once.")
    if question.columns == "mailboxes":
        findings.notes.append("Only addresses and user names are kept of the file. Its passwords are not.")


def counted(count: int) -> str:
    return "1 address is" if count == 1 else f"{count:,} addresses are"


def elsewhere(question: Question, kept: dict[str, Any], situation: Situation | None) -> dict[str, int]:
    """How many addresses are in domains that they must not be in."""
    if situation is None or not question.inside:
        return {}
    own = domains_in(situation.answers.get(question.inside))
    return {domain: count for domain, count in kept["domains"].items() if own and domain_of(f"x@{domain}") not in own}


def good_rows(kept: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Number in the file, address, user name on the old server (or "")."""
    for number, address, user in csv.reader(io.StringIO(kept.get("rows", ""), newline="")):
        yield int(number), address, user


def rows_with_reasons(question: Question, kept: dict[str, Any], situation: Situation | None) -> list[list[str]]:
    """A heading, then each faulty row: its number, the reason, its cells without passwords."""
    wrong = elsewhere(question, kept, situation)
    found: list[tuple[int, str, list[str]]] = [
        (number, reason, cells) for number, reason, cells in kept.get("faults", ())
    ]
    if wrong:
        for number, address, user in good_rows(kept):
            domain = domain_of_plain(address)
            if domain in wrong:
                found.append((number, f"{shown_domain(domain)} is none of your email domains.", [address, user]))
    return [["Row", "Reason", "Cells"], *([str(number), reason, *cells] for number, reason, cells in sorted(found))]


def told_list(kept: dict[str, Any]) -> tuple[str, ...]:
    if "unreadable" in kept:
        return ("A file that cannot be read.",)
    lines = [f"{kept['count']:,} addresses ({FORMATS.get(kept['format'], kept['format'])})."]
    if kept["faults"]:
        lines.append(f"{len(kept['faults']):,} rows cannot be used.")
    return tuple(lines)
