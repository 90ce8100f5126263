"""Attachments: a row that names a document, the content it points to by SHA-256, and uploads on their way there."""

from peewee import BlobField, BooleanField, ForeignKeyField, IntegerField, TextField

from data.accounts import Person
from data.customers import Customer
from data.database import Record
from data.fields import Moment
from data.orders import Order


class Content(Record):
    """Bytes kept once, in the database: they commit with what they belong to, and one backup has everything."""

    sha256 = TextField(primary_key=True)  # hexadecimal
    content = BlobField()
    size = IntegerField()  # bytes


class Attachment(Record):
    """A document of a customer. `name` is shown and offered for saving; it is never used as a path.

    `size` stands here too, in bytes, so that a list of attachments reads no content.
    """

    customer = ForeignKeyField(Customer, backref="attachments")
    order = ForeignKeyField(Order, null=True, backref="attachments")
    content = ForeignKeyField(Content, column_name="sha256")
    name = TextField()
    media_type = TextField()
    pages = IntegerField(null=True)
    created_at = Moment()
    created_by = ForeignKeyField(Person, null=True, column_name="created_by_id")
    size = IntegerField()
    uploaded = BooleanField(default=False)  # by a person, not written by the portal


class Opening(Record):
    """When a person last opened an attachment, as far as the history has a line of it."""

    attachment = ForeignKeyField(Attachment, on_delete="CASCADE")
    person = ForeignKeyField(Person)
    at = Moment()


class Paper(Record):
    """A file as it was uploaded, until it is a safe attachment: waiting → making → gone, or refused with a reason."""

    customer = ForeignKeyField(Customer, on_delete="CASCADE")
    name = TextField()
    size = IntegerField()  # bytes
    state = TextField(default="waiting")
    reason = TextField(default="")
    tries = IntegerField(default=0)
    claimed_at = Moment(null=True)
    created_at = Moment()
    created_by = ForeignKeyField(Person, column_name="created_by_id")


class PaperPiece(Record):
    """Some bytes of a paper, from `position` on. Pieces keep memory small, and are gone once it is made or refused."""

    paper = ForeignKeyField(Paper, backref="pieces", on_delete="CASCADE")
    position = IntegerField()
    content = BlobField()

    class Meta:
        table_name = "paper_piece"
