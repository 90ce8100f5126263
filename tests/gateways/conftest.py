"""What the tests of looks at the world share: bounds that end soon, and a machine of their own to look at."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from blueprints.gateways.addresses import literal
from blueprints.gateways.bounds import PORTS, Bounds, Door, Limits
from tests.services import HOST, DnsServer, dns_server

SOON = Limits(step=0.4, whole=1.5, name=0.4)
PATIENT = Limits(step=10, whole=30, name=2)

Bound = Callable[..., Bounds]


@pytest.fixture(scope="module")
def names() -> Iterator[DnsServer]:
    """A name server in which each test writes the zones it needs; mail.acme.example is this machine."""
    with dns_server({}) as server:
        yield server


@pytest.fixture
def bound(names: DnsServer, nobody_else_resolves: None) -> Bound:
    """Bounds that allow this machine: `bound(smtp=port, limits=SOON, …)`; doors by name, the rest fields of Bounds."""
    names.zones.clear()
    names.zones.update({host: {"A": [HOST]} for host in ("mail.acme.example", "localhost")})
    names.asked.clear()

    def made(**given: Any) -> Bounds:
        doors = {door: given.pop(door) for door in Door if door in given}
        how: dict[str, Any] = {
            "resolvers": (f"{HOST}:{names.port}",),
            "allowed": (ip_network("127.0.0.0/8"),),
            "limits": PATIENT,
        }
        return replace(Bounds(), ports={**PORTS, **doors}, **{**how, **given})

    return made


@pytest.fixture
def nobody_else_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library looks a name up by itself: what it hands to the system is an address already."""
    real = socket.getaddrinfo

    def checked(host: Any, *how: Any, **more: Any) -> Any:
        assert host is None or literal(str(host)) is not None, f"{host} was resolved outside of the gateway"
        return real(host, *how, **more)

    monkeypatch.setattr(socket, "getaddrinfo", checked)
