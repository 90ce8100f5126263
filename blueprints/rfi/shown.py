"""A question of an RFI as it is drawn: its fields, what is said beside them, and where the answer comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from blueprints.rfi.answers import Typed
from blueprints.rfi.checking import names_to_look_up, told, written
from blueprints.rfi.doors import Door
from blueprints.rfi.filling import Entry, Filled
from blueprints.rfi.findings import Problem, Suggestion
from blueprints.rfi.knowing import TRIES
from blueprints.rfi.saving import Conflict
from data import formats
from data.moments import today
from data.questions import Choice, Question

TYPED = "input changed delay:800ms, change changed, again"
CHOSEN = "change, again"
# Kinds whose field is a plain input: its type, and the keyboard that a phone shows for it.
INPUTS = {
    "line": ("text", ""),
    "email": ("text", "email"),
    "phone": ("tel", ""),
    "number": ("text", "numeric"),
    "host": ("text", "url"),
    "date": ("date", ""),
    "date_time": ("datetime-local", ""),
    "secret": ("password", ""),
    "csv": ("file", ""),
}
MOST_RADIOS = 8
MOST_SAID = 5  # sentences about what is wrong in one field
YES_NO = (Choice("yes", "Yes"), Choice("no", "No"))
NO_ANSWER = Choice("", "No answer")
FROM = {
    "partner": "From the defaults of {partner}.",
    "customer": "From the record.",
    "mx": "From DNS.",
    "ns": "From DNS.",
}


@dataclass(frozen=True)
class Field:
    """One field: of a question, or a part of a group. `of`: its name as ids carry it."""

    question: Question
    name: str
    values: tuple[str, ...]
    wrong: bool
    parted: bool = False

    @cached_property
    def of(self) -> str:
        return self.name.replace(".", "-")

    @cached_property
    def field(self) -> str:
        return f"f-{self.of}"

    @property
    def kind(self) -> str:
        return self.question.kind

    @property
    def label(self) -> str:
        return self.question.label

    @property
    def unit(self) -> str:
        return self.question.unit

    @property
    def required(self) -> bool:
        return self.question.required

    @cached_property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @cached_property
    def control(self) -> str:
        if self.kind in INPUTS:
            return INPUTS[self.kind][0]
        if self.kind == "several":
            return "ticks"
        if self.kind in ("choice", "yes_no"):
            return "radios" if len(self.question.choices) <= MOST_RADIOS else "select"
        return "lines"

    @property
    def inputmode(self) -> str:
        return INPUTS[self.kind][1]

    @property
    def rows(self) -> int:
        return min(max(self.value.count("\n") + 2, 3), 12)

    @property
    def choices(self) -> tuple[Choice, ...]:
        choices = YES_NO if self.kind == "yes_no" else self.question.choices
        return choices if self.required or self.kind == "several" else (*choices, NO_ANSWER)

    @cached_property
    def hint(self) -> str:
        example = self.question.example
        shown = "" if not example or self.choices_shown else f"For example: {', '.join(example.splitlines())}"
        return " ".join(filter(None, (self.question.help, shown)))

    @property
    def choices_shown(self) -> bool:
        return self.kind in ("choice", "several", "yes_no", "csv", "secret")

    @cached_property
    def described(self) -> str:
        told_by = f"told-{self.name.partition('.')[0]}"
        return f"hint-{self.of} {told_by}" if self.hint else told_by


@dataclass(frozen=True)
class Why:
    """What is wrong in the field `of`; the first sentences, if there are many."""

    of: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Theirs:
    """What somebody else answered meanwhile, beside what was typed."""

    who: str
    at: str
    told: tuple[str, ...]
    mine: tuple[str, ...]
    seen: str


@dataclass(frozen=True)
class File:
    told: tuple[str, ...]
    faulty: bool


@dataclass(frozen=True)
class Shown:
    """A question as it is drawn; `main` is its field, or what its parts stand in."""

    entry: Entry
    filled: Filled
    door: Door
    asking: bool = False  # also what is only missing is said to be wrong
    sent: Typed | None = None  # the form that was just sent
    typed: Typed | None = None  # what stands in the fields instead of what is kept
    conflict: Conflict | None = None
    refused: str = ""
    tries: int = 1  # how often the page asked for look-ups

    @cached_property
    def fields(self) -> Mapping[str, list[str]]:
        if self.typed is not None:
            return self.typed.fields
        return written(self.question, self.entry.value)

    @cached_property
    def main(self) -> Field:
        wrong = any(why.of == self.id for why in self.whys)
        question = self.question
        if self.entry.required != question.required:
            question = replace(question, required=True)
        return Field(question, self.id, tuple(self.fields.get(self.id, ())), wrong)

    @property
    def parts(self) -> Iterator[Field]:
        """The fields of a group."""
        wrong = {why.of for why in self.whys}
        for part in self.question.questions:
            name = f"{self.id}.{part.id}"
            yield Field(part, name, tuple(self.fields.get(name, ())), name.replace(".", "-") in wrong, parted=True)

    @property
    def question(self) -> Question:
        return self.entry.question

    @property
    def id(self) -> str:
        return self.entry.question.id

    @property
    def element(self) -> str:
        return self.entry.element

    @property
    def kind(self) -> str:
        return self.entry.question.kind

    @property
    def drawn_anew(self) -> bool:
        """Whether its field changes by saving: a secret and a file leave it empty, a press elsewhere fills it."""
        return self.kind in ("secret", "csv") or bool(self.sent and self.sent.uses(self.id))

    @property
    def is_plain(self) -> bool:
        """Whether nothing is to be said but that the answer stands."""
        checked = self.entry.checked
        if checked.problems or checked.notes or checked.warnings or checked.suggestion:
            return False
        special = self.conflict or self.refused or self.kind in ("secret", "csv")
        return not special and not self.awaited and bool(self.stands)

    @property
    def trigger(self) -> str:
        return TYPED if self.kind not in ("choice", "several", "yes_no", "secret", "csv") else CHOSEN

    @property
    def seen(self) -> str:
        if self.typed is not None:
            return str(self.typed.seen(self.id))
        return str(self.entry.seen)

    @cached_property
    def whys(self) -> tuple[Why, ...]:
        if self.refused:
            return (Why(self.id, (self.refused,)),)
        if self.entry.checked.missing and not self.asking:
            return ()
        said: dict[str, list[str]] = {}
        for problem in self.entry.checked.problems:
            if self.asking or not self.is_to_come(problem.field):
                said.setdefault(problem.field.replace(".", "-"), []).append(self.sentence(problem))
        return tuple(Why(of, shortened(sentences)) for of, sentences in said.items())

    def is_to_come(self, field: str) -> bool:
        """Whether a problem is only that a part of a group is still empty, while others are typed."""
        part = field.partition(".")[2]
        return bool(part) and not (self.entry.value or {}).get(part)

    def sentence(self, problem: Problem) -> str:
        part = next((part for part in self.question.questions if problem.field == f"{self.id}.{part.id}"), None)
        line = f"line {problem.line}" if problem.line else ""
        place = ", ".join(filter(None, (part.label if part else "", line)))
        return f"{place[:1].upper()}{place[1:]}: {problem.sentence}" if place else problem.sentence

    @property
    def flag(self) -> Any:
        return self.entry.flag

    @property
    def earlier(self) -> tuple[str, ...]:
        return told(self.question, self.entry.earlier) if self.entry.flag else ()

    @property
    def theirs(self) -> Theirs | None:
        if self.conflict is None:
            return None
        answer, mine = self.conflict.theirs, told(self.question, self.conflict.mine)
        at = on_clock(answer.changed_at, self.door.timezone)
        return Theirs(answer.changed_by_name, at, told(self.question, self.entry.value), mine, str(self.entry.seen))

    @property
    def file(self) -> File | None:
        if self.kind != "csv" or not self.entry.given:
            return None
        return File(told(self.question, self.entry.value), faulty=self.entry.wrong)

    @property
    def removable(self) -> bool:
        return self.kind in ("csv", "secret") and self.entry.given

    @cached_property
    def awaited(self) -> bool:
        """Whether a domain in the answer is still to be looked up."""
        known = self.filled.situation.lookups
        return any(name not in known for name in names_to_look_up(self.question, self.entry.value))

    @property
    def again(self) -> int:
        """The number of the page's next question for a look-up; 0: it does not ask again."""
        return self.tries + 1 if self.awaited and self.tries <= TRIES else 0

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.awaited:
            return self.entry.checked.notes
        return (*self.entry.checked.notes, "Looking it up." if self.again else "Could not look it up: no answer came.")

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.entry.checked.warnings

    @property
    def suggestion(self) -> Suggestion | None:
        return self.entry.checked.suggestion

    @cached_property
    def stands(self) -> str:
        """Where the answer comes from."""
        answer = self.entry.answer
        if self.conflict or self.refused:
            return ""
        if answer is None:
            told_from = FROM.get(self.question.prefill.partition(".")[0], "")
            return told_from.format(partner=self.filled.partner.name) if self.entry.prefilled else ""
        by = "" if answer.is_by(self.door.who) else f" by {answer.changed_by_name}"
        return f"saved {on_clock(answer.changed_at, self.door.timezone)}{by}"


def shortened(sentences: list[str]) -> tuple[str, ...]:
    more = len(sentences) - MOST_SAID
    return (*sentences[:MOST_SAID], f"And {more} more.") if more > 0 else tuple(sentences)


def on_clock(at: datetime, zone: str) -> str:
    """“14:02” today, with its day before."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%H:%M}" if there.date() == today(zone) else f"{formats.day(there.date())}, {there:%H:%M}"
