"""Checks that really ran, as people ask for them: `checked(world, plan, "spf")`."""

from typing import Any

from blueprints.plans import jobs
from blueprints.plans.checking import ask
from data.moments import now
from data.partners import Partner
from data.plans import Plan, PlanCheck
from data.rfi import AskedSet, HandedIn, Rfi
from tests.factories import World
from tests.plans.planned import a_plan, finish, step, technician

DOMAIN = "company.example"


def a_plan_to_check(world: World) -> Plan:
    """Its account is configured, and it is known whose domain is looked at."""
    made = a_plan(world)
    handed_in(made, mail_domains=[DOMAIN])
    finish(world, made, "configure")
    return made


def handed_in(plan: Plan, **answers: Any) -> Rfi:
    """The RFI of a plan's order, handed in (once more) with these answers."""
    rfi: Rfi = Rfi.get(Rfi.order == plan.order_id)
    AskedSet.insert(version="0", definition={}, kept_at=now()).on_conflict_ignore().execute()
    number = HandedIn.select().where(HandedIn.rfi == rfi).count() + 1
    kept = {"infrastructure": "onprem", "answers": answers, "at": now(), "by_name": "Ada"}
    HandedIn.create(rfi=rfi, number=number, set_version="0", **kept)
    return rfi


def expect(plan: Plan, **values: Any) -> None:
    """What the MSP says that the records of its customers should be."""
    Partner.update(expected=values).where(Partner.id == plan.customer.partner_id).execute()


def newest(plan: Plan, key: str) -> PlanCheck:
    return PlanCheck.select().where(PlanCheck.step == step(plan, key)).order_by(PlanCheck.id.desc()).get()


def checked(world: World, plan: Plan, key: str) -> PlanCheck:
    """Somebody asks, the worker runs what is due; the row as it is after."""
    PlanCheck.update(answered_at=None).where(PlanCheck.step == step(plan, key)).execute()  # no pause between two
    ask(technician(world), plan.customer_id, step(plan, key).id)
    jobs.check_all()
    return newest(plan, key)


def told(check: PlanCheck) -> tuple[str, str]:
    return check.outcome, check.sentence
