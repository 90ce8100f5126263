"""The RFI beside bare routes: the largest set swapped in place (issue: at most 3×), one answer saved (at most 2×)."""

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from app import create_app
from blueprints.accounts.standing import standing_of
from blueprints.rfi.answering import Parts
from blueprints.rfi.doors import door_of
from blueprints.rfi.filling import Entry, Filled, filled
from blueprints.rfi.pages import Drawing
from blueprints.rfi.saving import save_answers
from blueprints.web.settings import Settings
from data.database import database, migrate
from data.rfi import Rfi
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served
from tests.factories import World, make_world
from tests.rfi.typing_in import an_rfi, typed_into

MOST_TIMES_SWAP, MOST_TIMES_SAVE = 3.0, 2.0
LARGEST = ("hybrid_m365", "hybrid_google")
BEFORE = {
    "directory_sync": "ldap",
    "filter_now": "replaced",
    "sending_systems": "crm",
    "mail_domains": "c.example\nd.example",
    "infrastructure": LARGEST[1],
}
OF_FIELD = (
    *("kind", "label", "required", "hint", "described", "of", "field", "name", "values", "value", "unit", "control"),
    *("choices", "parted", "wrong"),
)
OF_QUESTION = (
    *("id", "element", "trigger", "flag", "earlier", "seen", "whys", "theirs", "file", "removable", "again", "notes"),
    *("warnings", "suggestion", "stands", "kind"),
)


class Poster(Asker):
    """Posts forms on one connection that stays open, and keeps what came back in the fields that pages carry along."""

    def __init__(self, port: int, address: str, headers: dict[str, str], forms: list[dict[str, str]]) -> None:
        super().__init__(port, address, headers | {"Content-Type": "application/x-www-form-urlencoded"})
        self.forms, self.count, self.carried = forms, 0, dict[str, str]()

    def ask(self) -> bytes:
        self.count += 1
        form = self.forms[self.count % len(self.forms)]
        body = urlencode(
            {name: f"{value}{self.count}" if name in TEXTS else value for name, value in form.items()} | self.carried
        )
        self.connection.request("POST", self.address, body=body, headers=self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.address} answered {answer.status}: {text[:300]!r}")
        self.carried |= {
            name.decode(): value.decode() for name, value in CARRIED.findall(text) if name.decode() in form
        }
        return text


def carried(html: bytes, form: dict[str, str]) -> dict[str, str]:
    """What hidden fields carry, of those that the form has."""
    found = ((name.decode(), value.decode()) for name, value in CARRIED.findall(html))
    return {name: value for name, value in found if name in form}


TEXTS = ("dns_host", "value")
CARRIED = re.compile(rb'<input type="hidden" name="([^"]+)"(?: id="[^"]*")? value="([^"]*)" form="answers">')


def measures() -> Iterator[tuple[str, float, float, str]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        address, contexts = prepare(folder)
        url = f"sqlite:///{folder / 'portal.sqlite'}"
        environ = {"DATABASE_URL": url, "QUAYSIDE_HOME": name, "SECRET_KEY": SECRET_KEY}
        (folder / "contexts.json").write_text(json.dumps(contexts))
        bare_environ = {"BARE_CONTEXTS": str(folder / "contexts.json"), "BARE_DATABASE": str(folder / "bare.sqlite")}
        headers = {"Cookie": f"quayside={session_of('ada.admin', url)}", "HX-Request": "true"}
        with served("app:served", environ) as portal, served("tests.bench.bare_rfi:create_app", bare_environ) as bare:
            yield from swapped(portal, bare, address, headers)
            yield from saved(portal, bare, address, headers)


def swapped(portal: int, bare: int, address: str, headers: dict[str, str]) -> Iterator[tuple[str, float, float, str]]:
    page = {"csrf_token": token(), "seen:infrastructure": "", "shape": "", "sums": ""}
    ours = Poster(
        portal, f"{address}/answers/infrastructure", headers, [page | {"infrastructure": one} for one in LARGEST]
    )
    ours.carried = seen_on_the_page(ours, address, page)
    theirs = Poster(bare, "/swap", {}, [{"infrastructure": one} for one in LARGEST])
    compare(ours, theirs)
    size = f"{len(ours.ask()):,} bytes against {len(theirs.ask()):,}"
    detail = f"{ours.milliseconds:.2f} ms against {theirs.milliseconds:.2f} ms, {size}"
    yield (
        "another infrastructure / its HTML drawn bare",
        ours.milliseconds / theirs.milliseconds,
        MOST_TIMES_SWAP,
        detail,
    )


def saved(portal: int, bare: int, address: str, headers: dict[str, str]) -> Iterator[tuple[str, float, float, str]]:
    page = {"csrf_token": token(), "seen:dns_host": "", "shape": "", "sums": "", "dns_host": "Of the registrar "}
    ours = Poster(portal, f"{address}/answers/dns_host", headers, [page])
    ours.carried = seen_on_the_page(ours, address, page)
    theirs = Poster(bare, "/save", {}, [page | {"value": page["dns_host"]}])  # the form that the browser sends
    theirs.carried = dict(ours.carried)
    compare(ours, theirs, rounds=60, in_a_round=10)
    detail = f"{ours.milliseconds:.2f} ms against {theirs.milliseconds:.2f} ms"
    yield "one answer saved / a bare update", ours.milliseconds / theirs.milliseconds, MOST_TIMES_SAVE, detail


def seen_on_the_page(poster: Poster, address: str, form: dict[str, str]) -> dict[str, str]:
    """What the page of the RFI carries of the form."""
    poster.connection.request("GET", address, headers={"Cookie": poster.headers["Cookie"]})
    return carried(poster.connection.getresponse().read(), form)


def token() -> str:
    return URLSafeTimedSerializer(SECRET_KEY, salt="wtf-csrf-token").dumps("0" * 40)


# --- what both stand on -------------------------------------------------------------------------------


def prepare(folder: Path) -> tuple[str, dict[str, Any]]:
    """A portal with an RFI that asks as much as one can; its address, and the bare routes' contexts."""
    portal = create_app(Settings(folder, f"sqlite:///{folder / 'portal.sqlite'}", SECRET_KEY, "sealing " * 5))
    migrate()
    with database.connection_context():
        make_world()
        world = World.read()
        rfi = an_rfi(world)
        save_answers(world.admin, rfi.id, typed_into(BEFORE))
        contexts = contexts_of(portal, world, rfi)
    with sqlite3.connect(folder / "bare.sqlite") as bare:
        bare.execute("CREATE TABLE answer (id INTEGER PRIMARY KEY, value TEXT, version INTEGER)")
        bare.execute("INSERT INTO answer VALUES (1, '', 1)")
    bare.close()
    return f"/customers/{rfi.customer_id}/rfi", contexts


def contexts_of(portal: Flask, world: World, rfi: Rfi) -> dict[str, Any]:
    """By infrastructure: all that is drawn when it is chosen in place of the other one, as plain values."""
    contexts = {}
    with portal.test_request_context():
        before = filled(Rfi.get_by_id(rfi.id))
        for infrastructure in (*LARGEST, *LARGEST):
            form = {"infrastructure": infrastructure}
            save_answers(world.admin, rfi.id, typed_into(form, over=before.kept["infrastructure"].version))
            after = filled(Rfi.get_by_id(rfi.id))
            contexts[infrastructure] = context_of(door_of_admin(world, rfi), before, after)
            before = after
    return contexts


def door_of_admin(world: World, rfi: Rfi) -> Any:
    return door_of(standing_of(world.admin), rfi.customer_id, "")


def context_of(door: Any, before: Filled, after: Filled) -> dict[str, Any]:
    drawing = Drawing(door, after)
    parts = Parts(drawing, before)
    there = {entry.element for entry in before.entries}
    sections = [
        {
            "section": {"id": each.section.id, "title": each.section.title, "help": each.section.help},
            "count": each.count,
            "entries": [entry_of(drawing, entry, there) for entry in each.entries],
        }
        for each in after.sections
    ]
    whole = {
        "done": after.done,
        "total": after.total,
        "complete": after.complete,
        "sections": sections,
        "age": after.age,
    }
    whole |= {"shape": after.shape, "sums": after.sums, "questions": {"version": after.questions.version}}
    return {
        "told": plain(parts.drawing.shown(after.entry("infrastructure"))),
        "there": [entry.question.id for entry in after.entries if entry.element in there],
        "drawing": {
            "open": True,
            "door": {"here": door.here},
            "filled": whole,
            "wrong": [(plain(s), {"of": why.of, "sentences": why.sentences}) for s, why in drawing.wrong],
            "missing": [entry_of(drawing, entry, there) for entry in drawing.missing],
        },
    }


def entry_of(drawing: Drawing, entry: Entry, there: set[str]) -> dict[str, Any]:
    """A question, with all that is drawn of it where the page does not have it yet."""
    question = {"id": entry.question.id, "label": entry.question.label}
    told = {"first_field": entry.first_field, "element": entry.element, "question": question}
    return told if entry.element in there else told | {"shown": plain(drawing.shown(entry))}


def plain(shown: Any) -> dict[str, Any]:
    """A question with everything that is drawn of it."""
    told = {name: plain_value(getattr(shown, name)) for name in OF_QUESTION}
    return told | {"main": field_plain(shown.main), "parts": [field_plain(part) for part in shown.parts]}


def field_plain(field: Any) -> dict[str, Any]:
    told = {name: plain_value(getattr(field, name)) for name in OF_FIELD}
    more = {"rows": field.rows if field.control == "lines" else 0}
    return (
        told
        | more
        | {"inputmode": field.inputmode if field.control not in ("lines", "ticks", "radios", "select") else ""}
    )


def plain_value(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [plain_value(each) for each in value]
    if is_dataclass(value):
        return {name: plain_value(each) for name, each in vars(value).items() if name != "show_when"}
    return value
