"""Attachments: a row that names a document, and the content it points to by SHA-256."""

from peewee import BlobField, ForeignKeyField, IntegerField, TextField

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
    """A document of a customer. `name` is shown and offered for saving; it is never used as a path."""

    customer = ForeignKeyField(Customer, backref="attachments")
    order = ForeignKeyField(Order, null=True, backref="attachments")
    content = ForeignKeyField(Content, column_name="sha256")
    name = TextField()
    media_type = TextField()
    pages = IntegerField(null=True)
    created_at = Moment()
    created_by = ForeignKeyField(Person, null=True, column_name="created_by_id")
