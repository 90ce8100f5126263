"""Every question of every set: drawn, answered well, answered badly, and met with whatever people may send."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.rfi.asking import Situation, ask, with_choices
from blueprints.rfi.checking import TooLong, brings, check, faulty_rows, names_to_look_up, read, told, written
from blueprints.rfi.filling import filled
from data.customers import INFRASTRUCTURES
from data.definitions import SHIPPED, read_question_sets
from data.questions import SECRET_KEPT, Question
from data.rfi import Rfi
from tests.factories import World
from tests.rfi.filled_in import answer
from tests.rfi.good_and_bad import BADLY, ENDLESS, answered_well, read_badly, read_well
from tests.rfi.situations import a_situation
from tests.rfi.typing_in import an_rfi, door
from tests.visits import Visitor

SETS = read_question_sets(SHIPPED)
SERVICES = ("security", "archiving", "continuity", "migration")
TO_COME = "This is still to be answered."  # said on the page in its own words, when somebody hands in
# Which answers, besides the first choices, bring all other questions.
TURNS: tuple[dict[str, str], ...] = (
    {},
    {"run_by": "company", "directory_sync": "ldap", "filter_now": "replaced", "dns_changes": "someone"},
    {"outbound_dynamic": "no", "directory_sync": "list", "recipient_validation": "call_forward"},
    {"imap_security": "none", "imap_login": "admin", "continuity_people": "some", "recipient_validation": "known"},
)


def situation_of(infrastructure: str, turn: dict[str, str]) -> Situation:
    given = {"infrastructure": infrastructure, **turn}
    situation = a_situation(infrastructure, SERVICES, answers=given)
    return ask(SETS, a_situation(infrastructure, SERVICES, answers=answered_well(SETS, situation))).situation


def every_question() -> dict[str, tuple[Question, Situation]]:
    """Each question with a situation in which it is asked, and the choices it has there."""
    found: dict[str, tuple[Question, Situation]] = {}
    for infrastructure in INFRASTRUCTURES:
        for turn in TURNS:
            situation = situation_of(infrastructure, turn)
            for question in SETS:
                if question.id in situation.answers:
                    found.setdefault(question.id, (with_choices(question, situation), situation))
    return found


EVERY = every_question()


def test_there_is_a_way_to_every_question() -> None:
    assert set(EVERY) == {question.id for question in SETS}


@pytest.mark.parametrize("name", [question.id for question in SETS])
def test_a_question_answered_well_is_kept_shown_and_told(name: str) -> None:
    question, situation = EVERY[name]
    value = read_well(question)
    found = check(question, value, situation)
    assert found.problems == ()
    assert told(question, value), "there is something to tell"
    again = check(question, found.value, situation)
    assert again.problems == ()
    assert again.value == found.value, "what is in form stays so"
    if question.kind not in ("csv", "secret"):
        assert read(question, written(question, value), {}) == value, "the fields show what was typed"


@pytest.mark.parametrize("name", [question.id for question in SETS])
def test_a_question_answered_badly_is_refused_at_its_field(name: str) -> None:
    question, situation = EVERY[name]
    if question.kind in ENDLESS and not question.form:
        with pytest.raises(TooLong):
            read_badly(question)
        return
    value = read_badly(question)
    found = check(question, value, situation)
    assert found.problems
    only_lines = question.kind == "group" and not any(each.kind in BADLY for each in question.questions)
    assert found.missing is only_lines, "of a group of lines, nothing but half of it can be wrong"
    for problem in found.problems:
        assert problem.field == name or problem.field.startswith(f"{name}.")
        assert problem.sentence[0].isupper() or not problem.sentence[0].isalpha()
        assert problem.sentence[-1] in ".?"


@pytest.mark.parametrize("name", [question.id for question in SETS])
def test_a_question_left_open_is_missing_if_it_is_required(name: str) -> None:
    question, situation = EVERY[name]
    required = question.required or (question.required_when is not None and question.required_when.holds(situation))
    for nothing in (None, "", [], {}):
        found = check(question, nothing, situation)
        assert found.missing is required
        assert bool(found.problems) is required
        assert told(question, nothing) == ()


@pytest.mark.parametrize("name", [question.id for question in SETS if question.kind == "secret"])
def test_a_secret_is_told_nowhere(name: str) -> None:
    question, situation = EVERY[name]
    assert "horse" not in str((told(question, "correct horse"), written(question, "correct horse")))
    assert check(question, SECRET_KEPT, situation).problems == ()


# --- on the page --------------------------------------------------------------------------------------------


def fill(rfi: Rfi, infrastructure: str, turn: dict[str, str]) -> None:
    """Keep good answers to everything that is asked of this customer, as its page asks it."""
    page = filled(rfi)
    start = {"infrastructure": infrastructure, **turn}
    situation = Situation(**{**vars(page.situation), "infrastructure": infrastructure, "answers": start})
    for name, value in answered_well(SETS, situation).items():
        secret = SETS.question(name).kind == "secret"
        answer(rfi, name, None if secret else value, sealed="sealed" if secret else "")
    rfi.infrastructure = infrastructure
    rfi.save()


@pytest.mark.parametrize("infrastructure", INFRASTRUCTURES)
def test_the_page_draws_every_question_and_finds_good_answers_good(
    infrastructure: str, world: World, technician: Visitor
) -> None:
    rfi = an_rfi(world)
    fill(rfi, infrastructure, TURNS[1])
    found = filled(Rfi.get_by_id(rfi.id))
    assert [(entry.question.id, problem.sentence) for entry, problem in found.problems] == []
    assert found.complete
    page = technician.get(door(rfi))
    assert page.status == 200
    for entry in found.entries:
        for name in written(entry.question, entry.value):
            assert page.find(f'[name="{name}"]'), f"{name} has a field"
    assert "correct horse" not in page.text
    assert "s3cret" not in page.text


@pytest.mark.parametrize("infrastructure", INFRASTRUCTURES)
def test_the_page_says_what_is_wrong_with_every_bad_answer(
    infrastructure: str, world: World, technician: Visitor
) -> None:
    rfi = an_rfi(world)
    fill(rfi, infrastructure, TURNS[1])
    for entry in list(filled(Rfi.get_by_id(rfi.id)).entries):
        decides = entry.question.kind in ("choice", "yes_no")  # others are asked because of it
        if (entry.question.kind in BADLY or entry.question.kind == "group") and not decides:
            answer(rfi, entry.question.id, read_badly(entry.question))
    found = filled(Rfi.get_by_id(rfi.id))
    page = technician.get(door(rfi))
    assert page.status == 200
    wrong = [problem.sentence for _, problem in found.problems if problem.sentence != TO_COME]
    assert len(wrong) >= 8
    for sentence in wrong:
        assert sentence in page.text


# --- whatever is sent ---------------------------------------------------------------------------------------

HOSTILE = (
    "\x00",
    "\ud800",
    "\u202etxt.exe",
    "<script>alert(1)</script>",
    "'; DROP TABLE rfi; --",
    "{{ 7 * 7 }}",
    "=HYPERLINK()",
    "../../etc/passwd",
    "9" * 400,
    "-1",
    "1e309",
    "NaN",
    "true",
    "0x10",
    "::ffff:10.0.0.1%eth0",
    "[::1",
    "a@b@c",
    "@",
    "->",
    "a->b->c",
    ",,,;;;",
    "%s%n",
    "xn--",
    "xn--a.xn--b",
    "é" * 60 + ".example",
    "\n" * 50,
    "=",
    "DC=" + "\\" * 40,
    "2030-13-45T99:99",
    "+" + "4" * 50,
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=80), st.text("0123456789.:/@->,; \n\\=+abDC%[]", max_size=60)
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
NAMES = st.sampled_from([question.id for question in SETS])


def look_at_everything(question: Question, value: Any, situation: Situation) -> None:
    found = check(question, value, situation)
    assert isinstance(found.problems, tuple)
    for line in (*told(question, value), *found.warnings, *found.notes):
        assert isinstance(line, str)
    fields = written(question, value)
    assert all(isinstance(text, str) for texts in fields.values() for text in texts)
    names_to_look_up(question, value)
    faulty_rows(question, value, situation)


@settings(max_examples=500, deadline=None)
@given(NAMES, st.lists(TEXTS, max_size=3), st.binary(max_size=200))
def test_whatever_is_typed_is_read_and_checked(name: str, texts: list[str], content: bytes) -> None:
    question, situation = EVERY[name]
    typed = dict.fromkeys((name, *(f"{name}.{each.id}" for each in question.questions)), texts)
    brings(question, typed, {name: content})
    try:
        value = read(question, typed, {name: content})
    except TooLong:
        return
    if question.kind != "secret":
        assert "\x00" not in str(value), "PostgreSQL refuses it"
        str(value).encode()
    look_at_everything(question, value, situation)


@settings(max_examples=250, deadline=None)
@given(NAMES, JSON, JSON)
def test_whatever_is_kept_is_shown(name: str, value: Any, other: Any) -> None:
    """As after a change of the sets: the value may have been typed into a question of another kind."""
    question, situation = EVERY[name]
    answers = {**situation.answers, "mail_domains": other}
    look_at_everything(question, value, Situation(**{**vars(situation), "answers": answers}))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=12))
def test_whatever_is_kept_questions_are_asked(answers: dict[str, Any]) -> None:
    assert ask(SETS, a_situation("m365", SERVICES, answers=answers)).sections
