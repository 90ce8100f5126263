"""Queries put together once: Peewee takes several times longer for that than the database for the answer."""

from collections.abc import Callable
from typing import Any

from data.database import database

# Stand for the numbers of a query while it is put together. No row has such an id.
STANDING_IN = tuple(2**61 + place for place in range(8))
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
        self.statements: dict[str, tuple[Any, str, list[Any]]] = {}

    def __call__(self, *numbers: int) -> list[Any]:
        query, statement, parameters = self.statements.get(database.param) or self.put_together(len(numbers))
        cursor = database.execute_sql(statement, [numbers[p] if type(p) is Place else p for p in parameters])
        return list(query._get_cursor_wrapper(cursor))  # Peewee's own last step; it has no public name

    def first(self, *numbers: int) -> Any | None:
        return next(iter(self(*numbers)), None)

    def put_together(self, count: int) -> tuple[Any, str, list[Any]]:
        query = self.build(*STANDING_IN[:count])
        statement, given = query.sql()
        parameters = [Place(STANDING_IN.index(value)) if value in STANDING_IN else value for value in given]
        self.statements[database.param] = query, statement, parameters
        return self.statements[database.param]


class Place(int):
    """Which of the numbers asked with stands at this place of the statement."""
