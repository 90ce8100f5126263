"""Processes that submit orders and send letters, killed at random moments: nothing is half done, nothing sent twice."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter as Tally
from datetime import timedelta
from pathlib import Path

import time_machine

from blueprints.mailroom import delivery
from data.attachments import Attachment
from data.customers import Customer
from data.database import database
from data.emails import Email
from data.history import History
from data.moments import now
from data.orders import Order, OrderLine
from data.plans import Plan
from data.rfi import Rfi, RfiLink
from tests.factories import World, a_prospect
from tests.orders.drafts import a_draft
from tests.services import SmtpSink, smtp_sink

ROOT = Path(__file__).parents[2]
ORDERS = 80
SEED = 20261121
KILLS = 10


def test_kills_leave_every_order_whole_and_no_letter_sent_twice(
    world: World, tmp_path: Path, database_url: str
) -> None:
    for _ in range(ORDERS):
        a_draft(world, a_prospect(world.northstar))
    with smtp_sink() as sink:
        environ = {
            **os.environ,
            "DATABASE_URL": database_url,
            "QUAYSIDE_HOME": str(tmp_path / "home"),
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(sink.port),
            "MAIL_USE_TLS": "no",
            "MAIL_DEFAULT_SENDER": "portal@northstar.example",
        }
        killed = kill_at_random(environ)
        assert run_to_the_end(environ) == 0
    assert killed >= KILLS // 2, "too few were caught at work for this to say anything"
    # Ten minutes on, the sweep finds the letters whose worker died.
    with time_machine.travel(now() + timedelta(minutes=11)):
        delivery.give_up_lost()
    every_order_is_whole()
    every_letter_is_sent_once_or_says_so(sink)


def kill_at_random(environ: dict[str, str]) -> int:
    """Start two sellers at a time and kill them a moment after they are ready. How many were still at work."""
    chance = random.Random(SEED)
    caught = 0
    for _ in range(KILLS // 2):
        sellers = [start(environ) for _ in range(2)]
        for seller in sellers:
            seller.stdout.readline()
        for seller in sellers:
            time.sleep(chance.uniform(0.02, 0.35))
            caught += seller.poll() is None
            with contextlib.suppress(ProcessLookupError):
                seller.send_signal(signal.SIGKILL)
        for seller in sellers:
            seller.communicate()
    return caught


def start(environ: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.orders.seller"], cwd=ROOT, env=environ, stdout=subprocess.PIPE
    )


def run_to_the_end(environ: dict[str, str]) -> int:
    seller = start(environ)
    seller.communicate(timeout=120)
    return seller.returncode


def every_order_is_whole() -> None:
    orders = list(Order.select().order_by(Order.addendum_number))
    assert len(orders) == ORDERS
    assert {order.state for order in orders} == {"submitted"}
    assert [int(order.addendum_number[-6:]) for order in orders] == list(range(1, ORDERS + 1)), "a gap, or one twice"
    assert OrderLine.select().where(OrderLine.monthly_total.is_null()).count() == 0
    for record in (Attachment, Rfi, Plan):
        assert Tally(row.order_id for row in record.select()) == Tally(order.id for order in orders), record.__name__
    assert RfiLink.select().count() == ORDERS
    assert Customer.select().where(Customer.status == "in_progress").count() == ORDERS
    submitted = History.select().where(History.kind == "order.submitted")
    assert Tally(line.customer_id for line in submitted) == Tally(order.customer_id for order in orders)


def every_letter_is_sent_once_or_says_so(sink: SmtpSink) -> None:
    assert Email.select().count() == 2 * ORDERS
    came = Tally(received.email["Message-ID"].strip("<>").split(".")[0] for received in sink.received)
    assert max(came.values()) == 1, "a letter came twice"
    states = {str(email.id): email.state for email in Email.select()}
    assert set(states.values()) <= {"sent", "unsure"}
    for email_id, state in states.items():
        if state == "sent":
            assert came[email_id] == 1, f"letter {email_id} says sent and never came"
    assert not database.in_transaction()
