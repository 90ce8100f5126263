"""Arranging a plan: who does a step and by when, remarks, steps of its own, and the date of the cutover.

As in working.py, each is one transaction and one line of history.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.plans.acts import THEIRS
from blueprints.plans.held import Held, HeldStep, NotTheirs, PlanChanged, hold, hold_step, reason_of
from blueprints.plans.making import mark
from blueprints.plans.timing import cutover_warning
from blueprints.plans.working import TooEarly
from blueprints.web.refusals import Refused
from data.accounts import Grant, Person
from data.customers import Customer
from data.database import transaction
from data.moments import now
from data.plans import OWNERS, SETTLED, PlanStep, StepComment
from data.roles import PERMISSIONS, Role

LONGEST_TITLE = 120  # characters
LONGEST_TEXT = 4_000
MOST_STEPS = 200  # of one plan
FARTHEST = timedelta(days=3 * 366)


class CannotWork(Refused):
    sentence = "This person cannot work on this customer’s plan."


class WrongDay(Refused):
    sentence = "Choose a day from a year ago to three years ahead."


# --- who, and by when ---------------------------------------------------------------------------------


def assignable(customer: Customer) -> list[Person]:
    """The people of the MSP who may work on the customer's plan, by name: one query."""
    held = (Grant.partner == customer.partner_id) & (Grant.customer_id.is_null() | (Grant.customer_id == customer.id))
    rows = (
        Person.select(Person.id, Person.name, Grant.role, Grant.customer_id.alias("over"))
        .join(Grant, on=(Grant.person == Person.id))
        .where(held & Person.active)
        .order_by(Person.name, Person.id, Grant.customer_id.is_null(False))
        .objects()
    )
    roles: dict[int, tuple[Person, Role]] = {}
    for row in rows:  # the grant over the customer, where there is one, comes last and counts
        roles[row.id] = row, Role(row.role)
    return [person for person, role in roles.values() if "customers.edit" in PERMISSIONS[role]]


def assign(who: Any, customer_id: int, step_id: int, version: int, person_id: int | None) -> PlanStep:
    """Give the step to a person of the MSP, or to nobody. Raises CannotWork."""
    with transaction():
        step = hold_step(who, customer_id, step_id, "assign")
        step.saw(version)
        people = {person.id: person for person in assignable(step.of.customer)}
        if isinstance(who, Standing) and who.operator:
            people[who.id] = Person.get_by_id(who.id)
        if person_id is not None and person_id not in people:
            raise CannotWork(field="person")
        step.row.assigned_to = person_id
        step.turn("plan.step_assigned", person=people[person_id].name if person_id is not None else "nobody")
    return step.row


def set_due(who: Any, customer_id: int, step_id: int, version: int, due_on: date | None) -> PlanStep:
    """Say by which day the step is due; None takes the day away. Raises WrongDay."""
    with transaction():
        step = hold_step(who, customer_id, step_id, "due")
        step.saw(version)
        if due_on is not None and not now().date() - timedelta(days=366) <= due_on <= now().date() + FARTHEST:
            raise WrongDay(field="due_on")
        step.row.due_on = due_on
        if step.row.state not in SETTLED:
            step.row.reminded_at = None
        step.turn("plan.step_due", day=due_on.isoformat() if due_on else "no day")
    return step.row


def comment(who: Any, customer_id: int, step_id: int, text: str) -> StepComment:
    """Say something about a step; it stays. Raises Refused for a text that is empty or too long."""
    with transaction():
        step = hold_step(who, customer_id, step_id, "comment")
        kept = text_of(text, "text", LONGEST_TEXT)
        remark: StepComment = StepComment.create(step=step.row, text=kept, at=now(), by_id=who.id, by_name=who.name)
        step.of.tell("plan.step_commented", step=step.row.title)
    return remark


# --- steps of its own ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnStep:
    """A step that one customer needs besides. `after`: ids of steps of the plan."""

    title: str
    owner: str
    phase: str = ""  # "" for the last
    help: str = ""
    optional: bool = False
    after: tuple[int, ...] = ()
    due_on: date | None = None


def add_step(who: Any, customer_id: int, version: int, own: OwnStep) -> PlanStep:
    """Add a step to this customer's plan. `version`: of the plan. Raises PlanChanged, NotTheirs, Refused."""
    with transaction():
        held = hold(who, customer_id)
        if held.by_link:
            raise NotTheirs
        if held.plan.version != version:
            raise PlanChanged
        row = own_row(held, own)
        mark(who, row)
        row.version = 1
        row.save()
        held.chain = type(held.chain)([*held.chain.all, row], held.chain.last)
        held.plan.version += 1
        held.tell("plan.step_added", step=row.title)
        held.keep()
    return row


def own_row(held: Held, own: OwnStep) -> PlanStep:
    phases = [phase.id for phase in held.template.phases]
    phase = own.phase or phases[-1]
    if own.owner not in OWNERS:
        raise Refused("Choose who does it.", "owner")
    if phase not in phases:
        raise Refused("Choose a phase of this plan.", "phase")
    if len(held.chain.all) >= MOST_STEPS:
        raise Refused(f"A plan has at most {MOST_STEPS} steps.")
    by_id = {row.id: row for row in held.chain.steps if row.key not in held.chain.last}
    if not set(own.after) <= set(by_id):
        raise Refused("Choose steps of this plan that it comes after.", "after")
    number = sum(1 for row in held.chain.all if row.key.startswith("own_")) + 1
    in_phase = [row.position for row in held.chain.steps if row.phase == phase and row.key not in held.chain.last]
    return PlanStep(
        plan=held.plan,
        key=f"own_{number}",
        phase=phase,
        position=max(in_phase, default=0),
        title=text_of(own.title, "title", LONGEST_TITLE),
        help=text_of(own.help, "help", LONGEST_TEXT) if own.help.strip() else "",
        owner=own.owner,
        optional=own.optional,
        after=[by_id[id_].key for id_ in dict.fromkeys(own.after)],
        due_on=own.due_on,
    )


# --- the cutover --------------------------------------------------------------------------------------


def set_cutover(who: Any, customer_id: int, version: int, at: datetime, reason: str = "") -> None:
    """Say when people change over. `version`: of the plan; `at`: aware.

    The step that asks for the date is done by it. Less than the hours that must lie between the MX records and the
    cutover is refused without a reason. Raises PlanChanged, NotTheirs, TooEarly, WrongDay, NeedsReason.
    """
    with transaction():
        held = hold(who, customer_id)
        asked = asked_for_cutover(held)
        if held.by_link and (asked is None or asked.row.owner not in THEIRS or held.chain.waits_for(asked.row)):
            raise NotTheirs
        if held.plan.version != version:
            raise PlanChanged
        if not now() - timedelta(days=366) <= at <= now() + FARTHEST:
            raise WrongDay(field="cutover_at")
        warning = cutover_warning(held.template, held.chain, at)
        if warning and (held.by_link or not reason.strip()):
            raise TooEarly(warning)
        held.plan.cutover_at = at
        held.plan.version += 1
        kept = f": {reason_of(reason)}" if warning else ""
        held.tell("plan.cutover_set", moment=f"{at:%Y-%m-%d %H:%M %Z}", reason=kept)
        finish_asked(held, asked)


def asked_for_cutover(held: Held) -> HeldStep | None:
    """The step that asks for the date."""
    rows = (row for row in held.chain.steps if row.key in held.template.by_id)
    found = next((row for row in rows if held.template.by_id[row.key].does == "cutover_date"), None)
    return HeldStep(held, found) if found else None


def finish_asked(held: Held, asked: HeldStep | None) -> None:
    unsettled = asked is not None and asked.row.state not in ("done", "not_applicable")
    if asked and unsettled and not held.chain.waits_for(asked.row):
        asked.turn("plan.step_done", "done")
    else:
        held.keep()


def text_of(text: str, field: str, longest: int) -> str:
    kept = (text or "").strip()
    if not kept:
        raise Refused("Write something here.", field)
    if len(kept) > longest:
        raise Refused(f"At most {longest:,} characters.", field)
    return kept
