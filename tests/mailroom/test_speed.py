"""A mail server that is down or hangs is the worker's trouble: pages are as quick as ever."""

import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from blueprints.gateways.queue import messenger, queue, start_worker
from blueprints.mailroom import jobs
from data.emails import Email
from tests.factories import World
from tests.mailroom.writing import a_letter
from tests.services import SmtpSink
from tests.visits import Answer, Visitor

MANY_TIMES = 10  # generous: what is to be found out is seconds
QUICKEST = 0.01  # seconds below which a page's time says nothing


@pytest.fixture
def worker(app: Flask) -> Iterator[None]:
    queue.storage.flush_queue()
    working = start_worker()
    yield
    messenger.asked.join()
    queue.storage.flush_queue()
    working.stop(graceful=True)


def median_time(ask: Callable[[], Answer]) -> float:
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return sorted(taken)[2]


def test_a_hanging_server_slows_no_page(
    admin: Visitor, world: World, worker: None, sink_in: Callable[[str], SmtpSink]
) -> None:
    usual = max(median_time(lambda: admin.get("/mailroom/")), QUICKEST)
    sink = sink_in("hang")
    letter = a_letter(world)
    jobs.nudge()
    until = time.monotonic() + 10
    while not sink.transports and time.monotonic() < until:
        time.sleep(0.01)
    assert sink.transports, "the worker did not ask the server"
    assert Email.get_by_id(letter.id).state == "sending"
    assert median_time(lambda: admin.get("/mailroom/")) < MANY_TIMES * usual
    assert median_time(lambda: admin.get(f"/mailroom/{letter.id}")) < MANY_TIMES * usual
    writing = median_time(lambda: admin.post("/mailroom/test", {"to_email": "a@msp.example"}))
    assert writing < MANY_TIMES * usual
