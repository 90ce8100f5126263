"""Mailboxes that move, around them: where they are and how they are signed in to, lists that come in, and tests."""

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from data.database import Record
from data.fields import Moment
from data.plans import Plan

STATES = {"pending": "Not tested", "ok": "Good", "failed": "Failed", "skipped": "Left out"}
UNKNOWN = "Not known"  # of a pending one that was tested
SECURITIES = {"tls": "TLS", "starttls": "STARTTLS", "none": "None"}
LOGINS = {"list": "Each mailbox with its own password", "admin": "An administrator", "token": "A token (OAuth 2)"}


class MailboxSource(Record):
    """The server that a plan's mailboxes come from, where somebody of the MSP said it otherwise than the RFI.

    `security`, `login`: see SECURITIES, LOGINS; `admin_form`: how the administrator’s name is joined to a person’s, “”
    for AUTHENTICATE PLAIN (RFC 4616); `sealed`: the administrator’s password, or a token that is good for all.
    `accepted`: SHA-256 of a certificate that a person accepted though it is not trusted.
    """

    plan = ForeignKeyField(Plan, unique=True, on_delete="CASCADE")
    host = TextField()
    security = TextField()
    login = TextField()
    admin = TextField(default="")
    admin_form = TextField(default="")
    sealed = TextField(default="")
    accepted = TextField(default="")
    version = IntegerField(default=1)


class MailboxRun(Record):
    """Mailboxes being tested, one run at a time for each plan. `state`: due, running, done.

    What is still to be tested says so itself (Mailbox.run_id), so a run goes on where it stopped. `whole`: all that
    move, so that its end answers the step's check. `cancelled_at`: what had begun then was tested to its end.
    """

    plan = ForeignKeyField(Plan, backref="+", on_delete="CASCADE")
    step_id = IntegerField()
    state = TextField(default="due")
    whole = BooleanField(default=False)
    total = IntegerField()
    asked_at = Moment()
    asked_by_id = IntegerField(null=True)
    asked_by_name = TextField(default="")
    not_before = Moment()
    claimed_at = Moment(null=True)
    tries = IntegerField(default=0)
    cancelled_at = Moment(null=True)
    ended_at = Moment(null=True)
    sentence = TextField(default="")  # why it ended before its time; "" when it did not


class MailboxList(Record):
    """A list that was read and waits for somebody to say yes; one for each plan, replaced by the next."""

    plan = ForeignKeyField(Plan, unique=True, on_delete="CASCADE")
    format = TextField()  # one of blueprints.plans.mailbox_lists.FORMATS
    good = IntegerField()
    faults = IntegerField()
    twice = IntegerField()
    at = Moment()
    by_name = TextField()


class ListedMailbox(Record):
    """A row of such a list: with a `reason` it cannot be used. `cells`: as they may be shown, apart by tabs."""

    of = ForeignKeyField(MailboxList, column_name="list_id", backref="+", on_delete="CASCADE")
    number = IntegerField()  # in the file, from 1
    reason = TextField(default="")
    cells = TextField(default="")
    address = TextField(default="")
    login = TextField(default="")
    name = TextField(default="")
    target = TextField(default="")
    sealed = TextField(default="")
