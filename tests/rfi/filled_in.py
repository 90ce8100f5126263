"""RFIs that are filled in, for tests of what comes after: a small set of questions, answered well."""

from typing import Any

import pytest

from blueprints.customers.sealing import seal
from data import definitions
from data.definitions import as_definition, ask_by, from_definition
from data.moments import now
from data.questions import QuestionSet
from data.rfi import AskedSet, Rfi, RfiAnswer
from tests.factories import World
from tests.rfi.waiting_for import an_opened_rfi

SECRET = "Brombeermarmelade-29"
QUESTIONS: dict[str, Any] = {
    "sections": [
        {
            "id": "infrastructure",
            "title": "Infrastructure",
            "questions": [
                {
                    "id": "infrastructure",
                    "kind": "choice",
                    "label": "Where is your mail today?",
                    "required": True,
                    "choices": [
                        {"value": "onprem", "label": "On our own servers"},
                        {"value": "m365", "label": "Microsoft 365"},
                    ],
                },
                {"id": "mail_domains", "kind": "domains", "label": "Email domains", "required": True},
                {
                    "id": "tenant",
                    "kind": "line",
                    "label": "Name of the tenant",
                    "required": True,
                    "show_when": {"infrastructure": ["m365"]},
                },
                {
                    "id": "directory_password",
                    "kind": "secret",
                    "label": "Password of the directory account",
                    "required": True,
                    "show_when": {"infrastructure": ["onprem"]},
                },
            ],
        },
        {
            "id": "contacts",
            "title": "Contacts",
            "questions": [
                {"id": "contact_email", "kind": "email", "label": "Email of the technical contact", "required": True},
                {"id": "remarks", "kind": "text", "label": "Anything else?"},
            ],
        },
    ]
}
ANSWERS: dict[str, Any] = {
    "infrastructure": "onprem",
    "mail_domains": ["harbour.example", "quay.example"],
    "contact_email": "tina@harbour.example",
    "tenant": "typed for another infrastructure",
}


@pytest.fixture
def questions():
    """The small set, as the questions of the day."""
    before = definitions.kept
    yield ask_by(from_definition(QUESTIONS))
    definitions.kept = before


def a_filled_rfi(world: World, questions: QuestionSet, without: tuple[str, ...] = (), **changed: object) -> Rfi:
    """Answered by Ines through her link, but for the questions named in `without`."""
    rfi = an_opened_rfi(world, **changed)
    AskedSet.insert(
        version=questions.version, definition=as_definition(questions), kept_at=now()
    ).on_conflict_ignore().execute()
    rfi.set_version, rfi.infrastructure = questions.version, ANSWERS["infrastructure"]
    rfi.save()
    for question, value in ANSWERS.items():
        if question not in without:
            answer(rfi, question, value)
    if "directory_password" not in without:
        answer(rfi, "directory_password", None, sealed=seal(SECRET))
    return rfi


def answer(rfi: Rfi, question: str, value: Any, sealed: str = "") -> RfiAnswer:
    """What stands under a question now."""
    RfiAnswer.delete().where((RfiAnswer.rfi == rfi) & (RfiAnswer.question == question)).execute()
    return RfiAnswer.create(
        rfi=rfi,
        question=question,
        value=value,
        sealed=sealed,
        changed_at=now(),
        changed_by_name="Ines Lead (by link)",
    )
