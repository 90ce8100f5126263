"""What tests of checks share: a name server of their own, and how far the checks of the portal may go meanwhile."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

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
