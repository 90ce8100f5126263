"""The RFI, by its two doors: the MSP's people by their role, the customer's contact by a personal link."""

from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError

from blueprints.customers.links import hashed
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.rfi import answering, rules
from blueprints.rfi.doors import Door, door_by_link, door_of
from blueprints.web.access import needs, open_to_all
from blueprints.web.page import changed

blueprint = Blueprint("rfi", __name__)
blueprint.url_value_preprocessor(answering.take_long_lists)

LINK = "the customer's contact has no account; the token of 256 bits is the key"
PAGES = "60 per minute"  # of one address; so many guesses, too
SAVES = "240 per minute"  # by one link: fields save themselves while people type


def of_customer(customer_id: int, permission: str = "customers.see") -> Door:
    return door_of(g.who, customer_id, request.script_root, permission)


def of_token(token: str) -> Door:
    return door_by_link(token, request.script_root)


# --- for the MSP's people -----------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/rfi")
@needs("customers.see")
def show(customer_id: int) -> Response:
    return answering.shown(of_customer(customer_id))


@blueprint.post("/customers/<int:customer_id>/rfi")
@needs("customers.edit")
def save(customer_id: int) -> Response:
    return answering.save_whole(of_customer(customer_id, "customers.edit"))


@blueprint.get("/customers/<int:customer_id>/rfi/answers/<question>")
@needs("customers.see")
def answer(customer_id: int, question: str) -> Response:
    return answering.one_question(of_customer(customer_id), question)


@blueprint.post("/customers/<int:customer_id>/rfi/answers/<question>")
@needs("customers.edit")
def save_answer(customer_id: int, question: str) -> Response:
    return answering.save_one(of_customer(customer_id, "customers.edit"), question)


@blueprint.get("/customers/<int:customer_id>/rfi/answers/<question>/says")
@needs("customers.see")
def says(customer_id: int, question: str) -> Response:
    return answering.says(of_customer(customer_id), question)


@blueprint.get("/customers/<int:customer_id>/rfi/answers/<question>/faulty.csv")
@needs("customers.see")
def faulty(customer_id: int, question: str) -> Response:
    return answering.faulty(of_customer(customer_id), question)


# --- by link ------------------------------------------------------------------------------------------


@blueprint.get("/rfi/<token>")
@open_to_all(LINK)
def by_link(token: str) -> Response:
    return answering.shown(of_token(token))


@blueprint.post("/rfi/<token>")
@open_to_all(LINK)
def save_by_link(token: str) -> Response:
    return answering.save_whole(of_token(token))


@blueprint.get("/rfi/<token>/answers/<question>")
@open_to_all(LINK)
def answer_by_link(token: str, question: str) -> Response:
    return answering.one_question(of_token(token), question)


@blueprint.post("/rfi/<token>/answers/<question>")
@open_to_all(LINK)
def save_answer_by_link(token: str, question: str) -> Response:
    return answering.save_one(of_token(token), question)


@blueprint.get("/rfi/<token>/answers/<question>/says")
@open_to_all(LINK)
def says_by_link(token: str, question: str) -> Response:
    return answering.says(of_token(token), question)


@blueprint.get("/rfi/<token>/answers/<question>/faulty.csv")
@open_to_all(LINK)
def faulty_by_link(token: str, question: str) -> Response:
    return answering.faulty(of_token(token), question)


@blueprint.errorhandler(CSRFError)
def stale_page(refusal: CSRFError) -> Any:
    """A page that was open for longer than its session: nothing typed on it is lost for that."""
    token = (request.view_args or {}).get("token")
    return answering.stale_by(lambda: of_token(token) if token else None, refusal)


def limit(app: Flask, limiter: Limiter) -> None:
    """Guessing a token gets nowhere, and not quickly either."""
    pages = limiter.limit(PAGES)
    guesses = limiter.limit(PAGES, deduct_when=lambda answer: answer.status_code == 404)
    saves = limiter.limit(SAVES, key_func=lambda: hashed((request.view_args or {}).get("token", "")))
    for name in ("by_link", "save_by_link", "faulty_by_link"):
        app.view_functions[f"rfi.{name}"] = pages(app.view_functions[f"rfi.{name}"])
    for name in ("answer_by_link", "save_answer_by_link", "says_by_link"):
        app.view_functions[f"rfi.{name}"] = guesses(saves(app.view_functions[f"rfi.{name}"]))


# --- tending the link ---------------------------------------------------------------------------------


@blueprint.post("/customers/<int:customer_id>/rfi/link")
@needs("rfi.links")
def send_link_again(customer_id: int) -> Response:
    link = rules.send_link_again(g.who, customer_id, current_app.config["SETTINGS"].address)
    mailroom_jobs.nudge()
    said = f"A new link goes to {link.email}; the earlier ones no longer open."
    return changed(f"/customers/{customer_id}", said, "rfi", "recent")


@blueprint.post("/customers/<int:customer_id>/rfi/links/<int:link_id>/revoke")
@needs("rfi.links")
def revoke_link(customer_id: int, link_id: int) -> Response:
    link = rules.revoke_link(g.who, customer_id, link_id)
    return changed(f"/customers/{customer_id}", f"The link of {link.email} no longer opens.", "rfi", "recent")
