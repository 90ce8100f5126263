"""Forms of what is filed under a customer."""

from typing import Any

from blueprints.customers.notes import LONGEST
from blueprints.web.fields import Text, VersionedForm


class NoteForm(VersionedForm):
    """A note. Several stand on one page, so the field's id carries the note's number."""

    text = Text("Note", required=True, most=LONGEST)

    def __init__(self, *typed: Any, note_id: int | str = "new", **rest: Any) -> None:
        super().__init__(*typed, **rest)
        self.text.id = self.text.label.field_id = f"text-{note_id}"


class RemoveNoteForm(VersionedForm):
    """Says which version of the note the person saw."""
