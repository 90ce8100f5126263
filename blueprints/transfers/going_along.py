"""The answers of the RFI, the monitors, and the history between customer and provider, as the receiving MSP gets them.

Named are the customer's own contact (who comes by a link), the provider and the portal. People of the releasing MSP are
“the former MSP”.
"""

import json
from collections.abc import Collection
from typing import Any

from blueprints.customers.attachments import file_document
from blueprints.plans.making import services_of, template_of
from blueprints.rfi.answers_paper import AnswersPaper, render
from blueprints.rfi.filling import set_of_version
from blueprints.rfi.reading import read_version
from blueprints.rfi.waiting import WAITED_FOR
from blueprints.transfers.letters import Concern
from data.accounts import Grant, Person
from data.customers import Customer
from data.history import PORTAL, History
from data.moments import now
from data.monitors import Monitor
from data.orders import Order
from data.plans import Plan
from data.questions import Question
from data.rfi import HandedIn, Rfi, RfiAnswer

FORMER, PROVIDER = "the former MSP", "the provider"
BY_LINK = " (by link)"
AT_ONCE = 200  # rows written at a time

# Milestones between customer and provider: kind → the kind it is told as, and facts that are told otherwise. Money,
# papers, letters, notes, people and reasons are none of these.
MILESTONES: dict[str, tuple[str, dict[str, str]]] = {
    "customer.status_changed": ("customer.status_changed", {}),
    "rfi.handed_in": ("rfi.handed_in", {}),
    "plan.opened": ("plan.opened", {}),
    "plan.unlocked": ("plan.unlocked", {}),
    "plan.made": ("plan.made", {}),
    "plan.step_done": ("plan.step_done", {}),
    "plan.step_proven": ("plan.step_proven", {}),
    "plan.step_overridden": ("plan.step_done", {"reason": ""}),
    "plan.cutover_set": ("plan.cutover_set", {"reason": ""}),
    "plan.signed": ("plan.signed", {"reason": ""}),
    "plan.completed": ("plan.completed", {}),
}
MSPS_OWN = frozenset({"partner_administrator"})  # questions about the MSP; so are those that its settings prefill


def named(who_id: int | None, who_name: str, operators: Collection[int | None] = ()) -> str:
    """Whoever did something, as the receiving MSP reads it."""
    if who_id is None and (who_name == PORTAL.name or who_name.endswith(BY_LINK)):
        return who_name
    return PROVIDER if who_id in operators else FORMER


def operator_ids() -> frozenset[int]:
    return frozenset(row.id for row in Person.select(Person.id).where(Person.operator))


# --- history ------------------------------------------------------------------------------------------


def carry_history(old: Customer, new: Customer) -> None:
    """The milestones, each when it was. They are no news: no MSP stands at them, so its first page leaves them out."""
    operators, shipped = operator_ids(), titles_of(old)
    lines = History.select().where((History.customer_id == old.id) & History.kind.in_(list(MILESTONES)))
    rows = [carried(line, new, operators) for line in lines.order_by(History.id) if is_told(line, shipped)]
    write_many(History, rows)


def is_told(line: History, shipped: frozenset[str]) -> bool:
    """Steps that somebody of the releasing MSP added are theirs; that the customer left them is told otherwise."""
    return line.facts.get("after") != "transferred" and ("step" not in line.facts or line.facts["step"] in shipped)


def carried(line: History, new: Customer, operators: frozenset[int]) -> dict[str, Any]:
    kind, otherwise = MILESTONES[line.kind]
    facts = {**line.facts, **otherwise}
    if kind != line.kind:
        facts = {name: value for name, value in facts.items() if name not in otherwise}
    return {
        "at": line.at,
        "kind": kind,
        "who_id": None,
        "who_name": named(line.who_id, line.who_name, operators),
        "partner_id": None,
        "customer_id": new.id,
        "facts": facts,
        "act": "",
    }


def titles_of(old: Customer) -> frozenset[str]:
    """The titles of all steps that came from the templates of the customer's plans."""
    plans = Plan.select().where((Plan.customer == old) & Plan.template.is_null(False))
    return frozenset(step.title for plan in plans for step in template_of(plan))


def write_many(record: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        record.insert_many(rows[start : start + AT_ONCE]).execute()


# --- monitors -----------------------------------------------------------------------------------------

OF_MONITOR = ("service", "source", "probe", "settings", "every", "damping")
THRESHOLDS = ("warning", "problem", "warning_age", "problem_age")
NO_PASSWORD = "The password did not go along: type it again."  # noqa: S105 - a sentence
WATCHES = {  # the services that call for it
    "inbound_queue": {"security", "continuity"},
    "outbound_queue": {"security", "continuity"},
    "journal_queue": {"archiving"},
    "journal_connector": {"archiving"},
}


def carry_monitors(old: Customer, new: Customer, moved: Collection[str], ended: Collection[str]) -> None:
    """What is watched, and how, but for what only belongs to services that ended with the day.

    Readings, alerts, and whom they are told to stay; so do passwords and tokens. What looks without a password goes on
    looking at once; the others wait for one, or for a new token. They are unknown until something is read, which nobody
    is told of: that is how each begins.
    """
    at = now()
    for was in Monitor.select().where((Monitor.customer == old) & (Monitor.state != "off")).order_by(Monitor.id):
        of = WATCHES.get(was.service, set())
        if of.intersection(ended) and not of.intersection(moved):
            continue
        waits = bool(was.sealed)
        Monitor.create(
            customer=new,
            since=at,
            made_at=at,
            due_at=None if waits or was.source == "push" else at,
            trouble=NO_PASSWORD if waits else "",
            trouble_at=at if waits else None,
            **{name: getattr(was, name) for name in (*OF_MONITOR, *THRESHOLDS)},
        )


# --- the RFI ------------------------------------------------------------------------------------------


def carry_rfi(
    concern: Concern, new: Customer, order: Order, moved: Collection[str]
) -> tuple[Rfi | None, tuple[str, ...]]:
    """The newest RFI: what stands under its questions, and the newest version that was handed in.

    One that a change order opened asks what is new only: it becomes whole with what stands in those before it. Also
    the labels of the questions whose answers are the releasing MSP's own and stay with it. Secrets, remarks of
    reviewers and earlier versions stay, too. `moved`: services that go over.
    """
    asked = rfis_that_count(concern.customer, moved)
    if not asked:
        return None, ()
    was = asked[0]
    set_version = next((each.set_version_id for each in asked if each.set_version_id), None)
    rfi: Rfi = Rfi.create(
        customer=new,
        order=order,
        state="incomplete" if was.state == "error" else was.state,
        opened_at=now() if was.state in WAITED_FOR else was.opened_at,  # its new MSP begins to wait today
        set_version=set_version,
        infrastructure=next((each.infrastructure for each in asked if each.infrastructure), ""),
        version=was.version,
    )
    if set_version is None:
        return rfi, ()
    questions = set_of_version(set_version).by_id
    theirs = addresses_of(concern)
    left_out: dict[str, str] = {}

    def goes(name: str, value: Any) -> bool:
        question = questions.get(name)
        if question is None or value is None or is_msps_own(question, value, theirs):
            if question is not None and value is not None:
                left_out[name] = question.label
            return False
        return True

    for answer in newest_answers(asked):
        if goes(answer.question, answer.value):
            carry_answer(rfi, answer)
    newest = HandedIn.select().where(HandedIn.rfi.in_(asked)).order_by(HandedIn.id.desc()).first()
    if newest is not None:
        kept = {name: value for name, value in newest.answers.items() if goes(name, value)}
        carry_version(concern, new, rfi, newest, kept)
    return rfi, tuple(left_out.values())


def rfis_that_count(customer: Customer, moved: Collection[str]) -> list[Rfi]:
    """The newest RFI, and as long as a change order opened it the one before; the newest first.

    But not one that asks about nothing that goes over.
    """
    counted: list[Rfi] = []
    for rfi in Rfi.select(Rfi, Order).join(Order).where(Rfi.customer == customer).order_by(Rfi.id.desc()):
        first = rfi.order.kind != "change"
        if first or added_by(rfi.order).intersection(moved):
            counted.append(rfi)
        if first:
            break
    return counted


def added_by(order: Order) -> frozenset[str]:
    """The services that a change order switches on, and the one that it changes does not."""
    return services_of(order.id) - services_of(order.changes_id)


def newest_answers(asked: list[Rfi]) -> list[RfiAnswer]:
    """What stands under each question, secrets left out: of the newest of these RFIs where it is answered."""
    found: dict[str, RfiAnswer] = {}
    answers = RfiAnswer.select().where(RfiAnswer.rfi.in_(asked) & (RfiAnswer.sealed == ""))
    for answer in answers.order_by(RfiAnswer.rfi, RfiAnswer.id):
        found[answer.question] = answer
    return list(found.values())


def is_msps_own(question: Question, value: Any, theirs: frozenset[str]) -> bool:
    """About the MSP by what is asked, or because somebody of theirs stands in the answer. `theirs`: addresses."""
    if question.id in MSPS_OWN or question.prefill.startswith("partner."):
        return True
    written = json.dumps(value, ensure_ascii=False).casefold()
    return any(address in written for address in theirs)


def addresses_of(concern: Concern) -> frozenset[str]:
    """Email addresses of the releasing MSP and of everybody with a role there."""
    people = Person.select(Person.email).join(Grant).where(Grant.partner == concern.partner)
    found = {person.email.casefold() for person in people}
    return frozenset(found | ({concern.partner.reply_to.casefold()} if concern.partner.reply_to else set()))


def carry_answer(rfi: Rfi, answer: RfiAnswer) -> None:
    RfiAnswer.create(
        rfi=rfi,
        question=answer.question,
        value=answer.value,
        version=answer.version,
        changed_at=answer.changed_at,
        changed_by_name=named(answer.changed_by_id, answer.changed_by_name),
    )


def carry_version(concern: Concern, new: Customer, rfi: Rfi, newest: HandedIn, answers: dict[str, Any]) -> None:
    """With a paper of its own, in the receiving MSP's name; neither is ever changed."""
    partner = concern.receiving
    assert partner is not None
    version = HandedIn(
        rfi=rfi,
        number=1,
        set_version=newest.set_version_id,
        infrastructure=newest.infrastructure,
        answers=answers,
        at=newest.at,
        by_name=named(newest.by_id, newest.by_name),
    )
    paper = AnswersPaper.of(version, new, partner, read_version(version))
    version.attachment = file_document(PORTAL, new, "RFI answers, version 1.pdf", render(paper))
    version.save(force_insert=True)
