"""The yardstick of the details page: a bare Flask route that makes the same reads by sqlite3 and draws them in one
template of about the same size. Neither sessions nor tokens, rights, formats nor parts: what nobody could leave out.
"""

import os
import sqlite3
import threading
from typing import Any

from flask import Flask, render_template

READS = {
    "who": (
        'SELECT p.id, p.name, p.email, p.timezone, g.role FROM person p LEFT JOIN "grant" g ON g.person_id = p.id'
        " WHERE p.email = 'ada.admin@northstar.example' AND ? > 0"
    ),
    "customer": "SELECT * FROM customer WHERE id = ?",
    "partner": "SELECT partner.* FROM partner JOIN customer ON partner.id = partner_id WHERE customer.id = ?",
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
    "lookup": "SELECT l.* FROM domain_lookup l JOIN customer c ON c.primary_domain = l.domain WHERE c.id = ?",
    "contacts": "SELECT * FROM contact WHERE customer_id = ? ORDER BY id LIMIT 5",
    "recent": "SELECT * FROM history WHERE customer_id = ? ORDER BY id DESC LIMIT 10",
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
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ customer.name }}</title>
<link rel="stylesheet" href="/static/portal.css"><script src="/static/portal.js" defer></script></head>
<body><header class="top"><a class="name" href="/">Quayside</a><nav aria-label="Main">
{% for place in ("Home", "Prospects", "Customers", "Mailroom", "People", "Partner") %}
<a href="/{{ place }}">{{ place }}</a>{% endfor %}</nav>
<details class="menu"><summary><span>{{ who.name }}</span></summary><div><small>{{ who.email }}</small>
<a href="/account">Account</a></div></details></header>
<main id="main"><div class="head"><h1>{{ customer.name }}</h1><span class="mark">{{ customer.status }}</span>
<span class="soft">{{ customer.primary_domain }} · {{ customer.permitted_users }} users</span></div>
<div class="two"><div class="stack">
<section class="card" id="plan" hx-get="{{ here }}?panel=plan"
hx-trigger="plan-changed from:document" hx-swap="outerMorph"><header><h2>Onboarding plan</h2></header>
<p class="in">Opened {{ plan.opened_at }}.</p></section>
<section class="card" id="notes" hx-get="{{ here }}?panel=notes"
hx-trigger="notes-changed from:document" hx-swap="outerMorph"><header><h2>Notes</h2><a href="{{ here }}/notes/new">Add a note</a></header>
<div class="in stack">
{% for note in notes %}
<article id="note-{{ note.id }}" class="stack tight note"><p class="words" dir="auto">{{ note.text }}</p>
<div class="head"><small>{{ note.author }} · <a href="{{ here }}/notes/{{ note.id }}">{{ note.created_at }}</a></small>
<a id="edit-{{ note.id }}" href="{{ here }}/notes/{{ note.id }}?edit=1" hx-get="{{ here }}/notes/{{ note.id }}?edit=1"
hx-target="#writing" hx-swap="outerHTML">Edit</a>
<details><summary>Remove</summary><form class="stack tight" method="post" action="{{ here }}/notes/{{ note.id }}/remove"
hx-post="{{ here }}/notes/{{ note.id }}/remove" hx-target="#note-{{ note.id }}" hx-swap="outerHTML" hx-disable="find button">
<input type="hidden" name="csrf_token" value="{{ token }}"><input type="hidden" name="version" value="{{ note.version }}">
<p>The note and its earlier versions go for good; the history says that it was there.</p>
<button type="submit">Remove for good</button></form></details></div></article>
{% endfor %}
</div></section>
<section class="card" id="products" hx-get="{{ here }}?panel=products"
hx-trigger="products-changed from:document" hx-swap="outerMorph"><header><h2>Products</h2></header>
{% for order in orders %}
<div class="in"><dl class="money">{% for line in lines if line.order_id == order.id %}
<div><dt>{{ line.name }} <small>{{ order.permitted_users }} users, each month</small></dt><dd>{{ line.monthly_total }}</dd></div>
{% endfor %}<div class="total"><dt>Each month</dt><dd>{{ order.monthly_total }}</dd></div></dl>
<p><a href="/orders/{{ order.id }}">Order {{ order.addendum_number }}</a> <small>{{ order.submitted_at }}</small></p></div>
{% endfor %}</section>
<section class="card" id="infrastructure" hx-get="{{ here }}?panel=infrastructure"
hx-trigger="infrastructure-changed from:document" hx-swap="outerMorph"><header><h2>Infrastructure</h2></header><div class="in"><dl>
<dt>Mail runs on</dt><dd>{{ customer.infrastructure }}</dd><dt>Primary domain</dt><dd>{{ customer.primary_domain }}</dd></dl>
</div></section>
<section class="card" id="contacts" hx-get="{{ here }}?panel=contacts"
hx-trigger="contacts-changed from:document" hx-swap="outerMorph"><header><h2>Contacts</h2></header><ul class="in plain-list">
{% for contact in contacts %}
<li><strong>{{ contact.first_name }} {{ contact.last_name }}</strong><br>
<small><a href="mailto:{{ contact.email }}">{{ contact.email }}</a> · {{ contact.phone }}</small></li>
{% endfor %}</ul></section>
<section class="card" id="record" hx-get="{{ here }}?panel=record"
hx-trigger="record-changed from:document" hx-swap="outerMorph"><header><h2>Company</h2></header><div class="in"><dl><dt>MSP</dt><dd>{{ partner.name }}</dd>
<dt>Website</dt><dd>{{ customer.website }}</dd><dt>Sector</dt><dd>{{ customer.sector }}</dd>
<dt>Address</dt><dd>{{ customer.street }} {{ customer.city }}</dd></dl></div></section></div>
<aside class="stack"><section class="card" id="recent" hx-get="{{ here }}?panel=recent"
hx-trigger="recent-changed from:document" hx-swap="outerMorph"><header><h2>Recent history</h2></header><ol class="line">
{% for line in recent %}
<li class="calm"><time datetime="{{ line.at }}">{{ line.at }}</time><span>{{ line.kind }}<small>{{ line.who_name }}</small></span></li>
{% endfor %}</ol></section>
<section class="card" id="rfi" hx-get="{{ here }}?panel=rfi"
hx-trigger="rfi-changed from:document" hx-swap="outerMorph"><header><h2>RFI</h2><span class="mark">{{ rfi.state }}</span></header><div class="in">
<p>Opened {{ rfi.opened_at }}. Onboarding starts once it is complete.</p><ul class="plain-list">
{% for link in links %}
<li>{{ link.name }} &lt;{{ link.email }}&gt; <small>sent {{ link.created_at }}, opens until {{ link.expires_at }}</small>
<form method="post" action="{{ here }}/rfi/links/{{ link.id }}/revoke"
hx-post="{{ here }}/rfi/links/{{ link.id }}/revoke" hx-disable="find button"><input type="hidden" name="csrf_token" value="{{ token }}">
<button type="submit" class="plain">Revoke</button></form></li>
{% endfor %}</ul></div></section>
<section class="card" id="attachments" hx-get="{{ here }}?panel=attachments"
hx-trigger="attachments-changed from:document" hx-swap="outerMorph"><header><h2>Attachments</h2></header>
<form method="post" action="{{ here }}/attachments/"><input type="hidden" name="csrf_token" value="{{ token }}">
<label for="files">Files</label><input type="file" id="files" name="files" multiple><button>Upload</button></form>
<ul class="plain-list">
{% for each in attachments %}
<li><a href="{{ here }}/attachments/{{ each.id }}">{{ each.name }}</a><br>
<small>{{ each.size }} · {{ each.pages }} pages · {{ each.filer }} · {{ each.created_at }}</small>
<details><summary aria-label="Remove {{ each.name }}">Remove</summary><form class="stack tight" method="post"
action="{{ here }}/attachments/{{ each.id }}/remove" hx-post="{{ here }}/attachments/{{ each.id }}/remove" hx-target="#filed"
hx-swap="outerHTML" hx-disable="find button"><input type="hidden" name="csrf_token" value="{{ token }}">
<p>The document goes for good; the history says that it was there.</p><div class="buttons"><button type="submit">Remove
for good</button></div></form></details></li>
{% endfor %}</ul></section></aside></div></main></body></html>"""


def create_app() -> Flask:
    """Serves the database named by BARE_DATABASE; one connection for each thread, as the portal has."""
    app = Flask(__name__)
    template = app.jinja_env.from_string(PAGE)  # compiled once, as the templates of the portal are
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
        for name in ("who", "customer", "partner", "plan", "rfi"):
            asked[name] = asked[name][0]
        return render_template(template, here=f"/customers/{customer_id}", token="0" * 90, **asked)

    return app
