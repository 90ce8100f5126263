"""People who sign in, and the grants that say what they may do."""

from typing import ClassVar

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from data.database import Record
from data.fields import Facts, Moment
from data.partners import Partner


class Person(Record):
    """Someone who signs in. `operator` people work for the provider and see the whole installation.

    The columns named tf_*, mf_*, fs_*, *_login_* are Flask-Security's, which keeps passwords and second factors.
    """

    email = TextField(unique=True)
    name = TextField()
    operator = BooleanField(default=False)
    timezone = TextField(default="UTC")
    active = BooleanField(default=True)
    created_at = Moment()
    invited_by_id = IntegerField(null=True)
    version = IntegerField(default=1)

    password = TextField(null=True)
    fs_uniquifier = TextField(unique=True)
    tf_primary_method = TextField(null=True)
    tf_totp_secret = TextField(null=True)
    tf_last_counter = IntegerField(null=True)  # the 30 seconds whose code was taken last
    mf_recovery_codes = Facts(null=True)
    last_login_at = Moment(null=True)
    current_login_at = Moment(null=True)
    last_login_ip = TextField(null=True)
    current_login_ip = TextField(null=True)
    login_count = IntegerField(default=0)

    roles: ClassVar[list[str]] = []  # Flask-Security asks for its own roles; ours are the grants below.


class Grant(Record):
    """A role held by a person over a partner, or over one customer of it (then `customer` is set).

    One row per person and partner, and one per person and customer.
    """

    person = ForeignKeyField(Person, on_delete="CASCADE")
    partner = ForeignKeyField(Partner, on_delete="CASCADE")
    customer_id = IntegerField(null=True)
    role = TextField()
    granted_at = Moment()
