"""Which questions look at which others: so much of an RFI must be looked at again when an answer changes. Pure."""

from collections.abc import Iterator

from blueprints.rfi.asking import INFRASTRUCTURE, MAIL_DOMAINS
from data.conditions import Condition
from data.questions import Question, QuestionSet


class Dependencies:
    """Of one set: `looks_at` is question id → the ids of those on whose answers it depends."""

    def __init__(self, questions: QuestionSet) -> None:
        self.looks_at = {question.id: frozenset(looks_at(question)) for question in questions}
        self.deciding = frozenset().union(*self.looks_at.values())


of_versions: dict[str, Dependencies] = {}


def dependencies(questions: QuestionSet) -> Dependencies:
    if questions.version not in of_versions:
        of_versions[questions.version] = Dependencies(questions)
    return of_versions[questions.version]


def looks_at(question: Question) -> Iterator[str]:
    """What decides whether and how a question is asked, what it proposes, and what is said of its answer."""
    conditions = [question.show_when, question.required_when, *(caution.when for caution in question.warn_when)]
    for condition in filter(None, [*conditions, *(choice.show_when for choice in question.choices)]):
        yield from asked_about(condition)
    yield from filter(None, (question.choices_from, question.together_with, question.inside, question.outside))
    yield from question.unlike
    for part in question.questions:
        yield from looks_at(part)
    if question.kind == "domains" or question.look_up or question.prefill.startswith(("mx.", "ns.")):
        yield from (MAIL_DOMAINS, INFRASTRUCTURE)
    if question.id == INFRASTRUCTURE:
        yield MAIL_DOMAINS


def asked_about(condition: Condition) -> Iterator[str]:
    yield from (name for name, _ in condition.asks_about())
    if mentions_infrastructure(condition):
        yield INFRASTRUCTURE


def mentions_infrastructure(condition: Condition) -> bool:
    inner = (*condition.all_of, *condition.any_of)
    return bool(condition.infrastructure) or any(map(mentions_infrastructure, inner))
