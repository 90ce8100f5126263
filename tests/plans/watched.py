"""What workers see, as tests tell them: `answered(world, plan, "spf", GOOD)`; and a plan that is watched."""

from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.plans.checking import ask
from blueprints.plans.proving import hear
from blueprints.plans.watching import ask_again, claim, due, settle
from data.moments import now
from data.plans import Plan, PlanCheck, PlanStep
from data.rfi import Rfi
from tests.factories import World
from tests.orders.changing import a_finished_plan
from tests.plans.checked import newest
from tests.plans.planned import proven, step, technician

GONE = "The record is gone."
GOOD, WRONG = Verdict(Outcome.PASSED, "It is there."), Verdict(Outcome.FAILED, GONE)
LATER = Verdict(Outcome.FAILED, "Not everywhere yet.", again_in=600)
HAZY = Verdict(Outcome.UNDETERMINED, "Nobody can say.")
NOT_HERE = Verdict(Outcome.NOT_HERE, "Nothing could be reached.")
WATCHED = ("spf", "dkim", "mx_change")


def a_watched_plan(world: World) -> Plan:
    """The plan for security, complete and watched; another application asks the questions."""
    plan = a_finished_plan(world)
    Rfi.update(state="not_applicable").where(Rfi.order == plan.order_id).execute()
    values = {"steps_done": plan.steps_total, "turn": "", "turn_step_id": None}
    Plan.update(**values, expected={"mx": ["10 mx1.provider.example"]}).where(Plan.id == plan.id).execute()
    for key in WATCHED:
        proven(step(plan, key))
    return Plan.get_by_id(plan.id)


def seen(plan: Plan, key: str, verdict: Verdict) -> PlanStep:
    """It is time to look again, and this is what the worker sees."""
    PlanCheck.update(again_at=now()).where(PlanCheck.id == newest(plan, key).id).execute()
    assert ask_again() == 1
    (check_id,) = due()
    claimed = claim(check_id)
    assert claimed is not None
    assert settle(claimed, verdict)
    return step(plan, key)


def drifted(plan: Plan, *keys: str) -> None:
    for key in keys:
        proven(step(plan, key), "failed")
        hear(plan.customer_id, step(plan, key).id, "failed", GONE)


def asked(world: World, plan: Plan, key: str) -> int:
    """Somebody wants it checked; the id of the check."""
    return ask(technician(world), plan.customer_id, step(plan, key).id).id


def answered(world: World, plan: Plan, key: str, verdict: Verdict) -> PlanCheck:
    """As if the world had been looked at."""
    claimed = claim(asked(world, plan, key))
    assert claimed is not None
    assert settle(claimed, verdict)
    return newest(plan, key)


def looked_again(verdict: Verdict) -> int:
    """The portal's own sweep, with what it saw; how many were looked at."""
    ask_again()
    claims = [claimed for claimed in map(claim, due()) if claimed]
    for claimed in claims:
        settle(claimed, verdict)
    return len(claims)
