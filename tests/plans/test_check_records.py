"""Checks of records, from *Check now* to the step: each passes for a true reason, and fails saying why."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from blueprints.gateways.bounds import Bounds
from data.customers import Customer
from data.plans import Plan
from tests.factories import World
from tests.gateways.conftest import SOON
from tests.plans.checked import checked, expect, handed_in, told
from tests.plans.planned import a_plan, finish, shown, step, technician
from tests.services import DnsServer, dns_server

Within = Callable[..., Bounds]
DOMAIN = "company.example"


@pytest.fixture
def plan(world: World, within: Within) -> Plan:
    made = a_plan(world)
    handed_in(made, mail_domains=[DOMAIN])
    return made


def zone(names: DnsServer, **records: list[str]) -> None:
    """What the zone of the domain has besides its name server."""
    names.zones[DOMAIN] = {"NS": [f"ns1.{DOMAIN}."], **records}


def unlocked(world: World, plan: Plan, *keys: str) -> None:
    finish(world, plan, "configure", *keys)


class TestToken:
    def test_passes_when_all_servers_show_it_and_the_step_is_done(
        self, world: World, plan: Plan, names: DnsServer
    ) -> None:
        unlocked(world, plan)
        expect(plan, token=["provider-token=tide"])
        zone(names, TXT=['"something else"', '"provider-token=tide"'])
        check = checked(world, plan, "domains")
        assert told(check) == ("passed", f"{DOMAIN} shows the token.")
        assert step(plan, "domains").state == "done"
        asked = [(each["server"], each["question"]) for each in check.evidence["evidence"]]
        assert any(f"ns1.{DOMAIN}" in server for server, _ in asked)
        assert all("provider-token=tide" in each["answer"] for each in check.evidence["evidence"])

    def test_fails_when_it_is_another_and_the_step_says_so(self, world: World, plan: Plan, names: DnsServer) -> None:
        unlocked(world, plan)
        expect(plan, token=["provider-token=tide"], token_name="_proof")
        names.zones[f"_proof.{DOMAIN}"] = {"TXT": ['"provider-token=moon"']}
        sentence = f"_proof.{DOMAIN} has TXT records, but not “provider-token=tide”."
        assert told(checked(world, plan, "domains")) == ("failed", sentence)
        row = step(plan, "domains")
        assert (row.state, row.reason) == ("failed", sentence)

    def test_is_the_portals_own_where_the_msp_says_none(self, world: World, plan: Plan, names: DnsServer) -> None:
        unlocked(world, plan)
        outcome, sentence = told(checked(world, plan, "domains"))
        assert outcome == "failed"
        assert sentence == f"{DOMAIN} has no TXT record."


class TestMx:
    def test_passes_when_mail_goes_to_the_provider_and_nowhere_else(
        self, world: World, plan: Plan, names: DnsServer
    ) -> None:
        expect(plan, mx=["10 mx1.provider.example", "20 {dashes}.provider.example"])
        zone(names, MX=["10 mx1.provider.example.", "20 company-example.provider.example."])
        outcome, sentence = told(checked(world, plan, "mx_change"))
        assert outcome == "passed"
        assert "company-example.provider.example" in sentence
        assert shown(technician(world), plan, "mx_change").state == "locked"  # nothing is done that is too early

    def test_names_what_is_left_over(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, mx=["10 mx1.provider.example"])
        zone(names, MX=["10 mx1.provider.example.", "50 old.company.example."])
        outcome, sentence = told(checked(world, plan, "mx_change"))
        assert outcome == "failed"
        assert sentence.startswith("50 old.company.example should be removed")

    def test_waits_for_the_time_to_live_of_what_resolvers_remember_and_looks_again(
        self, world: World, plan: Plan, names: DnsServer, within: Within
    ) -> None:
        unlocked(world, plan, "domains", "recipients", "inbound")
        expect(plan, mx=["10 mx1.provider.example"])
        zone(names, MX=["10 old.company.example."])
        names.ttls[DOMAIN] = 240
        names.zones["ns1.company.example"] = {"A": ["127.0.0.2"]}
        changed = {DOMAIN: {"MX": ["10 mx1.provider.example."]}}
        with dns_server(changed, "127.0.0.2", names.port):
            outcome, sentence = told(checked(world, plan, "mx_change"))
        assert (outcome, "still from memory" in sentence) == ("failed", True)
        row = step(plan, "mx_change")
        assert row.state == "waiting"
        assert 200 < (row.waiting_until - row.changed_at).total_seconds() <= 241

    def test_nothing_is_judged_that_nobody_has_said(self, world: World, plan: Plan, names: DnsServer) -> None:
        zone(names, MX=["10 mx1.provider.example."])
        outcome, sentence = told(checked(world, plan, "mx_change"))
        assert (outcome, sentence) == ("undetermined", f"It is not said yet where mail for {DOMAIN} should go.")
        assert step(plan, "mx_change").state == "not_started"


class TestSpf:
    def test_passes_with_the_include_before_the_end(self, world: World, plan: Plan, names: DnsServer) -> None:
        unlocked(world, plan, "domains")
        expect(plan, spf_include=["include:_spf.provider.example"])
        zone(names, TXT=['"v=spf1 mx include:_spf.provider.example -all"'], MX=["10 mx.company.example."])
        names.zones["_spf.provider.example"] = {"TXT": ['"v=spf1 ip4:192.0.2.0/24 -all"']}
        outcome, sentence = told(checked(world, plan, "spf"))
        assert outcome == "passed"
        assert sentence.endswith("needs 2 of 10 look-ups.")
        assert step(plan, "spf").state == "done"

    @pytest.mark.parametrize(
        ("records", "outcome", "said"),
        [
            ([], "failed", "has no SPF record"),
            (['"v=spf1 -all"'], "failed", "does not name include:_spf.provider.example"),
            (['"v=spf1 -all include:_spf.provider.example"'], "failed", "after “all”"),
            (['"v=spf1 -all"', '"v=spf1 include:_spf.provider.example -all"'], "failed", "has 2 SPF records"),
            (['"v=spf1 include:%{d}.provider.example -all"'], "undetermined", "macros"),
        ],
    )
    def test_says_what_is_wrong(
        self, world: World, plan: Plan, names: DnsServer, records: list[str], outcome: str, said: str
    ) -> None:
        expect(plan, spf_include=["include:_spf.provider.example"])
        names.zones["_spf.provider.example"] = {"TXT": ['"v=spf1 ip4:192.0.2.0/24 -all"']}
        zone(names, TXT=records)
        found, sentence = told(checked(world, plan, "spf"))
        assert (found, said in sentence) == (outcome, True), sentence


class TestDkim:
    def test_passes_with_a_good_key_under_each_selector(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, dkim_selectors=["s1", "s2"])
        for name in ("s1", "s2"):
            names.zones[f"{name}._domainkey.{DOMAIN}"] = {"CNAME": [f"{name}.keys.provider.example."]}
            names.zones[f"{name}.keys.provider.example"] = {"TXT": a_key()}
        outcome, sentence = told(checked(world, plan, "dkim"))
        assert (outcome, sentence) == ("passed", f"{DOMAIN} publishes its keys s1 and s2.")

    def test_fails_where_one_is_not_there(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, dkim_selectors=["s1", "s2"])
        names.zones[f"s1._domainkey.{DOMAIN}"] = {"TXT": a_key()}
        outcome, sentence = told(checked(world, plan, "dkim"))
        assert (outcome, sentence) == ("failed", f"There is no name s2._domainkey.{DOMAIN}.")

    def test_fails_where_it_was_revoked(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, dkim_selectors=["s1"])
        names.zones[f"s1._domainkey.{DOMAIN}"] = {"TXT": ['"v=DKIM1; p="']}
        outcome, sentence = told(checked(world, plan, "dkim"))
        assert (outcome, "was revoked" in sentence) == ("failed", True)


class TestDmarc:
    def test_passes_with_a_policy_as_strict_as_wanted(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, dmarc_policy="quarantine", dmarc_reports="dmarc@provider.example")
        record = '"v=DMARC1; p=reject; rua=mailto:dmarc@provider.example"'
        names.zones[f"_dmarc.{DOMAIN}"] = {"TXT": [record]}
        assert told(checked(world, plan, "dmarc")) == ("passed", f"The policy at _dmarc.{DOMAIN} is reject.")

    def test_any_policy_will_do_where_none_is_wanted(self, world: World, plan: Plan, names: DnsServer) -> None:
        names.zones[f"_dmarc.{DOMAIN}"] = {"TXT": ['"v=DMARC1; p=none"']}
        assert checked(world, plan, "dmarc").outcome == "passed"

    def test_fails_with_a_weaker_one_and_without_any(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, dmarc_policy="reject")
        assert told(checked(world, plan, "dmarc"))[1].startswith(f"{DOMAIN} has no DMARC policy")
        names.zones[f"_dmarc.{DOMAIN}"] = {"TXT": ['"v=DMARC1; p=none"']}
        assert told(checked(world, plan, "dmarc"))[1].endswith("is none; reject is wanted.")


class TestAutodiscover:
    def test_passes_by_the_alias_or_by_the_service(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, autodiscover=["autodiscover.provider.example"])
        names.zones[f"autodiscover.{DOMAIN}"] = {"CNAME": ["autodiscover.provider.example."]}
        names.zones["autodiscover.provider.example"] = {"A": ["192.0.2.1"]}
        assert checked(world, plan, "autodiscover").outcome == "passed"
        del names.zones[f"autodiscover.{DOMAIN}"]
        names.zones[f"_autodiscover._tcp.{DOMAIN}"] = {"SRV": ["0 0 443 autodiscover.provider.example."]}
        assert checked(world, plan, "autodiscover").outcome == "passed"

    def test_fails_where_it_leads_elsewhere(self, world: World, plan: Plan, names: DnsServer) -> None:
        expect(plan, autodiscover=["autodiscover.provider.example"])
        names.zones[f"autodiscover.{DOMAIN}"] = {"CNAME": ["old.company.example."]}
        outcome, sentence = told(checked(world, plan, "autodiscover"))
        assert outcome == "failed"
        assert "leads to old.company.example" in sentence


class TestNamesThatMisbehave:
    @pytest.mark.parametrize(
        ("held", "outcome", "said"),
        [
            ("SERVFAIL", "undetermined", "answered SERVFAIL"),
            ("hang", "could_not_run", "No name server answered"),
            ("NXDOMAIN", "failed", "There is no name"),
            ({"CNAME": [f"s1._domainkey.{DOMAIN}."]}, "failed", "alias that leads back to itself"),
        ],
    )
    def test_is_told_apart_from_a_wrong_record(
        self, world: World, plan: Plan, names: DnsServer, within: Within, held: object, outcome: str, said: str
    ) -> None:
        within(limits=SOON)
        expect(plan, dkim_selectors=["s1"])
        names.zones[f"s1._domainkey.{DOMAIN}"] = held  # type: ignore[assignment]  # either kind of entry
        found, sentence = told(checked(world, plan, "dkim"))
        assert (found, said in sentence) == (outcome, True), sentence

    def test_what_is_too_long_for_one_packet_is_read_to_its_end(
        self, world: World, plan: Plan, names: DnsServer
    ) -> None:
        expect(plan, token=["provider-token=tide"])
        zone(names, TXT=[f'"{number}-{"x" * 200}"' for number in range(30)] + ['"provider-token=tide"'])
        assert checked(world, plan, "domains").outcome == "passed"


def test_many_domains_are_one_answer_that_can_be_read(world: World, plan: Plan, names: DnsServer) -> None:
    domains = [f"d{number}.example" for number in range(12)]
    handed_in(plan, mail_domains=domains)
    for domain in domains[:3]:
        names.zones[f"_dmarc.{domain}"] = {"TXT": ['"v=DMARC1; p=none"']}
    check = checked(world, plan, "dmarc")
    assert check.outcome == "failed"
    assert check.sentence.count("has no DMARC policy") == 5
    assert check.sentence.endswith("And 4 more like these.")
    assert set(check.evidence["facts"]) == set(domains)


def test_where_no_rfi_was_handed_in_the_domain_of_the_customer_is_looked_at(
    world: World, within: Within, names: DnsServer
) -> None:
    plan = a_plan(world)
    domain = Customer.get_by_id(plan.customer_id).primary_domain
    names.zones[f"_dmarc.{domain}"] = {"TXT": ['"v=DMARC1; p=none"']}
    assert told(checked(world, plan, "dmarc")) == ("passed", f"The policy at _dmarc.{domain} is none.")


def a_key() -> list[str]:
    """A DKIM record with a real key, in strings as a zone has them."""
    der = generate_private_key(65_537, 2_048).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
    return [" ".join(f'"{text[place : place + 200]}"' for place in range(0, len(text), 200))]
