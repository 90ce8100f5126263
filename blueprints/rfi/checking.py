"""Answers: read from a form, checked, written back into fields, and told in lines. Pure; DNS facts are handed in.

Reading never refuses what is wrong, so that everything typed can be kept; checking says what is wrong with it.
The shape of a value by kind: data/questions.py. Names of fields: the question's id; of a group “<id>.<field>”; of a
csv a file field with the id. “<id>.remove” takes away what cannot be emptied in its field: a file, a secret.
A page sends an empty hidden field of the same name before ticks and radio buttons, so that none is an answer too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.rfi.asking import Situation
from blueprints.web.refusals import Refused
from data.questions import SECRET_KEPT, Question

LISTS = ("domains", "ips", "hosts", "forwarding")
MOST_CHARACTERS = {"line": 200, "text": 4_000}


class TooLong(Refused):
    """More than a field may carry; the sentence says how much it may."""


@dataclass(frozen=True)
class Problem:
    """What is wrong in one field; `line` (from 1) where the field has several."""

    field: str
    sentence: str
    line: int | None = None


@dataclass(frozen=True)
class Suggestion:
    """A change that one press makes: the question `question` answered with `value`; `say` is on the button."""

    question: str
    value: str
    say: str


@dataclass(frozen=True)
class Checked:
    """What is to be said of an answer.

    `value`: as it is handed in, normalised where that is possible. `problems` stand in the way of handing in;
    `missing`: the problem is only that something is still to be answered. Warnings and notes stop nobody.
    """

    value: Any
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    missing: bool = False


def brings(question: Question, typed: Mapping[str, list[str]], files: Mapping[str, bytes]) -> bool:
    """Whether a form says anything about the question: an empty file or secret field leaves what is kept."""
    if f"{question.id}.remove" in typed:
        return True
    if question.kind == "csv":
        return bool(files.get(question.id))
    if question.kind == "secret":
        return any(typed.get(question.id, ()))
    return any(name in typed for name in names_of(question))


def names_of(question: Question) -> tuple[str, ...]:
    """The names of a question's fields."""
    return tuple(f"{question.id}.{each.id}" for each in question.questions) or (question.id,)


def read(question: Question, typed: Mapping[str, list[str]], files: Mapping[str, bytes]) -> Any:
    """The value of what was typed. Raises TooLong."""
    if question.kind == "group":
        return {
            each.id: read(each, {each.id: typed.get(f"{question.id}.{each.id}", [])}, {}) for each in question.questions
        }
    values = typed.get(question.id, [])
    if question.kind == "several":
        return [value for value in values if value]
    text = next((value for value in reversed(values) if value), "")
    return text.splitlines() if question.kind in LISTS else text


def check(question: Question, value: Any, situation: Situation) -> Checked:
    """What is wrong, odd or worth knowing. `situation`: with the answers that count (asking.ask)."""
    required = question.required or (question.required_when is not None and question.required_when.holds(situation))
    empty = not any(value.values()) if isinstance(value, Mapping) else not value
    if required and empty:
        return Checked(value, (Problem(question.id, "This is still to be answered."),), missing=True)
    return Checked(value)


def written(question: Question, value: Any) -> dict[str, list[str]]:
    """What the fields show, by their names; a secret and a file show nothing."""
    if question.kind == "group":
        return {
            f"{question.id}.{each.id}": written(each, (value or {}).get(each.id))[each.id]
            for each in question.questions
        }
    if question.kind in ("secret", "csv"):
        return {question.id: []}
    if question.kind in LISTS:
        return {question.id: ["\n".join(value or ())]}
    if question.kind == "several":
        return {question.id: list(value or ())}
    return {question.id: [value or ""]}


def told(question: Question, value: Any) -> tuple[str, ...]:
    """The answer in lines, for the summary, the review and the paper; none for an empty one."""
    if question.kind == "secret":
        return ("Kept, not shown.",) if value else ()
    if not value:
        return ()
    labels = {choice.value: choice.label for choice in question.choices}
    if question.kind == "group":
        return tuple(
            f"{each.label}: {line}" for each in question.questions for line in told(each, (value or {}).get(each.id))
        )
    if isinstance(value, list):
        return tuple(labels.get(line, line) for line in value if line)
    return tuple(labels.get(value, value).splitlines()) if isinstance(value, str) else ()


def faulty_rows(question: Question, value: Any) -> list[list[str]]:
    """The rows of a csv that have something wrong, each with the reason as its last cell; below a heading."""
    return []


def names_to_look_up(question: Question, value: Any) -> tuple[str, ...]:
    """The domains and hosts in an answer about which DNS is to be asked."""
    return ()


def is_kept_secret(value: Any) -> bool:
    return value == SECRET_KEPT
