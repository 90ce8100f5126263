"""Steps for services that a change order bought: in the plan that is open, or in a plan of its own.

The customer stays complete meanwhile: what was bought before goes on running. Steps that the services bought before
called for count as done, so a plan has those of the new services only, and the signatures.
"""

from typing import Any

from blueprints.plans.making import begin, bring_up_to_date, keep_template, services_of, tell
from data.customers import Customer
from data.database import locked
from data.moments import now
from data.orders import Order
from data.plan_choosing import Needs, chosen, selected
from data.plan_definitions import current_templates
from data.plans import Plan
from data.rfi import HandedIn, Rfi


def plan_new_services(who: Any, customer: Customer, order: Order) -> Plan | None:
    """Plan what the change order added to the order it changes; None when nothing new calls for a step.

    Call inside the transaction. `who` has .id and .name.
    """
    before, after = services_of(order.changes_id), services_of(order.id)
    if after <= before:
        return None
    newest = Plan.select().where(Plan.customer == customer).order_by(Plan.id.desc()).limit(1)
    plan: Plan | None = locked(newest).first()
    if plan is not None and plan.state == "open" and plan.template_id is not None:
        extend(who, customer, plan, after)
        return plan
    return open_another(who, customer, order, after - before, before)


def open_another(
    who: Any, customer: Customer, order: Order, services: frozenset[str], before: frozenset[str]
) -> Plan | None:
    needs, done = needs_of_customer(customer, services), done_for(customer, before)
    steps = chosen(selected(current_templates(), needs), needs, done)
    if all(each.step.does == "sign_off" for each in steps):
        return None
    plan: Plan = Plan.create(customer=customer, order=order, opened_at=now())
    tell(who, customer, "plan.opened")
    begin(who, customer, plan, needs, done)
    return plan


def extend(who: Any, customer: Customer, plan: Plan, services: frozenset[str]) -> None:
    """The open plan gets what all services call for that were bought since the one its order changed."""
    base = services_of(plan.order.changes_id) if plan.order.changes_id else frozenset()
    needs, done = needs_of_customer(customer, services - base), done_for(customer, base)
    keep_template(plan, selected(current_templates(), needs))
    bring_up_to_date(who, customer, plan, needs, done)


def done_for(customer: Customer, services: frozenset[str]) -> frozenset[str]:
    """Keys of the steps that these services called for; the signatures are given anew."""
    if not services:
        return frozenset()
    needs = needs_of_customer(customer, services)
    steps = chosen(selected(current_templates(), needs), needs)
    return frozenset(each.step.id for each in steps if each.step.does != "sign_off")


def needs_of_customer(customer: Customer, services: frozenset[str]) -> Needs:
    """As the newest version of the newest RFI says; without one, as the records do."""
    newest = Rfi.select(Rfi.id).where(Rfi.customer == customer).order_by(Rfi.id.desc()).limit(1)
    kept = HandedIn.select().where(HandedIn.rfi.in_(newest)).order_by(HandedIn.number.desc()).first()
    infrastructure = kept.infrastructure if kept else customer.infrastructure
    return Needs(services, infrastructure, kept.answers if kept else {})
