"""The RFI after it was filled in: handed in, reviewed, flagged, opened again, set aside, started again."""

from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request, url_for
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError

from blueprints.customers import sealing
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.rfi import answering, jobs, reviewing, waiting
from blueprints.rfi.doors import Door, door_by_link, door_of
from blueprints.rfi.pages import Drawing
from blueprints.rfi.review_forms import RemarksForm, ReopenForm, SetAsideForm, remarks_form
from blueprints.rfi.reviewing import Review
from blueprints.rfi.saving import HandedInAlready
from blueprints.web.access import needs, open_to_all
from blueprints.web.fields import VersionedForm, refuse
from blueprints.web.page import changed, gone_to, page
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused

blueprint = Blueprint("rfi_review", __name__)
blueprint.url_value_preprocessor(answering.take_long_lists)

REOPENING = {
    "titled": "Open the RFI again:",
    "pressed": "Open it again",
    "explained": "The questions can be answered again, and whoever answers hands in again. "
    "What was handed in stays readable as its own version.",
    "hint": "Why it has to be answered again. It stands in the history and in the letter.",
}
SETTING_ASIDE = {
    "titled": "RFI not applicable:",
    "pressed": "Set to not applicable",
    "explained": "For a customer who is onboarded with another application: nobody is asked or reminded any more, "
    "and what was typed so far is kept.",
    "hint": "Which application is used instead, or why nothing has to be asked.",
}


@blueprint.record
def read_the_settings(state: Any) -> None:
    settings = state.app.config["SETTINGS"]
    sealing.open_seal(settings.sealing_keys)
    jobs.links_begin_with(settings.address)


def portal() -> str:
    """The address of the installation, for links in letters."""
    return current_app.config["SETTINGS"].address


def details_of(customer_id: int) -> str:
    return url_for("customer_details.show", customer_id=customer_id)


def version_seen() -> int:
    """The version of the RFI that the person looked at; one that nobody can have seen, for what is no number."""
    return VersionedForm().version.data


def status_of(form: VersionedForm, refusal: Refused) -> int:
    """Put the refusal on top of the form; the status it is answered with. What is not there or not allowed goes on."""
    if isinstance(refusal, NotThere | MayNot):
        raise refusal
    refuse(form, "", refusal.sentence)
    return 409 if isinstance(refusal, ChangedMeanwhile) else 422


# --- handing in ---------------------------------------------------------------------------------------


@blueprint.post("/customers/<int:customer_id>/rfi/hand-in")
@needs("customers.edit")
def hand_in(customer_id: int) -> Response:
    door = door_of(g.who, customer_id, request.script_root, "customers.edit")
    return handed_in_by(door, details_of(customer_id), "The RFI is handed in. Onboarding can start.")


@blueprint.post("/rfi/<token>/hand-in")
@open_to_all("the customer's contact has no account; the token of 256 bits is the key")
def hand_in_by_link(token: str) -> Response:
    door = door_by_link(token, request.script_root)
    return handed_in_by(door, door.welcome, "Thank you: your answers are handed in.")


def handed_in_by(door: Door, after: str, said: str) -> Response:
    """Keep what was typed on the page, then hand it in as a whole; `after`: where that leads."""
    from blueprints.rfi import handing_in  # noqa: PLC0415 - needed here alone

    try:
        if again := answering.saved_first(door):
            return again
        handing_in.hand_in(door.who, door.rfi, version_seen(), portal())
    except HandedInAlready as refusal:
        return gone_to(door.here, refusal.sentence)
    except handing_in.NotComplete as refusal:
        return answering.drawn(Drawing(door, refusal.filled, asking=True), 422, refusal.sentence)
    except handing_in.SeenBefore as refusal:
        return answering.page_again(door, 409, refusal.sentence)
    mailroom_jobs.nudge()
    return gone_to(after, said)


@blueprint.errorhandler(CSRFError)
def stale_page(refusal: CSRFError) -> Any:
    """A page that was open for longer than its session: nothing typed on it is lost for that."""
    token = (request.view_args or {}).get("token")
    return answering.stale_by(lambda: door_by_link(token, request.script_root) if token else None, refusal)


def limit(app: Flask, limiter: Limiter) -> None:
    """As with the page that leads here: guessing a token gets nowhere, and not quickly either."""
    view = app.view_functions["rfi_review.hand_in_by_link"]
    app.view_functions["rfi_review.hand_in_by_link"] = limiter.limit("60 per minute")(view)


# --- reviewing ----------------------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/rfi/review")
@needs("customers.see")
def review(customer_id: int) -> Response:
    found = reviewing.review_of(g.who, customer_id)
    return page("rfi/review.html", ["review"], **review_facts(found))


@blueprint.post("/customers/<int:customer_id>/rfi/flags")
@needs("customers.edit")
def flag(customer_id: int) -> Response:
    found = reviewing.review_of(g.who, customer_id)
    form = remarks_form(found.version.answers.values() if found.version else ())
    if not form.validate():
        return page("rfi/review.html", ["review"], 422, **review_facts(found, form))
    try:
        flagged = reviewing.flag_answers(g.who, customer_id, form.version.data, form.remarks(), portal())
    except Refused as refusal:
        status = status_of(form, refusal)
        found = reviewing.review_of(g.who, customer_id)
        form.version.data = found.rfi.version
        return page("rfi/review.html", ["review"], status, **review_facts(found, form))
    mailroom_jobs.nudge()
    said = f"{flagged.count} {'answer' if flagged.count == 1 else 'answers'} flagged. " + (
        f"A new link goes to {flagged.email}."
        if flagged.email
        else "Nobody was written to: there is no Implementation Lead with an email address."
    )
    return gone_to(details_of(customer_id), said)


def review_facts(found: Review, form: RemarksForm | None = None) -> dict[str, Any]:
    answers = found.version.answers.values() if found.version else ()
    empty = remarks_form(answers, formdata=None, version=found.rfi.version) if found.may_flag else None
    return {
        "review": found,
        "here": details_of(found.customer.id),
        "sections": found.version.sections if found.version else (),
        "before": found.version.kept.number - 1 if found.version else 0,
        "flags": found.flags,
        "form": (form or empty) if found.may_flag else None,
    }


@blueprint.get("/customers/<int:customer_id>/rfi/versions/<int:number>")
@needs("customers.see")
def version(customer_id: int, number: int) -> Response:
    found = reviewing.version_of(g.who, customer_id, number)
    facts = {"sections": found.sections, "before": found.kept.number - 1, "flags": {}, "form": None}
    return page("rfi/version.html", [], read=found, here=details_of(customer_id), **facts)


# --- opening again, setting aside, starting again -----------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/rfi/reopen")
@needs("customers.edit")
def reopening(customer_id: int) -> Response:
    form = ReopenForm(formdata=None, version=reviewing.rfi_of(g.who, customer_id).version)
    return reason_page(customer_id, form, REOPENING)


@blueprint.post("/customers/<int:customer_id>/rfi/reopen")
@needs("customers.edit")
def reopen(customer_id: int) -> Response:
    form = ReopenForm()
    if not form.validate():
        return reason_page(customer_id, form, REOPENING, 422)
    try:
        email = reviewing.reopen(g.who, customer_id, form.version.data, form.reason.data, portal(), tell=form.tell.data)
    except Refused as refusal:
        return reason_page(customer_id, form, REOPENING, status_of(form, refusal))
    mailroom_jobs.nudge()
    said = f"The RFI is open again. A new link goes to {email}." if email else "The RFI is open again."
    return gone_to(details_of(customer_id), said)


@blueprint.get("/customers/<int:customer_id>/rfi/not-applicable")
@needs("customers.edit")
def setting_aside(customer_id: int) -> Response:
    form = SetAsideForm(formdata=None, version=reviewing.rfi_of(g.who, customer_id).version)
    return reason_page(customer_id, form, SETTING_ASIDE)


@blueprint.post("/customers/<int:customer_id>/rfi/not-applicable")
@needs("customers.edit")
def set_aside(customer_id: int) -> Response:
    form = SetAsideForm()
    if not form.validate():
        return reason_page(customer_id, form, SETTING_ASIDE, 422)
    try:
        reviewing.set_aside(g.who, customer_id, form.version.data, form.reason.data)
    except Refused as refusal:
        return reason_page(customer_id, form, SETTING_ASIDE, status_of(form, refusal))
    return gone_to(details_of(customer_id), "The RFI is set to not applicable.")


def reason_page(customer_id: int, form: VersionedForm, words: dict[str, str], status: int = 200) -> Response:
    """A page that asks for a reason; after 409 it carries the version that is there now."""
    rfi = reviewing.rfi_of(g.who, customer_id)
    if status == 409:
        form.version.data = rfi.version
    action = url_for("rfi_review.reopen" if words is REOPENING else "rfi_review.set_aside", customer_id=customer_id)
    facts = {"customer": rfi.customer, "here": details_of(customer_id), "action": action, "form": form}
    return page("rfi/reason.html", ["asked"], status, **facts, **words)


@blueprint.post("/customers/<int:customer_id>/rfi/applicable")
@needs("customers.edit")
def take_up(customer_id: int) -> Response:
    reviewing.take_up(g.who, customer_id, version_seen())
    return changed(details_of(customer_id), "The RFI applies again, and is open.", "rfi", "recent")


@blueprint.post("/customers/<int:customer_id>/rfi/restart")
@needs("rfi.restart")
def restart(customer_id: int) -> Response:
    customer = waiting.restart_project(g.who, customer_id, version_seen(), portal())
    mailroom_jobs.nudge()
    return gone_to(details_of(customer_id), f"The project of {customer.name} is started again.")
