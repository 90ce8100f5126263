"""What the routes of an RFI answer, whichever door was taken: the page, one question of it, and saving."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response, current_app, flash, request
from flask_wtf.csrf import CSRFError, generate_csrf
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from markupsafe import Markup

from blueprints.rfi import jobs
from blueprints.rfi.answers import Typed
from blueprints.rfi.checking import faulty_rows
from blueprints.rfi.doors import Door
from blueprints.rfi.filling import Entry, Filled, filled
from blueprints.rfi.pages import Drawing
from blueprints.rfi.remembering import last_seen, put_together
from blueprints.rfi.saving import Saved, save_answers
from blueprints.web.csv_files import write_csv
from blueprints.web.errors import refused, stale_page
from blueprints.web.fields import whole_id
from blueprints.web.page import DRESS_HEADERS, elsewhere, gone_to, page, spoken, wants_parts
from blueprints.web.refusals import NotThere

LOOKUPS = RateLimitItemPerMinute(60)  # of one RFI
AGAIN = RateLimitItemPerSecond(1, 5)  # a domain whose answer is awaited
MEANWHILE = "Someone else answered this while you were writing. Both answers are here; yours is not saved yet."
OTHER_QUESTIONS = "Other questions are asked now than this page showed. Look at what is still to answer."
STALE = "This page was open for too long. Your typing is still here: save once more."
NOT_KEPT = "Not everything could be saved. What was not is still here, with the reason beside it."
DRESSES = ", ".join(DRESS_HEADERS)
MORPH = "outerMorph"  # what stays the same keeps its place on the screen, and the focus
BESIDE_LISTS = 1_000_000  # bytes of everything else on the page


# --- the page -----------------------------------------------------------------------------------------


def shown(door: Door) -> Response:
    """The whole page; for htmx, its questions."""
    drawing = Drawing(door, put_together(door.rfi))
    if drawing.open:
        have_looked_up(door, drawing.filled)
    return drawn(drawing)


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


def take_long_lists(_endpoint: str | None, _values: Any) -> None:
    """For blueprints: lists of mailboxes are longer than forms are elsewhere. Before the form token is looked for."""
    asked = request._get_current_object()  # type: ignore[attr-defined]  # asked for once: a proxy is slow
    if asked.method == "POST":
        from blueprints.rfi.uploaded_lists import MOST_BYTES  # noqa: PLC0415 - loaded when something is sent

        asked.max_content_length = MOST_BYTES + BESIDE_LISTS


def typed_in_request() -> Typed:
    asked = request._get_current_object()  # type: ignore[attr-defined]  # as above
    files = {name: file.read() for name, file in asked.files.items() if file.filename}
    return Typed(asked.form.to_dict(flat=False), files)


def save_one(door: Door, question: str) -> Response:
    """Keep one answer, and say what is known and wrong about it now. Other questions may be asked after it."""
    return keep(door, typed_in_request().only(question), [question])


def save_whole(door: Door) -> Response:
    """Keep all that was typed on the page."""
    return keep(door, typed_in_request())


def keep(door: Door, typed: Typed, questions: Iterable[str] = ()) -> Response:
    """Save, and show what came of it; for htmx these questions and all those that something became of."""
    saved = save_answers(door.who, door.rfi_id, typed)
    if not all(question in saved.after.questions.by_id for question in questions):
        raise NotThere
    drawing = Drawing(door, saved.after, saved, typed)
    if saved.after.domains != saved.before.domains:
        have_looked_up(door, drawing.filled)
    if wants_parts():
        return parts_of(drawing, saved, [*questions, *saved.changed, *saved.conflicts, *saved.refused])
    return gone_to(door.here, "Saved.") if saved.whole else drawn(drawing, status_of(saved), NOT_KEPT)


def parts_of(drawing: Drawing, saved: Saved, questions: Iterable[str]) -> Response:
    """These questions, and all that the page shows otherwise since then."""
    parts, asked = Parts(drawing, saved.before), saved.after.by_id
    for question in dict.fromkeys(questions):
        if question in asked:
            parts.told(asked[question])
    parts.others()
    parts.around()
    return parts.answer(status_of(saved), said_of(saved))


def saved_first(door: Door) -> Response | None:
    """Keep what a press on another button brought with it.

    The page again where something of it cannot be kept, or where other questions are asked than it showed.
    """
    typed = typed_in_request()
    saved = save_answers(door.who, door.rfi_id, typed)
    drawing = Drawing(door, saved.after, saved, typed)
    if not saved.whole:
        return drawn(drawing, status_of(saved), NOT_KEPT)
    if not drawing.is_as(typed):
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


class Parts:
    """Parts of the page, put together for htmx; each finds its place by its id."""

    def __init__(self, drawing: Drawing, before: Filled | None) -> None:
        """`before`: what the page shows, as far as is known."""
        self.drawing, self.here = drawing, drawing.door.here
        self.before = before.by_id if before else {}
        self.sections_before = before.sections if before else ()
        self.shape_before = before.shape if before else ""
        asked = request._get_current_object()  # type: ignore[attr-defined]  # as above
        self.carried = asked.args if asked.method == "GET" else asked.form  # hidden fields of the page
        self.draw: Any = current_app.jinja_env.get_template("rfi/question.html").module
        self.drawn: list[Markup] = []
        self.questions: list[str] = []

    def told(self, entry: Entry) -> None:
        """A question that was just answered: all that is said, and its field where saving changes it."""
        shown = self.drawing.shown(entry)
        if not self.is_in_its_place(entry):
            return
        self.questions.append(shown.id)
        if shown.drawn_anew:
            self.put(shown.element, self.draw.inside(shown, self.here), "innerHTML")
        elif shown.is_plain:
            self.put(f"told-{shown.id}", self.draw.told_plainly(shown.id, shown.seen, shown.stands))
        else:
            self.put(f"told-{shown.id}", self.draw.told(shown, self.here))

    def says(self, entry: Entry) -> None:
        """What is said of a question, but not which answer the page has shown: somebody may be typing in it."""
        if not self.is_in_its_place(entry):
            return
        self.questions.append(entry.question.id)
        self.put(f"says-{entry.question.id}", self.draw.says(self.drawing.shown(entry), self.here))

    def others(self) -> None:
        """What is said of the other questions, where it is something else than before."""
        before, there = self.before, set(map(id, self.sections_before))
        anew = [section for section in self.drawing.filled.sections if id(section) not in there]
        for entry in [each for section in anew for each in section.entries]:
            was = before.get(entry.question.id, entry)
            said_otherwise = was is not entry and was.checked != entry.checked
            if said_otherwise and entry.question.id not in self.questions:
                self.says(entry)

    def is_in_its_place(self, entry: Entry) -> bool:
        """Whether the page has an element for it; one that offers other choices now comes with all questions."""
        if self.carried.get("shape") == self.drawing.filled.shape:
            return True
        before = self.before.get(entry.question.id)
        return before is None or before.element == entry.element

    def around(self) -> None:
        """Counts, what stands in the way, and all questions, where the page shows something else."""
        drawing, draw = self.drawing, self.draw
        if self.carried.get("sums") != drawing.filled.sums:
            self.put("standing", draw.standing(drawing))
            self.put("before", draw.before(drawing))
        if self.carried.get("shape") != drawing.filled.shape:
            self.put("questions", draw.questions(drawing, self.on_the_page()))

    def on_the_page(self) -> set[str]:
        """The questions whose elements the page has already: they stay as they are, and need not be sent."""
        if self.carried.get("shape") != self.shape_before:
            return set(self.questions)
        there = {entry.element for entry in self.before.values()}
        return {entry.question.id for entry in self.drawing.filled.entries if entry.element in there}

    def put(self, place: str, drawn: Markup, swap: str = MORPH) -> None:
        self.drawn.append(elsewhere(place, drawn, swap))

    def answer(self, status: int = 200, said: str = "") -> Response:
        return answered("".join(self.drawn), status, said)


def answered(body: str, status: int = 200, said: str = "") -> Response:
    """`body`: safe HTML."""
    return Response("".join((body, spoken(said))), status, {"Vary": DRESSES})


def one_question(door: Door, question: str) -> Response:
    """The inside of a question as it is kept; a browser that cannot put it in its place gets the page."""
    now_filled = filled(door.rfi)
    entry = now_filled.entry(question)
    if not wants_parts():
        return gone_to(f"{door.here}#f-{question}")
    parts = Parts(Drawing(door, now_filled), None)
    return answered(parts.draw.inside(parts.drawing.shown(entry), door.here))


def says(door: Door, question: str) -> Response:
    """What is said of an answer by now; the page asks again while a look-up is awaited."""
    before = last_seen(door.rfi_id)
    now_filled = put_together(door.rfi)
    entry = now_filled.entry(question)
    if not wants_parts():
        return gone_to(f"{door.here}#f-{question}")
    parts = Parts(Drawing(door, now_filled, tries=whole_id(request.args.get("tries", ""))), before)
    parts.says(entry)
    parts.others()
    parts.around()
    return parts.answer()


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
    wanted = (name for name in now_filled.domains if name not in now_filled.situation.lookups)
    asked = [
        name
        for name in wanted
        if limiter.hit(AGAIN, "rfi-domain", name) and limiter.hit(LOOKUPS, "rfi", str(door.rfi_id))
    ]
    jobs.nudge_for(asked, door.who, now_filled.customer)


# --- a page that was open for too long ----------------------------------------------------------------


def stale_by(find: Callable[[], Door | None], refusal: CSRFError) -> Response:
    """The same by the door that is found; a link that has ended meanwhile is not there, as ever."""
    try:
        return stale(find(), refusal)
    except NotThere as gone:  # who answers an error is not asked about another one
        return refused(gone)


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
