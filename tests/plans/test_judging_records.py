"""Tokens, keys, policies, autodiscover and people: what the answers mean."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from blueprints.gateways.evidence import Asked, Outcome, Said, Verdict, together
from blueprints.plans.judging import people
from blueprints.plans.judging.autodiscover import Autodiscover
from blueprints.plans.judging.dkim import Dkim
from blueprints.plans.judging.dmarc import Dmarc
from blueprints.plans.judging.token import Token
from tests.plans.judged import Zone, judged


def published(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_bytes(serialization.Encoding.DER, form)).decode()


RSA_2048 = published(rsa.generate_private_key(65537, 2048).public_key())
RSA_1024 = published(rsa.generate_private_key(65537, 1024).public_key())  # noqa: S505 - too short is what is judged
CURVE = published(ec.generate_private_key(ec.SECP256R1()).public_key())
ED25519 = base64.b64encode(b"k" * 32).decode()


class TestToken:
    @pytest.mark.parametrize(
        ("kind", "token", "records"),
        [("TXT", "qs=1a2b", ["other", "qs=1a2b"]), ("CNAME", "Proof.Provider.example.", ["proof.provider.example"])],
    )
    def test_passes_where_it_is_shown(self, kind: str, token: str, records: list[str]) -> None:
        verdict = judged(Token("_proof.acme.example", token, kind), {"_proof.acme.example": {kind: records}})
        assert verdict.outcome is Outcome.PASSED

    def test_gives_the_line_to_copy(self) -> None:
        assert judged(Token("acme.example", "qs=1"), {}).facts["record"] == 'acme.example. TXT "qs=1"'
        assert judged(Token("a.b", "c.d", "CNAME"), {}).facts["record"] == "a.b. CNAME c.d."

    @pytest.mark.parametrize(
        ("zone", "words"),
        [
            ({}, "There is no name acme.example."),
            ({"acme.example": {"TXT": []}}, "has no TXT record"),
            ({"acme.example": {"TXT": ["qs=1a2b3"]}}, "but not “qs=1a2b”"),
            ({"acme.example": {"TXT": ["QS=1A2B"]}}, "but not “qs=1a2b”"),
        ],
    )
    def test_says_what_is_missing(self, zone: Zone, words: str) -> None:
        verdict = judged(Token("acme.example", "qs=1a2b"), zone)
        assert verdict.outcome is Outcome.FAILED
        assert words in verdict.reason


class TestDkim:
    @staticmethod
    def key(*texts: str) -> Verdict:
        return judged(Dkim("acme.example", ("s1",)), {"s1._domainkey.acme.example": {"TXT": list(texts)}})

    @pytest.mark.parametrize(
        ("text", "bits"),
        [
            (f"v=DKIM1; k=rsa; p={RSA_2048}", 2048),
            (f"p={RSA_2048[:100]} {RSA_2048[100:]}; h=sha256;", 2048),
            (f"v=DKIM1; k=rsa; p={RSA_1024}", 1024),
            (f"v=DKIM1; k=ed25519; p={ED25519}", 256),
        ],
    )
    def test_passes_a_good_key(self, text: str, bits: int) -> None:
        verdict = self.key("another text", text)
        assert verdict.outcome is Outcome.PASSED
        assert verdict.facts["s1"]["bits"] == bits
        assert ("would be better" in verdict.reason) == (bits == 1024)

    @pytest.mark.parametrize(
        ("texts", "words"),
        [
            ([], "has no TXT record"),
            (["v=DKIM1; p="], "was revoked"),
            (["v=DKIM1; k=rsa"], "holds no key"),
            (["hello"], "holds no key"),
            ([f"p={RSA_2048}", f"p={RSA_1024}"], "more than one key"),
            ([f"v=DKIM2; p={RSA_2048}"], "of a version that nobody knows"),
            ([f"v=DKIM1; p={RSA_2048[:200]}"], "cannot be read"),
            (["v=DKIM1; p=***"], "cannot be read"),
            ([f"v=DKIM1; p={CURVE}"], "cannot be read"),
            ([f"v=DKIM1; k=ed25519; p={RSA_2048}"], "cannot be read"),
            ([f"v=DKIM1; t=y:s; p={RSA_2048}"], "marked as a test"),
        ],
    )
    def test_says_what_is_wrong(self, texts: list[str], words: str) -> None:
        verdict = self.key(*texts)
        assert verdict.outcome is Outcome.FAILED
        assert words in verdict.reason

    def test_does_not_judge_keys_of_tomorrow(self) -> None:
        assert self.key("v=DKIM1; k=lattice; p=AAAA").outcome is Outcome.UNDETERMINED

    def test_each_selector_counts(self) -> None:
        zone: Zone = {
            "s1._domainkey.acme.example": {"TXT": [f"p={RSA_2048}"]},
            "s2._domainkey.acme.example": Said.SILENCE,
        }
        assert judged(Dkim("acme.example", ("s1",)), zone).passed
        assert judged(Dkim("acme.example", ("s1", "s2")), zone).outcome is Outcome.NOT_HERE
        assert judged(Dkim("acme.example", ("s1", "s2", "s3")), zone).outcome is Outcome.FAILED
        assert judged(Dkim("acme.example", ()), zone).outcome is Outcome.UNDETERMINED


class TestDmarc:
    @staticmethod
    def policy(text: str, **how: str) -> Verdict:
        return judged(Dmarc("acme.example", **how), {"_dmarc.acme.example": {"TXT": ["x", text]}})

    def test_tells_the_policy(self) -> None:
        verdict = self.policy("v=DMARC1; p=reject; pct=50; rua=mailto:A@acme.example!10m, mailto:b@other.example")
        assert verdict.outcome is Outcome.PASSED
        assert dict(verdict.facts) == {
            "at": "_dmarc.acme.example",
            "policy": "reject",
            "percent": 50,
            "reports": ["a@acme.example", "b@other.example"],
        }

    @pytest.mark.parametrize(
        ("text", "how", "words"),
        [
            ("v=DMARC1", {}, "is not one: p=."),
            ("v=DMARC1; p=maybe", {}, "is not one: p=maybe."),
            ("v=DMARC1; p=none", {"least": "quarantine"}, "is none; quarantine is wanted"),
            ("v=DMARC1; p=reject; pct=20", {"least": "quarantine"}, "for 20 % of the mail only"),
            ("v=DMARC1; p=none; rua=mailto:a@b.example", {"reports_to": "x@acme.example"}, "sends no reports to x@"),
            ("DMARC1; p=none", {}, "has no DMARC policy"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, how: dict[str, str], words: str) -> None:
        verdict = self.policy(text, **how)
        assert verdict.outcome is Outcome.FAILED
        assert words in verdict.reason

    def test_two_policies_are_none(self) -> None:
        zone: Zone = {"_dmarc.acme.example": {"TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}}
        assert "more than one policy" in judged(Dmarc("acme.example"), zone).reason

    def test_a_domain_without_one_follows_the_domain_above(self) -> None:
        zone: Zone = {"_dmarc.acme.example": {"TXT": ["v=DMARC1; p=reject; sp=quarantine"]}}
        verdict = judged(Dmarc("shop.north.acme.example"), zone)
        assert (verdict.outcome, verdict.facts["policy"]) == (Outcome.PASSED, "quarantine")
        assert len(verdict.evidence) == 3

    def test_silence_above_is_no_answer(self) -> None:
        zone: Zone = {"_dmarc.shop.acme.example": {}, "_dmarc.acme.example": Said.TROUBLE}
        assert judged(Dmarc("shop.acme.example"), zone).outcome is Outcome.UNDETERMINED


class TestAutodiscover:
    GOOD = {"SRV": ["0 0 443 auto.provider.example"]}
    ALIAS, SERVICE = "autodiscover.acme.example", "_autodiscover._tcp.acme.example"

    def found(self, zone: Zone) -> tuple[Outcome, str]:
        verdict = judged(Autodiscover("acme.example", ("Auto.provider.example.",)), zone)
        return verdict.outcome, verdict.reason

    @pytest.mark.parametrize(
        "zone",
        [
            {ALIAS: {"CNAME": ["auto.provider.example"]}},
            {SERVICE: {"SRV": ["10 0 443 other.example", "0 0 443 auto.provider.example"]}},
            {ALIAS: {"CNAME": ["auto.provider.example"]}, SERVICE: Said.SILENCE},
        ],
    )
    def test_passes_either_way(self, zone: Zone) -> None:
        assert self.found(zone)[0] is Outcome.PASSED

    @pytest.mark.parametrize(
        ("zone", "outcome", "words"),
        [
            ({}, Outcome.FAILED, "has neither autodiscover.acme.example (CNAME) nor"),
            ({ALIAS: {"CNAME": ["old.example"]}, SERVICE: GOOD}, Outcome.FAILED, "leads to old"),
            ({SERVICE: {"SRV": ["0 0 443 old.example"]}}, Outcome.FAILED, "leads to old.example, not to auto"),
            ({SERVICE: {"SRV": ["0 0 80 auto.provider.example"]}}, Outcome.FAILED, "has neither"),
            ({ALIAS: Said.SILENCE, SERVICE: Said.SILENCE}, Outcome.NOT_HERE, "No name server answered"),
            ({ALIAS: Said.TROUBLE, SERVICE: GOOD}, Outcome.UNDETERMINED, "could not"),
        ],
    )
    def test_says_what_is_wrong(self, zone: Zone, outcome: Outcome, words: str) -> None:
        found = self.found(zone)
        assert found[0] is outcome
        assert words in found[1]

    def test_nothing_is_wrong_where_nothing_is_expected(self) -> None:
        assert judged(Autodiscover("acme.example", ()), {}).outcome is Outcome.UNDETERMINED


class TestPeople:
    @pytest.mark.parametrize(
        ("counted", "outcome"),
        [
            (100, Outcome.PASSED),
            (110, Outcome.PASSED),
            (111, Outcome.FAILED),
            (90, Outcome.PASSED),
            (89, Outcome.FAILED),
        ],
    )
    def test_as_many_as_permitted_more_or_less(self, counted: int, outcome: Outcome) -> None:
        verdict = Verdict(Outcome.PASSED, "Counted.", facts={"people": counted, "complete": True})
        found = people.judge(verdict, 100)
        assert found.outcome is outcome
        assert found.facts["permitted"] == 100

    @pytest.mark.parametrize(("counted", "outcome"), [(50, Outcome.UNDETERMINED), (200, Outcome.FAILED)])
    def test_what_was_not_counted_to_its_end_can_only_be_too_many(self, counted: int, outcome: Outcome) -> None:
        verdict = Verdict(Outcome.UNDETERMINED, "At least.", facts={"people": counted, "complete": False})
        assert people.judge(verdict, 100).outcome is outcome

    def test_what_could_not_be_counted_stays_what_it_is(self) -> None:
        verdict = Verdict(Outcome.FAILED, "Not let in.")
        assert people.judge(verdict, 100).reason == "Not let in."


class TestTogether:
    @pytest.mark.parametrize(
        ("outcomes", "worst"),
        [
            ([Outcome.PASSED, Outcome.PASSED], Outcome.PASSED),
            ([Outcome.PASSED, Outcome.UNDETERMINED], Outcome.UNDETERMINED),
            ([Outcome.UNDETERMINED, Outcome.NOT_HERE], Outcome.NOT_HERE),
            ([Outcome.NOT_HERE, Outcome.FAILED, Outcome.PASSED], Outcome.FAILED),
        ],
    )
    def test_the_worst_speaks(self, outcomes: list[Outcome], worst: Outcome) -> None:
        each = {str(place): Verdict(outcome, f"{outcome}.") for place, outcome in enumerate(outcomes)}
        assert together(each).outcome is worst
        assert together(each).reason == f"{worst}."

    def test_of_nothing_there_is_no_verdict(self) -> None:
        with pytest.raises(ValueError, match="nothing"):
            together({})

    def test_a_verdict_is_kept_as_plain_values(self) -> None:
        asked = Asked("192.0.2.1:53", "acme.example MX", "NOERROR", datetime(2026, 11, 21, 12, tzinfo=UTC), 0.01234)
        kept = together({"acme.example": Verdict(Outcome.PASSED, "Good.", (asked,), {"ttl": 5}, 7)}).kept()
        assert kept == {
            "outcome": "passed",
            "reason": "Good.",
            "facts": {"acme.example": {"ttl": 5}},
            "again_in": 7,
            "evidence": [
                {
                    "server": "192.0.2.1:53",
                    "question": "acme.example MX",
                    "answer": "NOERROR",
                    "at": "2026-11-21T12:00:00+00:00",
                    "seconds": 0.012,
                }
            ],
        }
