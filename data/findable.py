"""What the search over everything looks through: a row for each customer, contact, order and note.

The row is written in the statement after the record's own, so in the same transaction, by the record's `save()` and
by `update()` queries that touch what is searched: what was saved is found at once, what was rewritten or removed is
not found any more. Records that become rows with nothing to find (a draft order without a number) have none.

Nothing else need be remembered: triggers of the database take rows away with their records, move them when their
customer changes hands or shelf, and keep the index of letters (0005_search.py). Who writes records past Peewee, by the
thousand, calls `fill()` afterwards.

`findable.id` rises in the order of results, so that the best matches are read first and the rest not at all: live
before past, then by kind, then the newest record first. Live or past and the kind make its `place`.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from peewee import ModelInsert, ModelUpdate

from data.database import database, is_sqlite
from data.folding import fold

PLACES = 8
PAST = 4  # added to the place of its kind, when the customer is past
RECORD_BITS = 41  # of `findable.id`; above them stands the place
LAST = (1 << RECORD_BITS) - 1
BATCH = 5_000
COLUMNS = "place, id, partner_id, customer_id, name, address, number, text"


class Keys(NamedTuple):
    """How a record is found: folded, and "" where it has none. The first three are also compared from their start."""

    name: str = ""
    address: str = ""  # domain or email address
    number: str = ""
    words: str = ""

    @property
    def text(self) -> str:
        r"""Everything in one text. A field stands between \n, which nobody can type, and each word after a space."""
        fields = "".join(
            f"\n {field}" for field in (self.name, self.address, in_letters(self.address), self.number) if field
        )
        return fields + "\n" if fields else f" {self.words}" * bool(self.words)


class Source(NamedTuple):
    """A table whose records are found. `place`: in the order of results. `keys`: from the values of `fields`."""

    place: int
    fields: tuple[str, ...]
    keys: Callable[..., Keys]

    def has(self, names: Iterable[str]) -> bool:
        return not frozenset(self.fields).isdisjoint(names)


def digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))


def in_letters(address: str) -> str:
    """A domain with A-labels, or an address at one, as people write it; "" for others."""
    if "xn--" not in address:
        return ""
    local, at, domain = address.rpartition("@")
    try:
        return fold(local + at + domain.encode().decode("idna"))
    except UnicodeError:
        return ""


SOURCES = {
    "customer": Source(0, ("name", "primary_domain"), lambda name, domain: Keys(fold(name), fold(domain))),
    "contact": Source(
        1,
        ("first_name", "last_name", "email", "phone"),
        lambda first, last, email, phone: Keys(fold(f"{first} {last}"), fold(email), digits(phone)),
    ),
    "order": Source(
        2,
        ("order_number", "addendum_number"),
        lambda theirs, ours: Keys(fold(theirs), number=fold(ours or "")),
    ),
    "note": Source(3, ("text",), lambda text: Keys(words=fold(text))),
}


# --- one record ---------------------------------------------------------------------------------------


class Findable:
    """What records of SOURCES are besides `Record`: written, they can be found."""

    def save(self, *arguments: Any, **rest: Any) -> int | bool:
        touched = self._source().has(self._dirty)  # type: ignore[attr-defined]  # a record stands beside it
        saved: int | bool = super().save(*arguments, **rest)  # type: ignore[misc]  # as above
        if touched:
            put(self)
        return saved

    @classmethod
    def _source(cls) -> Source:
        return SOURCES[cls._meta.table_name]  # type: ignore[attr-defined]  # as above

    @classmethod
    def update(cls, __data: Any = None, **update: Any) -> ModelUpdate:
        query = super().update(__data, **update)  # type: ignore[misc]  # as above
        if cls._source().has(field.name for field in query._update):
            return Rewriting(cls, query._update)
        return query

    @classmethod
    def insert_many(cls, *_: Any, **__: Any) -> ModelInsert:
        """Refused: nobody would find them."""
        raise TypeError(f"{cls.__name__} is searched: save each, or write past Peewee and call findable.fill()")


class Rewriting(ModelUpdate):
    """An UPDATE of what is searched: the records that it changed are put into the search anew."""

    def _execute(self, on: Any) -> int:
        self._returning, self._return_cursor = self.model._meta.sorted_fields, True
        changed = list(super()._execute(on))
        for record in changed:
            put(record)
        return len(changed)


def put(record: Any) -> None:
    """Write the row of a record that was saved just now; without anything to find, it has none."""
    kind = record._meta.table_name
    source = SOURCES[kind]
    keys = source.keys(*(getattr(record, field) for field in source.fields))
    if keys.text:
        customer = record.id if kind == "customer" else record.customer_id
        row = (source.place, source.place, LAST - record.id, *keys[:3], keys.text, customer)
        database.execute_sql(put_statement(database.param), row)
    else:
        ids = [place << RECORD_BITS | LAST - record.id for place in (source.place, source.place + PAST)]
        database.execute_sql(f"DELETE FROM findable WHERE id IN ({database.param}, {database.param})", ids)  # noqa: S608 - nothing but marks


@cache
def put_statement(mark: str) -> str:
    """What is put again as it was changes nothing, so the index of letters is left alone."""
    key = "id" if is_sqlite() else "id, place"
    place = f"(CASE WHEN shelf = 'past' THEN {PAST} ELSE 0 END + CAST(? AS BIGINT))"
    statement = f"""
INSERT INTO findable ({COLUMNS})
SELECT {place}, ({place} << {RECORD_BITS}) | ?, partner_id, id, ?, ?, ?, ? FROM customer WHERE id = ?
ON CONFLICT ({key}) DO UPDATE SET
  name = excluded.name, address = excluded.address, number = excluded.number, text = excluded.text
  WHERE findable.text <> excluded.text"""  # noqa: S608 - our own words, and marks
    return statement.replace("?", mark)


# --- very many ----------------------------------------------------------------------------------------


def fill() -> None:
    """Write the rows of all records that have none, whoever wrote them. Call inside a transaction."""
    marks = ", ".join([database.param] * len(COLUMNS.split(",")))
    for kind, source in SOURCES.items():
        rows = missing(kind, source)
        while batch := list(islice(rows, BATCH)):
            database.cursor().executemany(f"INSERT INTO findable ({COLUMNS}) VALUES ({marks})", batch)  # noqa: S608 - our own names


def missing(kind: str, source: Source) -> Iterator[tuple[Any, ...]]:
    """Rows for `findable`, in its own order."""
    owner = "record.id" if kind == "customer" else "record.customer_id"
    fields = ", ".join(f"record.{field}" for field in source.fields)
    place = f"(CASE WHEN customer.shelf = 'past' THEN {PAST} ELSE 0 END + CAST({source.place} AS BIGINT))"
    query = f"""
SELECT record.id, {place}, customer.partner_id, customer.id, {fields}
FROM "{kind}" AS record JOIN customer ON customer.id = {owner}
WHERE record.id < ? AND NOT EXISTS (
  SELECT 1 FROM findable
  WHERE findable.place = {place} AND findable.id = ({place} << {RECORD_BITS}) | ({LAST} - record.id))
ORDER BY record.id DESC LIMIT {BATCH}"""  # noqa: S608 - our own words
    last = LAST
    while found := database.execute_sql(query.replace("?", database.param), (last,)).fetchall():
        last = found[-1][0]
        for record_id, at, partner, customer, *values in found:
            keys = source.keys(*values)
            if keys.text:
                yield (at, at << RECORD_BITS | LAST - record_id, partner, customer, *keys[:3], keys.text)
