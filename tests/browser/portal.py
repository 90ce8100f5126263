"""The portal as people run it: a process of its own, empty or with sample data, sending to a real SMTP server."""

import atexit
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import services

ROOT = Path(__file__).parents[2]
FLASK = (sys.executable, "-m", "flask", "--app", "app")
WITH_DOORS = (sys.executable, "-m", "tests.browser.with_doors")
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
PASSWORD = "harbour cranes at dawn"


@dataclass(frozen=True)
class Served:
    """A running portal. `printed` is the address it gave, with the one-time token while nobody exists."""

    address: str
    printed: str
    sink: services.SmtpSink


@contextmanager
def serving(home: Path, *, sample: bool = False, **more: str) -> Iterator[Served]:
    """Start it, worker included. With `sample`, Ada Admin (ada@northstar.example, PASSWORD) has set it up.

    `more`: of its environment; DOORS says where its checks find servers (with_doors.py).
    """
    port = services.free_port()
    with services.smtp_sink() as sink:
        environ = {
            **os.environ,
            "QUAYSIDE_HOME": str(home),
            "PORT": str(port),
            "MAIL_SERVER": services.HOST,
            "MAIL_PORT": str(sink.port),
            "MAIL_USE_TLS": "no",
            "MAIL_DEFAULT_SENDER": "portal@northstar.example",
            "DNS_SERVERS": "127.0.0.1:9",  # nobody answers there: nothing outside is reached
            **more,
        }
        if sample:
            shutil.copytree(home_with_sample(), home)
        else:
            run("migrate", environ=environ)
        command = WITH_DOORS if "DOORS" in more else (*FLASK, "serve")
        server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        try:
            printed = address_printed(server)
            wait_until(lambda: services.answers(port))
            yield Served(f"http://127.0.0.1:{port}", printed, sink)
        finally:
            server.terminate()
            server.communicate(timeout=20)


@cache
def home_with_sample() -> Path:
    """Set up once; each portal with sample data begins with a copy. Gone when the tests end."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    home = Path(folder.name) / "home"
    environ = {**os.environ, "QUAYSIDE_HOME": str(home)}
    told = ("--partner", "Northstar IT", "--name", "Ada Admin", "--email", "ada@northstar.example")
    where = ("--currency", "EUR", "--timezone", "Europe/Berlin", "--sample", "--password-stdin")
    run("migrate", environ=environ)
    run("setup", *told, *where, environ=environ, typed=PASSWORD)
    return home


def run(*command: str, environ: dict[str, str], typed: str | None = None) -> None:
    quiet = subprocess.DEVNULL
    subprocess.run([*FLASK, *command], cwd=ROOT, env=environ, check=True, stdout=quiet, input=typed, text=True)


def address_printed(server: subprocess.Popen) -> str:
    for line in server.stdout:
        if found := re.search(r"http://\S+", line):
            return found.group()
    raise AssertionError("the portal printed no address")


def wait_until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
