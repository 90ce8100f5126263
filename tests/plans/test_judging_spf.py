"""What an SPF record means: RFC 7208, walked through without anybody's address."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.gateways.evidence import Outcome, Said
from blueprints.plans.judging.spf import Spf, Term, read, term
from tests.plans.judged import Zone, judged

PROVIDER = {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]}


def acme(*texts: str, **others: dict[str, list[str]] | Said) -> Zone:
    """acme.example with these TXT records; `_spf.provider.example` is there."""
    named = {name.replace("__", "."): zone for name, zone in others.items()}
    return {"acme.example": {"TXT": list(texts), "A": ["192.0.2.1"]}, "_spf.provider.example": PROVIDER, **named}


def spf(zone: Zone, *expected: str) -> tuple[Outcome, str]:
    verdict = judged(Spf("acme.example", expected or ("_spf.provider.example",)), zone)
    return verdict.outcome, verdict.reason


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:_spf.provider.example -all",
        "V=SPF1 INCLUDE:_SPF.Provider.Example. ~all",
        "v=spf1 a mx ip4:198.51.100.1 +include:_spf.provider.example ?all",
        "v=spf1 include:_spf.provider.example",
        "v=spf1 exists:%{i}._spf.acme.example include:_spf.provider.example -all",
        "v=spf1 include:_spf.provider.example exp=why.acme.example unknown=thing -all",
        "v=spf1 redirect=_spf.provider.example include:_spf.provider.example",
    ],
)
def test_passes_a_record_that_lets_the_provider_send(record: str) -> None:
    zone = acme("other text", record)
    zone["acme.example"]["MX"] = ["10 mx.acme.example"]  # type: ignore[index] - a zone with records
    assert spf(zone)[0] is Outcome.PASSED


def test_tells_the_look_ups_and_the_ending() -> None:
    verdict = judged(
        Spf("acme.example", ("_spf.provider.example",)), acme("v=spf1 a include:_spf.provider.example ~all")
    )
    assert dict(verdict.facts) == {
        "record": "v=spf1 a include:_spf.provider.example ~all",
        "lookups": 2,
        "void": 0,
        "all": "~",
    }
    assert verdict.reason == (
        "The SPF record of acme.example names include:_spf.provider.example and needs 2 of 10 look-ups."
    )
    assert len(verdict.evidence) == 4


def test_passes_what_is_included_by_another_or_redirected_to() -> None:
    mine = {"TXT": ["v=spf1 include:_spf.provider.example ?all"]}
    assert spf(acme("v=spf1 include:mine.example -all", mine__example=mine))[0] is Outcome.PASSED
    assert spf(acme("v=spf1 redirect=mine.example", mine__example=mine))[0] is Outcome.PASSED
    assert spf(acme("v=spf1 redirect=mine.example -all", mine__example=mine))[0] is Outcome.FAILED


@pytest.mark.parametrize(
    ("expected", "record"),
    [
        ("ip4:192.0.2.0/24", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("a:mail.acme.example", "v=spf1 a:mail.acme.example -all"),
        ("include:_spf.provider.example", "v=spf1 include:_spf.provider.example -all"),
        ("mx", "v=spf1 mx -all"),
    ],
)
def test_expects_what_people_write(expected: str, record: str) -> None:
    zone = acme(record, mail__acme__example={"A": ["192.0.2.2"]})
    zone["acme.example"]["MX"] = ["10 mx.acme.example"]  # type: ignore[index] - a zone with records
    assert spf(zone, expected)[0] is Outcome.PASSED


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "has no SPF record"),
        (["v=spf10 -all"], "has no SPF record"),
        (["v=spf1 -all", "v=spf1 include:_spf.provider.example -all"], "has 2 SPF records"),
        (["v=spf1 -all"], "does not name include:_spf.provider.example"),
        (["v=spf1 -all include:_spf.provider.example"], "names include:_spf.provider.example after “all”"),
        (["v=spf1 ?include:_spf.provider.example -all"], "but does not let it pass"),
        (["v=spf1 ~include:mine.example -all"], "but does not let it pass"),
        (["v=spf1 include:_spf.provider.example +all"], "lets anybody pass"),
        (["v=spf1 include:_spf.provider.example ip4=1.2.3.4 redirect=a redirect=b"], "redirects twice"),
        (["v=spf1 include: -all"], "“include:” is not written as it should be"),
        (["v=spf1 includes:_spf.provider.example -all"], "means nothing in SPF"),
        (["v=spf1 include:_spf.provider.example all:x"], "is not written as it should be"),
        (["v=spf1 include:nowhere.example include:_spf.provider.example -all"], "nowhere.example, which has no"),
        (["v=spf1 include:twice.example include:_spf.provider.example -all"], "which has several SPF records"),
        (["v=spf1 include:odd.example include:_spf.provider.example -all"], "record of odd.example is invalid"),
        (["v=spf1 include:acme.example -all"], "more than 10 look-ups"),
        (["v=spf1 include:_spf.provider.example " + " ".join(f"a:h{n}.example" for n in range(10))], "more than 10"),
        (["v=spf1 include:_spf.provider.example a:g1.example a:g2.example a:g3.example"], "asks 3 times for names"),
        (["v=spf1 include:_spf.provider.example mx -all"], "more than 10 mail hosts"),
    ],
)
def test_says_what_is_wrong(texts: list[str], words: str) -> None:
    zone = acme(
        *texts,
        mine__example={"TXT": ["v=spf1 include:_spf.provider.example -all"]},
        twice__example={"TXT": ["v=spf1 -all", "v=spf1 ~all"]},
        odd__example={"TXT": ["v=spf1 what -all"]},
    )
    zone |= {f"h{number}.example": {"A": ["192.0.2.9"]} for number in range(10)}
    zone["acme.example"]["MX"] = [f"10 mx{number}.acme.example" for number in range(11)]  # type: ignore[index] - as above
    outcome, reason = spf(zone)
    assert outcome is Outcome.FAILED
    assert words in reason


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:%{ir}._spf.delegated.example -all",
        "v=spf1 redirect=%{d}._spf.delegated.example",
        "v=spf1 include:silent.example -all",
        "v=spf1 include:broken.example -all",
        "v=spf1 include:_spf.provider.example a:silent.example -all",
        "v=spf1 include:_spf.provider.example include:%{d}._spf.delegated.example -all",
    ],
)
def test_does_not_judge_what_it_cannot_know(record: str) -> None:
    outcome, reason = spf(acme(record, silent__example=Said.SILENCE, broken__example=Said.TROUBLE))
    assert outcome is Outcome.UNDETERMINED
    assert "cannot be judged to its end" in reason


def test_what_is_wrong_whatever_macros_hide_is_wrong() -> None:
    assert spf(acme("v=spf1 include:%{d}.example -all include:_spf.provider.example"))[0] is Outcome.FAILED


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Said.SILENCE, Outcome.NOT_HERE),
        (Said.TROUBLE, Outcome.UNDETERMINED),
        (Said.NO_NAME, Outcome.FAILED),
        (Said.CIRCLE, Outcome.FAILED),
    ],
)
def test_tells_no_answer_from_no_record(said: Said, outcome: Outcome) -> None:
    assert spf({"acme.example": said})[0] is outcome


def test_reads_terms() -> None:
    read_terms = read("v=spf1 a/24 -mx:Acme.example/24//64 ~all redirect=x.example.")
    assert read_terms.terms == (Term("a", "/24"), Term("mx", "acme.example/24//64", "-"), Term("all", "", "~"))
    assert read_terms.redirect == "x.example"
    assert [str(each) for each in read_terms.terms] == ["a/24", "mx:acme.example/24//64", "all"]
    assert str(term("_SPF.provider.example.")) == "include:_spf.provider.example"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=3), st.text(max_size=30))
def test_no_record_is_too_odd_to_be_judged(texts: list[str], expected: str) -> None:
    zone = acme(*texts, *(f"v=spf1 {text}" for text in texts))
    assert spf(zone, expected)[0] in Outcome
