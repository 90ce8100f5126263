"""An RFI as it is being filled in: everything its page shows, and saving what was typed.

Typing is never refused for being wrong, only for being too long: what is wrong is said beside it, and handing in
refuses it. Each answer has a version: of two people who answer the same question, the later one is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from blueprints.rfi.answers import Seen, Typed, fingerprint, is_same, keep, seen_as, value_of
from blueprints.rfi.asking import INFRASTRUCTURE, AskedSection, Situation, ask
from blueprints.rfi.checking import Checked, Problem, TooLong, check, in_shape, is_given
from blueprints.rfi.knowing import domains_named, lookups_of, taken_domains
from blueprints.web.refusals import NotThere, Refused
from data.customers import Customer
from data.database import locked, transaction
from data.definitions import as_definition, current_sets, from_definition
from data.moments import now
from data.orders import OrderLine
from data.partners import Partner
from data.questions import Question, QuestionSet
from data.rfi import AskedSet, HandedIn, Rfi, RfiAnswer, RfiFlag


class NotOpen(Refused):
    """The RFI takes no answers now."""

    sentence = "This RFI takes no answers now."


class HandedInAlready(NotOpen):
    sentence = "This was handed in meanwhile, so nothing can be changed any more. Your MSP can open it again."


class ProjectClosed(NotOpen):
    sentence = "This project was closed, so nothing can be changed any more. Ask your MSP to start it again."


class SetAside(NotOpen):
    sentence = "These questions are not needed any more: another application is used."


# --- what a page shows ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A question that is asked, and how its answer stands.

    `value`: the answer, or what it is prefilled with while `answer` is None. `flag`: a reviewer's remark, and
    `earlier` what was handed in then.
    """

    question: Question
    answer: RfiAnswer | None
    value: Any
    checked: Checked
    flag: RfiFlag | None = None
    earlier: Any = None

    @property
    def seen(self) -> Seen:
        return seen_as(self.question, self.answer, self.value)

    @property
    def prefilled(self) -> bool:
        """Whether the value is a proposal that nobody has touched."""
        return self.answer is None and self.value is not None

    @property
    def given(self) -> bool:
        return is_given(self.question, in_shape(self.question, self.value))

    @property
    def wrong(self) -> bool:
        return bool(self.checked.problems) and not self.checked.missing


@dataclass(frozen=True)
class FilledSection:
    """A section with its questions. Counted are the questions that must be answered: `done` of `total`."""

    section: AskedSection
    entries: tuple[Entry, ...]
    done: int
    total: int

    @property
    def count(self) -> str:
        return f"{self.done} of {self.total}" if self.total else "optional"


@dataclass(frozen=True)
class Filled:
    """An RFI whole. `situation`: with the answers that count; `domains`: those whose look-up matters."""

    rfi: Rfi
    customer: Customer
    partner: Partner
    questions: QuestionSet
    situation: Situation
    sections: tuple[FilledSection, ...]
    domains: tuple[str, ...]

    @property
    def entries(self) -> Iterator[Entry]:
        return (entry for section in self.sections for entry in section.entries)

    @property
    def done(self) -> int:
        return sum(section.done for section in self.sections)

    @property
    def total(self) -> int:
        return sum(section.total for section in self.sections)

    @property
    def problems(self) -> tuple[tuple[Entry, Problem], ...]:
        """What stands in the way of handing in, in the order of the questions."""
        return tuple((entry, problem) for entry in self.entries for problem in entry.checked.problems)

    @property
    def complete(self) -> bool:
        return not any(entry.checked.problems for entry in self.entries)

    def entry(self, question: str) -> Entry:
        """Raises NotThere when it is not asked now."""
        found = next((entry for entry in self.entries if entry.question.id == question), None)
        if found is None:
            raise NotThere
        return found

    @property
    def answers(self) -> dict[str, Any]:
        """What is handed in: question id → value, normalised; what is prefilled and untouched among it."""
        return {entry.question.id: entry.checked.value for entry in self.entries}


def filled(rfi: Rfi) -> Filled:
    """The RFI as it stands; a constant number of queries. `rfi.customer` and its `partner` may be joined already."""
    customer = rfi.customer
    questions = set_of(rfi)
    answers = answers_of(rfi)
    values = {name: value_of(answer) for name, answer in answers.items()}
    domains = domains_named(questions, values, customer)
    situation = Situation(
        infrastructure=rfi.infrastructure or customer.infrastructure,
        services=services_of(rfi),
        answers=values,
        customer=customer,
        partner=customer.partner,
        lookups=lookups_of(domains),
        taken=taken_domains(domains, customer),
    )
    asked = ask(questions, situation)
    flags, earlier = flags_of(rfi)

    def entry(question: Question) -> Entry:
        value = asked.situation.answers.get(question.id)
        checked = check(question, value, asked.situation)
        name = question.id
        return Entry(question, answers.get(name), value, checked, flags.get(name), earlier.get(name))

    sections = tuple(counted(section, tuple(map(entry, section.questions))) for section in asked.sections)
    return Filled(rfi, customer, customer.partner, questions, asked.situation, sections, domains)


def counted(section: AskedSection, entries: tuple[Entry, ...]) -> FilledSection:
    """Counted are answers that are there and right, and those that stand in the way of handing in."""
    open_ones = sum(1 for entry in entries if entry.checked.problems)
    done = sum(1 for entry in entries if entry.given and not entry.checked.problems)
    return FilledSection(section, entries, done, done + open_ones)


def set_of(rfi: Rfi) -> QuestionSet:
    """The questions it was asked with; before the first answer, those of the day."""
    today = current_sets()
    version = rfi.set_version_id
    return today if version in (None, today.version) else set_of_version(version)


@lru_cache(maxsize=32)
def set_of_version(version: str) -> QuestionSet:
    """An earlier set. What was kept never changes, so it is read once."""
    return from_definition(AskedSet.get_by_id(version).definition)


def answers_of(rfi: Rfi) -> dict[str, RfiAnswer]:
    return {answer.question: answer for answer in RfiAnswer.select().where(RfiAnswer.rfi == rfi.id)}


def services_of(rfi: Rfi) -> frozenset[str]:
    """The services of the order that it asks for."""
    rows = OrderLine.select(OrderLine.services).where(OrderLine.order == rfi.order_id).tuples()
    return frozenset(service for (services,) in rows for service in services.split(",") if service)


def flags_of(rfi: Rfi) -> tuple[dict[str, RfiFlag], dict[str, Any]]:
    """Open remarks by question, and what was handed in when they were made."""
    if rfi.state != "error":
        return {}, {}
    remarks = RfiFlag.select().where((RfiFlag.rfi == rfi.id) & RfiFlag.settled_at.is_null())
    last = HandedIn.select().where(HandedIn.rfi == rfi.id).order_by(HandedIn.number.desc()).first()
    return {flag.question: flag for flag in remarks}, last.answers if last else {}


# --- saving --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conflict:
    """Somebody answered the question meanwhile: `mine` is what was typed, `theirs` what is kept."""

    question: Question
    mine: Any
    theirs: RfiAnswer


@dataclass
class Saved:
    """What became of a form, by question: changed, said otherwise by somebody else meanwhile, or refused.

    `rfi`: as it is after that.
    """

    rfi: Rfi
    changed: list[str] = field(default_factory=list)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether everything that was typed is kept."""
        return not self.conflicts and not self.refused


def save_answers(who: Any, found: Rfi, typed: Typed) -> Saved:
    """Keep what was typed that differs from what its page showed; each question stands for itself.

    `who`: a Standing or a LinkHolder; `found`: the RFI with its customer. Raises NotOpen and its kinds.
    """
    with transaction():
        rfi = held(found)
        saved = Saved(rfi)
        questions, kept = set_of(rfi), answers_of(rfi)
        for name in typed.questions():
            question = questions.by_id.get(name)
            if question is not None and typed.brings(question):
                save_answer(who, rfi, question, kept.get(name), typed, saved)
        if saved.changed:
            remember(rfi, questions)
    return saved


def held(found: Rfi) -> Rfi:
    """The RFI as it is now, until the transaction ends. Raises NotThere, and NotOpen where it takes no answers."""
    rfi: Rfi | None = locked(Rfi.select().where(Rfi.id == found.id)).first()
    if rfi is None:
        raise NotThere
    if refusal := why_not_open(rfi):
        raise refusal
    rfi.customer = found.customer
    return rfi


def why_not_open(rfi: Rfi) -> NotOpen | None:
    if rfi.closed_at:
        return ProjectClosed()
    if rfi.state == "complete":
        return HandedInAlready()
    return SetAside() if rfi.state == "not_applicable" else None


def save_answer(who: Any, rfi: Rfi, question: Question, kept: RfiAnswer | None, typed: Typed, saved: Saved) -> None:
    seen, name = typed.seen(question.id), question.id
    try:
        value = typed.value(question)
    except TooLong as refusal:
        saved.refused[name] = refusal.sentence
        return
    if untouched(question, kept, value, seen, typed):
        return
    version = kept.version if kept else 0
    if kept and version not in (seen.version, typed.over(name)):
        saved.conflicts[name] = Conflict(question, value, kept)
        return
    answer = keep(who, rfi, rfi.customer, question, kept, value)
    saved.changed.append(name)
    if name == INFRASTRUCTURE:
        rfi.infrastructure = str(answer.value or "")


def untouched(question: Question, kept: RfiAnswer | None, value: Any, seen: Seen, typed: Typed) -> bool:
    """Whether the field says what the page showed in it, or what is kept anyway."""
    if kept and is_same(question, kept, value):
        return True
    if typed.over(question.id) is not None:
        return False
    if question.kind in ("secret", "csv"):
        return not (kept or value)
    return fingerprint(value) == seen.mark


def remember(rfi: Rfi, questions: QuestionSet) -> None:
    """From its first answer on, an RFI is asked with the same questions."""
    if rfi.set_version_id is None:
        kept = {"version": questions.version, "definition": as_definition(questions), "kept_at": now()}
        AskedSet.insert(**kept).on_conflict_ignore().execute()
        rfi.set_version = questions.version
    rfi.save()
