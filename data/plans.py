"""Onboarding plans: their steps as made for one customer, checks with their evidence, mailboxes that move."""

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from data.accounts import Person
from data.customers import Customer
from data.database import Record
from data.fields import Day, Facts, Moment
from data.orders import Order

OWNERS = {"partner": "MSP", "customer": "Customer", "everyone": "Everyone"}
STEP_STATES = ("not_started", "in_progress", "waiting", "done", "failed", "not_applicable")
SETTLED = ("done", "not_applicable")
OUTCOMES = {
    "passed": "passed",
    "failed": "failed",
    "undetermined": "undetermined",
    "could_not_run": "could not run here",
}


class PlanTemplate(Record):
    """One version of a plan's template, whole, so that a plan reads as it was made when the files have changed."""

    version = TextField(primary_key=True)  # SHA-256 of the definition, hexadecimal
    definition = Facts()
    kept_at = Moment()


class Plan(Record):
    """The onboarding plan that an order opened. `state`: open, done, closed.

    Its steps are made when the RFI says what is needed; `template` is null until then. `steps_done`, `steps_total`
    (required ones, dropped ones left out), `current_step` and whose `turn` it is are kept for lists, in the transaction
    of each change.
    `expected` overrides what the MSP's settings say that records should be: mx, spf_include, dkim_selectors,
    autodiscover.
    """

    customer = ForeignKeyField(Customer, backref="plans")
    order = ForeignKeyField(Order, unique=True)
    state = TextField(default="open")
    opened_at = Moment()
    template = ForeignKeyField(PlanTemplate, null=True, column_name="template")
    cutover_at = Moment(null=True)
    expected = Facts(default=dict)
    steps_done = IntegerField(default=0)
    steps_total = IntegerField(default=0)
    current_step = TextField(default="")  # title of the first step that can be worked on
    turn = TextField(default="")  # who owns it; "" when there is none
    turn_step_id = IntegerField(null=True)
    turn_since = Moment(null=True)
    partner_signed_at = Moment(null=True)
    partner_signed_by = TextField(default="")
    customer_signed_at = Moment(null=True)
    customer_signed_by = TextField(default="")
    completed_at = Moment(null=True)
    version = IntegerField(default=1)


class PlanStep(Record):
    """A step of one plan. `state`: see STEP_STATES; whether it is locked follows from the steps before it.

    `key`: its id in the template, or own_1, own_2 … for a step that was added for this customer. Title, owner and
    whether it is optional are copied from the template when the plan is made.
    """

    plan = ForeignKeyField(Plan, backref="steps", on_delete="CASCADE")
    key = TextField()
    phase = TextField()
    position = IntegerField()
    title = TextField()
    help = TextField(default="")  # of an added step; of the others the template has it
    owner = TextField()
    optional = BooleanField(default=False)
    after = Facts(default=list)  # keys of the steps that must be settled before
    state = TextField(default="not_started")
    reason = TextField(default="")  # why it is not applicable, overridden, undone or dropped
    assigned_to = ForeignKeyField(Person, null=True, column_name="assigned_to_id", backref="+")
    due_on = Day(null=True)
    waiting_until = Moment(null=True)
    reminded_at = Moment(null=True)
    changed_at = Moment()
    changed_by_id = IntegerField(null=True)
    changed_by_name = TextField(default="")
    dropped_at = Moment(null=True)
    alert = TextField(default="")  # what the daily watch noticed after it was done
    alert_at = Moment(null=True)
    version = IntegerField(default=1)


class StepComment(Record):
    """A remark on a step; never changed."""

    step = ForeignKeyField(PlanStep, backref="comments", on_delete="CASCADE")
    text = TextField()
    at = Moment()
    by_id = IntegerField(null=True)
    by_name = TextField()


class PlanCheck(Record):
    """One run of a step's check. `state`: due, running, done. The evidence of what was found is never changed.

    `watch`: run daily after the step is done, to notice what drifts away. `again_at`: when the portal looks again by
    itself, told by the newest run alone.
    """

    step = ForeignKeyField(PlanStep, backref="checks", on_delete="CASCADE")
    kind = TextField()
    state = TextField(default="due")
    not_before = Moment()
    claimed_at = Moment(null=True)
    tries = IntegerField(default=0)
    watch = BooleanField(default=False)
    outcome = TextField(default="")  # one of OUTCOMES
    sentence = TextField(default="")
    evidence = Facts(default=dict)  # raw answers, asked servers, times
    answered_at = Moment(null=True)
    again_at = Moment(null=True)
    asked_by_id = IntegerField(null=True)
    asked_by_name = TextField(default="")


class Mailbox(Record):
    """A mailbox that moves, with its password (or token) sealed. `state`: pending, ok, failed, skipped.

    `address`: in small letters; `login`: the user on the old server, `target`: on the new one, "" for the address.
    `run_id`: the test that is still to look at it. `found`: folders [name, messages, bytes] of a good one, and what the
    server said (`evidence`) where it is not good.
    """

    plan = ForeignKeyField(Plan, backref="mailboxes", on_delete="CASCADE")
    address = TextField()
    login = TextField()
    name = TextField(default="")
    target = TextField(default="")
    sealed = TextField(default="")
    state = TextField(default="pending")
    folders = IntegerField(null=True)
    messages = IntegerField(null=True)
    size = IntegerField(null=True)  # bytes
    sentence = TextField(default="")
    tested_at = Moment(null=True)
    run_id = IntegerField(null=True)
    found = Facts(default=dict)
    version = IntegerField(default=1)
