"""What a plan may be: the closed vocabulary of the plan files, as frozen dataclasses; and the plans of the day.

A template says for whom it is (`select_when`), and which steps it has for whom (`show_when`). What files say is read
by `data/plan_files.py`; which steps one customer gets is decided by `blueprints/plans/making.py`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from data.conditions import Condition, condition_table
from data.questions import QuestionSet

SHIPPED = Path(__file__).parent / "plans"
BASES = ("cutover", "order")  # what dates are counted from
# Kinds of checks → their parameters: ids of questions of the RFI whose answers say what is looked at. The needed first,
# then those that may be left out.
CHECKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "token": (("domains",), ()),
    "mx": (("domains",), ("without",)),
    "spf": (("domains",), ()),
    "dkim": (("domains",), ()),
    "dmarc": (("domains",), ()),
    "autodiscover": (("domains",), ()),
    "smtp": (("hosts",), ("domains", "recipients")),
    "smtp_closed": (("hosts",), ()),
    "recipients": (("domains",), ("hosts", "recipients")),
    "imap": (("host",), ("port", "security", "login", "admin", "admin_form", "password", "mailboxes")),
    "ldap": (("host",), ("port", "security", "base_dn", "user", "password")),
}
# What a step is for, where pages or rules treat it differently from a plain “done”.
DOES = {
    "order": "done when the plan is made: the order is there",
    "rfi": "done when the plan is made: the RFI was handed in",
    "cutover_date": "the date of the cutover is given here",
    "confirm": "somebody says that something is right",
    "mark_ready": "somebody says that people are ready",
    "mailboxes": "the mailboxes that move are listed and tested here",
    "sign_off": "done when both sides have signed off; the last step of its plan",
}


@dataclass(frozen=True)
class When:
    """So many hours after (before, if negative) the cutover or the order."""

    base: str
    hours: int

    def moment(self, bases: Mapping[str, datetime | None]) -> datetime | None:
        """None while the date that it is counted from is not known."""
        start = bases.get(self.base)
        return start + timedelta(hours=self.hours) if start else None

    def __str__(self) -> str:
        return f"{self.base} {self.hours:+}h" if self.hours else self.base


@dataclass(frozen=True)
class Check:
    """What the portal can look at by itself. `answers`: parameter → ids of the questions whose answers say where."""

    kind: str
    answers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    watch: bool = False  # daily after the step is done

    def questions(self, parameter: str) -> tuple[str, ...]:
        return dict(self.answers).get(parameter, ())


@dataclass(frozen=True)
class Step:
    """One step. `after`: ids of the steps that must be settled before; `hours_after`: (id, hours): not before so many
    hours have passed since that one was done; `waits_hours`: so long it waits from its start on.
    """

    id: str
    title: str
    owner: str
    help: str = ""
    link: str = ""  # where more is said
    optional: bool = False
    show_when: Condition | None = None
    after: tuple[str, ...] = ()
    hours_after: tuple[tuple[str, int], ...] = ()
    waits_hours: int = 0
    earliest: When | None = None
    latest: When | None = None
    check: Check | None = None
    does: str = ""  # one of DOES


@dataclass(frozen=True)
class Phase:
    id: str
    title: str
    help: str = ""
    before: str = ""  # stands before the phase with this id, where there is such
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Template:
    """One plan whole, as files say it. `otherwise`: for orders that no plan is selected for."""

    id: str
    title: str
    select_when: Condition | None = None
    otherwise: bool = False
    phases: tuple[Phase, ...] = ()

    def __iter__(self) -> Iterator[Step]:
        return (step for phase in self.phases for step in phase.steps)

    @cached_property
    def by_id(self) -> dict[str, Step]:
        return {step.id: step for step in self}

    @cached_property
    def version(self) -> str:
        """SHA-256 of the definition, hexadecimal."""
        text = json.dumps(as_definition(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_templates(questions: QuestionSet, *folders: Path) -> tuple[Template, ...]:
    """The plans of all *.toml files of these folders; what they ask of an RFI must be among the questions.

    Raises WrongDefinition (data/definitions.py).
    """
    from data.plan_files import read_folders  # noqa: PLC0415 - only who reads files needs it, once

    return read_folders(folders, questions)


# --- the definition that is kept with a plan ------------------------------------------------------------


def as_definition(template: Template) -> dict[str, Any]:
    """The plan in the words of the files, ready for JSON; `from_definition` reads it back."""
    table = table_of(template)
    return {"plan" if key == "id" else key: value for key, value in table.items()}


def from_definition(definition: Mapping[str, Any]) -> Template:
    """The template that `as_definition` wrote. Raises WrongDefinition."""
    from data.plan_files import read_table  # noqa: PLC0415 - see above

    return read_table("what was kept", definition)


def table_of(thing: Any) -> dict[str, Any]:
    """A template, phase or step as a file has it: only what differs from what it is anyway."""
    told = ((item.name, getattr(thing, item.name), item.default) for item in fields(thing))
    return {name: in_table(name, value) for name, value, default in told if value != default}


def in_table(name: str, value: Any) -> Any:
    if isinstance(value, Condition):
        return condition_table(value)
    if isinstance(value, When):
        return str(value)
    if isinstance(value, Check):
        answers = {parameter: list(ids) for parameter, ids in value.answers}
        return {"kind": value.kind, **answers} | ({"watch": True} if value.watch else {})
    if name == "hours_after":
        return dict(value)
    if isinstance(value, tuple):
        return [each if isinstance(each, str) else table_of(each) for each in value]
    return value


# --- the plans of the day -------------------------------------------------------------------------------

kept: tuple[Template, ...] = ()


def open_plans(instance: Path, questions: QuestionSet) -> tuple[Template, ...]:
    """Once, at the start: the plans that ship, and those of the instance folder. Raises WrongDefinition."""
    return plan_by(read_templates(questions, SHIPPED, instance / "plans"))


def plan_by(templates: Iterable[Template]) -> tuple[Template, ...]:
    """From now on these are what new plans are made of."""
    global kept  # noqa: PLW0603 - one set for the whole process, replaced as one
    kept = tuple(templates)
    return kept


def current_templates() -> tuple[Template, ...]:
    """The plans of the day, as they were read at the start."""
    from data.definitions import current_sets  # noqa: PLC0415 - only before any start, in tests and commands

    return kept or plan_by(read_templates(current_sets(), SHIPPED))
