"""What the search over everything needs of a whole load, written once at its end.

Row by row the index of letters takes eight times as long; from a certain size on, the table is filled bare and its
indexes are built anew. All of it happens in the transaction of the load.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from data import findable
from data.database import database, is_sqlite
from data.sample.aside import MANY, value


def make_findable(customers: int) -> None:
    """Let the search find what was loaded."""
    if customers < max(MANY, value("SELECT count(*) FROM findable")):
        findable.fill()
        return
    with sqlite_bare() if is_sqlite() else postgresql_bare():
        findable.fill()


@contextmanager
def sqlite_bare() -> Iterator[None]:
    there = database.execute_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'findable' AND type <> 'table' AND sql <> ''"
    ).fetchall()
    for kind, name, _ in there:
        database.execute_sql(f"DROP {kind} {name}")
    yield
    for how in ("rebuild", "optimize"):  # in one piece, the index is read in a third of the time
        database.execute_sql(f"INSERT INTO findable_search (findable_search) VALUES ('{how}')")  # noqa: S608 - our own words
    for _, _, sql in there:
        database.execute_sql(sql)


@contextmanager
def postgresql_bare() -> Iterator[None]:
    """The key stays. An index is told of as ON ONLY the table itself; made anew, it is for the partitions too."""
    there = database.execute_sql(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'findable' AND indexname <> 'findable_pkey'"
    ).fetchall()
    for name, _ in there:
        database.execute_sql(f"DROP INDEX {name}")
    yield
    for _, definition in there:
        database.execute_sql(definition.replace(" ON ONLY ", " ON "))
    database.execute_sql("ANALYZE findable")
