"""Question sets: those of the day, and those that were kept with an RFI. What files say is read by definition_files.

What reads is loaded when something is read, so that importing the portal need not wait for it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from data.conditions import Condition, condition_table
from data.questions import Caution, Choice, Question, QuestionSet, Section

SHIPPED = Path(__file__).parent / "question_sets"


class WrongDefinition(Exception):
    """A file that cannot be used; the sentence names it, the line and the reason."""


def read_question_sets(*folders: Path) -> QuestionSet:
    """The questions of all *.toml files of these folders, the first folder's before the next one's.

    Files with other endings are none of ours: editors leave their own beside what they edit. A folder that does not
    exist has none. Raises WrongDefinition.
    """
    from data.definition_files import read_folders  # noqa: PLC0415 - see above

    return read_folders(folders)


# --- the definition that is kept with an RFI -----------------------------------------------------------


def as_definition(questions: QuestionSet) -> dict[str, Any]:
    """The set in the words of the files, ready for JSON; `from_definition` reads it back."""
    return {"sections": [section_table(section) for section in questions.sections]}


def from_definition(definition: Mapping[str, Any]) -> QuestionSet:
    """The set that `as_definition` wrote. Raises WrongDefinition."""
    from data.definition_files import read_table  # noqa: PLC0415 - see above

    return read_table("what was kept", definition)


def version_of(sections: Iterable[Section]) -> str:
    text = json.dumps([section_table(section) for section in sections], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def section_table(section: Section) -> dict[str, Any]:
    table = {"id": section.id, "title": section.title, "help": section.help}
    return table | {"questions": [question_table(question) for question in section.questions]}


def question_table(question: Question) -> dict[str, Any]:
    """The question as a file has it: only what differs from what a question is anyway."""
    told = ((item.name, getattr(question, item.name)) for item in fields(question) if differs(question, item.name))
    return {name: in_table(value) for name, value in told}


def differs(question: Question, name: str) -> bool:
    return getattr(question, name) != next(item.default for item in fields(question) if item.name == name)


def in_table(value: Any) -> Any:
    if isinstance(value, tuple):
        return [in_table(each) for each in value]
    if isinstance(value, Condition):
        return condition_table(value)
    if isinstance(value, Caution):
        return condition_table(value.when) | {"say": value.say}
    if isinstance(value, Choice):
        shown = {"show_when": condition_table(value.show_when)} if value.show_when else {}
        alone = {"alone": True} if value.alone else {}
        return {"value": value.value, "label": value.label, "help": value.help} | shown | alone
    return question_table(value) if isinstance(value, Question) else value


# --- the set of the day --------------------------------------------------------------------------------

kept: QuestionSet | None = None


def open_question_sets(instance: Path) -> QuestionSet:
    """Once, at the start: the sets that ship, and those of the instance folder. Raises WrongDefinition."""
    return ask_by(read_question_sets(SHIPPED, instance / "question_sets"))


def ask_by(questions: QuestionSet) -> QuestionSet:
    """From now on these are the questions of new RFIs."""
    global kept  # noqa: PLW0603 - one set for the whole process, replaced as one
    kept = questions
    return questions


def current_sets() -> QuestionSet:
    """The questions of the day, as they were read at the start."""
    return kept or ask_by(read_question_sets(SHIPPED))
