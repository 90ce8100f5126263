"""Making a plan when the RFI says what is needed, and bringing it up to date when it is handed in again."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer
from blueprints.plans.chain import Chain
from blueprints.plans.keeping import keep
from blueprints.web.refusals import NotThere, Refused
from data import history
from data.conditions import moment_of
from data.customers import Customer
from data.database import locked, transaction
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Partner
from data.plan_choosing import Chosen, Needs, chosen, selected
from data.plan_definitions import Template, as_definition, current_templates, from_definition
from data.plans import Plan, PlanStep, PlanTemplate
from data.rfi import HandedIn, Rfi

NOT_CALLED_FOR = "The RFI does not call for it any more."
NOT_BOUGHT = "No service that the customer has calls for it any more."
DONE_AT_ONCE = ("order", "rfi")  # what is there already when a plan is made
DATE_ONLY = len("2026-11-21")


class NotReady(Refused):
    sentence = "The plan is made when the RFI is handed in, which says what is needed."


class MadeAlready(Refused):
    sentence = "This plan is made already."


# --- making -------------------------------------------------------------------------------------------


def make_plan(who: Any, customer: Customer, order_id: int, needs: Needs) -> Plan | None:
    """Make the plan of an order, or bring it up to date where it was made before. Call inside the transaction.

    `who` has .id and .name. Where the order's own plan is over, it is the one that a change order opened meanwhile, or
    that goes on for it. None when none is open.
    """
    plan = open_plan(Plan.order == order_id) or open_plan(Plan.customer == customer)
    if plan is None:
        return None
    if plan.order.changes_id is not None:
        plan_changed(who, customer, plan, needs)
    elif plan.template_id is None:
        begin(who, customer, plan, needs)
    else:
        bring_up_to_date(who, customer, plan, needs)
    return plan


def open_plan(of: Any) -> Plan | None:
    """The newest of these plans, held, if it is open."""
    plan: Plan | None = locked(Plan.select().where(of).order_by(Plan.id.desc()).limit(1)).first()
    return plan if plan is not None and plan.state == "open" else None


def plan_changed(who: Any, customer: Customer, plan: Plan, needs: Needs) -> None:
    """The plan of a change order gets what all services call for that were bought since the order that it changed.

    Also those that the customer had then, if a change ended them meanwhile: they were bought again.
    """
    had = [services_of(order_id) for order_id in (plan.order.changes_id, *changes_since(plan.order))]
    new = replace(needs, services=needs.services - frozenset.intersection(*had))
    done = frozenset.intersection(*(steps_of(replace(needs, services=each)) for each in had))
    if plan.template_id is None:
        begin(who, customer, plan, new, done)
        return
    keep_template(plan, selected(current_templates(), new))
    bring_up_to_date(who, customer, plan, new, done)


def changes_since(order: Order) -> list[int]:
    """The ids of a customer's change orders in effect, from this one on."""
    in_effect = (Order.kind == "change") & (Order.state == "submitted") & Order.applied_at.is_null(False)
    later = (Order.customer == order.customer_id) & (Order.id >= order.id) & in_effect
    return [order_id for (order_id,) in Order.select(Order.id).where(later).order_by(Order.id).tuples()]


def steps_of(needs: Needs) -> frozenset[str]:
    """Keys of the steps that these services call for, but for the signatures, which are given anew."""
    if not needs.services:
        return frozenset()
    steps = chosen(selected(current_templates(), needs), needs)
    return frozenset(each.step.id for each in steps if each.step.does != "sign_off")


def begin(who: Any, customer: Customer, plan: Plan, needs: Needs, without: Collection[str] = ()) -> None:
    """`without`: keys of steps that were done before."""
    template = selected(current_templates(), needs)
    keep_template(plan, template)
    plan.cutover_at = cutover_of(needs, customer.partner)
    needed = chosen(template, needs, without)
    steps = [write_step(who, plan, each, position) for position, each in enumerate(needed, 1)]
    keep(plan, chain_of(template, steps))
    plan.version += 1
    plan.save()
    tell(who, customer, "plan.made", plan=template.title, count=len(steps))


def keep_template(plan: Plan, template: Template) -> None:
    """From here on the plan is read by this version of it."""
    row = {"version": template.version, "definition": as_definition(template), "kept_at": now()}
    PlanTemplate.insert(**row).on_conflict_ignore().execute()
    plan.template = template.version


def write_step(who: Any, plan: Plan, each: Chosen, position: int) -> PlanStep:
    step = each.step
    written: PlanStep = PlanStep.create(
        plan=plan,
        key=step.id,
        phase=each.phase,
        position=position,
        title=step.title,
        owner=step.owner,
        optional=step.optional,
        after=list(each.after),
        state="done" if step.does in DONE_AT_ONCE else "not_started",
        changed_at=now(),
        changed_by_id=who.id,
        changed_by_name=who.name,
    )
    return written


def bring_up_to_date(who: Any, customer: Customer, plan: Plan, needs: Needs, without: Collection[str] = ()) -> None:
    """What the RFI calls for now is added; what it does not and nobody began is dropped. The rest stays as it is."""
    template = template_of(plan)
    rows = {step.key: step for step in PlanStep.select().where(PlanStep.plan == plan)}
    needed = chosen(template, needs, without)
    added, again, gone = [], [], []
    for position, each in enumerate(needed, 1):
        row = rows.get(each.step.id)
        if row is None:
            rows[each.step.id] = write_step(who, plan, each, position)
            added.append(each.step.title)
            continue
        if row.dropped_at is not None and row.reason in (NOT_CALLED_FOR, NOT_BOUGHT):
            row.dropped_at, row.reason, row.state = None, "", "not_started"
            mark(who, row)
            again.append(row.title)
        row.position, row.after = position, list(each.after)
    keys = {each.step.id for each in needed}
    for row in rows.values():
        if row.key in template.by_id and row.key not in keys and untouched(row):
            row.dropped_at, row.reason = now(), NOT_CALLED_FOR
            mark(who, row)
            gone.append(row.title)
    for row in rows.values():
        row.save()
    keep(plan, chain_of(template, rows.values()))
    plan.version += 1
    plan.save()
    if added or again or gone:
        changes = told_in_line(("added", added + again), ("dropped", gone))
        tell(who, customer, "plan.adjusted", changes=changes)


def told_in_line(*changes: tuple[str, list[str]]) -> str:
    """What became of which steps (their titles), for a line of history; without what became of none."""
    return "; ".join(f"{what}: {', '.join(titles)}" for what, titles in changes if titles)


def untouched(step: PlanStep) -> bool:
    return step.dropped_at is None and step.state == "not_started"


def mark(who: Any, step: PlanStep) -> None:
    """Who changed it, and when; whoever saw it before saw another version."""
    step.changed_at, step.changed_by_id, step.changed_by_name = now(), who.id, who.name
    step.version += 1


def cutover_of(needs: Needs, partner: Partner) -> datetime | None:
    """When mail goes the new way, as the RFI says: the cutover of a move, or the day of going live."""
    typed = needs.answers.get("cutover") or needs.answers.get("go_live")
    at = moment_of(typed)
    if at is None:
        return None
    zone = ZoneInfo(partner.timezone)
    return datetime.combine(at.date(), time(8), zone) if len(str(typed)) == DATE_ONLY else at.replace(tzinfo=zone)


def tell(who: Any, customer: Customer, kind: str, **facts: object) -> None:
    history.record(kind, who, partner=customer.partner_id, customer=customer.id, **facts)


# --- the template of a plan ---------------------------------------------------------------------------


def template_of(plan: Plan) -> Template:
    """As it was when the plan was made. Raises NotReady for a plan without steps."""
    if plan.template_id is None:
        raise NotReady
    return template_of_version(plan.template_id)


@lru_cache(maxsize=64)
def template_of_version(version: str) -> Template:
    """What was kept never changes, so it is read once."""
    return from_definition(PlanTemplate.get_by_id(version).definition)


def chain_of(template: Template, steps: Iterable[PlanStep]) -> Chain:
    return Chain(steps, frozenset(step.id for step in template if step.does == "sign_off"))


# --- by hand ------------------------------------------------------------------------------------------


def make_now(who: Standing, customer_id: int) -> Plan:
    """Make the plan of the newest order by hand: where another application asked the questions, or the RFI was
    handed in before the portal made plans.

    Raises NotThere, MayNot, NotReady, MadeAlready.
    """
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit", for_update=True)
        rfi = Rfi.select().where(Rfi.customer == customer).order_by(Rfi.id.desc()).first()
        if rfi is None:
            raise NotThere
        if rfi.state not in ("complete", "not_applicable"):
            raise NotReady
        if Plan.select().where((Plan.order == rfi.order_id) & Plan.template.is_null(False)).exists():
            raise MadeAlready
        plan = make_plan(who, customer, rfi.order_id, needs_of(customer, rfi))
        if plan is None:
            raise NotReady
    return plan


def needs_of(customer: Customer, rfi: Rfi) -> Needs:
    """As the newest version that was handed in says; without one, as the records do."""
    kept = HandedIn.select().where(HandedIn.rfi == rfi).order_by(HandedIn.number.desc()).first()
    infrastructure = kept.infrastructure if kept else customer.infrastructure
    return Needs(services_of(rfi.order_id), infrastructure, kept.answers if kept else {})


def services_of(order_id: int) -> frozenset[str]:
    """The services that an order switches on."""
    rows = OrderLine.select(OrderLine.services).where(OrderLine.order == order_id).tuples()
    return frozenset(service for (services,) in rows for service in services.split(",") if service)
