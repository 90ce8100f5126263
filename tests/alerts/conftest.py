"""A clock to move, a mail server that takes letters, and a program at an https address that takes messages."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from socket import socket
from typing import Any

import pytest
import time_machine

from blueprints.gateways import bounds
from blueprints.gateways.bounds import PORTS, Bounds, Door, Limits
from data.moments import now
from tests.alerts.alerting import Clock
from tests.mailroom.conftest import opened, sink, sink_in  # noqa: F401 - fixtures
from tests.services import HOST, dns_server, misbehaving
from tests.services.misbehaving import speaks_tls
from tests.services.starting import self_signed

SOON = Limits(step=1, whole=2, name=1)
HOOKS = "hooks.msp.example"


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(now(), tick=False) as traveller:
        yield Clock(traveller)


@dataclass
class Receiver:
    """A program at https://hooks.msp.example/quayside; `answer` may be changed at any time."""

    answer: str = "204 No Content"
    more: str = ""
    heads: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    manner: Callable[[socket], None] | None = None
    certificate: Path | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    def take(self, line: socket) -> None:
        """One request, read as a server reads it."""
        if self.manner is not None:
            self.manner(line)
            return
        given = b""
        while b"\r\n\r\n" not in given:
            given += line.recv(65_536)
        head, _, body = given.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(each.split(": ", 1) for each in lines)
        while len(body) < int(headers["Content-Length"]):
            body += line.recv(65_536)
        self.asked.append(first)
        self.heads.append(headers)
        self.bodies.append(body)
        line.sendall(f"HTTP/1.1 {self.answer}\r\n{self.more}Content-Length: 0\r\n\r\n".encode())


@pytest.fixture
def receiver(app: Any, tmp_path: Path) -> Iterator[Receiver]:
    """One that runs; the portal finds it by its name, trusts its certificate, and may reach this machine."""
    made = self_signed(tmp_path, HOOKS)
    listening = Receiver(certificate=made.path)
    with (
        dns_server({HOOKS: {"A": [HOST]}, "inside.msp.example": {"A": ["10.0.0.7"]}}) as names,
        misbehaving(speaks_tls(made, listening.take)) as server,
    ):
        before = bounds.installed()
        bounds.install(
            Bounds(
                resolvers=(f"{HOST}:{names.port}",),
                allowed=(ip_network("127.0.0.0/8"),),
                trusted=str(made.path),
                limits=SOON,
                ports={**PORTS, Door.HTTPS: server.port},
            )
        )
        yield listening
        bounds.install(before)
