"""Samples to look at: of 40, of 60 and of 2,000, all for Northstar but the last, which is for everybody."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from data.database import back_up, database, is_sqlite
from tests.factories import World
from tests.sample.samples import LARGE, SMALL, WATCHED, load


@pytest.fixture
def watched(world: World, home: Path) -> World:
    """The least that has monitors in every state."""
    begin_with(WATCHED, home)
    return world


@pytest.fixture
def small(world: World, home: Path) -> World:
    begin_with(SMALL, home)
    return world


@pytest.fixture
def large(world: World, home: Path) -> World:
    begin_with(LARGE, home)
    return world


def begin_with(customers: int, home: Path) -> None:
    """Load it; on SQLite once, and take a copy from then on: the same seed makes the same sample all day."""
    copy = home / f"sample-of-{customers}.sqlite"
    if not copy.exists():
        load(customers)
        if is_sqlite():
            back_up(copy)
        return
    with contextlib.closing(sqlite3.connect(copy)) as kept:
        kept.backup(database.connection())
