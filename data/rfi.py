"""Requests for information and the personal links that open them."""

from peewee import ForeignKeyField, IntegerField, TextField

from data.customers import Customer
from data.database import Record
from data.fields import Moment
from data.orders import Order


class Rfi(Record):
    """The questionnaire of one order. `state`: incomplete, complete, error, not_applicable."""

    customer = ForeignKeyField(Customer, backref="rfis")
    order = ForeignKeyField(Order, unique=True)
    state = TextField(default="incomplete")
    opened_at = Moment()
    version = IntegerField(default=1)


class RfiLink(Record):
    """A personal link. Only the SHA-256 of its token is kept; the token itself is in the email."""

    rfi = ForeignKeyField(Rfi, backref="links", on_delete="CASCADE")
    token_hash = TextField(unique=True)
    name = TextField()
    email = TextField()
    created_at = Moment()
    expires_at = Moment()
    revoked_at = Moment(null=True)
    last_opened_at = Moment(null=True)
