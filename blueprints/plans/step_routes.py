"""One step of a plan, with all that can be done there."""

from typing import Any

from flask import Blueprint, Response, current_app, g, request

from blueprints.customers.rules import find_customer
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.plans.deeds import DEEDS, OPENED, Press, forms_for
from blueprints.plans.pages import base_of, people_for, plan_facts, step_facts
from blueprints.plans.rules import view_of, view_with
from blueprints.plans.stuck_routes import stuck_facts
from blueprints.plans.views import PlanView, StepView
from blueprints.web.access import needs
from blueprints.web.fields import status_of
from blueprints.web.page import making_old, page, saved, wants_parts
from blueprints.web.refusals import NotThere, Refused

blueprint = Blueprint("plans", __name__, url_prefix="/customers/<int:customer_id>/plan")
ACTS = ", ".join(f'"{name}"' for name in DEEDS)
PLAN, STEP, STUCK = "plans/show.html", "plans/step.html", "plans/stuck.html"


def portal() -> str:
    """The address of the installation, for links in letters."""
    return current_app.config["SETTINGS"].address


def found(customer_id: int, permission: str = "customers.see") -> tuple[Any, PlanView]:
    """The customer and their plan. Raises NotThere, MayNot."""
    customer = find_customer(g.who, customer_id, permission)
    view = view_of(g.who, customer)
    if view is None:
        raise NotThere
    return customer, view


def found_step(customer_id: int, step_id: int, permission: str = "customers.see") -> tuple[Any, PlanView, StepView]:
    """The customer, the plan that has the step, an earlier one too, and the step. Raises NotThere, MayNot."""
    customer = find_customer(g.who, customer_id, permission)
    view = view_with(g.who, customer, step_id)
    return customer, view, view.step(step_id)


def nothing_new(stamp: str) -> Response | None:
    """The answer to an open page that looks again and has seen all there is."""
    unchanged = wants_parts() and request.args.get("seen") == stamp
    return current_app.response_class(status=204) if unchanged else None


# --- the page -------------------------------------------------------------------------------------------


@blueprint.get("/<int:step_id>")
@needs("customers.see")
def step(customer_id: int, step_id: int) -> Response:
    customer, view, shown = found_step(customer_id, step_id)
    facts = step_page(customer, view, shown)
    return nothing_new(facts["stamp"]) or page(STEP, ["step"], **facts)


def step_page(customer: Any, view: PlanView, shown: StepView, tried: str = "", typed: Any = None) -> dict[str, Any]:
    """What one step is drawn from. `typed`: the form of the act that was `tried` and refused."""
    people = people_for(g.who, customer) if "assign" in shown.acts else ()
    forms = forms_for(shown, people, tried, typed)
    opened = [(name, DEEDS[name], forms[name]) for name in OPENED if name in forms]
    return step_facts(g.who, customer, view, shown) | {"forms": forms, "opened": opened, "tried": tried}


# --- acts ---------------------------------------------------------------------------------------------


@blueprint.post(f"/<int:step_id>/<any({ACTS}):act>")
@needs("customers.edit")
def do(customer_id: int, step_id: int, act: str) -> Response:
    """Do something with a step, from its own page, the plan’s, or the list of what is stuck (`back`)."""
    customer, view, shown = found_step(customer_id, step_id, "customers.edit")
    deed = DEEDS[act]
    form = deed.form(act)
    if hasattr(form, "offer"):
        form.offer(people_for(g.who, customer))
    if not form.validate():
        return refused(customer, view, shown, act, form, 422)
    try:
        came = deed.do(Press(g.who, customer_id, step_id, form, portal()))
    except Refused as refusal:
        status = status_of(form, refusal)
        customer, view, shown = found_step(customer_id, step_id)
        if status == 409:
            form.version.data = shown.version
        return refused(customer, view, shown, act, form, status)
    if act == "remind":
        mailroom_jobs.nudge()
    return after(customer, step_id, deed.said.format(title=shown.title, found=came))


def refused(customer: Any, view: PlanView, shown: StepView, act: str, form: Any, status: int) -> Response:
    """The page again, with what was typed and why it did not work."""
    if request.form.get("back") == "stuck":
        return page(STUCK, ["found"], status, **stuck_facts() | {"refused": sentence_of(form)})
    if request.form.get("back") == "plan":
        return page(PLAN, ["plan"], status, **plan_facts(customer, view_of(g.who, customer), refused=sentence_of(form)))
    return page(STEP, ["step"], status, **step_page(customer, view, shown, act, form))


def sentence_of(form: Any) -> str:
    """What is wrong with a form, in one line."""
    return " ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences)


def after(customer: Any, step_id: int, said: str) -> Response:
    """Where the press came from, as it is now."""
    here = f"{base_of(customer)}/plan"
    if request.form.get("back") == "stuck":
        facts = stuck_facts()
        return saved(facts["here"], STUCK, ["found"], said, **facts)
    if request.form.get("back") == "plan":
        answer = saved(here, PLAN, ["plan"], said, **plan_facts(*found(customer.id)))
    else:
        answer = saved(f"{here}/{step_id}", STEP, ["step"], said, **step_page(*found_step(customer.id, step_id)))
    return making_old(answer, "plan", "recent")
