"""The questions that lists ask of the database: what a person reaches, what a search matches, rows in an order.

They are written as SQL, not put together from Peewee's parts: putting one together takes five times as long as
answering it, and lists are what people wait for. Values are always parameters; only our own words stand in the text.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from blueprints.accounts.standing import Standing
from data.database import database, is_sqlite
from data.fields import Moment
from data.folding import first_letter

MOST = 500  # matches that are looked at one by one; beyond them a list says “more than 500”
NEAR = 1_500  # matches on the whole installation among which a person's own are sought
INSIDE = 100  # matches inside names that are sorted beside those at their beginning
SORTED_HERE = 1_000  # names under a letter that are sorted by something else in less time than they are walked to
AS_THEY_ARE = 8  # values that stand in a statement one by one
FEW = 2_000  # names that are read through in less time than the search index takes
AHEAD = 5_000  # rows of another order in which a page of matches is hoped for
TRIGRAM = 3  # letters that the search index needs at least
APART = 5  # letters from one trigram to the next that PostgreSQL is asked for


class Row(NamedTuple):
    """A customer as lists show it; the fields are those of data/customers.py.

    The last three are as the database has them, because most rows are never asked: `created` is the moment.
    """

    id: int
    partner_id: int
    name: str
    name_key: str
    letter: str
    primary_domain: str
    permitted_users: int
    account_type: str
    status: str
    rfi_state: str
    steps_left: int
    monitors: str
    commitment_ends: Any
    subscription_start: Any
    created_at: Any

    @property
    def created(self) -> datetime:
        moment: datetime = moment_of(self.created_at)
        return moment


COLUMNS = ", ".join(Row._fields)
moment_of = Moment().python_value


class Match(NamedTuple):
    """A customer that a search found: the value it is sorted by, its id, its letter, its MSP."""

    value: Any
    id: int
    letter: str
    partner_id: int


class Sql(NamedTuple):
    """A piece of SQL with its parameters; ? stands for each of them on both databases."""

    text: str = ""
    params: tuple[Any, ...] = ()

    def __and__(self, other: "Sql") -> "Sql":
        if not self.text or not other.text:
            return self if self.text else other
        return Sql(f"{self.text} AND {other.text}", self.params + other.params)


CUSTOMER = Sql("customer")
EVERY = Sql()
RFI_WAITS = Sql("rfi_state IN ('incomplete', 'error')")  # for answers, or for better ones


NEVER = "0001-01-01"  # sorts before every day
# Columns that may be empty → what they are sorted by, so that every row has its place. Indexed as it stands here.
SORTED_AS = {"subscription_start": f"COALESCE(subscription_start, '{NEVER}')"}


class Order(NamedTuple):
    """How a list is sorted: by a column, ties by id, both in the same direction."""

    column: str
    descending: bool = False

    @property
    def key(self) -> str:
        """What stands for the column in SQL."""
        return SORTED_AS.get(self.column, self.column)

    @property
    def text(self) -> str:
        way = " DESC" if self.descending else ""
        return f"{self.key}{way}, id{way}"

    @property
    def unindexed(self) -> str:
        """The same order, for which SQLite will not walk an index (PostgreSQL weighs it by itself)."""
        way = " DESC" if self.descending else ""
        return f"+{self.key}{way}, +id{way}" if is_sqlite() else self.text

    @property
    def by_name(self) -> bool:
        return self.column == BY_NAME.column

    @property
    def turned(self) -> "Order":
        return Order(self.column, not self.descending)

    def beyond(self, value: Any, row_id: int) -> Sql:
        """The rows that come after the one with this value and id."""
        return Sql(f"({self.key}, id) {'<' if self.descending else '>'} (?, ?)", (value, row_id))

    def sorted(self, rows: list[Row]) -> list[Row]:
        return sorted(rows, key=lambda row: (as_key(getattr(row, self.column)), row.id), reverse=self.descending)


BY_NAME = Order("name_key")


def select(columns: str, source: Sql, where: Sql, order: str = "", limit: int = 0) -> Sql:
    text = f"SELECT {columns} FROM {source.text}"  # noqa: S608 - every value is a parameter
    text += f" WHERE {where.text}" if where.text else ""
    text += f" ORDER BY {order}" if order else ""
    text += f" LIMIT {limit}" if limit else ""
    return Sql(text, source.params + where.params)


def one_after_the_other(questions: list[Sql]) -> Sql:
    """The answers of several questions, each with its own order and limit."""
    if len(questions) == 1:
        return questions[0]
    text = " UNION ALL ".join(f"SELECT * FROM ({question.text}) AS leg" for question in questions)  # noqa: S608 - as above
    return Sql(text, sum((question.params for question in questions), ()))


def ask(question: Sql) -> list[tuple[Any, ...]]:
    text = question.text if is_sqlite() else question.text.replace("?", "%s")
    answer: list[tuple[Any, ...]] = database.execute_sql(text, question.params).fetchall()
    return answer


def one_of(text: str, values: Iterable[int]) -> Sql:
    """`one_of("id IN", [1, 2])`: the condition with its list of parameters. `text` ends with IN or NOT IN.

    PostgreSQL takes many as one array: its driver keeps no statement ready that has over 50 parameters. The array is
    written out here, because the driver takes longer to look at each number than the server to find it.
    """
    values = tuple(values)
    if len(values) <= AS_THEY_ARE or is_sqlite():
        return Sql(f"{text} ({', '.join('?' * len(values))})", values)
    before, no, _ = text.partition("NOT IN")
    array = f"{{{','.join(map(str, values))}}}"
    return Sql(f"{before}<> ALL(?)" if no else f"{text.removesuffix('IN')}= ANY(?)", (array,))


# --- what a person reaches ----------------------------------------------------------------------------


def reached(who: Standing, permission: str, shelf: str) -> list[Sql]:
    """What the person may see of a shelf: conditions that exclude one another, each served by an index.

    One for everything if they are an operator; otherwise one for each partner, and one for the customers over whom
    they hold more than over the partner. Empty when there is nothing.
    """
    on_shelf = Sql("shelf = ?", (shelf,))
    if who.operator:
        return [on_shelf]
    raised, lowered = who.exceptions(permission)
    kept = one_of("id NOT IN", lowered) if lowered else EVERY
    legs = [Sql("partner_id = ?", (partner,)) & on_shelf & kept for partner in who.partners_where(permission)]
    return [*legs, one_of("id IN", raised) & on_shelf] if raised else legs


def reached_by_role(who: Standing, permission: str, shelf: str) -> dict[str, list[Sql]]:
    """The same, apart by the name of the role that counts for the person there."""
    on_shelf = Sql("shelf = ?", (shelf,))
    if who.operator:
        return {who.role_on(0, 0).label: [on_shelf]}
    legs: dict[str, list[Sql]] = {}
    kept = one_of("id NOT IN", who.over_customers) if who.over_customers else EVERY
    for partner in who.partners_where(permission):
        label = who.over_partners[partner].label
        legs.setdefault(label, []).append(Sql("partner_id = ?", (partner,)) & on_shelf & kept)
    raised: dict[str, list[int]] = {}
    for customer, (partner, role) in who.over_customers.items():
        if who.may_for_customer(permission, customer, partner):
            raised.setdefault(role.label, []).append(customer)
    for label, customers in raised.items():
        legs.setdefault(label, []).append(one_of("id IN", customers) & on_shelf)
    return legs


def counted(who: Standing, permission: str, shelf: str) -> dict[str, int]:
    """How many customers of a shelf the person may see, by letter; from the kept table, not by counting."""
    on_shelf = Sql("shelf = ?", (shelf,))
    partners = EVERY if who.operator else one_of("partner_id IN", who.partners_where(permission) or (0,))
    kept = select("letter, sum(n)", Sql("customer_count"), partners & on_shelf)
    counts = {letter: int(n) for letter, n in ask(Sql(f"{kept.text} GROUP BY letter", kept.params))}
    for sign, ids in () if who.operator else zip((1, -1), who.exceptions(permission), strict=True):
        for (letter,) in ask(select("letter", CUSTOMER, one_of("id IN", ids) & on_shelf)) if ids else ():
            counts[letter] = counts.get(letter, 0) + sign
    return {letter: n for letter, n in counts.items() if n > 0}


def counted_one_by_one(legs: list[Sql]) -> dict[str, int]:
    """The same for conditions that the kept table knows nothing of.

    SQLite is kept from walking all letters: another index may lead to the few that the conditions leave.
    """
    counts: dict[str, int] = {}
    by_letter = "+letter" if is_sqlite() else "letter"
    for leg in legs:
        kept = select("letter, count(*)", CUSTOMER, leg)
        for letter, n in ask(Sql(f"{kept.text} GROUP BY {by_letter}", kept.params)):
            counts[letter] = counts.get(letter, 0) + n
    return counts


# --- what a search matches ----------------------------------------------------------------------------


def holds(term: str) -> Sql:
    """The folded name has the folded term somewhere in it."""
    return like(f"%{literal(term)}%")


def holds_by_few(term: str) -> Sql:
    """The same for the search index of PostgreSQL, led to names by trigrams that stand apart, the last one included.

    Hardly more names have those, that far apart, and the index reads one list of names for each of them and not for
    each letter; among a million, lists are long. Words of one or two letters are too few a trigram: they stay whole.
    """
    last = len(term) - TRIGRAM
    if last <= TRIGRAM or not all(word.isalnum() and len(word) >= TRIGRAM for word in term.split()):
        return holds(term)
    told = "".join(
        literal(each) if place % APART < TRIGRAM or place >= last else "_" for place, each in enumerate(term)
    )
    return like(f"%{told}%") & Sql("strpos(name_key, ?) > 0", (term,))


def like(pattern: str) -> Sql:
    return Sql(r"name_key LIKE ? ESCAPE '\'", (pattern,))


def literal(term: str) -> str:
    """The term for a pattern of LIKE, in which it stands for nothing but itself."""
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def begins(term: str) -> Sql:
    """The folded name begins with the folded term; served by the order of names."""
    return Sql("name_key >= ? AND name_key < ?", (term, term + "\U0010ffff"))


def named(legs: list[Sql], term: str, order: Order, names: Callable[[], int]) -> list[Match]:
    """The customers whose name holds the term, up to MOST and one more: then there are more than are told.

    `names`: says how many the legs have.
    """
    if is_sqlite() and len(term) >= TRIGRAM and names() > FEW:
        found = by_trigrams(legs, term, order)
        if found is not None:
            return found
    return through(legs, holds(term) if is_sqlite() else holds_by_few(term), order)


def through(legs: list[Sql], filters: Sql, order: Order, most: int = 0) -> list[Match]:
    """Matches found by reading names, up to `most` (MOST) and one more.

    SQLite is told which index leads to them. PostgreSQL weighs it, and is told only that the order of names will do:
    where matches are many it finds them in that index alone, in as little time among a million as among thousands.
    """
    columns, along = matched_by(order), BY_NAME.text if is_sqlite() or order.by_name else ""
    questions = [select(columns, CUSTOMER, leg & filters, along, (most or MOST) + 1) for leg in legs]
    return as_matches(ask(one_after_the_other(questions)))


def by_trigrams(legs: list[Sql], term: str, order: Order, *, inside: bool = False) -> list[Match] | None:
    """The same by the search index of SQLite, which knows neither partners nor shelves.

    `inside`: only where the name does not begin with the term, up to INSIDE and one more. None when the term is too
    short for the index, or the first NEAR matches of the installation do not decide it.
    """
    if not is_sqlite() or len(term) < TRIGRAM:
        return None
    near = select("rowid AS found", Sql("customer_search"), Sql("customer_search MATCH ?"), limit=NEAR + 1)
    source = Sql("near CROSS JOIN customer ON customer.id = near.found")
    columns = matched_by(order)
    most = INSIDE if inside else MOST
    questions = [select(columns, source, leg & holds(term), limit=most + 1) for leg in legs]
    question = one_after_the_other([*questions, Sql("SELECT (SELECT count(*) FROM near), 0, '', 0")])
    asked = Sql(f"WITH near AS MATERIALIZED ({near.text}) {question.text}", question.params)
    for looked_for in beginning_elsewhere(term) if inside else (some_trigrams(term), quoted(term)):
        *found, (looked_at, *_) = ask(Sql(asked.text, (looked_for, *asked.params)))
        if looked_at <= NEAR or len(found) > most:
            return as_matches(found)
    return None


def quoted(term: str) -> str:
    """The term as the index of SQLite takes it, for names that hold the whole of it."""
    return '"' + term.replace('"', '""') + '"'


def some_trigrams(term: str) -> str:
    """For names that hold its beginning, its middle and its end: hardly more of them, and found many times faster.

    A whole term asks the index to compare the places of all its trigrams, of which some are in most names.
    """
    last = len(term) - TRIGRAM
    starts = sorted({0, last // 2, last})
    return " AND ".join(quoted(term[start : start + TRIGRAM]) for start in starts)


def beginning_elsewhere(term: str) -> tuple[str]:
    """For names that hold the term, but not at their beginning only."""
    return (f"{quoted(term)} NOT ^{quoted(term)}",)


def with_domain(legs: list[Sql], domain: str, order: Order) -> list[Match]:
    columns = matched_by(order)
    at_domain = Sql("primary_domain = ?", (domain,))
    return as_matches(ask(one_after_the_other([select(columns, CUSTOMER, leg & at_domain) for leg in legs])))


def lettered(letter: str) -> Sql:
    return Sql("letter = ?", (letter,)) if letter else EVERY


def as_matches(found: list[tuple[Any, ...]]) -> list[Match]:
    return [
        Match(as_key(value), row_id, letter or first_letter(value), partner) for value, row_id, letter, partner in found
    ]


def matched_by(order: Order) -> str:
    """The columns of a Match. By name, its letter is read from it: the index of names has no letters."""
    return f"{order.key}, id, {'NULL' if order.by_name else 'letter'}, partner_id"


def as_key(value: Any) -> Any:
    """A value to sort by, the same from both databases: moments and days as text; an empty day before all others."""
    if value is None or isinstance(value, date):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else str(value or NEVER)
    return value


# --- rows ---------------------------------------------------------------------------------------------


def rows_of(ids: list[int]) -> dict[int, Row]:
    """These customers' rows. The ids come from a question above: nobody else's are asked for."""
    return {row.id: row for row in as_rows(ask(select(COLUMNS, CUSTOMER, one_of("id IN", ids))))} if ids else {}


def rows_among(legs: list[Sql], ids: Iterable[int]) -> list[Row]:
    """Those of these ids that the legs reach."""
    among = one_of("id IN", ids)
    if not legs or not among.params:
        return []
    return as_rows(ask(one_after_the_other([select(COLUMNS, CUSTOMER, leg & among) for leg in legs])))


def in_order(legs: list[Sql], order: Order, start: Sql, filters: Sql, limit: int) -> list[Row]:
    """The next rows, read along the index of this order."""
    questions = [select(COLUMNS, CUSTOMER, leg & filters & start, order.text, limit) for leg in legs]
    rows = as_rows(ask(one_after_the_other(questions)))
    return rows if len(legs) == 1 else order.sorted(rows)[:limit]


def in_order_if_ahead(legs: list[Sql], order: Order, start: Sql, filters: Sql, limit: int) -> list[Row] | None:
    """The same for filters that the order's index does not know: None unless the next AHEAD rows suffice."""
    found: list[Row] = []
    for leg in legs:
        ahead = select(COLUMNS, CUSTOMER, leg & start, order.text, AHEAD)
        # Rows come out in the order of the inner question, and reading ends when there are enough.
        rows = as_rows(ask(select(COLUMNS, Sql(f"({ahead.text}) AS ahead", ahead.params), filters, limit=limit)))
        if len(rows) < limit:
            return None
        found += rows
    return order.sorted(found)[:limit]


def in_order_of_all(legs: list[Sql], order: Order, start: Sql, filters: Sql, limit: int) -> list[Row]:
    """The same by sorting everything that the filters leave: slower, but never slower than that."""
    chosen = one_after_the_other([select("id", CUSTOMER, leg & filters) for leg in legs])
    among = Sql(f"id IN ({chosen.text})", chosen.params)
    return as_rows(ask(select(COLUMNS, CUSTOMER, among & start, order.unindexed, limit)))


def as_rows(found: list[tuple[Any, ...]]) -> list[Row]:
    return list(map(Row._make, found))
