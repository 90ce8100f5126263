"""What the routes of an RFI answer, whichever door was taken: the page, one question of it, and saving."""

from collections.abc import Iterable
from typing import Any

from flask import Response, current_app, flash, make_response, request
from flask_wtf.csrf import CSRFError, generate_csrf
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from markupsafe import Markup

from blueprints.rfi import jobs
from blueprints.rfi.answers import Typed
from blueprints.rfi.asking import INFRASTRUCTURE
from blueprints.rfi.checking import faulty_rows
from blueprints.rfi.doors import Door
from blueprints.rfi.filling import Filled, Saved, filled, save_answers, set_of
from blueprints.rfi.pages import Drawing
from blueprints.web.csv_files import write_csv
from blueprints.web.errors import stale_page
from blueprints.web.fields import whole_id
from blueprints.web.page import DRESS_HEADERS, elsewhere, gone_to, page, spoken, wants_parts
from blueprints.web.refusals import NotThere

LOOKUPS = RateLimitItemPerMinute(60)  # of one RFI
AGAIN = RateLimitItemPerSecond(1, 5)  # a domain whose answer is awaited
MEANWHILE = "Someone else answered this while you were writing. Both answers are here; yours is not saved yet."
OTHER_QUESTIONS = "Other questions are asked now than this page showed. Look at what is still to answer."
STALE = "This page was open for too long. Your typing is still here: save once more."
NOT_KEPT = "Not everything could be saved. What was not is still here, with the reason beside it."
MORPH = "outerMorph"  # what stays the same keeps its place on the screen, and the focus


# --- the page -----------------------------------------------------------------------------------------


def shown(door: Door) -> Response:
    """The whole page; for htmx, its questions."""
    now_filled = filled(door.rfi)
    if door.open:
        have_looked_up(door, now_filled)
    return drawn(Drawing(door, now_filled))


def drawn(drawing: Drawing, status: int = 200, said: str = "") -> Response:
    door = drawing.door
    facts = {"door": door, "here": door.here, "drawing": drawing, "filled": drawing.filled, "rfi": drawing.filled.rfi}
    if said and not wants_parts():
        flash(said)  # a whole page shows only these words
    return page("rfi/fill.html", ["questions"], status, said, **facts)


def page_again(door: Door, status: int, said: str = "") -> Response:
    """The page after it was refused to hand in: also what is only missing is pointed out now."""
    return drawn(Drawing(door, filled(door.rfi), asking=True), status, said)


# --- saving -------------------------------------------------------------------------------------------


def typed_in_request() -> Typed:
    files = {name: file.read() for name, file in request.files.items() if file.filename}
    return Typed(request.form.to_dict(flat=False), files)


def save_one(door: Door, question: str) -> Response:
    """Keep one answer, and say what is known and wrong about it now. Other questions may be asked after it."""
    if question not in set_of(door.rfi).by_id:
        raise NotThere
    return keep(door, typed_in_request().only(question), [question])


def save_whole(door: Door) -> Response:
    """Keep all that was typed on the page."""
    return keep(door, typed_in_request())


def keep(door: Door, typed: Typed, questions: Iterable[str] = ()) -> Response:
    """Save, and show what came of it; for htmx these questions and all those that something became of."""
    saved = save_answers(door.who, door.rfi, typed)
    drawing = Drawing(door, filled(saved.rfi), saved, typed)
    if saved.changed:
        have_looked_up(door, drawing.filled)
    if wants_parts():
        body = parts(drawing, dict.fromkeys([*questions, *saved.changed, *saved.conflicts, *saved.refused]))
        return answered(body, status_of(saved), said_of(saved))
    return gone_to(door.here, "Saved.") if saved.whole else drawn(drawing, status_of(saved), NOT_KEPT)


def saved_first(door: Door) -> Response | None:
    """Keep what a press on another button brought with it.

    The page again where something of it cannot be kept, or where other questions are asked than it showed.
    """
    typed = typed_in_request()
    saved = save_answers(door.who, door.rfi, typed)
    drawing = Drawing(door, filled(saved.rfi), saved, typed)
    if not saved.whole:
        return drawn(drawing, status_of(saved), NOT_KEPT)
    if request.form.get("shape") != drawing.shape:
        return drawn(drawing, 409, OTHER_QUESTIONS)
    return None


def status_of(saved: Saved) -> int:
    if saved.conflicts:
        return 409
    return 422 if saved.refused else 200


def said_of(saved: Saved) -> str:
    """Spoken is only what needs somebody: saving itself is quiet."""
    if saved.conflicts:
        return MEANWHILE
    return next(iter(saved.refused.values()), "")


# --- parts --------------------------------------------------------------------------------------------


def parts(drawing: Drawing, questions: Iterable[str]) -> Markup:
    """These questions, the counts, and all questions where others are asked than the page shows."""
    here, draw = drawing.door.here, drawings()
    asked = {entry.question.id: entry for entry in drawing.filled.entries}
    again = [drawing.shown(asked[question]) for question in questions if question in asked]
    body = Markup("")
    for each in again:
        if each.drawn_anew:
            body += elsewhere(each.element, draw.inside(each, here), "innerHTML")
        else:
            body += elsewhere(f"told-{each.id}", draw.told(each, here), MORPH)
    return body + around(drawing, draw, [each.id for each in again])


def around(drawing: Drawing, draw: Any, drawn_beside: list[str]) -> Markup:
    """What changes on the page with any answer; `drawn_beside`: the questions that are in the answer already."""
    body = elsewhere("standing", draw.standing(drawing), MORPH) + elsewhere("before", draw.before(drawing), MORPH)
    if request.values.get("shape") == drawing.shape:
        body += about_infrastructure(drawing, draw, drawn_beside)
    else:
        body += elsewhere("questions", draw.questions(drawing, drawn_beside), MORPH)
    return body


def about_infrastructure(drawing: Drawing, draw: Any, drawn_beside: list[str]) -> Markup:
    """Where the mail of a domain goes may speak against the infrastructure, which stands elsewhere on the page."""
    if INFRASTRUCTURE in drawn_beside:
        return Markup("")
    asked = [entry for entry in drawing.filled.entries if entry.question.id == INFRASTRUCTURE]
    drawn_of = (draw.known(drawing.shown(entry), drawing.door.here) for entry in asked)
    return Markup("").join(elsewhere(f"known-{INFRASTRUCTURE}", each, MORPH) for each in drawn_of)


def answered(body: Markup, status: int = 200, said: str = "") -> Response:
    answer = make_response(str(body + spoken(said)), status)
    answer.headers["Vary"] = ", ".join(DRESS_HEADERS)
    return answer


def drawings() -> Any:
    """The macros that draw a question and its parts."""
    return current_app.jinja_env.get_template("rfi/question.html").module


def one_question(door: Door, question: str) -> Response:
    """The question as it is kept; a browser that cannot put it in its place gets the page."""
    now_filled = filled(door.rfi)
    entry = now_filled.entry(question)
    if not wants_parts():
        return gone_to(f"{door.here}#f-{question}")
    return answered(drawings().question(Drawing(door, now_filled).shown(entry), door.here))


def known(door: Door, question: str) -> Response:
    """What is known of an answer by now; the page asks again while a look-up is awaited."""
    now_filled = filled(door.rfi)
    entry = now_filled.entry(question)
    if not wants_parts():
        return gone_to(f"{door.here}#f-{question}")
    drawing = Drawing(door, now_filled, tries=whole_id(request.args.get("tries", "")))
    draw = drawings()
    return answered(draw.known(drawing.shown(entry), door.here) + around(drawing, draw, [question]))


def faulty(door: Door, question: str) -> Response:
    """The rows of an uploaded file that have something wrong, each with its reason."""
    now_filled = filled(door.rfi)
    entry = now_filled.entry(question)
    rows = faulty_rows(entry.question, entry.value, now_filled.situation)
    if not rows:
        raise NotThere
    answer = current_app.response_class(write_csv(rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename={question}-faulty.csv"
    return answer


# --- look-ups -----------------------------------------------------------------------------------------


def have_looked_up(door: Door, now_filled: Filled) -> None:
    """Ask for the look-ups that are not there yet: each domain now and then, and not too many of one RFI."""
    limiter = current_app.extensions["limiter_of_quayside"].limiter
    wanted = [name for name in now_filled.domains if name not in now_filled.situation.lookups]
    waited = [name for name in wanted if limiter.hit(AGAIN, "rfi-domain", name)]
    jobs.nudge_for([name for name in waited if limiter.hit(LOOKUPS, "rfi", str(door.rfi.id))], door.who, door.customer)


# --- a page that was open for too long ----------------------------------------------------------------


def stale(door: Door | None, refusal: CSRFError) -> Response:
    """A form token that its session does not know: the page gets a new one, and its typing stays.

    `door`: by link; who is signed in gets the house's answer, which leads to signing in.
    """
    if wants_parts():
        fresh = Markup('<input type="hidden" name="csrf_token" id="token" value="{}" hx-swap-oob="true">')
        return answered(fresh.format(generate_csrf()) + spoken(STALE), 400)
    if door is None:
        return stale_page(refusal)
    return drawn(Drawing(door, filled(door.rfi), typed=typed_in_request(), stale=True), 400, STALE)
