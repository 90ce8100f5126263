"""Alerts: that a service of a customer is not well, who is told, what was told, and webhooks on their way."""

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from data.customers import Customer
from data.database import Record
from data.fields import Facts, Moment
from data.monitors import Monitor
from data.partners import Partner

BAD = ("warning", "problem", "unknown")  # states of a monitor that are alerts
STATE_NAMES = {"warning": "Warning", "problem": "Problem", "unknown": "No news"}
LEVELS = {"first": "At once", "escalation": "When nobody reacts"}

# What a notice tells. `again`: it is still so; `worse`: a warning became a problem; `recovery`: it is over.
KINDS = ("alert", "worse", "again", "escalation", "recovery")


class Subscriber(Record):
    """Who is told: of one customer, or with `customer` None of all of the MSP's.

    `alternative`: a second address, outside of the customer's own domains. `webhook`: an https address, `sealed` the
    key its messages are signed with. `level`: one of LEVELS. `services`: which are told of. `warnings`, `silence`:
    told of warnings, and of no news, too; `again`: told again while nobody acknowledges.
    `next_at`: no message before. `failing_since`: when the webhook began to fail; `off_at`: when it was given up.
    """

    partner = ForeignKeyField(Partner)
    customer = ForeignKeyField(Customer, null=True, on_delete="CASCADE")
    name = TextField()
    email = TextField(default="")
    alternative = TextField(default="")
    webhook = TextField(default="")
    sealed = TextField(default="")
    level = TextField(default="first")
    services = Facts(default=list)
    warnings = BooleanField(default=False)
    silence = BooleanField(default=True)
    again = BooleanField(default=False)
    next_at = Moment(null=True)
    failing_since = Moment(null=True)
    off_at = Moment(null=True)
    off_reason = TextField(default="")
    added_at = Moment()
    removed_at = Moment(null=True)
    version = IntegerField(default=1)


class Alert(Record):
    """One service of one customer that is not well, from when it was seen until it is over.

    `state`: one of BAD, as it is now, or was last. `said`: what the reading said. `count`: how often it was counted
    unacknowledged, the first time included; counted again at `next_at`. `ended_as`: “good”, or “stopped” where nobody
    looks any more.
    """

    partner = ForeignKeyField(Partner)
    customer = ForeignKeyField(Customer, on_delete="CASCADE")
    monitor = ForeignKeyField(Monitor, on_delete="CASCADE")
    service = TextField()
    state = TextField()
    said = TextField(default="")
    opened_at = Moment()
    count = IntegerField(default=1)
    next_at = Moment(null=True)
    escalated_at = Moment(null=True)
    acknowledged_at = Moment(null=True)
    acknowledged_by_id = IntegerField(null=True)
    acknowledged_by_name = TextField(default="")
    remark = TextField(default="")
    ended_at = Moment(null=True)
    ended_as = TextField(default="")
    version = IntegerField(default=1)

    @property
    def open(self) -> bool:
        return self.ended_at is None


class AlertMessage(Record):
    """What was sent to one subscriber at once, about however many alerts.

    `token_hash`: of the token in its link, by which it is acknowledged; None where nothing is left to acknowledge.
    """

    subscriber = ForeignKeyField(Subscriber, on_delete="CASCADE")
    written_at = Moment()
    subject = TextField()
    token_hash = TextField(null=True, unique=True)


class AlertNotice(Record):
    """That a subscriber is to be told of an alert, once for each `kind` and count. `message` None: not told yet."""

    alert = ForeignKeyField(Alert, on_delete="CASCADE")
    subscriber = ForeignKeyField(Subscriber, on_delete="CASCADE")
    kind = TextField()
    count = IntegerField(default=1)
    state = TextField()  # the alert's, when it was to be told
    at = Moment()
    message = ForeignKeyField(AlertMessage, null=True, on_delete="CASCADE")


class WebhookDelivery(Record):
    """A message on its way to a webhook. `state`:

    waiting  to be sent at `not_before`;
    sending  claimed by a worker at `claimed_at`; lost, it is sent again: receivers know it by its id;
    sent     answered with 2xx;
    failed   given up; `answer` says why.
    """

    subscriber = ForeignKeyField(Subscriber, on_delete="CASCADE")
    message = ForeignKeyField(AlertMessage, null=True, on_delete="CASCADE")
    body = TextField()
    state = TextField(default="waiting")
    tries = IntegerField(default=0)
    not_before = Moment()
    claimed_at = Moment(null=True)
    answer = TextField(default="")
    created_at = Moment()
    answered_at = Moment(null=True)
