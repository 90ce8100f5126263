"""Notes for tests."""

from data.accounts import Person
from data.customers import Customer
from data.moments import now
from data.notes import Note


def a_note(customer: Customer, author: Person, text: str = "Call before nine.") -> Note:
    return Note.create(customer=customer, text=text, author=author, created_at=now())
