"""Notes on a customer, and what they said before they were edited."""

from peewee import ForeignKeyField, IntegerField, TextField

from data.accounts import Person
from data.customers import Customer
from data.database import Record
from data.fields import Moment
from data.findable import Findable


class Note(Findable, Record):
    """Plain text that people of the MSP leave for each other; lines end with \\n. `version` grows with each edit."""

    customer = ForeignKeyField(Customer, backref="notes", on_delete="CASCADE")
    text = TextField()
    author = ForeignKeyField(Person, column_name="author_id")
    created_at = Moment()
    edited_at = Moment(null=True)
    edited_by = ForeignKeyField(Person, null=True, column_name="edited_by_id")
    version = IntegerField(default=1)


class NoteVersion(Record):
    """What a note said before an edit, and who had written that when."""

    note = ForeignKeyField(Note, backref="earlier", on_delete="CASCADE")
    version = IntegerField()
    text = TextField()
    written_at = Moment()
    written_by = ForeignKeyField(Person, column_name="written_by_id")

    class Meta:
        table_name = "note_version"
