"""The line that the page shows, run as it stands: a real Postfix queue turns the mark red and green again."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

from data.customers import Customer
from data.database import database
from data.monitors import MonitorChange, Reading
from tests.monitors.watched import PUSHED, a_watched, again
from tests.services import HOST, Postfix, postfix


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The portal at a port of its own; its address."""
    server = make_server(HOST, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(line: str, queue: Postfix) -> str:
    environ = {**os.environ, "MAIL_CONFIG": str(queue.folder)}
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, env=environ, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_real_queue_turns_the_mark_red_and_green_again(app, world, technician):
    monitor, _ = a_watched(world, warning=2, problem=3, problem_age=None)
    page = technician.post(
        f"/customers/{monitor.customer_id}/monitors/outbound-queue/token", {"version": again(monitor).version}
    )
    [shown] = page.find("#push-line")
    with postfix() as queue, served(app) as address:
        line = shown.text_content().replace(app.config["SETTINGS"].address, address)
        assert line.endswith(page.find("#push-address")[0].text_content().rpartition("/")[2])
        assert '"state": "good"' in run(line, queue)
        queue.fill(4)
        run(line.replace('date +%s)"', 'date +%s%N)"'), queue)
        said = run(line.replace('date +%s)"', 'date +%s%N)"'), queue)
        assert '"state": "problem"' in said
        assert marks(monitor) == "0-p---"
        queue.drain()
        for _ in range(2):
            said = run(line.replace('date +%s)"', 'date +%s%N)"'), queue)
        assert '"state": "good"' in said
    assert marks(monitor) == "3-g---"
    values = [(row.value, row.oldest) for row in Reading.select().order_by(Reading.id)]
    assert [value for value, _ in values] == [0, 4, 4, 0, 0]
    assert all(0 <= oldest < 60 for _, oldest in values)
    changes = [change.after for change in MonitorChange.select().order_by(MonitorChange.id)]
    assert changes == ["good", "problem", "good"]
    assert PUSHED.damping == 2
    assert database.in_transaction() is False


def marks(monitor):
    return Customer.get_by_id(monitor.customer_id).monitors
