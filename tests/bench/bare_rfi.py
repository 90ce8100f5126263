"""The yardsticks of the RFI: a bare Flask route that draws the same HTML of a prepared context, and one that updates
a row with sqlite3 in a transaction.
"""

import json
import os
import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, render_template, request

from data.database import SQLITE_PRAGMAS

TEMPLATES = Path(__file__).parents[2] / "templates"
SAVED = '<hx-partial hx-target="#told"><div id="told"><small>saved {{ value|length }}</small></div></hx-partial>'


def create_app() -> Flask:
    """Serves the contexts in the file BARE_CONTEXTS, and updates BARE_DATABASE; a connection for each thread."""
    app = Flask(__name__, template_folder=str(TEMPLATES))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=lambda name: f"/static/{name}?v=0", htmx_installed=True)
    draw = app.jinja_env.get_template("rfi/question.html").module
    text = Path(os.environ["BARE_CONTEXTS"]).read_text()
    contexts = json.loads(text, object_hook=lambda table: SimpleNamespace(**table))
    for prepared in vars(contexts).values():
        prepared.drawing.shown = lambda entry: entry.shown
    told = app.jinja_env.from_string(SAVED)  # compiled once, as the templates of the portal are
    kept = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(os.environ["BARE_DATABASE"], isolation_level=None)
            for name, value in SQLITE_PRAGMAS.items():
                kept.connection.execute(f"PRAGMA {name} = {value}")
        return kept.connection

    @app.post("/swap")
    def swap() -> str:
        prepared = getattr(contexts, request.form["infrastructure"])
        told = draw.told(prepared.told, prepared.drawing.door.here)
        around = draw.standing(prepared.drawing) + draw.before(prepared.drawing)
        return told + around + draw.questions(prepared.drawing, prepared.there)

    @app.post("/save")
    def save() -> str:
        value = request.form["value"]
        connection().execute("BEGIN IMMEDIATE")
        connection().execute("UPDATE answer SET value = ?, version = version + 1 WHERE id = 1", (value,))
        connection().execute("COMMIT")
        return render_template(told, value=value)

    return app
