"""When the portal looks again by itself at what is not done yet."""

from datetime import timedelta

import pytest

from blueprints.plans.watching import A_DAY, BACK_OFF, MOST_TRIES
from blueprints.plans.working import undo, wait_until
from data.moments import now
from data.plans import Plan, PlanCheck
from tests.factories import World
from tests.plans.checked import DOMAIN, a_plan_to_check, handed_in, newest
from tests.plans.planned import WHY, a_plan, act, finish, step, technician
from tests.plans.watched import GOOD, HAZY, LATER, NOT_HERE, WRONG, answered, looked_again


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan_to_check(world)


def test_what_could_not_run_is_tried_again_after_longer_and_longer(world: World, plan: Plan, clock: object) -> None:
    check = answered(world, plan, "domains", NOT_HERE)
    waits = [check.again_at - now()]
    for _ in range(MOST_TRIES + 1):
        assert looked_again(NOT_HERE) == 0
        clock.move_to(newest(plan, "domains").again_at)
        assert looked_again(NOT_HERE) == 1
        waits.append(newest(plan, "domains").again_at - now())
    assert waits == [*BACK_OFF, A_DAY, A_DAY, A_DAY]
    assert step(plan, "domains").state == "not_started"
    clock.move_to(newest(plan, "domains").again_at)
    looked_again(GOOD)
    assert step(plan, "domains").state == "done"
    assert PlanCheck.select().where(PlanCheck.step == step(plan, "domains")).count() == 3


def test_what_nobody_can_say_is_asked_a_few_times(world: World, plan: Plan, clock: object) -> None:
    answered(world, plan, "domains", HAZY)
    looks = 0
    while newest(plan, "domains").again_at:
        clock.move_to(newest(plan, "domains").again_at)
        looks += looked_again(HAZY)
    assert looks == MOST_TRIES - 1


def test_what_waits_for_a_time_to_live_is_looked_at_when_it_is_over(world: World, plan: Plan, clock: object) -> None:
    answered(world, plan, "domains", LATER)
    assert step(plan, "domains").state == "waiting"
    clock.shift(timedelta(seconds=599))
    assert looked_again(GOOD) == 0
    clock.shift(timedelta(seconds=1))
    assert looked_again(LATER) == 1
    assert step(plan, "domains").waiting_until == now() + timedelta(seconds=600)
    clock.shift(timedelta(seconds=600))
    assert looked_again(GOOD) == 1
    assert step(plan, "domains").state == "done"
    assert looked_again(GOOD) == 0


def test_what_people_put_to_waiting_is_looked_at_then_too_and_only_once(
    world: World, plan: Plan, clock: object
) -> None:
    act(wait_until, technician(world), plan, "domains", now() + timedelta(hours=1))
    clock.shift(timedelta(hours=1))
    assert looked_again(HAZY) == 1
    clock.shift(timedelta(minutes=1))
    assert looked_again(HAZY) == 0


def test_what_failed_waits_for_people(world: World, plan: Plan, clock: object) -> None:
    assert answered(world, plan, "domains", WRONG).again_at is None
    clock.shift(timedelta(days=30))
    assert looked_again(GOOD) == 0


def test_what_was_seen_too_early_is_looked_at_when_its_time_has_come(world: World, clock: object) -> None:
    plan = a_plan(world, "migration")
    handed_in(plan, mail_domains=[DOMAIN])
    keys = [row.key for row in plan.steps if row.key in step(plan, "mx_change").after]
    finish(world, plan, *keys, "mx_change")
    check = answered(world, plan, "mx_spread", GOOD)
    assert check.again_at == now() + timedelta(hours=72)
    assert step(plan, "mx_spread").state == "not_started"
    clock.shift(timedelta(hours=72))
    assert looked_again(GOOD) == 1
    assert step(plan, "mx_spread").state == "done"


def test_what_passed_while_it_was_locked_is_looked_at_once_nothing_keeps_it(
    world: World, plan: Plan, clock: object
) -> None:
    assert answered(world, plan, "spf", GOOD).again_at == now() + A_DAY
    assert (step(plan, "spf").state, looked_again(GOOD)) == ("not_started", 0)
    finish(world, plan, "domains")
    assert looked_again(GOOD) == 1
    assert step(plan, "spf").state == "done"


def test_what_was_taken_up_again_is_not_done_behind_peoples_backs(world: World, plan: Plan, clock: object) -> None:
    finish(world, plan, "domains")
    answered(world, plan, "spf", GOOD)
    assert step(plan, "spf").state == "done"
    act(undo, technician(world), plan, "spf", WHY)
    clock.shift(timedelta(days=2))
    assert looked_again(GOOD) == 0
    assert step(plan, "spf").state == "not_started"
