"""The yardstick of the page of a plan: a bare Flask route that makes its reads by sqlite3 and draws the same HTML of a
prepared context. Neither sessions nor tokens, rights, rules nor views: what nobody could leave out.
"""

import json
import os
import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, render_template

TEMPLATES = Path(__file__).parents[2] / "templates"
PARTS = ("forms", "lists", "marks", "records", "states")
PLAN = "SELECT max(id) FROM plan WHERE customer_id = ?"
READS = (
    (
        'SELECT p.id, p.name, p.email, p.timezone, g.role FROM person p LEFT JOIN "grant" g ON g.person_id = p.id'
        " WHERE p.email = 'ada.admin@northstar.example' AND ? > 0"
    ),
    "SELECT * FROM customer WHERE id = ?",
    "SELECT * FROM plan WHERE customer_id = ? ORDER BY id DESC LIMIT 1",
    (
        "SELECT s.*, p.id, p.name, count(c.id) FROM plan_step s LEFT JOIN person p ON p.id = s.assigned_to_id"
        f" LEFT JOIN step_comment c ON c.step_id = s.id WHERE s.plan_id = ({PLAN}) GROUP BY s.id, p.id"
        " ORDER BY s.position, s.id"
    ),
    (
        "SELECT k.* FROM plan_check k JOIN plan_step s ON s.id = k.step_id"
        f" WHERE s.plan_id = ({PLAN}) AND k.state = 'done'"
    ),
    "SELECT partner.timezone FROM partner JOIN customer ON partner.id = partner_id WHERE customer.id = ?",
)


def create_app() -> Flask:
    """Serves the context in the file BARE_CONTEXT, with the reads made in BARE_DATABASE."""
    app = Flask(__name__, template_folder=str(TEMPLATES))
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(moment=str, day=str)
    env.globals.update(asset=lambda name: f"/static/{name}?v=0", url_for=lambda endpoint: f"/{endpoint}")
    env.globals.update(htmx_installed=True, csrf_token=lambda: "0" * 90)
    for part in PARTS:
        module = env.get_template(f"parts/{part}.html").module
        env.globals.update({name: value for name, value in vars(module).items() if not name.startswith("_")})
    context = json.loads(Path(os.environ["BARE_CONTEXT"]).read_text(), object_hook=Facts)
    kept = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(os.environ["BARE_DATABASE"])
        return kept.connection

    @app.get("/<int:customer_id>")
    def plan(customer_id: int) -> str:
        for read in READS:
            connection().execute(read, (customer_id,)).fetchall()
        return render_template("plans/show.html", **vars(context))

    return app


class Facts(SimpleNamespace):
    """What was prepared, by names."""

    def __init__(self, table: dict[str, Any]) -> None:
        super().__init__(**table)

    def may(self, act: str) -> bool:
        return act in self.acts
