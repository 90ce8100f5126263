"""Who may do what with a step: the words that pages show as buttons and that the rules in working.py refuse by."""

from data.plan_definitions import Step
from data.plans import SETTLED, PlanStep

# What the customer's contact may do, with steps that are the customer's or everyone's.
BY_LINK = frozenset({"start", "done", "comment"})
THEIRS = ("customer", "everyone")


def acts_on(row: PlanStep, step: Step, *, by_link: bool, locked: bool) -> frozenset[str]:
    """What somebody who may work on the plan may do with a step now."""
    if by_link and row.owner not in THEIRS:
        return frozenset()
    found = possible(row, step, locked=locked)
    return found & BY_LINK if by_link else found


def is_watched(row: PlanStep, step: Step) -> bool:
    """Whether it is done and looked at daily since."""
    return row.state == "done" and row.dropped_at is None and step.check is not None and step.check.watch


def possible(row: PlanStep, step: Step, *, locked: bool) -> frozenset[str]:
    """What the state of a step leaves to be done with it."""
    always = {"comment", "assign", "due"}
    if row.dropped_at is not None:
        return frozenset({"comment", "undo"})
    if row.state in SETTLED:
        return frozenset({"comment", "undo"})
    if step.does == "sign_off":
        return frozenset(always)
    found = always | {"override", "not_applicable", "drop"}
    if row.state != "not_started":
        found.add("undo")
    if not locked:
        found |= {"done", "wait", "fail"} | ({"start"} if row.state in ("not_started", "failed") else set())
    return frozenset(found)
