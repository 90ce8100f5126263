"""Reminding of steps: the customer of what is their turn, the MSP of what is overdue. Once in a while, and once each.

Each plan is one transaction that first holds it and looks whether it is still time, so whoever asks and however often,
a letter is written once.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from blueprints.accounts.standing import Standing
from blueprints.mailroom.rules import NoAddress
from blueprints.plans.held import Held, hold, hold_step
from blueprints.plans.letters import tell_assigned, tell_lead
from blueprints.plans.stuck import WAITED
from blueprints.plans.working import refuse_locked, refuse_settled
from blueprints.web.refusals import Refused
from data.customers import Customer
from data.database import transaction
from data.history import PORTAL
from data.moments import now, today
from data.orders import Order
from data.partners import Partner
from data.plans import SETTLED, Plan, PlanStep

log = logging.getLogger("quayside.plans")

AGAIN = timedelta(days=7)  # between two letters about one step
FOR_CUSTOMER = ("customer", "everyone")


class RemindedAlready(Refused):
    sentence = "Whoever does this step was reminded of it today already."


def tend(portal: str) -> int:
    """Write every reminder that is due; how many letters. `portal`: address of the installation, for links."""
    return sum(tend_one(customer_id, portal) for customer_id in list(customers_waiting()))


def customers_waiting() -> Iterator[int]:
    """Customers whose plan may need a reminder: the customer's turn for some days, or a step overdue somewhere."""
    turn = (Plan.turn.in_(FOR_CUSTOMER)) & (Plan.turn_since <= now() - WAITED)
    unsettled = PlanStep.dropped_at.is_null() & PlanStep.state.not_in(SETTLED)
    # The day begins somewhere earlier than here; what is not yet over where the MSP is, is left out below.
    late = PlanStep.select(PlanStep.plan).where(unsettled & (PlanStep.due_on <= now().date()))
    of_a_change = (Customer.status == "complete") & (Order.kind == "change")
    plans = (
        Plan.select(Plan.customer_id)
        .join(Order)
        .switch(Plan)
        .join(Customer)
        .join(Partner)
        .where((Plan.state == "open") & Plan.template.is_null(False) & (turn | Plan.id.in_(late)))
        .where(((Customer.status == "in_progress") | of_a_change) & Partner.closed_at.is_null())
        .order_by(Plan.id)
    )
    return (row for (row,) in plans.tuples())


def tend_one(customer_id: int, portal: str) -> int:
    """The reminders that are due for one customer. What goes wrong with them is noted, and keeps no other waiting."""
    try:
        with transaction():
            held = hold(PORTAL, customer_id)
            return sum(write_due(held, portal))
    except Exception:
        log.exception("Customer %s: could not be reminded of the plan now", customer_id)
        return 0


def write_due(held: Held, portal: str) -> Iterator[bool]:
    """One letter to the customer about all that is theirs, one about each overdue step to whoever does it."""
    day = today(held.customer.partner.timezone)
    at, workable = now(), list(held.chain.workable)
    late = [row for row in workable if row.due_on and row.due_on < day]
    theirs = [row for row in workable if row.owner in FOR_CUSTOMER and not row.optional]
    if any(may_be_reminded(row, at) and (row in late or waited_for(held.plan, row, at)) for row in theirs):
        yield bool(remind_customer(held, theirs, portal))
    for row in late:
        if row not in theirs and may_be_reminded(row, at):
            yield bool(remind_msp(held, row, portal))


def may_be_reminded(row: PlanStep, at: datetime) -> bool:
    """Not again within some days, and not while it waits for a moment that was named."""
    waits = row.waiting_until is not None and row.waiting_until > at
    return not waits and (row.reminded_at is None or row.reminded_at <= at - AGAIN)


def waited_for(plan: Plan, row: PlanStep, at: datetime) -> bool:
    """Whether it is the step that the plan waits for, and has been for some days."""
    return bool(plan.turn_step_id == row.id and plan.turn_since and plan.turn_since <= at - WAITED)


def remind_customer(held: Held, rows: list[PlanStep], portal: str) -> str:
    """The letter with a new link; the address. Nobody to write to: "", and no step counts as reminded of."""
    steps = [row.title for row in rows]
    email = tell_lead(held.who, held.plan, held.customer, "plan_reminder_customer", once(rows[0]), portal, steps=steps)
    if email:
        settle(held, rows, email)
    return email


def remind_msp(held: Held, row: PlanStep, portal: str) -> str:
    email = tell_assigned(held.who, held.plan, held.customer, row, once(row), portal)
    if email:
        settle(held, [row], email)
    return email


def once(row: PlanStep) -> str:
    """Names the letter about a step: one a day."""
    return f"plan_reminder:{row.id}:{now():%Y%m%d}"


def settle(held: Held, rows: list[PlanStep], email: str) -> None:
    for row in rows:
        row.reminded_at = now()
        row.save()
    steps = f"“{rows[0].title}”" + (f" and {len(rows) - 1} more" if len(rows) > 1 else "")
    held.tell("plan.reminded", steps=steps, email=email)


# --- by hand ------------------------------------------------------------------------------------------


def remind_of(who: Standing, customer_id: int, step_id: int, portal: str) -> str:
    """Remind whoever does a step of it now; the address written to.

    Raises NotThere, MayNot, PlanOver, AlreadyDone, Dropped, StillLocked, RemindedAlready, NoAddress.
    """
    with transaction():
        step = hold_step(who, customer_id, step_id, "remind")
        refuse_settled(step)
        refuse_locked(step)
        row = step.row
        if row.reminded_at and row.reminded_at.date() == now().date():
            raise RemindedAlready
        theirs = row.owner in FOR_CUSTOMER
        email = remind_customer(step.of, [row], portal) if theirs else remind_msp(step.of, row, portal)
        if not email:
            raise NoAddress("This customer has no Implementation Lead with an email address. Add one first.")
    return email
