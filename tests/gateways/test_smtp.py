"""How mail servers take their mail, looked at without sending any: real servers that behave and misbehave."""

import time

import pytest

from blueprints.gateways.bounds import Door
from blueprints.gateways.evidence import Outcome
from blueprints.gateways.smtp import closed, greet
from tests.gateways.conftest import SOON, Bound
from tests.services import DnsServer, SmtpSink, free_port, misbehaving, smtp_sink
from tests.services.misbehaving import Manner, closes, drips, floods, hangs, says

MAIL = "mail.acme.example"
KNOWN = "ada@acme.example"


class TestGreet:
    def test_tells_banner_extensions_and_certificate(self, bound: Bound) -> None:
        with smtp_sink(tls=True) as sink:
            verdict = greet("localhost", bound(smtp=sink.port, trusted=str(sink.certificate)))
        assert verdict.outcome is Outcome.PASSED
        assert verdict.reason.startswith("localhost greets and encrypts (TLSv1.3). Its certificate ends soon, on ")
        assert verdict.facts["banner"].startswith("sink.example")
        assert "8bitmime" in verdict.facts["extensions"]
        assert verdict.facts["certificate"]["names"] == ["localhost", "127.0.0.1"]

    def test_keeps_the_conversation_as_evidence(self, bound: Bound) -> None:
        with smtp_sink(tls=True) as sink:
            verdict = greet("localhost", bound(smtp=sink.port, trusted=str(sink.certificate), name="portal.example"))
        asked = verdict.evidence[-1]
        assert asked.server == f"localhost (127.0.0.1:{sink.port})"
        assert asked.answer.startswith("< 220 sink.example")
        assert "> ehlo portal.example" in asked.answer
        assert "> STARTTLS" in asked.answer
        assert "(TLSv1.3 began)" in asked.answer

    def test_finds_that_nothing_is_encrypted(self, bound: Bound) -> None:
        with smtp_sink() as sink:
            verdict = greet(MAIL, bound(smtp=sink.port))
        assert (verdict.outcome, verdict.reason) == (Outcome.FAILED, f"{MAIL} does not offer to encrypt (STARTTLS).")

    def test_finds_a_wrong_certificate_and_says_for_whom_it_is(self, bound: Bound) -> None:
        with smtp_sink(tls=True) as sink:
            bounds = bound(smtp=sink.port, trusted=str(sink.certificate))
            verdict = greet(MAIL, bounds)
            lenient = greet(MAIL, bounds, trust_needed=False)
        assert verdict.outcome is Outcome.FAILED
        assert "Hostname mismatch" in verdict.reason
        assert "It is for localhost and 127.0.0.1." in verdict.reason
        assert lenient.outcome is Outcome.PASSED

    def test_finds_recipients_known_and_made_up_without_sending(self, bound: Bound) -> None:
        with smtp_sink(tls=True, known=frozenset({KNOWN})) as sink:
            bounds = bound(smtp=sink.port, trusted=str(sink.certificate))
            verdict = greet("localhost", bounds, known=KNOWN, sender="portal@msp.example")
            unknown = greet("localhost", bounds, known="eve@acme.example")
            assert sink.received == []
        assert verdict.passed
        assert [each["code"] for each in verdict.facts["recipients"]] == [250, 550]
        assert unknown.outcome is Outcome.FAILED
        assert "refuses eve@acme.example: 550 5.1.1 No such mailbox here" in unknown.reason

    def test_finds_a_server_that_takes_anything(self, bound: Bound) -> None:
        with smtp_sink(tls=True) as sink:
            verdict = greet("localhost", bound(smtp=sink.port, trusted=str(sink.certificate)), known=KNOWN)
        assert verdict.outcome is Outcome.FAILED
        assert "also accepts recipients that do not exist" in verdict.reason

    def test_does_not_judge_who_wants_to_be_asked_later(self, bound: Bound) -> None:
        with smtp_sink("greylist", tls=True) as sink:
            verdict = greet("localhost", bound(smtp=sink.port, trusted=str(sink.certificate)), known=KNOWN)
        assert verdict.outcome is Outcome.UNDETERMINED

    @pytest.mark.parametrize(
        ("manner", "outcome", "words"),
        [
            (says(b"554 5.7.1 Your address is on a list\r\n"), Outcome.NOT_HERE, "does not talk with this machine"),
            (says(b"421 Too busy\r\n"), Outcome.UNDETERMINED, "wants to be asked later"),
            (says(b"220 old\r\n", b"502 What?\r\n"), Outcome.FAILED, "did not answer EHLO"),
            (says(b"SSH-2.0-OpenSSH\r\n"), Outcome.FAILED, "does not greet as a mail server does"),
            (says(b"\x00\xff\xfe garbage\r\n"), Outcome.FAILED, "does not greet as a mail server does"),
            (says(b"220-a\r\n220 b\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 no\r\n"), Outcome.FAILED, "then does not"),
            (
                says(b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"220 go\r\n", b"garbage"),
                Outcome.FAILED,
                "did not come about",
            ),
            (closes, Outcome.FAILED, ": It "),
        ],
    )
    def test_tells_what_is_odd(self, bound: Bound, manner: Manner, outcome: Outcome, words: str) -> None:
        with misbehaving(manner) as server:
            verdict = greet(MAIL, bound(smtp=server.port, limits=SOON))
        assert verdict.outcome is outcome
        assert words in verdict.reason
        assert verdict.evidence

    def test_tells_of_recipients_elsewhere_and_does_not_go_there(self, bound: Bound) -> None:
        turns = (
            b"220 a\r\n",
            b"250 a\r\n",
            b"250 ok\r\n",
            b"551 User not local; try <ada@[10.0.0.1]>\r\n",
            b"550 no\r\n",
        )
        with misbehaving(says(*turns)) as server:
            verdict = greet(MAIL, bound(smtp=server.port, limits=SOON), known=KNOWN)
        assert "551 User not local" in verdict.reason
        assert server.taken == 1

    @pytest.mark.parametrize("manner", [hangs, drips(), floods(b"220-welcome to a long banner\r\n"), floods(b"2" * 64)])
    def test_ends_in_time_with_a_server_that_does_not(self, bound: Bound, manner: Manner) -> None:
        begun = time.monotonic()
        with misbehaving(manner) as server:
            verdict = greet(MAIL, bound(smtp=server.port, limits=SOON), known=KNOWN)
            assert time.monotonic() - begun < 4 * SOON.whole
        assert verdict.outcome is Outcome.FAILED
        assert sum(len(asked.answer) for asked in verdict.evidence) < 10_000

    @pytest.mark.parametrize("known", ["no address", "a@b\r\nDATA", "ä@ö.example", "<a>@b", "@"])
    def test_does_not_ask_about_what_is_no_address(self, bound: Bound, known: str) -> None:
        assert greet(MAIL, bound(smtp=1), known=known).outcome is Outcome.UNDETERMINED


class TestPort25:
    """The rule of the module: dead for us is dead only if another one lives."""

    def test_a_dead_server_is_no_finding_when_no_other_is_known(self, bound: Bound) -> None:
        verdict = greet(MAIL, bound(smtp=free_port(), limits=SOON))
        assert verdict.outcome is Outcome.NOT_HERE
        assert "outward may be blocked here" in verdict.reason

    def test_a_dead_server_is_no_finding_when_all_are_dead(self, names: DnsServer, bound: Bound) -> None:
        bounds = bound(smtp=free_port(), limits=SOON)
        names.zones["other.example"] = {"A": ["127.0.0.2"]}
        verdict = greet(MAIL, bounds, others=["other.example", "nowhere.example"])
        assert verdict.outcome is Outcome.NOT_HERE
        assert "No other mail server could be reached either" in verdict.reason

    def test_a_dead_server_is_dead_when_another_is_reached(self, names: DnsServer, bound: Bound) -> None:
        with misbehaving(hangs, "127.0.0.2") as other:
            bounds = bound(smtp=other.port, limits=SOON)
            names.zones["other.example"] = {"A": ["127.0.0.2"]}
            verdict = greet(MAIL, bounds, others=["nowhere.example", "other.example"])
        assert verdict.outcome is Outcome.FAILED
        assert "the connection was refused" in verdict.reason
        assert any("127.0.0.2" in asked.server for asked in verdict.evidence)

    def test_other_ports_are_not_blocked_so_often(self, bound: Bound) -> None:
        verdict = greet(MAIL, bound(smtps=free_port(), limits=SOON), door=Door.SMTPS)
        assert verdict.outcome is Outcome.FAILED


class TestClosed:
    def test_passes_who_refuses_the_connection(self, names: DnsServer, bound: Bound) -> None:
        with misbehaving(hangs, "127.0.0.2") as other:
            bounds = bound(smtp=other.port, limits=SOON)
            names.zones["other.example"] = {"A": ["127.0.0.2"]}
            verdict = closed(MAIL, bounds, others=["other.example"])
        assert (verdict.outcome, verdict.reason) == (Outcome.PASSED, f"{MAIL} takes no connection from here.")

    def test_does_not_pass_who_cannot_be_asked(self, bound: Bound) -> None:
        assert closed(MAIL, bound(smtp=free_port(), limits=SOON)).outcome is Outcome.NOT_HERE
        assert closed("nowhere.example", bound(smtp=1), others=[MAIL]).outcome is Outcome.FAILED

    @pytest.mark.parametrize("turns", [[b"554 go away\r\n"], [b"220 a\r\n", b"250 a\r\n", b"550 5.7.1 not you\r\n"]])
    def test_passes_who_refuses_in_words(self, bound: Bound, turns: list[bytes]) -> None:
        with misbehaving(says(*turns)) as server:
            verdict = closed(MAIL, bound(smtp=server.port, limits=SOON))
        assert verdict.outcome is Outcome.PASSED

    def test_passes_who_refuses_the_recipient_because_of_us(self, bound: Bound) -> None:
        turns = (b"220 a\r\n", b"250 a\r\n", b"250 ok\r\n", b"550 5.7.1 Relaying denied\r\n")
        with misbehaving(says(*turns)) as server:
            assert closed(MAIL, bound(smtp=server.port, limits=SOON), recipient=KNOWN).passed

    def test_does_not_judge_by_a_recipient_who_is_not_known_there(self, bound: Bound) -> None:
        with smtp_sink("refuse") as sink:
            verdict = closed(MAIL, bound(smtp=sink.port), recipient=KNOWN)
        assert verdict.outcome is Outcome.UNDETERMINED
        assert f"knows nobody at {KNOWN}" in verdict.reason

    @pytest.mark.parametrize("tls", [False, True], ids=["plain", "encrypted-only"])
    @pytest.mark.parametrize("recipient", ["", KNOWN])
    def test_finds_who_is_still_open(self, bound: Bound, recipient: str, tls: bool) -> None:
        """To demand encryption is to refuse nobody: whoever encrypts is let in."""
        with smtp_sink(tls=tls) as sink:
            verdict = closed(MAIL, bound(smtp=sink.port), recipient=recipient)
            assert sink.received == []
        assert verdict.outcome is Outcome.FAILED

    def test_does_not_judge_who_puts_us_off(self, bound: Bound) -> None:
        with smtp_sink("greylist") as sink:
            assert closed(MAIL, bound(smtp=sink.port), recipient=KNOWN).outcome is Outcome.UNDETERMINED


def test_a_server_may_change_its_mind_between_two_looks(bound: Bound) -> None:
    def look(sink: SmtpSink) -> Outcome:
        return greet("localhost", bound(smtp=sink.port, trusted=str(sink.certificate)), known=KNOWN).outcome

    with smtp_sink(tls=True) as sink:
        before = look(sink)
        sink.known = frozenset({KNOWN})
        assert (before, look(sink)) == (Outcome.FAILED, Outcome.PASSED)
