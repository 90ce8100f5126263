"""The yardstick of the details page: a bare Flask route that makes the same reads by sqlite3 and draws the same page
from them, in one template. Neither sessions nor tokens, rights, formats nor parts: what nobody could leave out.
"""

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

from flask import Flask, render_template

READS = {
    "who": (
        'SELECT p.id, p.name, p.email, p.timezone, g.role FROM person p LEFT JOIN "grant" g ON g.person_id = p.id'
        " WHERE p.email = 'ada.admin@northstar.example' AND ? > 0"
    ),
    "customer": "SELECT * FROM customer WHERE id = ?",
    "partner": "SELECT partner.* FROM partner JOIN customer ON partner.id = partner_id WHERE customer.id = ?",
    "console": (
        "SELECT own.address, theirs.address, delegation.id FROM customer"
        " JOIN partner ON partner.id = customer.partner_id"
        " LEFT JOIN partner_console theirs ON theirs.partner_id = partner.id"
        " LEFT JOIN customer_console own ON own.customer_id = customer.id"
        " LEFT JOIN delegation ON delegation.customer_id = customer.id WHERE customer.id = ?"
    ),
    "monitors": "SELECT * FROM monitor WHERE customer_id = ? AND state <> 'off' ORDER BY id",
    "plan": "SELECT * FROM plan WHERE customer_id = ? ORDER BY id DESC LIMIT 1",
    "notes": (
        "SELECT n.*, a.name AS author, e.name AS editor FROM note n JOIN person a ON a.id = n.author_id"
        " LEFT JOIN person e ON e.id = n.edited_by_id WHERE customer_id = ? ORDER BY n.id DESC LIMIT 5"
    ),
    "orders": "SELECT * FROM \"order\" WHERE customer_id = ? AND state = 'submitted' ORDER BY id DESC LIMIT 3",
    "lines": (
        'SELECT * FROM order_line WHERE order_id IN (SELECT id FROM "order" WHERE customer_id = ?'
        " AND state = 'submitted' ORDER BY id DESC LIMIT 3) ORDER BY position"
    ),
    "change": (
        'SELECT o.*, product.name AS of, product.active FROM "order" o'
        " LEFT JOIN order_line ON order_line.order_id = o.id AND position = 0"
        " LEFT JOIN product ON product.id = product_id WHERE customer_id = ? AND state <> 'withdrawn'"
        " ORDER BY o.id DESC LIMIT 1"
    ),
    "transfer": (
        "SELECT t.*, p.name AS releasing FROM transfer t JOIN partner p ON p.id = t.partner_id"
        " WHERE customer_id = ? AND state <> 'declined' ORDER BY t.id DESC LIMIT 1"
    ),
    "lookup": "SELECT l.* FROM domain_lookup l JOIN customer c ON c.primary_domain = l.domain WHERE c.id = ?",
    "contacts": "SELECT * FROM contact WHERE customer_id = ? ORDER BY id LIMIT 5",
    "recent": "SELECT * FROM history WHERE customer_id = ? ORDER BY id DESC LIMIT 6",
    "rfi": "SELECT * FROM rfi WHERE customer_id = ? ORDER BY id DESC LIMIT 1",
    "links": (
        "SELECT l.* FROM rfi_link l WHERE rfi_id = (SELECT max(id) FROM rfi WHERE customer_id = ?)"
        " ORDER BY id DESC LIMIT 4"
    ),
    "attachments": (
        "SELECT a.*, p.name AS filer FROM attachment a LEFT JOIN person p ON p.id = a.created_by_id"
        " WHERE customer_id = ? ORDER BY a.id DESC LIMIT 6"
    ),
    "papers": "SELECT * FROM paper WHERE customer_id = ? ORDER BY id",
}
SERVICES = tuple(
    (name, name.replace("-", " ").capitalize())
    for name in ("inbound-queue", "outbound-queue", "journal-queue", "journal-connector", "directory-connector")
)
PAGE = Path(__file__).with_suffix(".html")


def create_app() -> Flask:
    """Serves the database named by BARE_DATABASE; one connection for each thread, as the portal has."""
    app = Flask(__name__)
    template = app.jinja_env.from_string(PAGE.read_text())  # compiled once, as the templates of the portal are
    kept = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(os.environ["BARE_DATABASE"])
            kept.connection.row_factory = sqlite3.Row
        return kept.connection

    @app.get("/<int:customer_id>")
    def details(customer_id: int) -> str:
        asked: dict[str, Any] = {
            name: connection().execute(read, (customer_id,)).fetchall() for name, read in READS.items()
        }
        for name in ("who", "customer", "partner", "console", "plan", "rfi"):
            asked[name] = asked[name][0]
        set_up = {monitor["service"]: monitor["state"] for monitor in asked["monitors"]}
        here = f"/customers/{customer_id}"
        return render_template(template, here=here, token="0" * 54, services=SERVICES, set_up=set_up, **asked)

    return app
