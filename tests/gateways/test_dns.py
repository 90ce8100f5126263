"""Asking the domain name system: a real server answers."""

import time
from collections.abc import Iterator

import pytest

from blueprints.gateways.dns import Domain, Outcome, address_and_port, look_up
from tests.services import HOST, DnsServer, dns_server, free_port

ZONES = {
    "acme.example": {
        "MX": ["20 backup.acme.example.", "10 MX1.acme.example."],
        "NS": ["ns2.host.example.", "ns1.host.example."],
        "SOA": ["ns1.host.example. post.acme.example. 1 7200 3600 1209600 300"],
        "A": ["192.0.2.7"],
        "AAAA": ["2001:db8::7"],
    },
    "nomail.example": {"MX": ["0 ."], "A": ["192.0.2.8"]},
    "bare.example": {"TXT": ['"nothing else"']},
    "many.example": {"A": [f"192.0.2.{n}" for n in range(200)]},
    "broken.example": "SERVFAIL",
    "refused.example": "REFUSED",
    "silent.example": "hang",
    "alias.example": {"CNAME": ["acme.example."]},
    "xn--bcher-kva.example": {"MX": ["10 mx.example.com."]},
}


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    with dns_server(ZONES) as server:
        yield server


def asked(server: DnsServer, domain: str, seconds: float = 2) -> Domain:
    return look_up(domain, [f"{HOST}:{server.port}"], seconds)


def test_tells_where_mail_goes_and_who_answers_for_the_domain(server: DnsServer) -> None:
    assert asked(server, "acme.example") == Domain(
        outcome=Outcome.FOUND,
        mail=("mx1.acme.example", "backup.acme.example"),
        addresses=("192.0.2.7", "2001:db8::7"),
        name_servers=("ns1.host.example", "ns2.host.example"),
        primary="ns1.host.example",
    )


def test_tells_a_domain_that_takes_no_mail(server: DnsServer) -> None:
    assert asked(server, "nomail.example").mail == (".",)


def test_finds_a_domain_without_any_of_the_records(server: DnsServer) -> None:
    assert asked(server, "bare.example") == Domain(Outcome.FOUND)


def test_follows_an_alias(server: DnsServer) -> None:
    assert asked(server, "alias.example").mail == ("mx1.acme.example", "backup.acme.example")


def test_asks_for_international_names(server: DnsServer) -> None:
    assert asked(server, "xn--bcher-kva.example").mail == ("mx.example.com",)


def test_keeps_no_more_answers_than_people_read(server: DnsServer) -> None:
    assert len(asked(server, "many.example").addresses) == 20


def test_says_that_there_is_no_such_domain(server: DnsServer) -> None:
    assert asked(server, "nowhere.test") == Domain(Outcome.NOT_FOUND)


@pytest.mark.parametrize("domain", ["broken.example", "refused.example", "silent.example"])
def test_does_not_judge_what_it_could_not_look_up(server: DnsServer, domain: str) -> None:
    assert asked(server, domain, seconds=0.5).outcome == Outcome.UNKNOWN


def test_gives_up_in_time(server: DnsServer) -> None:
    began = time.monotonic()
    asked(server, "silent.example", seconds=0.5)
    assert time.monotonic() - began < 1


def test_nobody_there_to_ask_is_no_error() -> None:
    assert look_up("acme.example", [f"{HOST}:{free_port()}"], 0.3).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("domain", ["a" * 64 + ".example", "..", "", "x" * 300, "a..b", "\x00.example", "ü" * 100])
def test_names_that_cannot_be_asked_are_no_error(server: DnsServer, domain: str) -> None:
    assert asked(server, domain, 0.3).outcome in (Outcome.UNKNOWN, Outcome.NOT_FOUND, Outcome.FOUND)


@pytest.mark.parametrize("wrong", ["no address", "192.0.2.1:port", "[::1"])
def test_wrong_servers_are_no_error(wrong: str) -> None:
    assert look_up("acme.example", [wrong], 0.3).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_reads_servers_as_people_write_them(text: str, expected: tuple[str, int]) -> None:
    assert address_and_port(text) == expected
