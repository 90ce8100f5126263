"""Whether the portal is up, for whoever watches."""

from pathlib import Path

from flask import Flask

from data.database import database, open_database
from tests.visits import Visitor


def test_says_ok_while_the_database_answers(nobody: Visitor) -> None:
    answer = nobody.get("/healthz")
    assert (answer.status, answer.bytes) == (200, b"ok\n")


def test_says_so_when_it_does_not(app: Flask, nobody: Visitor, tmp_path: Path) -> None:
    there = database.obj
    open_database(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}")
    try:
        answer = nobody.client.get("/healthz")
    finally:
        database.initialize(there)
    assert answer.status_code == 503
    assert b"does not answer" in answer.data


def test_says_so_when_the_tables_are_not_there(app: Flask, nobody: Visitor, tmp_path: Path) -> None:
    there = database.obj
    open_database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    try:
        assert nobody.client.get("/healthz").status_code == 503
        database.close()
    finally:
        database.initialize(there)


def test_needs_no_set_up(new_portal: Flask) -> None:
    assert Visitor(new_portal, None).get("/healthz").status == 200
