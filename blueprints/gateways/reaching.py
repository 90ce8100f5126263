"""The one way to a server that a check looks at: its name becomes an address that may be connected to, and the
line to exactly that address keeps its limits, whatever the server does.

`converse` is the way in. Libraries talk over the `Line` as over a socket and never see a name to resolve.
"""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from blueprints.gateways.addresses import Address, NotAHost, host_name, literal, objection
from blueprints.gateways.bounds import ENCRYPTED, Bounds, Deadline, Door
from blueprints.gateways.evidence import Asked, Outcome, Said, Verdict, brief, evidence_of, listed, told
from blueprints.gateways.line import ACCEPTED, Distrusted, Line, Opened
from blueprints.gateways.names import Question, addresses_in, gather

MOST_ADDRESSES = 3  # of one host that are tried
NO_NETWORK = (errno.ENETUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)

Talk = Callable[[Line], Verdict]


class NotReached(Exception):
    """No line came about. `outcome` and the sentence say what that means.

    `silent`: there is an address and it may be asked, but nobody answered at the port, or refused to: where the
    way out may be blocked (port 25), that is no finding about the server.
    """

    def __init__(self, outcome: Outcome, reason: str, evidence: tuple[Asked, ...], silent: bool = False) -> None:
        super().__init__(reason)
        self.verdict = Verdict(outcome, reason, evidence)
        self.silent = silent


def converse(
    host: str,
    door: Door,
    bounds: Bounds,
    talk: Talk,
    *,
    received: int | None = None,
    accepted: str = "",
    unreached: Callable[[NotReached], Verdict] = lambda problem: problem.verdict,
) -> Verdict:
    """Talk to a host at a door and say what came of it, with what was asked as evidence. Never raises.

    `talk` may raise whatever its library raises: a line that ended or a server that speaks otherwise is a
    finding. It is called again, with a new line to the same address, when the certificate was not trusted; then
    the line carries the certificate and is not `trusted`. `accepted`: fingerprint of a certificate that a person
    accepted as it is; only with another one is verifying tried.
    `received`: most bytes, where the limits' are too few. `unreached`: judges that there was no line.
    """
    deadline = Deadline(bounds.limits)
    try:
        name, addresses, evidence = find(host, bounds, deadline)
        opened = connect(name, addresses, door, bounds, deadline, evidence)
    except NotReached as problem:
        return unreached(problem)
    distrusted = ACCEPTED if accepted else ""
    while True:
        line = Line(opened, name, bounds, deadline, received, accepted, distrusted)
        verdict, asked = conversation(line, door, talk)
        evidence = (*opened.evidence, asked)
        if not isinstance(line.broken, Distrusted):
            return replace(verdict, evidence=evidence)
        distrusted = "" if line.pinned else str(line.broken)
        try:
            opened = connect(name, [opened.address], door, bounds, deadline, evidence)
        except NotReached as problem:  # only once; so it stays at what was seen first
            return replace(verdict, evidence=problem.verdict.evidence)


def conversation(line: Line, door: Door, talk: Talk) -> tuple[Verdict, Asked]:
    """What came of one line, which is closed at the end."""
    at, begun = datetime.now(UTC), monotonic()
    try:
        if door in ENCRYPTED:
            line.encrypt()
        verdict = talk(line)
    except Exception as problem:  # noqa: BLE001 - whatever a server makes a library stumble over is a finding
        verdict = Verdict(Outcome.FAILED, stumbled(line, door, problem))
    finally:
        line.close()
    return verdict, Asked(
        where(line.host, line.address, line.port), "conversation", str(line.transcript), at, monotonic() - begun
    )


def stumbled(line: Line, door: Door, problem: Exception) -> str:
    if isinstance(line.broken, Distrusted):
        return f"{line.host}: Its certificate is not trusted: {line.broken}."
    if line.broken is not None:
        return f"{line.host}: {line.broken}."
    if line.ended:
        return f"{line.host}: It ended the conversation."
    words = brief(str(problem)) or type(problem).__name__
    return f"{line.host} does not speak as a server of this kind ({door}) should: {words}"


# --- from a name to an address --------------------------------------------------------------------------


def find(host: str, bounds: Bounds, deadline: Deadline) -> tuple[str, list[Address], tuple[Asked, ...]]:
    """The host as its certificate should bear it, its addresses that may be connected to, and who was asked.

    Raises NotReached.
    """
    evidence: tuple[Asked, ...] = ()
    address = literal(host)
    if address is not None:
        name, addresses = str(address), [address]
    else:
        try:
            name = host_name(host)
        except NotAHost as problem:
            raise NotReached(Outcome.FAILED, str(problem), ()) from None
        addresses, evidence = look_up(name, bounds, deadline)
    objections = {each: objection(each, bounds.allowed) for each in addresses}
    may = [each for each, objected in objections.items() if not objected]
    if not may:
        told_of = listed(f"{each} {objected}" for each, objected in objections.items())
        sentence = f"{name} was not asked: {told_of}. The settings of this portal do not allow checks there."
        raise NotReached(Outcome.NOT_HERE, sentence, evidence)
    return name, may, evidence


def look_up(name: str, bounds: Bounds, deadline: Deadline) -> tuple[list[Address], tuple[Asked, ...]]:
    """Raises NotReached when there is no address, or nobody who could tell."""
    questions = [Question(name, "A"), Question(name, "AAAA")]
    answers = gather(lambda _: questions, bounds, deadline)
    evidence = evidence_of(answers)
    addresses = addresses_in(answers, questions)
    if addresses:
        return addresses, evidence
    given = [told(answers, question) for question in questions]
    heard = {answer.said for answer in given if answer is not None}
    if heard & {Said.TROUBLE, Said.SILENCE, Said.NOT_ASKED}:
        if Said.TROUBLE in heard or any(answer and answer.tells for answer in given):
            raise NotReached(Outcome.UNDETERMINED, f"The address of {name} could not be looked up.", evidence)
        raise NotReached(
            Outcome.NOT_HERE, "No resolver of this portal answered, so nothing could be looked up.", evidence
        )
    if Said.CIRCLE in heard:
        raise NotReached(Outcome.FAILED, f"{name} is an alias that leads back to itself.", evidence)
    what = "There is no host" if Said.NO_NAME in heard else "There is no address for the host"
    raise NotReached(Outcome.FAILED, f"{what} {name}.", evidence)


# --- from an address to a line --------------------------------------------------------------------------


def connect(
    name: str,
    addresses: list[Address],
    door: Door,
    bounds: Bounds,
    deadline: Deadline,
    evidence: tuple[Asked, ...],
) -> Opened:
    """A connection to the first address that takes it; `evidence` goes before what the tries brought.

    Raises NotReached.
    """
    port = bounds.ports[door]
    problems: list[OSError] = []
    for address in addresses[:MOST_ADDRESSES]:
        at, begun = datetime.now(UTC), monotonic()
        try:
            opened, words = open_socket(address, port, deadline), "connected"
        except OSError as problem:
            opened, words = None, said_of(problem)
            problems.append(problem)
        evidence += (Asked(where(name, str(address), port), "connection", words, at, monotonic() - begun),)
        if opened is not None:
            return Opened(opened, address, port, evidence)
    no_network = all(problem.errno in NO_NETWORK for problem in problems)
    sentence = f"{name} could not be reached at port {port}: {listed(dict.fromkeys(map(said_of, problems)))}."
    raise NotReached(Outcome.NOT_HERE if no_network else Outcome.FAILED, sentence, evidence, silent=True)


def open_socket(address: Address, port: int, deadline: Deadline) -> socket.socket:
    """A connection to this address, made within a step. Raises OSError."""
    deadline.step()
    opened = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        opened.settimeout(deadline.left())
        opened.connect((str(address), port))
        with suppress(OSError):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        opened.close()
        raise
    return opened


def said_of(problem: OSError) -> str:
    if isinstance(problem, TimeoutError):
        return "nobody answered in time"
    if isinstance(problem, ConnectionRefusedError):
        return "the connection was refused"
    if problem.errno in NO_NETWORK:
        return "this machine has no way there"
    return brief(problem.strerror or str(problem))


def where(name: str, address: str, port: int) -> str:
    shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return shown if name == address else f"{name} ({shown})"
