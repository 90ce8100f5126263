"""Whether a domain shows the token that proves who manages it: a TXT record, or a CNAME to a given name."""

from dataclasses import dataclass

from blueprints.gateways.evidence import Answer, Answers, Question, Verdict, evidence_of
from blueprints.plans.judging.hearing import absent, spread


@dataclass(frozen=True)
class Token:
    """Passed when all servers show it. `name`: where, the domain or a name below it; `kind`: TXT or CNAME.

    Facts: `record`, the line to copy into the zone.
    """

    name: str
    token: str
    kind: str = "TXT"

    def questions(self, _: Answers) -> tuple[Question]:
        return (Question(self.name, self.kind, everywhere=True),)

    def judge(self, answers: Answers) -> Verdict:
        (question,) = self.questions(answers)
        given = answers.get(question, ())
        verdict = spread(self.name, given, self.wrong, f"{self.name} shows the token.")
        shown = f'"{self.wanted}"' if self.kind == "TXT" else f"{self.wanted}."
        facts = {"record": f"{self.name}. {self.kind} {shown}"}
        return Verdict(verdict.outcome, verdict.reason, evidence_of(answers), facts, verdict.again_in)

    @property
    def wanted(self) -> str:
        token = self.token.strip()
        return token.rstrip(".").lower() if self.kind == "CNAME" else token

    def wrong(self, answer: Answer) -> str:
        if self.wanted in (record.strip() for record in answer.records):
            return ""
        return absent(answer) or f"{self.name} has {self.kind} records, but not “{self.wanted}”."
