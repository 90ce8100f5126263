"""A mail server that hangs is the worker's trouble: pages are answered meanwhile."""

import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from huey.consumer import Consumer

from blueprints.gateways.queue import messenger, queue, start_worker
from blueprints.mailroom import jobs
from data.emails import Email
from tests.factories import World
from tests.mailroom.writing import a_letter
from tests.services import SmtpSink
from tests.visits import Visitor


@pytest.fixture
def start(app: Flask) -> Iterator[Callable[[], None]]:
    """Starts the worker: after the mail server is set, which in a portal is so before anything runs."""
    working: list[Consumer] = []
    queue.storage.flush_queue()
    yield lambda: working.append(start_worker())
    messenger.asked.join()
    queue.storage.flush_queue()
    for each in working:
        each.stop(graceful=True)


def test_pages_are_answered_while_the_server_hangs(
    admin: Visitor, world: World, start: Callable[[], None], sink_in: Callable[[str], SmtpSink]
) -> None:
    sink = sink_in("hang")
    start()
    letter = a_letter(world)
    jobs.nudge()
    until = time.monotonic() + 20
    while state_of(letter) != "sending" and time.monotonic() < until:
        time.sleep(0.01)
    for ask in (
        lambda: admin.get("/mailroom/"),
        lambda: admin.get(f"/mailroom/{letter.id}"),
        lambda: admin.post("/mailroom/test", {"to_email": "a@msp.example"}),
    ):
        assert ask().status < 400
        assert (state_of(letter), bool(sink.transports)) == ("sending", True), "the answer came after the server's"


def state_of(letter: Email) -> str:
    return str(Email.get_by_id(letter.id).state)
