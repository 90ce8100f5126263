"""Servers to measure, with the settings of `app.serve`, and how long their answers take."""

import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services import HOST, answers, free_port
from tests.services.starting import TOP, running

SERVE = """
import sys
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
Granian(sys.argv[1], "127.0.0.1", int(sys.argv[2]), interface=Interfaces.WSGI, factory=True, workers=1,
        blocking_threads=8, log_level=LogLevels.error).serve()
"""
WARM_UP, ROUNDS, IN_A_ROUND = 100, 12, 50


@contextmanager
def served(target: str, environ: Mapping[str, str]) -> Iterator[int]:
    """Serve “module:factory” until the block ends; its port."""
    port = free_port()
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-c", SERVE, target, port]
        environ = {**os.environ, "PYTHONPATH": str(TOP), **environ}
        with running(command, lambda: answers(port), Path(folder) / "log", env=environ, cwd=TOP) as server:
            yield port
            stop(server)


def stop(server: subprocess.Popen) -> None:
    server.terminate()
    server.wait(10)


class Asker:
    """One connection that stays open, asking the same page again and again."""

    def __init__(self, port: int, address: str, headers: Mapping[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection(HOST, port, timeout=30)
        self.address = address
        self.headers = dict(headers or {})
        self.times: list[float] = []

    def ask(self) -> bytes:
        self.connection.request("GET", self.address, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.address} answered {answer.status}: {body[:300]!r}")
        return body

    def measure(self, times: int) -> None:
        for _ in range(times):
            began = time.perf_counter()
            self.ask()
            self.times.append(time.perf_counter() - began)

    @property
    def milliseconds(self) -> float:
        """The median of all answers so far."""
        return statistics.median(self.times) * 1000


def compare(*askers: Asker, rounds: int = ROUNDS, in_a_round: int = IN_A_ROUND) -> None:
    """Measure them by turns, so that whatever else the machine does slows all of them."""
    for asker in askers:
        for _ in range(WARM_UP):
            asker.ask()
    for _ in range(rounds):
        for asker in askers:
            asker.measure(in_a_round)
