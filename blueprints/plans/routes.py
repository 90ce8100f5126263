"""The whole plan of a customer: its page, making it, its cutover, steps of its own, signing off, opening it again.

step_routes.py has its steps, stuck_routes.py the list of what is stuck.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request

from blueprints.customers.rules import find_customer
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.plans import arranging, making, signing
from blueprints.plans.arranging import OwnStep
from blueprints.plans.deeds import on_their_clock
from blueprints.plans.forms import ActForm, CutoverForm, OwnStepForm, ReasonForm
from blueprints.plans.pages import base_of, plan_facts, steps_before, typed_on_their_clock
from blueprints.plans.rules import view_of
from blueprints.plans.step_routes import PLAN, blueprint, found, nothing_new, portal, sentence_of
from blueprints.plans.views import PlanView
from blueprints.plans.working import TooEarly
from blueprints.web.access import needs
from blueprints.web.fields import status_of
from blueprints.web.page import gone_to, making_old, page
from blueprints.web.refusals import Refused


@blueprint.get("")
@needs("customers.see")
def show(customer_id: int) -> Response:
    """The whole plan; an open page asks again with the stamp of what it has `seen`."""
    customer = find_customer(g.who, customer_id)
    facts = plan_facts(customer, view_of(g.who, customer))
    return nothing_new(facts["stamp"]) or page(PLAN, ["plan"], **facts)


@blueprint.get("/news")
@needs("customers.see")
def news(customer_id: int) -> Response:
    """Whether the panel on the customer’s page, drawn from what it has `seen`, is old: then it is told to look."""
    from blueprints.plans.panel import stamp_now  # noqa: PLC0415 - the panel is the page of the customer’s

    stamp = stamp_now(find_customer(g.who, customer_id))
    answer = current_app.response_class(status=204)
    return answer if request.args.get("seen") == stamp else making_old(answer, "plan", "recent")


def pressed(
    form: ActForm, customer: Any, do: Callable[[], object], said: str, draw: Callable[..., Response]
) -> Response:
    """Do what a form is for and go back to the plan; or draw the form again, with what was typed and why it is not
    done.
    """
    if not form.validate():
        return draw(form, 422)
    try:
        do()
    except Refused as refusal:
        status = status_of(form, refusal)
        if status == 409:  # it is told of: the next press is about what there is now
            form.version.data = found(customer.id)[1].version
        return draw(form, status)
    mailroom_jobs.nudge()
    return gone_to(f"{base_of(customer)}/plan", said)


def asked(template: str, part: str, customer: Any, view: PlanView, form: ActForm, status: int, **more: Any) -> Response:
    """A page with one form about the plan."""
    facts = {"customer": customer, "view": view, "form": form, "here": f"{base_of(customer)}/plan"}
    return page(template, [part], status, **facts, **more)


# --- making -------------------------------------------------------------------------------------------


@blueprint.post("/make")
@needs("customers.edit")
def make(customer_id: int) -> Response:
    """Where another application asked the questions, or they were answered before the portal made plans."""
    customer = find_customer(g.who, customer_id, "customers.edit")
    try:
        making.make_now(g.who, customer_id)
    except (making.NotReady, making.MadeAlready) as refusal:
        return page(PLAN, ["plan"], 422, **plan_facts(customer, view_of(g.who, customer), refused=refusal.sentence))
    return gone_to(f"{base_of(customer)}/plan", "The plan is made.")


# --- the cutover --------------------------------------------------------------------------------------


@blueprint.get("/cutover")
@needs("customers.edit")
def cutover(customer_id: int) -> Response:
    customer, view = found(customer_id, "customers.edit")
    kept = typed_on_their_clock(view.cutover_at, g.who)
    return asked_cutover(customer, view, CutoverForm("cutover", formdata=None, version=view.version, cutover_at=kept))


@blueprint.post("/cutover")
@needs("customers.edit")
def set_cutover(customer_id: int) -> Response:
    customer, view = found(customer_id, "customers.edit")
    form = CutoverForm("cutover")

    def do() -> None:
        at = on_their_clock(form.cutover_at.data, g.who)
        try:
            arranging.set_cutover(g.who, customer_id, form.version.data, at, form.reason.data or "")
        except TooEarly:
            form.asks_why = True
            raise

    return pressed(
        form, customer, do, "The date of the cutover is kept.", lambda *drawn: asked_cutover(customer, view, *drawn)
    )


def asked_cutover(customer: Any, view: PlanView, form: CutoverForm, status: int = 200) -> Response:
    return asked("plans/cutover.html", "asked", customer, view, form, status)


# --- a step of its own --------------------------------------------------------------------------------


@blueprint.get("/add")
@needs("customers.edit")
def adding(customer_id: int) -> Response:
    customer, view = found(customer_id, "customers.edit")
    return asked_step(
        customer,
        view,
        own_step_form(view, formdata=None, version=view.version, phase=view.phases[-1].id if view.phases else ""),
    )


@blueprint.post("/add")
@needs("customers.edit")
def add(customer_id: int) -> Response:
    customer, view = found(customer_id, "customers.edit")
    form = own_step_form(view)

    def do() -> None:
        own = OwnStep(
            form.title.data,
            form.owner.data,
            form.phase.data,
            form.help.data or "",
            form.optional.data,
            tuple(form.after.data or ()),
            form.due_on.data,
        )
        arranging.add_step(g.who, customer_id, form.version.data, own)

    return pressed(
        form, customer, do, f"“{form.title.data}” is added.", lambda *drawn: asked_step(customer, view, *drawn)
    )


def own_step_form(view: PlanView, **given: Any) -> OwnStepForm:
    form = OwnStepForm("step", **given)
    form.offer(((phase.id, phase.title) for phase in view.phases), steps_before(view))
    return form


def asked_step(customer: Any, view: PlanView, form: OwnStepForm, status: int = 200) -> Response:
    return asked("plans/add.html", "asked", customer, view, form, status)


# --- the end ------------------------------------------------------------------------------------------

SIGNING = {
    "titled": "Sign off for the customer:",
    "pressed": "Sign off for the customer",
    "explained": "The customer signs off on their own page. Do it for them when they told you so in another way.",
    "hint": "How they told you. It is kept in the history.",
}
REOPENING = {
    "titled": "Open the plan again:",
    "pressed": "Open it again",
    "explained": "The customer is in progress again until both sides have signed off anew. Passwords that were erased "
    "stay erased.",
    "hint": "Why it has to be opened again. It is kept in the history.",
}


@blueprint.post("/sign-off")
@needs("customers.edit")
def sign_off(customer_id: int) -> Response:
    """For the MSP."""
    customer, _ = found(customer_id, "customers.edit")
    form = ActForm("sign")

    def do() -> None:
        signing.sign_off(g.who, customer_id, form.version.data, "partner", portal=portal())

    def again(form: ActForm, status: int) -> Response:
        facts = plan_facts(customer, view_of(g.who, customer), refused=sentence_of(form))
        return page(PLAN, ["plan"], status, **facts)

    return pressed(form, customer, do, "Signed off for the MSP.", again)


@blueprint.get("/sign-off/customer")
@needs("customers.edit")
def signing_for_customer(customer_id: int) -> Response:
    customer, view = found(customer_id, "customers.edit")
    form = ReasonForm("sign", formdata=None, version=view.version)
    return asked("plans/reason.html", "asked", customer, view, form, 200, action="sign-off/customer", **SIGNING)


@blueprint.post("/sign-off/customer")
@needs("customers.edit")
def sign_for_customer(customer_id: int) -> Response:
    customer, view = found(customer_id, "customers.edit")
    form = ReasonForm("sign")

    def do() -> None:
        reason = form.reason.data
        signing.sign_off(g.who, customer_id, form.version.data, "customer", reason, portal=portal())

    def again(form: ActForm, status: int) -> Response:
        return asked("plans/reason.html", "asked", customer, view, form, status, action="sign-off/customer", **SIGNING)

    return pressed(form, customer, do, "Signed off for the customer.", again)


@blueprint.get("/reopen")
@needs("rfi.restart")
def reopening(customer_id: int) -> Response:
    customer, view = found(customer_id)
    form = ReasonForm("reopen", formdata=None, version=view.version)
    return asked("plans/reason.html", "asked", customer, view, form, 200, action="reopen", **REOPENING)


@blueprint.post("/reopen")
@needs("rfi.restart")
def reopen(customer_id: int) -> Response:
    customer, view = found(customer_id)
    form = ReasonForm("reopen")

    def again(form: ActForm, status: int) -> Response:
        return asked("plans/reason.html", "asked", customer, view, form, status, action="reopen", **REOPENING)

    return pressed(
        form,
        customer,
        lambda: signing.reopen(g.who, customer_id, form.reason.data),
        "The plan is open again.",
        again,
    )
