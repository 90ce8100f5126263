"""What the customer table keeps up row by row (counts, search, indexes), done once for a whole load instead.

Everything happens in the transaction of the load, so a load that breaks off leaves triggers and indexes as they were.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from data.database import database, is_sqlite

# Trigger → what it would have done for all the new rows. A trigger that is not there is not stood in for.
BY_HAND = {
    "customer_counted": "INSERT INTO customer_count (partner_id, shelf, letter, n)"
    " SELECT partner_id, shelf, letter, count(*) FROM customer WHERE id >= {first} GROUP BY partner_id, shelf, letter"
    " ON CONFLICT (partner_id, shelf, letter) DO UPDATE SET n = customer_count.n + excluded.n",
    "customer_searchable": "INSERT INTO customer_search (rowid, name_key)"
    " SELECT id, name_key FROM customer WHERE id >= {first}",
}
MANY = 10_000  # customers; from here on, and where that many are there already, building indexes anew is quicker
LOOKED_UP = "customer_domain"  # the load itself asks this one which domains are taken
PAGES = -65_536  # kibibytes of SQLite's page cache during the load


@contextmanager
def by_hand(customers: int) -> Iterator[None]:
    """Inside, that many customers are added with rising ids. Call inside the transaction of the load."""
    first = value("SELECT coalesce(max(id), 0) + 1 FROM customer")
    with sqlite_aside(customers) if is_sqlite() else postgresql_aside() as triggers:
        yield
    for trigger in triggers:
        database.execute_sql(BY_HAND[trigger].format(first=first))


@contextmanager
def sqlite_aside(customers: int) -> Iterator[list[str]]:
    """Drop the triggers, and for a big load the indexes; make them again by their own words. Yields the triggers."""
    there = database.execute_sql("SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'customer' AND sql <> ''")
    big = customers >= max(MANY, value("SELECT coalesce(sum(n), 0) FROM customer_count"))
    dropped = [
        (kind, name, sql)
        for kind, name, sql in there.fetchall()
        if name in BY_HAND or (big and kind == "index" and name != LOOKED_UP)
    ]
    for kind, name, _ in dropped:
        database.execute_sql(f"DROP {kind} {name}")
    with larger_cache():
        yield [name for kind, name, _ in dropped if kind == "trigger"]
        for _, _, sql in dropped:
            database.execute_sql(sql)


@contextmanager
def larger_cache() -> Iterator[None]:
    """The cache belongs to the connection, not to the transaction: it is put back whatever happens."""
    usual = value("PRAGMA cache_size")
    database.execute_sql(f"PRAGMA cache_size = {PAGES}")
    try:
        yield
    finally:
        database.execute_sql(f"PRAGMA cache_size = {usual}")


@contextmanager
def postgresql_aside() -> Iterator[list[str]]:
    """Switch the triggers off and on again; yields those. Without statistics of the new rows, looking domains up
    would read the whole table for each batch, so it is told to use the index."""
    query = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'customer'::regclass AND tgname = ANY(%s)"
    triggers = [name for (name,) in database.execute_sql(query, (list(BY_HAND),)).fetchall()]
    for name in triggers:
        database.execute_sql(f"ALTER TABLE customer DISABLE TRIGGER {name}")
    database.execute_sql("SET LOCAL enable_seqscan = off")
    yield triggers
    database.execute_sql("SET LOCAL enable_seqscan = on")
    for name in triggers:
        database.execute_sql(f"ALTER TABLE customer ENABLE TRIGGER {name}")


def value(query: str) -> int:
    return int(database.execute_sql(query).fetchone()[0])
