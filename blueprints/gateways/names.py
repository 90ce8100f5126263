"""Asks name servers for checks: resolvers, and the name servers of a zone themselves. Never raises.

`gather` is the way in: a pure function says what it wants to know next, given what is known, until it wants
nothing more; so what an answer means is told elsewhere, and asking stays here.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rdtypes.txtbase
import dns.resolver
import dns.rrset

from blueprints.gateways.addresses import Address, objection
from blueprints.gateways.bounds import Bounds, Deadline, Door
from blueprints.gateways.dns import address_and_port
from blueprints.gateways.evidence import Answer, Answers, Question, Said, brief, printable, told

ROUNDS = 15  # of asking for what the last answers made worth knowing
MOST_SERVERS = 8  # of one zone
MOST_RECORDS = 100  # of one answer
PAYLOAD = 1232  # bytes over UDP that pass without fragments (DNS Flag Day 2020)


@dataclass(frozen=True)
class Server:
    """A name server. `objected`: why it is not asked, "" if it may be."""

    name: str
    address: str
    port: int
    authority: bool = False
    objected: str = ""

    def __str__(self) -> str:
        where = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
        return f"{self.name} ({where})" if self.name else where


# --- the way in -----------------------------------------------------------------------------------------


def gather(
    wanted: Callable[[Answers], Iterable[Question]], bounds: Bounds, deadline: Deadline | None = None
) -> dict[Question, tuple[Answer, ...]]:
    """Ask what `wanted` asks for, given the answers so far, until it asks for nothing new or a limit is reached.

    All questions of a round are asked side by side. A question beyond the limits is answered with NOT_ASKED.
    """
    deadline = deadline or Deadline(bounds.limits)
    answers: dict[Question, tuple[Answer, ...]] = {}
    with ThreadPoolExecutor(bounds.limits.at_once, "names") as pool:
        asking = Asking(bounds, deadline, pool)
        for number in range(ROUNDS):
            new = [each for each in dict.fromkeys(wanted(answers)) if each not in answers]
            if not new:
                break
            room = max(bounds.limits.questions - len(answers), 0) if number < ROUNDS - 1 else 0
            answers.update(asking.all_of(new[:room]))
            answers.update((each, (not_asked(each, "too many questions for one check"),)) for each in new[room:])
    return answers


def addresses_of(host: str, bounds: Bounds, deadline: Deadline | None = None) -> tuple[list[Address], Answers]:
    """The addresses of a host, IPv4 first, and what the resolvers said."""
    questions = [Question(host, "A"), Question(host, "AAAA")]
    answers = gather(lambda _: questions, bounds, deadline)
    return addresses_in(answers, questions), answers


def addresses_in(answers: Answers, questions: Iterable[Question]) -> list[Address]:
    said = (told(answers, question) for question in questions)
    return [ip_address(record) for answer in said if answer is not None for record in answer.records]


def resolvers(bounds: Bounds) -> list[Server]:
    """The installation's resolvers; none when neither it nor the machine names any."""
    try:
        given = bounds.resolvers or [
            server for server in dns.resolver.Resolver().nameservers if isinstance(server, str)
        ]
        return [Server("", *address_and_port(server)) for server in given]
    except (dns.exception.DNSException, ValueError, OSError):
        return []


# --- asking side by side --------------------------------------------------------------------------------


class Asking:
    """One check's questions: its resolvers, its zones' name servers, its time."""

    def __init__(self, bounds: Bounds, deadline: Deadline, pool: Executor) -> None:
        self.bounds = bounds
        self.deadline = deadline
        self.pool = pool
        self.resolvers = resolvers(bounds)
        self.zones: dict[str, tuple[Server, ...]] = {}

    def all_of(self, questions: list[Question]) -> dict[Question, tuple[Answer, ...]]:
        """Every question with its answers: one, or of those asked everywhere one of each server."""
        for name in dict.fromkeys(each.name for each in questions if each.everywhere):
            if name not in self.zones:
                self.zones[name] = self.authorities(name)
        tasks = list(self.tasks(questions))
        found: dict[Question, tuple[Answer, ...]] = dict.fromkeys(questions, ())
        for question, answer in zip(
            (question for question, _ in tasks), self.pool.map(lambda task: self.one(*task), tasks), strict=True
        ):
            found[question] += (answer,)
        return found

    def tasks(self, questions: list[Question]) -> Iterator[tuple[Question, Server | None]]:
        for question in questions:
            if question.everywhere:
                servers = (*self.zones[question.name], *self.resolvers)
                yield from ((question, server) for server in servers)
            if not question.everywhere or not self.resolvers:
                yield question, None

    def one(self, question: Question, server: Server | None) -> Answer:
        """Of this server; of None: of the first resolver that knows."""
        if server is not None:
            return ask(question, server, self.bounds, self.deadline)
        answer = not_asked(question, "no resolver is set on this machine")
        for resolver in self.resolvers:
            answer = ask(question, resolver, self.bounds, self.deadline)
            if answer.tells:
                break
        return answer

    def authorities(self, name: str) -> tuple[Server, ...]:
        """The name servers of the zone that a name is in; one that is not asked where there is none to be found."""
        hosts = self.hosts_of_zone(name)
        questions = [Question(host, kind) for host in hosts for kind in ("A", "AAAA")]
        answers = self.all_of(questions)
        found = [self.server_of(host, answers) for host in hosts]
        nobody = Server(f"name servers of {name}", "", 0, True, "the name servers of this domain were not found")
        return tuple(found) or (nobody,)

    def hosts_of_zone(self, name: str) -> list[str]:
        """Names of the name servers: of the name itself, or of the nearest domain above that has some."""
        labels = name.split(".")
        for above in range(max(len(labels) - 1, 1)):
            answer = self.one(Question(".".join(labels[above:]), "NS"), None)
            if answer.said is Said.RECORDS and not answer.alias:
                return list(answer.records[:MOST_SERVERS])
        return []

    def server_of(self, host: str, answers: Answers) -> Server:
        """Where to ask a name server: its first address that may be asked, IPv4 first."""
        port = self.bounds.ports[Door.NAMES]
        addresses = addresses_in(answers, [Question(host, "A"), Question(host, "AAAA")])
        objections = [(each, objection(each, self.bounds.allowed)) for each in addresses]
        for address, objected in objections:
            if not objected:
                return Server(host, str(address), port, authority=True)
        if objections:
            address, objected = objections[0]
            return Server(host, str(address), port, True, f"its address {objected}, which the settings do not allow")
        return Server(host, "", port, True, "it has no address")


# --- one question to one server -------------------------------------------------------------------------


def ask(question: Question, server: Server, bounds: Bounds, deadline: Deadline) -> Answer:
    """What this server says, over UDP or, where that is too narrow, TCP; asked twice if it is silent at first."""
    answer = Answer(question, str(server), Said.NOT_ASKED, datetime.now(UTC), 0.0, authority=server.authority)
    if server.objected:
        return replace(answer, words=server.objected)
    begun = time.monotonic()
    seconds = min(bounds.limits.name, deadline.remaining())
    try:
        query = dns.message.make_query(question.name, question.kind, use_edns=0, payload=PAYLOAD)
        if server.authority:
            query.flags &= ~dns.flags.RD
        answer = read(put(query, server, begun + seconds), answer)
    except dns.exception.Timeout:
        answer = replace(answer, said=Said.SILENCE, words=f"no answer within {seconds:.3g} seconds")
    except dns.message.ChainTooLong:
        answer = replace(answer, said=Said.CIRCLE, words="the aliases lead back to themselves, or are too many")
    except (dns.exception.DNSException, OSError, ValueError, EOFError) as problem:
        said = Said.SILENCE if isinstance(problem, OSError) else Said.TROUBLE  # nothing came back, or nonsense
        answer = replace(answer, said=said, words=f"{type(problem).__name__}: {brief(str(problem))}")
    return replace(answer, seconds=time.monotonic() - begun)


def put(query: dns.message.QueryMessage, server: Server, until: float) -> dns.message.Message:
    """Its response. Raises what dnspython raises, and OSError."""
    for wait in (0.4, 1.0):  # of the time; a lost packet is asked for again
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            response = dns.query.udp(
                query, server.address, left * wait, server.port, ignore_unexpected=True, ignore_errors=True
            )
        except dns.exception.Timeout:
            continue
        if not response.flags & dns.flags.TC:
            return response
        return dns.query.tcp(query, server.address, max(until - time.monotonic(), 0.001), server.port)
    raise dns.exception.Timeout


def read(response: dns.message.Message, answer: Answer) -> Answer:
    """The answer with what a response means. Raises ChainTooLong for aliases that go round."""
    code = response.rcode()
    answer = replace(answer, words=raw(response))
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not isinstance(response, dns.message.QueryMessage):
        return replace(answer, said=Said.TROUBLE)
    chain = response.resolve_chaining()
    answer = replace(answer, ttl=chain.minimum_ttl, alias=plain(chain.canonical_name) if chain.cnames else "")
    if chain.answer:
        return replace(answer, said=Said.RECORDS, records=records_of(chain.answer))
    if answer.alias and answer.authority:
        return replace(answer, said=Said.ELSEWHERE)
    if answer.authority and not response.flags & dns.flags.AA:
        return replace(answer, said=Said.TROUBLE, words=f"does not answer for this domain. {answer.words}")
    return replace(answer, said=Said.NO_NAME if code == dns.rcode.NXDOMAIN else Said.NO_RECORD)


def records_of(found: dns.rrset.RRset) -> tuple[str, ...]:
    return tuple(sorted(text_of(record) for record in list(found)[:MOST_RECORDS]))


def text_of(record: object) -> str:
    """One record as `Answer.records` has it."""
    if isinstance(record, dns.rdtypes.txtbase.TXTBase):
        return printable(b"".join(record.strings).decode("utf-8", "backslashreplace"))
    return " ".join(part.rstrip(".").lower() or "." for part in str(record).split())


def plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def raw(response: dns.message.Message) -> str:
    """The response as evidence: its code, and its answers as in a zone file."""
    lines = [f"{dns.rcode.to_text(response.rcode())} {dns.flags.to_text(response.flags)}"]
    lines += [str(rrset) for rrset in response.answer[:20]]
    return "\n".join(lines)


def not_asked(question: Question, why: str) -> Answer:
    return Answer(question, "nobody", Said.NOT_ASKED, datetime.now(UTC), 0.0, words=why)
