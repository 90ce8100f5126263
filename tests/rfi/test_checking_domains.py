"""Domains: names in any script, what DNS says of them, and whether that fits the infrastructure."""

import pytest

from blueprints.rfi.checking import check, names_to_look_up
from data.customers import INFRASTRUCTURES
from data.definitions import SHIPPED, read_question_sets
from tests.rfi.situations import a_question, a_situation, checked, sentences

MAIL_DOMAINS = a_question("domains", id="mail_domains", look_up=True)
INCLUDES = a_question("domains", underscores=True)
TO_MICROSOFT = {"mail": ["acme-example.mail.protection.outlook.com"], "name_servers": ["ns1.names.example"]}
TO_GOOGLE = {"mail": ["smtp.google.com"]}
TO_A_FILTER = {"mail": ["mx1-eu1.ppe-hosted.com", "mx2-eu1.ppe-hosted.com"]}


def test_domains_are_kept_in_a_labels() -> None:
    found = checked(MAIL_DOMAINS, "Acme.Example.\nbücher.example, acme.co.uk")
    assert found.value == ["acme.example", "xn--bcher-kva.example", "acme.co.uk"]
    assert not found.problems


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("acme", "at least two parts"),
        ("ann@acme.example", "Only the domain itself"),
        ("https://acme.example", "Only the domain itself"),
        ("acme..example", "cannot be a domain"),
        ("-acme.example", "cannot be a domain"),
        ("10.0.0.1", "This is a number"),
        ("co.uk", "Many companies share co.uk"),
        ("a" * 64 + ".example", "cannot be a domain"),
    ],
)
def test_refuses_what_is_no_domain_of_ones_own(text: str, sentence: str) -> None:
    assert sentence in sentences(checked(MAIL_DOMAINS, text))[0]


def test_the_same_domain_twice_is_said() -> None:
    (problem,) = checked(MAIL_DOMAINS, "acme.example\nbücher.example\nXN--BCHER-KVA.example").problems
    assert problem.line == 3
    assert problem.sentence == "“XN--BCHER-KVA.example” is there already, in line 2."


def test_names_of_records_may_have_underscores() -> None:
    assert checked(INCLUDES, "include:_spf.Letterbird.example\nspf.crm.example").value == [
        "_spf.letterbird.example",
        "spf.crm.example",
    ]
    for wrong in ("v=spf1", "_spf", "10.0.0.1", "a b..c", "_spf.crm.example/24"):
        assert checked(INCLUDES, wrong).problems, wrong


# --- what DNS says ----------------------------------------------------------------------------------------


def test_where_mail_goes_is_said_beside_each_domain() -> None:
    found = checked(MAIL_DOMAINS, "acme.example\nbücher.example", lookups={"acme.example": TO_MICROSOFT})
    assert found.notes == (
        "acme.example: mail goes to acme-example.mail.protection.outlook.com, which looks like Microsoft 365."
        " Name servers: ns1.names.example.",
    )


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"mail": ["."]}, "acme.example: it says that it takes no mail."),
        ({}, "acme.example: no mail server is named for it (no MX)."),
        ({"unanswered": ["MX"]}, "acme.example: where its mail goes could not be looked up."),
        ("could not look up", "acme.example: could not look it up just now."),
        ({"mail": ["a.b.example", "c.d.example"]}, "acme.example: mail goes to a.b.example, c.d.example."),
    ],
)
def test_what_dns_does_not_say_is_no_problem(facts: object, note: str) -> None:
    found = checked(MAIL_DOMAINS, "acme.example", lookups={"acme.example": facts})
    assert found.notes == (note,)
    assert not found.problems
    assert not found.warnings


def test_a_domain_that_does_not_exist_is_warned_about() -> None:
    found = checked(MAIL_DOMAINS, "acme.example", lookups={"acme.example": "not found"})
    assert found.warnings == ("acme.example: DNS knows no such domain. Check the spelling.",)
    assert not found.problems, "it may be new, and servers may be wrong"


def test_another_customers_domain_and_the_missing_own_one_are_warned_about() -> None:
    found = checked(MAIL_DOMAINS, "other.example", taken=frozenset({"other.example"}))
    assert found.warnings == (
        "other.example is another customer’s domain on this portal. Is it yours?",
        "acme.example is in your record, but not among these.",
    )


def test_only_what_is_to_be_looked_up_is_named() -> None:
    assert names_to_look_up(MAIL_DOMAINS, ["Acme.example", "nonsense", ""]) == ("acme.example",)
    assert names_to_look_up(a_question("host", look_up=True), "ldap.acme.example") == ("ldap.acme.example",)
    assert names_to_look_up(INCLUDES, ["acme.example"]) == ()
    assert names_to_look_up(MAIL_DOMAINS, None) == ()


# --- does it fit the infrastructure? ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "chosen", "switch"),
    [
        (TO_GOOGLE, "m365", "google"),
        (TO_MICROSOFT, "google", "m365"),
        (TO_MICROSOFT, "onprem", "m365"),
        (TO_MICROSOFT, "hosted", "m365"),
        (TO_GOOGLE, "hybrid_m365", "google"),
        ({"mail": ["in1-smtp.messagingengine.com"]}, "m365", "hosted"),
        (TO_MICROSOFT, "m365", None),
        (TO_MICROSOFT, "hybrid_m365", None),
        (TO_GOOGLE, "hybrid_google", None),
        ({"mail": ["in1-smtp.messagingengine.com"]}, "hosted", None),
        ({"mail": ["in1-smtp.messagingengine.com"]}, "other", None),
        (TO_A_FILTER, "m365", None),
        (TO_A_FILTER, "onprem", None),
        ({"mail": ["mail.acme.example"]}, "google", None),
        ("could not look up", "google", None),
    ],
)
def test_mail_that_goes_elsewhere_is_warned_about_with_a_switch(facts: object, chosen: str, switch: str | None) -> None:
    infrastructure = read_question_sets(SHIPPED).question("infrastructure")
    situation = a_situation(chosen, lookups={"acme.example": facts}, answers={"mail_domains": ["acme.example"]})
    for found in (
        check(infrastructure, chosen, situation),
        check(MAIL_DOMAINS, ["acme.example"], situation),
    ):
        assert not found.problems
        if switch is None:
            assert found.suggestion is None
        else:
            assert found.suggestion is not None
            assert (found.suggestion.question, found.suggestion.value) == ("infrastructure", switch)
            assert found.suggestion.say == f"Switch to {INFRASTRUCTURES[switch]}"
            assert any("acme.example" in warning for warning in found.warnings)


def test_the_warning_names_the_hybrid_too() -> None:
    found = checked(MAIL_DOMAINS, "acme.example", infrastructure="onprem", lookups={"acme.example": TO_MICROSOFT})
    assert found.warnings == (
        "Mail for acme.example goes to Microsoft 365, but “On-premises” is chosen. "
        "Is it Microsoft 365 or Hybrid with Microsoft 365?",
    )


def test_the_record_s_domain_is_looked_at_before_others_are_typed() -> None:
    infrastructure = read_question_sets(SHIPPED).question("infrastructure")
    found = check(infrastructure, "google", a_situation("google", lookups={"acme.example": TO_MICROSOFT}))
    assert found.suggestion is not None
