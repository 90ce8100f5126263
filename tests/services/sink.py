"""An SMTP server for a test: it records what it is given, and misbehaves on request."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.services.starting import HOST, own_folder, self_signed

MODES = ("accept", "refuse", "greylist", "hang", "drop")


@dataclass(frozen=True)
class Received:
    """One email as it came in: envelope, parsed message, the bytes, and how it came."""

    sender: str
    recipients: tuple[str, ...]
    email: EmailMessage
    content: bytes
    encrypted: bool
    username: str | None


class SmtpSink:
    """An SMTP server on `port` whose `mode` may be changed at any time.

    `accept`; `refuse` says 550 to each recipient; `greylist` says 451; `hang` takes connections and never
    says a word; `drop` takes the whole email, keeps it, and cuts the line before it says so. What it took is
    in `received`. With `username` it demands sign-in, with `tls` STARTTLS first, and `certificate` is what
    a client has to trust.
    """

    def __init__(self, port: int, username: str | None, password: str | None) -> None:
        self.mode = "accept"
        self.username = username
        self.secret = (str(username).encode(), str(password).encode())
        self.certificate: Path | None = None
        self.received: list[Received] = []
        self.known: frozenset[str] | None = None
        self._came = threading.Condition()
        self.socket = socket.create_server((HOST, port))
        self.port = self.socket.getsockname()[1]
        self.transports: set[asyncio.BaseTransport] = set()

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        """All that was received, as soon as that is `count` emails; AssertionError when it takes longer."""
        with self._came:
            enough = self._came.wait_for(lambda: len(self.received) >= count, seconds)
            assert enough, f"{len(self.received)} of {count} emails came within {seconds} s"
            return list(self.received)

    async def let_go(self, server: asyncio.AbstractServer) -> None:
        """Take no new connections and cut the open ones: the server does not end before."""
        await asyncio.sleep(0.01)  # whoever is at the door has come in by then
        server.close()
        for _ in range(5):  # who was let in at the last moment is announced later
            for transport in list(self.transports):
                transport.abort()
            await asyncio.sleep(0.01)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.username is not None and not session.authenticated:
            return "530 5.7.0 Sign in first"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode == "refuse" or (self.known is not None and address not in self.known):
            return "550 5.1.1 No such mailbox here"
        if self.mode == "greylist":
            return "451 4.7.1 Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        taken = Received(
            envelope.mail_from,
            tuple(envelope.rcpt_tos),
            message_from_bytes(envelope.content, policy=policy.default),
            envelope.content,
            session.ssl is not None,
            self.username if session.authenticated else None,
        )
        with self._came:
            self.received.append(taken)
            self._came.notify_all()
        if self.mode == "drop":
            server.transport.abort()
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, sent) -> AuthResult:
        return AuthResult(success=(sent.login, sent.password) == self.secret, handled=False)


class Conversation(SMTP):
    """aiosmtpd's side of one connection, which can also say nothing."""

    def connection_made(self, transport) -> None:
        self.event_handler.transports.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error) -> None:
        self.event_handler.transports.discard(self.transport)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        if self.event_handler.mode == "hang":
            await self._reader.read()  # until the other side has had enough
            self.transport.close()
        else:
            await super()._handle_client()


class OnSocket(Controller):
    """A controller that serves a socket bound beforehand, so that nobody else can take the port."""

    def factory(self) -> Conversation:
        return Conversation(self.handler, **self.SMTP_kwargs)

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.handler.socket)


@contextlib.contextmanager
def smtp_sink(
    mode: str = "accept",
    *,
    username: str | None = None,
    password: str | None = None,
    tls: bool = False,
    port: int = 0,
    known: frozenset[str] | None = None,
    host: str = "localhost",
) -> Iterator[SmtpSink]:
    """Run one; with `port` (from `free_port`) a test can let a server come up that was down before.

    `known`: the only recipients it takes; None: all. `host`: whom its certificate is for.
    """
    assert mode in MODES, f"{mode} is none of {MODES}"
    with own_folder() as folder:
        sink = SmtpSink(port, username, password)
        sink.known = known
        how: dict = {"authenticator": sink.authenticate, "auth_require_tls": tls} if username else {}
        if tls:
            certificate = self_signed(folder, host)
            sink.certificate = certificate.path
            how |= {
                "tls_context": ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
                "require_starttls": True,
            }
            how["tls_context"].load_cert_chain(certificate.path, certificate.key)
        controller = OnSocket(sink, hostname=HOST, port=sink.port, server_hostname="sink.example", **how)
        controller.start()
        sink.mode = mode
        try:
            yield sink
        finally:
            asyncio.run_coroutine_threadsafe(sink.let_go(controller.server), controller.loop).result(10)
            controller.stop()
