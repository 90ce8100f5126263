"""What checks say of an answer."""

from dataclasses import dataclass, field
from typing import Any

MOST_TOLD = 20  # problems of one field; who mends twenty sees the next twenty


@dataclass(frozen=True)
class Problem:
    """What is wrong in one field; `line` (from 1) where the field has several."""

    field: str
    sentence: str
    line: int | None = None


@dataclass(frozen=True)
class Suggestion:
    """A change that one press makes: the question `question` answered with `value`; `say` is on the button."""

    question: str
    value: str
    say: str


@dataclass(frozen=True)
class Checked:
    """What is to be said of an answer.

    `value`: as it is handed in, normalised where that is possible. `problems` stand in the way of handing in;
    `missing`: the problem is only that something is still to be answered. Warnings and notes stop nobody.
    """

    value: Any
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    missing: bool = False


@dataclass
class Findings:
    """What is found in the field `name`, as it is collected. `value`: what was typed, until a check puts it in form."""

    name: str
    value: Any
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    suggestion: Suggestion | None = None

    def refuse(self, sentence: str, line: int | None = None) -> None:
        self.problems.append(Problem(self.name, sentence, line))

    @property
    def checked(self) -> Checked:
        problems = self.problems[:MOST_TOLD]
        if more := len(self.problems) - len(problems):
            problems.append(Problem(self.name, f"And {more:,} more like these."))
        return Checked(self.value, tuple(problems), tuple(self.warnings), tuple(self.notes), self.suggestion)
