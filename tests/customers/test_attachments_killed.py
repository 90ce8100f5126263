"""A worker killed while it makes a paper safe: the paper is made by the next, and one that kills twice is refused."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from blueprints.customers import jobs, making
from data.attachments import Attachment, Paper, PaperPiece
from data.customers import Customer
from data.database import database
from data.moments import now
from tests.customers.uploading import upload
from tests.factories import World, a_customer
from tests.visits import Visitor

ROOT = Path(__file__).parents[2]
WORKER = "from app import create_app; create_app(); from blueprints.customers import jobs; jobs.make_due.call_local()"
SLOW = "".join(f"{number} words that differ {number * 7919}\n" for number in range(4_000)).encode()


@pytest.fixture
def customer(world: World) -> Customer:
    return a_customer(world.northstar, status="in_progress")


def kill_a_worker_at_work(database_url: str, home: Path) -> None:
    environ = {**os.environ, "DATABASE_URL": database_url, "QUAYSIDE_HOME": str(home)}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environ)
    deadline = time.monotonic() + 20
    while Paper.get().state != "making":
        assert time.monotonic() < deadline
        assert worker.poll() is None
        time.sleep(0.02)
    worker.kill()
    worker.wait()


def test_killed_once_it_is_made_by_the_next(
    technician: Visitor, customer: Customer, database_url: str, tmp_path: Path
) -> None:
    upload(technician, customer.id, (SLOW, "slow.txt"))
    kill_a_worker_at_work(database_url, tmp_path)
    assert Attachment.select().count() == 0
    with time_machine.travel(now() + timedelta(minutes=5)):
        jobs.make_due.call_local()
        database.connect(reuse_if_open=True)
    assert [filed.name for filed in Attachment.select()] == ["slow.txt"]
    assert Paper.select().count() == 0


def test_killed_twice_it_is_refused(technician: Visitor, customer: Customer, database_url: str, tmp_path: Path) -> None:
    upload(technician, customer.id, (SLOW, "slow.txt"))
    for minutes in (5, 10):
        kill_a_worker_at_work(database_url, tmp_path)
        with time_machine.travel(now() + timedelta(minutes=minutes)):
            making.give_up_lost()
    assert (Paper.get().state, PaperPiece.select().count(), Attachment.select().count()) == ("refused", 0, 0)
    page = technician.get(f"/customers/{customer.id}/attachments/")
    assert "slow.txt Refused" in page.text
    assert "The portal stopped twice while it was making this file safe" in page.text
