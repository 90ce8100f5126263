"""Records read by SQL that stands written out, for questions that are asked so often that putting them together counts.

Peewee takes longer to build a query over two whole tables than the database takes to answer it.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from data.database import database, is_sqlite


@cache
def columns(alias: str, record: Any) -> str:
    """All columns of a record, read through this alias, in the order in which `read` expects them."""
    return ", ".join(f'{alias}."{field.column_name}"' for field in record._meta.sorted_fields)


def read(statement: str, parameters: tuple[Any, ...], *records: Any, hold: str = "") -> Iterator[tuple[Any, ...]]:
    """The records of each row: as many columns as the first has, then those of the second, and so on.

    `statement` has a ? for each parameter. `hold`: the aliases whose rows are held until the transaction ends
    (SQLite already holds everything).
    """
    held = f" FOR UPDATE OF {hold}" if hold and not is_sqlite() else ""
    for row in database.execute_sql(statement.replace("?", database.param) + held, parameters):
        values = iter(row)
        yield tuple(record_of(record, values) for record in records)


def record_of(record: Any, values: Iterator[Any]) -> Any:
    named = zip(record._meta.sorted_fields, values, strict=False)  # takes no more values than there are fields
    made = record(__no_default__=1, **{field.name: field.python_value(value) for field, value in named})
    made._dirty.clear()
    return made


def belonging(record: Any, **others: Any) -> Any:
    """The record, knowing the ones that its keys lead to, so that nobody asks for them again."""
    record.__rel__.update(others)
    return record
