"""A migration meets a database that people have been working with, made by the version before."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playhouse.migrations import Runner

from data.customers import Customer
from data.database import MIGRATIONS, database, migrate, open_database, pending_migrations
from data.notes import Note
from tests import services
from tests.factories import World, a_customer, make_world


@pytest.fixture
def empty(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> str:
    """The address of a database with nothing in it, of the kind that is tested on. (`app` says it touches one.)"""
    if not database.is_closed():
        database.close()
    if request.config.getoption("--database") == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite'}"
    server = request.getfixturevalue("postgresql")
    return server.new_database().url


@pytest.fixture(scope="module")
def postgresql() -> Iterator[services.PostgreSQL]:
    with services.postgresql() as server:
        yield server


def test_notes_come_to_a_database_of_the_version_before(empty: str, tmp_path: Path) -> None:
    open_database(empty)
    before = tmp_path / "before"
    before.mkdir()
    for name in ("0001_first.py", "0002_domain_lookups.py"):
        shutil.copy(MIGRATIONS / name, before / name)
    with database.connection_context():
        Runner(database.obj, str(before)).up()
        make_world()
        world = World.read()
        a_customer(world.northstar, "Here before", status="complete")
    assert "0003_notes" in pending_migrations()
    assert "0003_notes" in migrate()
    with database.connection_context():
        customer = Customer.get(Customer.name == "Here before")
        Note.create(customer=customer, text="First", author=world.admin, created_at=customer.created_at)
        assert [note.text for note in customer.notes] == ["First"]
