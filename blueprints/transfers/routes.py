"""Partner changes: the releasing side at its customer, the receiving side and the provider in a list of their own."""

from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_limiter import Limiter

from blueprints.customers.list_pages import base_address, tabs
from blueprints.customers.rules import find_customer
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.orders.rules import NotOrderable
from blueprints.orders.submission import Agreement
from blueprints.partners.rules import partners_for
from blueprints.transfers import codes, confirming, finding, jobs, rules, taking_over
from blueprints.transfers.forms import AcceptForm, CodeForm, ConfirmForm, ReasonForm, TransferForm
from blueprints.web.access import needs, open_to_all
from blueprints.web.fields import refuse, status_of, whole_id
from blueprints.web.page import gone_to, page
from blueprints.web.refusals import ChangedMeanwhile, Refused

blueprint = Blueprint("transfers", __name__)

ASK, STATE, OFFER, LINK = "transfers/ask.html", "transfers/state.html", "transfers/offer.html", "transfers/link.html"
MOST_PARTNERS = 10  # whose codes are shown


@blueprint.record_once
def prepare(state: BlueprintSetupState) -> None:
    """Tells the worker what links begin with."""
    jobs.links_begin_with(state.app.config["SETTINGS"].address)


def limit(app: Flask, limiter: Limiter) -> None:
    """Codes and tokens are too long to guess; trying is slow all the same."""
    by_person = limiter.limit("60 per hour", key_func=lambda: f"transfer-{g.who.id}")
    app.view_functions["transfers.ask"] = by_person(app.view_functions["transfers.ask"])
    for endpoint in ("transfers.link", "transfers.accept_by_link", "transfers.decline_by_link"):
        app.view_functions[endpoint] = limiter.limit("60 per minute")(app.view_functions[endpoint])


def portal() -> str:
    return current_app.config["SETTINGS"].address


# --- the releasing side -------------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/partner-change")
@needs("customers.cancel")
def show(customer_id: int) -> Response:
    """The form; while one is under way, where that stands."""
    return shown(customer_id)


def shown(customer_id: int, status: int = 200, said: str = "", form: ReasonForm | None = None) -> Response:
    customer = find_customer(g.who, customer_id, finding.RELEASING)
    under_way = finding.open_transfer(customer)
    if under_way is not None:
        return stated(customer, under_way, form, status, said)
    try:
        proposal = rules.proposal_for(g.who, customer_id)
    except rules.NotMovable as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    form = TransferForm(formdata=None)
    return asked(form, proposal, status)


def asked(form: TransferForm, proposal: rules.Proposal, status: int = 200) -> Response:
    """The form as it stands. `partners`: to choose from, for operators alone."""
    return page(ASK, ["asking"], status, form=offering(form, proposal), proposal=proposal)


def offering(form: TransferForm, proposal: rules.Proposal) -> TransferForm:
    partners = []
    if g.who.operator:
        everybody = partners_for(g.who, "orders.submit")
        partners = [(each.id, each.name) for each in everybody if each.id != proposal.partner.id]
    form.offer(proposal, partners)
    return form


def stated(customer: Any, transfer: Any, form: ReasonForm | None, status: int, said: str) -> Response:
    return page(
        STATE,
        ["calling_off"],
        status,
        said,
        customer=customer,
        transfer=transfer,
        moving=finding.lines_of(transfer),
        ending=finding.lines_of(transfer, moving=False),
        terms=rules.accepted_words(transfer),
        form=form or ReasonForm(formdata=None, data={"version": transfer.version}),
    )


@blueprint.post("/customers/<int:customer_id>/partner-change")
@needs("customers.cancel")
def ask(customer_id: int) -> Response:
    try:
        proposal = rules.proposal_for(g.who, customer_id)
    except rules.UnderWayAlready as refusal:
        return shown(customer_id, 409, refusal.sentence)
    except rules.NotMovable as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    form = TransferForm()
    offering(form, proposal)
    if not form.validate():
        return asked(form, proposal, 422)
    try:
        transfer = rules.ask(g.who, customer_id, form.request(request.remote_addr or ""), portal())
    except rules.UnderWayAlready as refusal:
        return shown(customer_id, 409, refusal.sentence)
    except rules.WrongRequest as refusal:
        refuse(form, refusal.field, refusal.sentence)
        if refusal.field == "terms":
            form.terms_version.data = proposal.terms.version
        return asked(form, proposal, 422)
    mailroom_jobs.nudge()
    return gone_to(url_for("transfers.show", customer_id=customer_id), rules.told(transfer))


@blueprint.post("/customers/<int:customer_id>/partner-change/call-off")
@needs("customers.cancel")
def call_off(customer_id: int) -> Response:
    form = ReasonForm()
    if not form.validate():
        return shown(customer_id, 422, form=form)
    try:
        rules.call_off(g.who, customer_id, form.version.data or 0, form.reason.data or "", portal())
    except ChangedMeanwhile as refusal:
        refuse(form, "", refusal.sentence)
        return shown(customer_id, 409, refusal.sentence, anew(form, customer_id))
    mailroom_jobs.nudge()
    return gone_to(url_for("customer_details.show", customer_id=customer_id), "The partner change is called off.")


def anew(form: ReasonForm, customer_id: int) -> ReasonForm:
    """The same form, with the version as it is now."""
    transfer = finding.open_transfer(find_customer(g.who, customer_id, finding.RELEASING))
    form.version.data = transfer.version if transfer else 0
    return form


# --- the list, and codes ------------------------------------------------------------------------------


@blueprint.get("/partner-changes/")
@needs("customers.cancel")
def index() -> Response:
    """Every partner change that concerns this person, newest first, and the codes of their MSPs."""
    before = whole_id(request.args.get("before", ""))
    found = finding.transfers_for(g.who, before)
    here = url_for("transfers.index")
    partners = codes.codes_of(partners_for(g.who, "orders.submit")[:MOST_PARTNERS])
    older = f"{here}?before={found.older}" if found.older else None
    facts = {"found": found, "older": older, "newest": not before, "partners": partners, "here": here}
    return page("transfers/list.html", ["found"], tabs=tabs(g.who, base_address(), "moving"), **facts)


@blueprint.post("/partner-changes/codes/<int:partner_id>")
@needs("orders.submit")
def make_code(partner_id: int) -> Response:
    """A new code; the old one names nobody any more."""
    CodeForm().validate()
    code = codes.make_code(g.who, partner_id)
    return gone_to(url_for("transfers.index"), f"The code is {code} now.")


# --- the receiving side -------------------------------------------------------------------------------


@blueprint.get("/partner-changes/<int:transfer_id>")
@needs("orders.submit")
def offer(transfer_id: int) -> Response:
    return offered(taking_over.offer_to(g.who, transfer_id))


def offered(
    found: taking_over.Offer,
    form: AcceptForm | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
    said: str = "",
) -> Response:
    """The offer, with what is left to be said to it."""
    facts = drawn(found, form, reason)
    return page(OFFER, ["answering"], status, said, **facts)


def drawn(found: taking_over.Offer, form: AcceptForm | None, reason: ReasonForm | None) -> dict[str, Any]:
    form, reason = form or AcceptForm(formdata=None), reason or ReasonForm(formdata=None)
    form.version.data = reason.version.data = found.transfer.version
    form.seen.data = found.costs.mark if found.costs else ""
    form.governed.label.text, form.authorised.label.text = found.confirmations
    return {"offer": found, "form": form, "reason": reason, "confirming": ConfirmForm(formdata=None)}


def wrongly_filled(
    found: taking_over.Offer, form: AcceptForm | None = None, reason: ReasonForm | None = None
) -> Response:
    """Beside its fields; unless it is answered by now, so that there are none."""
    if found.to_answer:
        return offered(found, form, reason, 422)
    return offered(found, form, answered(found, reason), 409)


def answered(found: taking_over.Offer, reason: ReasonForm | None) -> ReasonForm:
    reason = reason or ReasonForm(formdata=None)
    refuse(reason, "", taking_over.LEFT_TO_SAY[found.transfer.state])
    return reason


@blueprint.post("/partner-changes/<int:transfer_id>/accept")
@needs("orders.submit")
def accept(transfer_id: int) -> Response:
    form = AcceptForm()
    if not form.validate():
        return wrongly_filled(taking_over.offer_to(g.who, transfer_id), form)
    try:
        taking_over.accept(g.who, transfer_id, form.version.data or 0, agreement_in(form), portal())
    except (ChangedMeanwhile, taking_over.AnsweredAlready) as refusal:
        refuse(form, "", refusal.sentence)
        return offered(taking_over.offer_to(g.who, transfer_id), form, status=409, said=refusal.sentence)
    except (taking_over.CannotTakeOver, NotOrderable) as refusal:
        return offered(taking_over.offer_to(g.who, transfer_id), form, status=status_of(form, refusal))
    mailroom_jobs.nudge()
    return gone_to(url_for("transfers.offer", transfer_id=transfer_id), "Accepted. The provider confirms it next.")


def agreement_in(form: AcceptForm) -> Agreement:
    return Agreement(
        order_number=form.order_number.data or "",
        not_required=form.not_required.data,
        governed=form.governed.data,
        authorised=form.authorised.data,
        seen=form.seen.data or "",
        from_address=request.remote_addr or "",
    )


@blueprint.post("/partner-changes/<int:transfer_id>/decline")
@needs("orders.submit")
def decline(transfer_id: int) -> Response:
    form = ReasonForm()
    if not form.validate():
        return wrongly_filled(taking_over.offer_to(g.who, transfer_id), reason=form)
    try:
        taking_over.decline(g.who, transfer_id, form.version.data or 0, form.reason.data or "", portal())
    except (ChangedMeanwhile, taking_over.AnsweredAlready) as refusal:
        refuse(form, "", refusal.sentence)
        return offered(taking_over.offer_to(g.who, transfer_id), reason=form, status=409, said=refusal.sentence)
    mailroom_jobs.nudge()
    return gone_to(url_for("transfers.index"), "Declined. The releasing MSP is told.")


# --- the provider -------------------------------------------------------------------------------------


@blueprint.post("/partner-changes/<int:transfer_id>/confirm")
@needs("transfers.confirm")
def confirm(transfer_id: int) -> Response:
    form = ConfirmForm()
    form.validate()
    return deed(
        transfer_id,
        lambda version: confirming.confirm(g.who, transfer_id, version, portal()),
        "Confirmed. The customer moves on the day, by itself.",
        form,
    )


@blueprint.post("/partner-changes/<int:transfer_id>/stop")
@needs("transfers.confirm")
def stop(transfer_id: int) -> Response:
    """The provider calls it off."""
    form = ReasonForm()
    if not form.validate():
        return offered(taking_over.offer_to(g.who, transfer_id), reason=form, status=422)
    reason = form.reason.data or ""
    return deed(
        transfer_id,
        lambda version: rules.stop(g.who, transfer_id, version, reason, portal()),
        "Called off. Both MSPs are told.",
        form,
    )


def deed(transfer_id: int, do: Any, said: str, form: Any) -> Response:
    """What an operator does with a partner change as they saw it."""
    try:
        do(form.version.data or 0)
    except (
        ChangedMeanwhile,
        rules.Over,
        confirming.NotAccepted,
        confirming.ConfirmedAlready,
        confirming.TooLate,
    ) as refusal:
        reason = form if isinstance(form, ReasonForm) else ReasonForm(formdata=None)
        refuse(reason, "", refusal.sentence)
        return offered(taking_over.offer_to(g.who, transfer_id), reason=reason, status=409, said=refusal.sentence)
    jobs.nudge()
    mailroom_jobs.nudge()
    return gone_to(url_for("transfers.offer", transfer_id=transfer_id), said)


# --- an MSP elsewhere ---------------------------------------------------------------------------------

BY_LINK = "an MSP that is not on this portal has no account; the link of its letter decides"


@blueprint.get("/partner-change/<token>")
@open_to_all(BY_LINK)
def link(token: str) -> Response:
    return linked(token, taking_over.offer_by_link(token))


def linked(
    token: str,
    found: taking_over.Offer,
    form: AcceptForm | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
) -> Response:
    return page(LINK, ["answering"], status, token_of_link=token, **drawn(found, form, reason))


@blueprint.post("/partner-change/<token>/accept")
@open_to_all(BY_LINK)
def accept_by_link(token: str) -> Response:
    form = AcceptForm()
    form.validate()
    given = {"authorised": bool(form.authorised.data), "from_address": request.remote_addr or "", "portal": portal()}
    try:
        taking_over.accept_by_link(token, form.version.data or 0, **given)
    except (ChangedMeanwhile, taking_over.AnsweredAlready) as refusal:
        return refused_by_link(token, form, refusal, 409)
    except (taking_over.CannotTakeOver, NotOrderable) as refusal:
        return refused_by_link(token, form, refusal, 422)
    mailroom_jobs.nudge()
    return gone_to(url_for("transfers.link", token=token), "Accepted. The provider confirms it next.")


def refused_by_link(token: str, form: AcceptForm, refusal: Refused, status: int) -> Response:
    refuse(form, refusal.field, refusal.sentence)
    return linked(token, taking_over.offer_by_link(token), form, status=status)


@blueprint.post("/partner-change/<token>/decline")
@open_to_all(BY_LINK)
def decline_by_link(token: str) -> Response:
    """After it the link opens nothing any more, so the answer itself says so."""
    form = ReasonForm()
    if not form.validate():
        found = taking_over.offer_by_link(token)
        if found.to_answer:
            return linked(token, found, reason=form, status=422)
        return linked(token, found, reason=answered(found, form), status=409)
    try:
        declined = taking_over.decline_by_link(token, form.version.data or 0, form.reason.data or "", portal())
    except (ChangedMeanwhile, taking_over.AnsweredAlready) as refusal:
        refuse(form, "", refusal.sentence)
        return linked(token, taking_over.offer_by_link(token), reason=form, status=409)
    mailroom_jobs.nudge()
    return page("transfers/declined.html", ["answering"], transfer=declined)
