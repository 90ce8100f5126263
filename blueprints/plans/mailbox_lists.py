"""Lists of addresses and of mailboxes as CSV files have them: the format recognised, read row by row. Pure.

The RFI reads its lists with it, too; it keeps no passwords, so they are only read where somebody asks for them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from blueprints.partners.addresses import email_address, shown
from blueprints.web.csv_files import MOST_COLUMNS, NotCsv
from blueprints.web.refusals import Refused
from data.folding import fold

MOST_ROWS = 50_000
SHOWN_CELL = 100  # characters of a cell in the list of faulty rows
LONGEST_USER, LONGEST_PASSWORD, LONGEST_NAME = 320, 1_000, 200
MASK = "•••"
EVERY_COLUMN = frozenset(range(MOST_COLUMNS))
# An address that needs no closer look; others are given to the library, which takes a hundred times as long.
PLAIN_ADDRESS = re.compile(r"[a-z0-9_][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
ADDRESS_COLUMNS = frozenset(
    {"email", "e mail", "email address", "emailaddress", "mail", "address", "smtp address", "primary smtp address"}
    | {"primarysmtpaddress", "email/upn", "upn", "userprincipalname", "user principal name", "recipient", "sender"}
)
NAME_COLUMNS = ("name", "display name", "displayname", "full name", "fullname")
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
    """Where a row has what, by columns from 0. `split_user`: the user's cell is user#password.

    `secret`: columns that are masked where a row is shown. Of a list of mailboxes those are all but the address and
    the user: any other may hold a password.
    """

    name: str
    address: int
    user: int | None = None
    password: int | None = None
    full_name: int | None = None
    target: int | None = None
    secret: frozenset[int] = frozenset()
    heading: bool = False
    split_user: bool = False
    least_cells: int = 1


@dataclass(frozen=True)
class Listed:
    """A good row. `user`: on the old server, `target`: on the new; "" where the list does not say."""

    number: int  # in the file, from 1
    address: str
    user: str = ""
    password: str = field(default="", repr=False)
    name: str = ""
    target: str = ""


@dataclass(frozen=True)
class Fault:
    """A row that cannot be used: why, and its cells as they may be shown."""

    number: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A list whose format is known: its rows below the heading, each with its number, without empty ones."""

    form: Format
    rows: Iterator[tuple[int, Sequence[str]]]


def mailboxes_in(rows: Iterable[list[str]]) -> Table:
    """A list of mailboxes. Raises NotCsv, also while its rows are read."""
    return table_of(rows, mailboxes_format, comments="#")


def addresses_in(rows: Iterable[list[str]]) -> Table:
    """A list of addresses. Raises as above."""
    return table_of(rows, addresses_format)


def table_of(rows: Iterable[list[str]], form_of: Callable[[Sequence[str]], Format], comments: str = "") -> Table:
    """`comments`: what rows before the first begin with that says something."""
    numbered = ((number, cells) for number, cells in enumerate(rows, 1) if cells)
    said = ((number, cells) for number, cells in numbered if not (comments and cells[0].startswith(comments)))
    first = next(said, (0, []))
    form = form_of(first[1])
    below = numbered if form.heading else chain([first], numbered)
    if form.name == "imapsync":
        below = (row for row in below if not row[1][0].startswith("#"))
    return Table(form, iter(below))


def sorted_out(table: Table, *, passwords: bool = False) -> Iterator[Listed | Fault | None]:
    """Each row: good, faulty, or None for one that says again what an earlier one said.

    The same address once more with another user or password is a fault. `passwords`: whether they are read at all.
    """
    seen: dict[str, tuple[int, str, str]] = {}
    for number, cells in table.rows:
        try:
            row = listed(table.form, number, cells)
            row = row if passwords else replace(row, password="")
            earlier = seen.setdefault(row.address.lower(), (number, row.user, row.password))
            if earlier[0] == number:
                yield row
            elif earlier[1:] == (row.user, row.password):
                yield None
            else:
                what = "user name" if earlier[1] != row.user else "password"
                raise Refused(f"{shown(row.address)} is in row {earlier[0]} already, with another {what}.")
        except Refused as refusal:
            shown_cells = (cell[:SHOWN_CELL] for cell in without_secrets(table.form, cells))
            yield Fault(number, refusal.sentence, tuple(shown_cells))


# --- one row ----------------------------------------------------------------------------------------------


def without_secrets(form: Format, cells: Sequence[str]) -> list[str]:
    """The cells with a mask over what may be a password."""
    safe = [MASK if place in form.secret and cell else cell for place, cell in enumerate(cells)]
    if form.split_user and "#" in safe[0]:
        safe[0] = f"{safe[0].partition('#')[0]}#{MASK}"
    return safe


def listed(form: Format, number: int, cells: Sequence[str]) -> Listed:
    """Raises Refused."""
    if len(cells) < form.least_cells:
        raise Refused(f"This row has {len(cells)} cells, and needs {form.least_cells}.")
    address = checked_address(cell_at(cells, form.address))
    if form.user is None:
        user, password = "", cell_at(cells, form.password)
    elif form.split_user:
        user, _, password = cell_at(cells, form.user).partition("#")
    else:
        user, password = cell_at(cells, form.user), cell_at(cells, form.password)
    if form.user is not None and not user:
        raise Refused("The user name is missing.")
    if len(user) > LONGEST_USER or len(password) > LONGEST_PASSWORD:
        raise Refused("The user name or the password is longer than any server takes.")
    name = cell_at(cells, form.full_name)[:LONGEST_NAME]
    target = cell_at(cells, form.target)[:LONGEST_USER]
    return Listed(number, address, user, password, name, "" if target == address else target)


def cell_at(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


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


# --- which format it is -----------------------------------------------------------------------------------


def addresses_format(first: Sequence[str]) -> Format:
    """A column of addresses, named in the first row or alone in it. Raises NotCsv."""
    names = names_in(first)
    if named := [place for place, name in enumerate(names) if name in ADDRESS_COLUMNS]:
        secret = frozenset(place for place, name in enumerate(names) if is_password(name))
        return Format("addresses", named[0], secret=secret, heading=True)
    holding = [place for place, cell in enumerate(first) if "@" in cell]
    if len(holding) == 1:
        return Format("addresses", holding[0])
    raise NotCsv("The first row names the columns. None of them is called “Email”.")


def names_in(row: Sequence[str]) -> list[str]:
    return [fold(name).replace("-", " ").replace("_", " ").strip() for name in row]


def is_password(name: str) -> bool:
    return "passw" in name or "kennwort" in name


def mailboxes_format(first: Sequence[str]) -> Format:
    """The format of a list of mailboxes, by its heading or by how its first row looks. Raises NotCsv."""
    recognised = (recognise(first) for recognise in (microsoft, exchange, imapsync, google, kerio))
    try:
        form = next((form for form in recognised if form), None) or with_password(addresses_format(first), first)
        return replace(form, secret=EVERY_COLUMN - {form.address, form.user})
    except NotCsv:
        raise NotCsv(
            "This is no list of mailboxes that is known here. Name the columns in the first row: "
            "EmailAddress, UserName, Password. The password may stay empty."
        ) from None


def with_password(form: Format, first: Sequence[str]) -> Format:
    """A list of addresses whose heading names a column of passwords or of names as well."""
    names = names_in(first) if form.heading else []
    passwords = [place for place, name in enumerate(names) if is_password(name)]
    return replace(form, password=passwords[0] if passwords else None, full_name=full_name_in(names))


def full_name_in(names: Sequence[str]) -> int | None:
    return next((place for place, name in enumerate(names) if name in NAME_COLUMNS), None)


def microsoft(first: Sequence[str]) -> Format | None:
    """EmailAddress, UserName, Password, in any order."""
    names = names_in(first)
    if not {"emailaddress", "username"} <= set(names):
        return None
    password = names.index("password") if "password" in names else None
    target = names.index("target") if "target" in names else None
    return Format(
        "microsoft",
        names.index("emailaddress"),
        names.index("username"),
        password,
        full_name=full_name_in(names),
        target=target,
        heading=True,
    )


def exchange(first: Sequence[str]) -> Format | None:
    """IMAP_Mailbox, IMAP_Password, SMTP_Address, IMAP_Server, Ex_Mailbox, IMAP_Port, IMAP_SSL, in any order."""
    names = names_in(first)
    if not {"imap mailbox", "smtp address"} <= set(names):
        return None
    password, target = (names.index(name) if name in names else None for name in ("imap password", "ex mailbox"))
    return Format(
        "exchange", names.index("smtp address"), names.index("imap mailbox"), password, target=target, heading=True
    )


def imapsync(first: Sequence[str]) -> Format | None:
    """host1;user1;password1;host2;user2;password2;extra;"""
    if len(first) < 6 or "@" in first[0] or "@" not in first[4]:
        return None
    return Format("imapsync", 4, 1, 2, least_cells=6)


def google(first: Sequence[str]) -> Format | None:
    """user#password,address"""
    if len(first) != 2 or "#" not in first[0] or "@" not in first[1]:
        return None
    return Format("google", 1, 0, split_user=True, least_cells=2)


def kerio(first: Sequence[str]) -> Format | None:
    """address;password;full name"""
    if len(first) not in (2, 3) or "@" not in first[0] or "#" in first[0]:
        return None
    return Format("kerio", 0, 0, 1, full_name=2, least_cells=2)
