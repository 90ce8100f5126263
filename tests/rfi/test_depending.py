"""While somebody types, only what depends on the answer is looked at again: that must be all that changes."""

from dataclasses import replace

import pytest

from blueprints.rfi.answers import Answer
from blueprints.rfi.asking import with_choices
from blueprints.rfi.checking import TooLong
from blueprints.rfi.depending import dependencies
from blueprints.rfi.filling import Filled, Ground, ground_of, stand
from blueprints.rfi.remembering import memories, remembered, with_answers
from data.customers import INFRASTRUCTURES, Customer
from data.moments import now
from data.questions import SECRET_KEPT
from data.rfi import Rfi, RfiAnswer
from tests.factories import World
from tests.rfi.good_and_bad import answered_well, read_badly
from tests.rfi.typing_in import Held, an_rfi, door
from tests.visits import Visitor


def answer(question: str, value: object, version: int = 1) -> Answer:
    return Answer(version, question, value, "", version, now(), None, "Ines")


@pytest.fixture(params=list(INFRASTRUCTURES))
def ground(request: pytest.FixtureRequest, world: World) -> Ground:
    """Everything that an infrastructure asks for, answered well."""
    empty = ground_of(an_rfi(world))
    answers = {"infrastructure": request.param}
    whole = answered_well(empty.questions, replace(empty.situation, answers=answers))
    return replace(empty, kept={name: answer(name, value) for name, value in whole.items()})


def told(whole: Filled) -> dict[str, object]:
    assert list(whole.by_id.values()) == list(whole.entries)
    return {entry.question.id: entry for entry in whole.entries}


def around(whole: Filled) -> list[object]:
    """What the page shows around the questions, and how it knows whether that has changed."""
    sections = [(each.done, each.total, each.sums, each.elements, list(each.by_id)) for each in whole.sections]
    return [whole.sums, whole.shape, whole.complete, *sections]


def test_what_is_looked_at_again_is_all_that_changes(ground: Ground) -> None:
    before = stand(ground)
    deciding = dependencies(ground.questions).deciding
    for entry in before.entries:
        question = with_choices(entry.question, before.situation)
        for value in changed_values(question):
            changed = {question.id: answer(question.id, value, 2)}
            after = replace(ground, kept={**ground.kept, **changed})
            whole = stand(after)
            assert told(stand(after, before)) == told(whole), question.id
            if question.id not in deciding:
                quickly = with_answers(before, after, changed)
                assert told(quickly) == told(whole), question.id
                assert around(quickly) == around(whole), question.id


def changed_values(question: object) -> list[object]:
    values: list[object] = [{"kept": True} if question.kind == "secret" else None]
    values += [choice.value for choice in question.choices] if question.kind == "choice" else []
    if question.kind == "secret":
        return [None, SECRET_KEPT]
    try:
        return [*values, read_badly(question)]
    except (TooLong, KeyError):
        return [*values, "something else"] if question.kind in ("line", "text") else values


class TestMemory:
    @pytest.fixture
    def rfi(self, world: World) -> Rfi:
        return an_rfi(world)

    def test_is_believed_while_nothing_changed(self, rfi: Rfi) -> None:
        assert remembered(rfi.id) is remembered(rfi.id)

    def test_follows_what_is_saved(self, technician: Visitor, rfi: Rfi) -> None:
        held = Held.open(technician, door(rfi))
        held.type(dns_host="Them").save_one("dns_host")
        held.type(notes="Hello").save_one("notes")
        assert memories[rfi.id].whole is remembered(rfi.id)
        assert told(remembered(rfi.id)) == told(stand(ground_of(Rfi.get_by_id(rfi.id))))

    @pytest.mark.parametrize("change", ["answer", "state", "record", "secrets"])
    def test_is_not_believed_when_something_else_changed_it(self, technician: Visitor, rfi: Rfi, change: str) -> None:
        Held.open(technician, door(rfi)).type(dns_host="Them").save_one("dns_host")
        before = remembered(rfi.id)
        if change == "answer":
            RfiAnswer.update(value="Others", version=2, changed_at=now()).execute()
        elif change == "state":
            Rfi.update(state="complete", version=Rfi.version + 1).execute()
        elif change == "record":
            Customer.update(primary_domain="moved.example").execute()
        else:
            RfiAnswer.update(sealed="", version=RfiAnswer.version + 1, changed_at=now()).execute()
        assert remembered(rfi.id) is not before
