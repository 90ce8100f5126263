"""Looking into mailboxes: a real Dovecot, and servers that misbehave."""

import base64
import imaplib
import socket
import time
from collections.abc import Iterator

import pytest

from blueprints.gateways.bounds import Bounds, Door
from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.imap import Password, Proxy, Server, SignIn, Token, look, open_mailbox, open_mailboxes
from tests.gateways.conftest import SOON, Bound
from tests.services import HOST, Dovecot, dovecot, misbehaving
from tests.services.misbehaving import Manner, closes, drips, floods, hangs, says, speaks_tls
from tests.services.starting import Certificate

ADA, GRETA = "ada@acme.example", "greta@acme.example"
TLS = Server("localhost")
STARTTLS = Server("localhost", Door.IMAP)
PLAIN = Server("localhost", Door.IMAP, encrypted=False)


@pytest.fixture(scope="module")
def mailboxes() -> Iterator[Dovecot]:
    """Ada has three messages of 20 bytes in two folders; Greta's password is not ASCII."""
    people = {ADA: "tide", GRETA: "geheim-ß"} | {f"p{number}@acme.example": "tide" for number in range(40)}
    with dovecot(people, masters={"root": "anchor"}) as server:
        with imaplib.IMAP4(HOST, server.port) as mailbox:
            mailbox.login(ADA, "tide")
            mailbox.create("Archive.2025")
            mailbox.create("&ANw-bersicht")
            for folder in ("INBOX", "INBOX", "Archive.2025"):
                mailbox.append(folder, None, None, b"Subject: a\r\n\r\nhere\r\n")
        yield server


@pytest.fixture
def bounds(bound: Bound, mailboxes: Dovecot) -> Bounds:
    return bound(imap=mailboxes.port, imaps=mailboxes.tls_port, trusted=str(mailboxes.certificate))


class TestLook:
    @pytest.mark.parametrize("server", [TLS, STARTTLS])
    def test_tells_capabilities_and_certificate(self, bounds: Bounds, server: Server) -> None:
        verdict = look(server, bounds)
        assert verdict.outcome is Outcome.PASSED
        assert verdict.reason.startswith("localhost answers and encrypts. Its certificate ends soon")
        assert "IMAP4REV1" in verdict.facts["capabilities"]
        assert "Dovecot" in verdict.facts["greeting"]
        assert verdict.facts["certificate"]["names"] == ["localhost", HOST]

    def test_tells_a_certificate_for_another(self, bounds: Bounds) -> None:
        verdict = look(Server("mail.acme.example"), bounds)
        assert verdict.outcome is Outcome.FAILED
        assert "Hostname mismatch" in verdict.reason

    @pytest.mark.parametrize(
        "greeting",
        [
            (b"* OK here\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n"),
            (b"* OK [CAPABILITY IMAP4rev1 STARTTLS INJECTED] here\r\n",),
        ],
        ids=["asked", "told with the greeting"],
    )
    def test_what_was_said_before_encryption_does_not_count(
        self, bound: Bound, mailboxes: Dovecot, greeting: tuple[bytes, ...]
    ) -> None:
        injected = b"!OK go\r\n* CAPABILITY IMAP4rev1 INJECTED\r\n"
        turns = (*greeting, injected)
        key = Certificate(mailboxes.certificate, mailboxes.certificate.with_name("key.pem"))

        def manner(line: socket.socket) -> None:
            answering(*turns)(line, until=len(greeting))
            speaks_tls(key, answering(b"", *[b"* CAPABILITY IMAP4rev1\r\n"] * 2))(line)

        with misbehaving(manner) as server:
            bounds = bound(imap=server.port, limits=SOON, trusted=str(mailboxes.certificate))
            verdict = look(STARTTLS, bounds)
        assert verdict.passed, verdict.reason
        assert verdict.facts["capabilities"] == ["IMAP4REV1"]

    def test_does_not_ask_for_what_the_greeting_has_told(self, bound: Bound) -> None:
        heard: list[bytes] = []
        greeting = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] here\r\n"
        with misbehaving(answering(greeting, b"", heard=heard)) as server:
            verdict = look(PLAIN, bound(imap=server.port, limits=SOON))
        assert verdict.passed, verdict.reason
        assert verdict.facts["capabilities"] == ["AUTH=PLAIN", "IMAP4REV1"]
        assert [each.split()[1:] for each in heard] == [[b"LOGOUT"]]

    def test_tells_that_nothing_is_encrypted(self, bound: Bound) -> None:
        turns = (b"* OK here\r\n", b"* CAPABILITY IMAP4rev1\r\n", b"")
        with misbehaving(answering(*turns)) as server:
            verdict = look(STARTTLS, bound(imap=server.port, limits=SOON))
        assert verdict.reason == "localhost does not offer to encrypt (STARTTLS)."


class TestSignIn:
    @pytest.mark.parametrize("server", [TLS, STARTTLS, PLAIN])
    @pytest.mark.parametrize(
        "sign_in",
        [
            Password(ADA, "tide"),
            Proxy(ADA, "root", "anchor"),
            Proxy(ADA, "root", "anchor", separator=""),
        ],
    )
    def test_counts_what_is_there(self, bounds: Bounds, server: Server, sign_in: SignIn) -> None:
        verdict = open_mailbox(server, sign_in, bounds)
        assert verdict.outcome is Outcome.PASSED, verdict.reason
        assert f"{ADA} can sign in: 3 messages in 3 folders." in verdict.reason
        assert {each["name"]: each["messages"] for each in verdict.facts["folders"]} == {
            "INBOX": 2,
            "Archive.2025": 1,
            "Übersicht": 0,
        }
        assert (verdict.facts["messages"], verdict.facts["size"], verdict.facts["complete"]) == (3, 60, True)

    def test_sums_sizes_where_the_server_does_not(self, bounds: Bounds, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("blueprints.gateways.imap.Client.has_capability", lambda *_: False)
        verdict = open_mailbox(TLS, Password(ADA, "tide"), bounds)
        assert (verdict.facts["messages"], verdict.facts["size"]) == (3, 60)

    def test_says_when_it_is_too_much_to_measure(self, bounds: Bounds, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("blueprints.gateways.imap.Client.has_capability", lambda *_: False)
        monkeypatch.setattr("blueprints.gateways.imap.MOST_MEASURED", 1)
        verdict = open_mailbox(TLS, Password(ADA, "tide"), bounds)
        assert (verdict.facts["messages"], verdict.facts["size"], verdict.facts["complete"]) == (3, None, False)

    def test_knows_passwords_beyond_ascii(self, bounds: Bounds) -> None:
        assert open_mailbox(TLS, Password(GRETA, "geheim-ß"), bounds).passed

    @pytest.mark.parametrize(
        "sign_in",
        [
            Password(ADA, "ebb-and-flow"),
            Password("nobody@acme.example", "ebb-and-flow"),
            Proxy(ADA, "root", "ebb-and-flow"),
            Proxy(ADA, "root", "ebb-and-flow", separator=""),
        ],
    )
    def test_tells_the_servers_words_of_a_refusal_and_keeps_no_password(self, bounds: Bounds, sign_in: SignIn) -> None:
        verdict = open_mailbox(TLS, sign_in, bounds)
        assert verdict.outcome is Outcome.FAILED
        assert "cannot sign in" in verdict.reason
        assert "AUTHENTICATIONFAILED" in verdict.reason
        kept = str(verdict.kept())
        assert "ebb-and-flow" not in kept
        assert base64.b64encode(b"ebb-and-flow").decode().rstrip("=") not in kept
        assert "ebb-and-flow" not in repr(sign_in)

    def test_says_no_password_to_a_server_it_does_not_trust(self, bound: Bound, mailboxes: Dovecot) -> None:
        distrusting = bound(imaps=mailboxes.tls_port)
        verdict = open_mailbox(TLS, Password(ADA, "tide"), distrusting)
        assert verdict.outcome is Outcome.FAILED
        assert "not trusted: self-signed certificate" in verdict.reason
        assert "LOGIN" not in verdict.evidence[-1].answer.replace("LOGIN-REFERRALS", "")
        accepted = Server("localhost", accepted=verdict.facts["certificate"]["fingerprint"])
        assert open_mailbox(accepted, Password(ADA, "tide"), distrusting).passed

    def test_does_not_say_a_password_where_signing_in_is_off(self, bound: Bound) -> None:
        turns = (b"* OK here\r\n", b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n", b"")
        with misbehaving(answering(*turns)) as server:
            verdict = open_mailbox(PLAIN, Password(ADA, "tide"), bound(imap=server.port, limits=SOON))
        assert verdict.reason == "localhost does not offer to sign in this way."

    @pytest.mark.parametrize("secret", ["a\r\nb", "a\0b"])
    def test_says_nothing_that_would_be_a_command(self, bounds: Bounds, secret: str) -> None:
        verdict = open_mailbox(TLS, Password(ADA, secret), bounds)
        assert "control characters" in verdict.reason

    def test_may_leave_the_counting(self, bounds: Bounds) -> None:
        verdict = open_mailbox(TLS, Password(ADA, "tide"), bounds, counted=False)
        assert verdict.passed
        assert "folders" not in verdict.facts

    @pytest.mark.parametrize(
        ("code", "outcome"), [(b"[UNAVAILABLE]", Outcome.UNDETERMINED), (b"[EXPIRED]", Outcome.FAILED)]
    )
    def test_tells_not_now_from_no(self, bound: Bound, code: bytes, outcome: Outcome) -> None:
        turns = (b"* OK here\r\n", b"* CAPABILITY IMAP4rev1\r\n", b"!NO " + code + b" sorry\r\n")
        with misbehaving(answering(*turns)) as server:
            verdict = open_mailbox(PLAIN, Password(ADA, "tide"), bound(imap=server.port, limits=SOON))
        assert verdict.outcome is outcome
        assert "sorry" in verdict.reason


class TestToken:
    """Dovecot needs an authority for tokens, so these servers are played."""

    @pytest.mark.parametrize("mechanism", [b"XOAUTH2", b"OAUTHBEARER"])
    def test_signs_in_the_way_the_server_offers(self, bound: Bound, mechanism: bytes) -> None:
        heard: list[bytes] = []
        capable = b"* CAPABILITY IMAP4rev1 AUTH=" + mechanism + b"\r\n"
        with misbehaving(answering(b"* OK here\r\n", capable, b"+ \r\n", b"!OK in\r\n", heard=heard)) as server:
            verdict = open_mailbox(PLAIN, Token(ADA, "a-token"), bound(imap=server.port, limits=SOON), counted=False)
        assert verdict.passed, verdict.reason
        assert b"AUTHENTICATE " + mechanism in heard[1]
        assert b"auth=Bearer a-token" in base64.b64decode(heard[2])
        assert "a-token" not in str(verdict.kept())
        assert heard[2].strip().decode() not in str(verdict.kept())

    def test_says_when_the_server_takes_no_tokens(self, bounds: Bounds) -> None:
        assert "does not offer to sign in with a token" in open_mailbox(TLS, Token(ADA, "a-token"), bounds).reason


class TestMisbehaving:
    @pytest.mark.parametrize(
        "manner",
        [
            hangs,
            closes,
            drips(),
            floods(b"* OK welcome\r\n"),
            floods(b"x" * 64),
            says(b"\x00\xff garbage\r\n"),
            says(b"220 a mail server\r\n"),
            says(b"* BYE full\r\n"),
            says(b"* OK {4000000000}\r\n"),
        ],
    )
    def test_ends_in_time_and_says_so(self, bound: Bound, manner: Manner) -> None:
        begun = time.monotonic()
        with misbehaving(manner) as server:
            verdict = open_mailbox(PLAIN, Password(ADA, "tide"), bound(imap=server.port, limits=SOON))
            assert time.monotonic() - begun < 4 * SOON.whole
        assert verdict.outcome is Outcome.FAILED
        assert len(str(verdict.kept())) < 10_000

    def test_a_folder_list_without_end_is_cut(self, bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("blueprints.gateways.imap.RECEIVED", 1_000_000)

        def endless(line) -> None:
            answering(b"* OK here\r\n", b"* CAPABILITY IMAP4rev1\r\n", b"!OK in\r\n")(line, until=2)
            line.recv(1000)
            floods(b'* LIST () "/" "a folder with a name"\r\n')(line)

        begun = time.monotonic()
        with misbehaving(endless) as server:
            verdict = open_mailbox(PLAIN, Password(ADA, "tide"), bound(imap=server.port))
        assert "said more than" in verdict.reason
        assert time.monotonic() - begun < 10


class TestMany:
    def test_all_are_opened_and_told_of_one_by_one(self, bounds: Bounds) -> None:
        people = [Password(f"p{number}@acme.example", "tide" if number % 4 else "ebb") for number in range(12)]
        seen: dict[str, Verdict] = {who.user: verdict for who, verdict in open_mailboxes(TLS, people, bounds)}
        assert [seen[who.user].passed for who in people] == [bool(number % 4) for number in range(12)]

    def test_it_ends_when_somebody_says_so(self, bounds: Bounds) -> None:
        people = [Password(f"p{number}@acme.example", "tide") for number in range(40)]
        seen: list[SignIn] = []
        for who, _ in open_mailboxes(TLS, people, bounds, at_once=2, cancelled=lambda: len(seen) >= 3):
            seen.append(who)
        assert 3 <= len(seen) <= 5


def answering(*turns: bytes, heard: list[bytes] | None = None):
    """An IMAP server that says these turns: “!OK” stands for the tagged answer, and each other gets one beneath it.

    `heard` collects what the other side said. A turn that is a greeting or a continuation is said as it is.
    """

    def manner(line, until: int | None = None) -> None:
        line.sendall(turns[0])
        tag = b""
        for turn in turns[1 : until and until + 1]:
            said = line.recv(10_000)
            if heard is not None:
                heard.append(said)
            tag = said.split()[0] if len(said.split()) > 1 else tag
            if turn.startswith(b"+"):
                line.sendall(turn)
            elif turn.startswith(b"!"):
                line.sendall(tag + b" " + turn[1:])
            else:
                line.sendall(turn + tag + b" OK done\r\n")
        if until is None:
            while (said := line.recv(10_000)).strip():
                line.sendall(said.split()[0] + b" OK done\r\n")

    return manner
