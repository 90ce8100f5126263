"""What the domain name system last said of a domain that somebody had looked up."""

from peewee import IntegerField, TextField

from data.database import Record
from data.fields import Facts, Moment


class DomainLookup(Record):
    """The newest answer for a domain. `outcome`: found, not found, could not look up; `facts` as in gateways/dns.py."""

    domain = TextField(primary_key=True)  # A-labels, lower case
    outcome = TextField()
    facts = Facts()
    asked_at = Moment()
    answered_at = Moment()
    asked_by_id = IntegerField(null=True)
