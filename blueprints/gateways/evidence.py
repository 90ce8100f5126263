"""What a look at the world brings back: a verdict with its evidence, and the answers of name servers.

Words alone, without any library or line to the world, so that rules may read them too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

MOST_KEPT = 4_000  # characters of one raw answer


class Outcome(StrEnum):
    """How a check ended. What cannot be known from here is never *failed*."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    NOT_HERE = "could not run here"


@dataclass(frozen=True)
class Asked:
    """One server, what it was asked and what it answered, raw but harmless: escaped, cut, without secrets.

    `server`: name, address and port as far as there are such; `at`: when it was asked (UTC); `seconds`: until
    the answer was complete, or given up.
    """

    server: str
    question: str
    answer: str
    at: datetime
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    `reason`: a sentence for people, also when it passed. `facts`: what pages show beside it, JSON values only;
    each check names its own. `again_in`: seconds after which asking again may bring something else, where the
    check knows (a time to live that runs out).
    """

    outcome: Outcome
    reason: str
    evidence: tuple[Asked, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    again_in: int | None = None

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    def kept(self) -> dict[str, Any]:
        """The same as JSON values, for a record."""
        return {
            "outcome": str(self.outcome),
            "reason": self.reason,
            "facts": dict(self.facts),
            "again_in": self.again_in,
            "evidence": [
                {
                    "server": each.server,
                    "question": each.question,
                    "answer": each.answer,
                    "at": each.at.isoformat(timespec="seconds"),
                    "seconds": round(each.seconds, 3),
                }
                for each in self.evidence
            ],
        }


WORST_FIRST = (Outcome.FAILED, Outcome.NOT_HERE, Outcome.UNDETERMINED, Outcome.PASSED)


def together(verdicts: Mapping[str, Verdict]) -> Verdict:
    """One verdict over several, by what each is about (a domain, a host): the worst, in its own words.

    All passed: all their reasons. `facts` are those of each, by the same names. Raises ValueError for none.
    """
    if not verdicts:
        raise ValueError("a verdict over nothing")
    outcome = min((each.outcome for each in verdicts.values()), key=WORST_FIRST.index)
    reasons = [each.reason for each in verdicts.values() if each.outcome is outcome]
    waits = [each.again_in for each in verdicts.values() if each.again_in is not None]
    return Verdict(
        outcome,
        " ".join(dict.fromkeys(reasons)),
        tuple(asked for each in verdicts.values() for asked in each.evidence),
        {about: dict(each.facts) for about, each in verdicts.items()},
        max(waits, default=None),
    )


def shown(raw: bytes | str) -> str:
    """Raw words of a server, cut, on the lines they came in: what is no letter is written as an escape."""
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    rest = len(text) - MOST_KEPT
    clean = "\n".join(printable(line) for line in text[:MOST_KEPT].replace("\r\n", "\n").split("\n"))
    return f"{clean}… (cut: {rest:,} more)" if rest > 0 else clean


def printable(text: str) -> str:
    """The same with escapes for what is no letter: it harms no page and no database."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def brief(raw: bytes | str, most: int = 200) -> str:
    """The same on one line and no longer than anybody reads in a sentence."""
    line = " ".join(shown(raw).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def listed(names: Iterable[str], most: int = 8) -> str:
    """“a, b and c”; of a long list its beginning and how many more."""
    given = list(names)
    if len(given) > most:
        return f"{', '.join(given[:most])} and {len(given) - most} more"
    return " and ".join(filter(None, (", ".join(given[:-1]), "".join(given[-1:]))))


# --- names ----------------------------------------------------------------------------------------------


class Said(StrEnum):
    """What a name server said. The last three tell nothing about the name."""

    RECORDS = "records"
    NO_RECORD = "no such record"  # there is such a name
    NO_NAME = "no such name"
    ELSEWHERE = "an alias of a name that another server answers for"
    CIRCLE = "an alias that leads back to itself"
    TROUBLE = "an error"
    SILENCE = "no answer in time"
    NOT_ASKED = "not asked"


TELLING = (Said.RECORDS, Said.NO_RECORD, Said.NO_NAME, Said.CIRCLE)
NOTHING = (Said.NO_RECORD, Said.NO_NAME)


@dataclass(frozen=True)
class Question:
    """A name (A-labels, no dot at the end) and a kind of record.

    `everywhere`: put to each resolver and to each name server of the zone; otherwise the first resolver that
    knows is enough.
    """

    name: str
    kind: str
    everywhere: bool = False


@dataclass(frozen=True)
class Answer:
    """What one server said to a question.

    `records`: as printable text, in a steady order; the strings of a TXT record joined (RFC 7208, section 3.3),
    names in small letters and without a dot at the end. `ttl`: seconds left before the server asks anew (of an
    authority: the whole time). `alias`: the name at the end of the chain of CNAMEs, "" if there is none.
    `words`: the raw answer, or why there is none. `authority`: a name server of the zone, not a resolver.
    """

    question: Question
    server: str
    said: Said
    at: datetime
    seconds: float
    records: tuple[str, ...] = ()
    ttl: int | None = None
    alias: str = ""
    words: str = ""
    authority: bool = False

    @property
    def tells(self) -> bool:
        """Whether something is known about the name from it."""
        return self.said in TELLING

    @property
    def asked(self) -> Asked:
        question = f"{self.question.name} {self.question.kind}"
        return Asked(self.server, question, shown(self.words or str(self.said)), self.at, self.seconds)


Answers = Mapping[Question, tuple[Answer, ...]]


def told(answers: Answers, question: Question) -> Answer | None:
    """The first answer that tells something, else the first one, else None: it was never asked."""
    given = answers.get(question, ())
    return next((each for each in given if each.tells), given[0] if given else None)


def evidence_of(answers: Answers) -> tuple[Asked, ...]:
    return tuple(each.asked for given in answers.values() for each in given)
