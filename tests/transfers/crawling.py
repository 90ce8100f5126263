"""Every page, part, file and export that a person gets: read as text, PDFs and archives included."""

import io
import subprocess
import zipfile
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from flask import Flask, url_for
from werkzeug.routing import IntegerConverter, Rule

from blueprints.customer_details.pages import PANELS
from data.accounts import Person
from data.alerts import Alert, Subscriber
from data.attachments import Attachment
from data.customers import Customer
from data.emails import Email
from data.monitors import SERVICES
from data.notes import Note
from data.orders import Order
from data.partners import Partner, Product
from data.plans import Plan, PlanStep
from data.rfi import RfiLink
from data.transfers import Transfer
from tests.services import need
from tests.visits import Visitor, dress

# Name in an address → the records whose ids are tried there. Others are numbers that count from 1.
RECORDS = {
    "customer_id": Customer,
    "order_id": Order,
    "note_id": Note,
    "attachment_id": Attachment,
    "email_id": Email,
    "plan_id": Plan,
    "step_id": PlanStep,
    "transfer_id": Transfer,
    "partner_id": Partner,
    "person_id": Person,
    "product_id": Product,
    "link_id": RfiLink,
    "alert_id": Alert,
    "subscriber_id": Subscriber,
}
WORDS = {"service": tuple(service.replace("_", "-") for service in SERVICES)}  # in addresses, in place of a number
ASKED_BESIDES = {
    "customers.history": [f"?about={about}" for about in ("orders", "notes", "letters", "attachments", "plan", "rfi")],
    "mailroom.index": ["?q=Zwm", "?q=quellenhof"],
    "home.search": [],
    "customers.complete": ["?q=quellenhof", "?sort=role"],
    "prospects.index": ["?q=quellenhof"],
}
LEFT_OUT = ("static", "security.logout", "home.setup", "home.healthz")


def ids(record: Any) -> list[int]:
    return [row.id for row in record.select(record.id)]


def candidates(rule: Rule) -> Iterator[dict[str, Any]]:
    """Arguments for an address: every record there is, whoever's it may be."""
    values = []
    for name in sorted(rule.arguments - set(rule.defaults or ())):
        if name in WORDS:
            values.append([(name, word) for word in WORDS[name]])
            continue
        if not isinstance(rule._converters[name], IntegerConverter):
            return  # a token, which nobody knows
        values.append([(name, value) for value in (ids(RECORDS[name]) if name in RECORDS else range(1, 4))])
    for chosen in product(*values):
        yield dict(chosen)


def addresses(app: Flask, words: list[str]) -> Iterator[tuple[str, bool]]:
    """Each with whether htmx asks: pages both ways. `words`: to be searched for."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in LEFT_OUT:
            continue
        for args in candidates(rule):
            with app.test_request_context():
                here = url_for(rule.endpoint, **args)
            yield here, False
            yield here, True
            for query in ASKED_BESIDES.get(rule.endpoint, ()):
                yield here + query, False
            if rule.endpoint == "customer_details.show":
                yield from ((f"{here}?panel={panel}", True) for panel in PANELS)
    for word in words:
        yield f"/search?q={word}", False
        yield f"/search?q={word}", True


def crawl(app: Flask, visitor: Visitor, words: list[str]) -> Iterator[tuple[str, str]]:
    """Address and text of everything that is answered with 200. GETs that note an opening are the only changes."""
    for address, htmx in addresses(app, words):
        response = visitor.client.get(address, headers=dress(htmx))
        assert response.status_code < 500, address
        if response.status_code == 200:
            yield address, without_the_question(words_in(response.mimetype, response.data), address)


def without_the_question(text: str, address: str) -> str:
    """A search page repeats what was looked for; that is nobody's secret."""
    word = address.partition("?q=")[2]
    return text.replace(word, "") if word else text


@cache
def words_in(mimetype: str, content: bytes) -> str:
    if mimetype == "application/pdf" or content.startswith(b"%PDF"):
        need("poppler")
        done = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=False)
        return done.stdout.decode(errors="replace") + content.decode("latin-1")
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        return "\n".join(name + words_in("", archive.read(name)) for name in archive.namelist())
    return content.decode(errors="replace")
