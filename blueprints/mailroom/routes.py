"""The mailroom: every letter, what became of it, and sending it again."""

from flask import Blueprint, Flask, Response, current_app, g, make_response, request, url_for
from flask_limiter import Limiter

from blueprints.mailroom import jobs, rules
from blueprints.mailroom.forms import FilterForm, SendAgainForm, TestLetterForm
from blueprints.web.access import needs
from blueprints.web.fields import refuse
from blueprints.web.page import DRESS_HEADERS, gone_to, page, saved
from blueprints.web.refusals import NotThere

blueprint = Blueprint("mailroom", __name__, url_prefix="/mailroom")

MOST_LOOKS = 40  # how often a page looks again by itself

# A letter's HTML is others' words: it may show itself, and do nothing. (No opener policy: browsers refuse one
# on a sandboxed page.)
LETTER_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Cross-Origin-Opener-Policy": "unsafe-none",
}


def limit(app: Flask, limiter: Limiter) -> None:
    """A test goes to any address, so it must not become a way to bother people."""
    name = "mailroom.send_test"
    by_person = limiter.limit("20 per hour", key_func=lambda: f"mail-test-{g.who.id}")
    app.view_functions[name] = by_person(app.view_functions[name])


# --- the list -----------------------------------------------------------------------------------------


@blueprint.get("/")
@needs("mailroom.see")
def index() -> Response:
    return listed(TestLetterForm(formdata=None, to_email=g.who.email))


def listed(test: TestLetterForm, status: int = 200) -> Response:
    """The list as the address asks for it. A wrong filter shows nothing and says why."""
    form = FilterForm(request.args)
    found = rules.Found([], None, None)
    if not form.validate():
        status = 422
    else:
        found = rules.find_letters(
            g.who,
            words=form.q.data or "",
            state=form.state.data,
            kind=form.kind.data,
            before=form.before.data or 0,
            after=form.after.data or 0,
        )
    return page(
        "mailroom/list.html",
        ["found"],
        status,
        form=form,
        found=found,
        look=next_look(form, found),
        looks=form.looks.data or 0,
        test=test,
        can_send=jobs.can_send(),
        link=lambda **key: url_for("mailroom.index", **form.chosen() | key),
    )


def next_look(form: FilterForm, found: rules.Found) -> str:
    """The address at which the list looks again; "" when nothing moves, or it looked often enough."""
    looks = (form.looks.data or 0) + 1
    if not found.moving or looks > MOST_LOOKS:
        return ""
    keys = {name: form[name].data for name in ("before", "after") if form[name].data}
    return url_for("mailroom.index", **form.chosen() | keys, looks=looks)


@blueprint.post("/test")
@needs("mailroom.send")
def send_test() -> Response:
    form = TestLetterForm()
    if not form.validate():
        return listed(form, 422)
    try:
        letter = rules.write_test(g.who, form.to_email.data, current_app.config["SETTINGS"].address)
    except rules.NoAddress as refusal:
        refuse(form, "to_email", refusal.sentence)
        return listed(form, 422)
    jobs.nudge_for(letter.id)
    return gone_to(url_for("mailroom.letter", email_id=letter.id), "Test letter written; the server is being asked.")


# --- one letter ---------------------------------------------------------------------------------------


@blueprint.get("/<int:email_id>")
@needs("mailroom.see")
def letter(email_id: int) -> Response:
    return shown(rules.find_letter(g.who, email_id))


def shown(found: rules.Email, form: SendAgainForm | None = None, status: int = 200, said: str = "") -> Response:
    return page("mailroom/letter.html", ["delivery", "state"], status, said, **facts_of(found, form))


def facts_of(found: rules.Email, form: SendAgainForm | None = None) -> dict:
    """What the page of a letter shows; its delivery part needs only some of it."""
    from blueprints.web.links import pieces  # noqa: PLC0415 - only the page of one letter

    form = form or SendAgainForm(formdata=None)
    form.seen.data = rules.seen_as(found)
    looks = request.args.get("looks", "0")
    looked = int(looks) if looks.isascii() and looks.isdigit() and len(looks) < 5 else MOST_LOOKS
    look = rules.moves_soon(found) and looked < MOST_LOOKS
    return {
        "letter": found,
        "kind": rules.KINDS.get(found.kind, found.kind.replace("_", " ").capitalize()),
        "text": pieces(found.text),
        "enclosures": rules.enclosures_of(found),
        "form": form,
        "twice": rules.may_have_arrived(found),
        "may_send": rules.may(g.who, "mailroom.send", found),
        "can_send": jobs.can_send(),
        "looks": looked,
        "look": url_for("mailroom.letter", email_id=found.id, looks=looked + 1) if look else "",
    }


@blueprint.post("/<int:email_id>/send-again")
@needs("mailroom.send")
def send_again(email_id: int) -> Response:
    form = SendAgainForm()
    try:
        found = rules.send_again(g.who, email_id, form.seen.data or "", form.confirmed.data)
    except (rules.UnderWay, rules.CustomerMoved, rules.NotConfirmed, rules.ChangedMeanwhile) as refusal:
        refuse(form, refusal.field, refusal.sentence)
        status = 422 if isinstance(refusal, rules.NotConfirmed) else 409
        return shown(rules.find_letter(g.who, email_id), form, status, refusal.sentence)
    jobs.nudge()
    here = url_for("mailroom.letter", email_id=email_id)
    return saved(here, "mailroom/letter.html", ["delivery", "state"], "Sending it again.", **facts_of(found))


@blueprint.get("/<int:email_id>/html")
@needs("mailroom.see")
def html(email_id: int) -> Response:
    """The letter as mail programs draw it, locked in: no script, no request, no form, no framing of ours."""
    found = rules.find_letter(g.who, email_id)
    if not found.html:
        raise NotThere
    answer = make_response(found.html)
    answer.headers.update(LETTER_HEADERS)
    answer.vary.update(DRESS_HEADERS)
    return answer
