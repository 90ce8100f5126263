"""Orders, with the prices frozen at the moment of submission, and the counter of addendum numbers."""

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from data.accounts import Person
from data.customers import Customer
from data.database import Record
from data.fields import Day, Facts, Moment, Money
from data.findable import Findable
from data.partners import Partner, Product


class Order(Findable, Record):
    """`state`: draft (prices are looked up each time), submitted (prices frozen), void (withdrawn).

    A customer has at most one draft: a unique index holds it. `kind`: new, or change: what it changes is the order
    `changes`, and its own lines are all products as they are afterwards. A change that was submitted and not applied
    waits for its day, and another index holds that only one does.
    """

    customer = ForeignKeyField(Customer, backref="orders")
    partner = ForeignKeyField(Partner)
    state = TextField(default="draft")
    permitted_users = IntegerField()
    order_number = TextField(default="")
    order_number_not_required = BooleanField(default=False)
    currency = TextField()
    monthly_total = Money(null=True)
    one_time_total = Money(null=True)
    first_payment = Money(null=True)
    addendum_number = TextField(null=True, unique=True)
    agreed = Facts(null=True)  # the agreed data exactly as printed
    agreed_hash = TextField(null=True)  # SHA-256 of the agreed data, hexadecimal
    subscription_start = Day(null=True)
    commitment_ends = Day(null=True)
    created_at = Moment()
    created_by = ForeignKeyField(Person, column_name="created_by_id", backref="+")
    changed_at = Moment()
    changed_by = ForeignKeyField(Person, column_name="changed_by_id", backref="+")
    submitted_at = Moment(null=True)
    submitted_by = ForeignKeyField(Person, null=True, column_name="submitted_by_id", backref="+")
    submitted_from = TextField(default="")  # IP address
    version = IntegerField(default=1)
    kind = TextField(default="new")
    changes = ForeignKeyField("self", null=True, column_name="changes_id", backref="+")
    lead = Facts(null=True)  # the new Implementation Lead: {"contact": id}, or the fields of a new contact
    billing = TextField(default="")  # of a submitted change: one of BILLING
    monthly_before = Money(null=True)
    prorated = Money(null=True)  # what is due for the rest of the billing period
    next_billing_on = Day(null=True)
    effective_on = Day(null=True)
    withdraw_until = Day(null=True)  # the last day; None for what takes effect at once
    applied_at = Moment(null=True)


class OrderLine(Record):
    """A product on an order. Names and prices are empty while the order is a draft."""

    order = ForeignKeyField(Order, backref="lines", on_delete="CASCADE")
    product = ForeignKeyField(Product)
    position = IntegerField()
    code = TextField(default="")
    name = TextField(default="")
    services = TextField(default="")  # comma separated
    monthly_per_user = Money(null=True)
    monthly_total = Money(null=True)
    one_time_fee = Money(null=True)


class Counter(Record):
    """The last number given out under a name; read and raised inside the transaction that uses it."""

    name = TextField(primary_key=True)
    last = IntegerField(default=0)
