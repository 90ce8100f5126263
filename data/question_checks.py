"""What no question shows alone: that ids are there once, and that questions only look back at what fits."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from data.conditions import EMPTY, GIVEN, Condition
from data.questions import Question

ABOUT_ANY = (GIVEN, EMPTY)
WITH_ADDRESSES = ("email", "group")


class WrongQuestion(ValueError):
    """What is wrong with the question `id`, at its `key`."""

    def __init__(self, id: str, key: str, reason: str) -> None:  # noqa: A002 - the key is called so in the files
        super().__init__(reason)
        self.id, self.key, self.reason = id, key, reason


def check_references(questions: Iterable[Question]) -> None:
    """All questions in the order in which they are asked. Raises WrongQuestion."""
    questions, asked = tuple(questions), Asked()
    for question in questions:
        asked.check(question)
        asked.earlier[question.id] = question
    for question in questions:  # what is compared may come later: nothing is shown or hidden by it
        for each in (question, *question.questions):
            for key in ("inside", "outside"):
                asked.check_kind(question, key, getattr(each, key), "domains")


@dataclass
class Asked:
    """The questions so far."""

    earlier: dict[str, Question] = field(default_factory=dict)

    def check(self, question: Question) -> None:
        check_alone(question)
        for key, condition in conditions_of(question):
            self.check_condition(question, key, condition)
        for each in (question, *question.questions):
            self.check_kind(question, "choices_from", each.choices_from, "domains")
            for other in each.unlike:
                self.check_kind(question, "unlike", other, *WITH_ADDRESSES)
        self.check_kind(question, "together_with", question.together_with, "several")

    def check_kind(self, question: Question, key: str, other: str, *kinds: str) -> None:
        if other and (other not in self.earlier or self.earlier[other].kind not in kinds):
            named = " or ".join(kinds)
            raise WrongQuestion(
                question.id, key, f"“{key}” of “{question.id}” names no {named} question before it: “{other}”"
            )

    def check_condition(self, question: Question, key: str, condition: Condition) -> None:
        known = {**self.earlier, question.id: question} if key == "warn_when" else self.earlier
        if reason := misunderstood(condition, known, "no earlier question"):
            raise WrongQuestion(question.id, key, f"“{question.id}” {reason}")


def misunderstood(condition: Condition, known: Mapping[str, Question], unknown: str) -> str:
    """What a condition expects of these questions that they cannot answer; "" when it is understood.

    `unknown`: what a question that is not among them is, in the reason.
    """
    for id_, values in condition.asks_about():
        if id_ not in known:
            return f"has a condition on “{id_}”, which is {unknown}"
        if values == ("", "date"):
            if known[id_].kind not in ("date", "date_time"):
                return f"compares “{id_}”, which is no date"
            continue
        for value in values:
            if not may_say(known[id_], value):
                return f"has a condition on “{value}”, which “{id_}” cannot answer"
    return ""


def may_say(question: Question, value: str) -> bool:
    """Whether an answer to the question can be this word."""
    if value in ABOUT_ANY:
        return True
    if question.kind == "yes_no":
        return value in ("yes", "no")
    if question.kind == "number":
        return value.isascii() and value.isdigit()
    return question.kind in ("choice", "several") and value in {choice.value for choice in question.choices}


def conditions_of(question: Question) -> Iterator[tuple[str, Condition]]:
    if question.show_when:
        yield "show_when", question.show_when
    if question.required_when:
        yield "required_when", question.required_when
    yield from (("warn_when", caution.when) for caution in question.warn_when)
    yield from (("choices", choice.show_when) for choice in question.choices if choice.show_when)


def check_alone(question: Question) -> None:
    """What a question needs by its kind."""

    def wrong(key: str, reason: str) -> WrongQuestion:
        return WrongQuestion(question.id, key, f"“{question.id}” {reason}")

    for each in (question, *question.questions):
        values = [choice.value for choice in each.choices]
        if each.kind in ("choice", "several") and bool(values) == bool(each.choices_from):
            raise wrong("choices", "needs either choices or choices_from")
        if len(values) != len(set(values)) or {*ABOUT_ANY, ""} & set(values):
            raise wrong("choices", f"has a value twice, or one of {', '.join(ABOUT_ANY)}")
        if each.least is not None and each.most is not None and each.least > each.most:
            raise wrong("least", "has a least that is more than its most")
    if question.kind == "group" and not question.questions:
        raise wrong("kind", "is a group without questions")
    fields = [each.id for each in question.questions]
    if len(fields) != len(set(fields)):
        raise wrong("questions", "has two fields of one id")
    if question.kind == "csv" and not question.columns:
        raise wrong("kind", "needs its columns")
