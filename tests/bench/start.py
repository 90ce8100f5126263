"""Starting: how long the import takes, and how much memory the serving process holds after 1,000 requests."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
ALONE = "import flask, peewee, flask_wtf, flask_security"
ROUNDS = 9


def measures() -> Iterator[tuple[str, float, float, str]]:
    ours, theirs = import_times()
    detail = f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms"
    yield "import app / Flask, Peewee, Flask-WTF, Flask-Security", ours / theirs, 1.5, detail
    megabytes = memory_after(1_000)
    yield "memory of the serving process, MB after 1,000 requests", megabytes, 150, "resident, worker included"


def import_times() -> tuple[float, float]:
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for code, times in zip(("import app", ALONE), took, strict=True):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
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
        setup = ["setup", "--partner", "Bench", "--name", "B", "--email", "b@bench.example", "--password-stdin"]
        setup += ["--currency", "EUR", "--timezone", "Europe/Berlin", "--sample"]
        subprocess.run(
            [*flask, *setup],
            check=True,
            cwd=ROOT,
            env=environ,
            input=b"a long enough passphrase",
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
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for place in range(requests):
        connection.request("GET", ("/sign-in", "/healthz")[place % 2])
        connection.getresponse().read()


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
