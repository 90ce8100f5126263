"""Saving what was typed into an RFI.

Typing is never refused for being wrong, only for being too long: what is wrong is said beside it, and handing in
refuses it. Each answer has a version: of two people who answer the same question, the later one is refused.
"""

from dataclasses import dataclass, field
from typing import Any

from blueprints.rfi.answers import Answer, Seen, Typed, fingerprint, is_same, keep
from blueprints.rfi.asking import INFRASTRUCTURE
from blueprints.rfi.checking import TooLong
from blueprints.rfi.filling import Filled
from blueprints.rfi.remembering import after_changes, remembered, whole_rfi
from blueprints.web.refusals import NotThere, Refused
from data.database import is_sqlite, locked, transaction
from data.definitions import as_definition
from data.kept import Kept
from data.moments import now
from data.questions import Question, QuestionSet
from data.rfi import AskedSet, Rfi


class NotOpen(Refused):
    """The RFI takes no answers now."""

    sentence = "This RFI takes no answers now."


class HandedInAlready(NotOpen):
    sentence = "This was handed in meanwhile, so nothing can be changed any more. Your MSP can open it again."


class ProjectClosed(NotOpen):
    sentence = "This project was closed, so nothing can be changed any more. Ask your MSP to start it again."


class CustomerLeft(NotOpen):
    sentence = "This customer is not looked after here any more, so nothing can be changed."


class SetAside(NotOpen):
    sentence = "These questions are not needed any more: another application is used."


@dataclass(frozen=True)
class Conflict:
    """Somebody answered the question meanwhile: `mine` is what was typed, `theirs` what is kept."""

    question: Question
    mine: Any
    theirs: Answer


@dataclass
class Saved:
    """What became of a form, by question: changed, said otherwise by somebody else meanwhile, or refused.

    `before` and `after`: the RFI whole.
    """

    before: Filled
    after: Filled
    changed: dict[str, Answer] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether everything that was typed is kept."""
        return not self.conflicts and not self.refused


def save_answers(who: Any, rfi_id: int, typed: Typed) -> Saved:
    """Keep what was typed that differs from what its page showed; each question stands for itself.

    `who`: a Standing or a LinkHolder. Raises NotThere, NotOpen and its kinds.
    """
    with transaction():
        if not is_sqlite():
            held_rfis(rfi_id)  # first, and by itself: what is read before waiting for others is old
        before = remembered(rfi_id)
        if refusal := why_not_open(before.rfi):
            raise refusal
        saved = Saved(before, before)
        for name in typed.questions():
            question = before.questions.by_id.get(name)
            if question is not None and typed.brings(question):
                save_answer(who, saved, question, typed)
        if saved.changed:
            saved.after = after_changes(before, saved.changed, begun(saved))
    return saved


def begun(saved: Saved) -> Rfi | None:
    """The first answer fixes the questions; that about the infrastructure stands with the RFI, too.

    The RFI, where it was written to.
    """
    infrastructure = saved.changed.get(INFRASTRUCTURE)
    if saved.before.rfi.set_version_id is not None and infrastructure is None:
        return None
    rfi = whole_rfi(saved.before.rfi.id)
    if infrastructure is not None:
        rfi.infrastructure = str(infrastructure.value or "")
    remember(rfi, saved.before.questions)
    return rfi


def held(found: Rfi) -> Rfi:
    """The RFI as it is now, until the transaction ends. Raises NotThere, and NotOpen where it takes no answers."""
    rfi: Rfi | None = held_rfis.first(found.id)
    if rfi is None:
        raise NotThere
    if refusal := why_not_open(rfi):
        raise refusal
    rfi.customer = found.customer
    return rfi


held_rfis = Kept(lambda rfi: locked(Rfi.select().where(Rfi.id == rfi)))


def why_not_open(rfi: Rfi) -> NotOpen | None:
    if rfi.closed_at:
        return ProjectClosed()
    if rfi.customer.shelf == "past":
        return CustomerLeft()
    if rfi.state == "complete":
        return HandedInAlready()
    return SetAside() if rfi.state == "not_applicable" else None


def save_answer(who: Any, saved: Saved, question: Question, typed: Typed) -> None:
    seen, name, kept = typed.seen(question.id), question.id, saved.before.kept.get(question.id)
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
    saved.changed[name] = keep(who, saved.before.rfi, saved.before.customer, question, kept, value)


def untouched(question: Question, kept: Answer | None, value: Any, seen: Seen, typed: Typed) -> bool:
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
