"""Postfix for a test: one whose letters wait in its queue, and one that receives mail."""

import contextlib
import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.services.starting import answers, free_port, need, own_folder, program, running, self_signed

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
