"""Connections to PostgreSQL that are kept open between requests."""

from collections.abc import Iterator

import psycopg
import pytest
from peewee import Database

from data import pool as module
from data.database import open_database
from tests import services


@pytest.fixture
def pool() -> Iterator[Database]:
    with services.postgresql() as server:
        opened = open_database(server.url.replace("postgresql:", "postgresql+pool:"))
        yield opened
        opened.close_all()


def number(pool: Database) -> int:
    """Which of the server's processes answers."""
    with pool.connection_context():
        return pool.execute_sql("SELECT pg_backend_pid()").fetchone()[0]


def end(pool: Database, process: int) -> None:
    place = pool.connect_params
    with psycopg.connect(host=place["host"], port=place["port"], user=place["user"], dbname=pool.database) as other:
        other.execute("SELECT pg_terminate_backend(%s, 2000)", (process,))


def test_a_connection_is_used_again_without_being_asked_for(pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    first = number(pool)
    monkeypatch.setattr(pool._adapter, "is_connection_closed", lambda _: pytest.fail("it was asked"))
    assert number(pool) == first


def test_one_that_broke_while_it_rested_is_replaced(pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTED", 0)
    first = number(pool)
    end(pool, first)
    assert number(pool) != first


def test_one_that_broke_while_nobody_looked_is_not_given_out_twice(pool: Database) -> None:
    first = number(pool)
    end(pool, first)
    with pytest.raises(Exception, match="terminat|closed"):
        number(pool)
    assert number(pool) != first
