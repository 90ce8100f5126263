"""The yardstick of the search: a bare Flask route that asks FTS5 the same in one query and draws the table."""

import os
import sqlite3
import threading

from flask import Flask, render_template, request

TABLE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Search</title></head><body><h1>Search</h1>
<table><thead><tr><th>Found</th><th>Customer</th><th>Status</th></tr></thead><tbody>
{% for id, text, customer, name, domain, status in rows %}
<tr data-id="{{ id }}"><td><a href="/customers/{{ customer }}">{{ text|safe }}</a></td>
<td>{{ name }} {{ domain }}</td><td>{{ status }}</td></tr>
{% endfor %}
</tbody></table></body></html>"""
# The index knows an MSP by a sign in its second column; 1 is the MSP of whom there are customers.
FOUND = """
SELECT findable.id, highlight(findable_search, 0, '<mark>', '</mark>'),
  customer.id, customer.name, customer.primary_domain, customer.status
FROM findable_search CROSS JOIN findable ON findable.id = findable_search.rowid
CROSS JOIN customer ON customer.id = findable.customer_id
WHERE findable_search MATCH ? AND findable.partner_id = 1 ORDER BY findable_search.rowid LIMIT 25"""


def create_app() -> Flask:
    """Serves the database named by BARE_DATABASE; one connection for each thread, as the portal has."""
    app = Flask(__name__)
    table = app.jinja_env.from_string(TABLE)
    kept = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(os.environ["BARE_DATABASE"])
        return kept.connection

    @app.get("/search")
    def search() -> str:
        words = " ".join(f'"{word}"' for word in request.args["q"].split())
        return render_template(table, rows=connection().execute(FOUND, (words,)).fetchall())

    return app
