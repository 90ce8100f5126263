"""Every form of every page, filled with what nobody should send: never a 5xx, never half a change.

The forms are read from the pages themselves, so a new page is covered by its row in the access table.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, url_for

from data.accounts import Person
from data.database import is_sqlite
from tests.factories import World
from tests.test_access import ROWS
from tests.visits import Answer, Visitor

HOSTILE = (
    "",
    " ",
    "x" * 20_000,
    "\x00",
    "a\x00b\x1b[31m",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "\u202etxt.exe",
    "<script>alert(1)</script>",
    "'; DROP TABLE person; --",
    "{{ 7 * 7 }}{% raw %}",
    '=HYPERLINK("http://evil.example")',
    "-1",
    "99999999999999999999999999",
    "1e308",
    "NaN",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "../../etc/passwd",
    "a@b",
    "💣 ﷽ Z͑ͫ̓a̷l̶g̵o̸",
)
# What one database takes and another refuses. The rest is decided before one is asked, and tried on SQLite alone.
OF_DATABASES = (
    "x" * 20_000,
    "\x00",
    "a\x00b\x1b[31m",
    "-1",
    "99999999999999999999999999",
    "1e308",
    "NaN",
    "0001-01-01",
)
TELLTALES = tuple(value for value in HOSTILE if not value.isascii() or set(value) & set("<\"'{\x00"))  # of markup
LEFT_ALONE = {"csrf_token"}
FORMS = sorted(end for (end, method), row in ROWS.items() if method == "GET" and row.statuses["operator"] == 200)


def forms_of(answer: Answer) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Each POST form as (address, what it would send as it stands)."""
    for form in answer.find("form[method=post]"):
        sent: dict[str, list[str]] = {}
        for control in form.cssselect("input, select, textarea"):
            name, kind = control.get("name"), control.get("type", "")
            if not name or kind in ("submit", "file"):
                continue
            if kind in ("checkbox", "radio"):
                sent.setdefault(name, [])
                if control.get("checked") is not None or kind == "checkbox":
                    sent[name].append(control.get("value", "on"))
            elif control.tag == "select":
                chosen = control.cssselect("option[selected]") or control.cssselect("option")
                sent.setdefault(name, []).extend(option.get("value", "") for option in chosen[:1])
            elif control.tag == "textarea":
                sent.setdefault(name, []).append((control.text or "").removeprefix("\n"))
            else:
                sent.setdefault(name, []).append(control.get("value", ""))
        for button in form.cssselect("button[formaction]"):
            yield button.get("formaction"), sent
        yield form.get("action"), sent


def wrong_ways(sent: dict[str, list[str]]) -> Iterator[tuple[dict[str, Any], bool]]:
    """The form with one field hostile, missing, or doubled; and whether the answer's markup may show it."""
    for name, values in sent.items():
        if name in LEFT_ALONE:
            continue
        for value in HOSTILE if is_sqlite() else OF_DATABASES:
            yield sent | {name: [value]}, value in TELLTALES
        yield {other: kept for other, kept in sent.items() if other != name}, True
        yield sent | {name: [*values, "again", "1"]}, False


@pytest.mark.parametrize("endpoint", FORMS)
def test_no_form_breaks_the_portal(
    endpoint: str, app: Flask, world: World, visit_as: Callable[[Person | None], Visitor]
) -> None:
    """As an operator, who reaches the most; the Visitor fails on any 5xx and on a change without history."""
    app.extensions["limiter_of_quayside"].enabled = False
    try:
        visitor = visit_as(world.operator)
        with app.test_request_context():
            address = url_for(endpoint, **ROWS[endpoint, "GET"].args(world))
        page = visitor.get(address)
        for action, sent in list(forms_of(page)):
            if action == "/sign-out":
                continue
            for typed, closely in wrong_ways(sent):
                answer = visitor.post(action, typed, closely=closely)
                assert answer.status in (200, 303, 400, 403, 404, 409, 413, 422), f"{action} with {typed}"
                if answer.status == 422:
                    assert answer.find(".why, [role=alert]"), f"{action} says nothing about {typed}"
    finally:
        app.extensions["limiter_of_quayside"].enabled = True
