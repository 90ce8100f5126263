"""Who runs a check: one at a time of each customer, one worker each, and workers that die."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from blueprints.gateways.bounds import Bounds
from blueprints.plans import jobs, watching
from blueprints.plans.watching import BACK_OFF, LOST, MOST_TRIES, claim, due, settle
from data.moments import now
from data.plans import Plan, PlanCheck
from tests.at_once import at_once
from tests.factories import World
from tests.gateways.conftest import SOON
from tests.plans.checked import DOMAIN, a_plan_to_check, expect, handed_in, newest, told
from tests.plans.planned import a_plan, finish, step
from tests.plans.watched import GOOD, WRONG, asked
from tests.services import DnsServer, misbehaving
from tests.services.misbehaving import hangs

Within = Callable[..., Bounds]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan_to_check(world)


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
    at_once(jobs.check_all, jobs.check_all)
    checks = list(PlanCheck.select())
    assert {(check.outcome, check.tries) for check in checks} == {("passed", 1)}
    assert names.asked.count(("_dmarc.d0.example", "TXT")) == 1
