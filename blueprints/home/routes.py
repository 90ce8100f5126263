"""The dashboard, the set-up page, and the health check."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, g, make_response, request, url_for
from flask_limiter import Limiter
from markupsafe import Markup, escape

from blueprints.accounts import security
from blueprints.home import commands, dashboard, door, figures, hits, rules
from blueprints.home.chart import chart_of
from blueprints.home.forms import SetupForm
from blueprints.home.search import Asked
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.web.access import for_signed_in, needs, open_to_all
from blueprints.web.page import gone_to, page, wants_parts
from blueprints.web.refusals import NotThere
from blueprints.web.settings import Settings

blueprint = Blueprint("home", __name__)
add_commands = commands.add_commands

# Where things to do next are done: the place the rules name → endpoint.
PLACES = {
    "catalogue": "partners.catalogue",
    "prices": "partners.price_lists",
    "mailroom": "mailroom.index",
    "prospects": "prospects.index",
    "rfis": "customers.in_progress",
    "rfis_of_complete": "customers.complete",
    "transfers": "transfers.index",
    "people": "accounts.people",
    "cancellations": "cancellations.index",
    "second_factor": "security.two_factor_setup",
}
WAITING = {"rfi": "waiting"}  # what the address of a list asks to show only customers whose RFI waits
# What a tile counts → its words, where it leads, the mark it has while there is any, and what else the address asks.
TILES: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    ("complete", "Active customers", "customers.complete", "", {}),
    ("in_progress", "Onboarding in progress", "customers.in_progress", "", {}),
    ("users", "Permitted users", "", "", {}),
    ("prospects", "Pending prospects", "prospects.index", "", {}),
    ("rfis", "RFIs waiting", "customers.in_progress", "warn", WAITING),
    ("overdue", "Steps overdue", "plans_stuck.index", "warn", {"reason": "overdue"}),
    ("problems", "Problems now", "customers.complete", "bad", {"sort": "monitor"}),
    ("ending", "Cancellations pending", "customers.complete", "", {"sort": "cancel"}),
)
OPEN_BEFORE_SET_UP = ("home.setup", "home.set_up", "home.healthz", "static", "pushes.push")  # the last is for scripts


def limit(app: Flask, limiter: Limiter) -> None:
    """The token is too long to guess; trying is slow all the same."""
    for endpoint in ("home.setup", "home.set_up"):
        app.view_functions[endpoint] = limiter.limit("20 per minute")(app.view_functions[endpoint])


@blueprint.get("/", endpoint="dashboard")
@for_signed_in
def show() -> Response:
    found = figures.figures_for(g.who)
    steps = dashboard.what_next(g.who, found.numbers, mailroom_jobs.can_send())
    return page(
        "home/dashboard.html",
        ["next", "recent"],
        tiles=tiles_of(found.numbers),
        chart=chart_of(found),
        problems=dashboard.problems_now(g.who) if found.numbers["problems"] else [],
        more_problems=found.numbers["problems"] > dashboard.PROBLEMS,
        steps=[(step, address_of_step(step)) for step in steps],
        recent=[replace(told, href=customer_address(told.customer_id)) for told in dashboard.recent_history(g.who)],
    )


def tiles_of(numbers: dict[str, int]) -> list[dict[str, Any]]:
    """All of them. Beside the RFIs of those being onboarded stand those of complete customers, where there are any."""
    tiles = {what: tile(numbers[what], *rest) for what, *rest in TILES}
    if added := numbers["rfis_of_complete"]:
        href = url_for("customers.complete", **WAITING)
        tiles["rfis"]["more"] = {"count": added, "label": "of complete customers", "href": href}
    return list(tiles.values())


def tile(count: int, label: str, endpoint: str, mark: str, asked: dict[str, str]) -> dict[str, Any]:
    """A figure, where it leads, and whether it is marked."""
    href = url_for(endpoint, **asked) if endpoint in current_app.view_functions else ""
    return {"count": count, "label": label, "href": href, "mark": mark if count else "", "more": None}


def customer_address(customer_id: int) -> str:
    return url_for("customer_details.show", customer_id=customer_id)


def address_of_step(step: dashboard.Next) -> str:
    """Where it is done; "" where there is none."""
    endpoint = PLACES.get(step.place, "")
    values: dict[str, Any] = {} if step.partner_id is None else {"partner_id": step.partner_id}
    if step.place in ("rfis", "rfis_of_complete"):
        values |= WAITING
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""


# --- the search over everything ---------------------------------------------------------------------

BEST_BELOW, BEST_ON_PAGE = 8, 25  # results below the box, and on the page
KINDS = (("", "Everything"), ("customer", "Customers"), ("contact", "Contacts"), ("order", "Orders"), ("note", "Notes"))


@blueprint.get("/search")
@needs("customers.see")
def search() -> Response:
    """A page; for htmx what is shown below the box."""
    below = wants_parts()
    asked = Asked.read(request.args.get("q", ""), "" if below else request.args.get("kind", ""))
    found = hits.results(g.who, asked, BEST_BELOW if below else BEST_ON_PAGE)
    here = url_for("home.search")
    facts = {
        "results": found,
        "lines": [(hit, address_of_hit(hit), marked(hit.title), marked(hit.detail)) for hit in found.hits],
        "nothing": hits.nothing_told(asked),
    }
    if below:
        return page("home/hits.html", ["hits"], said=found.told, all=here + query_of(asked.q), **facts)
    kinds = [
        {"label": label, "href": here + query_of(asked.q, kind), "current": kind == asked.kind} for kind, label in KINDS
    ]
    several = any(hit.partner for hit in found.hits)
    return page("home/search.html", [], said=found.told, kinds=kinds, several=several, **facts)


def query_of(q: str, kind: str = "") -> str:
    return "?" + urlencode({"q": q, "kind": kind} if kind else {"q": q})


def address_of_hit(hit: hits.Hit) -> str:
    """Written out, as in lists: asking the router for each takes longer than the search."""
    match hit.opens:
        case "prospect":
            return f"{request.script_root}/prospects/{hit.customer_id}"
        case "order":
            return f"{request.script_root}/orders/{hit.record_id}"
        case "note":
            return f"{request.script_root}/customers/{hit.customer_id}/notes/{hit.record_id}"
    return f"{request.script_root}/customers/{hit.customer_id}"


def marked(text: list[hits.Piece]) -> Markup:
    """The text with what was found in it marked."""
    if len(text) == 1:
        return escape(text[0].text)
    written = [f"<mark>{escape(piece)}</mark>" if found else escape(piece) for piece, found in text]
    return Markup("".join(written))  # noqa: S704 - each piece is escaped


# --- whether it is up -------------------------------------------------------------------------------


@blueprint.get("/healthz")
@open_to_all("for whoever watches whether the portal is up; says nothing else")
def healthz() -> Response:
    answers = rules.database_answers()
    answer = make_response("ok\n" if answers else "the database does not answer\n", 200 if answers else 503)
    answer.mimetype = "text/plain"
    return answer


# --- the first hour ---------------------------------------------------------------------------------


@blueprint.before_app_request
def lead_to_set_up() -> Response | None:
    """While nobody is there, open pages lead to the set-up page; the others lead to signing in, and so here too."""
    endpoint = request.endpoint or ""
    if not hasattr(current_app.view_functions.get(endpoint), "open_because") or endpoint in OPEN_BEFORE_SET_UP:
        return None
    return gone_to(url_for("home.setup")) if rules.nobody_there() else None


@blueprint.get("/setup")
@open_to_all("there is nobody yet who could sign in; the token decides")
def setup() -> Response:
    """With the token the form; without it, where to find it. After set-up there is no such page."""
    if not rules.nobody_there():
        raise NotThere
    if "token" not in request.args:
        return page("home/find_setup.html", [])
    return setup_page(SetupForm(formdata=None), token_asked())


@blueprint.post("/setup")
@open_to_all("there is nobody yet who could sign in; the token decides")
def set_up() -> Response:
    opens = token_asked()
    if not rules.nobody_there():
        raise NotThere
    form = SetupForm()
    if not form.validate():
        return setup_page(form, opens, 422)
    made = commands.set_up(current_app, form, sample=form.sample.data)
    security.sign_in(made.person_id)
    return gone_to(url_for("home.dashboard"), "The portal is set up. Welcome.")


def setup_page(form: SetupForm, opens: str, status: int = 200) -> Response:
    return page("home/setup.html", ["setup"], status, form=form, opens=opens)


def token_asked() -> str:
    """The token in the address. Raises NotThere when it is not the right one."""
    typed = request.args.get("token", "")
    if not door.opens(current_app.config["SETTINGS"].quayside_home, typed):
        raise NotThere
    return typed


def greeting(settings: Settings) -> str:
    """What the portal says when it starts: where it is, and while nobody is there, where to set it up."""
    if not rules.nobody_there_yet():
        return f"Quayside is at {settings.address}"
    opens = door.token_in(settings.quayside_home)
    return f"Set up Quayside at {settings.address}/setup?token={opens}"
