"""Customers in a list: searched, narrowed to a letter, sorted, a page at a time. Prospects are listed by this too.

A page begins beside a row (its sorting value and id), not after a number of rows: the millionth page costs what the
first does, and nothing is shown twice or left out because somebody added a row meanwhile.
"""

import base64
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from blueprints.accounts.standing import Standing
from blueprints.customers import finding
from blueprints.customers.domains import WrongDomain, as_domain
from blueprints.customers.finding import EVERY, Match, Order, Row, Sql
from data.folding import fold

PAGE = 25
EXPORTED_AT_ONCE = 500
LONGEST_SEARCH = 253  # no name and no domain is longer
LONGEST_CURSOR = 8_192
LETTERS = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SORTS = {
    "name": "name_key",
    "domain": "primary_domain",
    "users": "permitted_users",
    "type": "account_type",
    "created": "created_at",
}
BIGGEST = 2**53  # ids and numbers of rows


class Place(NamedTuple):
    """A place between two rows, kept in an address: beside which row, and how many rows are before it."""

    value: Any
    id: int
    rank: int


@dataclass(frozen=True)
class Wanted:
    """What an address asks of a list. What it cannot mean is left out, so every address shows something."""

    shelf: str
    q: str = ""
    letter: str = ""
    sort: str = "name"
    descending: bool = False
    after: Place | None = None
    before: Place | None = None
    status: str = ""  # only these of the shelf; a list that is seldom asked for, so it is counted row by row

    @classmethod
    def read(cls, shelf: str, asked: Mapping[str, str], status: str = "") -> Self:
        """`asked`: q, letter, sort, dir, after, before as they stand in the address; a dict is asked fastest."""
        sort = asked.get("sort", "")
        sort = sort if sort in SORTS else "name"
        letter = asked.get("letter", "").upper()
        after = place_from(sort, asked.get("after", ""))
        return cls(
            shelf=shelf,
            q=without_controls(asked.get("q", "")).strip()[:LONGEST_SEARCH],
            letter=letter if len(letter) == 1 and letter in LETTERS else "",
            sort=sort,
            descending=asked.get("dir") == "desc",
            after=after,
            before=None if after else place_from(sort, asked.get("before", "")),
            status=status,
        )

    @property
    def dir(self) -> str:
        return "desc" if self.descending else "asc"

    @property
    def order(self) -> Order:
        return Order(SORTS[self.sort], self.descending)

    @property
    def term(self) -> str:
        return fold(self.q)

    @property
    def from_start(self) -> Self:
        """The same list, wherever in it somebody is."""
        return replace(self, after=None, before=None) if self.after or self.before else self

    def query(self, **changed: str) -> str:
        """The part of an address after its path that asks for this list with some things changed, from its start.

        `query(sort="users", dir="desc")` → “?q=acme&sort=users&dir=desc”; what is as usual is left out.
        """
        usual = {"q": "", "letter": "", "sort": "name", "dir": "asc"}
        now = {"q": self.q, "letter": self.letter, "sort": self.sort, "dir": self.dir} | changed
        asked = {name: value for name, value in now.items() if value != usual.get(name, "")}
        return f"?{urlencode(asked)}" if asked else ""


@dataclass(frozen=True)
class LetterLink:
    """Addresses of the same list under other letters: `link("C")`. Equal ones lead to equal places."""

    here: str
    wanted: Wanted

    def __call__(self, letter: str) -> str:
        return self.here + self.wanted.query(letter=letter)


@dataclass(frozen=True)
class SortLink:
    """Addresses of the same list in other orders: `link("users", "desc")`."""

    here: str
    wanted: Wanted

    def __call__(self, sort: str, way: str) -> str:
        return self.here + self.wanted.query(sort=sort, dir=way)


@dataclass(frozen=True)
class Listing:
    """A page of a list. `before` and `after` are cursors for its neighbours, or "" where there are none."""

    rows: list[Row]
    first: int  # place of the first row in the whole list, from 1; 0 in an empty one
    before: str
    after: str
    total: int
    more_than_total: bool  # the search found more than were counted
    letters: frozenset[str]  # those under which something is found
    of_all: int  # how many the shelf has, whatever is searched

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True)
class Found:
    """What a search, or a letter in another order, leaves of a shelf.

    `matches`: all of them, when they are few enough to be sorted here; else None and `filters` says what to look for.
    `begins` and `inside`: the same said so that the order of names serves it: names that begin so, and these others.
    """

    total: int
    more: bool
    letters: frozenset[str]
    filters: Sql
    matches: list[Match] | None = None
    begins: Sql = EVERY
    inside: list[Match] | None = None


def list_customers(who: Standing, wanted: Wanted, permission: str = "customers.see", size: int = PAGE) -> Listing:
    """The page that is wanted, of the customers for whom the person's role permits it.

    The number of queries does not depend on how many customers there are.
    """
    legs, counts = within(who, wanted, permission)
    if not counts:
        return Listing([], 0, "", "", 0, False, frozenset(), 0)
    of_all = sum(counts.values())
    found = find(legs, wanted, counts)
    rows, rank, is_first, is_last = page_of(legs, wanted, found, size)
    if is_first:
        rank = 0
    elif is_last and not found.more:
        rank = found.total - len(rows)
    else:  # rows may have come and gone since the neighbouring page
        rank = max(1, min(rank, (of_all if found.more else found.total) - len(rows) - 1))
    return Listing(
        rows=rows,
        first=rank + 1 if rows else 0,
        before="" if is_first or not rows else cursor(wanted, rows[0], rank),
        after="" if is_last or not rows else cursor(wanted, rows[-1], rank + len(rows)),
        total=found.total,
        more_than_total=found.more,
        letters=found.letters,
        of_all=of_all,
    )


def every_customer(who: Standing, wanted: Wanted, permission: str = "customers.see") -> Iterator[Row]:
    """All rows of a list from its start, read a few hundred at a time."""
    wanted = wanted.from_start
    legs, counts = within(who, wanted, permission)
    while counts:
        found = find(legs, wanted, counts)
        rows, _, _, is_last = page_of(legs, wanted, found, EXPORTED_AT_ONCE)
        yield from rows
        if is_last:
            return
        wanted = replace(wanted, after=Place(key_of(wanted, rows[-1]), rows[-1].id, 0))


def within(who: Standing, wanted: Wanted, permission: str) -> tuple[list[Sql], dict[str, int]]:
    """What of the shelf the list is made from, and how many that are by letter."""
    legs = finding.reached(who, permission, wanted.shelf)
    if not legs:
        return [], {}
    if wanted.status:
        legs = [leg & Sql("status = ?", (wanted.status,)) for leg in legs]
        return legs, finding.counted_one_by_one(legs)
    return legs, finding.counted(who, permission, wanted.shelf)


# --- what is found ------------------------------------------------------------------------------------


def find(legs: list[Sql], wanted: Wanted, counts: dict[str, int]) -> Found:
    if wanted.term:
        return search(legs, wanted, counts)
    total = counts.get(wanted.letter, 0) if wanted.letter else sum(counts.values())
    filters = finding.lettered(wanted.letter)
    sorted_here = wanted.letter and wanted.sort != "name" and total <= finding.MOST
    matches = finding.through(legs, filters, wanted.order) if sorted_here else None
    return Found(total, False, frozenset(counts), filters, matches)


def search(legs: list[Sql], wanted: Wanted, counts: dict[str, int]) -> Found:
    """By part of the name anywhere in it, or by the whole domain."""
    order, in_letter = wanted.order, finding.lettered(wanted.letter)
    domain = domain_in(wanted.q)
    at_domain = finding.with_domain(legs, domain, order) if domain else []
    matches = finding.named(legs, wanted.term, order, sum(counts.values()))
    letters = frozenset(counts)
    if len(matches) <= finding.MOST:
        matches = together(matches, at_domain)
        letters = frozenset(match.letter for match in matches)
    elif wanted.letter:
        matches = together(finding.through(legs, finding.holds(wanted.term) & in_letter, order), at_domain)
    matches = [match for match in matches if wanted.letter in ("", match.letter)]
    filters = finding.holds(wanted.term)
    if len(matches) <= finding.MOST:
        return Found(len(matches), False, letters, filters, matches)
    if at_domain:
        filters = Sql(f"({filters.text} OR primary_domain = ?)", (*filters.params, domain))
    found = Found(finding.MOST, True, letters, filters & in_letter)
    if wanted.sort == "name":
        inside = finding.by_trigrams(legs, wanted.term, order, inside=True)
        if inside is not None and len(inside) <= finding.INSIDE:
            inside = [match for match in together(inside, at_domain) if wanted.letter in ("", match.letter)]
            return replace(found, begins=finding.begins(wanted.term) & in_letter, inside=inside)
    return found


def together(matches: list[Match], others: list[Match]) -> list[Match]:
    """Both, each customer once."""
    return list({match.id: match for match in (*matches, *others)}.values()) if others else matches


def domain_in(q: str) -> str:
    """The domain that a search may mean, or ""."""
    try:
        return as_domain(q)
    except WrongDomain:
        return ""


# --- a page of it -------------------------------------------------------------------------------------


def page_of(legs: list[Sql], wanted: Wanted, found: Found, size: int) -> tuple[list[Row], int, bool, bool]:
    """Rows, how many come before them, and whether they are the first and the last of the list."""
    if found.matches is not None:
        return page_of_matches(found.matches, wanted, size)
    if wanted.before:
        rows = rows_from(legs, wanted.order.turned, wanted.before, found, size + 1)[::-1]
        if len(rows) > size:
            return rows[1:], wanted.before.rank - size, False, False
    elif wanted.after:
        rows = rows_from(legs, wanted.order, wanted.after, found, size + 1)
        if rows:
            return rows[:size], wanted.after.rank, False, len(rows) <= size
    # From the start: that is asked for, or what is asked for lies before it or beyond the end.
    rows = rows_from(legs, wanted.order, None, found, size + 1)
    return rows[:size], 0, True, len(rows) <= size


def page_of_matches(matches: list[Match], wanted: Wanted, size: int) -> tuple[list[Row], int, bool, bool]:
    keys = in_order(matches, wanted.order)
    start = 0
    if wanted.after:
        start = len(keys) - len(keys_from(keys, wanted.order, wanted.after))
    elif wanted.before:
        start = max(0, len(keys_from(keys, wanted.order.turned, wanted.before)) - size)
    start = 0 if start >= len(keys) else start
    ids = [row_id for _, row_id in keys[start : start + size]]
    rows = finding.rows_of(ids)
    return [rows[row_id] for row_id in ids if row_id in rows], start, start == 0, start + size >= len(keys)


def in_order(matches: list[Match], order: Order) -> list[tuple[Any, int]]:
    return sorted(((match.value, match.id) for match in matches), reverse=order.descending)


def keys_from(keys: list[tuple[Any, int]], order: Order, place: Place | None) -> list[tuple[Any, int]]:
    """Those keys that come after a place in this order."""
    if place is None:
        return keys
    at = (place.value, place.id)
    return [key for key in keys if (key < at if order.descending else key > at)]


def rows_from(legs: list[Sql], order: Order, place: Place | None, found: Found, limit: int) -> list[Row]:
    """The next rows in this order, found in the way that suits what is looked for."""
    start = order.beyond(place.value, place.id) if place else EVERY
    if found.inside is not None:
        keys = keys_from(in_order(found.inside, order), order, place)[:limit]
        others = finding.rows_of([row_id for _, row_id in keys]).values()
        beginning = finding.in_order(legs, order, start, found.begins, limit)
        return order.sorted(list({row.id: row for row in (*beginning, *others)}.values()))[:limit]
    if not found.filters.text or order.column == finding.BY_NAME.column:
        return finding.in_order(legs, order, start, found.filters, limit)
    rows = finding.in_order_if_ahead(legs, order, start, found.filters, limit)
    return finding.in_order_of_all(legs, order, start, found.filters, limit) if rows is None else rows


def without_controls(text: str) -> str:
    """The text with spaces for control characters and lone surrogates, which no name holds and PostgreSQL refuses."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


# --- places in addresses ------------------------------------------------------------------------------


def cursor(wanted: Wanted, row: Row, rank: int) -> str:
    """The place beside a row, as text for an address. It names no partner: the list decides what is in it."""
    kept = json.dumps([wanted.sort, key_of(wanted, row), row.id, rank], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(kept.encode()).decode().rstrip("=")


def key_of(wanted: Wanted, row: Row) -> Any:
    return finding.as_key(getattr(row, SORTS[wanted.sort]))


def place_from(sort: str, text: str) -> Place | None:
    """The place that a cursor of this sort names; None for anything else, made up or not."""
    if not text or len(text) > LONGEST_CURSOR or not text.isascii():
        return None
    try:
        kept = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        of_sort, value, row_id, rank = kept
    except (ValueError, TypeError, RecursionError):
        return None
    numbers = (row_id, rank, value) if sort == "users" else (row_id, rank)
    if of_sort != sort or not all(type(n) is int and 0 <= n < BIGGEST for n in numbers):
        return None
    return Place(value, row_id, rank) if sort == "users" or is_text(value, sort) else None


def is_text(value: Any, sort: str) -> bool:
    """Whether both databases take this value where such a column is compared."""
    if not isinstance(value, str) or value != without_controls(value):
        return False
    if sort == "created":
        try:
            return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%S.%f") == value
        except ValueError:
            return False
    return True
