"""Whether mail from a provider's servers counts as the domain's own (SPF, RFC 7208).

The record is not tried against an address: it is walked through as a receiver would, with the names it includes,
and what only a sender's address decides (macros, section 7) is left undetermined.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from blueprints.gateways.evidence import NOTHING, Answer, Answers, Outcome, Question, Verdict, evidence_of, listed, told
from blueprints.plans.judging.hearing import unheard

MOST_LOOKUPS = 10  # section 4.6.4
MOST_VOID = 2  # as above
MOST_MX = 10  # as above, of one mechanism
MOST_SHOWN = 1_000  # characters of a record

TERM = re.compile(
    r"(?P<qualifier>[+\-?~]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)(?P<rest>[:/].*)?", re.IGNORECASE
)
MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.\-]*)=(?P<value>.*)", re.IGNORECASE)
WITHOUT_VALUE, WITH_VALUE = ("all",), ("include", "exists", "ip4", "ip6")


@dataclass(frozen=True)
class Term:
    """One mechanism: `value` is what stands after the colon, in small letters, the length of a network included."""

    name: str
    value: str = ""
    qualifier: str = "+"

    def __str__(self) -> str:
        joined = "" if not self.value or self.value.startswith("/") else ":"
        return f"{self.name}{joined}{self.value}"

    @property
    def target(self) -> str:
        """The name that is asked for, "" for the record's own domain."""
        return self.value.partition("/")[0].rstrip(".")


@dataclass(frozen=True)
class Record:
    """An SPF record. `redirect`: where to go on when nothing matched; `problem`: what makes all of it invalid."""

    terms: tuple[Term, ...] = ()
    redirect: str = ""
    problem: str = ""


def records_in(texts: Sequence[str]) -> list[str]:
    """Those of the TXT records that are SPF (section 4.5)."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def read(text: str) -> Record:
    """The record as its terms (section 12)."""
    terms: list[Term] = []
    redirects: list[str] = []
    for word in text.split()[1:]:
        found, modifier = TERM.fullmatch(word), MODIFIER.fullmatch(word)
        if found:
            rest = (found["rest"] or "").lower().removeprefix(":").rstrip(".")
            terms.append(Term(found["name"].lower(), rest, found["qualifier"] or "+"))
            if (not rest and terms[-1].name in WITH_VALUE) or (rest and terms[-1].name in WITHOUT_VALUE):
                return Record(problem=f"“{word[:60]}” is not written as it should be")
        elif modifier and modifier["name"].lower() == "redirect":
            redirects.append(modifier["value"].lower().rstrip("."))
        elif not modifier:
            return Record(problem=f"“{word[:60]}” means nothing in SPF")
    if len(redirects) > 1:
        return Record(problem="it redirects twice")
    return Record(tuple(terms), "".join(redirects))


def term(text: str) -> Term:
    """An expected mechanism as people write it: “include:_spf.example.net”, “ip4:192.0.2.0/24”, or a name alone."""
    word = text.strip().lower().rstrip(".")
    found = TERM.fullmatch(word)
    if found and (found["rest"] or found["name"] in ("a", "mx")):
        return Term(found["name"], (found["rest"] or "").removeprefix(":"))
    return Term("include", word)


# --- walking through --------------------------------------------------------------------------------------


@dataclass
class Walk:
    """What a receiver comes by on its way through a record and those it includes.

    `reached`: mechanisms that let mail pass; `weak`: those with another qualifier, or behind one; `late`: those
    after “all”, which nobody comes to. `unknown`: sentences about what cannot be known; `problems`: about what
    makes the record invalid; `wanted`: names still to be asked for.
    """

    answers: Answers
    lookups: int = 0
    void: int = 0
    reached: set[str] = field(default_factory=set)
    weak: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    wanted: list[Question] = field(default_factory=list)

    def through(self, domain: str, record: Record, strong: bool = True) -> None:
        """Through one record; `strong`: whether a match in it lets the mail pass."""
        if record.problem:
            self.problems.append(f"The SPF record of {domain} is invalid: {record.problem}.")
            return
        ended = False
        for each in record.terms:
            if ended:
                self.late.add(str(each))
                continue
            ended = each.name == "all"
            passing = strong and each.qualifier == "+"
            (self.reached if passing else self.weak).add(str(each))
            self.look_up(domain, each, passing)
        if record.redirect and not any(each.name == "all" for each in record.terms):
            self.enter(domain, record.redirect, strong)

    def look_up(self, domain: str, each: Term, passing: bool) -> None:
        """Follow a mechanism that asks for names."""
        if each.name == "include":
            self.enter(domain, each.target, passing)
        elif each.name in ("a", "mx", "ptr", "exists"):
            self.lookups += 1
            if "%" not in each.value and each.name != "ptr":
                self.count_void(each.name, each.target or domain)

    def enter(self, domain: str, target: str, strong: bool) -> None:
        """Go through the record of another name."""
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            return
        if "%" in target:
            self.unknown.append(f"The SPF record of {domain} includes names made of macros ({target[:60]}).")
            return
        answer = self.ask(Question(target, "TXT"))
        if answer is None:
            return
        self.void += answer.said in NOTHING
        texts = records_in(answer.records)
        if len(texts) != 1:
            what = "which has no SPF record" if not texts else "which has several SPF records"
            self.problems.append(f"The SPF record of {domain} includes {target}, {what}.")
            return
        self.through(target, read(texts[0]), strong)

    def count_void(self, name: str, target: str) -> None:
        """Whether a mechanism asks for something that is not there."""
        kinds = ("MX",) if name == "mx" else ("A",) if name == "exists" else ("A", "AAAA")
        answers = [self.ask(Question(target, kind)) for kind in kinds]
        self.void += all(answer is not None and answer.said in NOTHING for answer in answers)
        if name == "mx" and answers[0] is not None and len(answers[0].records) > MOST_MX:
            self.problems.append(f"{target} has more than {MOST_MX} mail hosts, so mx:{target} is invalid.")

    def ask(self, question: Question) -> Answer | None:
        """The answer, None when there is none yet or none that tells."""
        answer = told(self.answers, question)
        if answer is None:
            self.wanted.append(question)
        elif not answer.tells:
            self.unknown.append(f"{question.name} could not be looked up.")
        else:
            return answer
        return None


def walk(domain: str, answers: Answers) -> Walk:
    """Through what is known so far. A domain without one record has nothing to walk through."""
    walked = Walk(answers)
    answer = walked.ask(Question(domain, "TXT"))
    texts = records_in(answer.records) if answer is not None else []
    if len(texts) == 1:
        walked.through(domain, read(texts[0]))
    return walked


# --- judging ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spf:
    """Passed when one valid record lets mail pass by each `expected` mechanism (see `term`), before “all”.

    Facts: `record`, `lookups` (of 10), `void` (of 2), `all` (its qualifier, "" if there is none).
    """

    domain: str
    expected: tuple[str, ...]

    def questions(self, answers: Answers) -> tuple[Question, ...]:
        """What is still to be asked for; empty when the record can be judged."""
        return tuple(walk(self.domain, answers).wanted)

    def judge(self, answers: Answers) -> Verdict:
        texts = records_in(records_told(answers, self.domain))
        walked = walk(self.domain, answers)
        endings = [each.qualifier for each in read(texts[0]).terms if each.name == "all"] if len(texts) == 1 else []
        facts = {
            "record": texts[0][:MOST_SHOWN] if len(texts) == 1 else "",
            "lookups": walked.lookups,
            "void": walked.void,
            "all": "".join(endings[:1]),
        }
        nobody = unheard(self.domain, answers.get(Question(self.domain, "TXT"), ()))
        verdict = nobody or judged(self.domain, self.expected, texts, walked, facts)
        return Verdict(verdict.outcome, verdict.reason, evidence_of(answers), facts)


def records_told(answers: Answers, domain: str) -> tuple[str, ...]:
    answer = told(answers, Question(domain, "TXT"))
    return answer.records if answer is not None else ()


def judged(domain: str, expected: Sequence[str], texts: list[str], walked: Walk, facts: dict[str, object]) -> Verdict:
    invalid = invalidity(domain, texts, walked)
    if invalid:
        return Verdict(Outcome.FAILED, invalid)
    if facts["all"] == "+":
        return Verdict(Outcome.FAILED, f"The SPF record of {domain} ends in +all: it lets anybody pass.")
    wanted = [str(term(text)) for text in expected]
    missing = [each for each in wanted if each not in walked.reached]
    for found, what in ((walked.late, "after “all”, where nobody comes to"), (walked.weak, "but does not let it pass")):
        beside = [each for each in missing if each in found]
        if beside:
            return Verdict(Outcome.FAILED, f"The SPF record of {domain} names {listed(beside)} {what}.")
    if walked.unknown or walked.wanted:
        why = " ".join(dict.fromkeys(walked.unknown)) or "Not all of it could be looked up."
        return Verdict(Outcome.UNDETERMINED, f"The SPF record of {domain} cannot be judged to its end. {why}")
    if missing:
        return Verdict(Outcome.FAILED, f"The SPF record of {domain} does not name {listed(missing)}.")
    names = f"names {listed(wanted)} and " if wanted else ""
    return Verdict(
        Outcome.PASSED, f"The SPF record of {domain} {names}needs {walked.lookups} of {MOST_LOOKUPS} look-ups."
    )


def invalidity(domain: str, texts: list[str], walked: Walk) -> str:
    """What makes receivers ignore the record whatever it names, "" if nothing does."""
    if not texts:
        return f"{domain} has no SPF record."
    if len(texts) > 1:
        return f"{domain} has {len(texts)} SPF records, so none counts; they have to be made one."
    if walked.lookups > MOST_LOOKUPS:
        return f"The SPF record of {domain} needs more than {MOST_LOOKUPS} look-ups, so it counts for nothing."
    if walked.problems:
        return walked.problems[0]
    if walked.void > MOST_VOID:
        asks = f"The SPF record of {domain} asks {walked.void} times for names that are not there"
        return f"{asks}; {MOST_VOID} are allowed."
    return ""
