"""What was handed in, as people read it: sections, questions and answers in lines, as they were asked then."""

from dataclasses import dataclass

from blueprints.rfi.checking import told
from blueprints.rfi.filling import set_of_version
from data.questions import Question, QuestionSet
from data.rfi import HandedIn


@dataclass(frozen=True)
class ReadAnswer:
    """`lines`: none for what was left open. `before`: what an earlier version said, where that was something else."""

    question: Question
    lines: tuple[str, ...]
    before: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        return self.question.id


@dataclass(frozen=True)
class ReadSection:
    title: str
    answers: tuple[ReadAnswer, ...]


def read_version(
    kept: HandedIn, questions: QuestionSet | None = None, earlier: HandedIn | None = None
) -> tuple[ReadSection, ...]:
    """The questions that were asked, with the answers to them; beside them those of an `earlier` version.

    `questions`: the set it was asked with, where it is at hand.
    """
    asked = questions or set_of_version(kept.set_version_id)
    sections = (
        ReadSection(
            section.title,
            tuple(
                read_answer(question, kept, earlier) for question in section.questions if question.id in kept.answers
            ),
        )
        for section in asked.sections
    )
    return tuple(section for section in sections if section.answers)


def read_answer(question: Question, kept: HandedIn, earlier: HandedIn | None) -> ReadAnswer:
    lines = told(question, kept.answers[question.id])
    before = told(question, earlier.answers.get(question.id)) if earlier else lines
    return ReadAnswer(question, lines, None if before == lines else before)
