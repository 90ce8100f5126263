"""Customers in a list: searched, narrowed to a letter, sorted, a page at a time. Prospects are listed by this too.

A page begins beside a row (its sorting value and id), not after a number of rows: the millionth page costs what the
first does, and nothing is shown twice or left out because somebody added a row meanwhile.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers import finding
from blueprints.customers.domains import WrongDomain, as_domain
from blueprints.customers.finding import EVERY, Match, Order, Row, Sql
from blueprints.customers.places import Place, cursor
from blueprints.customers.wanted import BY_NAME, SORTS, Wanted
from blueprints.web.refusals import NotThere

PAGE = 25
EXPORTED_AT_ONCE = 500


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

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True)
class Found:
    """What a search, or a letter in another order, leaves of a shelf.

    `matches`: all of them, when they are few enough to be sorted here; else None and `filters` says what to look for.
    `begins` and `inside`: the same said so that the order of names serves it: names that begin so, and these others.
    `scattered`: what is left may be few and far between, in the order of names as in any other.
    """

    total: int
    more: bool
    letters: frozenset[str]
    filters: Sql
    matches: list[Match] | None = None
    begins: Sql = EVERY
    inside: list[Match] | None = None
    scattered: bool = False


@dataclass(frozen=True)
class Reach:
    """What a person reaches of a shelf: conditions that exclude one another, and how many that are by letter.

    `by_role`: the same conditions apart by the name of the person's role, when the list is sorted by it. `count`: asks
    how many there are, which not every search needs to know.
    """

    who: Standing
    legs: list[Sql]
    count: Callable[[], dict[str, int]]
    by_role: dict[str, list[Sql]]

    @cached_property
    def counts(self) -> dict[str, int]:
        return self.count()

    @property
    def all(self) -> int:
        return sum(self.counts.values())

    def role_on(self, found: Row | Match) -> str:
        return self.who.role_on(found.id, found.partner_id).label


def list_customers(who: Standing, wanted: Wanted, permission: str = "customers.see", size: int = PAGE) -> Listing:
    """The page that is wanted, of the customers for whom the person's role permits it.

    The number of queries does not depend on how many customers there are.
    """
    reach = reach_of(who, wanted, permission)
    if not reach.legs:
        return Listing([], 0, "", "", 0, False, frozenset())
    found = find(reach, wanted)
    rows, rank, is_first, is_last = page_of(reach, wanted, found, size)
    if is_first:
        rank = 0
    elif is_last and not found.more:
        rank = found.total - len(rows)
    else:  # rows may have come and gone since the neighbouring page
        rank = max(1, min(rank, (reach.all if found.more else found.total) - len(rows) - 1))
    return Listing(
        rows=rows,
        first=rank + 1 if rows else 0,
        before="" if is_first or not rows else cursor(wanted.sort, *key_of(reach, wanted, rows[0]), rank),
        after="" if is_last or not rows else cursor(wanted.sort, *key_of(reach, wanted, rows[-1]), rank + len(rows)),
        total=found.total,
        more_than_total=found.more,
        letters=found.letters,
    )


def every_customer(who: Standing, wanted: Wanted, permission: str = "customers.see") -> Iterator[Row]:
    """All rows of a list from its start, read a few hundred at a time along the order of the list.

    However long it is and whatever is searched, each name is looked at once.
    """
    wanted = wanted.from_start
    reach = reach_of(who, wanted, permission)
    if not reach.legs:
        return
    found = find(reach, wanted)
    place: Place | None = None
    while True:
        if found.matches is None:
            rows = rows_from(reach, wanted.order, place, found, EXPORTED_AT_ONCE, rows_along)
            is_last = len(rows) < EXPORTED_AT_ONCE
        else:
            rows, *_, is_last = page_of_matches(found.matches, replace(wanted, after=place), EXPORTED_AT_ONCE)
        yield from rows
        if is_last or not rows:
            return
        place = Place(*key_of(reach, wanted, rows[-1]), 0)


def chosen_customers(
    who: Standing, wanted: Wanted, ids: Collection[int], permission: str = "customers.see"
) -> list[Row]:
    """Those of a shelf with these ids, in the order of the list. Raises NotThere unless each is the person's to see."""
    reach = reach_of(who, replace(wanted, waits=False), permission)  # an answer may have come meanwhile
    rows = finding.rows_among(reach.legs, ids)
    if len(rows) < len(set(ids)):
        raise NotThere
    return sorted(rows, key=lambda row: key_of(reach, wanted, row), reverse=wanted.descending)


def reach_of(who: Standing, wanted: Wanted, permission: str) -> Reach:
    """What of the shelf the list is made from."""
    legs = finding.reached(who, permission, wanted.shelf)
    by_role = finding.reached_by_role(who, permission, wanted.shelf) if wanted.by_role else {}
    if not legs:
        return Reach(who, [], dict, {})
    if wanted.status:
        in_status = Sql("status = ?", (wanted.status,))
        legs = [leg & in_status for leg in legs]
        by_role = {role: [leg & in_status for leg in apart] for role, apart in by_role.items()}
        return Reach(who, legs, lambda: finding.counted_one_by_one(legs), by_role)
    if wanted.waits:
        return Reach(who, legs, lambda: finding.counted_one_by_one([leg & finding.RFI_WAITS for leg in legs]), by_role)
    return Reach(who, legs, lambda: finding.counted(who, permission, wanted.shelf), by_role)


# --- what is found ------------------------------------------------------------------------------------


def find(reach: Reach, wanted: Wanted) -> Found:
    only = finding.RFI_WAITS if wanted.waits else EVERY
    if wanted.term:
        found = search(replace(reach, legs=[leg & only for leg in reach.legs]) if wanted.waits else reach, wanted)
        if wanted.waits:
            found = replace(found, filters=found.filters & only, begins=found.begins & only)
    else:
        counts = reach.counts
        total = counts.get(wanted.letter, 0) if wanted.letter else reach.all
        filters = finding.lettered(wanted.letter) & only
        sorted_here = wanted.letter and wanted.sort not in BY_NAME and total <= finding.SORTED_HERE
        matches = finding.through(reach.legs, filters, wanted.order, finding.SORTED_HERE) if sorted_here else None
        found = Found(total, False, frozenset(counts), filters, matches, scattered=wanted.waits)
    return found if found.matches is None else replace(found, matches=in_roles(reach, wanted, found.matches))


def in_roles(reach: Reach, wanted: Wanted, matches: list[Match]) -> list[Match]:
    """The matches, to be sorted by role first where that is wanted."""
    if not wanted.by_role:
        return matches
    return [match._replace(value=(reach.role_on(match), match.value)) for match in matches]


def search(reach: Reach, wanted: Wanted) -> Found:
    """By part of the name anywhere in it, or by the whole domain."""
    legs, order, in_letter = reach.legs, wanted.order, finding.lettered(wanted.letter)
    domain = domain_in(wanted.q)
    at_domain = finding.with_domain(legs, domain, order) if domain else []
    matches = finding.named(legs, wanted.term, order, lambda: reach.all)
    if len(matches) <= finding.MOST:
        matches = together(matches, at_domain)
        letters = frozenset(match.letter for match in matches)
    else:
        letters = frozenset(reach.counts)
        if wanted.letter:
            matches = together(finding.through(legs, finding.holds(wanted.term) & in_letter, order), at_domain)
    matches = [match for match in matches if wanted.letter in ("", match.letter)]
    filters = finding.holds(wanted.term)
    if len(matches) <= finding.MOST:
        return Found(len(matches), False, letters, filters, matches)
    if at_domain:
        filters = Sql(f"({filters.text} OR primary_domain = ?)", (*filters.params, domain))
    found = Found(finding.MOST, True, letters, filters & in_letter)
    if wanted.sort in BY_NAME:
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


Reader = Callable[[list[Sql], Order, Place | None, Found, int], list[Row]]


# --- a page of it -------------------------------------------------------------------------------------


def page_of(reach: Reach, wanted: Wanted, found: Found, size: int) -> tuple[list[Row], int, bool, bool]:
    """Rows, how many come before them, and whether they are the first and the last of the list."""
    if found.matches is not None:
        return page_of_matches(found.matches, wanted, size)
    if wanted.before:
        rows = rows_from(reach, wanted.order.turned, wanted.before, found, size + 1)[::-1]
        if len(rows) > size:
            return rows[1:], wanted.before.rank - size, False, False
    elif wanted.after:
        rows = rows_from(reach, wanted.order, wanted.after, found, size + 1)
        if rows:
            return rows[:size], wanted.after.rank, False, len(rows) <= size
    # From the start: that is asked for, or what is asked for lies before it or beyond the end.
    rows = rows_from(reach, wanted.order, None, found, size + 1)
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


def rows_from(
    reach: Reach, order: Order, place: Place | None, found: Found, limit: int, read: Reader | None = None
) -> list[Row]:
    """The next rows in this order; sorted by role, those under one after those under another."""
    read = read or rows_that_suit
    if not reach.by_role:
        return read(reach.legs, order, place, found, limit)
    if len(reach.by_role) > 1:
        found = replace(found, inside=None)  # those are of all roles
    rows: list[Row] = []
    for role, legs in sorted(reach.by_role.items(), reverse=order.descending):
        at, name = place.value if place else (role, None)
        if role == at or (role < at) == order.descending:
            start = place._replace(value=name) if place and role == at else None
            rows += read(legs, order, start, found, limit - len(rows))
        if len(rows) == limit:
            break
    return rows


def rows_that_suit(legs: list[Sql], order: Order, place: Place | None, found: Found, limit: int) -> list[Row]:
    """The next rows, found in the way that suits what is looked for."""
    start = beyond(order, place)
    if found.inside is not None:
        keys = keys_from(in_order(found.inside, order), order, place)[:limit]
        others = finding.rows_of([row_id for _, row_id in keys]).values()
        beginning = finding.in_order(legs, order, start, found.begins, limit)
        return order.sorted(list({row.id: row for row in (*beginning, *others)}.values()))[:limit]
    if not found.filters.text or (order.by_name and not found.scattered):
        return finding.in_order(legs, order, start, found.filters, limit)
    rows = finding.in_order_if_ahead(legs, order, start, found.filters, limit)
    return finding.in_order_of_all(legs, order, start, found.filters, limit) if rows is None else rows


def rows_along(legs: list[Sql], order: Order, place: Place | None, found: Found, limit: int) -> list[Row]:
    """The next rows, read along the order whatever lies between: the way for whoever wants all of them."""
    return finding.in_order(legs, order, beyond(order, place), found.filters, limit)


def beyond(order: Order, place: Place | None) -> Sql:
    return order.beyond(place.value, place.id) if place else EVERY


def key_of(reach: Reach, wanted: Wanted, row: Row) -> tuple[Any, int]:
    """What the row is sorted by, and its id."""
    value = finding.as_key(getattr(row, SORTS[wanted.sort]))
    return (reach.role_on(row), value) if wanted.by_role else value, row.id
