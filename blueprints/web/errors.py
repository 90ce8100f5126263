"""Bad news, designed once: a page for a browser, one sentence in the status region for htmx."""

import logging

from flask import Flask, Response, current_app, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from blueprints.web.access import SignedOut
from blueprints.web.page import DRESS_HEADERS, sign_in_address, wants_parts
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused

SENTENCES = {
    400: "The portal could not read this request. Open the page again and retry.",
    403: MayNot.sentence,
    404: NotThere.sentence,
    405: "This address cannot be used that way.",
    409: ChangedMeanwhile.sentence,
    413: "That is more than the portal takes at once.",
    429: "Too many tries. Wait a minute, then try again.",
    500: "Something broke on our side. It has been noted; nothing was half saved.",
}
STALE_PAGE = (
    "This page was open for too long, or you signed in again elsewhere. Your typing is still here; open the form again."
)

log = logging.getLogger("quayside")


def bad_news(status: int, sentence: str) -> Response:
    """The sentence as a page, or for htmx into the status region."""
    sentence = sentence or SENTENCES.get(status, SENTENCES[400])
    if wants_parts():
        answer = make_response(render_template("errors/said.html", sentence=sentence), status)
    else:
        named = status if status in (400, 403, 404, 409, 413, 429) else 400
        answer = make_response(render_template(f"errors/{named}.html", sentence=sentence), status)
    answer.vary.update(DRESS_HEADERS)
    return answer


def signed_out(_: SignedOut) -> Response:
    if wants_parts():
        answer = make_response("", 401)
        answer.headers["HX-Redirect"] = sign_in_address()
    else:
        answer = make_response("", 303)
        answer.headers["Location"] = sign_in_address()
    answer.vary.update(DRESS_HEADERS)
    return answer


def refused(refusal: Refused) -> Response:
    """A refusal that its route did not answer itself."""
    kinds = ((NotThere, 404), (MayNot, 403))
    status = next((status for kind, status in kinds if isinstance(refusal, kind)), 409)
    return bad_news(status, refusal.sentence)


def stale_page(_: CSRFError) -> Response:
    return bad_news(400, STALE_PAGE)


def http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    if isinstance(error, InternalServerError):
        return broken(error)
    answer = bad_news(error.code or 400, SENTENCES.get(error.code or 400, ""))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def broken(error: Exception) -> Response:
    """No query, no session: what broke may be the database."""
    log.error("a request broke", exc_info=error)
    template = "errors/said.html" if wants_parts() else "errors/500.html"
    answer = make_response(current_app.jinja_env.get_template(template).render(sentence=SENTENCES[500]), 500)
    answer.vary.update(DRESS_HEADERS)
    return answer


def answer_errors(app: Flask) -> None:
    """The table of what is answered by what; the most particular kind of exception wins."""
    app.register_error_handler(SignedOut, signed_out)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(CSRFError, stale_page)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, broken)
