"""Monitors: what is watched of each customer, what was read, when a state changed, and when nobody is to be told.

`monitor_change` is the seam to whoever tells people: a row for each change of state, in the transaction of the change;
`told_at` is null until it was dealt with.
"""

from peewee import FloatField, ForeignKeyField, IntegerField, TextField

from data.customers import Customer
from data.database import Record
from data.fields import Facts, Moment

# In the order of their marks, everywhere.
SERVICES = {
    "inbound_queue": "Inbound queue",
    "outbound_queue": "Outbound queue",
    "journal_queue": "Journal queue",
    "journal_connector": "Journal connector",
    "directory_connector": "Directory connector",
}
SOURCES = {"push": "It is sent here", "probe": "The portal looks"}
# `off`: set up once, not watched now. Of these, lists keep the first letter, and “-” for off and for never set up.
STATES = ("good", "warning", "problem", "unknown", "off")
NEVER_SET_UP = "4-----"  # Customer.monitors: rank of the worst mark, then the five
SPANS = ("hour", "day")


class Monitor(Record):
    """One service of one customer that is watched. `state`: see STATES; `since` when it became so.

    `probe` names what the portal does where it looks itself, `settings` where and how, `sealed` the secret for it.
    Thresholds: `warning` and `problem` on the value, `warning_age` and `problem_age` on seconds; null for none.
    `every`: seconds between two readings, after three of which without news it is unknown; `quiet_at`: when that is to
    be looked at, null before the first reading.
    `damping`: how many readings in a row change the state; `recent`: levels of the last ones, a letter each.
    `value`, `oldest` (seconds), `message`, `read_at`: of the newest reading. `trouble`: why the last look told nothing.
    `due_at`: when a probe is due, null for those that are sent here; `claimed_at`: a worker is at it since then.
    """

    customer = ForeignKeyField(Customer, backref="+")
    service = TextField()
    source = TextField()
    probe = TextField(default="")
    settings = Facts(default=dict)
    sealed = TextField(default="")
    warning = FloatField(null=True)
    problem = FloatField(null=True)
    warning_age = IntegerField(null=True)
    problem_age = IntegerField(null=True)
    every = IntegerField(default=900)
    damping = IntegerField(default=2)
    token_hash = TextField(null=True, unique=True)  # SHA-256 of the token, hexadecimal; null without one
    token_made_at = Moment(null=True)
    state = TextField(default="unknown")
    since = Moment()
    recent = TextField(default="")
    value = FloatField(null=True)
    oldest = IntegerField(null=True)
    message = TextField(default="")
    read_at = Moment(null=True)
    quiet_at = Moment(null=True)
    due_at = Moment(null=True)
    claimed_at = Moment(null=True)
    trouble = TextField(default="")
    trouble_at = Moment(null=True)
    made_at = Moment()
    version = IntegerField(default=1)


class Reading(Record):
    """One reading, kept for seven days. `level`: g, w or p, what the thresholds and the sender said of it alone.

    `oldest`: seconds. `key`: by which the sender tells a repetition, unique for its monitor.
    """

    monitor = ForeignKeyField(Monitor, backref="+", on_delete="CASCADE")
    at = Moment()
    value = FloatField(null=True)
    oldest = IntegerField(null=True)
    level = TextField()
    message = TextField(default="")
    key = TextField(null=True)


class Rollup(Record):
    """What is left of readings after seven days: of each hour (UTC) up to 30 days, then of each day up to 90.

    `least`, `most`, `total` and `valued` are of the readings with a value; `oldest` is the highest age in seconds.
    """

    monitor = ForeignKeyField(Monitor, backref="+", on_delete="CASCADE")
    span = TextField()  # hour or day
    begins_at = Moment()
    readings = IntegerField()
    valued = IntegerField()
    least = FloatField(null=True)
    most = FloatField(null=True)
    total = FloatField(null=True)
    oldest = IntegerField(null=True)
    warnings = IntegerField()  # readings at that level
    problems = IntegerField()

    class Meta:
        table_name = "monitor_rollup"


class MonitorChange(Record):
    """A change of state, as it was decided: never altered but for `told_at`.

    `value`, `oldest` and `message` are of the reading that decided it; empty when silence did, or a person. In
    maintenance nothing gets worse, so no row tells it. Kept for 90 days.
    """

    monitor = ForeignKeyField(Monitor, backref="+", on_delete="CASCADE")
    customer_id = IntegerField()
    partner_id = IntegerField()
    service = TextField()
    before = TextField()
    after = TextField()
    at = Moment()
    value = FloatField(null=True)
    oldest = IntegerField(null=True)
    message = TextField(default="")
    told_at = Moment(null=True)


class Maintenance(Record):
    """A time in which nothing gets worse: of one monitor, or of all of a customer's (`monitor` null)."""

    customer = ForeignKeyField(Customer, backref="+")
    monitor = ForeignKeyField(Monitor, null=True, backref="+", on_delete="CASCADE")
    begins_at = Moment()
    ends_at = Moment()
    reason = TextField(default="")
    by_id = IntegerField(null=True)
    by_name = TextField()


class Watch(Record):
    """One row: since when the portal has listened without a gap, so that its own absence is nobody's silence."""

    since = Moment()
    seen_at = Moment()

    class Meta:
        table_name = "monitor_watch"
