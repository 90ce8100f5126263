"""IP addresses, host names and email addresses as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.partners.addresses import email_address, host_name, ip_addresses
from blueprints.web.refusals import Refused


def test_keeps_single_public_addresses_once_each_in_their_short_form() -> None:
    typed = "11.22.33.44\r\n\n 2A01:04F8:0:0::1 , 11.22.33.44;9.9.9.9"
    assert ip_addresses(typed) == "11.22.33.44\n2a01:4f8::1\n9.9.9.9"


def test_nothing_typed_is_nothing() -> None:
    assert [check("") for check in (ip_addresses, host_name, email_address)] == ["", "", ""]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("10.0.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private or reserved"),
        ("198.51.100.7", "reserved"),
        ("127.0.0.1", "machine itself"),
        ("::1", "machine itself"),
        ("169.254.1.1", "one network link"),
        ("fe80::1", "one network link"),
        ("fe80::1%eth0", "one network link"),
        ("224.0.0.1", "many receivers"),
        ("ff0e::1", "many receivers"),
        ("2001:db8::1", "reserved"),
        ("fd00::1", "private"),
        ("0.0.0.0", "private or reserved"),
        ("::ffff:9.9.9.9", "Write 9.9.9.9"),
        ("11.22.33.0/24", "network"),
        ("2a01:4f8::/32", "network"),
        ("11.22.33", "not an IP address"),
        ("11.22.33.044", "not an IP address"),
        ("mail.example", "not an IP address"),
        ("١١.22.33.44", "not an IP address"),
        ("9" * 500, "not an IP address"),
    ],
)
def test_names_the_address_that_is_wrong_and_says_why(wrong: str, words: str) -> None:
    with pytest.raises(Refused) as refusal:
        ip_addresses(f"11.22.33.44\n{wrong}")
    assert words in refusal.value.sentence
    assert f"“{wrong[:40]}" in refusal.value.sentence
    assert len(refusal.value.sentence) < 200


def test_refuses_more_addresses_than_a_person_types() -> None:
    with pytest.raises(Refused, match="At most 50"):
        ip_addresses("\n".join(f"11.22.33.{n}" for n in range(51)))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("SMTP.Northstar.example", "smtp.northstar.example"),
        ("smtp.northstar.example.", "smtp.northstar.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("a-1.b2.example", "a-1.b2.example"),
    ],
)
def test_keeps_host_names_in_their_ascii_form(typed: str, kept: str) -> None:
    assert host_name(typed) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        "localhost",
        "bad host.example",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a..example",
        ".",
        "x" * 64 + ".example",
        ".".join(["abcdefghi"] * 26),
        "smtp.northstar.example:25",
        "https://smtp.example",
        "a.123",
    ],
)
def test_refuses_what_is_no_host_name(wrong: str) -> None:
    with pytest.raises(Refused, match="not a host name"):
        host_name(wrong)


@pytest.mark.parametrize("wrong", ["11.22.33.44", "2a01:4f8::1", "[2a01:4f8::1]"])
def test_asks_for_a_name_instead_of_an_address(wrong: str) -> None:
    with pytest.raises(Refused, match="Write the name"):
        host_name(wrong)


def test_keeps_the_domain_of_an_email_address_in_its_ascii_form() -> None:
    assert email_address(" Mail@Müller.example ") == "Mail@xn--mller-kva.example"


@pytest.mark.parametrize(
    "wrong", ["a", "a@b", "a@@b.example", "a b@c.example", "a@b.example, c@d.example", "é@b.example"]
)
def test_refuses_what_no_mail_server_can_write_to(wrong: str) -> None:
    with pytest.raises(Refused, match="not an email address"):
        email_address(wrong)


@given(st.text(max_size=80))
def test_never_raises_anything_but_a_refusal(typed: str) -> None:
    for check in (ip_addresses, host_name, email_address):
        try:
            kept = check(typed)
        except Refused:
            continue
        assert kept.isascii()
        assert check(kept) == kept
