"""One address, two dresses: the whole page for a browser, its named parts for htmx.

A part is a Jinja block whose outermost element has the block's name as its id. The first part asked for answers
the element that asked; the others find their places by id.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from jinja2_fragments.flask import render_block
from markupsafe import Markup, escape

FOR_WHOLE_PAGES = ("HTTP_HX_BOOSTED", "HTTP_HX_HISTORY_RESTORE_REQUEST")
DRESS_HEADERS = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")


def wants_parts() -> bool:
    """Whether htmx asks for parts: not when it boosts a link, nor when Back asks for the page again."""
    environ = request.environ
    return says_yes(environ, "HTTP_HX_REQUEST") and not any(says_yes(environ, name) for name in FOR_WHOLE_PAGES)


def says_yes(environ: Mapping[str, str], header: str) -> bool:
    return environ.get(header, "").lower() == "true"


def page(template: str, parts: list[str], status: int = 200, said: str = "", **facts: Any) -> Response:
    """The page, or the `parts` of it that htmx swaps; `said` is spoken in the status region."""
    if wants_parts():
        body = Markup("")
        for place, part in enumerate(parts):
            drawn = Markup(render_block(template, part, **facts))  # noqa: S704 - drawn with autoescape by Jinja
            body += drawn if place == 0 else elsewhere(part, drawn)
        answer = make_response(str(body + spoken(said)), status)
    else:
        answer = make_response(render_template(template, said=said, **facts), status)
    answer.headers["Vary"] = ", ".join(DRESS_HEADERS)  # a new answer has no others; whoever has later ones adds them
    return answer


def elsewhere(part: str, drawn: Markup, swap: str = "outerHTML") -> Markup:
    """A part that finds its place by its id."""
    placed = f'<hx-partial hx-target="#{escape(part)}" hx-swap="{escape(swap)}">{escape(drawn)}</hx-partial>'
    return Markup(placed)  # noqa: S704 - each piece is escaped


def spoken(said: str) -> Markup:
    """The status region's new words, found by id wherever the rest goes."""
    if not said:
        return Markup("")
    return Markup(current_app.jinja_env.globals["say"](said))  # noqa: S704 - a macro's own output, escaped there


def saved(address: str, template: str, parts: list[str], said: str, **facts: Any) -> Response:
    """After a change that stays on the page: parts for htmx, 303 with the words carried over for the rest."""
    if wants_parts():
        return page(template, parts, said=said, **facts)
    return gone_to(address, said)


def gone_to(address: str, said: str = "") -> Response:
    """After a change that leaves the page: `HX-Redirect` for htmx, 303 for the rest; `said` greets there."""
    if said:
        flash(said)
    if wants_parts():
        answer = make_response("", 200)
        answer.headers["HX-Redirect"] = address
    else:
        answer = make_response(redirect(address, 303))
    answer.vary.update(DRESS_HEADERS)
    return answer


def changed(address: str, said: str, *panels: str) -> Response:
    """After a change that stays on the page and draws nothing itself: htmx is told which panels it made old.

    Each panel that stands on the page hears its name (`HX-Trigger: <panel>-changed`) and fetches itself, so a feature
    need not know what other features show beside it.
    """
    if not wants_parts():
        return gone_to(address, said)
    answer = make_response(str(spoken(said)))
    answer.vary.update(DRESS_HEADERS)
    return making_old(answer, *panels)


def making_old(answer: Response, *panels: str) -> Response:
    """The same answer, telling htmx which other panels the change made old."""
    answer.headers["HX-Trigger"] = ", ".join(f"{panel}-changed" for panel in panels)
    return answer


def asked_page() -> str:
    """Path and query of the page the person looks at, for coming back to after signing in."""
    current = request.htmx.current_url if wants_parts() else None  # type: ignore[attr-defined]  # of htmx-flask
    if current:
        origin = request.host_url.rstrip("/")
        return current.removeprefix(origin) if current.startswith(origin + "/") else "/"
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def sign_in_address() -> str:
    return url_for("security.login", next=asked_page())
