"""Whether mail goes where it should, and nowhere else, as every name server tells it."""

from dataclasses import dataclass
from itertools import pairwise

from blueprints.gateways.evidence import Answer, Answers, Outcome, Question, Verdict, evidence_of, listed
from blueprints.plans.judging.hearing import absent, spread


@dataclass(frozen=True)
class Host:
    """A host that takes mail; the lowest preference is tried first (RFC 5321, section 5.1).

    Expected ones may have none (None: any will do) and may begin with “*.” for any host below a name.
    """

    name: str
    preference: int | None = None

    def __str__(self) -> str:
        return self.name if self.preference is None else f"{self.preference} {self.name}"

    def covers(self, other: "Host") -> bool:
        if self.name.startswith("*."):
            return other.name.endswith(self.name[1:])
        return other.name == self.name


def host(text: str) -> Host:
    """“10 mx.example.com” or “mx.example.com”, with or without a dot at the end. Raises ValueError."""
    parts = text.lower().split()
    if not parts or len(parts) > 2 or (len(parts) == 2 and not parts[0].isdigit()):
        raise ValueError(f"“{text}” is not a host with or without its preference")
    name = parts[-1].rstrip(".")
    return Host(name, int(parts[0]) if len(parts) == 2 else None)


@dataclass(frozen=True)
class Mx:
    """Passed when all servers show the `expected` hosts (see `host`), in their order, and no others.

    Facts: `hosts` as the zone has them (most wanted first), `expected`, `ttl` (seconds for which others remember
    the record: how long a change takes).
    """

    domain: str
    expected: tuple[str, ...]

    def questions(self, _: Answers) -> tuple[Question]:
        return (Question(self.domain, "MX", everywhere=True),)

    def judge(self, answers: Answers) -> Verdict:
        """Raises ValueError for expected hosts that are none."""
        wanted = [host(text) for text in self.expected]
        (question,) = self.questions(answers)
        given = answers.get(question, ())
        own = next((each for each in given if each.authority and each.tells), next(iter(given), None))
        facts = {
            "hosts": [str(each) for each in hosts(own)] if own else [],
            "expected": [str(each) for each in wanted],
            "ttl": own.ttl if own else None,
        }
        if not wanted:
            unsaid = f"It is not said yet where mail for {self.domain} should go."
            return Verdict(Outcome.UNDETERMINED, unsaid, evidence_of(answers), facts)
        right = f"Mail for {self.domain} goes to {listed(each.name for each in wanted)}, say all name servers asked."
        verdict = spread(self.domain, given, lambda answer: wrong(self.domain, wanted, answer), right)
        return Verdict(verdict.outcome, verdict.reason, evidence_of(answers), facts, verdict.again_in)


def hosts(answer: Answer) -> list[Host]:
    """Those of an answer, most wanted first."""
    found = []
    for record in answer.records:
        preference, _, name = record.partition(" ")
        found.append(Host(name, int(preference) if preference.isdigit() else 0))
    return sorted(found, key=lambda each: (each.preference or 0, each.name))


def wrong(domain: str, wanted: list[Host], answer: Answer) -> str:
    """What is wrong with one answer, "" when nothing is."""
    if not answer.records:
        return absent(answer)
    found = hosts(answer)
    if [each.name for each in found] == ["."]:
        return f"{domain} says that it takes no mail (RFC 7505)."
    missing = [each for each in wanted if not any(each.covers(other) for other in found)]
    left = [each for each in found if not any(other.covers(each) for other in wanted)]
    if missing:
        beside = f" It names {listed(map(str, found))}." if left else ""
        return f"Mail for {domain} does not go to {listed(each.name for each in missing)}.{beside}"
    return left_over(domain, found, left) or out_of_order(wanted, found)


def left_over(domain: str, found: list[Host], left: list[Host]) -> str:
    """Hosts that should be gone, and what they still do."""
    if not left:
        return ""
    names = listed(map(str, left))
    best = min(each.preference or 0 for each in found if each not in left)
    first = min(each.preference or 0 for each in left)
    what = "is tried first" if first < best else "is tried as often as the right ones"
    if first > best:
        what = "still gets mail when the others do not answer"
    return f"{names} should be removed: it {what} for {domain}."


def out_of_order(wanted: list[Host], found: list[Host]) -> str:
    """Whether one that should be tried after another is not."""
    ordered = sorted((each for each in wanted if each.preference is not None), key=lambda each: each.preference or 0)
    for earlier, later in pairwise(ordered):
        if earlier.preference == later.preference:
            continue
        first = min(each.preference or 0 for each in found if earlier.covers(each))
        second = min(each.preference or 0 for each in found if later.covers(each))
        if first >= second:
            return f"{earlier.name} should be tried before {later.name}; its number has to be the lower one."
    return ""
