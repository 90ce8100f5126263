"""Consoles of customers, who may open them signed in (delegated access), each use, and the keys that sign."""

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from data.accounts import Person
from data.customers import Customer
from data.database import Record
from data.fields import Moment
from data.partners import Partner

FRESH_MINUTES = 30  # how old a sign-in may be where the MSP has said nothing


class PartnerConsole(Record):
    """Where the consoles of an MSP's customers are, unless the customer's own says otherwise.

    `address`: https://…, in whose path {domain} and {id} stand for the customer's; "" for none. `signs_in`: the console
    takes our assertion; else its address is only opened. `fresh_minutes`: how old the sign-in of a person may be.
    """

    partner = ForeignKeyField(Partner, unique=True, on_delete="CASCADE")
    address = TextField(default="")
    signs_in = BooleanField(default=True)
    fresh_minutes = IntegerField(default=FRESH_MINUTES)
    version = IntegerField(default=1)


class CustomerConsole(Record):
    """The console of one customer, where it differs from what its MSP says for all."""

    customer = ForeignKeyField(Customer, unique=True, on_delete="CASCADE")
    address = TextField(default="")
    signs_in = BooleanField(default=True)
    version = IntegerField(default=1)


class Delegation(Record):
    """Delegated access of a person to the console of a customer: there is a row while it is switched on.

    The database takes it away as soon as the person does not hold partner administrator on the customer any more.
    `partner`: of the customer.
    """

    person = ForeignKeyField(Person, on_delete="CASCADE", backref="+")
    customer = ForeignKeyField(Customer, on_delete="CASCADE", backref="+")
    partner = ForeignKeyField(Partner, on_delete="CASCADE", backref="+")
    switched_on_at = Moment()
    switched_on_by = ForeignKeyField(Person, column_name="switched_on_by_id", backref="+")


class ConsoleUse(Record):
    """A console that was opened: the person's own log. `jti`: of the assertion, null where only the address was opened.

    `address`: where it led. Never changed.
    """

    person = ForeignKeyField(Person, on_delete="CASCADE", backref="+")
    customer = ForeignKeyField(Customer, on_delete="CASCADE", backref="+")
    at = Moment()
    address = TextField()
    jti = TextField(null=True, unique=True)


class SigningKey(Record):
    """A key that assertions are signed with, or were. `kid`: its RFC 7638 thumbprint.

    `sealed`: the private key (JWK) as customers/sealing.py closes it, "" once it is retired: then it signs nothing any
    more, and `public` verifies what it signed. One of each algorithm is not retired: an index holds it.
    """

    kid = TextField(unique=True)
    algorithm = TextField()
    public = TextField()  # JWK
    sealed = TextField()
    made_at = Moment()
    retired_at = Moment(null=True)
