"""What records should be: how it is typed, whose word counts, and the records to publish that follow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from blueprints.plans.expected_values import KEYS, LISTS, Expected, expected_of, read, typed_of
from blueprints.plans.expecting import Record, own_token, records_for, values_of
from blueprints.plans.judging.mx import host
from blueprints.plans.judging.spf import term
from blueprints.web.refusals import NotThere, Refused
from data.customers import Customer
from data.plans import Plan
from data.rfi import Rfi
from tests.factories import World, a_prospect
from tests.plans.checked import expect, handed_in
from tests.plans.planned import a_plan, by_link, proven, shown, step, technician

DOMAIN = "company.example"


@pytest.fixture
def plan(world: World) -> Plan:
    made = a_plan(world)
    handed_in(made, mail_domains=[DOMAIN])
    return made


def published(world: World, plan: Plan, key: str) -> list[tuple[str, str, str]]:
    return [(each.name, each.type, each.value) for each in whole(world, plan, key)]


def whole(world: World, plan: Plan, key: str) -> tuple[Record, ...]:
    view = shown(technician(world), plan, key)
    return records_for(technician(world), plan.customer_id, view)[view.id]


# --- as they are typed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        (
            "mx",
            "10 MX1.provider.example.\n\n mx2.provider.example \n",
            ["10 mx1.provider.example", "mx2.provider.example"],
        ),
        ("mx", "0 {dashes}.mail.provider.example", ["0 {dashes}.mail.provider.example"]),
        ("mx", "*.provider.example", ["*.provider.example"]),
        ("spf_include", "_spf.provider.example", ["include:_spf.provider.example"]),
        ("spf_include", "ip4:198.51.100.0/24\ninclude:{domain}.provider.example", None),
        ("dkim_selectors", "S1\nmail.2026\ns1", ["s1", "mail.2026"]),
        ("dkim_target", "{selector}.{dashes}.provider.example.", "{selector}.{dashes}.provider.example"),
        ("autodiscover", "autodiscover.provider.example", ["autodiscover.provider.example"]),
        ("dmarc_policy", "reject", "reject"),
        ("dmarc_reports", "Reports@provider.example", "reports@provider.example"),
        ("token", '"MS=ms123"\ncompany.example google-site=AbC', ["MS=ms123", "company.example google-site=AbC"]),
        ("token_name", "_Proof", "_proof"),
        ("certificates", f"Mail.company.example. {'AB:' * 31}AB", [f"mail.company.example {'ab' * 32}"]),
        ("certificates", f"192.0.2.1 {'0' * 64}\n2001:db8::1 {'1' * 64}", None),
        *((name, " \n ", [] if name in LISTS else "") for name in KEYS),
    ],
)
def test_is_kept_in_one_way_and_typed_again_the_same(name: str, typed: str, kept: object) -> None:
    found = read(name, typed)
    assert kept is None or found == kept
    assert read(name, typed_of(found)) == found


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("mx", "10 20 mx.example", "not a host such as"),
        ("mx", "70000 mx.provider.example", "at most 65535"),
        ("mx", "mx_!.provider.example", "not a host"),
        ("mx", "\n".join(f"mx{n}.provider.example" for n in range(21)), "At most 20 lines"),
        ("spf_include", "all", "not a mechanism"),
        ("spf_include", "v=spf1 include:x.example", "not a mechanism"),
        ("spf_include", "ip4:", "not a mechanism"),
        ("spf_include", "ip4:2001:db8::/32", "not a mechanism"),
        ("spf_include", "ip4:300.1.1.1", "not a mechanism"),
        ("dkim_selectors", "s1._domainkey", "not a selector"),
        ("dkim_target", "keys.provider.example", "with {selector} in it"),
        ("autodiscover", "192.0.2.1", "not a host"),
        ("dmarc_policy", "none; rua=x", "Choose one of"),
        ("dmarc_reports", "a b@provider.example", "not an address"),
        ("token", "company.example two words", "without a space"),
        ("token", "x" * 300, "at most 255"),
        ("token", "<b>bold</b> value", "a domain and its token"),
        ("token_name", "_proof.", "not a label"),
        ("certificates", "mail.company.example", "not a server and the SHA-256 fingerprint"),
        ("certificates", f"mail.company.example {'a' * 63}", "not a server and the SHA-256 fingerprint"),
        ("certificates", "a" * 64, "not a server and the SHA-256 fingerprint"),
    ],
)
def test_what_is_none_is_refused_by_its_field(name: str, typed: str, said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)) as refusal:
        read(name, typed)
    assert refusal.value.field == name


@given(some.sampled_from(KEYS), some.text(max_size=300))
def test_whatever_is_typed_is_kept_or_refused_and_what_is_kept_can_be_judged(name: str, typed: str) -> None:
    try:
        found = read(name, typed)
    except Refused:
        return
    assert read(name, typed_of(found)) == found
    expected = Expected(**{name: tuple(found) if name in LISTS else found}).at(DOMAIN)
    for each in expected.mx:
        host(each)
    for each in expected.spf_include:
        assert term(each)
    expected.token_of(DOMAIN)


def test_what_is_said_for_the_customer_stands_before_what_the_msp_says() -> None:
    expected = expected_of(
        {"mx": ["10 a.example"], "dmarc_policy": "none", "odd": 1}, {"mx": ["10 b.example"], "token": []}
    )
    assert expected == Expected(mx=("10 b.example",), dmarc_policy="none")
    assert expected_of({}, {}) == Expected()


# --- the records to publish -----------------------------------------------------------------------------


def test_the_token_stands_at_the_domain_or_below_it(world: World, plan: Plan) -> None:
    customer = Customer.get_by_id(plan.customer_id)
    own = own_token(DOMAIN, customer)
    assert own.startswith("quayside-domain=")
    assert published(world, plan, "domains") == [(DOMAIN, "TXT", own)]
    assert own_token("other.example", customer) != own
    expect(plan, token=[f"{DOMAIN} given=1", "all=2"], token_name="_proof")
    handed_in(plan, mail_domains=[DOMAIN, "other.example"])
    assert published(world, plan, "domains") == [
        (f"_proof.{DOMAIN}", "TXT", "given=1"),
        ("_proof.other.example", "TXT", "all=2"),
    ]


def test_mail_hosts_get_numbers_in_their_order(world: World, plan: Plan) -> None:
    expect(plan, mx=["mx1.provider.example", "{dashes}.provider.example"])
    records = whole(world, plan, "mx_change")
    assert [(each.type, each.value) for each in records] == [
        ("MX", "10 mx1.provider.example"),
        ("MX", "20 company-example.provider.example"),
    ]
    assert [each.note for each in records] == ["", "There must be no other MX record."]


def test_domains_are_those_that_this_customer_has_named(world: World) -> None:
    """Whose number among customers is not that of their RFI."""
    a_prospect(world.northstar)
    made = a_plan(world)
    handed_in(made, mail_domains=["quay.example"])
    assert Rfi.get(Rfi.order == made.order_id).id != made.customer_id
    assert [name for name, _, _ in published(world, made, "domains")] == ["quay.example"]


def test_what_was_seen_there_and_has_to_go_is_named(world: World, plan: Plan) -> None:
    expect(plan, mx=["10 mx1.provider.example"])
    check = proven(step(plan, "mx_change"), "failed")
    check.evidence = {"facts": {DOMAIN: {"hosts": ["10 mx1.provider.example", "50 old.company.example"]}}}
    check.save()
    assert whole(world, plan, "mx_change")[0].note == "Remove 50 old.company.example then."


def test_the_spf_record_keeps_what_is_there(world: World, plan: Plan) -> None:
    expect(plan, spf_include=["include:_spf.provider.example"])
    assert published(world, plan, "spf") == [(DOMAIN, "TXT", "v=spf1 include:_spf.provider.example ~all")]
    check = proven(step(plan, "spf"), "failed")
    check.evidence = {"facts": {DOMAIN: {"record": "v=spf1 mx ip4:192.0.2.7 -all"}}}
    check.save()
    (record,) = whole(world, plan, "spf")
    assert record.value == "v=spf1 mx ip4:192.0.2.7 include:_spf.provider.example -all"
    assert "takes the place" in record.note
    check.evidence = {"facts": {DOMAIN: {"record": record.value}}}
    check.save()
    (again,) = whole(world, plan, "spf")
    assert (again.value, again.note) == (record.value, "")


def test_keys_are_published_as_aliases_where_the_provider_wants_it(world: World, plan: Plan) -> None:
    expect(plan, dkim_selectors=["s1", "s2"], dkim_target="{selector}.{dashes}.keys.provider.example")
    assert published(world, plan, "dkim") == [
        (f"s1._domainkey.{DOMAIN}", "CNAME", "s1.company-example.keys.provider.example"),
        (f"s2._domainkey.{DOMAIN}", "CNAME", "s2.company-example.keys.provider.example"),
    ]


def test_policy_and_autodiscover(world: World, plan: Plan) -> None:
    expect(plan, dmarc_reports="r@provider.example", autodiscover=["autodiscover.provider.example"])
    assert published(world, plan, "dmarc") == [
        (f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=none; rua=mailto:r@provider.example")
    ]
    assert published(world, plan, "autodiscover") == [
        (f"autodiscover.{DOMAIN}", "CNAME", "autodiscover.provider.example")
    ]


@pytest.mark.parametrize("key", ["mx_change", "spf", "dkim", "autodiscover"])
def test_what_nobody_has_said_is_said_to_be_unsaid(world: World, plan: Plan, key: str) -> None:
    (record,) = whole(world, plan, key)
    assert record.value == ""
    assert record.note == "It is not said yet what this record should be."


def test_many_steps_cost_as_many_queries_as_one(world: World, plan: Plan, statements: object) -> None:
    who = technician(world)
    views = [shown(who, plan, key) for key in ("domains", "spf", "dkim", "dmarc", "mx_change", "configure")]
    one = statements(lambda: records_for(who, plan.customer_id, views[0]))
    assert statements(lambda: records_for(who, plan.customer_id, *views)) == one
    found = records_for(who, plan.customer_id, *views)
    assert views[-1].id not in found
    assert records_for(who, plan.customer_id, views[-1]) == {}


def test_the_customer_sees_them_and_strangers_do_not(world: World, plan: Plan) -> None:
    view = shown(technician(world), plan, "domains")
    assert records_for(by_link(plan), plan.customer_id, view) == records_for(technician(world), plan.customer_id, view)
    with pytest.raises(NotThere):
        records_for(by_link(plan), plan.customer_id + 1, view)
    with pytest.raises(NotThere):
        values_of(by_link(plan), plan.customer_id + 1)
