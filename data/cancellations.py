"""Cancellations of customers, the terms that were accepted with them, and exports of what the portal keeps."""

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from data.accounts import Person
from data.customers import Customer
from data.database import Record
from data.fields import Day, Moment
from data.partners import Partner

# Days after the end of the service for which the export can be taken.
EXPORT_DAYS = 30


class TermsVersion(Record):
    """Terms as somebody accepted them, whole, so that they can be read when the files have changed."""

    version = TextField(primary_key=True)  # SHA-256 of the text, hexadecimal
    kind = TextField()
    since = Day()
    text = TextField()
    kept_at = Moment()


class Cancellation(Record):
    """An end of the service that was asked for. `state`: pending, withdrawn, ended.

    A customer has at most one that is pending: a unique index holds it. `ends_on`: the last day of service, on the
    calendar of the MSP (`partner`). From `processed_at` on only the provider withdraws it. `export`: the MSP wants the
    data; `quoted_at`: the provider has sent the quote for that; `export_until`: when it can no longer be taken.
    """

    customer = ForeignKeyField(Customer, backref="cancellations")
    partner = ForeignKeyField(Partner)
    state = TextField(default="pending")
    export = BooleanField()
    terms = ForeignKeyField(TermsVersion, column_name="terms_version")
    commitment_ends = Day()
    ends_on = Day()
    asked_at = Moment()
    asked_by = ForeignKeyField(Person, column_name="asked_by_id", backref="+")
    asked_from = TextField(default="")  # IP address
    processed_at = Moment(null=True)
    processed_by = ForeignKeyField(Person, null=True, column_name="processed_by_id", backref="+")
    quoted_at = Moment(null=True)
    quoted_by = ForeignKeyField(Person, null=True, column_name="quoted_by_id", backref="+")
    withdrawn_at = Moment(null=True)
    withdrawn_by = ForeignKeyField(Person, null=True, column_name="withdrawn_by_id", backref="+")
    reason = TextField(default="")  # why it was withdrawn
    ended_at = Moment(null=True)
    export_until = Moment(null=True)
    version = IntegerField(default=1)


class ExportRun(Record):
    """One taking of an export. `state`: running, done, broken; `files_done` of `files` are through."""

    cancellation = ForeignKeyField(Cancellation, on_delete="CASCADE")
    person = ForeignKeyField(Person)
    state = TextField(default="running")
    files = IntegerField()
    files_done = IntegerField(default=0)
    begun_at = Moment()
    changed_at = Moment()

    class Meta:
        table_name = "export_run"
