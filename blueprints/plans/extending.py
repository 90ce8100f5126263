"""Steps for services that a change order bought: in the plan that is open, or in a plan of its own.

The customer stays complete meanwhile: what was bought before goes on running. Steps that the services bought before
called for count as done, so a plan has those of the new services only, and the signatures. Where the services call for
answers that nobody gave yet, the steps are made when these are handed in, by `making.make_plan`.
"""

from dataclasses import replace
from typing import Any

from blueprints.plans.checking import expected_of_customer
from blueprints.plans.making import begin, make_plan, open_plan, services_of, steps_of, tell
from data.customers import Customer
from data.moments import now
from data.orders import Order
from data.plan_choosing import Needs, chosen, selected
from data.plan_definitions import current_templates
from data.plans import Plan
from data.rfi import HandedIn, Rfi


def plan_new_services(who: Any, customer: Customer, order: Order, *, answers_come: bool = False) -> Plan | None:
    """Plan what the change order added to the order it changes; None when nothing new calls for a step.

    `answers_come`: the customer is asked first, so the plan is only opened, or stays as it is. Call inside the
    transaction. `who` has .id and .name.
    """
    before, after = services_of(order.changes_id), services_of(order.id)
    if after <= before:
        return None
    plan = open_plan(Plan.customer == customer)
    if plan is None:
        return open_another(who, customer, order, needs_of_customer(customer, after), before, answers_come)
    if answers_come or plan.template_id is None:
        return plan
    return make_plan(who, customer, plan.order_id, needs_of_customer(customer, after))


def open_another(
    who: Any, customer: Customer, order: Order, needs: Needs, before: frozenset[str], answers_come: bool
) -> Plan | None:
    new, done = replace(needs, services=needs.services - before), steps_of(replace(needs, services=before))
    steps = chosen(selected(current_templates(), new), new, done)
    if all(each.step.does == "sign_off" for each in steps):
        return None
    expected = expected_of_customer(customer.id)  # records are to be as before, until somebody says otherwise
    plan: Plan = Plan.create(customer=customer, order=order, opened_at=now(), expected=expected)
    tell(who, customer, "plan.opened")
    if not answers_come:
        begin(who, customer, plan, new, done)
    return plan


def needs_of_customer(customer: Customer, services: frozenset[str]) -> Needs:
    """As the newest version that was handed in says; without one, as the records do."""
    newest = HandedIn.select().join(Rfi).where(Rfi.customer == customer).order_by(HandedIn.id.desc())
    kept = newest.first()
    infrastructure = kept.infrastructure if kept else customer.infrastructure
    return Needs(services, infrastructure, kept.answers if kept else {})
