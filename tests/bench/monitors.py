"""Monitors beside bare routes: pushes, a chart of 90 days, and 5,000 probes that are due at once.

Issue: pushes come at 60 % or more of the rate of a bare route with one sqlite3 insert; the probes are done within 1.5×
of what they take at the allowed parallelism, and pages meanwhile are no slower than 1.5×; the chart within 3×.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from blueprints.monitors.jobs import AT_ONCE
from blueprints.monitors.rolling import roll_up
from data.database import database, migrate, open_database, transaction
from data.moments import now
from data.monitors import Monitor, MonitorChange, Reading
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served
from tests.factories import World, a_customer, make_world
from tests.services import HOST

PUSHES, CLIENTS, ROUNDS, MONITORS = 400, 4, 6, 400
LEAST_RATE = 0.6
MOST_TIMES_BARE = 3.0
PROBES, ANSWER = 5_000, 0.050  # seconds
MOST_TIMES_IDEAL, MOST_TIMES_SLOWER = 1.5, 1.5
TOP = Path(__file__).parents[2]

# Mail servers that say after 50 ms that they do not encrypt, in a process of its own, for the port it prints.
RESPONDING = """
import asyncio, sys
async def talk(reader, writer):
    await asyncio.sleep({answer})
    writer.write(b"220 sink.example ESMTP\\r\\n")
    while line := await reader.readline():
        writer.write(b"221 bye\\r\\n" if line[:4].upper() == b"QUIT" else b"250 sink.example\\r\\n")
        if line[:4].upper() == b"QUIT":
            break
    writer.close()
async def main():
    server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


def measures() -> Iterator[tuple[str, float, float, str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quayside.sqlite"
        chart_of, tokens = fill(path)
        environ = {"DATABASE_URL": f"sqlite:///{path}", "QUAYSIDE_HOME": folder, "SECRET_KEY": SECRET_KEY}
        cookie = {"Cookie": f"quayside={session_of('ada.admin', environ['DATABASE_URL'])}"}
        with (
            served("app:served", environ) as port,
            served("tests.bench.bare_monitors:create_app", {"BARE_DATABASE": str(path)}) as bare_port,
        ):
            yield pushes(port, bare_port, tokens)
            yield chart(port, bare_port, chart_of, cookie)
    if "probes" in os.environ.get("BENCH_WITHOUT", ""):
        return
    yield from probes()


# --- pushes -----------------------------------------------------------------------------------------------


def pushes(port: int, bare_port: int, tokens: list[str]) -> tuple[str, float, float, str]:
    ours, bare = [], []
    for turn in range(ROUNDS + 1):
        bare.append(rate(bare_port, ["/push"] * PUSHES))
        start = turn * PUSHES
        paths = [f"/monitors/push/{tokens[place % len(tokens)]}" for place in range(start, start + PUSHES)]
        ours.append(rate(port, paths))
    reached, yardstick = median(ours[1:]), median(bare[1:])
    detail = f"{reached:,.0f} a second against {yardstick:,.0f}, {CLIENTS} senders"
    return f"{LEAST_RATE:.0%} of the pushes of a bare insert / reached", LEAST_RATE * yardstick / reached, 1.0, detail


def rate(port: int, paths: list[str]) -> float:
    """Pushes a second, by some senders side by side, each over a connection that stays open."""

    def send(mine: list[str]) -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        for path in mine:
            connection.request("POST", path, b"value=12", {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}: {body[:200]!r}")
        connection.close()

    senders = [threading.Thread(target=send, args=(paths[place::CLIENTS],)) for place in range(CLIENTS)]
    begun = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return len(paths) / (time.perf_counter() - begun)


# --- the chart --------------------------------------------------------------------------------------------


def chart(port: int, bare_port: int, monitor: Monitor, cookie: dict[str, str]) -> tuple[str, float, float, str]:
    page = Asker(port, f"/customers/{monitor.customer_id}/monitors/outbound-queue?period=quarter", cookie)
    bare = Asker(bare_port, f"/{monitor.id}")
    compare(page, bare, rounds=8, in_a_round=25)
    sizes = [len(asker.ask()) for asker in (page, bare)]
    detail = f"{page.milliseconds:.2f} ms ({sizes[0]:,} bytes) against {bare.milliseconds:.2f} ms ({sizes[1]:,} bytes)"
    return "chart of 90 days / bare route", page.milliseconds / bare.milliseconds, MOST_TIMES_BARE, detail


# --- probes -----------------------------------------------------------------------------------------------


def probes() -> Iterator[tuple[str, float, float, str]]:
    """All due at once, run by the worker that lives in the serving process, while somebody looks at pages."""
    command = [sys.executable, "-c", RESPONDING.format(answer=ANSWER)]
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as responders,
    ):
        assert responders.stdout is not None
        door = int(responders.stdout.readline())
        path = Path(folder) / "quayside.sqlite"
        fill_probes(path)
        environ = {"DATABASE_URL": f"sqlite:///{path}", "QUAYSIDE_HOME": folder, "SECRET_KEY": SECRET_KEY}
        environ |= {"DOORS": json.dumps({"smtp": door}), "ALLOWED_NETWORKS": "127.0.0.0/8"}
        cookie = {"Cookie": f"quayside={session_of('ada.admin', environ['DATABASE_URL'])}"}
        with served("tests.bench.monitors:with_doors", environ) as port:
            page = Asker(port, "/customers/complete", cookie)
            page.measure(100)
            page.times = []
            for _ in range(60):
                look(page)
            before = median(page.times)
            begun, page.times = make_due(), []
            while (left := still_due(begun)) and time.perf_counter() - begun[1] < 300:
                look(page)
            took = time.perf_counter() - begun[1] - waited(begun)
            meanwhile = median(page.times)
        responders.terminate()
    ideal = PROBES * ANSWER / AT_ONCE
    detail = f"{took:.1f} s for {PROBES - left:,}; {AT_ONCE} at once, ideal {ideal:.1f} s"
    yield f"{PROBES:,} probes due at once / ideal", took / ideal, MOST_TIMES_IDEAL, detail
    detail = f"{meanwhile * 1000:.2f} ms against {before * 1000:.2f} ms"
    yield "a page while they run / before", meanwhile / before, MOST_TIMES_SLOWER, detail


def look(page: Asker) -> None:
    """As people do, not as a mill: the same with and without the probes."""
    page.measure(5)
    time.sleep(0.05)


def with_doors() -> object:
    """The portal whose probes find mail servers at another port."""
    from dataclasses import replace  # noqa: PLC0415 - only in the process that serves

    from app import served as portal  # noqa: PLC0415 - as above
    from blueprints.gateways import bounds  # noqa: PLC0415 - as above

    made = portal()
    doors = {bounds.Door(name): port for name, port in json.loads(os.environ["DOORS"]).items()}
    bounds.install(replace(bounds.installed(), ports={**bounds.PORTS, **doors}))
    return made


def make_due() -> tuple[object, float]:
    """All of them; and the job is waited for, which comes each minute."""
    at = now()
    with database.connection_context():
        Monitor.update(due_at=at).execute()
    begun = time.perf_counter()
    return at, begun


started: list[float] = []


def still_due(begun: tuple[object, float]) -> int:
    with database.connection_context():
        left = Monitor.select().where(Monitor.due_at <= begun[0]).count()
        if not started and Monitor.select().where(Monitor.claimed_at.is_null(False)).exists():
            started.append(time.perf_counter())
    return left


def waited(begun: tuple[object, float]) -> float:
    """Seconds until the job came by."""
    return started[0] - begun[1] if started else 0.0


# --- filling ----------------------------------------------------------------------------------------------


def fill(path: Path) -> tuple[Monitor, list[str]]:
    """A database with a monitor of 90 days (a reading each 15 minutes) and many that are pushed to; their tokens."""
    open_database(f"sqlite:///{path}")
    migrate()
    with database.connection_context():
        make_world()
        world, at = World.read(), now()
        first = a_monitor(world, at - timedelta(days=90))
        rows = [
            (first.id, at - timedelta(minutes=15 * step), step % 40, step % 40, "p" if step % 997 == 0 else "g", "")
            for step in range(90 * 96)
        ]
        fields = (Reading.monitor, Reading.at, Reading.value, Reading.oldest, Reading.level, Reading.message)
        with transaction():
            for start in range(0, len(rows), 100):
                Reading.insert_many(rows[start : start + 100], fields).execute()
            of = {"customer_id": first.customer_id, "partner_id": world.northstar.id, "service": first.service}
            for day in range(0, 88, 4):
                moment = at - timedelta(days=88 - day)
                MonitorChange.create(monitor=first, before="good", after="problem", at=moment, **of)
                MonitorChange.create(
                    monitor=first, before="problem", after="good", at=moment + timedelta(hours=2), **of
                )
        roll_up()
        tokens = [f"token-{number}" for number in range(MONITORS)]
        with transaction():
            for token in tokens:
                a_monitor(world, at, token_hash=sha256(token.encode()).hexdigest(), state="unknown")
    return first, tokens


def a_monitor(world: World, at: object, **changed: object) -> Monitor:
    facts = {"service": "outbound_queue", "source": "push", "state": "good", "warning": 50.0, "problem": 200.0}
    customer = a_customer(world.northstar, status="complete")
    return Monitor.create(**{"customer": customer, "since": at, "made_at": at, **facts, **changed})


def fill_probes(path: Path) -> None:
    """Each of a host of its own: addresses of this machine."""
    open_database(f"sqlite:///{path}")
    migrate()
    with database.connection_context(), transaction():
        make_world()
        world, at = World.read(), now()
        for number in range(PROBES):
            host = f"127.{1 + number // 250}.{number % 250}.1"
            how = {"source": "probe", "probe": "smtp", "settings": {"host": host, "door": "smtp"}, "state": "unknown"}
            a_monitor(world, at, due_at=at + timedelta(days=1), **how)
