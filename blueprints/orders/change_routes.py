"""From *Upgrade options* to the submitted change order, and its withdrawal."""

from flask import Blueprint, Response, current_app, g, request, url_for
from flask.blueprints import BlueprintSetupState

from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.orders import change_drafts, change_rules, jobs
from blueprints.orders.change_forms import ChangeForm, filled_in
from blueprints.orders.forms import OrderDetailsForm
from blueprints.orders.rules import AlreadySubmitted, NotOrderable
from blueprints.orders.submission import Agreement, confirmations
from blueprints.web.access import needs
from blueprints.web.fields import refuse, status_of
from blueprints.web.page import gone_to, page
from blueprints.web.refusals import ChangedMeanwhile

blueprint = Blueprint("changes", __name__)


@blueprint.record_once
def prepare(state: BlueprintSetupState) -> None:
    """Tells the worker what links begin with; its periodic job is known from here on."""
    jobs.links_begin_with(state.app.config["SETTINGS"].address)


@blueprint.errorhandler(change_rules.NotNow)
def not_now(refusal: change_rules.NotNow) -> Response:
    return gone_to(url_for("customer_details.show", customer_id=refusal.customer.id), refusal.sentence)


@blueprint.errorhandler(AlreadySubmitted)
def already(refusal: AlreadySubmitted) -> Response:
    return gone_to(url_for("orders.show", order_id=refusal.order.id), refusal.sentence)


@blueprint.get("/customers/<int:customer_id>/upgrade")
@needs("orders.edit")
def choose(customer_id: int) -> Response:
    change = change_rules.change_for(g.who, customer_id)
    form = ChangeForm(formdata=None, data=filled_in(change))
    form.offer(change)
    return chosen(form, change)


@blueprint.post("/customers/<int:customer_id>/upgrade")
@needs("orders.edit")
def save(customer_id: int) -> Response:
    """Keep the change and go on as `do` says: review, or exit. With totals nothing is kept, only reckoned."""
    change = change_rules.change_for(g.who, customer_id)
    form = ChangeForm()
    form.offer(change)
    if not form.validate():
        said = " ".join(sentence for wrong in form.errors.values() for sentence in wrong)
        return chosen(form, change, 422, said)
    goal = request.form.get("do", "totals")
    if goal not in ("review", "exit"):
        return chosen(form, change_rules.asked_instead(change, form.asked()), said="Totals are up to date.")
    try:
        change = change_drafts.save_change(g.who, customer_id, form.asked(), form.version.data)
    except ChangedMeanwhile as refusal:
        return overtaken(form, customer_id, refusal)
    except NotOrderable as refusal:
        refuse(form, refusal.field, refusal.sentence)
        return chosen(form, change_rules.asked_instead(change, form.asked()), 422, refusal.sentence)
    if goal == "exit":
        return gone_to(url_for("customer_details.show", customer_id=customer_id), "Change saved, not submitted.")
    return gone_to(url_for("changes.review", order_id=change.draft.id))


def overtaken(form: ChangeForm, customer_id: int, refusal: ChangedMeanwhile) -> Response:
    """What was typed stays; pressing again decides for it."""
    newest = change_rules.change_for(g.who, customer_id)
    form.version.data = newest.draft.version if newest.draft else 0
    sentence = f"{refusal.sentence} Saved meanwhile: {newest.told}."
    refuse(form, "", sentence)
    return chosen(form, change_rules.asked_instead(newest, form.asked()), 409, sentence)


def chosen(form: ChangeForm, change: change_rules.Change, status: int = 200, said: str = "") -> Response:
    from blueprints.orders.change_views import view_of  # noqa: PLC0415 - drawn on a few pages only

    facts = {"form": form, "change": change, "view": view_of(change), "problem": said if status != 200 else ""}
    return page("orders/change.html", ["totals"], status, said=said, **facts)


# --- the review ---------------------------------------------------------------------------------------


@blueprint.get("/orders/<int:order_id>/change")
@needs("orders.edit")
def review(order_id: int) -> Response:
    change = change_drafts.reviewed_change(g.who, order_id)
    draft = change.draft
    typed = {"order_number": draft.order_number, "not_required": draft.order_number_not_required}
    return reviewed(OrderDetailsForm(formdata=None, data=typed), change)


@blueprint.post("/orders/<int:order_id>/change")
@needs("orders.edit")
def save_and_exit(order_id: int) -> Response:
    """The change waits as a draft; nothing of the customer changes."""
    form = OrderDetailsForm()
    if not form.order_number.validate(form):
        return reviewed(form, change_drafts.reviewed_change(g.who, order_id), 422)
    number, none_needed = form.order_number.data, form.not_required.data
    order = change_drafts.note_order_number(g.who, order_id, number, not_required=none_needed)
    return gone_to(url_for("customer_details.show", customer_id=order.customer_id), "Change saved, not submitted.")


@blueprint.post("/orders/<int:order_id>/change/submit")
@needs("orders.submit")
def submit(order_id: int) -> Response:
    from blueprints.orders import change_submission  # noqa: PLC0415 - only the last press of a change needs it

    form = OrderDetailsForm()
    try:
        if not form.validate():
            return reviewed(form, change_drafts.reviewed_change(g.who, order_id), 422)
        order = change_submission.submit_change(
            g.who, order_id, agreement_in(form), current_app.config["SETTINGS"].address
        )
    except change_rules.NotNow:
        raise
    except (ChangedMeanwhile, NotOrderable) as refusal:
        return reviewed(form, change_drafts.reviewed_change(g.who, order_id), status_of(form, refusal))
    mailroom_jobs.nudge()
    return gone_to(url_for("orders.show", order_id=order.id), f"Change order {order.addendum_number} submitted.")


@blueprint.get("/orders/<int:order_id>/change/submit")
@needs("orders.edit")
def submit_again(order_id: int) -> Response:
    """Someone reloaded or kept the address of the submit button."""
    return gone_to(url_for("changes.review", order_id=order_id))


@blueprint.post("/orders/<int:order_id>/withdraw")
@needs("orders.submit")
def withdraw(order_id: int) -> Response:
    from blueprints.orders import change_waiting  # noqa: PLC0415 - a rare press

    try:
        order = change_waiting.withdraw(g.who, order_id, current_app.config["SETTINGS"].address)
    except (change_waiting.WithdrawnAlready, change_waiting.TooLate) as refusal:
        return gone_to(url_for("orders.show", order_id=order_id), refusal.sentence)
    mailroom_jobs.nudge()
    return gone_to(url_for("orders.show", order_id=order.id), f"Change order {order.addendum_number} withdrawn.")


def agreement_in(form: OrderDetailsForm) -> Agreement:
    return Agreement(
        order_number=form.order_number.data,
        not_required=form.not_required.data,
        governed=form.governed.data,
        authorised=form.authorised.data,
        seen=form.seen.data or "",
        from_address=request.remote_addr or "",
    )


def reviewed(form: OrderDetailsForm, change: change_rules.Change, status: int = 200) -> Response:
    """The review page, with the money as it is now; what the person agrees to is what stands there."""
    from blueprints.orders.change_views import view_of  # noqa: PLC0415 - as above

    form.seen.data = change_rules.fingerprint(change)
    form.governed.label.text, form.authorised.label.text = confirmations(change.partner, "change order")
    return page("orders/change_review.html", ["agreement"], status, form=form, change=change, view=view_of(change))
