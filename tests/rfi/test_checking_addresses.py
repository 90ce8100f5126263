"""IP addresses, networks, hosts and ports: single, public, and each line with its own sentence."""

import pytest

from tests.rfi.situations import a_question, checked, sentences

IPS = a_question("ips", public=True)
NETWORKS = a_question("ips", public=True, networks=True)
HOSTS = a_question("hosts", public=True, default_port=25)
HOST = a_question("host")


def test_addresses_are_kept_in_their_short_form() -> None:
    found = checked(IPS, " 8.8.8.8 \n\n2001:4860:4860:0000::8888\n9.9.9.9, 1.1.1.1")
    assert found.value == ["8.8.8.8", "2001:4860:4860::8888", "9.9.9.9", "1.1.1.1"]
    assert not found.problems


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.2.0.9", "10.2.0.9 is a private address"),
        ("172.31.255.1", "a private address"),
        ("192.168.1.1", "a private address"),
        ("fd00::1", "a private address"),
        ("127.0.0.1", "an address of the machine itself"),
        ("::1", "an address of the machine itself"),
        ("169.254.3.4", "an address of one network link"),
        ("fe80::1", "an address of one network link"),
        ("100.64.0.1", "an address that many lines of a provider share"),
        ("192.0.2.1", "an address for examples only"),
        ("198.51.100.7", "an address for examples only"),
        ("2001:db8::7", "an address for examples only"),
        ("3fff::1", "an address for examples only"),
        ("198.18.0.1", "an address for measurements only"),
        ("224.0.0.1", "an address of many receivers at once"),
        ("ff02::1", "an address of many receivers at once"),
        ("0.0.0.0", "a reserved address"),
        ("255.255.255.255", "a reserved address"),
        ("240.0.0.1", "a reserved address"),
        ("::", "a reserved address"),
        ("4000::1", "a reserved address"),
    ],
)
def test_refuses_what_the_internet_cannot_reach(address: str, why: str) -> None:
    (sentence,) = sentences(checked(IPS, address))
    assert why in sentence
    assert "the internet cannot reach it" in sentence


def test_addresses_inside_may_be_given_where_nobody_asks_for_public_ones() -> None:
    assert checked(a_question("ips"), "10.2.0.9").value == ["10.2.0.9"]


@pytest.mark.parametrize(
    "text", ["8.8.8", "8.8.8.8.8", "08.8.8.8", "mail.acme.example", "8.8.8.8x", "::g", "1e9", "٨.٨.٨.٨"]
)
def test_refuses_what_is_no_address(text: str) -> None:
    assert sentences(checked(IPS, text)) == [f"“{text}” is not an IP address like 198.51.100.7 or 2001:db8::7."]


def test_refuses_networks_where_single_addresses_are_asked_for() -> None:
    (sentence,) = sentences(checked(IPS, "8.8.8.0/24"))
    assert "8.8.8.0/24 is a network" in sentence
    assert checked(IPS, "8.8.8.8/32").value == ["8.8.8.8"], "a network of one is an address"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("8.8.8.1/24", "8.8.8.1/24 begins inside a network. Write 8.8.8.0/24, or the single address."),
        ("8.0.0.0/8", "8.0.0.0/8 is larger than one company’s network. At most a /16."),
        ("2600::/20", "2600::/20 is larger than one company’s network. At most a /32."),
        ("10.0.0.0/24", "10.0.0.0/24 is or holds a private address"),
        ("8.8.8.0/99", "“8.8.8.0/99” is neither an IP address nor a network"),
    ],
)
def test_refuses_wrong_networks(text: str, sentence: str) -> None:
    assert sentence in sentences(checked(NETWORKS, text))[0]


def test_networks_are_kept_where_they_are_asked_for() -> None:
    assert checked(NETWORKS, "8.8.8.0/24\n2606:4700::/32\n1.1.1.1").value == ["8.8.8.0/24", "2606:4700::/32", "1.1.1.1"]


def test_refuses_addresses_in_disguise() -> None:
    assert "Write 8.8.8.8." in sentences(checked(IPS, "::ffff:8.8.8.8"))[0]
    assert "names a network card" in sentences(checked(IPS, "fe80::1%eth0"))[0]


def test_each_problem_says_its_line() -> None:
    found = checked(IPS, "8.8.8.8\n\n10.2.0.9\n8.8.8.8\nnonsense")
    assert [problem.line for problem in found.problems] == [3, 4, 5]
    assert found.problems[1].sentence == "“8.8.8.8” is there already, in line 1."
    assert found.value == ["8.8.8.8", "", "10.2.0.9", "8.8.8.8", "nonsense"], "what was typed stays"


def test_the_same_address_in_another_form_is_the_same() -> None:
    (problem,) = checked(IPS, "2001:4860:4860::8888\n2001:4860:4860:0::8888").problems
    assert problem.line == 2


def test_many_problems_are_not_all_told() -> None:
    found = checked(IPS, "\n".join(f"10.0.0.{last}" for last in range(200)))
    assert len(found.problems) == 21
    assert found.problems[-1].sentence == "And 180 more like these."


def test_refuses_more_than_may_be_given() -> None:
    few = a_question("ips", public=True, most=2)
    assert sentences(checked(few, "8.8.8.8\n9.9.9.9\n1.1.1.1")) == ["At most 2 entries."]


# --- hosts ------------------------------------------------------------------------------------------------


def test_hosts_are_kept_with_their_port() -> None:
    found = checked(
        HOSTS, "MAIL.Acme.example\n8.8.8.8:2525\n[2001:4860:4860::8888]:25\n2606:4700::1111\nmüller.example:587"
    )
    assert found.value == [
        "mail.acme.example:25",
        "8.8.8.8:2525",
        "[2001:4860:4860::8888]:25",
        "[2606:4700::1111]:25",
        "xn--mller-kva.example:587",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mail.acme.example:0", "“0” is no port"),
        ("mail.acme.example:70000", "“70000” is no port"),
        ("mail.acme.example:smtp", "“smtp” is no port"),
        ("mail.acme.example:٢٥", "is no port"),
        ("10.0.0.1:25", "10.0.0.1 is a private address"),
        ("[fe80::1]:25", "an address of one network link"),
        ("https://mail.acme.example", "without https://"),
        ("8.8.8.0/24", "is not a host name"),
        ("mail_1.acme.example", "is not a host name"),
        ("localhost", "“localhost” is not a host name"),
    ],
)
def test_refuses_wrong_hosts(text: str, sentence: str) -> None:
    assert sentence in sentences(checked(HOSTS, text))[0]


def test_a_port_is_asked_for_where_none_is_usual() -> None:
    assert "has no port" in sentences(checked(a_question("hosts"), "mail.acme.example"))[0]


def test_a_host_alone_has_no_port_and_no_address() -> None:
    assert checked(HOST, " LDAP.Acme.example. ").value == "ldap.acme.example"
    assert "Write the name of the host" in sentences(checked(HOST, "8.8.8.8"))[0]
    assert "is not a host name" in sentences(checked(HOST, "ldap.acme.example:636"))[0]
    either = a_question("host", addresses=True)
    assert checked(either, "8.8.8.8").value == "8.8.8.8"
    assert "private address" in sentences(checked(either, "192.168.0.2"))[0]


def test_a_host_stands_below_the_names_it_must() -> None:
    tenant = a_question("host", ends_with=["mail.protection.outlook.com", "mx.microsoft"])
    assert not checked(tenant, "acme.mail.protection.outlook.com").problems
    assert not checked(tenant, "acme.a-v1.mx.microsoft").problems
    assert sentences(checked(tenant, "mail.acme.example")) == [
        "mail.acme.example does not end in mail.protection.outlook.com or mx.microsoft."
    ]
    assert checked(tenant, "evilmx.microsoft").problems, "not below it, only alike"


def test_what_dns_says_of_a_host_is_told() -> None:
    looked_up = a_question("host", look_up=True)
    found = checked(looked_up, "ldap.acme.example", lookups={"ldap.acme.example": {"addresses": ["8.8.8.8"]}})
    assert found.notes == ("ldap.acme.example is 8.8.8.8.",)
    found = checked(looked_up, "ldap.acme.example", lookups={"ldap.acme.example": "not found"})
    assert found.warnings == ("ldap.acme.example has no address in DNS. Check the spelling.",)
    found = checked(looked_up, "ldap.acme.example", lookups={"ldap.acme.example": "could not look up"})
    assert found.notes == ("ldap.acme.example could not be looked up just now.",)
    assert not found.problems
    assert not checked(looked_up, "ldap.acme.example").notes, "nobody has asked yet"
