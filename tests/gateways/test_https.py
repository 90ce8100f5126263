"""Whether something answers at an https address: played servers, over real TLS."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.https import look
from tests.gateways.conftest import SOON, Bound
from tests.services import misbehaving
from tests.services.misbehaving import Manner, closes, drips, floods, hangs, says, speaks_tls
from tests.services.starting import self_signed

Look = Callable[..., Verdict]


@pytest.fixture
def looked(bound: Bound, tmp_path: Path) -> Look:
    """A look at a server with this manner, over TLS."""
    certificate = self_signed(tmp_path)

    def at(manner: Manner, host: str = "localhost") -> Verdict:
        with misbehaving(speaks_tls(certificate, manner)) as server:
            bounds = bound(https=server.port, limits=SOON, trusted=str(certificate.path))
            return look(host, "/autodiscover/autodiscover.xml", bounds)

    return at


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("200 OK", Outcome.PASSED),
        ("401 Unauthorized", Outcome.PASSED),
        ("404 Not Found", Outcome.FAILED),
        ("503 Busy", Outcome.FAILED),
    ],
)
def test_tells_what_is_answered(looked: Look, status: str, outcome: Outcome) -> None:
    verdict = looked(says(b"", f"HTTP/1.1 {status}\r\n\r\n".encode()))
    assert verdict.outcome is outcome
    assert verdict.facts["status"] == int(status[:3])
    assert "> GET /autodiscover/autodiscover.xml HTTP/1.1" in verdict.evidence[-1].answer


def test_a_redirect_is_told_and_not_followed(looked: Look) -> None:
    verdict = looked(says(b"", b"HTTP/1.1 302 Found\r\nLocation: https://10.0.0.1/inside\r\n\r\n"))
    assert verdict.outcome is Outcome.UNDETERMINED
    assert verdict.reason == "localhost points to https://10.0.0.1/inside, which was not followed."


def test_a_wrong_certificate_is_a_finding(looked: Look) -> None:
    verdict = looked(says(b"", b"HTTP/1.1 200 OK\r\n\r\n"), "mail.acme.example")
    assert verdict.outcome is Outcome.FAILED
    assert "Hostname mismatch" in verdict.reason
    assert verdict.facts["status"] == 200


@pytest.mark.parametrize(
    "manner",
    [
        hangs,
        closes,
        drips(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
        floods(b"HTTP/1.1 200 OK\r\n"),
        floods(b"x" * 64),
        says(b"", b"garbage\r\n\r\n"),
    ],
)
def test_ends_in_time_with_a_server_that_does_not(looked: Look, manner: Manner) -> None:
    begun = time.monotonic()
    verdict = looked(manner)
    assert time.monotonic() - begun < 4 * SOON.whole
    assert verdict.outcome is Outcome.FAILED
    assert len(str(verdict.kept())) < 10_000
