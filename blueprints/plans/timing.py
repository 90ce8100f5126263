"""Hours that must pass between steps, and the date of the cutover held against them. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from blueprints.plans.chain import Chain, stands_open
from data.moments import now
from data.plan_definitions import Step, Template


def not_before(step: Step, chain: Chain) -> datetime | None:
    """When the hours have passed that a step must stay behind others that are done; None when nothing is to pass."""
    ends = [
        chain.by_key[key].changed_at + timedelta(hours=hours)
        for key, hours in step.hours_after
        if key in chain.by_key and chain.by_key[key].state == "done"
    ]
    return max(ends, default=None)


def still_to_pass(step: Step, chain: Chain) -> datetime | None:
    """The same where that moment lies ahead."""
    until = not_before(step, chain)
    return until if until and until > now() else None


def cutover_warning(template: Template, chain: Chain, cutover: datetime) -> str:
    """Why this date of the cutover is too early, as a sentence; "" when it is not."""
    return next(too_early(template, chain, cutover), "")


def too_early(template: Template, chain: Chain, cutover: datetime) -> Iterator[str]:
    """One sentence for each step at the cutover that could not be done by then.

    A step that others must stay behind counts from when it was done, or from now.
    """
    for row in chain.steps:
        step = template.by_id.get(row.key)
        if step is None or not stands_open(row) or step.earliest is None or step.earliest.base != "cutover":
            continue
        at = cutover + timedelta(hours=step.earliest.hours)
        for key, hours in step.hours_after:
            other = chain.by_key.get(key)
            if other is None or other.dropped_at is not None or other.state == "not_applicable":
                continue
            done = other.state == "done"
            if at < (other.changed_at if done else now()) + timedelta(hours=hours):
                begins = "was only done then" if done else "is not done yet"
                yield f"Between “{other.title}” and “{row.title}” {hours} hours must pass, and the first {begins}."
