"""Forms of a plan and its steps. A page shows several of them, so the ids of their fields begin with the act."""

from collections.abc import Iterable
from typing import Any

from wtforms import Label, SelectChoice, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.web.fields import CalendarDay, DayAndTime, Line, Text, Tick, VersionedForm, whole_id

MOST_REASON, MOST_TEXT, MOST_TITLE = 1_000, 4_000, 120
NOBODY = (0, "Nobody in particular")

Choices = Iterable[tuple[Any, str]]


def options(pairs: Choices) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


OWNERS = options((("partner", "MSP"), ("customer", "Customer"), ("everyone", "Everyone")))


class ActForm(VersionedForm):
    """An act on a step or a plan. `act`: what the ids of its fields begin with."""

    def __init__(self, act: str = "act", **given: Any) -> None:
        super().__init__(**given)
        for field in self:
            field.id = f"{act}-{field.name}"
            field.label = Label(field.id, field.label.text)


class ReasonForm(ActForm):
    reason = Text("Reason", required=True, most=MOST_REASON)


class NotApplicableForm(ReasonForm):
    overriding = Tick("The plan requires this step; leave it out all the same")


class WaitForm(ActForm):
    until = DayAndTime("Until")


class DueForm(ActForm):
    due_on = CalendarDay("Due")


class CommentForm(ActForm):
    text = Text("Remark", required=True, most=MOST_TEXT)


class AssignForm(ActForm):
    person = SelectField("Given to", coerce=whole_id, choices=options([NOBODY]))

    def offer(self, people: Choices) -> None:
        self.person.choices = options([NOBODY, *people])


class CutoverForm(ActForm):
    """`asks_why`: the date is too early, so it is kept with a reason only."""

    asks_why = False
    cutover_at = DayAndTime("Date and time of the cutover")
    reason = Text("Reason", most=MOST_REASON)


class OwnStepForm(ActForm):
    title = Line("Title", required=True, most=MOST_TITLE)
    owner = SelectField("Who does it", choices=OWNERS)
    phase = SelectField("Phase")
    help = Text("What to do", most=MOST_TEXT)
    optional = Tick("The plan can be complete without it")
    due_on = CalendarDay("Due")
    after = SelectMultipleField(
        "Comes after", coerce=whole_id, option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )

    def offer(self, phases: Choices, steps: Choices) -> None:
        self.phase.choices, self.after.choices = options(phases), options(steps)
