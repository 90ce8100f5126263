"""Looks into a directory over LDAP: whether it answers, encrypts, lets us in, and how many people with mail it knows.

Referrals to other servers are told, never followed.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.core.results import RESULT_NO_SUCH_OBJECT, RESULT_REFERRAL, RESULT_SIZE_LIMIT_EXCEEDED, RESULT_SUCCESS

from blueprints.gateways.bounds import Bounds, Door
from blueprints.gateways.evidence import Outcome, Verdict, brief, listed
from blueprints.gateways.line import Line
from blueprints.gateways.reaching import converse

RECEIVED = 16 * 1024 * 1024  # bytes; 100,000 people by their names alone
MOST_PEOPLE = 100_000
PAGE = 500  # people in one step; servers refuse more than 1,000
WITH_MAIL = "(mail=*)"
NOTHING = "1.1"  # no attributes, only that there is an entry (RFC 4511, section 4.5.1.8)


@dataclass(frozen=True)
class Server:
    """A directory. `encrypted` False: sign in without encryption, because a person said so.

    `accepted`: fingerprint (SHA-256) of a certificate that a person accepted though it is not trusted.
    """

    host: str
    door: Door = Door.LDAPS
    encrypted: bool = True
    accepted: str = ""


@dataclass(frozen=True)
class Bind:
    """Who we are to the directory; without a name nobody."""

    user: str = ""
    secret: str = field(default="", repr=False)


def count_people(server: Server, bind: Bind, base: str, bounds: Bounds, people: str = WITH_MAIL) -> Verdict:
    """Whether the directory lets us in and knows its search base, and how many entries match the filter `people`.

    Facts: `people` (a number), `complete` (False: there are at least so many), `certificate`. How many there should
    be is judged elsewhere.
    """

    def talk(line: Line) -> Verdict:
        line.written_down = False  # LDAP is not spoken in letters
        facts: dict[str, Any] = {}
        try:
            return talked(line, server, bind, base, people, facts)
        except Ended as ended:
            return replace(ended.verdict, facts=facts)

    return converse(server.host, server.door, bounds, talk, received=RECEIVED, accepted=server.accepted)


class Ended(Exception):
    """The conversation need not go on."""

    def __init__(self, reason: str, outcome: Outcome = Outcome.FAILED) -> None:
        super().__init__(reason)
        self.verdict = Verdict(outcome, reason)


class Encrypting(ldap3.Tls):
    """What ldap3 asks to encrypt; the line does it."""

    def wrap_socket(self, connection: ldap3.Connection, **_: object) -> None:
        connection.socket.encrypt()


@contextmanager
def connected(line: Line, bind: Bind) -> Iterator[ldap3.Connection]:
    """ldap3 over a line that is already there. Its server is an address, so nothing is resolved."""
    server = ldap3.Server(line.address, line.port, use_ssl=False, tls=Encrypting(), get_info=ldap3.NONE)
    connection = ldap3.Connection(
        server,
        user=bind.user or None,
        password=bind.secret or None,
        auto_referrals=False,
        check_names=False,
        read_only=True,
        raise_exceptions=False,
    )

    def take_line(*_: object, **__: object) -> None:
        connection.socket = line
        connection.closed = False

    connection.strategy._open_socket = take_line  # the one place where ldap3 connects
    connection.strategy.socket_size = 64 * 1024
    try:
        connection.open(read_server_info=False)
        yield connection
    finally:
        with suppress(LDAPException, OSError):
            connection.unbind()


def talked(line: Line, server: Server, bind: Bind, base: str, people: str, facts: dict[str, Any]) -> Verdict:
    """Raises Ended, and what ldap3 raises."""
    if bind.user and not bind.secret:
        raise Ended("A sign-in to the directory needs a password; without one it would count as nobody.")
    line.transcript.hide(bind.secret)
    with connected(line, bind) as directory:
        encrypt(line, server, directory, facts)
        enter(line, directory, bind)
        find_base(line, directory, base)
        count, complete = count_all(line, directory, base, people)
    facts.update(people=count, complete=complete)
    if not complete:
        sentence = f"{line.host} shows {count:,} people with mail, and that is not all of them."
        return Verdict(Outcome.UNDETERMINED, sentence, facts=facts)
    note = line.certificate.sentence(datetime.now(UTC)) if line.certificate and line.certificate.trusted else ""
    sentence = f"{line.host} lets us in and knows {count:,} people with mail."
    return Verdict(Outcome.PASSED, " ".join(filter(None, (sentence, note))), facts=facts)


def encrypt(line: Line, server: Server, directory: ldap3.Connection, facts: dict[str, Any]) -> None:
    if line.certificate is None and server.encrypted:
        line.note(">", "StartTLS")
        if not started(directory) and line.broken is None:
            line.note("<", said(directory))
            raise Ended(f"{line.host} does not encrypt (StartTLS): {said(directory)}")
        if line.broken is not None:
            raise line.broken
    if line.certificate is not None:
        facts["certificate"] = line.certificate.facts()
        if not line.trusted:
            raise Ended(f"{line.host}: {line.certificate.sentence(datetime.now(UTC))}")


def started(directory: ldap3.Connection) -> bool:
    try:
        return bool(directory.start_tls(read_server_info=False))
    except LDAPException:
        if directory.result:  # the directory said no; the line is as it was
            return False
        raise


def enter(line: Line, directory: ldap3.Connection, bind: Bind) -> None:
    line.note(">", f"bind {bind.user or 'as nobody'}")
    entered = directory.bind(read_server_info=False)
    line.note("<", said(directory))
    if not entered:
        raise Ended(f"{line.host} does not let {bind.user or 'nobody in particular'} in: {said(directory)}")


def find_base(line: Line, directory: ldap3.Connection, base: str) -> None:
    line.note(">", f"search {brief(base)}, this entry only")
    directory.search(base, "(objectClass=*)", ldap3.BASE, attributes=[NOTHING])
    line.note("<", said(directory))
    code = directory.result["result"]
    if code == RESULT_REFERRAL:
        elsewhere = listed(brief(each) for each in directory.result.get("referrals") or [])
        raise Ended(f"{line.host} does not hold “{brief(base)}” and points to {elsewhere}, which was not followed.")
    if code == RESULT_NO_SUCH_OBJECT or (code == RESULT_SUCCESS and not directory.response):
        raise Ended(f"{line.host} knows no entry “{brief(base)}”, or does not show it.")
    if code != RESULT_SUCCESS:
        raise Ended(f"{line.host} cannot be searched at “{brief(base)}”: {said(directory)}")


def count_all(line: Line, directory: ldap3.Connection, base: str, people: str) -> tuple[int, bool]:
    """How many, and whether that is all; page by page (RFC 2696), within the time and the number there is."""
    count, cookie, pages = 0, None, 0
    enough = line.bounds.limits.whole / 10  # seconds
    while True:
        directory.search(
            base,
            people,
            ldap3.SUBTREE,
            attributes=[NOTHING],
            paged_size=PAGE,
            paged_criticality=False,
            paged_cookie=cookie,
        )
        pages += 1
        count += sum(each["type"] == "searchResEntry" for each in directory.response or ())
        code = directory.result["result"]
        if code not in (RESULT_SUCCESS, RESULT_SIZE_LIMIT_EXCEEDED):
            line.note("<", said(directory))
            raise Ended(f"{line.host} does not search for {brief(people)}: {said(directory)}")
        cookie = next_page(directory)
        limited = code == RESULT_SIZE_LIMIT_EXCEEDED or count >= MOST_PEOPLE
        if limited or not cookie or line.deadline.remaining() < enough:
            line.note(">", f"search {brief(base)} and below for {brief(people)}, {pages} pages")
            line.note("<", f"{count} entries, {said(directory)}")
            return count, not limited and not cookie


def next_page(directory: ldap3.Connection) -> bytes | None:
    controls = directory.result.get("controls") or {}
    page = controls.get("1.2.840.113556.1.4.319")
    return page["value"]["cookie"] or None if page else None


def said(directory: ldap3.Connection) -> str:
    """The directory's last result in its own words."""
    result = directory.result or {}
    return brief(f"{result.get('description', '')} ({result.get('result', '')}) {result.get('message', '')}".strip())
