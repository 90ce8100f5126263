"""Letters about what is no longer as it was: whose it is, once for each drift, one a day about a customer."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from blueprints.plans.arranging import assign, set_due
from blueprints.plans.drifting import tend
from blueprints.plans.proving import hear
from blueprints.plans.working import undo
from data.accounts import Grant, Person
from data.customers import Customer
from data.emails import Email
from data.moments import now
from data.partners import Partner
from data.plans import Plan, PlanStep
from tests.at_once import at_once
from tests.factories import World
from tests.plans.planned import PORTAL_ADDRESS, WHY, a_plan, act, finish, proven, step, technician, told

Clock = Any
ADMIN, TECHNICIAN = "ada.admin@northstar.example", "tom.technician@northstar.example"
GONE = "The record is gone."


@pytest.fixture
def plan(clock: object, world: World) -> Plan:
    made = a_plan(world)
    finish(world, made, "review", "configure", "domains", "spf")
    return made


def heard(plan: Plan, key: str, outcome: str, sentence: str = GONE) -> PlanStep:
    """Its check has answered."""
    proven(step(plan, key), outcome)
    return hear(plan.customer_id, step(plan, key).id, outcome, sentence)


def drifted(plan: Plan, *keys: str) -> None:
    for key in keys:
        heard(plan, key, "failed")


def written(each_day: Callable[[int], None], clock: Clock, days: int) -> list[int]:
    """Day by day, with two looks each: on which letters were written."""
    sent = []
    for day in range(days):
        each_day(day)
        before = Email.select().count()
        tend(PORTAL_ADDRESS)
        tend(PORTAL_ADDRESS)
        sent += [day] * (Email.select().count() - before)
        clock.shift(timedelta(days=1))
    return sent


def letters() -> list[tuple[str, str]]:
    return [(letter.subject, letter.to_email) for letter in Email.select().order_by(Email.id)]


class TestWho:
    def test_those_who_are_told_of_the_order(self, world: World, plan: Plan) -> None:
        drifted(plan, "spf")
        assert tend(PORTAL_ADDRESS) == 1
        name = Customer.get().name
        assert letters() == [(f"{name}: “Publish the new SPF record” is not as it was", ADMIN)]
        letter = Email.get()
        assert letter.kind == "plan_drifted"
        for words in (letter.text, letter.html):
            assert GONE in words
            assert f"{PORTAL_ADDRESS}/customers/{plan.customer_id}/plan" in words
            assert "2 Mar 2026, 10:30" in words
        assert told()[-1] == f"Letter about “Publish the new SPF record”, not as before, sent to {ADMIN}"

    def test_whoever_was_given_the_step_reads_of_that_one_alone(self, world: World, plan: Plan) -> None:
        act(assign, technician(world), plan, "spf", world.technician.id)
        drifted(plan, "domains", "spf")
        assert tend(PORTAL_ADDRESS) == 2
        texts = {letter.to_email: letter.text for letter in Email.select()}
        assert "Publish the new SPF record" in texts[TECHNICIAN]
        assert "Prove that" not in texts[TECHNICIAN]
        assert "Prove that" in texts[ADMIN]
        assert "Publish the new SPF record" not in texts[ADMIN]

    def test_not_whoever_may_not_see_the_customer_any_more(self, world: World, plan: Plan) -> None:
        act(assign, technician(world), plan, "spf", world.technician.id)
        Grant.delete().where(Grant.person == world.technician).execute()
        drifted(plan, "spf")
        tend(PORTAL_ADDRESS)
        assert [email for _, email in letters()] == [ADMIN]

    def test_nobody_there_leaves_it_untold(self, world: World, plan: Plan) -> None:
        Person.update(active=False).execute()
        drifted(plan, "spf")
        assert tend(PORTAL_ADDRESS) == 0
        Person.update(active=True).execute()
        assert tend(PORTAL_ADDRESS) == 1


class TestOnce:
    def test_for_each_drift_however_long_and_whatever_it_says(self, clock: Clock, world: World, plan: Plan) -> None:
        def look(day: int) -> None:
            heard(plan, "spf", "failed" if day != 5 else "passed", f"{GONE} For {day} days.")

        assert written(look, clock, 9) == [0, 6]
        assert step(plan, "spf").alert_at == now() - timedelta(days=3)

    def test_a_day_about_a_customer(self, clock: Clock, world: World, plan: Plan) -> None:
        drifted(plan, "domains", "spf")
        assert tend(PORTAL_ADDRESS) == 1
        assert letters()[0][0].endswith(": 2 steps are not as they were")
        clock.shift(timedelta(hours=1))
        drifted(plan, "configure")
        assert tend(PORTAL_ADDRESS) == 0
        clock.shift(timedelta(days=1))
        assert (tend(PORTAL_ADDRESS), tend(PORTAL_ADDRESS)) == (1, 0)

    def test_also_where_a_day_is_said_for_the_step_afterwards(self, clock: Clock, world: World, plan: Plan) -> None:
        drifted(plan, "spf")
        tend(PORTAL_ADDRESS)
        act(set_due, technician(world), plan, "spf", date(2026, 3, 9))
        clock.shift(timedelta(days=1))
        assert tend(PORTAL_ADDRESS) == 0

    def test_when_two_workers_look_at_once(self, world: World, plan: Plan) -> None:
        drifted(plan, "spf")
        at_once(*[partial(tend, PORTAL_ADDRESS)] * 2)
        assert len(letters()) == 1


class TestNot:
    def test_of_what_is_right_again_or_taken_up_again(self, world: World, plan: Plan) -> None:
        drifted(plan, "domains", "spf")
        heard(plan, "domains", "passed")
        act(undo, technician(world), plan, "spf", WHY)
        assert tend(PORTAL_ADDRESS) == 0

    def test_of_what_failed_before_it_was_done(self, world: World, plan: Plan) -> None:
        heard(plan, "dmarc", "failed")
        assert tend(PORTAL_ADDRESS) == 0

    def test_of_customers_who_left(self, world: World, plan: Plan) -> None:
        drifted(plan, "spf")
        Customer.update(status="cancelled", shelf="past").execute()
        assert tend(PORTAL_ADDRESS) == 0

    def test_while_an_msp_is_closed(self, world: World, plan: Plan) -> None:
        drifted(plan, "spf")
        Partner.update(closed_at=now()).execute()
        assert tend(PORTAL_ADDRESS) == 0

    def test_less_when_one_goes_wrong(self, world: World, plan: Plan, caplog: pytest.LogCaptureFixture) -> None:
        other = a_plan(world)
        finish(world, other, "review", "configure", "domains", "spf")
        drifted(plan, "spf")
        drifted(other, "spf")
        Plan.update(template=None).where(Plan.id == plan.id).execute()
        assert tend(PORTAL_ADDRESS) == 1
        assert f"Customer {plan.customer_id}: nobody could be told" in caplog.text


def test_also_of_a_plan_that_is_complete(world: World, plan: Plan) -> None:
    Plan.update(state="done").execute()
    Customer.update(status="complete", shelf="complete").execute()
    drifted(plan, "spf")
    assert tend(PORTAL_ADDRESS) == 1
