"""Forms of people. What may be typed is decided by contacts.py; here it is read, and shown again."""

from typing import Any

from wtforms import Form

from blueprints.customers.contacts import CONTACT_LABELS, ContactEntry, shown_phone, values_of
from blueprints.web.fields import Line, Tick, VersionedForm


class PersonFields(Form):
    """The five fields of a person at a company."""

    first_name = Line("First name")
    last_name = Line("Last name")
    email = Line("Email", most=254)
    phone = Line("Phone", most=60)
    job_title = Line("Job title")

    def typed(self, contact_id: int = 0) -> ContactEntry:
        return ContactEntry(id=contact_id, **{name: self[name].data or "" for name in CONTACT_LABELS})


class ContactForm(VersionedForm, PersonFields):
    """A contact of a customer; the tick is offered for somebody new by those who may choose."""

    lead = Tick("Implementation Lead")


class ContactVersionForm(VersionedForm):
    """Says which version of the customer the person saw."""


def filled_in(contact: ContactEntry) -> dict[str, Any]:
    """A contact as a form's data: its number as people read it."""
    return {"id": contact.id, **values_of(contact), "phone": shown_phone(contact.phone)}
