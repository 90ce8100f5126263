"""Every email is a row with a state; what was sent can always be read again."""

from peewee import ForeignKeyField, IntegerField, TextField

from data.attachments import Attachment
from data.customers import Customer
from data.database import Record
from data.fields import Moment
from data.partners import Partner

STATES = ("waiting", "sending", "sent", "failed", "held", "unsure")


class Email(Record):
    """A letter. `state`:

    waiting  to be sent at `not_before`;
    sending  claimed by a worker at `claimed_at`;
    sent     accepted by the mail server;
    failed   given up, or refused for good; `answer` has the server's words;
    held     no mail server is configured, readable in the portal;
    unsure   the worker or the connection died after the letter was handed over: it may have been sent.
    """

    partner = ForeignKeyField(Partner, null=True)
    customer = ForeignKeyField(Customer, null=True)
    kind = TextField()
    once = TextField(null=True, unique=True)  # a letter that must exist only once, such as order_addendum:17
    to_name = TextField(default="")
    to_email = TextField()
    reply_to = TextField(default="")
    subject = TextField()
    text = TextField()
    html = TextField(default="")
    state = TextField(default="waiting")
    tries = IntegerField(default=0)
    not_before = Moment()
    claimed_at = Moment(null=True)
    sent_at = Moment(null=True)
    answer = TextField(default="")
    created_at = Moment()


class EmailAttachment(Record):
    """A filed document that goes with a letter."""

    email = ForeignKeyField(Email, backref="enclosures", on_delete="CASCADE")
    attachment = ForeignKeyField(Attachment)
