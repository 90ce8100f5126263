"""The onboarding plans, as the receiving MSP gets them: one, made whole where change orders opened further ones.

Steps that only services call for that end with the day stay, like evidence, remarks, reasons and added steps.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce

from blueprints.plans.extending import needs_of_customer
from blueprints.plans.keeping import keep
from blueprints.plans.making import NOT_BOUGHT, NOT_CALLED_FOR, chain_of, keep_template, steps_of, template_of
from blueprints.transfers.going_along import BY_LINK, FORMER, named, write_many
from data.customers import Customer
from data.history import PORTAL
from data.moments import now
from data.orders import Order
from data.plan_choosing import gone_on, selected
from data.plan_definitions import Template, current_templates
from data.plans import Mailbox, Plan, PlanCheck, PlanStep


@dataclass(frozen=True)
class Carried:
    """What is made of a customer's plans: the newest says how far it is, the rows come from all. `rows`: by key."""

    newest: Plan
    template: Template | None
    rows: Mapping[str, PlanStep]
    begins_again: bool  # further steps are to come, and the signatures after them

    @property
    def signs(self) -> frozenset[str]:
        return frozenset(step.id for step in self.template or () if step.does == "sign_off")


def carry_plans(
    old: Customer, new: Customer, order: Order, moved: Collection[str], ended: Collection[str]
) -> Plan | None:
    """`moved`, `ended`: services that go over, and those that end with the day. None without a plan."""
    plans = plans_that_count(old)
    if not plans:
        return None
    carried = put_together(old, plans, frozenset(moved), frozenset(ended))
    was = carried.newest
    plan: Plan = Plan.create(
        customer=new,
        order=order,
        state=was.state,
        opened_at=was.opened_at,
        cutover_at=next((each.cutover_at for each in reversed(plans) if each.cutover_at), None),
        partner_signed_at=was.partner_signed_at,
        partner_signed_by=FORMER if was.partner_signed_at else "",
        customer_signed_at=was.customer_signed_at,
        customer_signed_by=signer_of(was),
        completed_at=was.completed_at,
    )
    if carried.template is not None:
        keep_template(plan, carried.template)
        keep(plan, chain_of(carried.template, carry_steps(plan, carried)))
        plan.save()
    carry_mailboxes(plans, plan)
    return plan


def plans_that_count(customer: Customer) -> list[Plan]:
    """Those that are complete, and the newest; oldest first."""
    plans = list(Plan.select().where(Plan.customer == customer).order_by(Plan.id))
    return [plan for plan in plans if plan.state == "done" or plan is plans[-1]]


def put_together(customer: Customer, plans: list[Plan], moved: frozenset[str], ended: frozenset[str]) -> Carried:
    needs = needs_of_customer(customer, moved)
    stay = steps_of(needs_of_customer(customer, ended)) - steps_of(needs)
    rows_of = {plan.id: {row.key: row for row in rows_in(plan) if row.key not in stay} for plan in plans}
    while len(plans) > 1 and only_signs(plans[-1], rows_of[plans[-1].id]):
        plans = plans[:-1]
    rows: dict[str, PlanStep] = {}
    for plan in plans:
        rows |= {key: row for key, row in rows_of[plan.id].items() if row.dropped_at is None or key not in rows}
    templates = [template_of(plan) for plan in plans if plan.template_id is not None]
    begins_again = bool(templates) and plans[-1].template_id is None and plans[-1].state == "open"
    if begins_again:  # the answers that its steps wait for are still to come
        templates.append(selected(current_templates(), needs))
    return Carried(plans[-1], reduce(gone_on, templates) if templates else None, rows, begins_again)


def rows_in(plan: Plan) -> list[PlanStep]:
    """The steps that came from its template, in their order."""
    if plan.template_id is None:
        return []
    of_template = PlanStep.key.in_(list(template_of(plan).by_id))
    return list(PlanStep.select().where((PlanStep.plan == plan) & of_template).order_by(PlanStep.position, PlanStep.id))


def only_signs(plan: Plan, rows: Mapping[str, PlanStep]) -> bool:
    """Whether all that is left of a plan is to sign it off: what it was for stays."""
    return plan.template_id is not None and all(template_of(plan).by_id[key].does == "sign_off" for key in rows)


def signer_of(was: Plan) -> str:
    if was.customer_signed_at is None:
        return ""
    return was.customer_signed_by if was.customer_signed_by.endswith(BY_LINK) else FORMER


def carry_steps(plan: Plan, carried: Carried) -> list[PlanStep]:
    """In the order of the template; what is signed off later is not there yet."""
    assert carried.template is not None
    titles = {step.id: step.title for step in carried.template}
    there = [carried.rows[key] for key in titles if key in carried.rows]
    steps = [carry_step(plan, row, position, titles) for position, row in enumerate(there, 1)]
    for step in steps:
        if carried.begins_again and step.key in carried.signs:
            step.state, step.dropped_at, step.reason = "not_started", now(), NOT_CALLED_FOR
            step.save()
    return steps


def carry_step(plan: Plan, row: PlanStep, position: int, titles: Mapping[str, str]) -> PlanStep:
    """`titles`: of all steps in the template, by key."""
    step: PlanStep = PlanStep.create(
        plan=plan,
        key=row.key,
        phase=row.phase,
        position=position,
        title=titles[row.key],
        owner=row.owner,
        optional=row.optional,
        after=[key for key in row.after if key in titles],
        state=row.state,
        reason=row.reason if row.reason in (NOT_CALLED_FOR, NOT_BOUGHT) else "",
        due_on=row.due_on,
        waiting_until=row.waiting_until,
        changed_at=row.changed_at,
        changed_by_name=named(row.changed_by_id, row.changed_by_name),
        dropped_at=row.dropped_at,
    )
    carry_watch(step, row)
    return step


def carry_watch(step: PlanStep, row: PlanStep) -> None:
    """That it was seen, and when; and the portal goes on looking where it did, by the receiving MSP's settings."""
    answered = (PlanCheck.step == row) & (PlanCheck.state == "done")
    check: PlanCheck | None = PlanCheck.select().where(answered).order_by(PlanCheck.id.desc()).first()
    if check is None:
        return
    PlanCheck.create(
        step=step,
        kind=check.kind,
        state="done",
        not_before=now(),
        watch=check.watch,
        outcome=check.outcome,
        sentence="Seen before the partner change.",
        answered_at=check.answered_at,
        again_at=now() + timedelta(days=1) if row.state == "done" and check.watch else None,
        asked_by_name=PORTAL.name,
    )


def carry_mailboxes(plans: list[Plan], plan: Plan) -> None:
    """Without passwords, which were erased, and without what a test said. An address that moved twice: the newest."""
    kept = (Mailbox.address, Mailbox.login, Mailbox.name, Mailbox.target, Mailbox.state)
    counted = (Mailbox.folders, Mailbox.messages, Mailbox.size, Mailbox.tested_at)
    names = [field.name for field in (*kept, *counted)]
    query = Mailbox.select(*kept, *counted).where(Mailbox.plan.in_(plans)).order_by(Mailbox.plan, Mailbox.id)
    rows = {row.address: {name: getattr(row, name) for name in names} for row in query}
    for row in rows.values():
        row |= {"plan": plan.id, "state": "pending" if row["state"] == "testing" else row["state"]}
    write_many(Mailbox, list(rows.values()))
