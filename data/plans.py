"""Onboarding plans."""

from peewee import ForeignKeyField, IntegerField, TextField

from data.customers import Customer
from data.database import Record
from data.fields import Moment
from data.orders import Order


class Plan(Record):
    """The onboarding plan that an order opened. `state`: open, done, closed."""

    customer = ForeignKeyField(Customer, backref="plans")
    order = ForeignKeyField(Order, unique=True)
    state = TextField(default="open")
    opened_at = Moment()
    version = IntegerField(default=1)
