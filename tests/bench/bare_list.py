"""The yardstick of the lists: a bare Flask route that reads 25 rows by an index with sqlite3 and draws their table."""

import os
import sqlite3
import threading

from flask import Flask, render_template

TABLE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Prospects</title></head><body><h1>Prospects</h1>
<table><thead><tr><th>Company</th><th>Domain</th><th>Users</th><th>Account type</th><th>Created</th>
<th></th></tr></thead><tbody>
{% for id, name, domain, users, kind, created in rows %}
<tr data-id="{{ id }}"><td><a href="/prospects/{{ id }}">{{ name }}</a></td><td>{{ domain }}</td><td>{{ users }}</td>
<td>{{ kind }}</td><td>{{ created }}</td>
<td><a href="/prospects/{{ id }}/order" aria-label="Provision {{ name }}">Provision</a></td></tr>
{% endfor %}
</tbody></table></body></html>"""
ROWS = """
SELECT id, name, primary_domain, permitted_users, account_type, created_at FROM customer
WHERE partner_id = ? AND shelf = ? ORDER BY name_key, id LIMIT 25"""


def create_app() -> Flask:
    """Serves the database named by BARE_DATABASE; one connection for each thread, as the portal has."""
    app = Flask(__name__)
    table = app.jinja_env.from_string(TABLE)  # compiled once, as the templates of the portal are
    kept = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(os.environ["BARE_DATABASE"])
        return kept.connection

    @app.get("/")
    def rows() -> str:
        found = connection().execute(ROWS, (1, os.environ.get("BARE_SHELF", "prospects"))).fetchall()
        return render_template(table, rows=found)

    return app
