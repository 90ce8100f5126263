"""Letters about a plan: to the customer's Implementation Lead with a personal link, and to the MSP."""

from typing import Any

from blueprints.accounts.standing import standing_of
from blueprints.customers.at_msp import people_at_msp
from blueprints.customers.links import new_link
from blueprints.customers.rules import lead_with_address
from blueprints.mailroom.rules import write_drawn
from blueprints.plans.held import Held
from data.accounts import Person
from data.customers import Customer
from data.moments import day_of, today
from data.partners import Partner
from data.plans import Plan, PlanStep
from data.rfi import Rfi

SUBJECTS = {
    "plan_reminder": "{customer}: “{step}” waits for you",
    "plan_reminder_customer": "{customer}: {partner} waits for you",
    "plan_drifted": "{customer}: {what}",
    "plan_complete": "{customer}: onboarding is complete",
    "plan_complete_customer": "{customer}: your mail services are set up",
}


def write_completed(held: Held, portal: str) -> None:
    """Tell both sides that it is done."""
    plan, customer = held.plan, held.customer
    times = f"{plan.id}:{plan.version}"
    tell_msp(held.who, plan, customer, "plan_complete", f"plan_complete:{times}", portal)
    tell_lead(held.who, plan, customer, "plan_complete_customer", f"plan_complete_customer:{times}", portal)


def tell_msp(who: Any, plan: Plan, customer: Customer, kind: str, once: str, portal: str, **facts: object) -> int:
    """Queue the letter for everybody at the MSP who is told of the order; how many."""
    people = people_at_msp(customer, customer.partner, plan.order_id)
    return write_each(who, people, customer, kind, once, portal, facts)


def tell_assigned(who: Any, plan: Plan, customer: Customer, step: PlanStep, once: str, portal: str) -> str:
    """Queue a reminder of a step for the person who was given it, or for whoever is told of the order at the MSP.

    The addresses, "" when there are none.
    """
    people = whose(plan, customer, step)
    facts = {"step": step.title, "due": step.due_on}
    write_each(who, people, customer, "plan_reminder", once, portal, facts)
    return ", ".join(email for _, email in people)


def tell_drift(who: Any, customer: Customer, person: tuple[str, str], rows: list[PlanStep], portal: str) -> None:
    """Queue the letter about steps that were done and are not as they were any more, for one person at the MSP."""
    what = f"“{rows[0].title}” is not as it was" if len(rows) == 1 else f"{len(rows)} steps are not as they were"
    steps = [{"title": row.title, "said": row.alert, "since": row.alert_at} for row in rows]
    zone = customer.partner.timezone
    facts = {"steps": steps, "what": what, "zone": zone}
    once = f"plan_drifted:{rows[0].plan_id}:{today(zone):%Y%m%d}:{person[1]}"
    write_each(who, [person], customer, "plan_drifted", once, portal, facts)


def whose(plan: Plan, customer: Customer, step: PlanStep) -> list[tuple[str, str]]:
    """Name and address of whom the MSP gave a step, while they may see the customer; of those told of the order."""
    person = Person.get_or_none((Person.id == step.assigned_to_id) & Person.active)
    if person and standing_of(person).may_for_customer("customers.see", customer.id, customer.partner_id):
        return [(person.name, person.email)]
    return people_at_msp(customer, customer.partner, plan.order_id)


def write_each(
    who: Any,
    people: list[tuple[str, str]],
    customer: Customer,
    kind: str,
    once: str,
    portal: str,
    facts: dict[str, object],
) -> int:
    partner: Partner = customer.partner
    for number, (name, email) in enumerate(people):
        shown = {"reader": name or partner.name, "partner": partner.name, "customer": customer.name}
        shown |= {"link": f"{portal}/customers/{customer.id}/plan", **facts}
        queue(who, kind, name, email, customer, f"{once}:{number}", shown)
    return len(people)


def tell_lead(who: Any, plan: Plan, customer: Customer, kind: str, once: str, portal: str, **facts: object) -> str:
    """Queue the letter with a new personal link for the Implementation Lead; the address, or "" without one."""
    lead = lead_with_address(customer)
    # The plan of a change order has no RFI of its own: the link is one of the customer's newest.
    rfi = Rfi.select().where(Rfi.customer == plan.customer_id).order_by(Rfi.id.desc()).first()
    if lead is None or rfi is None:
        return ""
    link, address = new_link(rfi, lead, portal, "welcome")
    shown = {"reader": lead.full_name or lead.email, "partner": customer.partner.name, "customer": customer.name}
    shown |= {"link": address, "until": day_of(link.expires_at, customer.partner.timezone), **facts}
    queue(who, kind, lead.full_name, lead.email, customer, once, shown)
    return str(lead.email)


def queue(who: Any, kind: str, name: str, email: str, customer: Customer, once: str, facts: dict[str, Any]) -> None:
    about = {"partner": customer.partner, "customer": customer, "once": once}
    write_drawn(who, kind, (name, email), SUBJECTS[kind].format(**facts), facts, **about)
