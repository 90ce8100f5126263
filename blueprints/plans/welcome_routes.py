"""The customer's own page, behind their personal link: their steps, how far everything is, their documents."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, current_app, flash, make_response, request, send_file
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError, generate_csrf
from markupsafe import Markup

from blueprints.customers.attachment_routes import ALONE
from blueprints.customers.attachments import bytes_of, name_to_save
from blueprints.customers.links import hashed
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.plans import arranging, checking, jobs, signing, working
from blueprints.plans.forms import CutoverForm
from blueprints.plans.welcome import Guest, Welcome, guest_by_link, welcome_of
from blueprints.plans.welcome_documents import document_of, note_opening
from blueprints.plans.welcome_pages import Trouble, in_their_words, page_facts, remark_form
from blueprints.web import errors
from blueprints.web.access import open_to_all
from blueprints.web.fields import VersionedForm, refuse
from blueprints.web.page import DRESS_HEADERS, elsewhere, gone_to, page, spoken, wants_parts
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused

blueprint = Blueprint("welcome", __name__)

LINK = "the customer's contact has no account; the token of 256 bits is the key"
GUESSES = "60 per minute"  # of one address
VISITS = "240 per minute"  # by one link: the page asks again while a check is under way
PRESSES = "60 per minute"  # by one link, of one kind
READING = ("welcome.show", "welcome.document")
WHOLE = "welcome/show.html"
STALE = "This page was open for too long. Nothing you typed is lost: press once more."


def of_token(token: str) -> Welcome:
    return welcome_of(guest_by_link(token, request.script_root))


# --- the page -----------------------------------------------------------------------------------------


@blueprint.get("/welcome/<token>")
@open_to_all(LINK)
def show(token: str) -> Response:
    """The page; for htmx what changes of it, and nothing when it shows that already."""
    found = of_token(token)
    if wants_parts() and request.args.get("seen") == found.age:
        answer = make_response("", 204)
        answer.vary.update(DRESS_HEADERS)
        return answer
    return drawn(found)


def drawn(found: Welcome, status: int = 200, said: str = "", trouble: Trouble | None = None) -> Response:
    if said and not wants_parts():
        flash(said)  # a whole page shows only these words
    return page(WHOLE, ["project"], status, said, **page_facts(found, trouble))


def unkept(found: Welcome, form: Any, trouble: Trouble) -> Response:
    """The page with what was typed, and what is wrong with it beside the field; the first of it is spoken."""
    return drawn(found, 422, next(sentence for wrong in form.errors.values() for sentence in wrong), trouble)


def after(guest: Guest, said: str) -> Response:
    """Once something was done: the page as it is now."""
    return drawn(welcome_of(guest), 200, said) if wants_parts() else gone_to(guest.here, said)


def refused(guest: Guest, refusal: Refused, trouble: Trouble) -> Response:
    """The page as it is now, with what was refused and what was typed. What is not there or not theirs goes on."""
    if isinstance(refusal, NotThere | MayNot):
        raise refusal
    trouble.sentence = in_their_words(refusal)
    status = 409 if isinstance(refusal, ChangedMeanwhile) else 422
    return drawn(welcome_of(guest), status, trouble.sentence, trouble)


# --- steps --------------------------------------------------------------------------------------------


def pressed(token: str, step_id: int, rule: Callable[..., Any], said: str) -> Response:
    """A press at one of their steps, which takes the version that they saw."""
    found = of_token(token)
    step, guest = found.step(step_id), found.guest
    try:
        rule(guest.who, guest.customer_id, step_id, VersionedForm().version.data)
    except Refused as refusal:
        return refused(guest, refusal, Trouble(step_id))
    return after(guest, said.format(step=step.title))


@blueprint.post("/welcome/<token>/steps/<int:step_id>/start")
@open_to_all(LINK)
def start(token: str, step_id: int) -> Response:
    return pressed(token, step_id, working.start, "“{step}” is started.")


@blueprint.post("/welcome/<token>/steps/<int:step_id>/done")
@open_to_all(LINK)
def done(token: str, step_id: int) -> Response:
    return pressed(token, step_id, working.done, "“{step}” is done. Thank you.")


@blueprint.post("/welcome/<token>/steps/<int:step_id>/check")
@open_to_all(LINK)
def check(token: str, step_id: int) -> Response:
    found = of_token(token)
    step, guest = found.step(step_id), found.guest
    try:
        checking.ask(guest.who, guest.customer_id, step_id)
    except Refused as refusal:
        return refused(guest, refusal, Trouble(step_id))
    jobs.nudge()
    return after(guest, f"“{step.title}” is being checked. The answer comes in a moment.")


@blueprint.post("/welcome/<token>/steps/<int:step_id>/remarks")
@open_to_all(LINK)
def remark(token: str, step_id: int) -> Response:
    found = of_token(token)
    guest, form = found.guest, remark_form(found.step(step_id), typed=True)
    if not form.validate():
        return unkept(found, form, Trouble(step_id, remark=form))
    try:
        arranging.comment(guest.who, guest.customer_id, step_id, form.text.data)
    except Refused as refusal:
        return refused(guest, refusal, Trouble(step_id, remark=form))
    return after(guest, f"Your remark is sent to {found.partner.name}.")


# --- the plan as a whole ------------------------------------------------------------------------------


@blueprint.post("/welcome/<token>/cutover")
@open_to_all(LINK)
def set_cutover(token: str) -> Response:
    """When people change over. What is sooner than the plan allows is the MSP's to decide."""
    found = of_token(token)
    guest, form, asked = found.guest, CutoverForm("cutover"), found.cutover_step
    if asked is None:
        raise NotThere
    trouble = Trouble(asked.id, cutover=form)
    if not form.validate():
        return unkept(found, form, trouble)
    typed: Any = form.cutover_at.data
    at: datetime = typed.replace(tzinfo=ZoneInfo(guest.timezone))
    try:
        arranging.set_cutover(guest.who, guest.customer_id, form.version.data, at)
    except arranging.TooEarly as refusal:
        more = f"If it has to be sooner, write to {found.partner.name}: they can set it all the same."
        refuse(form, "cutover_at", f"{refusal.sentence} {more}")
        return unkept(welcome_of(guest), form, trouble)
    except arranging.WrongDay as refusal:
        refuse(form, "cutover_at", refusal.sentence)
        return unkept(welcome_of(guest), form, trouble)
    except Refused as refusal:
        return refused(guest, refusal, trouble)
    return after(guest, f"You change over on {guest.at(at)}.")


@blueprint.post("/welcome/<token>/sign-off")
@open_to_all(LINK)
def sign_off(token: str) -> Response:
    found = of_token(token)
    guest, version = found.guest, VersionedForm().version.data
    portal = current_app.config["SETTINGS"].address
    try:
        plan = signing.sign_off(guest.who, guest.customer_id, version, "customer", portal=portal)
    except Refused as refusal:
        return refused(guest, refusal, Trouble())
    mailroom_jobs.nudge()
    over = plan.state == "done"
    return after(guest, "Everything is complete. Thank you." if over else f"Signed off. {found.partner.name} is next.")


# --- documents ----------------------------------------------------------------------------------------


@blueprint.get("/welcome/<token>/documents/<int:attachment_id>")
@open_to_all(LINK)
def document(token: str, attachment_id: int) -> Response:
    """A document in the browser's own viewer, alone in its page as any attachment; who opened it is history."""
    guest = guest_by_link(token, request.script_root)
    found = document_of(guest.who, attachment_id)
    if request.method == "GET":
        note_opening(guest.who, found)
    content, named = BytesIO(bytes_of(found)), name_to_save(found)
    answer = send_file(content, found.media_type, download_name=named, etag=found.sha256, conditional=True)
    answer.headers.update(ALONE)
    return answer


# --- a page that was open for too long; too many visits -----------------------------------------------


@blueprint.errorhandler(CSRFError)
def stale_page(_: CSRFError) -> Any:
    """A form token that its session does not know: the page gets new ones, and its typing stays."""
    try:
        found = of_token((request.view_args or {}).get("token", ""))
    except NotThere as gone:
        return errors.refused(gone)  # who answers an error is not asked about another one
    step_id = (request.view_args or {}).get("step_id", 0)
    trouble = Trouble(step_id, STALE)
    typed: dict[str, Any] = {"formdata": request.form, "meta": {"csrf": False}}
    if request.endpoint == "welcome.remark":
        trouble.remark = remark_form(found.step(step_id), **typed)
    elif request.endpoint == "welcome.set_cutover" and found.cutover_step:
        trouble = Trouble(found.cutover_step.id, STALE, cutover=CutoverForm("cutover", **typed))
    if not wants_parts():
        return drawn(found, 400, STALE, trouble)
    generate_csrf()
    anew = drawn(found, 200, "", trouble)
    body = elsewhere("project", Markup(anew.get_data(as_text=True)), "outerMorph") + spoken(STALE)  # noqa: S704 - drawn just now
    return make_response(str(body), 400, {"Vary": ", ".join(DRESS_HEADERS)})


def limit(app: Flask, limiter: Limiter) -> None:
    """Guessing a token gets nowhere, and not quickly either."""
    guesses = limiter.limit(GUESSES, deduct_when=lambda answer: answer.status_code == 404)
    visits, presses = (limiter.limit(often, key_func=link_of_request) for often in (VISITS, PRESSES))
    views: dict[str, Any] = app.view_functions
    for name in [name for name in views if name.startswith(f"{blueprint.name}.")]:
        views[name] = guesses(visits(views[name]) if name in READING else presses(views[name]))


def link_of_request() -> str:
    return hashed((request.view_args or {}).get("token", ""))
