"""What a domain asks others to do with mail that only claims to come from it (RFC 7489)."""

from dataclasses import dataclass

from blueprints.gateways.evidence import Answers, Outcome, Question, Verdict, evidence_of, told
from blueprints.plans.judging.hearing import unheard
from blueprints.plans.judging.tags import tags_of

POLICIES = ("none", "quarantine", "reject")  # the weakest first
MOST_LABELS = 8  # of a domain, from the right, above which a policy is looked for


def names(domain: str) -> list[str]:
    """Where a policy may be: at the domain, else at the nearest domain above, down to two labels."""
    labels = domain.split(".")
    above = [".".join(labels[start:]) for start in range(1, len(labels) - 1)][-MOST_LABELS:]
    return [f"_dmarc.{name}" for name in (domain, *above)]


@dataclass(frozen=True)
class Dmarc:
    """Passed when there is one policy, at least as strict as `least`, whose reports go to `reports_to`.

    `least`: none, quarantine or reject. `reports_to`: an address, "" where any will do. Facts: `at`, `policy`,
    `percent`, `reports` (addresses).
    """

    domain: str
    least: str = "none"
    reports_to: str = ""

    def questions(self, answers: Answers) -> tuple[Question, ...]:
        """The next name, as long as those before have no policy."""
        asked: list[Question] = []
        for name in names(self.domain):
            asked.append(Question(name, "TXT"))
            answer = told(answers, asked[-1])
            if answer is None or not answer.tells or policies(answer.records):
                break
        return tuple(asked)

    def judge(self, answers: Answers) -> Verdict:
        verdict = self.judged(answers)
        return Verdict(verdict.outcome, verdict.reason, evidence_of(answers), verdict.facts)

    def judged(self, answers: Answers) -> Verdict:
        for question in self.questions(answers):
            answer = told(answers, question)
            nobody = unheard(question.name, answers.get(question, ()))
            if answer is None or nobody is not None:
                return nobody or Verdict(Outcome.UNDETERMINED, f"{question.name} was not asked for.")
            found = policies(answer.records)
            if len(found) > 1:
                return Verdict(Outcome.FAILED, f"{question.name} holds more than one policy, so none counts.")
            if found:
                own = question.name == f"_dmarc.{self.domain}"
                return policy_verdict(question.name, found[0], own, self.least, self.reports_to)
        return Verdict(
            Outcome.FAILED, f"{self.domain} has no DMARC policy: there is no record at _dmarc.{self.domain}."
        )


def policies(records: tuple[str, ...]) -> list[dict[str, str]]:
    """The records that are policies: those that begin with the version (section 6.3)."""
    found = [tags_of(record) or {} for record in records if record.replace(" ", "").lower().startswith("v=dmarc1")]
    return [tags if tags.get("v", "").upper() == "DMARC1" else {} for tags in found]


def policy_verdict(name: str, tags: dict[str, str], own: bool, least: str, reports_to: str) -> Verdict:
    policy = (tags.get("p", "") if own else tags.get("sp", tags.get("p", ""))).lower()
    percent = int(tags.get("pct", "100")) if tags.get("pct", "100").isdecimal() else 100
    reports = [to.strip().partition("!")[0] for to in tags.get("rua", "").lower().split(",") if to.strip()]
    addresses = [to.removeprefix("mailto:") for to in reports]
    facts = {"at": name, "policy": policy, "percent": percent, "reports": addresses}
    if policy not in POLICIES:
        return Verdict(Outcome.FAILED, f"The policy at {name} is not one: p={policy[:40]}.", facts=facts)
    if POLICIES.index(policy) < POLICIES.index(least):
        return Verdict(Outcome.FAILED, f"The policy at {name} is {policy}; {least} is wanted.", facts=facts)
    if percent < 100 and least != "none":
        return Verdict(Outcome.FAILED, f"The policy at {name} is for {percent} % of the mail only.", facts=facts)
    if reports_to and reports_to.lower() not in addresses:
        return Verdict(Outcome.FAILED, f"The policy at {name} sends no reports to {reports_to}.", facts=facts)
    return Verdict(Outcome.PASSED, f"The policy at {name} is {policy}.", facts=facts)
