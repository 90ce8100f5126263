"""What becomes of a letter at a mail server, with real servers that behave and misbehave."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import unquote
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.gateways import mail
from blueprints.gateways.letter import Enclosure, Letter, Paper
from blueprints.gateways.mail import Outcome, configured, open_post, send
from tests.services import HOST, free_port, smtp_sink

SENDER = "portal@msp.example"
LETTER = Letter(
    sender="Northstar IT",
    to_name="Ines Müller",
    to_email="ines@customer.example",
    reply_to="help@northstar.example",
    subject="Your onboarding begins",
    text="Grüße\nfrom the quay\n",
    html="<!doctype html><p>Grüße</p>",
    enclosures=(),
    message_id="17.20261121",
)

Opener = Callable[..., None]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """A function that points the gateway at a port; afterwards it points nowhere again."""
    app = Flask("post")

    def open_at(port: int, **changed: Any) -> None:
        how = {"MAIL_SERVER": HOST, "MAIL_PORT": port, "MAIL_DEFAULT_SENDER": "portal@msp.example"}
        app.config.update(how | changed)
        open_post(app, app.config["MAIL_SERVER"])

    yield open_at
    open_post(app, "")


class TestAccepted:
    def test_brings_the_servers_own_words(self, opened: Opener) -> None:
        with smtp_sink() as sink:
            opened(sink.port)
            answer = send(LETTER)
            (received,) = sink.wait_for(1)
        assert answer == mail.Answer(Outcome.ACCEPTED, "250 OK")
        assert (received.sender, received.recipients) == ("portal@msp.example", ("ines@customer.example",))

    def test_carries_text_and_html_and_what_machines_want_to_know(self, opened: Opener) -> None:
        with smtp_sink() as sink:
            opened(sink.port)
            send(LETTER)
            (received,) = sink.wait_for(1)
        email = received.email
        assert email["From"] == "Northstar IT <portal@msp.example>"
        assert str(email["To"].addresses[0]) == "Ines Müller <ines@customer.example>"
        assert email["Reply-To"] == "help@northstar.example"
        assert email["Message-ID"] == "<17.20261121@msp.example>"
        assert email["Auto-Submitted"] == "auto-generated"
        assert abs(email["Date"].datetime.timestamp() - time.time()) < 60
        assert email.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in email.iter_parts()] == ["text/plain", "text/html"]
        assert email.get_body(("plain",)).get_content().splitlines() == ["Grüße", "from the quay"]

    def test_the_name_in_the_setting_wins(self, opened: Opener) -> None:
        opened(1, MAIL_DEFAULT_SENDER="Quay & Söhne <portal@msp.example>")
        assert parsed(LETTER)["From"].addresses[0].display_name == "Quay & Söhne"

    def test_encloses_documents_byte_for_byte(self, opened: Opener) -> None:
        every_byte = bytes(range(256)) * 300
        enclosures = (
            Enclosure("Addendum 17.pdf", "application/pdf", every_byte),
            Enclosure("見積書" * 40 + ".pdf", "application/pdf", b""),
            Enclosure("odd\r\nname", "no type\r\nX: y", b"\r\n.\r\n"),
        )
        with smtp_sink() as sink:
            opened(sink.port)
            assert send(replace(LETTER, enclosures=enclosures)).outcome == Outcome.ACCEPTED
            (received,) = sink.wait_for(1)
        came = list(received.email.iter_attachments())
        assert [part.get_content() for part in came] == [every_byte, b"", b"\r\n.\r\n"]
        assert [part.get_filename() for part in came] == ["Addendum 17.pdf", "見積書" * 40 + ".pdf", "odd name"]
        assert came[2].get_content_type() == "application/octet-stream"

    def test_signs_in_over_a_checked_encrypted_line(self, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
        with smtp_sink(username="portal", password="tide", tls=True) as sink:
            monkeypatch.setenv("SSL_CERT_FILE", str(sink.certificate))
            opened(sink.port, MAIL_USE_TLS=True, MAIL_USERNAME="portal", MAIL_PASSWORD="tide")
            assert send(LETTER).outcome == Outcome.ACCEPTED
            (received,) = sink.wait_for(1)
        assert (received.encrypted, received.username) == (True, "portal")

    def test_a_server_that_is_gone_at_the_farewell_has_still_accepted(self, opened: Opener) -> None:
        with scripted(
            b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 kept\r\n"
        ) as port:
            opened(port)
            assert send(LETTER) == mail.Answer(Outcome.ACCEPTED, "250 kept")


class TestInternational:
    def test_writes_to_a_domain_in_any_script(self, opened: Opener) -> None:
        with smtp_sink() as sink:
            opened(sink.port)
            assert send(replace(LETTER, to_email="ines@münchen.example")).outcome == Outcome.ACCEPTED
            (received,) = sink.wait_for(1)
        assert received.recipients == ("ines@xn--mnchen-3ya.example",)

    def test_writes_to_a_mailbox_in_any_script_where_the_server_can(self, opened: Opener) -> None:
        with smtp_sink() as sink:
            opened(sink.port)
            assert send(replace(LETTER, to_email="用户@例え.example")).outcome == Outcome.ACCEPTED
            (received,) = sink.wait_for(1)
        assert received.recipients == ("用户@xn--r8jz45g.example",)
        assert "<用户@xn--r8jz45g.example>".encode() in received.content

    def test_says_so_where_the_server_cannot(self, opened: Opener) -> None:
        with scripted(b"220 hi\r\n", b"250 hi\r\n", b"221 bye\r\n") as port:
            opened(port)
            answer = send(replace(LETTER, to_email="用户@例え.example"))
        assert answer.outcome == Outcome.REFUSED
        assert "cannot write to addresses with letters beyond a to z" in answer.words

    @pytest.mark.parametrize(
        "words", ["Größe 漢字 " * 30 + "!", "x" * 900, "=?utf-8?q?=41?=", "Ωmega", "a" * 75 + " é"]
    )
    def test_long_and_foreign_headers_arrive_as_written(self, opened: Opener, words: str) -> None:
        opened(1)
        email = parsed(replace(LETTER, subject=words, to_name=words))
        assert email["Subject"] == words
        assert name_in(email) == words

    def test_long_lines_are_within_what_servers_take(self, opened: Opener) -> None:
        opened(1)
        paper = Paper(replace(LETTER, text="x" * 5000, html="<p>" + "é" * 5000), SENDER)
        assert max(len(line) for line in paper.content.split(b"\r\n")) <= 998
        assert paper.content.isascii()


class TestHeaderInjection:
    EVIL = "Hello\r\nBcc: everybody@example.org\r\n\r\nBuy"

    @pytest.mark.parametrize("field", ["subject", "to_name", "sender", "reply_to"])
    def test_a_line_break_becomes_a_space_or_is_left_out(self, opened: Opener, field: str) -> None:
        opened(1)
        email = parsed(replace(LETTER, **{field: self.EVIL}))
        assert email["Bcc"] is None
        assert len(email["To"].addresses) == 1

    @pytest.mark.parametrize(
        "address",
        [
            "a@b.example\r\nBcc: c@d.example",
            "a b@c.example",
            "a@b.example, c@d.example",
            "nobody",
            "@x",
            "x@",
            "a@\x00b",
        ],
    )
    def test_a_bad_address_is_refused_without_asking_a_server(self, opened: Opener, address: str) -> None:
        opened(free_port())
        assert send(replace(LETTER, to_email=address)).outcome == Outcome.REFUSED

    @settings(max_examples=60, deadline=None)
    @given(text=st.text(max_size=300))
    def test_whatever_the_words_there_are_the_same_headers(self, text: str) -> None:
        mail.post.mail.state = mail.Mail().init_mail({"MAIL_DEFAULT_SENDER": SENDER})
        email = parsed(replace(LETTER, subject=text, to_name=text, sender=text))
        plain = parsed(LETTER)
        assert sorted(email.keys()) == sorted(plain.keys())
        assert email["Subject"] == mail.plain(text)
        (to,) = email["To"].addresses
        assert to.addr_spec == LETTER.to_email
        assert not text.strip() or name_in(email) == mail.plain(text)


def parsed(letter: Letter) -> Any:
    return message_from_bytes(Paper(letter, str(mail.post.mail.default_sender)).content, policy=policy.default)


def name_in(email: Any) -> str:
    """The reader's name. (Python 3.11's newer parser puts spaces between the parts of a long one, the older not.)"""
    shown = dict(email.raw_items())["To"].rpartition("<")[0].strip()
    if shown.startswith('"'):
        return unquote(shown)
    return str(make_header(decode_header(shown)))


class TestRefused:
    def test_for_good(self, opened: Opener) -> None:
        with smtp_sink("refuse") as sink:
            opened(sink.port)
            assert send(LETTER) == mail.Answer(Outcome.REFUSED, "550 5.1.1 No such mailbox here")

    def test_for_now(self, opened: Opener) -> None:
        with smtp_sink("greylist") as sink:
            opened(sink.port)
            assert send(LETTER) == mail.Answer(Outcome.LATER, "451 4.7.1 Greylisted, try again later")

    def test_after_the_letter_was_handed_over(self, opened: Opener) -> None:
        with scripted(
            b"220 a\r\n",
            b"250 a\r\n",
            b"250 a\r\n",
            b"250 a\r\n",
            b"354 go\r\n",
            b"554 spam\r\n",
            b"250 a\r\n",
            b"221 bye\r\n",
        ) as port:
            opened(port)
            assert send(LETTER) == mail.Answer(Outcome.REFUSED, "554 spam")


class TestNotReached:
    """What concerns the portal's account or the way to the server, not the letter: it may go later."""

    def test_nobody_listens(self, opened: Opener) -> None:
        port = free_port()
        opened(port)
        answer = send(LETTER)
        assert (answer.outcome, answer.reached) == (Outcome.LATER, False)
        assert answer.words == f"{HOST}, port {port}: Connection refused"

    def test_no_such_server(self, opened: Opener) -> None:
        opened(25, MAIL_SERVER="no-such-server.invalid")
        answer = send(LETTER)
        assert (answer.outcome, answer.reached) == (Outcome.LATER, False)

    def test_the_server_does_not_want_us_at_all(self, opened: Opener) -> None:
        with scripted(b"554 go away\r\n") as port:
            opened(port)
            assert send(LETTER) == mail.Answer(Outcome.LATER, "554 go away", reached=False)

    def test_the_password_is_wrong(self, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
        with smtp_sink(username="portal", password="tide", tls=True) as sink:
            monkeypatch.setenv("SSL_CERT_FILE", str(sink.certificate))
            opened(sink.port, MAIL_USE_TLS=True, MAIL_USERNAME="portal", MAIL_PASSWORD="ebb")
            answer = send(LETTER)
        assert (answer.outcome, answer.reached) == (Outcome.LATER, False)
        assert answer.words.startswith("535 ")

    def test_sign_in_was_forgotten(self, opened: Opener) -> None:
        with smtp_sink(username="portal", password="tide") as sink:
            opened(sink.port)
            assert send(LETTER) == mail.Answer(Outcome.LATER, "530 5.7.0 Sign in first", reached=False)

    @pytest.mark.filterwarnings("default::DeprecationWarning")  # aiosmtpd's own, of a line that ends early
    def test_the_certificate_is_not_trusted(self, opened: Opener) -> None:
        with smtp_sink(tls=True) as sink:
            opened(sink.port, MAIL_USE_TLS=True)
            answer = send(LETTER)
        assert (answer.outcome, answer.reached) == (Outcome.LATER, False)
        assert "certificate is not trusted" in answer.words

    def test_the_server_offers_no_encryption(self, opened: Opener) -> None:
        with smtp_sink() as sink:
            opened(sink.port, MAIL_USE_TLS=True)
            answer = send(LETTER)
        assert (answer.outcome, answer.reached) == (Outcome.LATER, False)
        assert "STARTTLS" in answer.words

    @pytest.mark.parametrize(
        "garbage", [b"\x00\xff\xfe\r\n", b"2", b"x" * 20_000, b"220-\r\n" * 5 + b"\r\n", b"999 what\r\n"]
    )
    def test_the_server_talks_nonsense(self, opened: Opener, monkeypatch: pytest.MonkeyPatch, garbage: bytes) -> None:
        monkeypatch.setattr(mail, "WHOLE_SECONDS", 1)
        with scripted(garbage) as port:
            opened(port)
            answer = send(LETTER)
        assert (answer.outcome, answer.reached) == (Outcome.LATER, False)
        assert answer.words.isprintable()


class TestTime:
    def test_a_server_that_never_says_a_word(self, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mail, "WHOLE_SECONDS", 1)
        with smtp_sink("hang") as sink:
            opened(sink.port)
            began = time.monotonic()
            answer = send(LETTER)
        assert time.monotonic() - began < 5
        assert answer.outcome == Outcome.LATER
        assert "no answer within 1 seconds" in answer.words

    def test_a_server_that_drips(self, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mail, "WHOLE_SECONDS", 1)
        with scripted(b"220 hi\r\n", drip=0.2) as port:
            opened(port)
            began = time.monotonic()
            answer = send(LETTER)
        assert time.monotonic() - began < 5
        assert (answer.outcome, answer.reached) == (Outcome.LATER, False)


class TestUnsure:
    def test_the_line_ends_after_the_letter_was_handed_over(self, opened: Opener) -> None:
        with smtp_sink("drop") as sink:
            opened(sink.port)
            answer = send(LETTER)
            sink.wait_for(1)
        assert answer.outcome == Outcome.UNSURE
        assert "after the letter was handed over" in answer.words

    @pytest.mark.parametrize("last", [b"what?\r\n", b"299 perhaps\r\n", b"x" * 20_000])
    def test_the_last_word_is_nonsense(self, opened: Opener, monkeypatch: pytest.MonkeyPatch, last: bytes) -> None:
        monkeypatch.setattr(mail, "WHOLE_SECONDS", 1)
        with scripted(b"220 a\r\n", b"250 a\r\n", b"250 a\r\n", b"250 a\r\n", b"354 go\r\n", last) as port:
            opened(port)
            assert send(LETTER).outcome == Outcome.UNSURE

    def test_silence_after_the_letter(self, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mail, "WHOLE_SECONDS", 1)
        with scripted(b"220 a\r\n", b"250 a\r\n", b"250 a\r\n", b"250 a\r\n", b"354 go\r\n") as port:
            opened(port)
            assert send(LETTER).outcome == Outcome.UNSURE


def test_is_configured_by_a_server() -> None:
    app = Flask("post")
    app.config["MAIL_DEFAULT_SENDER"] = "portal@msp.example"
    open_post(app, "mail.example")
    assert configured()
    open_post(app, "")
    assert not configured()


def test_greets_with_a_whole_name_or_an_address() -> None:
    assert "." in mail.own_name()


@contextmanager
def scripted(*lines: bytes, drip: float = 0.0) -> Iterator[int]:
    """A server that says these, each after the client has (for the last but the greeting: a line or a letter).

    After the last it says nothing, and hangs up when the client does. `drip`: seconds between single bytes that
    it sends after its last line.
    """
    door = socket.create_server((HOST, 0))

    def serve() -> None:
        line, _ = door.accept()
        line.settimeout(10)
        with line, line.makefile("rb") as said:
            try:
                for number, words in enumerate(lines):
                    if number:
                        ending = b".\r\n" if lines[number - 1].startswith(b"354") else None
                        while (heard := said.readline()) and ending and heard != ending:
                            pass
                    line.sendall(words)
                if len(lines) == 6 and lines[-1] == b"250 kept\r\n":
                    return
                while drip:
                    time.sleep(drip)
                    line.sendall(b"2")
                said.read()
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield door.getsockname()[1]
    finally:
        door.close()
        thread.join()
