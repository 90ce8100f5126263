"""What is written down of a look, and the daily watch of what is done."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from peewee import OperationalError

from blueprints.gateways.bounds import Bounds
from blueprints.gateways.evidence import Verdict
from blueprints.plans import jobs, watching
from blueprints.plans.watching import A_DAY, LOST, claim, due, keep_answer, settle
from data.database import database, is_sqlite
from data.moments import now
from data.plans import Plan, PlanCheck
from tests.factories import World
from tests.gateways.conftest import SOON
from tests.plans.checked import DOMAIN, a_plan_to_check, checked, expect, newest, told
from tests.plans.planned import finish, lines, proven, step, technician
from tests.plans.watched import GONE, GOOD, HAZY, NOT_HERE, WRONG, answered, asked, looked_again
from tests.services import DnsServer

Within = Callable[..., Bounds]


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan_to_check(world)


# --- what is written down -------------------------------------------------------------------------------


def test_the_answer_is_kept_with_its_evidence(world: World, plan: Plan) -> None:
    check = answered(world, plan, "domains", GOOD)
    assert (check.state, *told(check)) == ("done", "passed", "It is there.")
    assert check.evidence == GOOD.kept()
    assert step(plan, "domains").state == "done"
    assert lines()[-1] == "Step “Prove that the domains are yours” done: its check has passed"


def test_a_claim_that_was_lost_writes_nothing(world: World, plan: Plan) -> None:
    claimed = claim(asked(world, plan, "domains"))
    assert claimed is not None
    with time_machine.travel(now() + LOST + timedelta(seconds=1)):
        watching.take_up_lost()
    assert not settle(claimed, GOOD)
    assert step(plan, "domains").state == "not_started"


def test_an_answer_after_the_plan_was_closed_stays_where_it_is(world: World, plan: Plan) -> None:
    claimed = claim(asked(world, plan, "domains"))
    assert claimed is not None
    Plan.update(state="closed").where(Plan.id == plan.id).execute()
    assert settle(claimed, GOOD)
    assert (newest(plan, "domains").outcome, step(plan, "domains").state) == ("passed", "not_started")
    assert newest(plan, "domains").again_at is None


def test_another_job_may_keep_what_it_saw(world: World, plan: Plan) -> None:
    check = keep_answer(technician(world), plan.customer_id, step(plan, "domains").id, GOOD)
    assert told(newest(plan, "domains")) == ("passed", "It is there.")
    assert check.asked_by_name == world.technician.name
    assert step(plan, "domains").state == "done"


def test_a_mistake_of_the_portal_is_not_the_customers(
    world: World, plan: Plan, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_: object) -> Verdict:
        raise ZeroDivisionError

    asked(world, plan, "domains")
    monkeypatch.setattr("blueprints.plans.looking.runners.RUNNERS", {"token": stumble})
    jobs.check_all()
    check = newest(plan, "domains")
    assert check.outcome == "could_not_run"
    assert check.sentence == "The portal made a mistake while it looked; its log says which."


def test_what_keeps_to_no_limit_is_left_to_itself(
    world: World, plan: Plan, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    within(limits=replace(SOON, whole=0.3))
    monkeypatch.setattr(jobs, "GRACE", 0.2)
    monkeypatch.setattr(jobs, "A_MOMENT", 0.1)
    monkeypatch.setattr("blueprints.plans.looking.runners.RUNNERS", {"token": lambda _: time.sleep(3) or GOOD})
    asked(world, plan, "domains")
    begun = time.monotonic()
    jobs.check_all()
    assert time.monotonic() - begun < 2.5
    assert told(newest(plan, "domains")) == (
        "could_not_run",
        "This check did not come to an end within 0.5 seconds.",
    )


def test_a_busy_database_is_waited_for(
    world: World, plan: Plan, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, busy = watching.settle, [OperationalError("database is locked")] * 2

    def settle_later(*given: Any) -> bool:
        if busy:
            raise busy.pop()
        return real(*given)

    monkeypatch.setattr(watching, "settle", settle_later)
    monkeypatch.setattr(jobs, "SETTLE_PAUSES", (0, 0, 0))
    asked(world, plan, "domains")
    jobs.check_all()
    assert newest(plan, "domains").outcome == "failed"


def test_old_runs_go(world: World, plan: Plan) -> None:
    for number in range(watching.MOST_RUNS + 5):
        proven(step(plan, "domains"), "failed" if number % 2 else "undetermined")
    keep_answer(technician(world), plan.customer_id, step(plan, "domains").id, HAZY)
    assert PlanCheck.select().where(PlanCheck.step == step(plan, "domains")).count() == watching.MOST_RUNS
    assert told(newest(plan, "domains")) == ("undetermined", "Nobody can say.")


# --- the daily watch ------------------------------------------------------------------------------------


def test_what_is_done_is_watched_daily_and_says_when_it_drifts(world: World, plan: Plan, clock: object) -> None:
    finish(world, plan, "domains")
    check = answered(world, plan, "spf", GOOD)
    assert check.again_at == now() + A_DAY
    for _ in range(5):
        clock.shift(A_DAY)
        assert looked_again(GOOD) == 1
    assert PlanCheck.select().where(PlanCheck.step == step(plan, "spf")).count() == 2
    assert newest(plan, "spf").watch
    before = len(lines())
    clock.shift(A_DAY)
    looked_again(WRONG)
    row = step(plan, "spf")
    assert (row.state, row.alert) == ("done", GONE)
    assert lines()[before:] == [f"Step “Publish the new SPF record” is not as it was: {GONE}"]
    clock.shift(A_DAY)
    looked_again(GOOD)
    assert step(plan, "spf").alert == ""


def test_a_complete_plan_is_watched_a_closed_one_is_not(world: World, plan: Plan, clock: object) -> None:
    finish(world, plan, "domains")
    answered(world, plan, "spf", GOOD)
    Plan.update(state="done").where(Plan.id == plan.id).execute()
    clock.shift(A_DAY)
    assert looked_again(GOOD) == 1
    Plan.update(state="closed").where(Plan.id == plan.id).execute()
    clock.shift(A_DAY)
    assert looked_again(GOOD) == 0
    assert newest(plan, "spf").again_at is None


def test_a_step_whose_check_is_not_to_be_watched_rests(world: World, plan: Plan, clock: object) -> None:
    assert answered(world, plan, "domains", GOOD).again_at is None
    clock.shift(timedelta(days=30))
    assert looked_again(GOOD) == 0


def test_asking_by_hand_takes_the_place_of_looking_again(world: World, plan: Plan, clock: object) -> None:
    answered(world, plan, "domains", NOT_HERE)
    clock.shift(timedelta(minutes=1))
    assert answered(world, plan, "domains", WRONG).again_at is None
    assert [check.again_at for check in PlanCheck.select()] == [None, None]


def test_the_watch_sees_a_zone_that_changes(world: World, plan: Plan, within: Within, names: DnsServer) -> None:
    """From *Check now* through the sweep, with real name servers, on a clock that goes on."""
    finish(world, plan, "domains")
    expect(plan, spf_include=["include:_spf.provider.example"])
    names.zones["_spf.provider.example"] = {"TXT": ['"v=spf1 ip4:192.0.2.0/24 -all"']}
    names.zones[DOMAIN] = {"NS": ["ns1.company.example."], "TXT": ['"v=spf1 include:_spf.provider.example -all"']}
    assert checked(world, plan, "spf").outcome == "passed"
    names.zones[DOMAIN]["TXT"] = ['"v=spf1 -all"']
    PlanCheck.update(again_at=now() - timedelta(seconds=1)).where(PlanCheck.again_at > now()).execute()
    jobs.check_all()
    assert step(plan, "spf").alert == f"The SPF record of {DOMAIN} does not name include:_spf.provider.example."
    assert newest(plan, "spf").again_at > datetime.now(tz=newest(plan, "spf").again_at.tzinfo) + timedelta(hours=23)


def test_a_sweep_with_nothing_to_do_reads_no_table_whole(world: World, plan: Plan) -> None:
    """There are as many old checks as there were looks, and the sweep asks each minute."""
    if not is_sqlite():
        pytest.skip("PostgreSQL reads small tables whole, whatever indexes there are")
    logger, heard = logging.getLogger("peewee"), Heard()
    before = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.DEBUG)
    try:
        watching.take_up_lost()
        watching.ask_again()
        due()
        watching.running_of(plan.customer_id)
    finally:
        logger.removeHandler(heard)
        logger.setLevel(before)
    assert len(heard.said) == 5
    for statement, values in heard.said:
        steps = [row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]
        whole = [
            each for each in steps if each.startswith("SCAN") and not any(w in each for w in ("INDEX", "CONSTANT"))
        ]
        assert whole == [], (statement, steps)


class Heard(logging.Handler):
    """Statements with their values, as Peewee tells its log."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, list[object]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.msg)
