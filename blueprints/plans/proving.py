"""What the answer of a check does to its step: proven, failed, waiting, or watched and drifted away."""

from datetime import timedelta

from blueprints.plans.held import HeldStep, hold_watched
from blueprints.plans.working import LONGEST_WAIT, refuse_locked, why_too_early
from blueprints.web.refusals import Refused
from data.database import transaction
from data.history import PORTAL
from data.moments import now
from data.plans import SETTLED, PlanStep


def hear(customer_id: int, step_id: int, outcome: str, sentence: str, again_in: int | None = None) -> PlanStep:
    """A check of this step has answered, and its row in plan_check says so already.

    `outcome`: one of data.plans.OUTCOMES; `again_in`: seconds after which asking again may bring something else.
    Passed: the step is done, unless it is locked, or its hours have not passed; it has failed no more. Failed: it
    waits where time will help, and has failed where it will not. What was done before gets an
    alert, or loses it. Undetermined, and what could not run here, change nothing: a person decides. Raises NotThere,
    PlanOver.
    """
    with transaction():
        step = hold_watched(PORTAL, customer_id, step_id)
        if step.row.dropped_at is None and outcome in ("passed", "failed"):
            if step.row.state in SETTLED:
                watch(step, outcome, sentence)
            elif step.of.plan.state == "open" and outcome == "passed":
                prove(step)
            elif step.of.plan.state == "open":
                disprove(step, sentence, again_in)
    return step.row


def prove(step: HeldStep) -> None:
    try:
        refuse_locked(step)
    except Refused:
        return
    by_people = step.told.does == "mailboxes"  # they say when the list is whole
    if not by_people and why_too_early(step) is None:
        step.row.reason = ""
        step.turn("plan.step_proven", "done")
    elif step.row.state == "failed":
        step.row.reason = ""
        step.turn("plan.step_held", "in_progress")


def disprove(step: HeldStep, sentence: str, again_in: int | None) -> None:
    if step.of.chain.waits_for(step.row):
        return
    if again_in:
        step.row.waiting_until = until = now() + min(timedelta(seconds=again_in), LONGEST_WAIT)
        step.turn("plan.step_waiting", "waiting", until=f"{until:%Y-%m-%d %H:%M} UTC")
    elif (step.row.state, step.row.reason) != ("failed", sentence):
        step.row.reason = sentence
        step.turn("plan.step_failed", "failed", reason=sentence)


def watch(step: HeldStep, outcome: str, sentence: str) -> None:
    """What was done is looked at again. An alert counts from when it began, also where it says something else now."""
    alert = sentence if outcome == "failed" else ""
    if alert == step.row.alert:
        return
    step.row.alert, step.row.alert_at = alert, (step.row.alert_at or now()) if alert else None
    step.turn("plan.step_drifted" if alert else "plan.step_held", **({"what": alert} if alert else {}))
