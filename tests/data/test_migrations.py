"""A migration meets a database that people have been working with, made by the version before."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playhouse.migrations import Runner

from data.customers import Customer
from data.database import MIGRATIONS, database, migrate, open_database, pending_migrations
from data.moments import now
from data.rfi import RfiAnswer
from tests import services
from tests.data.earlier import fill


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


def versions() -> list[str]:
    return sorted(path.stem for path in MIGRATIONS.glob("0*.py"))


@pytest.mark.parametrize("last", versions()[:-1])
def test_a_database_of_each_version_before_is_carried_along(empty: str, tmp_path: Path, last: str) -> None:
    open_database(empty)
    before = tmp_path / "before"
    before.mkdir()
    for name in versions()[: versions().index(last) + 1]:
        shutil.copy(MIGRATIONS / f"{name}.py", before)
    with database.connection_context():
        Runner(database.obj, str(before)).up()
        with database.atomic():
            fill()
    later = versions()[versions().index(last) + 1 :]
    assert pending_migrations() == later
    assert migrate() == later
    with database.connection_context():
        customer = Customer.get(Customer.name == "Here before")
        assert customer.partner.rfi_close_days == 30
        [rfi] = customer.rfis
        assert (rfi.state, rfi.infrastructure, rfi.set_version, rfi.reminders) == ("incomplete", "", None, 0)
        assert [link.name for link in rfi.links] == ["Lee"]
        RfiAnswer.create(
            rfi=rfi, question="mail_domains", value=["before.example"], changed_at=now(), changed_by_name="Lee"
        )
        assert [answer.value for answer in rfi.answers] == [["before.example"]]
        assert list(customer.notes) == []
        if last < "0005_search":  # later versions write what is found by themselves, and `put` is none of them
            found = database.execute_sql("SELECT name, address FROM findable").fetchall()
            assert [tuple(row) for row in found] == [("here before", "before.example")]
