"""Looking into directories: a real slapd, and servers that misbehave."""

import time
from collections.abc import Iterator

import pytest

from blueprints.gateways.bounds import Bounds, Door
from blueprints.gateways.evidence import Outcome
from blueprints.gateways.ldap import Bind, Server, count_people
from tests.gateways.conftest import SOON, Bound
from tests.services import HOST, Directory, misbehaving, slapd
from tests.services.misbehaving import Manner, closes, drips, floods, hangs, says

TLS = Server("localhost")
STARTTLS = Server("localhost", Door.LDAP)
PLAIN = Server("localhost", Door.LDAP, encrypted=False)
BASE = "ou=people,dc=example,dc=org"
PERSON = "dn: uid=p{0},{1}\nobjectClass: inetOrgPerson\nuid: p{0}\ncn: Person {0}\nsn: {0}\n{2}\n"
ENTRIES = (
    f"dn: {BASE}\nobjectClass: organizationalUnit\nou: people\n\n"
    + "\n".join(PERSON.format(number, BASE, f"mail: p{number}@acme.example\n") for number in range(1203))
    + "\n".join(PERSON.format(f"x{number}", BASE, "") for number in range(5))
    + "\ndn: ou=elsewhere,dc=example,dc=org\nobjectClass: referral\nobjectClass: extensibleObject\n"
    "ou: elsewhere\nref: ldap://10.0.0.1/dc=elsewhere\n"
)


@pytest.fixture(scope="module")
def directory() -> Iterator[Directory]:
    with slapd(ENTRIES) as server:
        yield server


@pytest.fixture
def bounds(bound: Bound, directory: Directory) -> Bounds:
    return bound(ldap=directory.port, ldaps=directory.tls_port, trusted=str(directory.certificate))


@pytest.fixture
def bind(directory: Directory) -> Bind:
    return Bind(directory.administrator, directory.password)


@pytest.mark.parametrize("server", [TLS, STARTTLS, PLAIN])
def test_counts_people_with_mail_page_by_page(bounds: Bounds, bind: Bind, server: Server) -> None:
    verdict = count_people(server, bind, BASE, bounds)
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert verdict.reason.startswith("localhost lets us in and knows 1,203 people with mail.")
    assert (verdict.facts["people"], verdict.facts["complete"]) == (1203, True)
    assert ("certificate" in verdict.facts) == (server is not PLAIN)


def test_keeps_what_was_asked_without_the_password(bounds: Bounds, bind: Bind) -> None:
    verdict = count_people(STARTTLS, bind, BASE, bounds)
    said = verdict.evidence[-1].answer
    assert f"> bind {bind.user}" in said
    assert "1203 entries" in said
    assert bind.secret not in str(verdict.kept())
    assert bind.secret not in repr(bind)


def test_counts_what_another_filter_finds(bounds: Bounds, bind: Bind) -> None:
    assert count_people(TLS, bind, BASE, bounds, "(uid=px*)").facts["people"] == 5


def test_says_when_it_is_not_all(bounds: Bounds, bind: Bind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueprints.gateways.ldap.MOST_PEOPLE", 1000)
    verdict = count_people(TLS, bind, BASE, bounds)
    assert (verdict.outcome, verdict.facts["people"], verdict.facts["complete"]) == (Outcome.UNDETERMINED, 1000, False)


@pytest.mark.parametrize(
    ("wrong", "base", "people", "words"),
    [
        (Bind("cn=administrator,dc=example,dc=org", "ebb"), BASE, "(mail=*)", "invalidCredentials"),
        (Bind("cn=administrator,dc=example,dc=org", ""), BASE, "(mail=*)", "needs a password"),
        (Bind("not a name", "ebb"), BASE, "(mail=*)", "invalidDNSyntax"),
        (None, "ou=nowhere,dc=example,dc=org", "(mail=*)", "knows no entry “ou=nowhere,dc=example,dc=org”"),
        (None, "dc=elsewhere", "(mail=*)", "knows no entry"),
        (None, "not a name", "(mail=*)", "cannot be searched"),
        (None, "ou=elsewhere,dc=example,dc=org", "(mail=*)", "points to ldap://10.0.0.1/dc=elsewhere"),
        (None, BASE, "not a filter", "does not speak as a server of this kind"),
        (Bind(), BASE, "(mail=*)", "knows no entry"),
    ],
)
def test_says_what_is_wrong(bounds: Bounds, bind: Bind, wrong: Bind | None, base: str, people: str, words: str) -> None:
    verdict = count_people(TLS, wrong or bind, base, bounds, people)
    assert verdict.outcome is Outcome.FAILED
    assert words in verdict.reason


def test_tells_a_certificate_for_another_and_does_not_sign_in(bounds: Bounds, bind: Bind) -> None:
    for door in (Door.LDAP, Door.LDAPS):
        verdict = count_people(Server("mail.acme.example", door), bind, BASE, bounds)
        assert verdict.outcome is Outcome.FAILED
        assert "Hostname mismatch" in verdict.reason
        assert "> bind" not in verdict.evidence[-1].answer
        accepted = Server("mail.acme.example", door, accepted=verdict.facts["certificate"]["fingerprint"])
        assert count_people(accepted, bind, BASE, bounds).passed


@pytest.mark.parametrize(
    "manner",
    [
        hangs,
        closes,
        drips(),
        drips(b"\x30\x84\x7f\xff\xff\xff" + b"x" * 10_000),
        floods(b"\x30\x84\x7f\xff\xff\xff" + b"x" * 58),
        floods(b"* OK not a directory\r\n"),
        says(b"", b"garbage\r\n"),
        says(b"", b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", b"\x30\x03\x02\x01\x07"),
    ],
)
@pytest.mark.parametrize("server", [STARTTLS, PLAIN])
def test_ends_in_time_with_a_server_that_does_not(bound: Bound, bind: Bind, manner: Manner, server: Server) -> None:
    begun = time.monotonic()
    with misbehaving(manner) as misbehaved:
        verdict = count_people(server, bind, BASE, bound(ldap=misbehaved.port, limits=SOON))
        assert time.monotonic() - begun < 4 * SOON.whole
    assert verdict.outcome is Outcome.FAILED
    assert len(str(verdict.kept())) < 10_000


def test_the_plain_door_of_a_stranger_is_not_entered(bound: Bound, directory: Directory, bind: Bind) -> None:
    verdict = count_people(Server(HOST, Door.LDAP), bind, BASE, bound(ldap=directory.port, allowed=()))
    assert verdict.outcome is Outcome.NOT_HERE
