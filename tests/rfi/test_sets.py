"""Question sets as files: read, put together, refused with file, line and reason, kept with an RFI."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from blueprints.web.settings import WrongSetting, read_settings
from data import definitions
from data.customers import INFRASTRUCTURES
from data.definitions import (
    SHIPPED,
    WrongDefinition,
    as_definition,
    current_sets,
    from_definition,
    open_question_sets,
    read_question_sets,
)
from data.questions import COMMON_KEYS, KEYS_OF_KIND, KINDS, PREFILLS, QuestionSet

FIRST = """
[[sections]]
id = "first"
title = "First"

[[sections.questions]]
id = "colour"
kind = "choice"
label = "Colour"
choices = [{ value = "red", label = "Red" }, { value = "blue", label = "Blue" }]
"""
SERVICES = ("security", "archiving", "continuity", "migration")


@pytest.fixture(autouse=True)
def same_sets_afterwards() -> Iterator[None]:
    before = definitions.kept
    yield
    definitions.kept = before


def reading(folder: Path, **files: str) -> QuestionSet:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return read_question_sets(folder)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(WrongDefinition) as refused:
        reading(folder, mine=text)
    return str(refused.value).replace(f"{folder}/", "")


def with_question(text: str, before: str = FIRST) -> str:
    """A file with one more question; its id is in line 12."""
    return f"{before}\n[[sections.questions]]\n{text}\n".lstrip("\n")


# --- what ships ---------------------------------------------------------------------------------------


def test_every_infrastructure_and_every_service_has_a_file() -> None:
    names = {path.stem for path in SHIPPED.glob("*.toml")}
    assert names == {"common", *INFRASTRUCTURES, *SERVICES}


def test_the_shipped_sets_use_every_kind() -> None:
    questions = [*current_sets(), *(field for question in current_sets() for field in question.questions)]
    assert {question.kind for question in questions} == set(KINDS)


def test_the_sections_come_in_the_order_in_which_people_know_the_answers() -> None:
    assert [section.id for section in current_sets().sections] == [
        "contacts",
        "infrastructure",
        "domains",
        "sending",
        "receiving",
        "recipients",
        "archive",
        "continuity",
        "moving",
        "finish",
    ]


def test_labels_are_short_and_texts_speak_of_the_provider() -> None:
    for question in current_sets():
        assert len(question.label) <= 75, question.id
        assert len(question.help) <= 180, question.id
        assert not question.label.endswith((":", ".")), question.id


# --- putting files together ---------------------------------------------------------------------------


def test_a_later_file_adds_to_a_section_after_a_question_it_names(tmp_path: Path) -> None:
    more = '[[sections]]\nid = "first"\n[[sections.questions]]\nid = "{}"\nkind = "line"\nlabel = "More"\n'
    found = reading(
        tmp_path, a=FIRST, b=more.format("last"), c=more.format("second").replace("label", 'after = "colour"\nlabel')
    )
    assert [question.id for question in found] == ["colour", "second", "last"]


def test_a_new_section_comes_last_or_before_one_it_names(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        a=FIRST,
        b='[[sections]]\nid = "last"\ntitle = "Last"\n',
        c='[[sections]]\nid = "middle"\ntitle = "Middle"\nbefore = "last"\n',
    )
    assert [section.id for section in found.sections] == ["first", "middle", "last"]


def test_the_condition_of_a_file_holds_for_all_its_questions(tmp_path: Path) -> None:
    shown = 'show_when = { services = ["security"] }\n'
    found = reading(tmp_path, a=shown + with_question('id = "why"\nkind = "text"\nlabel = "Why"'))
    conditions = [question.show_when for question in found]
    assert all(condition and condition.services == ("security",) for condition in conditions)


def test_questions_of_the_instance_are_asked_with_the_shipped_ones(tmp_path: Path) -> None:
    folder = tmp_path / "question_sets"
    folder.mkdir()
    (folder / "cost.toml").write_text(
        '[[sections]]\nid = "finish"\n[[sections.questions]]\n'
        'id = "cost_centre"\nkind = "line"\nlabel = "Cost centre"\nafter = "notes"\n'
    )
    (folder / "cost.toml~").write_text("left behind by an editor")
    found = open_question_sets(tmp_path)
    assert found.question("cost_centre").label == "Cost centre"
    assert current_sets() is found
    assert list(found)[-1].id == "confirmed", "the confirmation stays the last"


def test_without_a_folder_the_shipped_questions_are_asked(tmp_path: Path) -> None:
    assert open_question_sets(tmp_path / "nowhere").version == read_question_sets(SHIPPED).version


# --- versions -----------------------------------------------------------------------------------------


def test_a_set_that_was_kept_reads_back_as_it_was_asked() -> None:
    kept = json.loads(json.dumps(as_definition(current_sets())))
    assert from_definition(kept) == current_sets()


def test_any_change_makes_another_version(tmp_path: Path) -> None:
    before = reading(tmp_path, a=FIRST).version
    assert len(before) == 64
    assert reading(tmp_path, a=FIRST.replace("Blue", "Green")).version != before
    assert reading(tmp_path, a=FIRST + "\n# a remark changes nothing\n").version == before


def test_an_unknown_question_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        current_sets().question("nonsense")


# --- refused ------------------------------------------------------------------------------------------

WRONG = {
    "unknown kind": ('id = "why"\nkind = "essay"\nlabel = "Why"', "mine.toml, line 13: “essay” is no kind of question"),
    "unknown key": ('id = "why"\nkind = "text"\nlable = "Why"', "mine.toml, line 14: “lable” of “why” is not known"),
    "a key of another kind": ('id = "why"\nkind = "text"\nlabel = "Why"\nmobile = true', "line 15: “mobile” of “why”"),
    "no label": ('id = "why"\nkind = "text"', "line 12: “why” needs a label"),
    "an empty label of a required question": (
        'id = "why"\nkind = "text"\nlabel = " "\nrequired = true',
        "line 12: “why” needs a label",
    ),
    "an id used twice": (
        'id = "colour"\nkind = "text"\nlabel = "Why"',
        "line 12: “colour” is a question of mine.toml already",
    ),
    "no id": ('kind = "text"\nlabel = "Why"', "a question needs an id"),
    "an id of capitals": ('id = "Why Not"\nkind = "text"\nlabel = "Why"', "line 12: “Why Not” needs an id of a–z"),
    "a text for a switch": ('id = "why"\nkind = "text"\nlabel = "Why"\nrequired = "yes"', "line 15: “required”"),
    "a number for a text": ('id = "why"\nkind = "text"\nlabel = 7', "line 14: “label” of “why” is a text"),
    "a text for a number": (
        'id = "why"\nkind = "number"\nlabel = "Why"\nleast = "7"',
        "line 15: “least” of “why” is a whole number",
    ),
    "an unknown prefill": (
        'id = "why"\nkind = "line"\nlabel = "Why"\nprefill = "partner.password"',
        "line 15: “partner.password” in “prefill”",
    ),
    "a choice without choices": ('id = "why"\nkind = "choice"\nlabel = "Why"', "needs either choices or choices_from"),
    "choices and choices_from": (
        'id = "why"\nkind = "choice"\nlabel = "Why"\nchoices_from = "x"\nchoices = [{ value = "a", label = "A" }]',
        "needs either choices or choices_from",
    ),
    "a choice twice": (
        'id = "why"\nkind = "choice"\nlabel = "Why"\n'
        'choices = [{ value = "a", label = "A" }, { value = "a", label = "B" }]',
        "line 15: “why” has a value twice",
    ),
    "a choice without a label": (
        'id = "why"\nkind = "choice"\nlabel = "Why"\nchoices = [{ value = "a" }]',
        "line 15: a choice of “why” needs a value and a label",
    ),
    "an unknown key of a choice": (
        'id = "why"\nkind = "choice"\nlabel = "Why"\nchoices = [{ value = "a", label = "A", colour = "x" }]',
        "line 15: a choice of “why” has “colour”",
    ),
    "a condition on a later question": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nshow_when = { answer = { later = ["given"] } }\n'
        '[[sections.questions]]\nid = "later"\nkind = "text"\nlabel = "Later"',
        "line 15: “why” has a condition on “later”, which is no earlier question",
    ),
    "a condition on itself": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nshow_when = { answer = { why = ["given"] } }',
        "line 15: “why” has a condition on “why”",
    ),
    "a condition on a value that nobody can choose": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nrequired_when = { answer = { colour = ["green"] } }',
        "line 15: “why” has a condition on “green”, which “colour” cannot answer",
    ),
    "a condition on an unknown infrastructure": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nshow_when = { infrastructure = ["moon"] }',
        "line 15: “why”: “moon” in infrastructure is none of",
    ),
    "a condition on an unknown service": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nshow_when = { services = ["tea"] }',
        "“tea” in services is none of",
    ),
    "an unknown part of a condition": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nshow_when = { weather = ["rain"] }',
        "a condition knows no “weather”",
    ),
    "an empty condition": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nshow_when = {}',
        "line 15: “why”: a condition is a table",
    ),
    "dates compared with what is none": (
        'id = "why"\nkind = "date"\nlabel = "Why"\nwarn_when = [{ later = { why = "colour" }, say = "No." }]',
        "line 15: “why” compares “colour”, which is no date",
    ),
    "a warning that says nothing": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nwarn_when = [{ services = ["security"] }]',
        "line 15: each “warn_when” of “why” needs a sentence",
    ),
    "choices from a question that is no list of domains": (
        'id = "why"\nkind = "choice"\nlabel = "Why"\nchoices_from = "colour"',
        "line 15: “choices_from” of “why” names no domains question",
    ),
    "outside of nothing": (
        'id = "why"\nkind = "email"\nlabel = "Why"\noutside = "nowhere"',
        "line 15: “outside” of “why” names no domains question",
    ),
    "unlike what has no address": (
        'id = "why"\nkind = "email"\nlabel = "Why"\nunlike = ["colour"]',
        "line 15: “unlike” of “why” names no email or group question before it: “colour”",
    ),
    "unlike no list": (
        'id = "why"\nkind = "email"\nlabel = "Why"\nunlike = "colour"',
        "line 15: “unlike” of “why” is a list of names",
    ),
    "a secret in a group": (
        'id = "why"\nkind = "group"\nlabel = "Why"\nquestions = [{ id = "a", kind = "secret", label = "A" }]',
        "line 15: a group cannot hold a question of kind secret",
    ),
    "a condition in a group": (
        'id = "why"\nkind = "group"\nlabel = "Why"\n'
        'questions = [{ id = "a", kind = "line", label = "A", show_when = { services = ["security"] } }]',
        "line 15: “show_when” of “a” is not known for a field of kind line",
    ),
    "a group of nothing": ('id = "why"\nkind = "group"\nlabel = "Why"', "“why” is a group without questions"),
    "a field twice": (
        'id = "why"\nkind = "group"\nlabel = "Why"\n'
        'questions = [{ id = "a", kind = "line", label = "A" }, { id = "a", kind = "line", label = "B" }]',
        "“why” has two fields of one id",
    ),
    "a file without columns": ('id = "why"\nkind = "csv"\nlabel = "Why"', "“why” needs its columns"),
    "bounds the wrong way round": (
        'id = "why"\nkind = "number"\nlabel = "Why"\nleast = 9\nmost = 3',
        "line 15: “why” has a least that is more than its most",
    ),
    "after a question of another section": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nafter = "nothing"',
        "line 15: “why” is to stand after “nothing”",
    ),
    "no TOML": ('id = "why"\nkind = = "text"', "mine.toml, line 13: "),
    "a key twice": ('id = "why"\nid = "how"', "mine.toml, line 13: "),
    "half an hour": (
        'id = "why"\nkind = "text"\nlabel = "Why"\nwarn_when = [{ hours = 7, say = "No." }]',
        "“sooner” and “hours” (a whole number) go together",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_refuses_with_file_line_and_reason(name: str, tmp_path: Path) -> None:
    text, reason = WRONG[name]
    said = refusal(tmp_path, with_question(text))
    assert reason in said
    assert said.startswith("mine.toml, line ") or name == "no id"
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('sections = "all"', "“sections” is a list of tables"),
        ('[[section]]\nid = "first"', "“section” is not known here"),
        ('[[sections]]\nid = "first"', "line 2: section “first” needs a title"),
        ('[[sections]]\ntitle = "First"', "a section needs an id"),
        ('[[sections]]\nid = "first"\ntitle = "First"\ncolour = "red"', "line 4: section “first” has “colour”"),
        ('[[sections]]\nid = "first"\ntitle = "First"\nbefore = "none"', "line 4: section “first” is to stand before"),
        ('[[sections]]\nid = "first"\ntitle = 7', "line 3: “title” of section “first” is a text"),
        (FIRST + '[[sections]]\nid = "first"\ntitle = "Again"', "has its title, help and place already"),
        ('show_when = { colour = ["red"] }', "a condition knows no “colour”"),
    ],
)
def test_refuses_wrong_sections(text: str, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(tmp_path, text)


def test_refuses_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongDefinition, match="mine.toml: cannot be read as a text in UTF-8"):
        read_question_sets(tmp_path)


def test_a_wrong_file_in_the_instance_folder_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "question_sets").mkdir()
    (tmp_path / "question_sets" / "mine.toml").write_text(
        '[[sections]]\nid = "finish"\n[[sections.questions]]\nid = "why"\nkind = "essay"\nlabel = "Why"\n'
    )
    with pytest.raises(WrongSetting, match=r"Question sets: .*mine\.toml, line 5: “essay” is no kind of question"):
        create_app(read_settings({"QUAYSIDE_HOME": str(tmp_path)}))


def test_the_example_of_the_guide_can_be_used_as_it_stands(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "question-sets.md").read_text()
    folder = tmp_path / "question_sets"
    folder.mkdir()
    (folder / "ours.toml").write_text(guide.split("```toml\n")[1].split("```")[0])
    found = open_question_sets(tmp_path)
    assert {"ours_cost_centre", "ours_hours", "ours_filter_contact"} <= set(found.by_id)
    assert [section.id for section in found.sections][-2:] == ["ours_support", "finish"]


def test_the_guide_names_every_kind_and_every_key() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "question-sets.md").read_text()
    for word in (*KINDS, *COMMON_KEYS, *PREFILLS, *(key for keys in KEYS_OF_KIND.values() for key in keys)):
        assert f"`{word}`" in guide, word
