"""What looking at the world costs: mailboxes opened side by side, and names looked up."""

import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from statistics import median

from blueprints.gateways.bounds import PORTS, Bounds, Door
from blueprints.gateways.evidence import Question
from blueprints.gateways.imap import Password, Server, open_mailbox, open_mailboxes
from blueprints.gateways.many import PER_SERVER, many
from blueprints.gateways.names import gather
from tests.services import HOST, dovecot
from tests.services.latency import distant

TOP = Path(__file__).parents[2]
MAILBOXES, LATENCY = 500, 0.020  # seconds
DOMAINS, LEAST = 1_000, 300  # look-ups a second
KINDS = (
    ("", "MX"),
    ("", "TXT"),
    ("_dmarc.", "TXT"),
    ("s1._domainkey.", "TXT"),
    ("s2._domainkey.", "TXT"),
    ("_proof.", "TXT"),
    ("autodiscover.", "CNAME"),
    ("_autodiscover._tcp.", "SRV"),
)

# A name server in a process of its own that answers everything alike, for the port it prints.
SERVING = """
import sys
from tests.services import dns_server
with dns_server({}) as server:
    server.changing = lambda name, kind: {"MX": ["10 mx.provider.example."], "TXT": ['"v=spf1 -all"']}.get(kind, [])
    print(server.port, flush=True)
    sys.stdin.read()
"""


def measures() -> Iterator[tuple[str, float, float, str]]:
    """(what, ratio, limit, detail) of each."""
    yield mailboxes()
    yield names()


def mailboxes() -> tuple[str, float, float, str]:
    """All against one Dovecot far away, beside what as many single ones would take, shared among those allowed."""
    people = [Password(f"p{number}@acme.example", "tide") for number in range(MAILBOXES)]
    with dovecot({each.user: each.secret for each in people}) as server, distant(server.tls_port, LATENCY) as port:
        bounds = bounds_of(imaps=port, trusted=str(server.certificate))
        place = Server(HOST)
        for each in people[:3]:
            open_mailbox(place, each, bounds)
        singles = [timed(lambda each=each: open_mailbox(place, each, bounds)) for each in people[:15]]
        worked = time.process_time()
        took = timed(lambda: [verdict.passed for _, verdict in open_mailboxes(place, people, bounds)])
        worked = time.process_time() - worked
        # Half of the single ones after it: what else the machine does meanwhile slows both.
        singles += [timed(lambda each=each: open_mailbox(place, each, bounds)) for each in people[:15]]
    single = median(singles)
    ideal = MAILBOXES * single / PER_SERVER
    detail = f"{took:.1f} s; one {single * 1000:.0f} ms, {PER_SERVER} at a time, ideal {ideal:.1f} s"
    detail += f"; {worked / MAILBOXES * 1000:.1f} ms of work each"
    return f"test all of {MAILBOXES} mailboxes / ideal", took / ideal, 1.3, detail


def names() -> tuple[str, float, float, str]:
    """Many domains with eight look-ups each by one worker: the rate asked for, over the rate."""
    command = [sys.executable, "-c", SERVING]
    with subprocess.Popen(command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        bounds = bounds_of(resolvers=(f"{HOST}:{server.stdout.readline().strip()}",))

        def check(domain: str) -> int:
            questions = [Question(f"{before}{domain}", kind) for before, kind in KINDS]
            return sum(answer.tells for (answer,) in gather(lambda _: questions, bounds).values())

        begun = time.perf_counter()
        told = sum(found for _, found in many([f"d{number}.example" for number in range(DOMAINS)], check))
        rate = told / (time.perf_counter() - begun)
        server.terminate()
    return f"{LEAST} look-ups a second / reached", LEAST / rate, 1.0, f"{rate:.0f} a second, {told} answered"


def bounds_of(imaps: int = PORTS[Door.IMAPS], **given: object) -> Bounds:
    return Bounds(allowed=(ip_network("127.0.0.0/8"),), ports={**PORTS, Door.IMAPS: imaps}, **given)  # type: ignore[arg-type] - fields of Bounds


def timed(do: object) -> float:
    begun = time.perf_counter()
    do()  # type: ignore[operator] - what the caller measures
    return time.perf_counter() - begun
