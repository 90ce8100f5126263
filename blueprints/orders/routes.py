"""From *Provision* to the submitted order."""

from flask import Blueprint, Response, current_app, g, request, url_for

from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.orders import rules, submission
from blueprints.orders.forms import OrderDetailsForm, ProvisionForm, filled_in
from blueprints.web.access import needs
from blueprints.web.fields import refuse, status_of
from blueprints.web.page import gone_to, page, saved
from blueprints.web.refusals import ChangedMeanwhile

blueprint = Blueprint("orders", __name__)


@blueprint.errorhandler(rules.ChangeInstead)
def change_instead(refusal: rules.ChangeInstead) -> Response:
    return gone_to(url_for("changes.review", order_id=refusal.order.id))


@blueprint.get("/prospects/<int:customer_id>/order")
@needs("orders.edit")
def provision(customer_id: int) -> Response:
    try:
        choice = rules.choice_for(g.who, customer_id)
    except rules.NotOrderable as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    form = ProvisionForm(formdata=None, data=filled_in(choice))
    form.offer(choice.offers)
    return page("orders/provision.html", ["totals"], form=form, choice=choice, problem="")


@blueprint.post("/prospects/<int:customer_id>/order")
@needs("orders.edit")
def save_choice(customer_id: int) -> Response:
    """Keep the choice; `do` says where to go on: review, exit, or (as people type) nowhere."""
    try:
        choice = rules.choice_for(g.who, customer_id)
    except rules.NotOrderable as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    form = ProvisionForm()
    form.offer(choice.offers)
    if not form.validate():
        said = "Not saved: " + " ".join(sentence for wrong in form.errors.values() for sentence in wrong)
        return page("orders/provision.html", ["totals"], 422, form=form, choice=choice, problem=said, said=said)
    try:
        choice = rules.save_draft(g.who, customer_id, form.products.data, form.permitted_users.data, form.version.data)
    except ChangedMeanwhile as refusal:
        refuse(form, "", refusal.sentence)
        return page("orders/provision.html", ["totals"], 409, form=form, choice=choice, problem=refusal.sentence)
    return after_saving(choice, form)


def after_saving(choice: rules.Choice, form: ProvisionForm) -> Response:
    customer_id = choice.customer.id
    goal = request.form.get("do", "")
    if goal == "exit":
        return gone_to(url_for("prospects.show", customer_id=customer_id), "Order saved, not submitted.")
    if goal == "review" and not choice.problem:
        return gone_to(url_for("orders.review", order_id=choice.order.id))
    form = ProvisionForm(formdata=None, data=filled_in(choice))
    form.offer(choice.offers)
    if goal == "review":
        refuse(form, "products", choice.problem)
        return page("orders/provision.html", ["totals"], 422, form=form, choice=choice, problem=choice.problem)
    here = url_for("orders.provision", customer_id=customer_id)
    said = choice.problem or "Totals are up to date; the order is saved."
    return saved(here, "orders/provision.html", ["totals"], said, form=form, choice=choice, problem="")


@blueprint.get("/orders/<int:order_id>/review")
@needs("orders.edit")
def review(order_id: int) -> Response:
    try:
        choice, lead = rules.review_of(g.who, order_id)
    except rules.AlreadySubmitted as refusal:
        return already(refusal)
    form = OrderDetailsForm(
        formdata=None,
        data={
            "order_number": choice.order.order_number,
            "not_required": choice.order.order_number_not_required,
        },
    )
    return reviewed(form, choice, lead)


@blueprint.post("/orders/<int:order_id>/review")
@needs("orders.edit")
def save_and_exit(order_id: int) -> Response:
    """*Save prospect and exit*: the order waits as a draft, the prospect stays a prospect."""
    form = OrderDetailsForm()
    try:
        if not form.order_number.validate(form):
            return reviewed(form, *rules.review_of(g.who, order_id), status=422)
        order = submission.note_order_number(g.who, order_id, form.order_number.data, form.not_required.data)
    except rules.AlreadySubmitted as refusal:
        return already(refusal)
    return gone_to(url_for("prospects.show", customer_id=order.customer_id), "Order saved, not submitted.")


@blueprint.post("/orders/<int:order_id>/submit")
@needs("orders.submit")
def submit(order_id: int) -> Response:
    form = OrderDetailsForm()
    try:
        if not form.validate():
            return reviewed(form, *rules.review_of(g.who, order_id), status=422)
        order = submission.submit_order(g.who, order_id, agreement_in(form), current_app.config["SETTINGS"].address)
    except rules.AlreadySubmitted as refusal:
        return already(refusal)
    except (ChangedMeanwhile, rules.NotOrderable) as refusal:
        return reviewed(form, *rules.review_of(g.who, order_id), status=status_of(form, refusal))
    mailroom_jobs.nudge()
    return gone_to(url_for("orders.show", order_id=order.id), f"Order {order.addendum_number} submitted.")


@blueprint.get("/orders/<int:order_id>/submit")
@needs("orders.edit")
def submit_again(order_id: int) -> Response:
    """Someone reloaded or kept the address of the submit button."""
    return gone_to(url_for("orders.review", order_id=order_id))


@blueprint.post("/orders/<int:order_id>/drop")
@needs("orders.edit")
def drop(order_id: int) -> Response:
    try:
        customer = rules.drop_draft(g.who, order_id)
    except rules.AlreadySubmitted as refusal:
        return already(refusal)
    back = "prospects.show" if customer.status == "prospect" else "customer_details.show"
    return gone_to(url_for(back, customer_id=customer.id), "Draft order thrown away.")


@blueprint.get("/orders/<int:order_id>")
@needs("orders.see")
def show(order_id: int) -> Response:
    from blueprints.orders.change_views import submitted_change  # noqa: PLC0415 - only change orders need it

    try:
        submitted = submission.submitted_order(g.who, order_id)
    except rules.NotOrderable:
        return gone_to(url_for("orders.review", order_id=order_id))
    facts = {"submitted": submitted, "post": submission.letters_of(order_id)}
    if submitted.order.kind == "change":
        return page("orders/change_show.html", ["post"], change=submitted_change(g.who, submitted), **facts)
    return page("orders/show.html", ["post"], **facts)


def agreement_in(form: OrderDetailsForm) -> submission.Agreement:
    return submission.Agreement(
        order_number=form.order_number.data,
        not_required=form.not_required.data,
        governed=form.governed.data,
        authorised=form.authorised.data,
        seen=form.seen.data or "",
        from_address=request.remote_addr or "",
    )


def reviewed(form: OrderDetailsForm, choice: rules.Choice, lead: object, status: int = 200) -> Response:
    """The review page, with the money as it is now; what the person agrees to is what stands there."""
    form.seen.data = submission.fingerprint(choice)
    form.governed.label.text, form.authorised.label.text = submission.confirmations(choice.partner)
    return page("orders/review.html", ["agreement"], status, form=form, choice=choice, lead=lead)


def already(refusal: rules.AlreadySubmitted) -> Response:
    return gone_to(url_for("orders.show", order_id=refusal.order.id), refusal.sentence)
