"""Real servers for the tests, started by the tests: nothing that the machine happens to run is used.

Each `with` (`postgresql`, `redis`, `smtp_sink`, `dns_server`, `dovecot`, `postfix`, `mail_exchanger`, `slapd`,
`misbehaving`) starts one on a free port of 127.0.0.1, in a folder of its own, and ends it. `need()` skips a test whose
program is not installed, or fails it where REQUIRE_SERVICES=1 promises that all of them are; `missing_line()` says at
the end of a run what was not there.
"""

from tests.services.databases import Database, PostgreSQL, postgresql, redis
from tests.services.directory import Directory, slapd
from tests.services.exchanger import Exchanger, Postfix, mail_exchanger, postfix
from tests.services.mailboxes import Dovecot, dovecot
from tests.services.misbehaving import Misbehaving, misbehaving
from tests.services.names import DnsServer, dns_server
from tests.services.sink import Received, SmtpSink, smtp_sink
from tests.services.starting import AXE, HOST, HTMX, answers, chromium, free_port, missing_line, need

__all__ = [
    "AXE",
    "HOST",
    "HTMX",
    "Database",
    "Directory",
    "DnsServer",
    "Dovecot",
    "Exchanger",
    "Misbehaving",
    "Postfix",
    "PostgreSQL",
    "Received",
    "SmtpSink",
    "answers",
    "chromium",
    "dns_server",
    "dovecot",
    "free_port",
    "mail_exchanger",
    "misbehaving",
    "missing_line",
    "need",
    "postfix",
    "postgresql",
    "redis",
    "slapd",
    "smtp_sink",
]
