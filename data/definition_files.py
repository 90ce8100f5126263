"""Question sets as files: read, checked against the vocabulary, and put together. Loaded when something is read.

A file has sections, and sections have questions. A section that an earlier file has is added to; a new one comes
last, or `before` another. A condition of the file (`show_when` at its top) holds for all its questions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from data.conditions import Condition, both
from data.definition_tables import File, condition_of, id_of, plain, read_file, tables_of
from data.definitions import SHIPPED, version_of
from data.question_checks import WrongQuestion, check_references
from data.questions import (
    COLUMNS,
    COMMON_KEYS,
    FORMS,
    KEYS_OF_KIND,
    KINDS,
    PREFILLS,
    Caution,
    Choice,
    Question,
    QuestionSet,
    Section,
)

# In this order; files with other names follow by name.
ORDER = (
    "common",
    "other",
    "m365",
    "google",
    "onprem",
    "hosted",
    "hybrid_m365",
    "hybrid_google",
    "security",
    "archiving",
    "continuity",
    "migration",
)
PLAIN = {item.name: item.type for item in fields(Question) if item.type in (str, bool, int, int | None)}
CLOSED = {"kind": KINDS, "prefill": PREFILLS, "form": FORMS, "columns": COLUMNS}


@dataclass
class Draft:
    """A section while files are put together."""

    id: str
    title: str = ""
    help: str = ""
    questions: list[Question] = field(default_factory=list)


@dataclass
class Drafts:
    """All sections while files are put together, and which file each question is from."""

    sections: list[Draft] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)

    def add(self, file: File, table: Mapping[str, Any]) -> None:
        """Add what a file defines. Raises WrongDefinition."""
        for key in table:
            if key not in ("show_when", "sections"):
                raise file.wrong(f"“{key}” is not known here, only “show_when” and “sections”")
        shown = condition_of(file, "", "show_when", table["show_when"]) if "show_when" in table else None
        for section in tables_of(file, "", "sections", table.get("sections", [])):
            self.add_section(file, section, shown)

    def add_section(self, file: File, table: Mapping[str, Any], shown: Condition | None) -> None:
        id_ = id_of(file, table, "section")
        for key, value in table.items():
            if key not in ("id", "title", "help", "before", "questions"):
                raise file.wrong(f"section “{id_}” has “{key}”, which no section has", id_, key)
            if key != "questions" and not isinstance(value, str):
                raise file.wrong(f"“{key}” of section “{id_}” is a text", id_, key)
        draft = next((section for section in self.sections if section.id == id_), None)
        if draft is None:
            draft = self.new_section(file, id_, table)
        elif {"title", "help", "before"} & set(table):
            raise file.wrong(f"section “{id_}” has its title, help and place already; only add questions", id_)
        for each in tables_of(file, id_, "questions", table.get("questions", [])):
            question, after = question_of(file, each), each.get("after", "")
            if question.id in self.files:
                raise file.wrong(
                    f"“{question.id}” is a question of {self.files[question.id].name} already", question.id, again=True
                )
            self.files[question.id] = file
            place = self.place_after(file, draft, question.id, after) if after else len(draft.questions)
            draft.questions.insert(place, replace(question, show_when=both(shown, question.show_when)))

    def new_section(self, file: File, id_: str, table: Mapping[str, Any]) -> Draft:
        if not table.get("title"):
            raise file.wrong(f"section “{id_}” needs a title", id_)
        draft = Draft(id_, table["title"], table.get("help", ""))
        places = [place for place, section in enumerate(self.sections) if section.id == table.get("before")]
        if "before" in table and not places:
            raise file.wrong(
                f"section “{id_}” is to stand before “{table['before']}”, which is not there", id_, "before"
            )
        self.sections.insert(places[0] if places else len(self.sections), draft)
        return draft

    def place_after(self, file: File, draft: Draft, id_: str, after: object) -> int:
        for place, question in enumerate(draft.questions):
            if question.id == after:
                return place + 1
        raise file.wrong(f"“{id_}” is to stand after “{after}”, which section “{draft.id}” does not have", id_, "after")

    def put_together(self) -> QuestionSet:
        """The set, with every reference between questions checked. Raises WrongDefinition."""
        sections = tuple(Section(each.id, each.title, each.help, tuple(each.questions)) for each in self.sections)
        try:
            check_references(question for section in sections for question in section.questions)
        except WrongQuestion as wrong:
            raise self.files[wrong.id].wrong(wrong.reason, wrong.id, wrong.key) from None
        return QuestionSet(version_of(sections), sections)


def read_folders(folders: Iterable[Path]) -> QuestionSet:
    """The questions of all *.toml files of these folders, one after the other. Raises WrongDefinition."""
    drafts = Drafts()
    for folder in folders:
        for path in sorted(folder.glob("*.toml"), key=in_order):
            file, table = read_file(path, SHIPPED)
            drafts.add(file, table)
    return drafts.put_together()


def read_table(name: str, table: Mapping[str, Any]) -> QuestionSet:
    """The set of one table, as a file has it; `name` is what refusals call it. Raises WrongDefinition."""
    drafts = Drafts()
    drafts.add(File(name), table)
    return drafts.put_together()


def in_order(path: Path) -> tuple[int, str]:
    return ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem


# --- one question -------------------------------------------------------------------------------------


def question_of(file: File, table: Mapping[str, Any]) -> Question:
    """The question of a table, or the field of a group. Raises WrongDefinition."""
    id_ = id_of(file, table, "question")
    kind = table.get("kind")
    if kind not in KINDS:
        raise file.wrong(f"“{kind}” is no kind of question; the kinds are {', '.join(KINDS)}", id_, "kind")
    if file.group and kind in ("group", "secret", "csv"):
        raise file.wrong(f"a group cannot hold a question of kind {kind}", id_, "kind")
    allowed = COMMON_KEYS | KEYS_OF_KIND[kind] | {"after"}
    allowed -= {"show_when", "required_when", "warn_when", "prefill", "after"} if file.group else set()
    for key in table:
        if key not in allowed:
            raise file.wrong(
                f"“{key}” of “{id_}” is not known for {'a field of ' if file.group else ''}kind {kind}", id_, key
            )
    if "label" not in table:
        raise file.wrong(f"“{id_}” needs a label", id_)
    question = Question(**{key: value_of(file, id_, key, value) for key, value in table.items() if key != "after"})
    if not question.label.strip():
        raise file.wrong(f"“{id_}” needs a label", id_)
    return question


def value_of(file: File, id_: str, key: str, value: Any) -> Any:
    """The value of a key of a question, of the type that it has there."""
    if key in ("show_when", "required_when"):
        return condition_of(file, id_, key, value)
    if key == "choices":
        return tuple(choice_of(file, id_, each) for each in tables_of(file, id_, key, value))
    if key == "warn_when":
        return tuple(caution_of(file, id_, each) for each in tables_of(file, id_, key, value))
    if key == "questions":
        within = replace(file, group=id_)
        return tuple(question_of(within, each) for each in tables_of(file, id_, key, value))
    if key in ("ends_with", "unlike"):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise file.wrong(f"“{key}” of “{id_}” is a list of names", id_, key)
        return tuple(value)
    return plain_value(file, id_, key, value)


def plain_value(file: File, id_: str, key: str, value: Any) -> Any:
    plain(file, id_, key, value, PLAIN[key])
    if key in CLOSED and value not in CLOSED[key]:
        raise file.wrong(f"“{value}” in “{key}” of “{id_}” is none of {', '.join(CLOSED[key])}", id_, key)
    return value


def choice_of(file: File, id_: str, table: Mapping[str, Any]) -> Choice:
    for key, value in table.items():
        if key not in ("value", "label", "help", "show_when", "alone"):
            raise file.wrong(f"a choice of “{id_}” has “{key}”, which no choice has", id_, "choices")
        if key != "show_when" and not isinstance(value, bool if key == "alone" else str):
            kind = "true or false" if key == "alone" else "a text"
            raise file.wrong(f"“{key}” in a choice of “{id_}” is {kind}", id_, "choices")
    if not table.get("value") or not table.get("label"):
        raise file.wrong(f"a choice of “{id_}” needs a value and a label", id_, "choices")
    shown = condition_of(file, id_, "choices", table["show_when"]) if "show_when" in table else None
    return Choice(table["value"], table["label"], table.get("help", ""), shown, table.get("alone", False))


def caution_of(file: File, id_: str, table: Mapping[str, Any]) -> Caution:
    say = table.get("say")
    if not isinstance(say, str) or not say.strip():
        raise file.wrong(f"each “warn_when” of “{id_}” needs a sentence to “say”", id_, "warn_when")
    rest = {key: value for key, value in table.items() if key != "say"}
    return Caution(condition_of(file, id_, "warn_when", rest), say)
