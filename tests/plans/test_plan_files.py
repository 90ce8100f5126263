"""Plans as files: read, put together, refused with file, line and reason, kept with a plan."""

import json
from pathlib import Path

import pytest

from app import create_app
from blueprints.web.settings import WrongSetting, read_settings
from data.definitions import WrongDefinition, current_sets
from data.plan_definitions import (
    CHECKS,
    DOES,
    SHIPPED,
    Template,
    as_definition,
    current_templates,
    from_definition,
    read_templates,
)
from data.plan_files import STEP_KEYS

MINE = """\
plan = "mine"
title = "Mine"
select_when = { services = ["security"] }

[[phases]]
id = "begin"
title = "Beginning"

[[phases.steps]]
id = "call"
title = "Call them"
owner = "partner"

"""
MOVE, SECURITY = "imap_move", "security_archiving"


def with_step(text: str) -> str:
    """The step begins in line 15."""
    return f"{MINE}[[phases.steps]]\n{text}\n"


def reading(folder: Path, **files: str) -> tuple[Template, ...]:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return read_templates(current_sets(), folder)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(WrongDefinition) as refused:
        reading(folder, mine=text)
    return str(refused.value).replace(f"{folder}/", "")


def shipped(name: str) -> Template:
    return next(template for template in current_templates() if template.id == name)


# --- what ships ---------------------------------------------------------------------------------------


def test_two_plans_ship() -> None:
    assert [template.id for template in read_templates(current_sets(), SHIPPED)] == [MOVE, SECURITY]


def test_the_move_has_seventeen_steps_in_three_phases() -> None:
    assert [phase.id for phase in shipped(MOVE).phases] == ["account", "data", "cutover"]
    numbers = [line[2:] for line in (SHIPPED / "imap_move.toml").read_text().splitlines() if line[2:].isdigit()]
    assert numbers == [str(number) for number in range(1, 18)]


def test_mail_is_passed_back_before_the_mx_records_change() -> None:
    assert "mail_back" in shipped(MOVE).by_id["mx_change"].after


def test_the_cutover_stays_72_hours_behind_the_mx_change() -> None:
    assert dict(shipped(MOVE).by_id["cut_over"].hours_after) == {"mx_change": 72}
    assert str(shipped(MOVE).by_id["mx_change"].latest) == "cutover -72h"


def test_each_check_that_the_portal_has_proves_a_step() -> None:
    assert {step.check.kind for template in current_templates() for step in template if step.check} == set(CHECKS)


def test_every_step_says_what_it_is_about_in_words_for_people() -> None:
    for template in current_templates():
        for step in template:
            assert 10 <= len(step.help) <= 260, step.id
            assert len(step.title) <= 70, step.id
            assert not step.title.endswith("."), step.id


def test_what_both_plans_share_is_the_same_step() -> None:
    shared = set(shipped(MOVE).by_id) & set(shipped(SECURITY).by_id)
    assert shared == {"review", "mx_change", "filter_forward", "spf", "autodiscover", "sign_off"}


# --- the instance folder ------------------------------------------------------------------------------


def test_a_file_adds_steps_to_a_plan_that_ships(tmp_path: Path) -> None:
    more = (
        f'plan = "{SECURITY}"\n[[phases]]\nid = "prepare"\n[[phases.steps]]\nid = "ours_visit"\n'
        'title = "Visit them"\nowner = "partner"\nstands_after = "rfi"\nafter = ["rfi"]\n'
    )
    (tmp_path / "ours.toml").write_text(more)
    found = read_templates(current_sets(), SHIPPED, tmp_path)[1]
    assert [step.id for step in found.phases[0].steps][:3] == ["review", "rfi", "ours_visit"]
    assert found.version != shipped(SECURITY).version


def test_a_file_may_be_a_plan_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    (tmp_path / "mine.toml~").write_text("left behind by an editor")
    assert [each.id for each in read_templates(current_sets(), SHIPPED, tmp_path)] == [MOVE, SECURITY, "mine"]


def test_a_wrong_file_in_the_instance_folder_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "mine.toml").write_text(with_step('id = "why"\ntitle = "Why"\nowner = "moon"'))
    with pytest.raises(WrongSetting, match=r"Plans: .*mine\.toml, line 17: “moon” in “owner” of “why” is none of"):
        create_app(read_settings({"QUAYSIDE_HOME": str(tmp_path)}))


# --- versions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [MOVE, SECURITY])
def test_a_plan_that_was_kept_reads_back_as_it_was(name: str) -> None:
    kept = json.loads(json.dumps(as_definition(shipped(name))))
    assert from_definition(kept) == shipped(name)
    assert from_definition(kept).version == shipped(name).version


def test_any_change_makes_another_version(tmp_path: Path) -> None:
    before = reading(tmp_path, mine=MINE)[0].version
    assert len(before) == 64
    assert reading(tmp_path, mine=MINE.replace("Call", "Write to"))[0].version != before
    assert reading(tmp_path, mine=MINE + "# a remark\n")[0].version == before


# --- refused ------------------------------------------------------------------------------------------

STEP = 'id = "why"\ntitle = "Why"\nowner = "customer"\n'
WRONG = {
    "an unknown key": (STEP + "colour = 7", "line 18: “colour” of “why” is not known for a step"),
    "no title": ('id = "why"\nowner = "customer"', "line 15: “why” needs a title"),
    "an empty title": ('id = "why"\ntitle = " "\nowner = "customer"', "line 15: “why” needs a title"),
    "no owner": ('id = "why"\ntitle = "Why"', "line 15: “why” needs an owner"),
    "no id": ('title = "Why"\nowner = "customer"', "a step needs an id"),
    "an id of capitals": ('id = "Why Not"\ntitle = "Why"', "line 15: “Why Not” needs an id of a–z"),
    "an id used twice": (
        'id = "call"\ntitle = "Why"\nowner = "customer"',
        "line 15: “call” is a step of mine.toml already",
    ),
    "a number for a text": ('id = "why"\ntitle = 7\nowner = "customer"', "line 16: “title” of “why” is a text"),
    "a text for a switch": (STEP + 'optional = "yes"', "line 18: “optional” of “why” is true or false"),
    "after nothing": (STEP + 'after = ["nowhere"]', "line 18: “why” waits for “nowhere”, which is no step"),
    "after a text": (STEP + 'after = "call"', "line 18: “after” of “why” is a list of ids"),
    "itself before it": (STEP + 'after = ["why"]', "line 18: these steps wait for one another: why → why"),
    "hours without a step": (STEP + "hours_after = 72", "line 18: “hours_after” of “why” is a table"),
    "hours after nothing": (STEP + "hours_after = { nowhere = 72 }", "line 18: “why” waits for “nowhere”"),
    "hours in words": (STEP + 'waits_hours = "three"', "line 18: “waits_hours” of “why” is a whole number"),
    "no hours": (STEP + "waits_hours = 0", "line 18: “waits_hours” of “why” is from 1 to 2160 hours"),
    "too many hours": (STEP + "hours_after = { call = 9999 }", "line 18: “hours_after” of “why” is from 1 to 2160"),
    "a date of nothing": (STEP + 'latest = "christmas -2d"', "line 18: “latest” of “why” is like “cutover -72h”"),
    "a date without a unit": (STEP + 'earliest = "cutover -2"', "line 18: “earliest” of “why” is like"),
    "a link elsewhere": (STEP + 'link = "javascript:alert(1)"', "line 18: “link” of “why” is an address that begins"),
    "an unknown act": (STEP + 'does = "dance"', "line 18: “dance” in “does” of “why” is none of"),
    "an unknown check": (STEP + 'check = { kind = "weather" }', "line 18: “check” of “why” needs a kind, one of token"),
    "a check of nothing": (STEP + 'check = { kind = "mx" }', "line 18: the check of “why” needs “domains”"),
    "a check with a word of another": (
        STEP + 'check = { kind = "mx", domains = "mail_domains", port = "imap_port" }',
        "line 18: a check of kind mx has no “port”, only domains, without",
    ),
    "a check of an unknown question": (
        STEP + 'check = { kind = "mx", domains = "colours" }',
        "line 18: the check of “why” names “colours”, which is no question",
    ),
    "a check that watches in words": (
        STEP + 'check = { kind = "mx", domains = "mail_domains", watch = "daily" }',
        "line 18: “check” of “why” is true or false",
    ),
    "a condition on an unknown question": (
        STEP + 'show_when = { answer = { colours = ["red"] } }',
        "line 18: “why” has a condition on “colours”, which is no question of the RFI",
    ),
    "a condition on what nobody can answer": (
        STEP + 'show_when = { answer = { filter_now = ["perhaps"] } }',
        "line 18: “why” has a condition on “perhaps”, which “filter_now” cannot answer",
    ),
    "a condition on an unknown service": (
        STEP + 'show_when = { services = ["tea"] }',
        "line 18: “why”: “tea” in services is none of",
    ),
    "after a step of another phase": (
        STEP + 'stands_after = "nothing"',
        "line 18: “why” is to stand after “nothing”, which its phase does not have",
    ),
    "no TOML": ('id = = "why"', "line 15: "),
    "a key twice": ('id = "why"\nid = "how"', "line 16: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_refuses_with_file_line_and_reason(name: str, tmp_path: Path) -> None:
    text, reason = WRONG[name]
    said = refusal(tmp_path, with_step(text))
    assert reason in said
    assert said.startswith("mine.toml, line ") or name == "no id"
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('title = "Mine"', "a plan needs an id"),
        ('plan = "mine"', "plan “mine” needs a title"),
        ('plan = "mine"\ntitle = "Mine"', "plan “mine” needs “select_when”"),
        (MINE.replace("plan =", "plans =", 1), "“plans” is not known here"),
        (MINE.replace('["security"]', '["tea"]'), "“tea” in services is none of"),
        (MINE.replace("select_when", "otherwise = 7\nselect_when"), "“otherwise” of “mine” is true or false"),
        (MINE.replace('title = "Beginning"', ""), "line 6: phase “begin” needs a title"),
        (MINE.replace('title = "Beginning"', "title = 7"), "line 7: “title” of “begin” is a text"),
        (MINE.replace('title = "Beginning"', 'title = "B"\ncolour = "red"'), "line 8: phase “begin” has “colour”"),
        (MINE.replace('title = "Beginning"', 'title = "B"\nbefore = "x"'), "line 8: phase “begin” is to stand before"),
        (MINE + '[[phases]]\nid = "begin"\ntitle = "Again"\n', "phase “begin” has its title, help and place already"),
        ('plan = "mine"\ntitle = "M"\notherwise = true\nphases = 7', "“phases” is a list of tables"),
        (
            MINE.replace('owner = "partner"', 'owner = "partner"\ndoes = "sign_off"')
            + '[[phases.steps]]\nid = "two"\ntitle = "Two"\nowner = "everyone"\ndoes = "sign_off"\n',
            "line 19: a plan has one step that signs off",
        ),
    ],
)
def test_refuses_wrong_plans_and_phases(text: str, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(tmp_path, text)


def test_refuses_a_second_plan_for_all_other_orders(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('plan = "mine"\ntitle = "Mine"\notherwise = true\n')
    with pytest.raises(WrongDefinition, match="only one plan can be the one for all other orders"):
        read_templates(current_sets(), SHIPPED, tmp_path)


def test_refuses_to_select_a_plan_that_ships_otherwise(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f'plan = "{MOVE}"\ntitle = "Mine"\n')
    with pytest.raises(WrongDefinition, match="has its title and selection already"):
        read_templates(current_sets(), SHIPPED, tmp_path)


def test_refuses_a_circle_that_goes_through_two_plans(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        f'plan = "{SECURITY}"\n[[phases]]\nid = "prepare"\n'
        '[[phases.steps]]\nid = "ours"\ntitle = "Ours"\nowner = "partner"\nafter = ["sign_off"]\n'
    )
    (tmp_path / "other.toml").write_text(
        'plan = "other"\ntitle = "Other"\nselect_when = { services = ["security"] }\n'
        '[[phases]]\nid = "x"\ntitle = "X"\n'
        '[[phases.steps]]\nid = "verify_data"\ntitle = "Mine"\nowner = "partner"\nafter = ["ours"]\n'
    )
    with pytest.raises(WrongDefinition, match="these steps wait for one another: .*sign_off"):
        read_templates(current_sets(), SHIPPED, tmp_path)


def test_refuses_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongDefinition, match=r"mine\.toml: cannot be read as a text in UTF-8"):
        read_templates(current_sets(), tmp_path)


# --- the guide ----------------------------------------------------------------------------------------


def the_guide() -> str:
    return (Path(__file__).parents[2] / "docs" / "plans.md").read_text()


def test_the_examples_of_the_guide_can_be_used_as_they_stand(tmp_path: Path) -> None:
    for number, text in enumerate(the_guide().split("```toml\n")[1:]):
        (tmp_path / f"{number}.toml").write_text(text.split("```")[0])
    found = {template.id: template for template in read_templates(current_sets(), SHIPPED, tmp_path)}
    assert "ours_site_visit" in found[SECURITY].by_id
    assert "ours_phones" in found


def test_the_guide_names_every_key_every_check_and_every_act() -> None:
    guide = the_guide()
    parameters = {each for needed, more in CHECKS.values() for each in (*needed, *more)}
    for word in (*STEP_KEYS, *CHECKS, *DOES, *parameters, "select_when", "otherwise", "before"):
        assert f"`{word}`" in guide, word
