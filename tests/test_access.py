"""Who gets what from every address: the table that no route may be missing from."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, url_for

from data.accounts import Person
from tests.access import EVERYBODY, Row
from tests.factories import World
from tests.visits import Visitor

pytestmark = pytest.mark.alike("roles are judged before anything is asked for; strangers are tested on both")
HERE = Path(__file__).parent


def all_rows() -> dict[tuple[str, str], Row]:
    rows: dict[tuple[str, str], Row] = {}
    for table in sorted(HERE.glob("*/access_rows.py")):
        rows |= importlib.import_module(f"tests.{table.parent.name}.access_rows").ROWS
    return rows


ROWS = all_rows()


def test_every_route_and_method_has_a_row(portal: Flask) -> None:
    there = {
        (rule.endpoint, method)
        for rule in portal.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS") and rule.endpoint != "static"
    }
    assert sorted(there - set(ROWS)) == [], "routes without a row: add them to the access_rows.py of their feature"
    assert sorted(set(ROWS) - there) == [], "rows without a route"


@pytest.mark.parametrize(("endpoint", "method"), sorted(ROWS), ids=lambda part: part)
def test_gives_each_person_what_the_table_says(
    endpoint: str, method: str, app: Flask, world: World, visit_as: Callable[[Person | None], Visitor]
) -> None:
    row = ROWS[endpoint, method]
    assert set(row.statuses) == set(EVERYBODY), "each row names everybody"
    got = {}
    for name in EVERYBODY:
        visitor = visit_as(None if name == "nobody" else getattr(world, name))
        with app.test_request_context():
            address = url_for(endpoint, **row.args(world))
        answer = visitor.get(address) if method == "GET" else visitor.post(address, row.data(world))
        got[name] = answer.status
    assert got == row.statuses
