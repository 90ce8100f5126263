"""Cancelling a customer, withdrawing that, the provider's part of it, and the export afterwards."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, g, request, stream_with_context, url_for

from blueprints.cancellations import column, jobs, rules
from blueprints.cancellations.eligibility import PERMISSION
from blueprints.cancellations.forms import CancelForm, WithdrawForm
from blueprints.cancellations.pages import Panel, cancel_facts, tasks
from blueprints.customers import endings
from blueprints.customers.rules import find_customer
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.web.access import needs
from blueprints.web.fields import VersionedForm, refuse
from blueprints.web.page import changed, gone_to, page
from blueprints.web.refusals import ChangedMeanwhile

blueprint = Blueprint("cancellations", __name__)

CANCEL, WITHDRAW, EXPORT = "cancellations/cancel.html", "cancellations/withdraw.html", "cancellations/export.html"


@blueprint.record
def read_the_settings(state: Any) -> None:
    jobs.links_begin_with(state.app.config["SETTINGS"].address)
    endings.are_told_by(column.endings)


def portal() -> str:
    """The address of the installation, for links in letters."""
    return current_app.config["SETTINGS"].address


def details_of(customer_id: int) -> str:
    return url_for("customer_details.show", customer_id=customer_id)


# --- asking for it ------------------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/cancel")
@needs(PERMISSION)
def show(customer_id: int) -> Response:
    """The choice between a partner change and the end, with the terms; or why, and from when."""
    customer = find_customer(g.who, customer_id, PERMISSION)
    return page(CANCEL, ["cancelling"], **cancel_facts(g.who, customer, CancelForm(formdata=None)))


@blueprint.post("/customers/<int:customer_id>/cancel")
@needs(PERMISSION)
def cancel(customer_id: int) -> Response:
    customer = find_customer(g.who, customer_id, PERMISSION)
    form = CancelForm()
    try:
        rules.refuse_unless_cancellable(g.who, customer)
        if not form.validate():
            return page(CANCEL, ["cancelling"], 422, **cancel_facts(g.who, customer, form))
        asked = rules.request_cancellation(g.who, customer_id, confirmed(form), portal())
    except rules.AlreadyPending as refusal:
        return gone_to(details_of(customer_id), refusal.sentence)
    except rules.NotCancellable as refusal:
        return page(CANCEL, ["cancelling"], 409, refusal.sentence, **cancel_facts(g.who, customer, form))
    except ChangedMeanwhile as refusal:
        form.accepted.data = False
        refuse(form, "", refusal.sentence)
        return page(CANCEL, ["cancelling"], 409, refusal.sentence, **cancel_facts(g.who, customer, form))
    mailroom_jobs.nudge()
    return gone_to(details_of(customer_id), rules.told(asked))


def confirmed(form: CancelForm) -> rules.Request:
    return rules.Request(
        export=form.export.data == "yes",
        accepted=form.accepted.data,
        terms=form.terms.data or "",
        ends=form.ends.data or "",
        from_address=request.remote_addr or "",
    )


# --- withdrawing --------------------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/cancel/withdraw")
@needs(PERMISSION)
def withdrawing(customer_id: int) -> Response:
    customer = find_customer(g.who, customer_id, PERMISSION)
    panel = Panel(g.who, customer)
    if panel.pending is None:
        return gone_to(details_of(customer_id), rules.NothingPending.sentence)
    return withdraw_page(panel, WithdrawForm(formdata=None, version=panel.pending.version))


@blueprint.post("/customers/<int:customer_id>/cancel/withdraw")
@needs(PERMISSION)
def withdraw(customer_id: int) -> Response:
    customer = find_customer(g.who, customer_id, PERMISSION)
    form = WithdrawForm()
    if not form.validate():
        return withdraw_page(Panel(g.who, customer), form, 422)
    try:
        rules.withdraw(g.who, customer_id, form.version.data, form.reason.data, portal())
    except rules.NothingPending as refusal:
        return gone_to(details_of(customer_id), refusal.sentence)
    except (rules.InProcess, rules.ServiceEnded, ChangedMeanwhile) as refusal:
        refuse(form, "", refusal.sentence)
        return withdraw_page(Panel(g.who, customer), form, 409)
    mailroom_jobs.nudge()
    return gone_to(details_of(customer_id), "The cancellation is withdrawn. The service goes on as before.")


def withdraw_page(panel: Panel, form: WithdrawForm, status: int = 200) -> Response:
    here = details_of(panel.customer.id)
    return page(WITHDRAW, ["asked"], status, customer=panel.customer, here=here, ending=panel, form=form)


# --- the provider's part ------------------------------------------------------------------------------


@blueprint.get("/cancellations/")
@needs("cancellations.process")
def index() -> Response:
    """What is pending, first what ends first, with what is left to do about it."""
    found = rules.pending_from(request.args.get("after", ""))
    after = url_for("cancellations.index", after=found.after) if found.after else None
    rows = [(row, list(tasks(row))) for row in found.rows]
    return page("cancellations/index.html", ["found"], rows=rows, after=after, further="after" in request.args)


@blueprint.post("/customers/<int:customer_id>/cancel/process")
@needs("cancellations.process")
def process(customer_id: int) -> Response:
    return noted(rules.take_up, customer_id, "The MSP can no longer withdraw it.")


@blueprint.post("/customers/<int:customer_id>/cancel/quoted")
@needs("cancellations.process")
def quoted(customer_id: int) -> Response:
    return noted(rules.note_quote, customer_id, "Noted that the quote is sent.")


@blueprint.post("/customers/<int:customer_id>/export/again")
@needs("cancellations.process")
def export_again(customer_id: int) -> Response:
    return noted(rules.open_export_again, customer_id, "The export can be taken again.")


def noted(note: Callable[..., object], customer_id: int, said: str) -> Response:
    """Something about the cancellation is written down; the panels that show it fetch themselves."""
    try:
        note(g.who, customer_id, VersionedForm().version.data)
    except (rules.AlreadyDone, rules.NothingPending, rules.NothingToOpen, ChangedMeanwhile) as refusal:
        return changed(details_of(customer_id), refusal.sentence, "cancellation")
    return changed(details_of(customer_id), said, "cancellation", "recent")


# --- the export ---------------------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/export")
@needs(PERMISSION)
def export_page(customer_id: int) -> Response:
    """What can be taken until when; while somebody takes it, how far that is."""
    from blueprints.cancellations import export  # noqa: PLC0415 - only exports need it

    found = export.export_of(g.who, customer_id)
    return page(EXPORT, ["taking"], customer=found.customer, here=details_of(customer_id), export=found)


@blueprint.get("/customers/<int:customer_id>/export/file")
@needs(PERMISSION)
def take_export(customer_id: int) -> Response:
    """The archive, streamed while it is made."""
    from blueprints.cancellations import export  # noqa: PLC0415 - as above

    found = export.export_of(g.who, customer_id)
    if request.method == "HEAD":
        return current_app.response_class(mimetype="application/zip")
    try:
        pieces = export.begin(g.who, found)
    except export.NotYet as refusal:
        return gone_to(url_for("cancellations.export_page", customer_id=customer_id), refusal.sentence)
    answer = current_app.response_class(stream_with_context(pieces), mimetype="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=export.name_of(found))
    return answer
