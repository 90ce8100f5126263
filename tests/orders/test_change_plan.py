"""What newly bought services call for: steps in a plan of their own, or in the one that is open.

Another application asks this customer's questions, so the plan is made at once. What the portal asks first is in
test_change_questions.py.
"""

from datetime import date

import pytest

from blueprints.orders import change_waiting
from blueprints.plans.held import hold
from blueprints.plans.reminding import tend
from blueprints.plans.signing import complete
from data.customers import Customer
from data.database import transaction
from data.history import PORTAL, History
from data.orders import Order
from data.plans import Plan, PlanStep
from data.rfi import Rfi
from tests.factories import World, a_price, a_product
from tests.orders.changing import a_finished_plan, changed
from tests.visits import Visitor


@pytest.fixture
def finished(world: World) -> Plan:
    """The plan for security, done; its customer is complete."""
    plan = a_finished_plan(world)
    Rfi.update(state="not_applicable").where(Rfi.order == plan.order_id).execute()
    return plan


def keys(plan: Plan) -> list[str]:
    steps = PlanStep.select().where((PlanStep.plan == plan) & PlanStep.dropped_at.is_null())
    return [step.key for step in steps.order_by(PlanStep.position)]


def newest() -> Plan:
    return Plan.select().order_by(Plan.id.desc()).first()


def test_a_new_service_has_a_plan_with_its_own_steps_only(admin: Visitor, finished: Plan, world: World) -> None:
    before = set(keys(finished))
    order = changed(admin, finished.customer, permitted_users="25", add=[world.vault.id])
    plan = newest()
    assert (plan.order_id, plan.state) == (order.id, "open")
    assert "journaling" in keys(plan)
    assert {"mx_change", "spf", "domains", "rfi", "configure"}.isdisjoint(keys(plan))
    assert before & set(keys(plan)) == {"sign_off"}, "both sides sign for what is new"
    assert Customer.get_by_id(finished.customer_id).status == "complete", "what was bought before runs on"
    assert [line.kind for line in History.select().where(History.kind.in_(("plan.opened", "plan.made")))][-2:] == [
        "plan.opened",
        "plan.made",
    ]


def test_more_users_call_for_no_plan(admin: Visitor, finished: Plan) -> None:
    changed(admin, finished.customer, permitted_users="40")
    assert newest() == finished


def test_a_service_that_calls_for_no_step_opens_no_plan(admin: Visitor, finished: Plan, world: World) -> None:
    more = a_product("SECURE2", name="More shield", security=True)
    a_price(world.northstar, more)
    changed(admin, finished.customer, permitted_users="25", add=[more.id])
    assert newest() == finished


def test_the_open_plan_of_the_change_before_gets_the_further_steps(
    admin: Visitor, finished: Plan, world: World
) -> None:
    changed(admin, finished.customer, permitted_users="25", add=[world.vault.id])
    first = newest()
    some = keys(first)
    moving = a_product("MOVE", name="Mailbox move", security=False, migration=True)
    a_price(world.northstar, moving)
    changed(admin, finished.customer, permitted_users="25", add=[moving.id])
    assert newest() == first
    assert set(some) < set(keys(first)), "what was planned stays, and more is added"
    assert "cut_over" in keys(first)
    assert (
        Plan.get_by_id(first.id).steps_total
        == PlanStep.select()
        .where((PlanStep.plan == first) & ~PlanStep.optional & PlanStep.dropped_at.is_null())
        .count()
    )


def test_the_plan_of_a_change_ends_as_any_other(admin: Visitor, finished: Plan, world: World) -> None:
    changed(admin, finished.customer, permitted_users="25", add=[world.vault.id])
    with transaction():
        held = hold(PORTAL, finished.customer_id)
        complete(held, "https://portal.example")
    assert newest().state == "done"
    assert Customer.get_by_id(finished.customer_id).status == "complete"


def test_its_customer_is_reminded_though_complete(admin: Visitor, finished: Plan, world: World) -> None:
    changed(admin, finished.customer, permitted_users="25", add=[world.vault.id])
    plan = newest()
    PlanStep.update(owner="customer", due_on=date(2026, 1, 1)).where(PlanStep.plan == plan).execute()
    assert tend("https://portal.example") >= 1
    assert Rfi.select().count() == 1, "the link is one of the first order's RFI"


def test_a_decrease_plans_nothing_when_its_day_comes(admin: Visitor, finished: Plan) -> None:
    order = changed(admin, finished.customer, permitted_users="10")
    Order.update(effective_on=date(2026, 1, 1)).where(Order.id == order.id).execute()
    assert change_waiting.apply_due("https://portal.example") == 1
    assert newest() == finished
