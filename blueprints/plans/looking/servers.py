"""Looks at the mail servers that a customer named: whether they take mail, or refuse it, as they should."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from blueprints.gateways.bounds import PORTS, Door
from blueprints.gateways.evidence import Outcome, Verdict, listed
from blueprints.gateways.many import many
from blueprints.gateways.names import addresses_of
from blueprints.gateways.smtp import ADDRESS, POLICY, closed, greet
from blueprints.plans.checking import Subject
from blueprints.plans.expected_values import expected_names, expected_of
from blueprints.plans.looking.overall import over_all

MOST_HOSTS = 10
AT_ONCE, PER_SERVER = 4, 2
TOO_SHORT = 1.0  # seconds, in which no conversation is begun any more
Pair = tuple[str, str]  # host, and an address that it should know ("" if none is known)


def smtp(subject: Subject) -> Verdict:
    """Each server greets, encrypts with a certificate for its name, and knows who there is, if anybody is known."""
    known = next(iter(known_addresses(subject).values()), "")
    return each_pair(subject, [(host, known) for host in hosts_of(subject)], greeted(subject))


def recipients(subject: Subject) -> Verdict:
    """Each server accepts an address that there is in a domain and refuses one that there is not."""
    known = known_addresses(subject)
    if not known:
        domains = listed(subject.domains)
        sentence = f"No address at {domains} is known here. Add a contact who has one, then check again."
        return Verdict(Outcome.UNDETERMINED, sentence)
    hosts = hosts_of(subject) or mail_hosts(subject)
    greet_one = greeted(subject)

    def look(pair: Pair) -> Verdict:
        return about_recipients(pair, greet_one(pair))

    return each_pair(subject, [(host, address) for host in hosts for address in known.values()], look)


def smtp_closed(subject: Subject) -> Verdict:
    """None of the servers takes mail from here, whichever of its addresses is tried."""
    known = next(iter(known_addresses(subject).values()), "")
    others = mail_hosts(subject)

    def look(pair: Pair) -> Verdict:
        host, known = pair
        found, _ = addresses_of(host, subject.bounds_left)
        places = [str(address) for address in found] or [host]
        return over_all({f"{host} {place}": refused(subject, place, known, others) for place in places[:3]})

    return each_pair(subject, [(host, known) for host in hosts_of(subject)], look)


def refused(subject: Subject, place: str, known: str, others: Iterable[str]) -> Verdict:
    return closed(place, subject.bounds_left, recipient=known, others=[*others])


def greeted(subject: Subject) -> Callable[[Pair], Verdict]:
    hosts, elsewhere = hosts_of(subject), mail_hosts(subject)
    expected = expected_of(subject.partner.expected, subject.expected)

    def look(pair: Pair) -> Verdict:
        host, known = pair
        others = [each for each in (*elsewhere, *hosts) if each != host]
        accepted = expected.certificate_of(host)
        return greet(host, subject.bounds_left, known=known, others=others, accepted=accepted)

    return look


def about_recipients(pair: Pair, verdict: Verdict) -> Verdict:
    """What the conversation says about recipients; how it was encrypted is another step's matter."""
    host, known = pair
    said = verdict.facts.get("recipients") or []
    codes = [each["code"] for each in said]
    if verdict.outcome is not Outcome.FAILED or len(codes) < 2:
        return verdict
    by_policy = any(POLICY.match(str(each["words"]).encode()) for each in said)
    if 200 <= codes[0] < 300 and 500 <= codes[1] < 600 and not by_policy:
        reason = f"{host} accepts {known} and refuses a made-up address."
        return Verdict(Outcome.PASSED, reason, verdict.evidence, verdict.facts)
    return verdict


def each_pair(subject: Subject, pairs: list[Pair], look: Callable[[Pair], Verdict]) -> Verdict:
    """One verdict over all of them, within the time of one check."""
    if not pairs:
        return Verdict(Outcome.UNDETERMINED, "The RFI names no mail server to look at.")

    def in_time(pair: Pair) -> Verdict:
        host, port = without_port(pair[0])
        if port not in ("", str(PORTS[Door.SMTP])):
            sentence = f"{host} is said to take mail at port {port}; checks go to port {PORTS[Door.SMTP]} only."
            return Verdict(Outcome.NOT_HERE, sentence)
        if subject.seconds_left < TOO_SHORT:
            return Verdict(Outcome.UNDETERMINED, f"There was no time left to look at {host}.")
        return look((host, pair[1]))

    found = many(pairs, in_time, server=lambda pair: pair[0], at_once=AT_ONCE, per_server=PER_SERVER)
    return over_all({" ".join(filter(None, pair)): verdict for pair, verdict in found})


# --- what is known ----------------------------------------------------------------------------------------


def hosts_of(subject: Subject) -> list[str]:
    return list(subject.texts("hosts"))[:MOST_HOSTS]


def mail_hosts(subject: Subject) -> list[str]:
    """Where mail is expected to go: servers that others of the world reach, too."""
    expected = expected_of(subject.partner.expected, subject.expected)
    names = [name for domain in subject.domains[:1] for name in sorted(expected_names(expected.at(domain)))]
    return [name for name in names if not name.startswith("*.")]


def without_port(host: str) -> tuple[str, str]:
    """“mx.example:2525” → (“mx.example”, “2525”); of an IPv6 address the port stands behind brackets."""
    if host.startswith("["):
        address, _, port = host[1:].partition("]")
        return address, port.removeprefix(":")
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and ":" not in name else (host, "")


def known_addresses(subject: Subject) -> dict[str, str]:
    """Domain → an address in it that there is: of the list that the step names, of contacts, of other answers."""
    lists = [subject.answers.get(question) for question in subject.check.questions("recipients")]
    wanted, known = set(subject.domains), dict[str, str]()
    for address in texts_in([lists, list(subject.contacts), list(subject.answers.values())]):
        domain = address.rpartition("@")[2].lower()
        if domain in wanted and ADDRESS.fullmatch(address):
            known.setdefault(domain, address)
            if len(known) == len(wanted):
                break
    return {domain: known[domain] for domain in subject.domains if domain in known}


def texts_in(answer: Any) -> Iterator[str]:
    if isinstance(answer, str):
        yield answer.strip()
    elif isinstance(answer, list | dict):
        for each in answer.values() if isinstance(answer, dict) else answer:
            yield from texts_in(each)
