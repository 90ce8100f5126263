"""*Check now* for a step, and what the records should be: for one customer, and for all of an MSP."""

from typing import Any

from flask import Blueprint, Response, g, url_for

from blueprints.customers.rules import may_on
from blueprints.partners.routes import tabs
from blueprints.partners.rules import find_partner, may_edit
from blueprints.plans import jobs
from blueprints.plans.checking import ask
from blueprints.plans.expected_changing import expect_for_partner, expect_for_plan
from blueprints.plans.expected_forms import ExpectedForm
from blueprints.plans.expected_values import KEYS, typed_of
from blueprints.plans.pages import base_of
from blueprints.plans.step_routes import STEP, after, found, found_step, step_page
from blueprints.plans.views import PlanView
from blueprints.web.access import needs
from blueprints.web.fields import status_of
from blueprints.web.page import gone_to, page
from blueprints.web.refusals import MayNot, NotThere, Refused

blueprint = Blueprint("checks", __name__)
OF_CUSTOMER, OF_PARTNER = "plans/expected.html", "plans/expected_of_partner.html"


@blueprint.record_once
def links_begin_where_the_settings_say(state: Any) -> None:
    jobs.links_begin_with(state.app.config["SETTINGS"].address)


# --- checking -----------------------------------------------------------------------------------------


@blueprint.post("/customers/<int:customer_id>/plan/<int:step_id>/check")
@needs("customers.edit")
def check(customer_id: int, step_id: int) -> Response:
    """Ask for the check of a step; its answer comes to the open page by itself."""
    customer, view, shown = found_step(customer_id, step_id, "customers.edit")
    try:
        ask(g.who, customer_id, step_id)
    except (NotThere, MayNot):
        raise
    except Refused as refusal:
        facts = step_page(customer, view, shown) | {"unchecked": refusal.sentence}
        return page(STEP, ["step"], 409 if shown.checking else 422, said=refusal.sentence, **facts)
    jobs.nudge()
    return after(customer, step_id, f"“{shown.title}” is being checked.")


# --- what records should be ---------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/plan/expected")
@needs("customers.see")
def expected(customer_id: int) -> Response:
    customer, view = found(customer_id)
    return page(OF_CUSTOMER, ["expected"], **facts_of_plan(customer, view, None))


@blueprint.post("/customers/<int:customer_id>/plan/expected")
@needs("customers.edit")
def save_expected(customer_id: int) -> Response:
    customer, view = found(customer_id, "customers.edit")
    form = ExpectedForm()
    if not form.validate():
        return page(OF_CUSTOMER, ["expected"], 422, **facts_of_plan(customer, view, form))
    try:
        _, changes = expect_for_plan(g.who, customer_id, form.typed(), form.version.data)
    except Refused as refusal:
        status = status_of(form, refusal)
        customer, view = found(customer_id)
        if status == 409:
            form.version.data = view.version
        return page(OF_CUSTOMER, ["expected"], status, **facts_of_plan(customer, view, form))
    return gone_to(f"{base_of(customer)}/plan", f"Saved: {changes}." if changes else "Nothing was changed.")


@blueprint.get("/partner/<int:partner_id>/expected")
@needs("partner.see")
def expected_of_partner(partner_id: int) -> Response:
    return page(OF_PARTNER, ["expected"], **facts_of_partner(find_partner(g.who, partner_id), None))


@blueprint.post("/partner/<int:partner_id>/expected")
@needs("partner.edit")
def save_expected_of_partner(partner_id: int) -> Response:
    partner = find_partner(g.who, partner_id, "partner.edit")
    form = ExpectedForm()
    if not form.validate():
        return page(OF_PARTNER, ["expected"], 422, **facts_of_partner(partner, form))
    try:
        partner, changes = expect_for_partner(g.who, partner_id, form.typed(), form.version.data)
    except Refused as refusal:
        status = status_of(form, refusal)
        partner = find_partner(g.who, partner_id)
        if status == 409:
            form.version.data = partner.version
        return page(OF_PARTNER, ["expected"], status, **facts_of_partner(partner, form))
    said = f"Saved: {changes}." if changes else "Nothing was changed."
    return gone_to(url_for("checks.expected_of_partner", partner_id=partner_id), said)


def facts_of_plan(customer: Any, view: PlanView, form: ExpectedForm | None) -> dict[str, Any]:
    """`form`: as it was typed and refused."""
    from blueprints.plans.expecting import values_of  # noqa: PLC0415 - the page of what is expected alone

    of_plan, of_partner = values_of(g.who, customer.id)
    return {
        "customer": customer,
        "here": f"{base_of(customer)}/plan",
        "form": form or ExpectedForm(formdata=None).fill(of_plan, view.version),
        "otherwise": {name: typed_of(of_partner.get(name)) for name in KEYS},
        "may_edit": view.state in ("open", "done") and may_on(g.who, customer, "customers.edit"),
    }


def facts_of_partner(partner: Any, form: ExpectedForm | None) -> dict[str, Any]:
    return {
        "partner": partner,
        "form": form or ExpectedForm(formdata=None).fill(partner.expected, partner.version),
        "may_edit": may_edit(g.who, partner),
        "tabs": tabs(partner.id, "checks.expected_of_partner"),
    }
