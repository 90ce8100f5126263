"""Asks the domain name system, in bounded time, and never raises for what a domain or a server does.

What cannot be asked is not an answer: *could not look up* says nothing about the domain.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

SECONDS = 3.0  # for one domain, all questions together: they are asked at the same time
PORT = 53
MOST_ANSWERS = 20  # of one kind; a domain may have thousands


class Outcome(StrEnum):
    """Whether there is such a domain."""

    FOUND = "found"
    NOT_FOUND = "not found"
    UNKNOWN = "could not look up"


@dataclass(frozen=True)
class Domain:
    """What a look-up brought. `mail`: hosts that take its mail, most wanted first; "." alone: it takes none.

    Hosts and name servers are names in A-labels without a dot at the end; `unanswered` are the kinds of record
    about which no server said anything in time.
    """

    outcome: Outcome
    mail: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()
    primary: str = ""  # the name server named in the SOA record
    unanswered: tuple[str, ...] = ()


KINDS = ("MX", "NS", "SOA", "A", "AAAA")


def look_up(domain: str, servers: Iterable[str] = (), seconds: float = SECONDS) -> Domain:
    """Mail hosts, addresses, name servers and SOA of a domain (A-labels).

    `servers`: addresses to ask, with :port if it is not 53 ("192.0.2.1", "[2001:db8::1]:5353"); none: the
    machine's own.
    """
    try:
        name = dns.name.from_text(domain)
        asking = resolver(servers, seconds)
    except (dns.exception.DNSException, ValueError, OSError):
        return Domain(Outcome.UNKNOWN, unanswered=KINDS)
    with ThreadPoolExecutor(len(KINDS), "dns") as asked:
        answers = dict(zip(KINDS, asked.map(lambda kind: answer(asking, name, kind), KINDS), strict=True))
    return domain_of(answers)


def resolver(servers: Iterable[str], seconds: float) -> dns.resolver.Resolver:
    """A resolver that asks these servers and gives up after so many seconds."""
    servers = list(servers)
    asking = dns.resolver.Resolver(configure=not servers)
    if servers:
        asking.nameservers = [dns.nameserver.Do53Nameserver(*address_and_port(server)) for server in servers]
    asking.lifetime = seconds
    asking.timeout = min(asking.timeout, max(seconds / 2, 0.1))
    return asking


def address_and_port(server: str) -> tuple[str, int]:
    """“192.0.2.1:5353”, “2001:db8::1”, “[2001:db8::1]:5353” → (address, port). Raises ValueError."""
    if server.startswith("["):
        address, _, port = server[1:].partition("]")
        return address, int(port.removeprefix(":") or PORT)
    if server.count(":") == 1:
        address, port = server.split(":")
        return address, int(port)
    return server, PORT


class NoSuchName(Exception):
    """The servers say that the name does not exist."""


def answer(asking: dns.resolver.Resolver, name: dns.name.Name, kind: str) -> tuple[str, ...] | Exception:
    """The records of one kind as text, in a steady order; the exception for a question that brought none."""
    try:
        found = asking.resolve(name, kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return NoSuchName()
    except (dns.exception.DNSException, OSError, ValueError) as problem:
        return problem
    records = list(found.rrset or ())
    records.sort(key=lambda record: (record.preference, record.exchange) if kind == "MX" else record)
    return tuple(text_of(record, kind) for record in records[:MOST_ANSWERS])


def text_of(record: object, kind: str) -> str:
    names = {"MX": "exchange", "NS": "target", "SOA": "mname"}
    if kind in names:
        name: dns.name.Name = getattr(record, names[kind])
        return name.to_text(omit_final_dot=True).lower()
    return str(record)


def domain_of(answers: dict[str, tuple[str, ...] | Exception]) -> Domain:
    """What the answers say together: one that exists is enough, none in time is no answer."""
    said = {kind: found for kind, found in answers.items() if isinstance(found, tuple)}
    if not said:
        missing = any(isinstance(found, NoSuchName) for found in answers.values())
        return Domain(Outcome.NOT_FOUND if missing else Outcome.UNKNOWN, unanswered=() if missing else KINDS)
    return Domain(
        outcome=Outcome.FOUND,
        mail=said.get("MX", ()),
        addresses=(*said.get("A", ()), *said.get("AAAA", ())),
        name_servers=said.get("NS", ()),
        primary=next(iter(said.get("SOA", ())), ""),
        unanswered=tuple(kind for kind in KINDS if kind not in said),
    )
