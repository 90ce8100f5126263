"""Questions and situations for tests, without a database: `a_question("ips", public=True)`."""

from types import SimpleNamespace
from typing import Any

from blueprints.rfi.asking import Situation
from blueprints.rfi.checking import Checked, check, read
from data.definition_files import File, question_of
from data.questions import Question


def a_question(kind: str, **keys: Any) -> Question:
    """As a file defines it. Fields that every question needs are there already."""
    return question_of(File("a test"), {"id": "asked", "kind": kind, "label": "Asked", **keys})


def a_situation(infrastructure: str = "m365", services: tuple[str, ...] = ("security",), **changed: Any) -> Situation:
    """`country`, `primary_domain`: of the customer; `lookups`: domain → facts, or an outcome that is no answer."""
    customer = SimpleNamespace(
        name="Acme",
        primary_domain=changed.pop("primary_domain", "acme.example"),
        infrastructure="",
        permitted_users=25,
        country=changed.pop("country", "GB"),
    )
    partner = SimpleNamespace(
        outbound_ips="8.8.8.8\n8.8.4.4",
        inbound_ips="9.9.9.9",
        smart_host="smtp.partner.example",
        timezone="Europe/Berlin",
        country="DE",
    )
    lookups = {domain: a_lookup(facts) for domain, facts in changed.pop("lookups", {}).items()}
    return Situation(
        infrastructure=infrastructure,
        services=frozenset(services),
        answers=changed.pop("answers", {}),
        customer=customer,
        partner=partner,
        lookups=lookups,
        **changed,
    )


def a_lookup(facts: dict[str, Any] | str) -> SimpleNamespace:
    if isinstance(facts, str):
        return SimpleNamespace(outcome=facts, facts={})
    none: dict[str, Any] = {"mail": [], "addresses": [], "name_servers": [], "primary": "", "unanswered": []}
    return SimpleNamespace(outcome="found", facts=none | facts)


def typed(question: Question, text: str) -> Any:
    """The value of one field in which this was typed."""
    return read(question, {question.id: [text]}, {})


def checked(question: Question, text: str, **changed: Any) -> Checked:
    """What is said of this typing. `changed`: of the situation."""
    return check(question, typed(question, text), a_situation(**changed))


def sentences(found: Checked) -> list[str]:
    return [problem.sentence for problem in found.problems]
