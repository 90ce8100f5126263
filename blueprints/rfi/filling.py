"""An RFI as it is being filled in: what is asked, how each answer stands, and what is in the way of handing in."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from peewee import fn

from blueprints.rfi.answers import Answer, Seen, answers_of, seen_as
from blueprints.rfi.asking import NOTHING, AskedBefore, AskedSection, Situation, ask, prefilled
from blueprints.rfi.checking import Checked, Problem, check, in_shape, is_given
from blueprints.rfi.depending import dependencies
from blueprints.rfi.knowing import addresses_of_contacts, domains_named, lookups_of, taken_domains
from blueprints.web.refusals import NotThere
from data.customers import Customer
from data.definitions import current_sets, from_definition
from data.domains import DomainLookup
from data.kept import Kept
from data.orders import Order, OrderLine
from data.partners import Partner
from data.questions import Question, QuestionSet
from data.rfi import AskedSet, HandedIn, Rfi, RfiFlag


@dataclass(frozen=True)
class Entry:
    """A question that is asked, and how its answer stands.

    `value`: the answer, or what it is prefilled with while `answer` is None. `element`: the id of its element on a
    page, another one when something else is offered. `flag`: a reviewer's remark, and `earlier` what was handed in.
    """

    question: Question
    answer: Answer | None
    value: Any
    checked: Checked
    required: bool
    element: str
    flag: RfiFlag | None = None
    earlier: Any = None

    @cached_property
    def seen(self) -> Seen:
        return seen_as(self.question, self.answer, self.value)

    @property
    def first_field(self) -> str:
        """The id of its first field on a page."""
        parts = self.question.questions
        return f"f-{self.question.id}-{parts[0].id}" if parts else f"f-{self.question.id}"

    @property
    def prefilled(self) -> bool:
        """Whether the value is a proposal that nobody has touched."""
        return self.answer is None and self.value is not None

    @cached_property
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

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        return {entry.question.id: entry for entry in self.entries}

    @cached_property
    def elements(self) -> str:
        return " ".join([entry.element for entry in self.entries])

    @cached_property
    def sums(self) -> str:
        """Its counts, and what stands in the way of handing in."""
        told = [(entry.question.id, problem.sentence) for entry in self.entries for problem in entry.checked.problems]
        return f"{zlib.crc32(repr((self.done, self.total, told)).encode()):x}"

    @property
    def count(self) -> str:
        return f"{self.done} of {self.total}" if self.total else "optional"


@dataclass(frozen=True)
class Ground:
    """What an RFI is put together from. `kept`: all answers, also those to questions that are not asked now;
    `domains`: those whose look-up matters; `earlier`: what was handed in when the open remarks were made; `before`: of
    an RFI that a change order opened.
    """

    rfi: Rfi  # with its customer and partner
    questions: QuestionSet
    kept: Mapping[str, Answer]
    services: frozenset[str]
    domains: tuple[str, ...]
    lookups: Mapping[str, DomainLookup]
    taken: frozenset[str]
    flags: Mapping[str, RfiFlag]
    earlier: Mapping[str, Any]
    before: AskedBefore | None = None
    contacts: frozenset[str] = frozenset()

    @property
    def situation(self) -> Situation:
        customer, before = self.rfi.customer, self.before
        known = {name: value for name, value in before.answers.items() if value not in NOTHING} if before else {}
        return Situation(
            infrastructure=self.rfi.infrastructure or customer.infrastructure,
            services=self.services,
            answers=known | {name: answer.value for name, answer in self.kept.items()},
            customer=customer,
            partner=customer.partner,
            lookups=self.lookups,
            taken=self.taken,
            before=before,
            contacts=self.contacts,
        )


@dataclass(frozen=True)
class Filled:
    """An RFI whole. `situation`: with the answers that count."""

    ground: Ground
    situation: Situation
    sections: tuple[FilledSection, ...]

    @property
    def rfi(self) -> Rfi:
        return self.ground.rfi

    @property
    def customer(self) -> Customer:
        return self.ground.rfi.customer

    @property
    def partner(self) -> Partner:
        return self.ground.rfi.customer.partner

    @property
    def questions(self) -> QuestionSet:
        return self.ground.questions

    @property
    def domains(self) -> tuple[str, ...]:
        return self.ground.domains

    @property
    def kept(self) -> Mapping[str, Answer]:
        return self.ground.kept

    @property
    def entries(self) -> Iterator[Entry]:
        return (entry for section in self.sections for entry in section.entries)

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for section in self.sections:
            found |= section.by_id
        return found

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

    @cached_property
    def age(self) -> int:
        """Grows with everything that is saved."""
        return sum(answer.version for answer in self.kept.values())

    @cached_property
    def shape(self) -> str:
        """What a page says it shows: another one when other questions or choices are asked."""
        shown = [self.questions.version, *[section.elements for section in self.sections]]
        return f"{zlib.crc32(' '.join(shown).encode()):x}"

    @cached_property
    def sums(self) -> str:
        """What a page says it shows around the questions: the counts, and what stands in the way of handing in."""
        return f"{zlib.crc32(' '.join(section.sums for section in self.sections).encode()):x}"

    @property
    def complete(self) -> bool:
        return not any(entry.checked.problems for entry in self.entries)

    def entry(self, question: str) -> Entry:
        """Raises NotThere when it is not asked now."""
        if question not in self.by_id:
            raise NotThere
        return self.by_id[question]

    @property
    def answers(self) -> dict[str, Any]:
        """What is handed in: question id → value, normalised; what is prefilled and untouched among it.

        Also what was answered before and is not asked again, so that a version says all that is known.
        """
        known = self.ground.before.answers if self.ground.before else {}
        return {**known} | {entry.question.id: entry.checked.value for entry in self.entries}


def filled(rfi: Rfi) -> Filled:
    """The RFI as it stands; a constant number of queries. `rfi.customer` and its `partner` may be joined already."""
    return stand(ground_of(rfi))


def ground_of(rfi: Rfi) -> Ground:
    questions, kept = set_of(rfi), answers_of(rfi)
    domains = domains_named(questions, {name: answer.value for name, answer in kept.items()}, rfi.customer)
    lookups, taken = lookups_of(domains), taken_domains(domains, rfi.customer)
    services, contacts = services_of(rfi), addresses_of_contacts(rfi.customer)
    before = known_of(rfi, services)
    return Ground(rfi, questions, kept, services, domains, lookups, taken, *flags_of(rfi), before, contacts)


def stand(ground: Ground, before: Filled | None = None) -> Filled:
    """How all answers stand. `before`: the same but for some answers; what does not depend on those is as it was."""
    asked = ask(ground.questions, ground.situation)
    answers = asked.situation.answers
    said = before.situation.answers if before else {}
    moved = {name for name in {*answers, *said} if answers.get(name) != said.get(name)}
    as_they_were = before.by_id if before else {}
    looks_at = dependencies(ground.questions).looks_at

    def entry(question: Question) -> Entry:
        name = question.id
        was = as_they_were.get(name)
        if was and was.answer is ground.kept.get(name) and looks_at[name].isdisjoint(moved):
            return was
        return entry_of(question, ground, asked.situation)

    sections = tuple(counted(section, tuple(map(entry, section.questions))) for section in asked.sections)
    return Filled(ground, asked.situation, sections)


def entry_of(question: Question, ground: Ground, situation: Situation) -> Entry:
    name, condition = question.id, question.required_when
    value = situation.answers.get(name)
    required = question.required or bool(condition and condition.holds(situation))
    return Entry(
        question,
        ground.kept.get(name),
        value,
        check(question, value, situation),
        required,
        f"q-{name}-{offer_of(question, required, prefilled(question, situation))}",
        ground.flags.get(name),
        ground.earlier.get(name),
    )


def answered(entry: Entry, answer: Answer, situation: Situation) -> Entry:
    """The same question with another answer, which is looked at nowhere else: it is offered as it was."""
    value = situation.answers[entry.question.id]
    checked = check(entry.question, value, situation)
    required, element, flag, earlier = entry.required, entry.element, entry.flag, entry.earlier
    return Entry(entry.question, answer, value, checked, required, element, flag, earlier)


def offer_of(question: Question, required: bool, proposed: Any) -> str:
    """What a question offers, in short."""
    if not question.choices and proposed is None:
        return "required" if required else "optional"
    return f"{zlib.crc32(repr((required, [choice.value for choice in question.choices], proposed)).encode()):x}"


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


def services_of(rfi: Rfi) -> frozenset[str]:
    """The services that it asks for: of its order as changes in effect left it, until one has an RFI of its own."""
    return services_in(lines_of(rfi.id, rfi.order_id, rfi.customer_id))


def services_in(lines: Iterable[OrderLine]) -> frozenset[str]:
    return frozenset(service for line in lines for service in line.services.split(",") if service)


Later, Latest = Rfi.alias(), Order.alias()
in_effect = (Latest.kind == "change") & (Latest.state == "submitted") & Latest.applied_at.is_null(False)
lines_of = Kept(
    lambda rfi, order, customer: OrderLine.select(OrderLine.id, OrderLine.services).where(
        OrderLine.order
        == Latest.select(fn.MAX(Latest.id)).where(
            (Latest.customer == customer)
            & (Latest.id >= order)
            & ((Latest.id == order) | in_effect)
            & ~fn.EXISTS(
                Later.select(Later.id).where(
                    (Later.customer == customer) & (Later.id > rfi) & (Later.order <= Latest.id)
                )
            )
        )
    )
)


def known_of(rfi: Rfi, services: frozenset[str]) -> AskedBefore | None:
    """What was handed in before, for an RFI that a change order opened; None for the others."""
    newest = handed_in_before.first(rfi.id, rfi.customer_id, rfi.order_id)
    if newest is None:
        return None
    had = services_in(lines_before(rfi.order_id))
    return AskedBefore(newest.answers, services - had, again=newest.rfi_id == rfi.id)


handed_in_before = Kept(
    lambda rfi, customer, order: (
        HandedIn.select()
        .join(Rfi)
        .where((Rfi.customer == customer) & (Rfi.id <= rfi))
        .where(fn.EXISTS(Order.select(Order.id).where((Order.id == order) & Order.changes.is_null(False))))
        .order_by(HandedIn.rfi.desc(), HandedIn.number.desc())
        .limit(1)
    )
)
lines_before = Kept(
    lambda order: OrderLine.select(OrderLine.id, OrderLine.services).where(
        OrderLine.order == Order.select(Order.changes).where(Order.id == order)
    )
)


def flags_of(rfi: Rfi) -> tuple[dict[str, RfiFlag], dict[str, Any]]:
    """Open remarks by question, and what was handed in when they were made."""
    if rfi.state != "error":
        return {}, {}
    remarks = RfiFlag.select().where((RfiFlag.rfi == rfi.id) & RfiFlag.settled_at.is_null())
    last = HandedIn.select().where(HandedIn.rfi == rfi.id).order_by(HandedIn.number.desc()).first()
    return {flag.question: flag for flag in remarks}, last.answers if last else {}
