"""Checks that are due: who runs them, what is written down of them, and when the portal looks again by itself.

The rows of plan_check are the truth. A worker claims a row by a conditional update, looks at the world with the
database closed, and writes down what it saw under the claim that it holds; a claim that nobody ended is taken up again.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Expression, fn

from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.plans.acts import is_watched
from blueprints.plans.checking import Subject, put_due, refuse_unasked, subject_of
from blueprints.plans.held import HeldStep, hold_watched
from blueprints.plans.making import NotReady, template_of_version
from blueprints.plans.proving import hear
from blueprints.plans.working import refuse_locked, why_too_early
from blueprints.web.refusals import Refused
from data.customers import Customer
from data.database import locked, transaction
from data.history import PORTAL
from data.moments import now
from data.plans import SETTLED, Plan, PlanCheck, PlanStep

log = logging.getLogger("quayside.plans")

LOST = timedelta(minutes=3)  # after which nobody is at a check any more; longer than each may take
MOST_TRIES = 5
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240))
A_DAY = timedelta(days=1)
MOST_RUNS = 50  # kept of one step
AT_A_TIME = 200
KEPT_AS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.UNDETERMINED: "undetermined",
    Outcome.NOT_HERE: "could_not_run",
}


def is_word(field: Any, operator: str, text: str) -> Expression:
    """With the word in the statement itself: SQLite uses an index of some rows only where it reads their condition."""
    return Expression(field, operator, SQL(f"'{text}'"))


UNDER_WAY = is_word(PlanCheck.state, "<>", "done")
WAITING = is_word(PlanStep.state, "=", "waiting")


@dataclass(frozen=True)
class Claimed:
    """A check that this worker runs, and nobody else."""

    id: int
    customer_id: int
    step_id: int
    claimed_at: datetime
    subject: Subject


# --- claiming -----------------------------------------------------------------------------------------


def due(most: int = AT_A_TIME) -> list[int]:
    """Checks that may be run now: what people asked for before what the portal did, each in its order."""
    rows = (
        PlanCheck.select(PlanCheck.id)
        .where(UNDER_WAY & (PlanCheck.state == "due") & (PlanCheck.not_before <= now()))
        .order_by(PlanCheck.asked_by_name == PORTAL.name, PlanCheck.not_before, PlanCheck.id)
        .limit(most)
    )
    return [id_ for (id_,) in rows.tuples()]


def claim(check_id: int) -> Claimed | None:
    """Take a check that is due. None when somebody else has it, or another of the same customer is under way."""
    with transaction():
        place = place_of(check_id)
        if place is None:
            return None
        step_id, customer_id = place
        locked(Customer.select(Customer.id).where(Customer.id == customer_id)).first()
        if running_of(customer_id):
            return None
        claimed_at = now()
        mine = (PlanCheck.id == check_id) & (PlanCheck.state == "due") & (PlanCheck.not_before <= claimed_at)
        taken = {"state": "running", "claimed_at": claimed_at, "tries": PlanCheck.tries + 1}
        if not PlanCheck.update(**taken).where(mine).execute():
            return None
        try:
            subject = subject_of(PlanCheck.get_by_id(check_id))
        except (NotReady, KeyError):
            unreadable = Verdict(Outcome.NOT_HERE, "This step has no check any more.")
            write(check_id, step_id, customer_id, claimed_at, unreadable)
            return None
    return Claimed(check_id, customer_id, step_id, claimed_at, subject)


def place_of(check_id: int) -> tuple[int, int] | None:
    """The ids of its step and customer."""
    rows = PlanCheck.select(PlanCheck.step, Plan.customer).join(PlanStep).join(Plan).where(PlanCheck.id == check_id)
    found: tuple[int, int] | None = rows.tuples().first()
    return found


def running_of(customer_id: int) -> bool:
    under_way = PlanCheck.select(PlanCheck.id).join(PlanStep).join(Plan)
    running = UNDER_WAY & (PlanCheck.state == "running")
    found: bool = under_way.where(running & (Plan.customer == customer_id)).exists()
    return found


def take_up_lost() -> int:
    """What a worker began and never ended is due again after a while; in the end it is said that it cannot be run."""
    lost = UNDER_WAY & (PlanCheck.state == "running") & (PlanCheck.claimed_at <= now() - LOST)
    rows = list(PlanCheck.select(PlanCheck.id, PlanCheck.claimed_at, PlanCheck.tries).where(lost).tuples())
    for check_id, claimed_at, tries in rows:
        place = place_of(check_id)
        if place is None:
            continue
        if tries < MOST_TRIES:
            mine = (PlanCheck.id == check_id) & (PlanCheck.claimed_at == claimed_at) & (PlanCheck.state == "running")
            PlanCheck.update(state="due", not_before=now() + back_off(tries)).where(mine).execute()
        else:
            sentence = f"This check was begun {tries} times and never came to an end here."
            write(check_id, *place, claimed_at, Verdict(Outcome.NOT_HERE, sentence))
        log.warning("check %s was begun at %s and not ended", check_id, claimed_at)
    return len(rows)


def back_off(tries: int) -> timedelta:
    return BACK_OFF[min(max(tries, 1), len(BACK_OFF)) - 1]


# --- writing down -------------------------------------------------------------------------------------


def settle(claimed: Claimed, verdict: Verdict) -> bool:
    """What was seen, and what it does to the step. False when the claim was lost meanwhile: then nothing is written."""
    return write(claimed.id, claimed.step_id, claimed.customer_id, claimed.claimed_at, verdict)


def write(check_id: int, step_id: int, customer_id: int, claimed_at: datetime, verdict: Verdict) -> bool:
    with transaction():
        locked(Customer.select(Customer.id).where(Customer.id == customer_id)).first()
        mine = (PlanCheck.id == check_id) & (PlanCheck.state == "running") & (PlanCheck.claimed_at == claimed_at)
        answer = {
            "state": "done",
            "outcome": KEPT_AS[verdict.outcome],
            "sentence": verdict.reason,
            "evidence": verdict.kept(),
            "answered_at": now(),
        }
        if not PlanCheck.update(**answer).where(mine).execute():
            return False
        told(customer_id, step_id, check_id, verdict)
    return True


def keep_answer(who: Any, customer_id: int, step_id: int, verdict: Verdict) -> PlanCheck:
    """What a job of its own saw of a step (all its mailboxes, say), as if its check had been run. `who` as in `ask`.

    Raises NotThere, MayNot, PlanOver, NotReady, Dropped, NothingToCheck, NotNeeded, UnderWay.
    """
    with transaction():
        step = hold_watched(who, customer_id, step_id)
        refuse_unasked(step)
        check = put_due(step, who)
        check.state, check.outcome, check.sentence = "done", KEPT_AS[verdict.outcome], verdict.reason
        check.evidence, check.answered_at = verdict.kept(), now()
        check.save()
        told(customer_id, step_id, check.id, verdict)
    return check


def told(customer_id: int, step_id: int, check_id: int, verdict: Verdict) -> None:
    """The step hears of an answer that is written; then it is said when the portal looks again."""
    thin_out(step_id)
    try:
        hear(customer_id, step_id, KEPT_AS[verdict.outcome], verdict.reason, verdict.again_in)
        step = hold_watched(PORTAL, customer_id, step_id)
    except Refused:  # the plan was closed meanwhile: the answer stays where it is
        return
    check = PlanCheck.get_by_id(check_id)
    check.again_at = again_at(step, check.outcome, check.tries)
    check.save()


def thin_out(step_id: int) -> None:
    """What the portal sees by itself, and saw just so the time before, takes the place of that; old runs go."""
    runs = (PlanCheck.step == step_id) & (PlanCheck.state == "done")
    columns = (PlanCheck.id, PlanCheck.outcome, PlanCheck.sentence, PlanCheck.asked_by_name)
    rows = list(PlanCheck.select(*columns).where(runs).order_by(PlanCheck.id.desc()).limit(MOST_RUNS).tuples())
    if len(rows) == MOST_RUNS:
        PlanCheck.delete().where(runs & (PlanCheck.id < rows[-1][0])).execute()
    if len(rows) > 1 and rows[0][3] == PORTAL.name and rows[0][1:] == rows[1][1:]:
        PlanCheck.delete().where(PlanCheck.id == rows[1][0]).execute()


# --- again ----------------------------------------------------------------------------------------------


def again_at(step: HeldStep, outcome: str, tries: int) -> datetime | None:
    """When to look again without being asked: daily at what is done and watched; at what could not be seen after a
    while; at what was seen too early when its time has come. What failed waits for people, or for a time that it named.
    """
    check, at = step.told.check, now()
    if check is None or step.row.dropped_at is not None or step.row.state == "not_applicable":
        return None
    if step.row.state in SETTLED:
        return at + A_DAY if check.watch else None
    if step.of.plan.state != "open" or outcome == "failed":
        return None
    if outcome == "passed":
        return time_come(step) or at + A_DAY
    if tries < MOST_TRIES:
        return at + back_off(tries)
    return at + A_DAY if outcome == "could_not_run" else None


def time_come(step: HeldStep) -> datetime | None:
    """When the hours have passed that keep a step from being done, as far as that is known."""
    try:
        refuse_locked(step)
    except Refused:
        return None
    early = why_too_early(step)
    return early.until if early else None


def ask_again() -> int:
    """Put due what it is time to look at again: what said so itself, and steps whose waiting is over. How many."""
    return sum(put_due_again(*place) for place in [*to_look_again(), *waited_out()])


def to_look_again() -> list[tuple[int, int, int]]:
    rows = PlanCheck.select(Plan.customer, PlanStep.id, PlanCheck.id).join(PlanStep).join(Plan)
    rows = rows.where(PlanCheck.again_at <= now()).order_by(PlanCheck.again_at).limit(AT_A_TIME)
    return list(rows.tuples())


def waited_out() -> Iterator[tuple[int, int, int]]:
    """Steps with a check that waited for a moment which has come, and that were not looked at since."""
    since = (PlanCheck.step == PlanStep.id) & (
        (PlanCheck.state != "done") | (PlanCheck.not_before >= PlanStep.waiting_until)
    )
    rows = (
        PlanStep.select(Plan.customer, PlanStep.id, PlanStep.key, Plan.template)
        .join(Plan)
        .where(WAITING & PlanStep.dropped_at.is_null() & (PlanStep.waiting_until <= now()))
        .where((Plan.state == "open") & ~fn.EXISTS(PlanCheck.select(PlanCheck.id).where(since)))
        .order_by(PlanStep.waiting_until)
    )
    for customer_id, step_id, key, version in rows.tuples():
        step = template_of_version(version).by_id.get(key) if version else None
        if step is not None and step.check is not None:
            yield customer_id, step_id, 0


def put_due_again(customer_id: int, step_id: int, check_id: int) -> bool:
    """One of them. `check_id`: of the answer that said so, 0 for none."""
    with transaction():
        before = PlanCheck.get_or_none(PlanCheck.id == check_id)
        if check_id and (before is None or before.again_at is None):
            return False  # another worker was quicker
        try:
            step = hold_watched(PORTAL, customer_id, step_id)
            refuse_unasked(step)
        except Refused:
            step = None
        if step is None or not wanted(step):
            PlanCheck.update(again_at=None).where(PlanCheck.id == check_id).execute()
            return False
        unseen = before is not None and before.outcome in ("could_not_run", "undetermined")
        put_due(step, PORTAL, watch=step.row.state == "done", tries=before.tries if before and unseen else 0)
    return True


def wanted(step: HeldStep) -> bool:
    """Whether the portal still looks at it by itself: not at what somebody took up again, nor at what failed since."""
    if step.row.state == "done":
        return is_watched(step.row, step.told)
    undone = step.row.state == "not_started" and step.row.reason
    return step.of.plan.state == "open" and step.row.state != "failed" and not undone
