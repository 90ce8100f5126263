"""What the answer of a check does to its step."""

from datetime import timedelta

import pytest
import time_machine

from blueprints.plans.proving import hear
from blueprints.plans.working import drop_step, start
from data.history import History, sentence
from data.moments import now
from data.plans import Plan, PlanStep
from tests.factories import World
from tests.plans.planned import WHY, a_plan, act, finish, proven, shown, step, technician, told


@pytest.fixture
def plan(world: World) -> Plan:
    made = a_plan(world)
    finish(world, made, "configure")
    return made


def heard(plan: Plan, key: str, outcome: str, said: str = "Seen.", again_in: int | None = None) -> PlanStep:
    proven(step(plan, key), outcome)
    hear(plan.customer_id, step(plan, key).id, outcome, said, again_in)
    return step(plan, key)


def test_a_step_whose_check_passed_is_done(world: World, plan: Plan) -> None:
    row = heard(plan, "domains", "passed")
    assert (row.state, row.changed_by_name) == ("done", "the portal")
    assert told()[-1] == "Step “Prove that the domains are yours” done: its check has passed"


def test_one_that_failed_says_what_was_found_and_once(world: World, plan: Plan) -> None:
    lines = len(told())
    for _ in range(2):
        row = heard(plan, "domains", "failed", "There is no such record.")
    assert (row.state, row.reason) == ("failed", "There is no such record.")
    assert len(told()) == lines + 1
    assert heard(plan, "domains", "passed").state == "done"


def test_where_time_helps_it_waits(world: World, plan: Plan) -> None:
    with time_machine.travel("2026-03-02T09:30:00Z", tick=False):
        row = heard(plan, "domains", "failed", again_in=3600)
        assert (row.state, row.waiting_until) == ("waiting", now() + timedelta(hours=1))


@pytest.mark.parametrize("outcome", ["undetermined", "could_not_run"])
def test_what_cannot_be_known_changes_nothing(world: World, plan: Plan, outcome: str) -> None:
    before = step(plan, "domains")
    after = heard(plan, "domains", outcome)
    assert (after.state, after.version) == (before.state, before.version)
    assert shown(technician(world), plan, "domains").evidence is not None


@pytest.mark.parametrize("outcome", ["passed", "failed"])
def test_a_locked_step_stays_locked(world: World, plan: Plan, outcome: str) -> None:
    assert heard(plan, "spf", outcome).state == "not_started"
    assert shown(technician(world), plan, "spf").state == "locked"


def test_a_dropped_one_stays_dropped(world: World, plan: Plan) -> None:
    act(drop_step, technician(world), plan, "domains", WHY)
    assert heard(plan, "domains", "passed").state == "not_started"


def test_hours_that_have_not_passed_keep_it_open(world: World) -> None:
    plan = a_plan(world, "migration")
    finish(world, plan, "mx_change")
    assert heard(plan, "mx_spread", "passed").state == "not_started"


def test_mailboxes_are_done_by_people_not_by_the_first_that_answers(world: World) -> None:
    plan = a_plan(world, "migration")
    act(start, technician(world), plan, "imap_test")
    assert heard(plan, "imap_test", "passed").state == "in_progress"


@pytest.mark.parametrize("key", ["imap_test", "mx_spread"])
def test_what_had_failed_and_is_right_now_goes_on_though_it_is_not_done_yet(world: World, key: str) -> None:
    plan = a_plan(world, "migration")
    finish(world, plan, "mx_change")
    assert heard(plan, key, "failed", "Ada cannot sign in.").state == "failed"
    row = heard(plan, key, "passed")
    assert (row.state, row.reason) == ("in_progress", "")
    assert told()[-1].endswith("is as it should be again")


@pytest.mark.parametrize("state", ["open", "done"])
def test_what_drifts_after_it_was_done_raises_an_alert_until_it_is_right_again(
    world: World, plan: Plan, state: str
) -> None:
    heard(plan, "domains", "passed")
    Plan.update(state=state).execute()
    for _ in range(2):
        row = heard(plan, "domains", "failed", "The record is gone.")
    assert (row.state, row.alert, row.alert_at is not None) == ("done", "The record is gone.", True)
    assert told()[-1] == "Step “Prove that the domains are yours” is not as it was: The record is gone."
    assert shown(technician(world), plan, "domains").alert == "The record is gone."
    assert heard(plan, "domains", "passed").alert == ""
    assert sentence(History.select().order_by(History.id.desc()).first()).endswith("is as it should be again")
