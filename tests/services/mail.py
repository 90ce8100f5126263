"""Mail for a test: an SMTP server that records what it is given and misbehaves on request, and a Dovecot."""

import asyncio
import contextlib
import grp
import os
import pwd
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.services.starting import (
    HOST,
    answers,
    free_port,
    need,
    own_folder,
    program,
    running,
    self_signed,
    unprivileged,
)

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


# --- Dovecot ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dovecot:
    """A running IMAP server: plain text and STARTTLS on `port`, TLS on `tls_port`."""

    port: int
    tls_port: int
    certificate: Path


DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = {host}
ssl = yes
auth_failure_delay = 0
first_valid_uid = 1
default_internal_user = {inside}
default_internal_group = {group}
default_login_user = {login}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

DOVECOT_2_3 = """
ssl_cert = <{certificate.path}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_master_user_separator = *
passdb {{
  driver = passwd-file
  master = yes
  args = {folder}/masters
}}
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = {folder}/people
}}
userdb {{
  driver = static
  args = uid={inside} gid={group} home={folder}/mail/%u
}}
"""

DOVECOT_2_4 = """dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = {certificate.path}
ssl_server_key_file = {certificate.key}
auth_allow_cleartext = yes
auth_master_user_separator = *
passdb masters {{
  driver = passwd-file
  master = yes
  passwd_file_path = {folder}/masters
}}
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
passdb passwd-file {{
  passwd_file_path = {folder}/people
}}
userdb static {{
  fields {{
    uid = {inside}
    gid = {group}
    home = {folder}/mail/%{{user}}
  }}
}}
"""


@contextlib.contextmanager
def dovecot(
    people: dict[str, str], masters: dict[str, str] | None = None, host: str = "localhost"
) -> Iterator[Dovecot]:
    """An IMAP server whose empty mailboxes are `people`: name → password.

    `masters` may open everybody's: as “ada*root”, or as “root” on ada's behalf. `host`: whom its certificate is for.
    """
    need("dovecot")
    version = subprocess.run([program("dovecot"), "--version"], capture_output=True, text=True, check=True).stdout
    pattern = (DOVECOT_2_3 if version.startswith("2.3") else DOVECOT_2_4) + DOVECOT
    owner = unprivileged("dovecot")
    me = pwd.getpwuid(os.geteuid())
    inside, login = (owner.pw_name, "dovenull") if owner else (me.pw_name, me.pw_name)
    group = grp.getgrgid((owner or me).pw_gid).gr_name
    with own_folder(owner) as folder:
        certificate = self_signed(folder, host)
        server = Dovecot(free_port(), free_port(), certificate.path)
        lines = "".join(f"{name}:{{PLAIN}}{password}\n" for name, password in people.items())
        (folder / "people").write_text(lines, encoding="utf-8")
        lines = "".join(f"{name}:{{PLAIN}}{password}\n" for name, password in (masters or {}).items())
        (folder / "masters").write_text(lines, encoding="utf-8")
        (folder / "mail").mkdir()
        if owner:
            os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
        conf = folder / "dovecot.conf"
        conf.write_text(
            pattern.format(
                folder=folder,
                host=HOST,
                certificate=certificate,
                inside=inside,
                group=group,
                login=login,
                port=server.port,
                tls_port=server.tls_port,
            )
        )
        with running([program("dovecot"), "-F", "-c", conf], lambda: answers(server.port), folder / "log"):
            yield server


# --- Postfix ------------------------------------------------------------------------------------------

POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = sender.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
default_transport = smtp
defer_transports = smtp
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C
"""
# What takes letters in and keeps them: no port is opened, and nothing is sent.
POSTFIX_SERVICES = """
pickup    unix  n       -       n       1       1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
postlog   unix-dgram n  -       n       -       1       postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A mail server of its own whose letters wait in its queue. `folder`: of its configuration."""

    folder: Path

    def command(self, name: str, *rest: str, **how) -> subprocess.CompletedProcess:
        """One of its programs, with its own configuration."""
        command, environ = [str(program(name)), *rest], {**os.environ, "MAIL_CONFIG": str(self.folder)}
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, env=environ, **how)

    def fill(self, count: int) -> None:
        """So many letters more."""
        letter = "From: queue@sender.example\nTo: somebody@receiver.example\nSubject: Waits\n\nHello.\n"
        before = self.deferred()
        for _ in range(count):
            self.command("sendmail", "-i", "-f", "queue@sender.example", "somebody@receiver.example", input=letter)
        until = time.monotonic() + 20
        while self.deferred() < before + count:
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.05)

    def drain(self) -> None:
        self.command("postsuper", "-d", "ALL")

    def deferred(self) -> int:
        """How many wait where they stay; on their way there some are in two queues for a moment."""
        return self.command("postqueue", "-j").stdout.count('"queue_name": "deferred"')


@contextlib.contextmanager
def postfix() -> Iterator[Postfix]:
    """A Postfix that takes letters from this machine's own programs and sends none. Only root can start one."""
    with own_postfix(lambda _: ("", "")) as server:
        yield server


@contextlib.contextmanager
def own_postfix(more: Callable[[Path], tuple[str, str]]) -> Iterator[Postfix]:
    """The same; `more`, given its folder, says what is added to its settings (main.cf) and services (master.cf)."""
    need("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix is started by root only")
    owner = pwd.getpwnam("postfix")
    with own_folder() as folder:
        folder.chmod(0o755)
        settings, services = more(folder)
        (folder / "main.cf").write_text(POSTFIX.format(folder=folder) + settings)
        (folder / "master.cf").write_text(POSTFIX_SERVICES + services)
        (folder / "data").mkdir()
        os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
        (folder / "spool").mkdir()
        server = Postfix(folder)
        log, environ = folder / "out", {**os.environ, "MAIL_CONFIG": str(folder)}
        with running([program("postfix"), "start-fg"], (folder / "spool/public/showq").exists, log, env=environ):
            try:
                yield server
            finally:  # its master is a child that outlives what started it
                server.command("postfix", "stop")


# What receives mail for acme.example: it knows some addresses, encrypts, and asks nobody for names.
RECEIVING = """
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = inline:{{ {known} }}
local_recipient_maps =
mynetworks =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_chain_files = {certificate.key}, {certificate.path}
"""
# Open to everybody; to nobody, said when a recipient is named; to nobody, said instead of a greeting.
RECEIVING_SERVICES = """
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
anvil     unix  -       -       n       -       1       anvil
127.0.0.1:{open}      inet n - n - - smtpd
127.0.0.1:{refusing}  inet n - n - - smtpd -o smtpd_client_restrictions=reject
127.0.0.1:{closed}    inet n - n - - smtpd -o smtpd_client_restrictions=reject -o smtpd_delay_reject=no
"""


@dataclass(frozen=True)
class Exchanger:
    """A Postfix that receives mail: at `open` from everybody; at the other ports it is locked down."""

    open: int
    refusing: int
    closed: int
    certificate: Path


@contextlib.contextmanager
def mail_exchanger(*known: str, host: str = "localhost") -> Iterator[Exchanger]:
    """One that takes mail for these addresses, of one domain, and no others. `host`: whom its certificate is for."""
    domain = known[0].partition("@")[2]
    made: list[Exchanger] = []

    def more(folder: Path) -> tuple[str, str]:
        certificate = self_signed(folder, host)
        ports = {"open": free_port(), "refusing": free_port(), "closed": free_port()}
        made.append(Exchanger(**ports, certificate=certificate.path))
        addresses = ", ".join(f"{{{address} = yes}}" for address in known)
        settings = RECEIVING.format(domain=domain, known=addresses, certificate=certificate)
        return settings, RECEIVING_SERVICES.format(**ports)

    with own_postfix(more):
        until = time.monotonic() + 20
        while not answers(made[0].closed):
            assert time.monotonic() < until, "no port was opened"
            time.sleep(0.02)
        yield made[0]
