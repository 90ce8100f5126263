"""Starting: how long the import takes, and how much memory the serving process holds after 1,000 requests."""

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from tests.services import answers

ROOT = Path(__file__).parents[2]
ALONE = "import flask, peewee, flask_wtf, flask_security"
# As `make run` installs it: Huey and Flask-Limiter import the Redis client wherever the tests have brought it.
OURS = "import sys; sys.modules['redis'] = None; import app"
ROUNDS = 9
PASSWORD = "a long enough passphrase"
PAGES = ("/", "/prospects/", "/customers/in-progress", "/prospects/?q=a", "/mailroom/", "/people/", "/catalogue/")


def measures() -> Iterator[tuple[str, float, float, str]]:
    ours, theirs = import_times()
    detail = f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms"
    yield "import app / Flask, Peewee, Flask-WTF, Flask-Security", ours / theirs, 1.5, detail
    megabytes = memory_after(1_000)
    yield "memory of the serving process, MB after 1,000 requests", megabytes, 150, "resident, worker included"


def import_times() -> tuple[float, float]:
    """As at every start but the first, which writes the bytecode down: where that is forbidden, it is allowed here."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", OURS], check=True, cwd=ROOT, env=environ)
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for code, times in zip((OURS, ALONE), took, strict=True):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environ)
            times.append(time.perf_counter() - begun)
    return median(took[0]), median(took[1])


def memory_after(requests: int) -> float:
    """Resident megabytes of the process that answers (the server's small parent process not counted)."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environ = {"QUAYSIDE_HOME": folder, "PORT": str(port), "PATH": os.environ["PATH"]}
        flask = [sys.executable, "-m", "flask", "--app", "app"]
        subprocess.run([*flask, "migrate"], check=True, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
        setup = [
            "setup",
            "--partner",
            "Bench",
            "--name",
            "Bench Person",
            "--email",
            "b@bench.example",
            "--password-stdin",
        ]
        setup += ["--currency", "EUR", "--timezone", "Europe/Berlin", "--sample"]
        subprocess.run(
            [*flask, *setup],
            check=True,
            cwd=ROOT,
            env=environ,
            input=PASSWORD.encode(),
            stdout=subprocess.DEVNULL,
        )
        server = subprocess.Popen([*flask, "serve"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
        try:
            ask(port, requests)
            return max(resident(pid) for pid in family(server.pid))
        finally:
            server.terminate()
            server.wait(10)


def ask(port: int, requests: int) -> None:
    """Sign in as people do, then go through the pages they open most."""
    deadline = time.monotonic() + 30
    while not answers(port):
        assert time.monotonic() < deadline, "the portal did not start"
        time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    page, cookie = fetch(connection, "GET", "/sign-in")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, "the sign-in page has a token"
    typed = urlencode({"csrf_token": token[1], "email": "b@bench.example", "password": PASSWORD})
    _, cookie = fetch(connection, "POST", "/sign-in", cookie, typed)
    for place in range(requests):
        page, _ = fetch(connection, "GET", PAGES[place % len(PAGES)], cookie)
        assert "Bench Person" in page, "signed in"


def fetch(
    connection: http.client.HTTPConnection, method: str, address: str, cookie: str = "", body: str | None = None
) -> tuple[str, str]:
    """The page, and the session cookie as it is after it."""
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, address, body, headers)
    answer = connection.getresponse()
    given = answer.headers.get("Set-Cookie", cookie).partition(";")[0]
    return answer.read().decode(), given


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
