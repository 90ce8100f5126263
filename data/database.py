"""The one database of an installation: SQLite beside the portal, or PostgreSQL by DATABASE_URL.

Records stand on `Record`; every change happens inside `transaction()`.
"""

import sqlite3
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from peewee import Database, DatabaseProxy, Model, ModelSelect, Node, SqliteDatabase

database: Database = DatabaseProxy()

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMES = ("sqlite", "postgresql", "postgresql+pool")
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "normal",
    "foreign_keys": 1,
    "busy_timeout": 15_000,
    "cache_size": -16_000,
    "temp_store": "memory",
}


class Record(Model):
    """Base of every record: bound to whatever database the settings name."""

    class Meta:
        database = database
        legacy_table_names = False
        only_save_dirty = True  # an update writes what was changed, so two changes of one row do not undo each other

    def save(self, force_insert: bool = False, only: Any = None) -> int | bool:
        """Peewee's, with each statement kept: it takes longer to put together than to run.

        What is not a plain row of plain values goes the long way.
        """
        key = self._meta.primary_key
        new = force_insert or self.__data__.get(key.name) is None
        values = self.__data__.copy() if new else {name: self.__data__[name] for name in sorted(self._dirty)}
        self._populate_unsaved_relations(values)
        values.pop(key.name, None)
        plain = only is None and self._meta.auto_increment and not any(isinstance(v, Node) for v in values.values())
        if not plain or not values or (force_insert and self.__data__.get(key.name) is not None):
            saved: int | bool = super().save(force_insert=force_insert, only=only)
            return saved
        names, row = (*values,), [self._meta.fields[name].db_value(value) for name, value in values.items()]
        if new:
            inserted = database.execute_sql(insertion(self._meta, names, database.param), row)
            self.__data__[key.name] = inserted.fetchone()[0]
            rows = 1
        else:
            row.append(self.__data__[key.name])
            rows = database.execute_sql(change(self._meta, names, database.param), row).rowcount
        self._dirty.clear()
        return rows


@cache
def insertion(meta: Any, names: tuple[str, ...], mark: str) -> str:
    """INSERT … RETURNING of these fields, in this order."""
    columns = ", ".join(f'"{meta.fields[name].column_name}"' for name in names)
    marks = ", ".join([mark] * len(names))
    key = meta.primary_key.column_name
    return f'INSERT INTO "{meta.table_name}" ({columns}) VALUES ({marks}) RETURNING "{key}"'  # noqa: S608 - our own names


@cache
def change(meta: Any, names: tuple[str, ...], mark: str) -> str:
    """UPDATE of these fields, in this order; the key comes last."""
    columns = ", ".join(f'"{meta.fields[name].column_name}" = {mark}' for name in names)
    key = meta.primary_key.column_name
    return f'UPDATE "{meta.table_name}" SET {columns} WHERE "{key}" = {mark}'  # noqa: S608 - our own names


def open_database(url: str) -> Database:
    """Bind the records to the database at `url` and return it, not yet connected.

    `url`: `sqlite:////absolute/path` or `postgresql://user:password@host/name` (`postgresql+pool:` keeps
    connections open between requests). Raises ValueError with a sentence for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"it begins with “{parts.scheme}:”, and only {', '.join(SCHEMES)} are known")
    if parts.scheme == "sqlite":
        opened: Database = SqliteDatabase(unquote(parts.path), pragmas=SQLITE_PRAGMAS, timeout=15)
    else:
        opened = connect_to_server(url)
    database.initialize(opened)
    return opened


def connect_to_server(url: str) -> Database:
    from playhouse.db_url import connect  # noqa: PLC0415 - only who has PostgreSQL waits for it

    from data import pool  # noqa: PLC0415 - as above

    pool.register()
    server: Database = connect(url, unquote_password=True, unquote_user=True)
    return server


def is_sqlite() -> bool:
    return isinstance(database.obj, SqliteDatabase)


def transaction() -> AbstractContextManager[Any]:
    """Everything inside happens, or nothing does.

    On SQLite the outermost one begins IMMEDIATE: a transaction that reads first and writes later would be
    refused at once ("database is locked") when another one wrote in between, whatever the busy timeout.
    """
    opened = database.obj  # each call through the proxy costs as much as a column
    outermost = is_sqlite() and not opened.in_transaction()
    return opened.transaction("IMMEDIATE") if outermost else opened.atomic()


def locked(query: ModelSelect, *records: type[Record]) -> ModelSelect:
    """The same query, holding its rows until the transaction ends (SQLite already holds everything).

    `records`: of a query that joins several, those whose rows are held; all if none is named.
    """
    return query if is_sqlite() else query.for_update(of=records or None)


def migrate() -> list[str]:
    """Bring the schema up to date; the names of the migrations that ran, oldest first."""
    with database.connection_context():
        return list(runner().up())


def pending_migrations() -> list[str]:
    """Names of migrations that this database has not seen."""
    with database.connection_context():
        return [m.name for m in runner().status() if not m.applied]


def runner() -> Any:
    from playhouse.migrations import Runner  # noqa: PLC0415 - loaded when there is something to migrate

    return Runner(database.obj, str(MIGRATIONS))


def back_up(target: Path) -> None:
    """Copy a SQLite database, whole and consistent, while the portal runs."""
    if not is_sqlite():
        raise ValueError("PostgreSQL has its own pg_dump; this command copies SQLite databases only")
    with database.connection_context():
        copy = sqlite3.connect(target)
        try:
            database.connection().backup(copy)
        finally:
            copy.close()
