"""Requests for information: their answers, what was handed in, and the personal links that open them."""

from peewee import ForeignKeyField, IntegerField, TextField

from data.attachments import Attachment
from data.customers import Customer
from data.database import Record
from data.fields import Facts, Moment
from data.orders import Order

STATES = {"incomplete": "incomplete", "complete": "complete", "error": "error", "not_applicable": "n/a"}


class AskedSet(Record):
    """The questions of one version, whole, so that an RFI can be read as it was asked when the files have changed."""

    version = TextField(primary_key=True)  # SHA-256 of the definition, hexadecimal
    definition = Facts()  # as data/definitions.py writes and reads it
    kept_at = Moment()


class Rfi(Record):
    """The questionnaire of one order. `state`: see STATES.

    `set_version` is fixed by the first answer; until then the questions of the day are shown. `version` counts what
    happens to the RFI as a whole (handed in, flagged, reopened); each answer has a version of its own.
    """

    customer = ForeignKeyField(Customer, backref="rfis")
    order = ForeignKeyField(Order, unique=True)
    state = TextField(default="incomplete")
    opened_at = Moment()  # opened again by a reason: that moment, from which reminders are counted
    set_version = ForeignKeyField(AskedSet, null=True, column_name="set_version")
    infrastructure = TextField(default="")  # the answer that decides the questions; "" until it is given
    reason = TextField(default="")  # why it is n/a, or why it was opened again
    reminders = IntegerField(default=0)  # sent since it was opened, or flagged
    closing_told_at = Moment(null=True)  # the MSP was told that the project is going to be closed
    closed_at = Moment(null=True)  # nobody answered: the project was closed
    version = IntegerField(default=1)


class RfiAnswer(Record):
    """What stands under one question now, checked or not: typing is never refused, handing in is.

    `value` is as typed and normalised by the kind of its question; for a secret it is null and `sealed` holds the
    encrypted text. Answers under questions of another infrastructure stay here and are not handed in.
    """

    rfi = ForeignKeyField(Rfi, backref="answers", on_delete="CASCADE")
    question = TextField()  # id in the question set
    value = Facts(null=True)
    sealed = TextField(default="")
    version = IntegerField(default=1)
    changed_at = Moment()
    changed_by_id = IntegerField(null=True)  # a person; null through a link
    changed_by_name = TextField()


class HandedIn(Record):
    """One RFI as it was handed in; never changed. `answers`: question id → value, secrets left out."""

    rfi = ForeignKeyField(Rfi, backref="handed_in", on_delete="CASCADE")
    number = IntegerField()  # 1, 2, … of this RFI
    set_version = ForeignKeyField(AskedSet, column_name="set_version")
    infrastructure = TextField()
    answers = Facts()
    attachment = ForeignKeyField(Attachment, null=True)
    at = Moment()
    by_id = IntegerField(null=True)
    by_name = TextField()


class RfiFlag(Record):
    """A reviewer's remark on one answer of what was handed in. Open until the next version is handed in."""

    rfi = ForeignKeyField(Rfi, backref="flags", on_delete="CASCADE")
    question = TextField()
    comment = TextField()
    at = Moment()
    by_id = IntegerField(null=True)
    by_name = TextField()
    settled_at = Moment(null=True)


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
