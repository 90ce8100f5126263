"""Where mail goes: priorities, leftovers, and who still says something else."""

import pytest

from blueprints.gateways.evidence import Answer, Outcome, Question, Said, Verdict
from blueprints.plans.judging.mx import Mx
from tests.plans.judged import answer, everywhere, judged

QUESTION = Question("acme.example", "MX", everywhere=True)
EXPECTED = ("10 mx1.provider.example", "20 mx2.provider.example")
GOOD = ("10 mx1.provider.example", "20 mx2.provider.example")
OLD = ("10 mail.acme.example",)


def mx(records: tuple[str, ...], *expected: str) -> Verdict:
    return judged(Mx("acme.example", expected or EXPECTED), {"acme.example": {"MX": list(records)}})


def own(number: int, records: tuple[str, ...] | Said) -> Answer:
    return answer(QUESTION, records, f"ns{number}.example", authority=True, ttl=3600)


def resolver(number: int, records: tuple[str, ...] | Said, ttl: int = 300) -> Answer:
    return answer(QUESTION, records, f"192.0.2.{number}", ttl=ttl)


def spread(*answers: Answer) -> Verdict:
    return Mx("acme.example", EXPECTED).judge(everywhere(QUESTION, *answers))


def test_passes_the_expected_hosts() -> None:
    verdict = mx(GOOD)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.reason == (
        "Mail for acme.example goes to mx1.provider.example and mx2.provider.example, say all name servers asked."
    )
    assert dict(verdict.facts) == {"hosts": list(GOOD), "expected": list(EXPECTED), "ttl": 300}


@pytest.mark.parametrize(
    "expected",
    [("MX1.Provider.example.", "mx2.provider.example"), ("*.provider.example",), ("10 *.provider.example",),
     ("1 mx1.provider.example", "5 mx2.provider.example"), ("5 mx1.provider.example", "5 mx2.provider.example")],
)  # fmt: skip
def test_expects_what_people_write(expected: tuple[str, ...]) -> None:
    assert mx(GOOD, *expected).passed


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((), "acme.example has no MX record."),
        (("0 .",), "says that it takes no mail"),
        (OLD, "does not go to mx1.provider.example and mx2.provider.example. It names 10 mail.acme.example."),
        (("10 mx1.provider.example",), "does not go to mx2.provider.example."),
        ((*GOOD, "5 mail.acme.example"), "5 mail.acme.example should be removed: it is tried first"),
        ((*GOOD, "10 mail.acme.example"), "it is tried as often as the right ones"),
        (
            (*GOOD, "30 a.acme.example", "40 b.acme.example"),
            "30 a.acme.example and 40 b.acme.example should be removed",
        ),
        ((*GOOD, "30 mail.acme.example"), "still gets mail when the others do not answer"),
        (("20 mx1.provider.example", "10 mx2.provider.example"), "mx1.provider.example should be tried before mx2"),
        (("10 mx1.provider.example", "10 mx2.provider.example"), "mx1.provider.example should be tried before mx2"),
        (("10 xmx1.provider.example", "20 mx2.provider.example"), "does not go to mx1.provider.example"),
    ],
)
def test_says_what_is_wrong(records: tuple[str, ...], words: str) -> None:
    verdict = mx(records)
    assert verdict.outcome is Outcome.FAILED
    assert words in verdict.reason


def test_a_star_does_not_cover_the_name_below_which_it_stands() -> None:
    assert mx(("10 provider.example",), "*.provider.example").outcome is Outcome.FAILED
    assert mx(("10 evilprovider.example",), "*.provider.example").outcome is Outcome.FAILED


def test_nothing_is_wrong_where_nothing_is_expected() -> None:
    assert Mx("acme.example", ()).judge(everywhere(QUESTION, own(1, GOOD))).outcome is Outcome.UNDETERMINED


def test_resolvers_that_remember_are_waited_for() -> None:
    verdict = spread(
        own(1, GOOD), own(2, GOOD), resolver(1, GOOD), resolver(2, OLD, ttl=1800), resolver(3, OLD, ttl=90)
    )
    assert (verdict.outcome, verdict.again_in) == (Outcome.FAILED, 1800)
    assert verdict.reason.startswith("192.0.2.2 and 192.0.2.3 still from memory: Mail for acme.example does not go")
    assert verdict.facts["ttl"] == 3600


def test_name_servers_that_do_not_agree_are_named() -> None:
    verdict = spread(own(1, GOOD), own(2, OLD), resolver(1, GOOD))
    assert (verdict.outcome, verdict.again_in) == (Outcome.FAILED, None)
    assert verdict.reason.startswith("Not all name servers agree. ns2.example: Mail for acme.example does not")


@pytest.mark.parametrize("quiet", [Said.SILENCE, Said.TROUBLE, Said.NOT_ASKED])
def test_a_silent_server_leaves_it_open(quiet: Said) -> None:
    assert spread(own(1, GOOD), own(2, quiet), resolver(1, GOOD)).outcome is Outcome.UNDETERMINED
    assert spread(own(1, GOOD), resolver(1, GOOD), resolver(2, quiet)).outcome is Outcome.UNDETERMINED
    assert spread(own(1, quiet), own(2, quiet), resolver(1, GOOD)).outcome is Outcome.NOT_HERE
    assert spread(own(1, quiet), own(2, OLD), resolver(1, GOOD)).outcome is Outcome.FAILED


def test_nobody_who_answers_says_nothing_about_the_domain() -> None:
    assert spread(own(1, Said.NOT_ASKED), resolver(1, Said.SILENCE)).outcome is Outcome.NOT_HERE
    assert spread(own(1, Said.NOT_ASKED), resolver(1, Said.TROUBLE)).outcome is Outcome.UNDETERMINED
    assert spread().outcome is Outcome.NOT_HERE


@pytest.mark.parametrize(("said", "words"), [(Said.NO_NAME, "There is no name"), (Said.CIRCLE, "leads back to itself")])
def test_a_name_that_is_not_there_is_wrong(said: Said, words: str) -> None:
    verdict = spread(own(1, said), resolver(1, said))
    assert verdict.outcome is Outcome.FAILED
    assert words in verdict.reason


@pytest.mark.parametrize("wrong", ["", "a b c", "ten mx.example"])
def test_refuses_expected_hosts_that_are_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        Mx("acme.example", (wrong,)).judge({})
