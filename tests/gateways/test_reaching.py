"""A line leads to the address that was checked and nowhere else, and keeps its limits whatever the server does."""

import socket
import threading
import time
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from blueprints.gateways.addresses import NotAHost, host_name, objection
from blueprints.gateways.bounds import Door, Limits
from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.line import Line
from blueprints.gateways.reaching import converse
from tests.gateways.conftest import SOON, Bound
from tests.services import HOST, DnsServer, free_port, misbehaving
from tests.services.misbehaving import closes, drips, floods, hangs, says, speaks_tls
from tests.services.starting import self_signed

GENEROUS = 4  # times the limit: a machine may be busy


def hear(line: Line) -> Verdict:
    """Reads one line of words."""
    words = line.makefile().readline()
    return Verdict(Outcome.PASSED, words.decode())


# --- which addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.31.255.255",
        "192.0.0.8", "192.168.0.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "192.0.2.1", "198.51.100.7", "203.0.113.9",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:808:808::1", "2002:a00:1::1",
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1", "64:ff9b:1::808:808", "2001:0:808:808::f5ff:fffe", "2a00::200:5efe:10.0.0.1",
        "2a00::5efe:127.0.0.1",
    ],
)  # fmt: skip
def test_objects_to_addresses_that_are_not_of_the_public_net(address: str) -> None:
    assert objection(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"],
)
def test_lets_public_addresses_pass(address: str) -> None:
    assert objection(ip_address(address)) == ""


def test_settings_may_allow_a_network_and_what_is_carried_in_others() -> None:
    allowed = (ip_network("10.0.0.0/8"),)
    assert objection(ip_address("10.9.8.7"), allowed) == ""
    assert objection(ip_address("::ffff:10.9.8.7"), allowed) == ""
    assert objection(ip_address("::ffff:127.0.0.1"), allowed)
    assert objection(ip_address("192.168.0.1"), allowed)


@pytest.mark.parametrize(
    "words",
    ["127.1", "0x7f000001", "2130706433", "a..b", "", ".", "a b", "a@b", "a/b", "x" * 64, "a:25", "\x00", "x." * 140],
)
def test_numbers_and_nonsense_are_no_hosts(words: str) -> None:
    with pytest.raises(NotAHost):
        host_name(words)


def test_hosts_are_read_as_people_write_them() -> None:
    assert host_name(" Mail.Bücher.Example. ") == "mail.xn--bcher-kva.example"


# --- from a name to a line -----------------------------------------------------------------------------------


def test_a_private_address_behind_a_name_is_not_connected_to(names: DnsServer, bound: Bound) -> None:
    names.zones["inside.example"] = {"A": [HOST], "AAAA": ["::1", "::ffff:127.0.0.1"]}
    with misbehaving(says(b"hello\r\n")) as server:
        verdict = converse("inside.example", Door.SMTP, bound(smtp=server.port, allowed=()), hear)
    assert verdict.outcome is Outcome.NOT_HERE
    assert "127.0.0.1 is this machine itself" in verdict.reason
    assert server.taken == 0


@pytest.mark.parametrize("host", [HOST, "[::1]", "::ffff:127.0.0.1", "localhost"])
def test_a_private_address_itself_is_not_connected_to(bound: Bound, host: str) -> None:
    with misbehaving(says(b"hello\r\n")) as server:
        verdict = converse(host, Door.SMTP, bound(smtp=server.port, allowed=()), hear)
    assert verdict.outcome is Outcome.NOT_HERE
    assert server.taken == 0


def test_the_address_that_was_checked_is_the_one_connected_to(names: DnsServer, bound: Bound) -> None:
    """A name that answers 127.0.0.2, which is allowed, and from then on 127.0.0.1, which is not."""
    answers = iter([["127.0.0.2"]])
    names.changing = lambda name, kind: next(answers, [HOST]) if (name, kind) == ("turning.example", "A") else None
    port = free_port()
    with (
        misbehaving(says(b"inside\r\n"), HOST, port) as inside,
        misbehaving(says(b"out\r\n"), "127.0.0.2", port) as outside,
    ):
        bounds = bound(smtp=port, allowed=(ip_network("127.0.0.2/32"),))
        first = converse("turning.example", Door.SMTP, bounds, hear)
        second = converse("turning.example", Door.SMTP, bounds, hear)
    names.changing = lambda *_: None
    assert (first.outcome, first.reason) == (Outcome.PASSED, "out\r\n")
    assert second.outcome is Outcome.NOT_HERE
    assert (outside.taken, inside.taken) == (1, 0)


def test_one_conversation_looks_a_name_up_once(names: DnsServer, bound: Bound) -> None:
    with misbehaving(says(b"hello\r\n")) as server:
        converse("mail.acme.example", Door.SMTP, bound(smtp=server.port), hear)
    assert sorted(names.asked) == [("mail.acme.example", "A"), ("mail.acme.example", "AAAA")]


def test_of_several_addresses_those_allowed_are_tried(names: DnsServer, bound: Bound) -> None:
    names.zones["two.example"] = {"A": ["127.0.0.3", "127.0.0.2", "10.0.0.1"]}
    port = free_port()
    with misbehaving(says(b"hello\r\n"), "127.0.0.3", port):
        verdict = converse("two.example", Door.SMTP, bound(smtp=port), hear)
    assert verdict.reason == "hello\r\n"
    assert [(asked.server, asked.answer) for asked in verdict.evidence if asked.question == "connection"] == [
        (f"two.example (127.0.0.2:{port})", "the connection was refused"),
        (f"two.example (127.0.0.3:{port})", "connected"),
    ]


@pytest.mark.parametrize(
    ("zone", "outcome", "words"),
    [
        (None, Outcome.FAILED, "There is no host"),
        ({"TXT": ['"nothing else"']}, Outcome.FAILED, "There is no address"),
        ({"CNAME": ["odd.example."]}, Outcome.FAILED, "leads back to itself"),
        ("SERVFAIL", Outcome.UNDETERMINED, "could not be looked up"),
        ("REFUSED", Outcome.UNDETERMINED, "could not be looked up"),
        ("hang", Outcome.NOT_HERE, "No resolver"),
    ],
)
def test_says_why_there_is_no_address(
    names: DnsServer, bound: Bound, zone: dict[str, list[str]] | str | None, outcome: Outcome, words: str
) -> None:
    if zone is not None:
        names.zones["odd.example"] = zone
    verdict = converse("odd.example", Door.SMTP, bound(limits=SOON), hear)
    assert verdict.outcome is outcome
    assert words in verdict.reason
    assert verdict.evidence


def test_nobody_there_is_a_finding(bound: Bound) -> None:
    verdict = converse("mail.acme.example", Door.IMAP, bound(imap=free_port(), limits=SOON), hear)
    assert verdict.outcome is Outcome.FAILED
    assert "the connection was refused" in verdict.reason


def test_no_network_is_no_finding(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    verdict = converse(HOST, Door.IMAP, bound(imap=1), hear)
    assert verdict.outcome is Outcome.NOT_HERE


# --- limits --------------------------------------------------------------------------------------------------


def timed(*what: object, **how: object) -> tuple[Verdict, float]:
    begun = time.monotonic()
    verdict = converse(*what, **how)  # type: ignore[arg-type] - whatever the test gives
    return verdict, time.monotonic() - begun


@pytest.mark.parametrize("manner", [hangs, drips()], ids=["hangs", "drips"])
def test_a_step_ends_in_time(bound: Bound, manner: object) -> None:
    with misbehaving(manner) as server:  # type: ignore[arg-type] - both are manners
        verdict, took = timed("mail.acme.example", Door.SMTP, bound(smtp=server.port, limits=SOON), hear)
    assert (verdict.outcome, verdict.reason) == (
        Outcome.FAILED,
        "mail.acme.example: No complete answer came within 0.4 seconds.",
    )
    assert took < SOON.step * GENEROUS


def test_many_short_steps_end_in_time_too(bound: Bound) -> None:
    def ask_on(line: Line) -> Verdict:
        lines = line.makefile()
        while True:
            line.sendall(b"more\r\n")
            lines.readline()

    limits = Limits(step=0.4, whole=0.8)
    with misbehaving(drips(b"a\r\n" * 1000)) as server:
        verdict, took = timed(HOST, Door.SMTP, bound(smtp=server.port, limits=limits), ask_on)
    assert "The whole conversation took longer than 0.8 seconds" in verdict.reason
    assert took < limits.whole * GENEROUS


@pytest.mark.parametrize("manner", [hangs, drips(), says(b"\x16\x03\x03")], ids=["hangs", "drips", "begins"])
def test_a_handshake_ends_in_time(bound: Bound, manner: object) -> None:
    with misbehaving(manner) as server:  # type: ignore[arg-type] - all are manners
        verdict, took = timed(HOST, Door.IMAPS, bound(imaps=server.port, limits=SOON), hear)
    assert verdict.outcome is Outcome.FAILED
    assert "The encryption did not come about" in verdict.reason
    assert took < SOON.step * GENEROUS


def test_who_never_takes_what_we_say_is_left_in_time(bound: Bound) -> None:
    def shout(line: Line) -> Verdict:
        line.sendall(b"x" * 50_000_000)
        raise AssertionError

    over = threading.Event()
    with misbehaving(lambda _: over.wait(30)) as server:
        verdict, took = timed(HOST, Door.SMTP, bound(smtp=server.port, limits=SOON), shout)
        over.set()
    assert verdict.outcome is Outcome.FAILED
    assert took < SOON.step * GENEROUS


def test_a_flood_is_cut(bound: Bound) -> None:
    def read_all(line: Line) -> Verdict:
        return Verdict(Outcome.PASSED, str(len(line.makefile().read())))

    with misbehaving(floods(b"220 " + b"x" * 60)) as server:
        verdict, took = timed(HOST, Door.SMTP, bound(smtp=server.port), read_all)
    assert "said more than" in verdict.reason
    assert took < 5
    assert max(len(asked.answer) for asked in verdict.evidence) < 10_000


def test_who_closes_at_once_is_told_of(bound: Bound) -> None:
    with misbehaving(closes) as server:
        verdict = converse(HOST, Door.SMTP, bound(smtp=server.port), lambda line: hear(line) if line.recv(1) else 1 / 0)  # type: ignore[arg-type, return-value] - a library stumbles
    assert verdict.outcome is Outcome.FAILED
    assert verdict.reason in (f"{HOST}: It ended the conversation.", f"{HOST}: It broke the connection off.")


# --- certificates --------------------------------------------------------------------------------------------


def certificate_of(line: Line) -> Verdict:
    assert line.certificate is not None
    return Verdict(Outcome.PASSED, hear(line).reason, facts={**line.certificate.facts(), "trusted": line.trusted})


def test_a_right_certificate_is_trusted(bound: Bound, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with misbehaving(speaks_tls(certificate, says(b"hello\r\n"))) as server:
        verdict = converse(
            "localhost", Door.IMAPS, bound(imaps=server.port, trusted=str(certificate.path)), certificate_of
        )
    assert verdict.facts["trusted"] is True
    assert verdict.facts["names"] == ["localhost", HOST]
    assert verdict.facts["problem"] == ""
    assert server.taken == 1


@pytest.mark.parametrize(
    ("host", "days", "trusted", "problem"),
    [
        ("localhost", 1, False, "self-signed certificate"),
        ("other.example", 1, True, "Hostname mismatch"),
        ("localhost", -1, True, "certificate has expired"),
    ],
)
def test_a_wrong_certificate_is_a_finding(
    bound: Bound, tmp_path: Path, host: str, days: int, trusted: bool, problem: str
) -> None:
    certificate = self_signed(tmp_path, host, days)
    with misbehaving(speaks_tls(certificate, says(b"hello\r\n"))) as server:
        bounds = bound(imaps=server.port, trusted=str(certificate.path) if trusted else "")
        verdict = converse("localhost", Door.IMAPS, bounds, certificate_of)
    assert verdict.reason == "hello\r\n", "the server is looked at all the same"
    assert problem in verdict.facts["problem"]
    assert verdict.facts["trusted"] is False
    assert host in verdict.facts["names"]
    assert server.taken == 2


def test_a_person_may_accept_one_certificate(bound: Bound, tmp_path: Path) -> None:
    """An accepted one costs no second connection; with another, verifying and then seeing is tried."""
    certificate = self_signed(tmp_path)
    with misbehaving(speaks_tls(certificate, says(b"hello\r\n"))) as server:
        bounds, verified = bound(imaps=server.port), bound(imaps=server.port, trusted=str(certificate.path))
        seen, taken, fingerprint = [], [], ""
        for how, accepted in ((bounds, ""), (bounds, "right"), (bounds, "0" * 64), (verified, "0" * 64)):
            before = server.taken
            accepting = fingerprint if accepted == "right" else accepted
            verdict = converse("localhost", Door.IMAPS, how, certificate_of, accepted=accepting)
            fingerprint = verdict.facts["fingerprint"]
            seen.append(verdict.facts["trusted"])
            taken.append(server.taken - before)
    assert seen == [False, True, False, True]
    assert taken == [2, 1, 3, 2]


def test_who_does_not_speak_tls_is_told_of(bound: Bound) -> None:
    with misbehaving(says(b"* OK not encrypted\r\n")) as server:
        verdict = converse("localhost", Door.IMAPS, bound(imaps=server.port), hear)
    assert verdict.outcome is Outcome.FAILED
    assert "The encryption did not come about" in verdict.reason


# --- evidence ------------------------------------------------------------------------------------------------


def test_what_was_said_is_kept_without_secrets_and_escaped(bound: Bound) -> None:
    def sign_in(line: Line) -> Verdict:
        line.transcript.hide("tide")
        line.sendall(b"hello\r\n")
        line.makefile().readline()
        with line.hushed("LOGIN ada …"):
            line.sendall(b"LOGIN ada tide\r\n")
        return hear(line)

    with misbehaving(says(b"", b"\x1b[31mred\xff\r\n", b"no: wrong tide, dGlkZQ\r\n")) as server:
        verdict = converse(HOST, Door.SMTP, bound(smtp=server.port), sign_in)
    kept = verdict.kept()["evidence"][-1]["answer"]
    assert kept.splitlines() == [
        "> hello",
        r"< \x1b[31mred\xff",
        "> LOGIN ada …",
        "< no: wrong (not kept), (not kept)",
    ]


def test_a_secret_is_not_kept_where_the_record_is_cut(bound: Bound) -> None:
    secret = "open-sesame"

    def hear_much(line: Line) -> Verdict:
        line.transcript.hide(secret)
        return Verdict(Outcome.PASSED, str(len(line.makefile().read(30_000))))

    for before in range(2_985, 3_015):
        with misbehaving(says(b"-" * before + secret.encode() * 3000)) as server:
            verdict = converse(HOST, Door.SMTP, bound(smtp=server.port), hear_much)
        assert "open" not in verdict.evidence[-1].answer
