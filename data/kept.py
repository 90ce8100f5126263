"""Queries put together once: Peewee takes several times longer for that than the database for the answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import ForeignKeyField, IntegerField, ModelObjectCursorWrapper, TextField

from data.database import database

# Stand for the numbers of a query while it is put together. No row has such an id.
STANDING_IN = tuple(2**61 + place for place in range(40))
AS_THEY_COME = (IntegerField, TextField, ForeignKeyField)  # both databases give what Peewee would make of it
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
        self.statements[database.param] = Statement(query, text, parameters)
        return self.statements[database.param]


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
        whole = isinstance(wrapper, ModelObjectCursorWrapper) and None not in wrapper.fields
        self.reader = reader_of(wrapper.constructor, wrapper.fields) if whole else wrapper.process_row
        return self.reader


def reader_of(record: Any, fields: Sequence[Any]) -> Callable[[Any], Any]:
    """Makes the same record of a row as Peewee does, without setting one field after the other."""
    names = [field.name for field in fields]
    converted = [(field.name, field.python_value) for field in fields if not isinstance(field, AS_THEY_COME)]

    def read(row: Any) -> Any:
        made = record.__new__(record)
        made.__data__ = dict(zip(names, row, strict=True))
        for name, convert in converted:
            made.__data__[name] = convert(made.__data__[name])
        made.__rel__, made._dirty = {}, set()
        return made

    return read


class Place(int):
    """Which of the numbers asked with stands at this place of the statement."""
