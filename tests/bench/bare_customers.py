"""The yardstick of the lists of customers: a bare Flask route that does what they do, and nothing besides.

It reads a page of 25 rows in the order of an index, counts by letter from the kept counts, searches by the index of
trigrams, asks which consoles open, and draws search box, letters, table and pages. No session, no roles, no layout.
"""

import base64
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Flask, render_template, request

PARTNER, SHELF, PERSON = 1, "in_progress", 2
PAGE = 25
LETTERS = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SORTS = {
    "name": "name_key",
    "domain": "primary_domain",
    "users": "permitted_users",
    "type": "account_type",
    "rfi": "rfi_state",
}
HEADINGS = (
    *(("name", "Customer"), ("domain", "Domain"), ("users", "Users")),
    *(("type", "Account type"), ("rfi", "RFI")),
    *(("", "Plan"), ("", "Your role"), ("", "Admin console")),
)
COLUMNS = "customer.id, name, primary_domain, permitted_users, account_type, rfi_state"
OURS = "partner_id = ? AND shelf = ?"
CONSOLES = """
SELECT customer.id, coalesce(own.address, theirs.address, ''), delegation.id FROM customer
LEFT JOIN partner_console AS theirs ON theirs.partner_id = customer.partner_id
LEFT JOIN customer_console AS own ON own.customer_id = customer.id
LEFT JOIN delegation ON delegation.customer_id = customer.id AND delegation.person_id = ? WHERE customer.id IN ({})"""
TABLE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Customers</title></head><body><h1>Customers</h1>
<form><input type="search" name="q" value="{{ q }}" aria-label="Search"><button>Go</button></form>
<nav>{% for name in letters %}{% if name in counts %}<a href="?letter={{ name|urlencode }}">{{ name }}</a>
{% else %}<a role="link" aria-disabled="true">{{ name }}</a>{% endif %}{% endfor %}</nav>
<table><thead><tr>{% for key, heading in headings %}<th>{% if key %}<a href="?{{ link(sort=key) }}">{{ heading }}</a>
{% else %}{{ heading }}{% endif %}</th>{% endfor %}</tr></thead><tbody>
{% for id, name, domain, users, kind, rfi in rows %}
<tr data-id="{{ id }}"><td><input type="checkbox" name="chosen" value="{{ id }}" aria-label="Choose {{ name }}">
<a href="/customers/{{ id }}">{{ name }}</a></td><td>{{ domain }}</td><td>{{ users }}</td><td>{{ kind }}</td>
<td>{{ rfi }}</td><td></td><td>Partner administrator</td>
<td>{% set address, on = consoles[id] %}
{% if address and on %}<button name="customer" value="{{ id }}">Admin console</button>{% else %}
<span class="grey" role="button" aria-disabled="true" tabindex="0"><span class="button">Admin console</span>
<small>{{ "Delegated access is off" if address else "No console address yet" }}</small></span>{% endif %}</td></tr>
{% endfor %}
</tbody></table><p>{{ total }} customers{% if after %} <a href="?{{ link(after=after) }}">Next</a>{% endif %}</p>
</body></html>"""

Ask = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]


def create_app() -> Flask:
    """Serves the database named by BARE_DATABASE: a SQLite file, or the address of a PostgreSQL database."""
    app = Flask(__name__)
    table = app.jinja_env.from_string(TABLE)  # compiled once, as the templates of the portal are
    place = os.environ["BARE_DATABASE"]
    ask = asking_postgresql(place) if place.startswith("postgresql") else asking_sqlite(place)
    matches = matches_by_pg_trgm if place.startswith("postgresql") else matches_by_fts5

    @app.get("/")
    def customers() -> str:
        asked = request.args.to_dict()
        column, way = SORTS[asked.get("sort", "name")], "DESC" if asked.get("dir") == "desc" else ""
        order = f"customer.{column} {way}, customer.id {way}"
        source, where, params = "customer", OURS, (PARTNER, SHELF)
        if letter := asked.get("letter"):
            where, params = f"{where} AND letter = ?", (*params, letter)
        if q := asked.get("q"):
            source, condition, term = matches(q)
            where, params = f"{condition} AND {where}", (term, *params)
            counts = dict(ask(f"SELECT letter, count(*) FROM {source} WHERE {where} GROUP BY letter", params))
        else:
            counts = dict(ask(f"SELECT letter, n FROM customer_count WHERE {OURS}", (PARTNER, SHELF)))
        if after := asked.get("after"):
            value, row_id = json.loads(base64.urlsafe_b64decode(after))
            where, params = (
                f"{where} AND (customer.{column}, customer.id) {'<' if way else '>'} (?, ?)",
                (*params, value, row_id),
            )
        rows = ask(
            f"SELECT {COLUMNS}, customer.{column} FROM {source} WHERE {where} ORDER BY {order} LIMIT {PAGE}", params
        )
        marks = ", ".join("?" * len(rows))
        known = ask(CONSOLES.format(marks), (PERSON, *[row[0] for row in rows])) if rows else []
        return render_template(
            table,
            q=q or "",
            letters=LETTERS,
            counts=counts,
            headings=HEADINGS,
            rows=[row[:-1] for row in rows],
            consoles={row_id: opens for row_id, *opens in known},
            total=counts.get(letter, 0) if letter else sum(counts.values()),
            after=base64.urlsafe_b64encode(json.dumps([rows[-1][-1], rows[-1][0]]).encode()).decode() if rows else "",
            link=lambda **changed: urlencode(asked | changed),
        )

    return app


def asking_sqlite(path: str) -> Ask:
    """One connection for each thread, as the portal has."""
    kept = threading.local()

    def ask(text: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(path)
        return kept.connection.execute(text, params).fetchall()

    return ask


def asking_postgresql(url: str) -> Ask:
    import psycopg  # noqa: PLC0415 - only where there is one

    kept = threading.local()

    def ask(text: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if not hasattr(kept, "connection"):
            kept.connection = psycopg.connect(url, autocommit=True)
        return kept.connection.execute(text.replace("%", "%%").replace("?", "%s"), params).fetchall()

    return ask


def matches_by_fts5(q: str) -> tuple[str, str, str]:
    """The source of rows, the condition that names match, and its parameter."""
    # CROSS: otherwise the names are walked and each is looked up among the matches, which takes ten times as long.
    source = "customer_search CROSS JOIN customer ON customer.id = customer_search.rowid"
    return source, "customer_search MATCH ?", f'"{q}"'


def matches_by_pg_trgm(q: str) -> tuple[str, str, str]:
    return "customer", "name_key LIKE ?", f"%{q}%"
