"""What every check of names is: what it wants to know next, and what the answers mean.

`answers = gather(check.questions, bounds)` asks (gateways.names), `check.judge(answers)` judges. A check holds what
is expected and nothing else; asking the same of other answers is asking another time or another place.
"""

from collections.abc import Sequence
from typing import Protocol

from blueprints.gateways.evidence import Answers, Question, Verdict


class Check(Protocol):
    """Domains are in A-labels, small, without a dot at the end."""

    def questions(self, answers: Answers, /) -> Sequence[Question]:
        """All that is worth asking, given the answers so far; those answered already may be among them."""

    def judge(self, answers: Answers, /) -> Verdict: ...
