"""Answers of name servers that never were, for what they mean."""

from collections.abc import Sequence
from datetime import UTC, datetime

from blueprints.gateways.evidence import Answer, Answers, Question, Said, Verdict
from blueprints.plans.judging.check import Check

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
Zone = dict[str, dict[str, list[str]] | Said]


def answer(
    question: Question,
    records: Sequence[str] | Said,
    server: str = "192.0.2.53",
    authority: bool = False,
    ttl: int | None = 300,
) -> Answer:
    """One answer: records, or what a server said instead."""
    if isinstance(records, Said):
        return Answer(question, server, records, AT, 0.01, ttl=ttl, authority=authority)
    said = Said.RECORDS if records else Said.NO_RECORD
    return Answer(question, server, said, AT, 0.01, records=tuple(records), ttl=ttl, authority=authority)


def in_zone(zone: Zone, question: Question) -> tuple[Answer, ...]:
    found = zone.get(question.name, Said.NO_NAME)
    records = found if isinstance(found, Said) else found.get(question.kind, [])
    own = (answer(question, records, "ns1.example", authority=True),) if question.everywhere else ()
    return (*own, answer(question, records))


def judged(check: Check, zone: Zone) -> Verdict:
    """What the check says of this zone, asked as often as it wants to."""
    answers: dict[Question, tuple[Answer, ...]] = {}
    for _ in range(20):
        new = [each for each in check.questions(answers) if each not in answers]
        if not new:
            break
        answers |= {each: in_zone(zone, each) for each in new}
    return check.judge(answers)


def everywhere(question: Question, *answers: Answer) -> Answers:
    return {question: answers}
