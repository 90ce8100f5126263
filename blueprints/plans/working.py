"""Working a plan: what people do with its steps. Each is one transaction, one change, one line of history.

`who` is a Standing, a LinkHolder, or the portal; `version` is that of the step as the person saw it. All raise
NotThere, MayNot, PlanOver, NotReady, StepChanged, and what each says besides.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from blueprints.plans.held import HeldStep, hold_step, reason_of
from blueprints.plans.timing import not_before
from blueprints.web.refusals import Refused
from data.database import transaction
from data.moments import now
from data.plans import SETTLED, PlanStep

LONGEST_WAIT = timedelta(days=366)


class AlreadyDone(Refused):
    sentence = "This step is settled already."


class Dropped(Refused):
    sentence = "This step was dropped from the plan. Take it up again first."


class StillLocked(Refused):
    """`waits_for`: titles of the steps that must be settled before."""

    def __init__(self, waits_for: Iterable[str]) -> None:
        self.waits_for = tuple(waits_for)
        super().__init__(f"This step waits for {named(self.waits_for)}.")


class TooEarly(Refused):
    """`until`: from when on it is not any more; None while something must begin first."""

    def __init__(self, sentence: str, until: datetime | None = None) -> None:
        super().__init__(sentence)
        self.until = until


class Unproven(Refused):
    sentence = "What proves this step has not been seen yet. Check it now, or override it with a reason."


class SignedOnly(Refused):
    sentence = "This step is done when both sides have signed off."


class NotOptional(Refused):
    sentence = "This step is required. It can be set to not applicable by an override, with a reason."


class DoneBehind(Refused):
    """`steps`: titles of the done steps that stand behind it."""

    def __init__(self, steps: Iterable[str]) -> None:
        self.steps = tuple(steps)
        super().__init__(f"{named(self.steps)} came after this step and must be undone first.")


class NothingToUndo(Refused):
    sentence = "Nobody has begun this step, so there is nothing to undo."


class WrongTime(Refused):
    sentence = "Choose a time that lies ahead, within a year."


def named(titles: tuple[str, ...]) -> str:
    """Titles as a sentence names them, the first three."""
    shown = [f"“{title}”" for title in titles[:3]]
    if len(titles) > 3:
        shown.append(f"{len(titles) - 3} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


# --- forward ------------------------------------------------------------------------------------------


def start(who: Any, customer_id: int, step_id: int, version: int) -> PlanStep:
    """Begin a step. One that has to run for some hours waits from now on. Raises AlreadyDone, Dropped, StillLocked."""
    with transaction():
        step = hold_step(who, customer_id, step_id, "start")
        refuse_settled(step)
        step.saw(version)
        refuse_locked(step)
        hours = step.told.waits_hours
        if hours:
            step.row.waiting_until = now() + timedelta(hours=hours)
        step.turn("plan.step_started", "waiting" if hours else "in_progress")
    return step.row


def done(who: Any, customer_id: int, step_id: int, version: int) -> PlanStep:
    """Finish a step: its prerequisites are settled, its hours have passed, its check has passed.

    Raises AlreadyDone, Dropped, StillLocked, TooEarly, Unproven, SignedOnly.
    """
    with transaction():
        step = hold_step(who, customer_id, step_id, "done")
        refuse_settled(step)
        step.saw(version)
        refuse_not_ready(step)
        step.row.reason = ""
        step.turn("plan.step_done", "done")
    return step.row


def wait_until(who: Any, customer_id: int, step_id: int, version: int, until: datetime) -> PlanStep:
    """The step waits: for a time to live that runs out, for somebody's answer. Raises as `start`, and WrongTime."""
    with transaction():
        step = hold_step(who, customer_id, step_id, "wait")
        refuse_settled(step)
        step.saw(version)
        refuse_locked(step)
        if not now() < until <= now() + LONGEST_WAIT:
            raise WrongTime(field="until")
        step.row.waiting_until = until
        step.turn("plan.step_waiting", "waiting", until=f"{until:%Y-%m-%d %H:%M} UTC")
    return step.row


def fail(who: Any, customer_id: int, step_id: int, version: int, reason: str) -> PlanStep:
    """The step did not work out, and says why; it can be started again. Raises as `start`, and NeedsReason."""
    with transaction():
        step = hold_step(who, customer_id, step_id, "fail")
        refuse_settled(step)
        step.saw(version)
        refuse_locked(step)
        step.row.reason = reason_of(reason)
        step.turn("plan.step_failed", "failed", reason=step.row.reason)
    return step.row


# --- with a reason ------------------------------------------------------------------------------------


def override(who: Any, customer_id: int, step_id: int, version: int, reason: str) -> PlanStep:
    """Finish a step whatever stands in its way. Raises AlreadyDone, Dropped, SignedOnly, NeedsReason."""
    with transaction():
        step = hold_step(who, customer_id, step_id, "override")
        refuse_settled(step)
        step.saw(version)
        refuse_sign_off(step)
        step.row.reason = reason_of(reason)
        step.turn("plan.step_overridden", "done", reason=step.row.reason)
    return step.row


def not_applicable(
    who: Any, customer_id: int, step_id: int, version: int, reason: str, *, overriding: bool = False
) -> PlanStep:
    """This customer does not need the step; a required one only by overriding.

    Raises AlreadyDone, Dropped, SignedOnly, NotOptional, NeedsReason.
    """
    with transaction():
        step = hold_step(who, customer_id, step_id, "not_applicable")
        refuse_settled(step)
        step.saw(version)
        refuse_sign_off(step)
        if not step.row.optional and not overriding:
            raise NotOptional
        step.row.reason = reason_of(reason)
        step.turn("plan.step_not_applicable", "not_applicable", reason=step.row.reason)
    return step.row


def undo(who: Any, customer_id: int, step_id: int, version: int, reason: str) -> PlanStep:
    """Take the step up again as if nobody had begun it; a dropped one comes back into the plan.

    Raises NothingToUndo, DoneBehind, NeedsReason.
    """
    with transaction():
        step = hold_step(who, customer_id, step_id, "undo")
        if step.row.state == "not_started" and step.row.dropped_at is None:
            raise NothingToUndo
        step.saw(version)
        if behind := step.of.chain.done_behind(step.row):
            raise DoneBehind(each.title for each in behind)
        kept = reason_of(reason)
        step.row.reason, step.row.dropped_at = kept, None
        step.turn("plan.step_undone", "not_started", reason=kept)
    return step.row


def drop_step(who: Any, customer_id: int, step_id: int, version: int, reason: str) -> PlanStep:
    """Leave the step out of this customer's plan; what waited for it waits for what it waited for.

    Raises AlreadyDone, Dropped, SignedOnly, NeedsReason.
    """
    with transaction():
        step = hold_step(who, customer_id, step_id, "drop")
        refuse_settled(step)
        step.saw(version)
        refuse_sign_off(step)
        step.row.reason, step.row.dropped_at = reason_of(reason), now()
        step.turn("plan.step_dropped", reason=step.row.reason)
    return step.row


# --- what stands in the way ---------------------------------------------------------------------------


def refuse_settled(step: HeldStep) -> None:
    if step.row.dropped_at is not None:
        raise Dropped
    if step.row.state in SETTLED:
        raise AlreadyDone


def refuse_sign_off(step: HeldStep) -> None:
    if step.told.does == "sign_off":
        raise SignedOnly


def refuse_locked(step: HeldStep) -> None:
    refuse_sign_off(step)
    if waits_for := step.of.chain.waits_for(step.row):
        raise StillLocked(each.title for each in waits_for)


def refuse_not_ready(step: HeldStep) -> None:
    refuse_locked(step)
    if refusal := why_too_early(step):
        raise refusal
    if step.told.check and (step.evidence is None or step.evidence.outcome != "passed"):
        raise Unproven


def why_too_early(step: HeldStep) -> TooEarly | None:
    """The hours that have not passed yet: since another step, or since this one was started."""
    passed = not_before(step.told, step.of.chain)
    if passed and now() < passed:
        return TooEarly(f"{hours_named(step)} This can be done from {passed:%d %B %Y, %H:%M} UTC on.", passed)
    if not step.told.waits_hours:
        return None
    until = step.row.waiting_until
    if step.row.state != "waiting":
        return TooEarly(f"Start this step first: from then on it runs for {step.told.waits_hours} hours.")
    return TooEarly(f"This step runs until {until:%d %B %Y, %H:%M} UTC.", until) if until and now() < until else None


def hours_named(step: HeldStep) -> str:
    chain = step.of.chain
    told = (f"{hours} hours must pass after “{chain.by_key[key].title}”." for key, hours in step.told.hours_after)
    return " ".join(told)
