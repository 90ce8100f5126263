"""The portal does not start while a route has not said who may use it."""

import pytest
from flask import Flask

from blueprints.web.access import guard, needs, open_to_all


def test_refuses_to_start_with_a_silent_route() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/open", "open", open_to_all("a reason")(lambda: ""))
    app.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(RuntimeError, match="silent"):
        guard(app, lambda: None)


def test_a_mark_counts_above_and_below_the_route() -> None:
    app = Flask(__name__, static_folder=None)

    @needs("x")
    @app.get("/above")
    def above() -> str:
        return ""

    @app.get("/below")
    @needs("x")
    def below() -> str:
        return ""

    guard(app, lambda: None)
