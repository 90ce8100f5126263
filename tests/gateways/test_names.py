"""Asking name servers for checks: resolvers and the zone's own, with real servers whose zones change."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import pytest

from blueprints.gateways.bounds import Bounds, Door, Limits
from blueprints.gateways.evidence import Answer, Answers, Outcome, Question, Said, Verdict
from blueprints.gateways.names import addresses_of, gather
from blueprints.plans.judging.check import Check
from blueprints.plans.judging.dkim import Dkim
from blueprints.plans.judging.mx import Mx
from blueprints.plans.judging.spf import Spf
from blueprints.plans.judging.token import Token
from tests.gateways.conftest import SOON, Bound
from tests.services import HOST, DnsServer, dns_server, free_port, misbehaving
from tests.services.misbehaving import drips

NEW, OLD = {"MX": ["10 mx.provider.example."]}, {"MX": ["10 mail.acme.example."]}


def ask(bounds: Bounds, *questions: Question) -> list[tuple[Answer, ...]]:
    answers = gather(lambda _: questions, bounds)
    return [answers[question] for question in questions]


def one(bounds: Bounds, name: str, kind: str) -> Answer:
    ((answer,),) = ask(bounds, Question(name, kind))
    return answer


def check(what: Check, bounds: Bounds) -> Verdict:
    return what.judge(gather(what.questions, bounds))


@pytest.mark.parametrize(
    ("kind", "texts", "records"),
    [
        ("A", ["192.0.2.7", "192.0.2.10"], ("192.0.2.10", "192.0.2.7")),
        ("AAAA", ["2001:DB8::7"], ("2001:db8::7",)),
        ("MX", ["20 B.acme.example.", "10 a.acme.example."], ("10 a.acme.example", "20 b.acme.example")),
        ("MX", ["0 ."], ("0 .",)),
        ("TXT", ['"v=spf1 " "-all"', '"Größe"'], ("Größe", "v=spf1 -all")),
        ("TXT", ['"a\\000\\027[31mb\\255"'], ("a\\x00\\x1b[31mb\\xff",)),
        ("SRV", ["0 1 443 Auto.provider.example."], ("0 1 443 auto.provider.example",)),
        ("CNAME", ["Auto.provider.example."], ("auto.provider.example",)),
    ],
)
def test_records_are_told_as_text(
    names: DnsServer, bound: Bound, kind: str, texts: list[str], records: tuple[str, ...]
) -> None:
    bounds = bound()
    names.zones["acme.example"] = {kind: texts}
    answer = one(bounds, "acme.example", kind)
    assert (answer.said, answer.records, answer.ttl, answer.authority) == (Said.RECORDS, records, 60, False)
    assert answer.server == f"{HOST}:{names.port}"
    assert "IN" in answer.asked.answer


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (None, Said.NO_NAME),
        ({"A": ["192.0.2.1"]}, Said.NO_RECORD),
        ("SERVFAIL", Said.TROUBLE),
        ("REFUSED", Said.TROUBLE),
        ("hang", Said.SILENCE),
        ({"CNAME": ["odd.example."]}, Said.CIRCLE),
        ({"CNAME": ["nowhere.example."]}, Said.NO_NAME),
    ],
)
def test_what_a_server_says_instead(
    names: DnsServer, bound: Bound, zone: dict[str, list[str]] | str | None, said: Said
) -> None:
    bounds = bound(limits=SOON)
    if zone is not None:
        names.zones["odd.example"] = zone
    answer = one(bounds, "odd.example", "TXT")
    assert answer.said is said
    assert answer.words


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "", "ü" * 100, "a\x00b.example"])
def test_names_that_cannot_be_asked_are_an_answer_too(bound: Bound, name: str) -> None:
    assert one(bound(limits=SOON), name, "MX").said in (Said.TROUBLE, Said.NO_NAME, Said.NO_RECORD)


def test_a_long_answer_is_fetched_over_tcp(names: DnsServer, bound: Bound) -> None:
    bounds = bound()
    names.zones["long.example"] = {"TXT": [f'"{number:03} {"x" * 200}"' for number in range(60)]}
    assert len(one(bounds, "long.example", "TXT").records) == 60
    assert names.asked == [("long.example", "TXT")] * 2


def test_an_alias_is_followed_and_told(names: DnsServer, bound: Bound) -> None:
    bounds = bound()
    names.zones |= {"a.example": {"CNAME": ["B.example."]}, "b.example": {"TXT": ['"here"']}}
    answer = one(bounds, "a.example", "TXT")
    assert (answer.records, answer.alias) == (("here",), "b.example")


def test_the_next_resolver_is_asked_when_one_does_not_know(names: DnsServer, bound: Bound) -> None:
    with dns_server({"acme.example": "SERVFAIL"}) as ill:
        servers = (f"{HOST}:{free_port()}", f"{HOST}:{ill.port}", f"{HOST}:{names.port}")
        bounds = bound(resolvers=servers, limits=Limits(name=0.3))
        names.zones["acme.example"] = NEW
        assert one(bounds, "acme.example", "MX").server == servers[2]


def test_without_a_resolver_nothing_is_asked(bound: Bound) -> None:
    assert one(bound(resolvers=("nonsense:port",)), "acme.example", "MX").said is Said.NOT_ASKED


def test_addresses_come_with_who_told_them(names: DnsServer, bound: Bound) -> None:
    bounds = bound()
    names.zones["acme.example"] = {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]}
    addresses, answers = addresses_of("acme.example", bounds)
    assert list(map(str, addresses)) == ["192.0.2.1", "2001:db8::1"]
    assert len(answers) == 2


# --- everywhere ------------------------------------------------------------------------------------------------


@pytest.fixture
def own(names: DnsServer, bound: Bound) -> Iterator[tuple[DnsServer, DnsServer, Bounds]]:
    """acme.example has two name servers of its own, and bounds to ask them and the resolver."""
    bounds = bound()
    zone, port = {"acme.example": NEW}, free_port()
    with dns_server({**zone}, "127.0.0.2", port) as first, dns_server({**zone}, "127.0.0.3", port) as second:
        names.zones |= {
            "acme.example": {"NS": ["ns1.acme.example.", "ns2.acme.example."], **NEW},
            "ns1.acme.example": {"A": ["127.0.0.2"]},
            "ns2.acme.example": {"A": ["127.0.0.3"], "AAAA": ["::1"]},
        }
        yield first, second, bound_to(bounds, port, SOON)


def bound_to(bounds: Bounds, port: int, limits: Limits) -> Bounds:
    return Bounds(bounds.resolvers, bounds.allowed, limits=limits, ports={**bounds.ports, Door.NAMES: port})


Own = tuple[DnsServer, DnsServer, Bounds]
MX = Mx("acme.example", ("mx.provider.example",))


def refill(names: DnsServer, own: Own, *zones: dict[str, list[str]] | str) -> None:
    """New zones for acme.example: of its two servers, and of the resolver."""
    first, second, resolver = zones
    own[0].zones["acme.example"], own[1].zones["acme.example"] = first, second
    servers = {"NS": ["ns1.acme.example.", "ns2.acme.example."]}
    names.zones["acme.example"] = {**servers, **resolver} if isinstance(resolver, dict) else resolver


def test_every_server_of_the_zone_and_every_resolver_is_asked(names: DnsServer, own: Own) -> None:
    (answers,) = ask(own[2], Question("acme.example", "MX", everywhere=True))
    assert [(each.server, each.authority, each.said) for each in answers] == [
        (f"ns1.acme.example (127.0.0.2:{own[0].port})", True, Said.RECORDS),
        (f"ns2.acme.example (127.0.0.3:{own[0].port})", True, Said.RECORDS),
        (f"{HOST}:{names.port}", False, Said.RECORDS),
    ]


def test_a_change_spreads_and_each_look_says_how_far_it_is(names: DnsServer, own: Own) -> None:
    names.ttls["acme.example"] = 1234
    seen: list[tuple[Outcome, int | None]] = []
    for zones in ((OLD, OLD, OLD), (NEW, OLD, OLD), (NEW, NEW, OLD), (NEW, NEW, NEW)):
        refill(names, own, *zones)
        verdict = check(MX, own[2])
        seen.append((verdict.outcome, verdict.again_in))
    names.ttls.clear()
    assert seen == [(Outcome.FAILED, None), (Outcome.FAILED, None), (Outcome.FAILED, 1234), (Outcome.PASSED, None)]


@pytest.mark.parametrize(
    ("zones", "outcome", "words"),
    [
        ((NEW, "hang", NEW), Outcome.UNDETERMINED, "ns2.acme.example"),
        ((NEW, "SERVFAIL", NEW), Outcome.UNDETERMINED, "ns2.acme.example"),
        (("hang", "REFUSED", NEW), Outcome.NOT_HERE, "none of its own name servers answers this machine"),
        ((NEW, NEW, "SERVFAIL"), Outcome.UNDETERMINED, "could not be looked up"),
        (("hang", "hang", "hang"), Outcome.NOT_HERE, "No name server answered"),
        (({"CNAME": ["acme.example."]}, NEW, NEW), Outcome.FAILED, "leads back to itself"),
        (({"MX": ["0 ."]}, NEW, NEW), Outcome.FAILED, "takes no mail"),
        (({"TXT": ['"x"']}, NEW, NEW), Outcome.FAILED, "has no MX record"),
    ],
)
def test_servers_in_trouble_leave_it_open(
    names: DnsServer, own: Own, zones: Sequence[dict[str, list[str]] | str], outcome: Outcome, words: str
) -> None:
    refill(names, own, *zones)
    verdict = check(MX, own[2])
    assert verdict.outcome is outcome
    assert words in verdict.reason
    assert verdict.evidence


def test_a_domain_that_is_not_there_is_wrong(bound: Bound) -> None:
    verdict = check(Mx("nowhere.test", ("mx.provider.example",)), bound(limits=SOON))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.reason == "There is no name nowhere.test."


def test_the_zone_of_a_name_below_is_found(names: DnsServer, own: Own) -> None:
    for server in own[:2]:
        server.zones["_proof.acme.example"] = {"TXT": ['"qs=1"']}
    names.zones["_proof.acme.example"] = {"TXT": ['"qs=1"']}
    verdict = check(Token("_proof.acme.example", "qs=1"), own[2])
    assert verdict.outcome is Outcome.PASSED
    assert {asked.server.partition(" ")[0] for asked in verdict.evidence} >= {"ns1.acme.example", "ns2.acme.example"}


def test_name_servers_at_private_addresses_are_not_asked(names: DnsServer, own: Own) -> None:
    bounds = Bounds(own[2].resolvers, (ip_network("127.0.0.3/32"),), limits=SOON, ports=own[2].ports)
    (answers,) = ask(bounds, Question("acme.example", "MX", everywhere=True))
    assert [each.said for each in answers] == [Said.NOT_ASKED, Said.RECORDS, Said.RECORDS]
    assert "is this machine itself" in answers[0].words
    assert own[0].asked == []


# --- within limits ---------------------------------------------------------------------------------------------


def test_all_is_asked_side_by_side_and_ends_in_time(names: DnsServer, bound: Bound) -> None:
    bounds = bound(limits=Limits(name=0.3, whole=0.6, at_once=8))
    questions = [Question(f"s{number}.example", "TXT") for number in range(60)]
    names.zones |= {question.name: "hang" for question in questions}
    begun = time.monotonic()
    answers = ask(bounds, *questions)
    assert time.monotonic() - begun < 3
    assert {answer.said for (answer,) in answers} == {Said.SILENCE}


def test_a_chain_of_includes_is_followed_to_the_tenth_look_up(names: DnsServer, bound: Bound) -> None:
    bounds = bound()
    names.zones["acme.example"] = {"TXT": ['"v=spf1 include:i0.example -all"']}
    names.zones |= {f"i{n}.example": {"TXT": [f'"v=spf1 include:i{n + 1}.example -all"']} for n in range(30)}
    verdict = check(Spf("acme.example", ("provider.example",)), bounds)
    assert "more than 10 look-ups" in verdict.reason
    assert len(names.asked) == 11


def test_no_more_is_asked_than_the_limit(names: DnsServer, bound: Bound) -> None:
    questions = [Question(f"n{number}.example", "A") for number in range(20)]
    answers = ask(bound(limits=Limits(questions=5)), *questions)
    assert [answer.said for (answer,) in answers] == [Said.NO_NAME] * 5 + [Said.NOT_ASKED] * 15
    assert len(names.asked) == 5


def test_who_never_has_enough_is_stopped(names: DnsServer, bound: Bound) -> None:
    def more(answers: Answers) -> list[Question]:
        return [Question(f"n{number}.example", "A") for number in range(len(answers) + 1)]

    assert len(gather(more, bound())) == 15


def test_checks_of_keys_read_what_the_server_sends(names: DnsServer, bound: Bound) -> None:
    bounds = bound()
    names.zones["s1._domainkey.acme.example"] = {"CNAME": ["s1.keys.provider.example."]}
    names.zones["s1.keys.provider.example"] = {
        "TXT": ['"v=DKIM1; k=ed25519; " "p=a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="']
    }
    assert check(Dkim("acme.example", ("s1",)), bounds).outcome is Outcome.PASSED


def test_a_name_server_that_drips_or_babbles_is_left_in_time(bound: Bound) -> None:
    """Truncated over UDP by one server, so that TCP is tried, where another lets single bytes fall."""
    port = free_port()

    def truncated(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                packet, where = server.recvfrom(2000)
                server.sendto(b"nonsense", where)
                server.sendto(packet[:2] + b"\x82\x00" + packet[4:6] + b"\0" * 6 + packet[12:], where)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as over_udp, misbehaving(drips(b"\xff" * 1000), HOST, port):
        over_udp.settimeout(3)
        over_udp.bind((HOST, port))
        threading.Thread(target=truncated, args=(over_udp,), daemon=True).start()
        begun = time.monotonic()
        answer = one(bound(resolvers=(f"{HOST}:{port}",), limits=SOON), "acme.example", "MX")
        assert time.monotonic() - begun < 4 * SOON.name
    assert answer.said is Said.SILENCE
