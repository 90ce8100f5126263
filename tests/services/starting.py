"""What is installed here, and how a server is started for a test and ended after it."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
TOP = Path(__file__).parents[2]
HTMX = TOP / "static" / "installed" / "htmx.min.js"
AXE = TOP / "node_modules" / "axe-core" / "axe.min.js"

# What a test may ask for, and the programs (or installed files) that make it up.
SERVICES = {
    "chromium": ("chromium",),
    "postgresql": ("initdb", "postgres"),
    "redis": ("redis-server",),
    "dovecot": ("dovecot",),
    "postfix": ("postfix", "postqueue", "curl", "awk"),
    "slapd": ("slapd", "slapadd", "ldapsearch"),
    "qpdf": ("qpdf",),
    "poppler": ("pdftotext", "pdftoppm"),
    "npm packages": (str(HTMX), str(AXE)),
}


# --- what is there ------------------------------------------------------------------------------------


def program(name: str) -> str | None:
    """Path of a program, looked for also where Debian keeps servers; None when it is not installed."""
    servers = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)  # noqa: PTH207 - a root, no path
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *servers]))


@cache
def absent(service: str) -> list[str]:
    """The programs of a service that are not installed. An unknown service is a KeyError."""
    return [name for name in SERVICES[service] if not (program(name) or Path(name).is_file())]


def need(*services: str) -> None:
    """Skip the running test when one of these is not installed; fail it where REQUIRE_SERVICES=1."""
    gone = [service for service in services if absent(service)]
    if not gone:
        return
    sentence = f"not installed: {', '.join(gone)}"
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{sentence} (REQUIRE_SERVICES=1 asks for it)", pytrace=False)
    pytest.skip(sentence)


def missing_line() -> str:
    """One line for the end of a run, naming what is not installed; empty when all is there."""
    gone = [service for service in SERVICES if absent(service)]
    return f"Not installed, so what needs them was skipped: {', '.join(gone)}" if gone else ""


def chromium() -> str:
    """Path of Debian's Chromium, for Playwright's `executable_path`: the one without windows, if it is there.

    It is the same browser, and opens a page with half the work.
    """
    need("chromium")
    return str(program("chromium-headless-shell") or program("chromium"))


# --- starting and ending ------------------------------------------------------------------------------


def free_port() -> int:
    """A port of 127.0.0.1 at which nobody listens just now."""
    with socket.create_server((HOST, 0)) as taken:
        return taken.getsockname()[1]


def answers(port: int) -> bool:
    """Whether somebody accepts connections at this port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def own_folder(owner: pwd.struct_passwd | None = None) -> Iterator[Path]:
    """A temporary folder with a short path (sockets need one), owned by who runs the server."""
    folder = Path(tempfile.mkdtemp(prefix="qs-", dir="/tmp"))
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unprivileged(name: str) -> pwd.struct_passwd | None:
    """Whom to run a server as that refuses to run as root; None when we are not root anyway."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return pwd.getpwnam("nobody")


def ownership(owner: pwd.struct_passwd | None) -> dict:
    """The same as keyword arguments for `subprocess`."""
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


@contextlib.contextmanager
def running(
    command: list, ready: Callable[[], bool], log: Path, *, end: signal.Signals = signal.SIGTERM, **how
) -> Iterator[subprocess.Popen]:
    """Run a server in the foreground of its own process, from when it is ready until the block ends by a signal.

    Raises RuntimeError with the end of its log when it stops, or is not ready within 30 seconds.
    """
    with log.open("ab") as output:
        server = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, **how
        )
    try:
        until = time.monotonic() + 30
        while not ready():
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield server
    finally:
        server.send_signal(end)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@dataclass(frozen=True)
class Certificate:
    """A key and a certificate for 127.0.0.1 and localhost that signed itself; `path` is what to trust."""

    path: Path
    key: Path


def self_signed(folder: Path, host: str = "localhost", days: int = 1) -> Certificate:
    """Make one in this folder, valid for a day; with another `host` for that name alone, `days` may be past."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    own = [x509.IPAddress(ip_address(HOST))] if host == "localhost" else []
    names = x509.SubjectAlternativeName([x509.DNSName(host), *own])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    made.path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return made
