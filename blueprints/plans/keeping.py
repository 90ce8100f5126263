"""What is kept of a plan for lists: how far it is, what comes next, whose turn it is."""

from blueprints.plans.chain import Chain
from data.moments import now
from data.plans import Plan


def keep(plan: Plan, chain: Chain) -> None:
    """Bring the kept figures in line with the steps; the caller saves. The database hands them on to the customer."""
    current = chain.current if plan.state == "open" else None
    plan.steps_done, plan.steps_total = chain.done, chain.total
    plan.current_step = current.title if current else ""
    turn, step_id = (current.owner, current.id) if current else ("", None)
    if (plan.turn, plan.turn_step_id) != (turn, step_id):
        plan.turn, plan.turn_step_id, plan.turn_since = turn, step_id, now() if current else None
