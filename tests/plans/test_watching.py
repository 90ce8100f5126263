"""Which checks run when: claims, workers that die, looking again, and the daily watch."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine
from peewee import OperationalError

from blueprints.gateways.bounds import Bounds
from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.plans import jobs, watching
from blueprints.plans.checking import ask
from blueprints.plans.watching import A_DAY, BACK_OFF, LOST, MOST_TRIES, claim, due, keep_answer, settle
from blueprints.plans.working import undo, wait_until
from data.database import database, is_sqlite
from data.history import History, sentence
from data.moments import now
from data.plans import Plan, PlanCheck
from tests.factories import World
from tests.gateways.conftest import SOON
from tests.plans.checked import checked, expect, handed_in, newest, told
from tests.plans.planned import WHY, a_plan, act, finish, proven, step, technician
from tests.services import DnsServer, misbehaving
from tests.services.misbehaving import hangs

Within = Callable[..., Bounds]
ROOT = Path(__file__).parents[2]
DOMAIN = "company.example"
GOOD = Verdict(Outcome.PASSED, "It is there.")
WRONG = Verdict(Outcome.FAILED, "It is not there.")
LATER = Verdict(Outcome.FAILED, "Not everywhere yet.", again_in=600)
HAZY = Verdict(Outcome.UNDETERMINED, "Nobody can say.")
NOT_HERE = Verdict(Outcome.NOT_HERE, "Nothing could be reached.")


@pytest.fixture
def plan(world: World) -> Plan:
    made = a_plan(world)
    handed_in(made, mail_domains=[DOMAIN])
    finish(world, made, "configure")
    return made


@pytest.fixture
def clock() -> object:
    with time_machine.travel("2026-03-02T09:30:00Z", tick=False) as moved:
        yield moved


def asked(world: World, plan: Plan, key: str) -> int:
    return ask(technician(world), plan.customer_id, step(plan, key).id).id


def answered(world: World, plan: Plan, key: str, verdict: Verdict) -> PlanCheck:
    """As if the world had been looked at."""
    claimed = claim(asked(world, plan, key))
    assert claimed is not None
    assert settle(claimed, verdict)
    return newest(plan, key)


def looked_again(verdict: Verdict) -> int:
    """The portal's own sweep, with what it saw; how many were looked at."""
    watching.ask_again()
    claims = [claimed for claimed in map(claim, due()) if claimed]
    for claimed in claims:
        settle(claimed, verdict)
    return len(claims)


def lines() -> list[str]:
    return [sentence(line) for line in History.select().order_by(History.id)]


# --- one at a time ------------------------------------------------------------------------------------


def test_is_claimed_once(world: World, plan: Plan) -> None:
    check = asked(world, plan, "domains")
    assert due() == [check]
    claimed = claim(check)
    assert claimed is not None
    assert claimed.subject.domains == (DOMAIN,)
    assert (PlanCheck.get_by_id(check).state, PlanCheck.get_by_id(check).tries) == ("running", 1)
    assert claim(check) is None
    assert due() == []


def test_one_check_at_a_time_for_each_customer(world: World, plan: Plan) -> None:
    first, second = asked(world, plan, "domains"), asked(world, plan, "spf")
    other = a_plan(world)
    third = asked(world, other, "spf")
    running = claim(first)
    assert running is not None
    assert claim(second) is None
    assert claim(third) is not None
    settle(running, WRONG)
    assert claim(second) is not None


def test_what_people_ask_for_comes_first(world: World, plan: Plan) -> None:
    watched = a_plan(world)
    own = PlanCheck.create(
        step=step(watched, "spf"), kind="spf", not_before=now() - timedelta(hours=1), asked_by_name="the portal"
    )
    by_hand = asked(world, plan, "domains")
    assert due() == [by_hand, own.id]


def test_several_customers_are_looked_at_side_by_side(world: World, within: Within, names: DnsServer) -> None:
    within(limits=SOON)
    for number in range(4):
        plan = a_plan(world)
        names.zones[f"_dmarc.d{number}.example"] = "hang"
        handed_in(plan, mail_domains=[f"d{number}.example"])
        asked(world, plan, "dmarc")
    jobs.check_all()
    checks = list(PlanCheck.select())
    assert max(check.claimed_at for check in checks) < min(check.answered_at for check in checks)
    assert {check.outcome for check in checks} == {"could_not_run"}


def test_two_checks_of_one_customer_run_one_after_the_other_in_one_sweep(
    world: World, plan: Plan, within: Within, names: DnsServer
) -> None:
    names.zones[f"_dmarc.{DOMAIN}"] = {"TXT": ['"v=DMARC1; p=none"']}
    expect(plan, token=["provider-token=tide"])
    asked(world, plan, "dmarc")
    asked(world, plan, "domains")
    jobs.check_all()
    assert [check.outcome for check in PlanCheck.select().order_by(PlanCheck.id)] == ["passed", "failed"]


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


# --- workers that die ---------------------------------------------------------------------------------

AT_WORK = """
import sys
from dataclasses import replace
from ipaddress import ip_network
from blueprints.gateways.bounds import PORTS, Bounds, Door, install
from blueprints.plans import jobs
from data.database import open_database
open_database(sys.argv[1])
ports = {**PORTS, Door.SMTP: int(sys.argv[2])}
install(Bounds(resolvers=(sys.argv[3],), allowed=(ip_network("127.0.0.0/8"),), ports=ports))
print("ready", flush=True)
jobs.check_all()
"""


def test_a_worker_killed_while_a_check_runs_loses_nothing(
    world: World, within: Within, names: DnsServer, database_url: str
) -> None:
    plan = a_plan(world, infrastructure="onprem")
    handed_in(plan, mail_domains=[DOMAIN], inbound_hosts=["localhost"])
    finish(world, plan, "configure", "domains")
    check_id = asked(world, plan, "inbound")
    with misbehaving(hangs) as server:
        command = [sys.executable, "-c", AT_WORK, database_url, str(server.port), f"127.0.0.1:{names.port}"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ)) as worker:
            wait_for(lambda: server.taken > 0)
            assert PlanCheck.get_by_id(check_id).state == "running"
            worker.send_signal(signal.SIGKILL)
    assert claim(check_id) is None
    with time_machine.travel(now() + LOST + BACK_OFF[0] + timedelta(minutes=1), tick=True):
        watching.take_up_lost()
        assert PlanCheck.get_by_id(check_id).state == "due"
    with time_machine.travel(now() + LOST + 2 * BACK_OFF[0] + timedelta(minutes=2), tick=True):
        claimed = claim(check_id)
        assert claimed is not None
        assert settle(claimed, GOOD)
    assert PlanCheck.select().where(PlanCheck.step == step(plan, "inbound")).count() == 1
    assert step(plan, "inbound").state == "done"


def wait_for(happened: Callable[[], bool], seconds: float = 15) -> None:
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def test_what_never_comes_to_an_end_is_given_up_and_says_so(world: World, plan: Plan, clock: object) -> None:
    check_id = asked(world, plan, "domains")
    for _ in range(MOST_TRIES):
        clock.shift(timedelta(days=1))
        assert claim(check_id) is not None
        clock.shift(LOST)
        watching.take_up_lost()
    sentence_told = f"This check was begun {MOST_TRIES} times and never came to an end here."
    assert told(newest(plan, "domains")) == ("could_not_run", sentence_told)


def test_two_workers_at_once_run_each_check_once(world: World, within: Within, names: DnsServer) -> None:
    for number in range(6):
        plan = a_plan(world)
        names.zones[f"_dmarc.d{number}.example"] = {"TXT": ['"v=DMARC1; p=none"']}
        handed_in(plan, mail_domains=[f"d{number}.example"])
        asked(world, plan, "dmarc")

    def work() -> None:
        jobs.check_all()
        database.close()

    workers = [Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    checks = list(PlanCheck.select())
    assert {(check.outcome, check.tries) for check in checks} == {("passed", 1)}
    assert names.asked.count(("_dmarc.d0.example", "TXT")) == 1


# --- again ----------------------------------------------------------------------------------------------


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
    assert (row.state, row.alert) == ("done", "It is not there.")
    assert lines()[before:] == ["Step “Publish the new SPF record” is not as it was: It is not there."]
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
