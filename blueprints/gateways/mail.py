"""Sends one letter with Flask-Mail, in bounded time, and says what became of it in the server's own words.

Flask-Mail keeps the settings and the shape (Mail, Connection). Ours on top: time limits, verified certificates, what
the server answered.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from flask_mail import BadHeaderError, Connection, Mail

from blueprints.gateways.letter import CannotWrite, Letter, Paper, plain

CONNECT_SECONDS = 10
WHOLE_SECONDS = 60
FAREWELL_SECONDS = 2
MOST_WORDS = 500
GO_AHEAD = 354  # “now the letter”

# Refusals that concern the portal's account at the server, not the letter (RFC 4954, section 6).
ACCOUNT_CODES = {530, 534, 535, 538}


class Outcome(StrEnum):
    """What became of a letter that was to be sent."""

    ACCEPTED = "accepted"
    LATER = "later"  # refused for now, or no server reached
    REFUSED = "refused"  # refused for good
    UNSURE = "unsure"  # handed over, and then no word: it may have been sent


@dataclass(frozen=True)
class Answer:
    """`words`: the server's own, or what kept us from hearing any.

    `reached`: whether the server got as far as judging this letter; if not, the next one will fare the same.
    """

    outcome: Outcome
    words: str
    reached: bool = True


# --- the door -----------------------------------------------------------------------------------------


class Post:
    """The mail server of this installation; `server` is "" when none is set."""

    def __init__(self) -> None:
        self.server = ""
        self.mail = Mail()


post = Post()


def open_post(app: Any, server: str) -> None:
    """Read the app's MAIL_* settings. `server` "": letters are not sent."""
    post.server = server
    post.mail = Mail(app)


def configured() -> bool:
    """Whether a mail server is set."""
    return bool(post.server)


def send(letter: Letter) -> Answer:
    """Send it, now. Takes a minute at most (and what the resolver takes); never raises."""
    try:
        paper = Paper(letter, str(post.mail.default_sender))
    except Exception as problem:  # noqa: BLE001 - whatever it is, it would be the same at the next try
        return Answer(Outcome.REFUSED, brief(f"The portal cannot write this letter: {problem}"))
    line = Line(post.mail.state)
    try:
        with line:
            line.send(paper)
    except CannotWrite as problem:
        return Answer(Outcome.REFUSED, brief(str(problem)))
    except Exception as problem:  # noqa: BLE001 - whatever a server makes smtplib stumble over is an answer
        return judged(problem, line.host)
    return Answer(Outcome.ACCEPTED, line.said)


def judged(problem: Exception, host: "Talk | None") -> Answer:
    """What an exception means for the letter.

    What a server refuses before it was told of the letter (sign-in, encryption, our address) concerns the
    portal: it is mended by an operator, and then the letter can go.
    """
    code, words = reply_in(problem)
    refused = 400 <= code < 600
    if host is not None and host.handed_over and (host.code == GO_AHEAD or not refused):
        return Answer(Outcome.UNSURE, words or f"No answer after the letter was handed over: {described(problem)}")
    if not refused:
        where = f"{post.mail.server}, port {post.mail.port}"
        return Answer(Outcome.LATER, f"{where}: {words or described(problem)}", reached=False)
    reached = host is not None and host.named and code != 421 and code not in ACCOUNT_CODES
    if code >= 500 and reached:
        return Answer(Outcome.REFUSED, words)
    return Answer(Outcome.LATER, words, reached=reached)


def reply_in(problem: Exception) -> tuple[int, str]:
    """The server's code and words in an exception of smtplib; (0, "") if it said nothing."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(problem.recipients.values()))
    elif isinstance(problem, smtplib.SMTPResponseException):
        code, words = problem.smtp_code, problem.smtp_error
    else:
        return 0, ""
    return code, spoken(code, words)


def spoken(code: int, words: bytes | str) -> str:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return brief(f"{code} {said}" if code > 0 else f"The server answered: {said}")


def described(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return brief(f"its certificate is not trusted ({problem.verify_message})")
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    return brief(getattr(problem, "strerror", "") or str(problem) or type(problem).__name__)


def brief(text: str) -> str:
    """A server's words on one line, no longer than anybody reads."""
    return plain(text)[:MOST_WORDS]


# --- the line to the server ---------------------------------------------------------------------------


class Talk(smtplib.SMTP):
    """A conversation that ends in bounded time, and knows how far it came."""

    named = False  # the server was told of this letter
    handed_over = False  # all of it, its end included, was given to the line
    overdue = False
    code = 0  # of the last reply
    words = b""
    watch: threading.Timer | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened = super()._get_socket(host, port, timeout)
        opened.settimeout(WHOLE_SECONDS)
        # The time limit of a socket begins anew with every byte; a server that drips needs a clock of its own.
        self.watch = threading.Timer(WHOLE_SECONDS, self.cut)
        self.watch.daemon = True
        self.watch.start()
        return opened

    def cut(self) -> None:
        self.overdue = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # the plain one: TLS has manners

    def getreply(self) -> tuple[int, bytes]:
        try:
            self.code, self.words = super().getreply()
        except smtplib.SMTPServerDisconnected as problem:
            if self.overdue or isinstance(problem.__context__, TimeoutError):
                raise smtplib.SMTPServerDisconnected(f"no answer within {WHOLE_SECONDS} seconds") from problem
            raise
        return self.code, self.words

    def mail(self, sender: str, options: Any = ()) -> tuple[int, bytes]:
        self.named = True
        return super().mail(sender, options)

    def send(self, s: bytes | str) -> None:
        super().send(s)
        if self.code == GO_AHEAD:
            self.handed_over = True

    def close(self) -> None:
        if self.watch is not None:
            self.watch.cancel()
        super().close()


class EncryptedTalk(Talk, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class Line(Connection):
    """Flask-Mail's connection, made of the above."""

    host: Talk | None = None
    said = ""

    def __enter__(self) -> "Line":
        self.host = self.configure_host()
        return self

    def __exit__(self, *_: object) -> None:
        """What goes wrong while parting changes nothing."""
        assert self.host is not None
        with contextlib.suppress(Exception):
            if self.host.sock is not None:
                self.host.sock.settimeout(FAREWELL_SECONDS)
                self.host.quit()
        self.host.close()

    def configure_host(self) -> Talk:
        """Connect, encrypt and sign in as the settings say. Certificates are checked."""
        how: dict[str, Any] = {"local_hostname": own_name(), "timeout": CONNECT_SECONDS}
        if self.mail.use_ssl:
            host: Talk = EncryptedTalk(self.mail.server, self.mail.port, context=ssl.create_default_context(), **how)
        else:
            host = Talk(self.mail.server, self.mail.port, **how)
        try:
            if self.mail.use_tls:
                host.starttls(context=ssl.create_default_context())
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
            host.ehlo_or_helo_if_needed()
        except BaseException:
            host.close()
            raise
        return host

    def send(self, message: "Paper", envelope_from: Any = None) -> None:
        assert self.host is not None
        if message.has_bad_headers():
            raise BadHeaderError
        options = []
        if message.international:
            if not self.host.has_extn("smtputf8"):
                raise CannotWrite(f"{post.mail.server} cannot write to addresses with letters beyond a to z.")
            options = ["SMTPUTF8"] + (["BODY=8BITMIME"] if self.host.has_extn("8bitmime") else [])
        sender = envelope_from or message.sender_address.addr_spec
        self.host.sendmail(sender, [message.address.addr_spec], message.content, options)
        self.said = spoken(self.host.code, self.host.words)


@cache
def own_name() -> str:
    """What we call ourselves to servers; asked once, because a bad resolver takes its time.

    A whole name, or else an address in brackets (RFC 5321, section 4.1.4): servers turn others away.
    """
    name = socket.getfqdn()
    if "." in name:
        return name
    with contextlib.suppress(OSError):
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    return "[127.0.0.1]"
