"""Plans that were made, for tests of what comes after: `a_plan(world, "migration", filter_now="kept")`."""

from collections.abc import Callable
from typing import Any

from blueprints.accounts.standing import Standing, standing_of
from blueprints.customers.links import LinkHolder
from blueprints.plans.making import make_plan
from blueprints.plans.rules import PlanView, StepView, plan_of
from blueprints.plans.working import override
from data.customers import Customer
from data.database import transaction
from data.history import History, sentence
from data.moments import now
from data.orders import OrderLine
from data.plan_choosing import Needs
from data.plans import Plan, PlanCheck, PlanStep
from data.rfi import Rfi, RfiLink
from tests.factories import World
from tests.rfi.waiting_for import an_opened_rfi

PORTAL_ADDRESS = "https://portal.example"
ANSWERS: dict[str, Any] = {"filter_now": "none", "directory_sync": "list", "mail_domains": ["company.example"]}


def a_plan(world: World, *services: str, infrastructure: str = "m365", **answers: Any) -> Plan:
    """Of a customer of Northstar, made by its technician. `services`: security unless said; `answers`: of the RFI."""
    rfi = an_opened_rfi(world)
    Rfi.update(state="complete").where(Rfi.id == rfi.id).execute()
    OrderLine.update(services=",".join(services or ("security",))).where(OrderLine.order == rfi.order_id).execute()
    needs = Needs(frozenset(services or ("security",)), infrastructure, {**ANSWERS, **answers})
    with transaction():
        made = make_plan(standing_of(world.technician), Customer.get_by_id(rfi.customer_id), rfi.order_id, needs)
    assert made is not None
    return Plan.get_by_id(made.id)


def by_link(plan: Plan) -> LinkHolder:
    """The customer's contact."""
    link = RfiLink.select(RfiLink, Rfi).join(Rfi).where(Rfi.order == plan.order_id).first()
    return LinkHolder(link)


def technician(world: World) -> Standing:
    return standing_of(world.technician)


def seen(who: Standing | LinkHolder, plan: Plan) -> PlanView:
    view = plan_of(who, plan.customer_id)
    assert view is not None
    return view


def step(plan: Plan, key: str) -> PlanStep:
    """The row as it is now."""
    return PlanStep.get((PlanStep.plan == plan) & (PlanStep.key == key))


def shown(who: Standing | LinkHolder, plan: Plan, key: str) -> StepView:
    view = seen(who, plan)
    return next(each for each in (*view.steps, *view.dropped) if each.key == key)


def proven(row: PlanStep, outcome: str = "passed") -> PlanCheck:
    """The step's check has answered."""
    facts = {"kind": "mx", "state": "done", "outcome": outcome, "sentence": "Seen.", "not_before": now()}
    return PlanCheck.create(step=row, **facts, answered_at=now())


WHY = "They said so on the phone."


def act(rule: Callable[..., Any], who: Any, plan: Plan, key: str, *given: Any, **more: Any) -> PlanStep:
    """The act by somebody who sees the step as it is."""
    row = step(plan, key)
    return rule(who, plan.customer_id, row.id, row.version, *given, **more)


def finish(world: World, plan: Plan, *keys: str) -> None:
    for key in keys:
        act(override, technician(world), plan, key, WHY)


def lines() -> list[str]:
    return [sentence(line) for line in History.select().order_by(History.id)]


def told() -> list[str]:
    return lines()[1:]  # the first: the plan was made
