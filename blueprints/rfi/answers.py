"""Answers as they are kept: what a form brought, which version of an answer it was filled in on, and writing it down.

A field of a page travels with what the page showed in it (`Seen`), so that of a whole form only what somebody really
changed is written, and two people who answer different questions never undo each other.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Self

from blueprints.customers.sealing import Unreadable, seal, unseal
from blueprints.rfi.checking import brings, read, written
from data import history
from data.customers import Customer
from data.database import database
from data.moments import now
from data.questions import SECRET_KEPT, Question
from data.rfi import Rfi, RfiAnswer

SEEN, OVER, USE = "seen:", "over:", "use:"  # what names of fields begin with; no question's id has a colon
FOLDED = timedelta(minutes=10)  # who goes on answering the same question leaves one line of history
LONGEST_LABEL = 80  # in a line of history

told_in_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass(frozen=True)
class Seen:
    """What a page showed of an answer: its version (0: nobody has answered) and a fingerprint of its value."""

    version: int
    mark: str

    @classmethod
    def read(cls, text: str) -> Self:
        """What cannot be read counts as never seen."""
        version, _, mark = text.partition("-")
        known = version.isascii() and version.isdigit() and len(version) < 10
        return cls(int(version) if known else 0, mark if known else "")

    def __str__(self) -> str:
        return f"{self.version}-{self.mark}"


@dataclass(frozen=True)
class Typed:
    """What a form brought: its fields by their names, and the content of its files."""

    fields: Mapping[str, list[str]]
    files: Mapping[str, bytes]

    def questions(self) -> Iterator[str]:
        """The ids of the questions that stood on the form."""
        return (name.removeprefix(SEEN) for name in self.fields if name.startswith(SEEN))

    def has(self, question: str) -> bool:
        return SEEN + question in self.fields

    def only(self, question: str) -> Self:
        """What it says of one question."""
        seen, of_parts = SEEN + question, f"{question}."
        names = (question, OVER + question, USE + question)
        fields = {name: said for name, said in self.fields.items() if name in names or name.startswith(of_parts)}
        return type(self)(fields | {seen: [self.one(seen)]}, self.files)

    def seen(self, question: str) -> Seen:
        return Seen.read(self.one(SEEN + question))

    def over(self, question: str) -> int | None:
        """The version of another's answer that is to be written over, knowing what it says."""
        return Seen.read(self.one(OVER + question)).version if OVER + question in self.fields else None

    def uses(self, question: str) -> bool:
        """Whether a press somewhere else answers it."""
        return USE + question in self.fields

    def removes(self, question: Question) -> bool:
        return f"{question.id}.remove" in self.fields

    def brings(self, question: Question) -> bool:
        """Whether the form says anything about the question; an empty secret leaves what is kept."""
        return self.uses(question.id) or brings(question, self.fields, self.files)

    def value(self, question: Question) -> Any:
        """The answer as typed; a press on “use this instead” counts more than the field. Raises TooLong."""
        if self.removes(question):
            return read(question, {}, {})
        if self.uses(question.id):
            return read(question, {question.id: self.fields[USE + question.id]}, {})
        return read(question, self.fields, self.files)

    def one(self, name: str) -> str:
        return next(iter(self.fields.get(name, ())), "")


@dataclass(frozen=True)
class Answer:
    """An answer as it is kept: a row of RfiAnswer, which many may look at at once."""

    id: int
    question: str
    value: Any  # SECRET_KEPT for a sealed one
    sealed: str
    version: int
    changed_at: datetime
    changed_by_id: int | None
    changed_by_name: str

    def is_by(self, who: Any) -> bool:
        return (self.changed_by_id, self.changed_by_name) == (who.id, who.name)


OF_RFI = """
SELECT id, question, value, sealed, version, changed_at, changed_by_id, changed_by_name FROM rfi_answer
WHERE rfi_id = ?"""


def answers_of(rfi: Rfi) -> dict[str, Answer]:
    """All answers, also those to questions that are not asked now. Written out: every page and every saving asks it."""
    rows = database.execute_sql(OF_RFI.replace("?", database.param), (rfi.id,)).fetchall()
    return {row[1]: kept_of(*row) for row in rows}


def kept_of(id_: int, question: str, value: str | None, sealed: str, version: int, changed_at: Any, *by: Any) -> Answer:
    read_value = SECRET_KEPT if sealed else RfiAnswer.value.python_value(value)
    return Answer(id_, question, read_value, sealed, version, RfiAnswer.changed_at.python_value(changed_at), *by)


def seen_as(question: Question, answer: Answer | None, value: Any) -> Seen:
    """What a page that shows this value has to send back with it; a choice that is not offered is not shown."""
    shown = written(question, value)
    if question.kind in ("choice", "several"):
        offered = {choice.value for choice in question.choices}
        shown = {question.id: [each for each in shown[question.id] if each in offered]}
    return Seen(answer.version if answer else 0, fingerprint(read(question, shown, {})))


def fingerprint(value: Any) -> str:
    """Short, and the same for values that fields show alike."""
    told = told_in_json(value).replace("\\r\\n", "\\n")
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def is_same(question: Question, answer: Answer, value: Any) -> bool:
    """Whether this is what is kept already."""
    if question.kind != "secret":
        kept = answer.value
        if isinstance(kept, str) and isinstance(value, str):
            return kept.replace("\r\n", "\n") == value.replace("\r\n", "\n")
        return kept == value or fingerprint(kept) == fingerprint(value)
    try:
        return unseal(answer.sealed) == value if answer.sealed else not value
    except Unreadable:
        return False


def keep(who: Any, rfi: Rfi, customer: Customer, question: Question, answer: Answer | None, value: Any) -> Answer:
    """Write an answer down, with its line of history. Call inside the transaction that holds the RFI."""
    at, secret = now(), question.kind == "secret"
    stored = None if secret or value is None else told_in_json(value)  # as the field writes it, with one encoder
    sealed = seal(value) if secret and value else ""
    version = answer.version + 1 if answer else 1
    row = (stored, sealed, version, RfiAnswer.changed_at.db_value(at), who.id, who.name)
    opened = database.obj
    if answer:
        opened.execute_sql(UPDATE.replace("?", opened.param), (*row, answer.id))
        id_ = answer.id
    else:
        made = opened.execute_sql(INSERT.replace("?", opened.param), (*row, rfi.id, question.id))
        id_ = made.fetchone()[0]
    if answer is None or not answer.is_by(who) or at - answer.changed_at >= FOLDED:
        label = question.label[:LONGEST_LABEL]
        history.record("rfi.answered", who, partner=customer.partner_id, customer=customer.id, question=label)
    return Answer(id_, question.id, SECRET_KEPT if sealed else value, sealed, version, at, who.id, who.name)


UPDATE = """
UPDATE rfi_answer SET value = ?, sealed = ?, version = ?, changed_at = ?, changed_by_id = ?, changed_by_name = ?
WHERE id = ?"""
INSERT = """
INSERT INTO rfi_answer (value, sealed, version, changed_at, changed_by_id, changed_by_name, rfi_id, question)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"""
