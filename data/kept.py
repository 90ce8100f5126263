"""Queries put together once: Peewee takes several times longer for that than the database for the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    CharField,
    ForeignKeyField,
    IntegerField,
    ModelCursorWrapper,
    ModelObjectCursorWrapper,
    TextField,
)

from data.database import database, is_sqlite

# Stand for the numbers of a query while it is put together. No row has such an id.
STANDING_IN = tuple(2**61 + place for place in range(40))
AS_THEY_COME = (
    AutoField,
    IntegerField,
    BigIntegerField,
    TextField,
    CharField,
    ForeignKeyField,
)  # both databases give what Peewee would make of it
EVERY = 2**62  # an id beyond all others: “before this one” leaves nothing out


class Kept:
    """A query that asks for whole numbers only, its statement kept for each kind of database.

        notes_of = Kept(lambda customer: Note.select().where(Note.customer == customer))
        notes_of(customer.id)  # → list of Note

    Rows come as Peewee makes them of the query, what it joins included. `build` takes its numbers by position and
    treats them alike: they are not known yet when it is called.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self.build = build
        self.statements: dict[str, Statement] = {}

    def __call__(self, *numbers: int) -> list[Any]:
        kept = self.statements.get(database.param) or self.put_together(len(numbers))
        cursor = database.execute_sql(kept.text, [numbers[p] if type(p) is Place else p for p in kept.parameters])
        rows = cursor.fetchall()
        if not rows:
            return []
        read = kept.reader or kept.learn_to_read(cursor)
        return [read(row) for row in rows]

    def first(self, *numbers: int) -> Any | None:
        return next(iter(self(*numbers)), None)

    def put_together(self, count: int) -> "Statement":
        query = self.build(*STANDING_IN[:count])
        text, given = query.sql()
        parameters = [Place(STANDING_IN.index(value)) if value in STANDING_IN else value for value in given]
        if is_sqlite():
            text, parameters = with_constants(text, parameters)
        self.statements[database.param] = Statement(query, text, parameters)
        return self.statements[database.param]


def with_constants(text: str, parameters: list[Any]) -> tuple[str, list[Any]]:
    """The statement with what never changes written into it, and the parameters that are left.

    SQLite plans a statement anew each time that it compares a column of some partial index with a parameter: the
    value decides whether that index may be used. Planning takes ten times as long as the answer.
    """
    between = text.split("?")
    if len(between) != len(parameters) + 1:  # a question mark that stands for itself
        return text, parameters
    written, left = between[0], []
    for value, after in zip(parameters, between[1:], strict=True):
        if isinstance(value, str):
            written += "'" + value.replace("'", "''") + "'" + after
        else:
            written += "?" + after
            left.append(value)
    return written, left


@dataclass
class Statement:
    """A query as a database is asked it, and what makes a record of a row; known once there was an answer."""

    query: Any
    text: str
    parameters: list[Any]
    reader: Callable[[Any], Any] | None = None

    def learn_to_read(self, cursor: Any) -> Callable[[Any], Any]:
        """Peewee's own last step: it has no public name, and holds on to nothing but the names of the columns."""
        wrapper = self.query._get_cursor_wrapper(cursor)
        wrapper.initialize()
        wrapper.cursor = None
        self.reader = reader_of(wrapper)
        return self.reader


# --- rows to records ----------------------------------------------------------------------------------

Make = Callable[[Any], Any]  # row → record


def reader_of(wrapper: Any) -> Make:
    """Makes the same records of a row as Peewee does, without setting one field after the other.

    What is neither plain nor joined by foreign keys stays with Peewee.
    """
    if isinstance(wrapper, ModelObjectCursorWrapper) and wrapper.is_model:
        make = maker_of(wrapper.constructor, list(enumerate(wrapper.unique_columns)))
    elif isinstance(wrapper, ModelCursorWrapper):
        make = joining_maker_of(wrapper)
    else:
        make = None
    return make or wrapper.process_row


def maker_of(record: Any, columns: list[tuple[int, str]]) -> Make | None:
    """Of these columns (place in the row, name), which must stand side by side and be fields of the record."""
    fields, names, first = record._meta.fields, [name for _, name in columns], columns[0][0]
    after = first + len(columns)
    if [place for place, _ in columns] != list(range(first, after)) or not all(name in fields for name in names):
        return None
    converted = [(name, fields[name].python_value) for name in names if type(fields[name]) not in AS_THEY_COME]

    def make(row: Any) -> Any:
        made = record.__new__(record)
        made.__data__ = data = dict(zip(names, row[first:after], strict=True))
        for name, convert in converted:
            data[name] = convert(data[name])
        made.__rel__, made._dirty = {}, set()
        return made

    return make


def joining_maker_of(wrapper: ModelCursorWrapper) -> Make | None:
    """Of a query that joins records by their foreign keys; of those that may be missing, none joins another."""
    makers = {
        source: maker_of(record, [(place, name) for place, of, name, _ in wrapper._row_spec if of is source])
        for source, record, _ in wrapper._constructor_list
        if any(of is source for _, of, _, _ in wrapper._row_spec)
    }
    joins = [(src, name, dest, outer) for src, name, dest, _, outer, _ in wrapper.src_to_dest]
    missing = {dest for _, _, dest, outer in joins if outer}
    by_keys = all(by_key and src in makers for src, *_, by_key in wrapper.src_to_dest)
    if not by_keys or None in makers.values() or any(src in missing for src, *_ in joins):
        return None
    root = wrapper.model

    def make(row: Any) -> Any:
        made = {source: maker(row) for source, maker in makers.items() if maker}
        for src, name, dest, outer in joins:
            joined = made[dest]
            if outer and not any(value is not None for value in joined.__data__.values()):
                joined = None
            made[src].__rel__[name] = joined
            if joined is not None:
                made[src].__data__[name] = joined._pk
        return made[root]

    return make


class Place(int):
    """Which of the numbers asked with stands at this place of the statement."""
