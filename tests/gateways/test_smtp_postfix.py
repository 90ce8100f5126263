"""How a real Postfix takes its mail: one that receives for its people, and the same once it is locked down."""

from collections.abc import Iterator

import pytest

from blueprints.gateways.evidence import Outcome
from blueprints.gateways.smtp import closed, greet
from tests.gateways.conftest import Bound
from tests.services import Exchanger, mail_exchanger

ADA, GRETA = "ada@acme.example", "greta@acme.example"


@pytest.fixture(scope="module")
def exchanger() -> Iterator[Exchanger]:
    with mail_exchanger(ADA, GRETA) as running:
        yield running


def test_greets_encrypts_and_knows_its_people(bound: Bound, exchanger: Exchanger) -> None:
    bounds = bound(smtp=exchanger.open, trusted=str(exchanger.certificate))
    verdict = greet("localhost", bounds, known=ADA)
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert verdict.reason.startswith("localhost greets and encrypts (TLSv1.3) and knows its recipients.")
    assert verdict.facts["banner"] == "sender.example ESMTP Postfix"
    assert "pipelining" in verdict.facts["extensions"]
    assert verdict.facts["certificate"]["names"] == ["localhost", "127.0.0.1"]
    known, made_up = verdict.facts["recipients"]
    assert (known["address"], known["code"]) == (ADA, 250)
    assert made_up["code"] == 550
    assert "User unknown in virtual mailbox table" in made_up["words"]


def test_says_whom_it_does_not_know(bound: Bound, exchanger: Exchanger) -> None:
    verdict = greet(
        "localhost", bound(smtp=exchanger.open, trusted=str(exchanger.certificate)), known="eve@acme.example"
    )
    assert verdict.outcome is Outcome.FAILED
    assert "refuses eve@acme.example: 550 5.1.1 <eve@acme.example>: Recipient address rejected" in verdict.reason


def test_what_it_refuses_to_relay_is_not_judged_and_said_in_its_words(bound: Bound, exchanger: Exchanger) -> None:
    """It may be about the domain, or about us: it gives both the same code."""
    verdict = greet(
        "localhost", bound(smtp=exchanger.open, trusted=str(exchanger.certificate)), known="ada@else.example"
    )
    assert verdict.outcome is Outcome.NOT_HERE
    assert "Relay access denied" in verdict.reason


def test_a_certificate_that_signed_itself_is_a_finding(bound: Bound, exchanger: Exchanger) -> None:
    verdict = greet("localhost", bound(smtp=exchanger.open), known=GRETA)
    assert verdict.outcome is Outcome.FAILED
    assert "Its certificate is not trusted: self-signed certificate." in verdict.reason
    assert [each["code"] for each in verdict.facts["recipients"]] == [250, 550]


def test_is_open_as_long_as_it_takes_mail_from_everybody(bound: Bound, exchanger: Exchanger) -> None:
    verdict = closed("localhost", bound(smtp=exchanger.open), recipient=ADA)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.reason == f"localhost still takes mail for {ADA} from anywhere."


@pytest.mark.parametrize("door", ["refusing", "closed"])
def test_is_locked_down_when_it_refuses_us(bound: Bound, exchanger: Exchanger, door: str) -> None:
    verdict = closed("localhost", bound(smtp=getattr(exchanger, door)), recipient=ADA)
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert "554 5.7.1" in verdict.reason


@pytest.mark.parametrize("door", ["refusing", "closed"])
def test_locked_down_it_does_not_say_whom_it_knows(bound: Bound, exchanger: Exchanger, door: str) -> None:
    bounds = bound(smtp=getattr(exchanger, door), trusted=str(exchanger.certificate))
    verdict = greet("localhost", bounds, known=ADA)
    assert verdict.outcome is Outcome.NOT_HERE
    assert "does not talk with this machine: 554 5.7.1" in verdict.reason
