"""What surrounds every request: ids that fit, a name for the act, and the database connection."""

import secrets

from flask import Flask, g, request
from werkzeug.routing import IntegerConverter, Map

from data.database import database, is_sqlite
from data.history import act

WITHOUT_DATABASE = ("static", "home.healthz")  # the last opens it itself, to tell when it cannot
LARGEST_ID = 2**63 - 1


class Id(IntegerConverter):
    """`<int:…>` in an address: what no database can hold is no address of ours (and would break the query)."""

    def __init__(self, addresses: Map, **bounds: int) -> None:
        super().__init__(addresses, **{"max": LARGEST_ID} | bounds)


def ids_in_addresses(app: Flask) -> None:
    app.url_map.converters["int"] = Id


def only_plain_views(app: Flask) -> None:
    """No view or hook of ours is a coroutine, so Flask need not look at each whether it is, a dozen times a request."""
    app.ensure_sync = lambda view: view  # type: ignore[method-assign]  # meant to be replaced


def act_of_request(app: Flask) -> None:
    """Give each request a name; the history lines it writes carry it, and so does the answer."""

    @app.before_request
    def name_it() -> None:
        g.act = secrets.token_hex(8)
        act.set(g.act)


def connection_of_request(app: Flask) -> None:
    """Open the database for a request, and leave nothing half done behind.

    A SQLite connection stays with its thread (opening one costs more than most queries); PostgreSQL connections
    are given back, so that a pool can be shared.
    """

    @app.before_request
    def open_it() -> None:
        if request.endpoint not in WITHOUT_DATABASE:
            database.obj.connect(reuse_if_open=True)

    @app.teardown_request
    def leave_it(_: BaseException | None) -> None:
        opened = database.obj
        if opened.is_closed():
            return
        if opened.in_transaction():
            opened.rollback()
        if not is_sqlite():
            opened.close()
