"""Whether mail programs find their server by the domain: a CNAME, or an SRV record."""

from dataclasses import dataclass

from blueprints.gateways.evidence import Answers, Outcome, Question, Verdict, evidence_of, listed, told
from blueprints.plans.judging.hearing import unheard

PORT = 443


@dataclass(frozen=True)
class Autodiscover:
    """Passed when the CNAME, or else the SRV record, leads to one of the `expected` hosts, and none leads elsewhere.

    Mail programs ask for the CNAME first, so one that leads elsewhere is wrong whatever the SRV record says.
    Facts: `alias`, `service` (where they lead, "" if nowhere).
    """

    domain: str
    expected: tuple[str, ...]

    def questions(self, _: Answers) -> tuple[Question, Question]:
        return Question(f"autodiscover.{self.domain}", "CNAME"), Question(f"_autodiscover._tcp.{self.domain}", "SRV")

    def judge(self, answers: Answers) -> Verdict:
        wanted = [name.lower().rstrip(".") for name in self.expected]
        by_alias, by_service = self.questions(answers)
        alias, service = target(answers, by_alias), target(answers, by_service)
        facts = {"alias": alias or "", "service": service or ""}

        def verdict(outcome: Outcome, reason: str) -> Verdict:
            return Verdict(outcome, reason, evidence_of(answers), facts)

        if not wanted:
            return verdict(Outcome.UNDETERMINED, f"It is not said yet where autodiscover of {self.domain} should lead.")
        if alias and alias not in wanted:
            return verdict(Outcome.FAILED, f"{by_alias.name} leads to {alias}, not to {listed(wanted)}.")
        if alias:
            return verdict(Outcome.PASSED, f"{by_alias.name} leads to {alias}.")
        if service in wanted and alias is not None:
            return verdict(Outcome.PASSED, f"{by_service.name} leads to {service}.")
        if service and service not in wanted:
            return verdict(Outcome.FAILED, f"{by_service.name} leads to {service}, not to {listed(wanted)}.")
        for question in (by_alias, by_service):
            nobody = unheard(question.name, answers.get(question, ()))
            if nobody is not None:
                return verdict(nobody.outcome, nobody.reason)
        return verdict(
            Outcome.FAILED, f"{self.domain} has neither {by_alias.name} (CNAME) nor {by_service.name} (SRV)."
        )


def target(answers: Answers, question: Question) -> str | None:
    """Where a record leads, "" if there is none, None if nobody told. An SRV record has to lead to port 443."""
    answer = told(answers, question)
    if answer is None or not answer.tells:
        return None
    if question.kind == "CNAME":
        return next(iter(answer.records), "")
    services = sorted((record.split() for record in answer.records), key=lambda parts: parts[0].zfill(5))
    return next((parts[3] for parts in services if len(parts) == 4 and parts[2] == str(PORT)), "")
