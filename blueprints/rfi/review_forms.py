"""Forms of the review: a remark beside each answer, and reasons."""

from collections.abc import Iterable

from wtforms import Field

from blueprints.rfi.reading import ReadAnswer
from blueprints.web.fields import Text, Tick, VersionedForm

PREFIX = "remark_"
MOST_REMARK, MOST_REASON = 1_000, 500


class RemarksForm(VersionedForm):
    """Remarks on answers; one field for each, added by `remarks_form`."""

    def remarks(self) -> dict[str, str]:
        """Question → remark, empty ones left out."""
        typed = ((field.name, field.data) for field in self if field.name.startswith(PREFIX))
        return {name.removeprefix(PREFIX): remark for name, remark in typed if remark}

    def remark_on(self, question: str) -> Field:
        return self[PREFIX + question]


def remarks_form(answers: Iterable[ReadAnswer], **given: object) -> RemarksForm:
    """The form for remarks on these answers."""
    fields = {PREFIX + answer.id: Text(f"Remark on “{answer.question.label}”", most=MOST_REMARK) for answer in answers}
    return type("RemarksForm", (RemarksForm,), fields)(**given)


class ReopenForm(VersionedForm):
    reason = Text("Reason", required=True, most=MOST_REASON)
    tell = Tick("Write to the Implementation Lead, with a new link and this reason", default=True)


class SetAsideForm(VersionedForm):
    reason = Text("Reason", required=True, most=MOST_REASON)
