"""Forms of what is filed under a customer."""

from blueprints.customers.notes import LONGEST
from blueprints.web.fields import Text, VersionedForm


class NoteForm(VersionedForm):
    """A note, new or edited."""

    text = Text("Note", required=True, most=LONGEST)


class RemoveNoteForm(VersionedForm):
    """Says which version of the note the person saw."""
