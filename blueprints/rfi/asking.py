"""Which questions are asked just now: the set, narrowed by infrastructure, services and earlier answers. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from blueprints.customers.domains import WrongDomain, as_domain, shown_domain
from data.customers import Customer
from data.mail_services import MailService, service_at
from data.partners import Partner
from data.questions import Choice, Question, QuestionSet

MOST_PREFILLED = 10
INFRASTRUCTURE = "infrastructure"  # the question whose answer decides which others are asked
MAIL_DOMAINS = "mail_domains"


class Lookup(Protocol):
    """What the domain name system said of a domain: data.domains.DomainLookup, or what looks like it."""

    @property
    def outcome(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class AskedBefore:
    """What a customer answered before a change order added services, so that it is not asked again.

    `answers`: question id → value as handed in; `added`: the services that are new; `again`: the new answers are among
    these, and are looked over as a whole.
    """

    answers: Mapping[str, Any]
    added: frozenset[str]
    again: bool = False

    def settles(self, question: Question, situation: "Situation") -> bool:
        """Whether the question stays answered. A day to come and a confirmation are asked for each order anew."""
        if self.again or question.id not in self.answers:
            return False
        if is_of_each_order(question):
            alone = replace(situation, services=self.added)
            return question.show_when is not None and not question.show_when.holds(alone)
        condition = question.required_when
        required = question.required or (condition is not None and condition.holds(situation))
        return not required or self.answers[question.id] not in NOTHING


NOTHING: tuple[Any, ...] = (None, "", [], {})  # what an answer says that says nothing


def is_of_each_order(question: Question) -> bool:
    return question.future or bool(question.unless_yes)


@dataclass(frozen=True)
class Situation:
    """All that questions and checks depend on.

    `infrastructure`: of the record, until the question of that name is answered. `answers`: question id → value as
    it stands (data/questions.py), of whatever questions; `lookups`: domain in
    A-labels → what DNS said, as far as it was asked; `taken`: those of its domains that another live customer has;
    `contacts`: addresses of the contacts on the customer's record, in small letters; `before`: what is not asked again.
    """

    infrastructure: str
    services: frozenset[str]
    answers: Mapping[str, Any]
    customer: Customer
    partner: Partner
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    before: AskedBefore | None = None


@dataclass(frozen=True)
class AskedSection:
    """A section with the questions that are asked now; their `choices` are those that can be chosen now."""

    id: str
    title: str
    help: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Asked:
    """What is asked, and the situation with only the answers that count: those to questions that are asked.

    Answers that nobody has given yet stand there as they are prefilled.
    """

    sections: tuple[AskedSection, ...]
    situation: Situation

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for section in self.sections for question in section.questions)


def asked(questions: QuestionSet, situation: Situation) -> tuple[AskedSection, ...]:
    """The sections and questions that are asked now, in their order; sections without any are left out."""
    return ask(questions, situation).sections


def ask(questions: QuestionSet, situation: Situation) -> Asked:
    """As `asked`, with the answers that count; give that situation to `checking.check`."""
    counted: dict[str, Any] = {}
    narrowed = replace(situation, answers=counted)
    sections = []
    for section in questions.sections:
        shown = []
        for question in section.questions:
            if question.show_when is None or question.show_when.holds(narrowed):
                if situation.before is None or not situation.before.settles(question, narrowed):
                    shown.append(with_choices(question, narrowed))
                counted[question.id] = counted_answer(question, situation.answers, narrowed)
                if question.id == INFRASTRUCTURE:
                    narrowed = replace(narrowed, infrastructure=str(counted[question.id] or ""))
        if shown:
            sections.append(AskedSection(section.id, section.title, section.help, tuple(shown)))
    return Asked(tuple(sections), narrowed)


def counted_answer(question: Question, answers: Mapping[str, Any], situation: Situation) -> Any:
    return answers[question.id] if question.id in answers else prefilled(question, situation)


def with_choices(question: Question, situation: Situation) -> Question:
    """The question with the choices that can be chosen now."""
    if question.choices_from:
        domains = domains_in(situation.answers.get(question.choices_from))
        return replace(question, choices=tuple(Choice(domain, shown_domain(domain)) for domain in domains))
    if any(choice.show_when for choice in question.choices):
        shown = (choice for choice in question.choices if not choice.show_when or choice.show_when.holds(situation))
        return replace(question, choices=tuple(shown))
    return question


def domains_in(value: Any) -> tuple[str, ...]:
    """The domains among the lines of an answer, in A-labels, each once; what is none is left out."""
    found = []
    for line in value if isinstance(value, list) else ():
        try:
            found.append(as_domain(str(line or "")))
        except WrongDomain:
            continue
    return tuple(dict.fromkeys(found))


# --- prefilled from what is known ----------------------------------------------------------------------


def prefilled(question: Question, situation: Situation) -> Any | None:
    """The answer that is proposed before somebody gives one, in the shape of the question's kind; None without."""
    if not question.prefill:
        return None
    found = [each for each in PREFILLED[question.prefill](situation) if is_below(each, question.ends_with)]
    if not found:
        return None
    lists = question.kind in ("several", "domains", "ips", "hosts", "forwarding")
    return list(found) if lists else found[0]


def is_below(host: str, ends: tuple[str, ...]) -> bool:
    """Whether a host is one of these names or below one; any is, when there are none."""
    return not ends or any(host == end or host.endswith(f".{end}") for end in ends)


def mail_domains(situation: Situation) -> tuple[str, ...]:
    return domains_in(situation.answers.get(MAIL_DOMAINS)) or (situation.customer.primary_domain,)


def facts_of_domains(situation: Situation, kind: str) -> tuple[str, ...]:
    """What DNS said about the mail domains, of one kind of fact, each once."""
    lookups = (situation.lookups.get(domain) for domain in mail_domains(situation))
    found = (name for lookup in lookups if lookup for name in lookup.facts.get(kind, ()) if name != ".")
    return tuple(dict.fromkeys(found))[:MOST_PREFILLED]


def services_of_domains(situation: Situation) -> tuple[MailService, ...]:
    """The mail services that the mail domains' hosts look like, each once."""
    services = (service_at(host) for host in facts_of_domains(situation, "mail"))
    return tuple(dict.fromkeys(service for service in services if service))


def lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line)


PREFILLED: dict[str, Callable[[Situation], tuple[str, ...]]] = {
    "customer.name": lambda situation: lines(situation.customer.name),
    "customer.primary_domain": lambda situation: lines(situation.customer.primary_domain),
    "customer.infrastructure": lambda situation: lines(situation.customer.infrastructure),
    "customer.permitted_users": lambda situation: (
        (str(situation.customer.permitted_users),) if situation.customer.permitted_users else ()
    ),
    "partner.outbound_ips": lambda situation: lines(situation.partner.outbound_ips),
    "partner.inbound_ips": lambda situation: lines(situation.partner.inbound_ips),
    "partner.smart_host": lambda situation: lines(situation.partner.smart_host),
    "mx.hosts": lambda situation: facts_of_domains(situation, "mail"),
    "mx.filter": lambda situation: tuple(
        service.name for service in services_of_domains(situation) if not service.infrastructure
    ),
    "ns.hosts": lambda situation: facts_of_domains(situation, "name_servers"),
}
