"""What tests of plans share: a clock that stands still, and for checks a name server and how far they may go."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine

from blueprints.gateways.bounds import Bounds, install, installed
from tests.gateways.conftest import PATIENT, Bound, bound, names, nobody_else_resolves  # noqa: F401 - they are fixtures
from tests.services import HOST, DnsServer


@pytest.fixture
def within(bound: Bound, names: DnsServer) -> Iterator[Callable[..., Bounds]]:  # noqa: F811 - the fixtures above
    """`within(smtp=port, limits=SOON, …)`: the installation's bounds for this test; this machine is allowed.

    company.example is a zone of the name server, which answers for it as its authority, too.
    """
    before = installed()
    names.zones["company.example"] = {"NS": ["ns1.company.example."]}
    names.zones["ns1.company.example"] = {"A": [HOST]}

    def made(**given: Any) -> Bounds:
        install(bound(names=names.port, **({"limits": PATIENT} | given)))
        return installed()

    made()
    yield made
    install(before)


@pytest.fixture
def clock() -> Iterator[Any]:
    """Stands still on a Monday morning until it is moved."""
    with time_machine.travel("2026-03-02T09:30:00Z", tick=False) as moved:
        yield moved
