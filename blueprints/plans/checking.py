"""Asking for the check of a step, and what it is told about: the customer, the step, the answers of the RFI.

Looking at the world is a worker's (jobs.py). Each check keeps its row in plan_check, due until then; there is one at a
time for each step, and of one customer's one runs at a time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from time import monotonic
from typing import Any

from blueprints.customers.domains import WrongDomain, as_domain
from blueprints.customers.sealing import unseal
from blueprints.gateways.bounds import Bounds, installed
from blueprints.plans.acts import THEIRS, is_watched
from blueprints.plans.held import HeldStep, NotTheirs, PlanOver, hold_watched
from blueprints.plans.making import template_of
from blueprints.plans.working import Dropped
from blueprints.web.refusals import NotThere, Refused
from data.customers import Customer
from data.database import transaction
from data.moments import now
from data.partners import Partner
from data.plan_definitions import Check, Step
from data.plans import Plan, PlanCheck, PlanStep
from data.rfi import HandedIn, Rfi, RfiAnswer

PAUSE = timedelta(seconds=15)  # between two looks that people ask for


class NothingToCheck(Refused):
    sentence = "There is nothing about this step that the portal could look at."


class UnderWay(Refused):
    sentence = "This step is being checked already. The answer will stand here in a moment."


class NotNeeded(Refused):
    sentence = "This step is not applicable, so there is nothing to check."


class TooSoon(Refused):
    """`seconds`: after which it can be asked for again."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"This step was checked just now. Check it again in {seconds} seconds.")


# --- asking -------------------------------------------------------------------------------------------


def ask(who: Any, customer_id: int, step_id: int) -> PlanCheck:
    """Somebody wants a step checked now: its row, due. The caller nudges the worker (jobs.nudge).

    `who` is a Standing or a LinkHolder. Also of locked and done steps: looking changes nothing that is too early; of an
    earlier plan those that are watched, by the MSP.
    Raises NotThere, MayNot, PlanOver, NotReady, NotTheirs, Dropped, NothingToCheck, NotNeeded, UnderWay, TooSoon.
    """
    with transaction():
        step = hold_watched(who, customer_id, step_id)
        if step.of.by_link and not step.of.newest:
            raise NotThere
        if step.of.by_link and step.row.owner not in THEIRS:
            raise NotTheirs
        if not step.of.newest and not is_watched(step.row, step.told):
            raise PlanOver
        refuse_unasked(step)
        refuse_too_soon(step)
        check = put_due(step, who)
        step.of.tell("plan.check_asked", step=step.row.title)
    return check


def refuse_unasked(step: HeldStep) -> None:
    """Raise what keeps a check from being asked for, whoever asks."""
    if step.row.dropped_at is not None:
        raise Dropped
    if step.told.check is None:
        raise NothingToCheck
    if step.row.state == "not_applicable":
        raise NotNeeded
    if PlanCheck.select().where((PlanCheck.step == step.row) & (PlanCheck.state != "done")).exists():
        raise UnderWay


def refuse_too_soon(step: HeldStep) -> None:
    answered = step.evidence.answered_at if step.evidence else None
    passed = now() - answered if answered else PAUSE
    if passed < PAUSE:
        raise TooSoon(max(int((PAUSE - passed).total_seconds()), 1))


def put_due(step: HeldStep, who: Any, *, watch: bool = False, tries: int = 0) -> PlanCheck:
    """The row itself; what was to be asked again before is not, then. Call inside the transaction that holds the step.

    `who` has .id and .name; `tries`: how often it was begun without an answer before.
    """
    assert step.told.check is not None
    PlanCheck.update(again_at=None).where((PlanCheck.step == step.row) & PlanCheck.again_at.is_null(False)).execute()
    written: PlanCheck = PlanCheck.create(
        step=step.row,
        kind=step.told.check.kind,
        not_before=now(),
        tries=tries,
        watch=watch,
        asked_by_id=who.id,
        asked_by_name=who.name,
    )
    return written


# --- what a check is told -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """All that a look at the world needs, read beforehand: while it looks the database is closed.

    `told`: the step as its template has it; `answers`: question id → answer of the newest RFI that was handed in;
    `sealed`: question id → secret, still sealed; `contacts`: email addresses of people at the customer; `expected`:
    what records of this customer should be where that is not what the MSP says.
    """

    customer: Customer
    partner: Partner
    plan: Plan
    step: PlanStep
    told: Step
    answers: Mapping[str, Any]
    sealed: Mapping[str, str] = field(default_factory=dict, repr=False)
    contacts: tuple[str, ...] = ()
    expected: Mapping[str, Any] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=installed)
    begun: float = field(default_factory=monotonic)

    @property
    def check(self) -> Check:
        assert self.told.check is not None
        return self.told.check

    def answer(self, parameter: str) -> Any:
        """The first answer that was given to the questions that the step names for a parameter; None without one."""
        given = (self.answers.get(question) for question in self.check.questions(parameter))
        return next((each for each in given if each not in (None, "", [], {})), None)

    def text(self, parameter: str) -> str:
        """The same where it is a text; "" otherwise."""
        answer = self.answer(parameter)
        return answer.strip() if isinstance(answer, str) else ""

    def texts(self, parameter: str) -> tuple[str, ...]:
        """The texts of all answers to those questions, each once: domains, hosts."""
        found: list[Any] = []
        for question in self.check.questions(parameter):
            found += as_list(self.answers.get(question))
        return tuple(dict.fromkeys(each.strip() for each in found if isinstance(each, str) and each.strip()))

    def secret(self, parameter: str) -> str:
        """A secret, opened; "" where there is none (any more). Raises Unreadable."""
        sealed = (self.sealed.get(question, "") for question in self.check.questions(parameter))
        return next((unseal(each) for each in sealed if each), "")

    @property
    def seconds_left(self) -> float:
        return max(self.bounds.limits.whole - (monotonic() - self.begun), 0.0)

    @property
    def bounds_left(self) -> Bounds:
        """The bounds with the time that this check has left, for one more conversation."""
        limits = replace(self.bounds.limits, whole=self.seconds_left)
        return replace(self.bounds, limits=limits)

    @cached_property
    def domains(self) -> tuple[str, ...]:
        return domains_of(self.check, self.answers, self.customer)


def domains_of(check: Check, answers: Mapping[str, Any], customer: Customer) -> tuple[str, ...]:
    """The domains that a check looks at, in A-labels; where nobody was asked, the one of the customer."""

    def named(parameter: str) -> Iterator[str]:
        for question in check.questions(parameter):
            answer = answers.get(question)
            yield from (a_label(each) for each in as_list(answer) if isinstance(each, str))

    found = [each for each in named("domains") if each]
    without = set(named("without"))
    return tuple(dict.fromkeys(each for each in found if each not in without)) if found else (customer.primary_domain,)


def as_list(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]


def a_label(domain: str) -> str:
    """A domain as it is looked up; "" for what is none."""
    try:
        return as_domain(domain)
    except WrongDomain:
        return ""


def subject_of(check: PlanCheck) -> Subject:
    """What a check is to be told. Raises NotReady, KeyError for a step whose template has no check."""
    step: PlanStep = check.step
    plan: Plan = step.plan
    customer: Customer = plan.customer
    told = template_of(plan).by_id[step.key]
    return Subject(
        customer=customer,
        partner=customer.partner,
        plan=plan,
        step=step,
        told=told,
        answers=answers_of(customer.id),
        sealed=secrets_of(customer.id, told),
        contacts=tuple(contact.email for contact in customer.contacts if contact.email),
        expected=expected_of_customer(customer.id),
    )


def expected_of_customer(customer_id: int) -> Mapping[str, Any]:
    """As the newest plan says it, for the steps of all plans. Empty without a plan."""
    newest = Plan.select(Plan.expected).where(Plan.customer == customer_id).order_by(Plan.id.desc()).first()
    return newest.expected if newest else {}


def answers_of(customer_id: int) -> dict[str, Any]:
    """Of the newest version: that of a change order has what was answered before, too."""
    newest = HandedIn.select().join(Rfi).where(Rfi.customer == customer_id).order_by(HandedIn.id.desc()).first()
    return dict(newest.answers) if newest else {}


def secrets_of(customer_id: int, told: Step) -> dict[str, str]:
    """Of the questions that the step names, no others."""
    ids = [question for _, questions in told.check.answers for question in questions] if told.check else []
    if not ids:
        return {}
    theirs = (Rfi.customer == customer_id) & (RfiAnswer.sealed != "")
    rows = RfiAnswer.select().join(Rfi).where(theirs & RfiAnswer.question.in_(ids)).order_by(RfiAnswer.rfi)
    return {row.question: row.sealed for row in rows}
