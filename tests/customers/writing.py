"""Notes and contacts for tests."""

from data.accounts import Person
from data.customers import Contact, Customer
from data.moments import now
from data.notes import Note


def a_note(customer: Customer, author: Person, text: str = "Call before nine.") -> Note:
    return Note.create(customer=customer, text=text, author=author, created_at=now())


def a_contact(customer: Customer, first_name: str = "Ola", email: str = "", **changed: str) -> Contact:
    return Contact.create(**{"customer": customer, "first_name": first_name, "email": email} | changed)
