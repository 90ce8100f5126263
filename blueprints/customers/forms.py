"""Forms of what is filed under a customer."""

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField

from blueprints.customers.notes import LONGEST
from blueprints.customers.papers import Upload
from blueprints.web.fields import Text, VersionedForm


class NoteForm(VersionedForm):
    """A note, new or edited."""

    text = Text("Note", required=True, most=LONGEST)


class RemoveNoteForm(VersionedForm):
    """Says which version of the note the person saw."""


class UploadForm(FlaskForm):
    """Files to be made safe and filed. What a browser says that they are counts for nothing."""

    files = MultipleFileField("Files")

    def uploads(self) -> list[Upload]:
        return [Upload(file.filename or "", file.stream) for file in self.files.data or []]
