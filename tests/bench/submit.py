"""Submitting an order, with its paper, against the paper alone and as many rows written bare."""

import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder

from app import create_app, spare_collector
from blueprints.orders import submission
from blueprints.orders.addendum import Addendum, AddendumLine, Party, render
from blueprints.orders.rules import choose, product_ids_of
from blueprints.web.settings import Settings
from data.database import SQLITE_PRAGMAS, database, migrate
from data.orders import Order
from tests.bench.timing import in_turn
from tests.factories import World, make_world
from tests.orders.drafts import AGREED, a_draft
from tests.visits import Visitor

ROUNDS = 100
MONEY = ("monthly_per_user", "monthly_total", "one_time_fee")


def measures() -> Iterator[tuple[str, float, float, str]]:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        yield from submit_against_bare(Path(folder))


def submit_against_bare(folder: Path) -> Iterator[tuple[str, float, float, str]]:
    settings = Settings(folder, f"sqlite:///{folder / 'portal.sqlite'}", "only for the bench " * 3, "not secret " * 3)
    portal = create_app(settings)
    migrate()
    database.connect(reuse_if_open=True)
    make_world()
    world = World.read()
    products = (world.shield, world.vault)
    visitor = Visitor(portal, world.admin)
    drafts = iter([a_draft(world, products=products) for _ in range(ROUNDS + 3)])
    first = next(drafts)
    choice = choose(first.customer, first, product_ids_of(first), first.permitted_users)
    data = AGREED | {"csrf_token": visitor.token, "seen": submission.fingerprint(choice)}

    requests = iter([request_of(visitor, f"/orders/{order.id}/submit", data) for order in drafts])

    def submit() -> None:
        """As the server hands a request over; a test client would spend as long as the whole sign-in check."""
        asked = next(requests)
        answered: list[str] = []
        for part in portal.wsgi_app(asked, lambda status, *_: answered.append(status)):
            assert part is not None
        assert answered == ["303 SEE OTHER"], answered

    rows = rows_written_by(lambda: submit_one(visitor, first))
    paper = addendum_of(first)
    bare = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    for name, value in SQLITE_PRAGMAS.items():
        bare.execute(f"PRAGMA {name} = {value}")
    bare.execute("CREATE TABLE written (id INTEGER PRIMARY KEY, text TEXT, content BLOB)")

    def paper_and_rows() -> None:
        document = render(paper)
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT INTO written (content) VALUES (?)", (document,))
        for row in range(rows - 1):
            bare.execute("INSERT INTO written (text) VALUES (?)", (f"row {row} " * 12,))
        bare.execute("COMMIT")

    spare_collector()
    ours, theirs = in_turn(submit, paper_and_rows, ROUNDS)
    detail = f"{ours * 1000:.1f} ms against {theirs * 1000:.1f} ms ({rows} rows)"
    yield "submit an order / its paper and as many bare rows", ours / theirs, 2.0, detail


def request_of(visitor: Visitor, address: str, data: dict[str, str]) -> dict[str, Any]:
    cookie = visitor.client.get_cookie("quayside")
    assert cookie is not None
    headers = {"Cookie": f"quayside={cookie.value}"}
    return EnvironBuilder(address, method="POST", data=data, headers=headers).get_environ()


def submit_one(visitor: Visitor, order: Order) -> None:
    seen = visitor.get(f"/orders/{order.id}/review").value("seen")
    visitor.post(f"/orders/{order.id}/submit", AGREED | {"seen": seen})


def rows_written_by(do: object) -> int:
    before = database.connection().total_changes
    do()  # type: ignore[operator]  # a plain function
    return database.connection().total_changes - before


def addendum_of(order: Order) -> Addendum:
    """The same document as the portal prints for such an order."""
    kept = Order.get_by_id(order.id).agreed
    parties = {key: Party(kept[key]["name"], tuple(kept[key]["address_lines"])) for key in ("partner", "customer")}
    lines = tuple(AddendumLine(**line | {key: Decimal(line[key]) for key in MONEY}) for line in kept["lines"])
    sums = {key: Decimal(kept[key]) for key in ("monthly_total", "one_time_total", "first_payment")}
    days = {key: date.fromisoformat(kept[key]) for key in ("subscription_start", "commitment_ends")}
    rest = {key: value for key, value in kept.items() if key not in ("form", "submitted_at", "agreement_date")}
    at = datetime.fromisoformat(kept["submitted_at"])
    return Addendum(**rest | parties | sums | days | {"lines": lines, "submitted_at": at, "agreement_date": None})
