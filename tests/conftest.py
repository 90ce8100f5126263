"""What every test stands on: the portal, a fresh database each, people signed in, and pages that are looked at."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from blueprints.web.settings import Settings
from data.accounts import Person
from data.database import database, migrate, open_database
from tests import services
from tests.factories import World, make_world
from tests.visits import Visitor


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="which database to test on")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches the database runs; the rest has run on SQLite and would do the same again."""
    if config.getoption("--database") == "sqlite":
        return
    stored = [
        item
        for item in items
        if "app" in getattr(item, "fixturenames", ()) and item.get_closest_marker("alike") is None
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in stored])
    items[:] = stored


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if line := services.missing_line():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="session")
def prepared(request: pytest.FixtureRequest, home: Path) -> Iterator[Callable[[Path], AbstractContextManager[str]]]:
    """Binds fresh databases with the world of factories.py in them: `with prepared(folder) as url`."""
    if request.config.getoption("--database") == "sqlite":
        pattern = home / "prepared.sqlite"
        open_database(f"sqlite:///{pattern}")
        fill()
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

        @contextmanager
        def fresh_file(folder: Path) -> Iterator[str]:
            shutil.copyfile(pattern, folder / "quayside.sqlite")
            url = f"sqlite:///{folder / 'quayside.sqlite'}"
            open_database(url)
            yield url

        yield fresh_file
        return
    with services.postgresql() as server:
        made = server.new_database()
        pool = made.url.replace("postgresql:", "postgresql+pool:")  # connecting takes as long as many a test
        opened = open_database(f"{pool}{'&' if '?' in pool else '?'}max_connections=80")
        fill()
        restoring = put_aside()
        database.close()

        @contextmanager
        def as_filled(_folder: Path) -> Iterator[str]:
            """Putting rows back takes a twentieth of the time of a new database."""
            database.initialize(opened)
            with database.connection_context():
                database.execute_sql(restoring)
            yield made.url

        yield as_filled


def put_aside() -> str:
    """Keep what is in the tables in a schema of its own; the statements that bring it back, and nothing else.

    Triggers that keep history and papers sleep meanwhile. Deleting few rows is quicker than truncating.
    """
    tables = [table for table in database.get_tables() if not table.startswith("schema_migration")]
    filled = [table for table in tables if database.execute_sql(f'SELECT FROM "{table}" LIMIT 1').rowcount]
    copies = "".join(f'CREATE TABLE aside."{table}" AS TABLE "{table}";' for table in filled)
    database.execute_sql(f"CREATE SCHEMA aside; {copies}")
    told = "SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
    sequences = database.execute_sql(f"{told} WHERE schemaname = 'public'").fetchall()
    numbered = ", ".join(f"setval('\"{name}\"', {last}, {used})" for name, last, used in sequences)
    return (
        "SET lock_timeout = '20s'; SET session_replication_role = replica;"
        + "".join(f'DELETE FROM "{table}";' for table in tables)
        + "".join(f'INSERT INTO "{table}" SELECT * FROM aside."{table}";' for table in filled)
        + f"SET session_replication_role = DEFAULT; SELECT {numbered}"
    )


def fill() -> None:
    migrate()
    database.connect(reuse_if_open=True)
    make_world()


@pytest.fixture(scope="session")
def portal(home: Path) -> Flask:
    """The portal, built once; `app` binds it to a fresh database for each test."""
    settings = Settings(
        quayside_home=home,
        database_url=f"sqlite:///{home / 'unused.sqlite'}",
        secret_key="only for tests " * 4,
        sealing_key="only for the secrets of tests",
    )
    portal = create_app(settings)
    portal.testing = True
    portal.config["PROPAGATE_EXCEPTIONS"] = False
    return portal


@pytest.fixture
def app(portal: Flask, prepared: Callable[[Path], AbstractContextManager[str]], tmp_path: Path) -> Iterator[Flask]:
    if not database.is_closed():
        database.close()
    with prepared(tmp_path) as url:
        portal.config["DATABASE_OF_TEST"] = url
        database.connect(reuse_if_open=True)
        portal.extensions["limiter_of_quayside"].reset()
        yield portal
        if not database.is_closed():
            database.close()


@pytest.fixture
def database_url(app: Flask) -> str:
    """The address of this test's database, for processes that a test starts."""
    return app.config["DATABASE_OF_TEST"]


@pytest.fixture
def world(app: Flask) -> World:
    """The people, partners and products that every test database begins with."""
    return World.read()


@pytest.fixture
def visit_as(app: Flask) -> Callable[[Person | None], Visitor]:
    """`visit_as(person)` → a Visitor who is signed in as them; `visit_as(None)` is nobody."""
    return lambda person: Visitor(app, person)


@pytest.fixture
def admin(world: World, visit_as: Callable[[Person | None], Visitor]) -> Visitor:
    """Northstar's partner administrator, signed in."""
    return visit_as(world.admin)


@pytest.fixture
def operator(world: World, visit_as: Callable[[Person | None], Visitor]) -> Visitor:
    return visit_as(world.operator)


@pytest.fixture
def technician(world: World, visit_as: Callable[[Person | None], Visitor]) -> Visitor:
    return visit_as(world.technician)


@pytest.fixture
def viewer(world: World, visit_as: Callable[[Person | None], Visitor]) -> Visitor:
    return visit_as(world.viewer)


@pytest.fixture
def stranger(world: World, visit_as: Callable[[Person | None], Visitor]) -> Visitor:
    """The partner administrator of another MSP on the same installation."""
    return visit_as(world.stranger)


@pytest.fixture
def nobody(visit_as: Callable[[Person | None], Visitor]) -> Visitor:
    return visit_as(None)


@pytest.fixture
def statements() -> Callable[[Callable[[], object]], int]:
    """`statements(do)` → how many SQL statements `do()` asks."""

    def count(do: Callable[[], object]) -> int:
        asked: list[str] = []
        watcher = logging.Handler()
        watcher.addFilter(lambda record: record.name == "peewee")  # the pool of connections tells below it
        watcher.emit = lambda record: asked.append(record.getMessage())  # type: ignore[method-assign]  # the handler is ours
        logger = logging.getLogger("peewee")
        before = logger.level
        logger.addHandler(watcher)
        logger.setLevel(logging.DEBUG)
        try:
            do()
        finally:
            logger.removeHandler(watcher)
            logger.setLevel(before)
        return len(asked)

    return count
