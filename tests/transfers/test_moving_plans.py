"""Plans on the day of a partner change: those that change orders opened become one with the first."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from blueprints.plans.extending import plan_new_services
from blueprints.plans.held import hold
from blueprints.plans.making import make_plan
from blueprints.plans.signing import complete
from blueprints.plans.watching import ask_again
from data.accounts import Person
from data.customers import Customer
from data.database import transaction
from data.history import PORTAL
from data.moments import now
from data.orders import Order
from data.plan_choosing import Needs, gone_on, selected
from data.plan_definitions import Template, current_templates, from_definition
from data.plans import Mailbox, Plan, PlanCheck, PlanStep
from data.rfi import Rfi
from tests.factories import World
from tests.plans.planned import ANSWERS, proven, step
from tests.transfers.changing import ASKING, ON_THE_DAY, PORTAL_ADDRESS, a_complete_customer, an_order, clock, moved
from tests.visits import Visitor

OF_SECURITY, OF_ARCHIVING = "spf", "journaling"


@pytest.fixture
def customer(world: World) -> Customer:
    """Complete with Mail shield, its steps done and watched; a change order has added Mail vault."""
    with clock(ASKING):
        customer = a_complete_customer(world, products=(world.shield,))
        plan = Plan.get(Plan.customer == customer)
        Plan.update(state="open", completed_at=None).where(Plan.id == plan.id).execute()
        with transaction():
            make_plan(PORTAL, customer, plan.order_id, Needs(frozenset({"security"}), "m365", ANSWERS))
        finish(plan)
        proven(step(plan, OF_SECURITY))
        Order.update(addendum_number="2026-000001").where(Order.customer == customer).execute()
        order = an_order(customer, (world.shield, world.vault))
        Order.update(kind="change", changes=plan.order_id, applied_at=now()).where(Order.id == order.id).execute()
    return Customer.get_by_id(customer.id)


def finish(plan: Plan) -> None:
    PlanStep.update(state="done").where(PlanStep.plan == plan).execute()
    with transaction():
        complete(hold(PORTAL, plan.customer_id), PORTAL_ADDRESS)


def added(customer: Customer, *, answers_come: bool = False) -> Plan:
    """The plan of the change order."""
    with clock(ASKING), transaction():
        plan = plan_new_services(PORTAL, customer, newest_order(customer), answers_come=answers_come)
    assert plan is not None
    return plan


def newest_order(customer: Customer) -> Order:
    return Order.select().where(Order.customer == customer).order_by(Order.id.desc()).get()


def keys(plan: Plan) -> list[str]:
    rows = PlanStep.select().where((PlanStep.plan == plan) & PlanStep.dropped_at.is_null())
    return [row.key for row in rows.order_by(PlanStep.position)]


def of_new(customer: Customer) -> Plan:
    plans = list(Plan.select().where(Plan.customer == customer))
    assert len(plans) == 1
    return plans[0]


def test_both_plans_become_one_with_all_steps(world: World, customer: Customer) -> None:
    second = added(customer)
    first = Plan.select().order_by(Plan.id).get()
    PlanStep.update(state="done").where(PlanStep.plan == second, PlanStep.key == OF_ARCHIVING).execute()
    plan = of_new(moved(world, customer).new)
    assert plan.state == "open", "as the newest of both"
    assert set(keys(plan)) == set(keys(first)) | set(keys(second))
    assert keys(plan)[-1] == "sign_off"
    assert step(plan, OF_SECURITY).state == step(plan, OF_ARCHIVING).state == "done"
    assert step(plan, "sign_off").state == step(second, "sign_off").state == "not_started"
    assert (plan.steps_total - plan.steps_done) == (second.steps_total - 1), "one was done since"
    assert plan.current_step


def test_what_was_done_before_is_watched_on(world: World, customer: Customer) -> None:
    with clock(ASKING):
        PlanCheck.update(watch=True).execute()
    second = added(customer)
    with clock(ASKING):
        finish(second)
    done = moved(world, customer)
    plan = of_new(done.new)
    assert (plan.state, plan.steps_done) == ("done", plan.steps_total)
    checks = list(PlanCheck.select().join(PlanStep).where(PlanStep.plan == plan))
    assert [(check.step.key, check.sentence) for check in checks] == [(OF_SECURITY, "Seen before the partner change.")]
    with clock(ON_THE_DAY + timedelta(days=1)):
        assert ask_again() == 1


def test_its_pages_tell_all_of_it(world: World, customer: Customer, visit_as: Callable[[Person], Visitor]) -> None:
    added(customer)
    done = moved(world, customer)
    visitor, plan = visit_as(world.admin), of_new(done.new)
    page = visitor.get(f"/customers/{done.new.id}/plan")
    assert page.status == 200
    for row in PlanStep.select().where(PlanStep.plan == plan, PlanStep.dropped_at.is_null()):
        assert row.title in page.text
        assert visitor.get(f"/customers/{done.new.id}/plan/{row.id}").status == 200


def test_steps_of_what_stays_behind_stay_too(world: World, customer: Customer) -> None:
    first = Plan.get()
    second = added(customer)
    plan = of_new(moved(world, customer, product_ids=(world.shield.id,)).new)
    assert OF_ARCHIVING in keys(second)
    assert (keys(plan), plan.state, plan.steps_done) == (keys(first), "done", plan.steps_total)


def test_steps_of_the_first_plan_stay_when_only_the_addition_moves(world: World, customer: Customer) -> None:
    second = added(customer)
    plan = of_new(moved(world, customer, product_ids=(world.vault.id,)).new)
    assert OF_ARCHIVING in keys(plan)
    assert OF_SECURITY not in keys(plan)
    assert set(keys(second)) <= set(keys(plan))


def test_steps_that_wait_for_answers_come_with_these(world: World, customer: Customer) -> None:
    """The customer was asked, and had not answered on the day."""
    with clock(ASKING):
        Rfi.create(customer=customer, order=newest_order(customer), opened_at=now())
    first, second = Plan.get(), added(customer, answers_come=True)
    assert second.template_id is None
    done = moved(world, customer)
    plan = of_new(done.new)
    assert plan.state == "open"
    assert keys(plan) == [key for key in keys(first) if key != "sign_off"], "it is signed anew, when there is more"
    assert plan.current_step == ""
    rfi = Rfi.get(Rfi.customer == done.new)
    with clock(ON_THE_DAY), transaction():
        needs = Needs(frozenset({"security", "archiving"}), "m365", ANSWERS)
        make_plan(PORTAL, done.new, rfi.order_id, needs)
    plan = of_new(done.new)
    assert set(keys(first)) | {OF_ARCHIVING} <= set(keys(plan))
    assert step(plan, OF_SECURITY).state == "done"
    assert (step(plan, OF_ARCHIVING).state, step(plan, "sign_off").state) == ("not_started", "not_started")
    assert plan.current_step


def test_questions_of_what_stays_behind_are_asked_no_more(world: World, customer: Customer) -> None:
    with clock(ASKING):
        Rfi.create(customer=customer, order=newest_order(customer), opened_at=now())
    added(customer, answers_come=True)
    done = moved(world, customer, product_ids=(world.shield.id,))
    assert Rfi.get(Rfi.customer == done.new).state == "complete"


def test_mailboxes_of_all_plans_go_along_once(world: World, customer: Customer) -> None:
    first, second = Plan.get(), added(customer)
    for plan, address, state in (
        (first, "amy@x.example", "ok"),
        (first, "ben@x.example", "ok"),
        (second, "amy@x.example", "failed"),
    ):
        Mailbox.create(plan=plan, address=address, login=address, state=state)
    plan = of_new(moved(world, customer).new)
    found = {row.address: row.state for row in Mailbox.select().where(Mailbox.plan == plan)}
    assert found == {"amy@x.example": "failed", "ben@x.example": "ok"}


class TestOneAfterTheOther:
    def test_the_newer_says_what_both_have(self) -> None:
        one, other = a_template("Mail", same="Old words", a="A"), a_template("More mail", same="New words", b="B")
        whole = gone_on(one, other)
        assert [(step.id, step.title) for step in whole] == [("a", "A"), ("same", "New words"), ("b", "B")]
        assert whole.title == "Mail; more mail"

    def test_the_same_plan_again_adds_nothing(self) -> None:
        needs = Needs(frozenset({"security", "archiving"}), "m365", {})
        plan = selected(current_templates(), needs)
        assert gone_on(plan, plan) == plan


def a_template(title: str, **steps: str) -> Template:
    rows = [{"id": key, "title": words, "owner": "partner"} for key, words in steps.items()]
    phases = [{"id": "only", "title": "Only", "steps": rows}]
    return from_definition(
        {"plan": title.lower().replace(" ", "_"), "title": title, "otherwise": True, "phases": phases}
    )
