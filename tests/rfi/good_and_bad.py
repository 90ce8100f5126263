"""A good answer and a bad one to any question of any set, as people type them or upload them."""

from typing import Any

from blueprints.rfi.asking import Situation, ask, with_choices
from blueprints.rfi.checking import read
from data.questions import Question, QuestionSet

DOMAINS = "acme.example\nacme-group.example"
WELL = {"ips": "8.8.8.8", "hosts": "mail.acme.example:2525", "yes_no": "yes"}  # where the example must not be used
BADLY = {
    "choice": "nonsense",
    "several": "nonsense",
    "yes_no": "perhaps",
    "number": "many",
    "date": "30.02.2030",
    "date_time": "tomorrow at six",
    "email": "nobody",
    "phone": "call me",
    "domains": "no domain at all",
    "ips": "10.2.0.9",
    "host": "https://nowhere",
    "hosts": "10.2.0.9:smtp",
    "forwarding": "nobody",
}
# Words that are too long for their fields are the only ones that no check finds wrong by what they say.
ENDLESS = {"line": "x" * 5_000, "text": "x" * 5_000, "secret": "x" * 5_000}
LISTS = {
    "addresses": b"email\nann@acme.example\nbob@acme-group.example\n",
    "mailboxes": b"EmailAddress,UserName,Password\nann@acme.example,ann.old,s3cret\n",
}
NO_LIST = b"\x00\x01\x02"


def read_well(question: Question) -> Any:
    """The value of a good answer; `question.choices` are those that can be chosen."""
    if question.kind == "csv":
        return read(question, {}, {question.id: LISTS[question.columns]})
    if question.kind == "group":
        return {each.id: read_well(each) for each in question.questions}
    return read(question, {question.id: well(question)}, {})


def well(question: Question) -> list[str]:
    if question.kind == "choice":
        return [question.choices[0].value]
    if question.kind == "several":
        return [choice.value for choice in question.choices if not choice.alone]
    if question.id == "mail_domains":
        return [DOMAINS]
    if question.kind == "secret":
        return ["correct horse"]
    if question.kind == "forwarding":
        return ["sales@acme.example -> agency@elsewhere.example"]
    shown = question.kind in WELL and not (question.kind == "hosts" and question.ends_with)
    return [WELL[question.kind] if shown else question.example]


def read_badly(question: Question) -> Any:
    """The value of a bad answer. Raises TooLong for kinds in which nothing else is wrong."""
    if question.kind == "csv":
        return read(question, {}, {question.id: NO_LIST})
    if question.kind == "group":
        wrong = [each for each in question.questions if each.kind in BADLY]
        return {each.id: read_badly(each) for each in wrong} | {each.id: "" for each in question.questions[:1]}
    if question.form:
        return read(question, {question.id: ["what is this?"]}, {})
    return read(question, {question.id: [{**BADLY, **ENDLESS}[question.kind]]}, {})


def answered_well(questions: QuestionSet, situation: Situation) -> dict[str, Any]:
    """Good answers to all that is asked, until nothing more is asked because of them."""
    answers = dict(situation.answers)
    while True:
        asked = ask(questions, Situation(**{**vars(situation), "answers": answers}))
        left = [question for question in asked.questions if not is_answered(question, answers)]
        if not left:
            return answers
        answers[left[0].id] = read_well(with_choices(left[0], asked.situation))


def is_answered(question: Question, answers: dict[str, Any]) -> bool:
    """Whether there is an answer, and one that can be chosen."""
    chosen = [choice.value for choice in question.choices]
    return question.id in answers and (question.kind != "choice" or answers[question.id] in chosen)
