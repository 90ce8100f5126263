"""Attachments of a customer: the list, uploading, opening in the browser's viewer, removing."""

from io import BytesIO
from typing import Any

from flask import Blueprint, Flask, Response, g, make_response, request, send_file, session
from flask_limiter import Limiter

from blueprints.customers import attachments, jobs, papers
from blueprints.customers.attachment_pages import attachments_facts, base_of
from blueprints.customers.forms import UploadForm
from blueprints.customers.log import key_from
from blueprints.customers.rules import find_customer
from blueprints.web.access import needs
from blueprints.web.fields import refuse
from blueprints.web.page import DRESS_HEADERS, making_old, page, saved, wants_parts
from blueprints.web.refusals import Refused

blueprint = Blueprint("attachments", __name__, url_prefix="/customers")

WHOLE = "customers/attachments.html"
FURTHER = "further_filed"  # the root of what follows is one of several
OVERHEAD = 1024 * 1024  # bytes of an upload besides its files

# The document is alone in its page: no script, no form, no request, no other window. A sandboxed page may not also ask
# for a group of windows of its own (HTML standard: a network error), so the portal's header for that is taken back.
ALONE = (
    (
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
    ),
    ("Cross-Origin-Opener-Policy", "unsafe-none"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "private, no-cache"),
)


@blueprint.url_value_preprocessor
def take_large_uploads(endpoint: str | None, _values: Any) -> None:
    """Before the form token is looked for in what was sent; only for who says to be signed in. Files go to disk."""
    if endpoint == "attachments.upload" and "_user_id" in session:
        request.max_content_length = papers.MOST_IN_ALL + OVERHEAD


def limit(app: Flask, limiter: Limiter) -> None:
    """Making papers safe is work, so nobody asks for very much of it."""
    by_person = limiter.limit("120 per hour", key_func=lambda: f"upload-{g.who.id}")
    app.view_functions["attachments.upload"] = by_person(app.view_functions["attachments.upload"])


@blueprint.get("/<int:customer_id>/attachments/")
@needs("attachments.see")
def listed(customer_id: int) -> Response:
    """The newest, or with `before` those that follow; `making`: how many papers a part that asks again knew of."""
    before = key_from(request.args.get("before", ""))
    customer = find_customer(g.who, customer_id, "attachments.see")
    facts = attachments_facts(g.who, customer, before)
    if not wants_parts() or "making" not in request.args:
        return page(WHOLE, [FURTHER if before else "filed"], **facts)
    filed = facts["filed"]
    if key_from(request.args["making"]) == len(filed.making):
        answer = make_response("", 204)
        answer.vary.update(DRESS_HEADERS)
        return answer
    return making_old(page(WHOLE, ["filed"], said=attachments.told(filed), **facts), "recent")


@blueprint.post("/<int:customer_id>/attachments/")
@needs("customers.edit")
def upload(customer_id: int) -> Response:
    customer = find_customer(g.who, customer_id, "customers.edit")
    form = UploadForm()
    form.validate()
    try:
        received = papers.receive(g.who, customer_id, form.uploads())
    except Refused as refusal:
        refuse(form, refusal.field, refusal.sentence)
        return page(WHOLE, ["handing_in"], 422, **attachments_facts(g.who, customer, form=form))
    jobs.nudge()
    said = papers.told(received)
    return making_old(
        saved(base_of(customer), WHOLE, ["handing_in", "filed"], said, **attachments_facts(g.who, customer)), "recent"
    )


@blueprint.get("/<int:customer_id>/attachments/<int:attachment_id>")
@needs("attachments.see")
def show(customer_id: int, attachment_id: int) -> Response:
    """The document, opened in the browser's own viewer; who opened it is history."""
    found = attachments.find_attachment(g.who, customer_id, attachment_id)
    if request.method == "GET":
        attachments.note_opening(g.who, found)
    if found.sha256 in request.if_none_match:
        answer = make_response("", 304)
        answer.set_etag(found.sha256)
    else:
        content = BytesIO(attachments.bytes_of(found))
        named = attachments.name_to_save(found)
        answer = send_file(content, found.media_type, download_name=named, etag=found.sha256, conditional=True)
    answer.headers.update(ALONE)
    return answer


@blueprint.post("/<int:customer_id>/attachments/<int:attachment_id>/remove")
@needs("customers.edit")
def remove(customer_id: int, attachment_id: int) -> Response:
    removed = attachments.remove_attachment(g.who, customer_id, attachment_id)
    return changed(customer_id, f"{removed.name} removed.")


@blueprint.post("/<int:customer_id>/attachments/refused/<int:paper_id>/dismiss")
@needs("customers.edit")
def dismiss(customer_id: int, paper_id: int) -> Response:
    """Put a refusal away that its uploader has read."""
    dismissed = papers.dismiss(g.who, customer_id, paper_id)
    return changed(customer_id, f"Refusal of {dismissed.name} put away.")


def changed(customer_id: int, said: str) -> Response:
    customer = find_customer(g.who, customer_id, "attachments.see")
    return making_old(saved(base_of(customer), WHOLE, ["filed"], said, **attachments_facts(g.who, customer)), "recent")
