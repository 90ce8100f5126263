"""What the pages of notes show, for the routes here and for the page of the whole customer."""

from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.customers.forms import NoteForm
from blueprints.customers.notes import PAGE, Shown, notes_of
from data.customers import Customer


def notes_facts(who: Standing, customer: Customer, before: int = 0, most: int = PAGE) -> dict[str, Any]:
    """The panel of notes: the newest ones, or those before a key; at most so many at once."""
    return {
        "customer": customer,
        "base": base_of(customer),
        "notes": notes_of(who, customer, before, most),
        "from_start": not before,
    }


def note_facts(customer: Customer, shown: Shown, refusal: str = "", **more: Any) -> dict[str, Any]:
    """One note. `refusal`: why it was not removed."""
    return {
        "customer": customer,
        "base": base_of(customer),
        "shown": shown,
        "refusal": refusal,
        **more,
    }


def writing_facts(form: NoteForm, customer: Customer, shown: Shown | None, *, meanwhile: bool) -> dict[str, Any]:
    """The form of a new note, or of the one `shown`; `meanwhile`: somebody saved another text."""
    base = base_of(customer)
    return {
        "customer": customer,
        "form": form,
        "note": shown.note if shown else None,
        "address": f"{base}/{shown.note.id}" if shown else base,
        "title": f"{'Edit the note of ' + shown.note.author.name if shown else 'New note'} on {customer.name}",
        "meanwhile": meanwhile,
    }


def base_of(customer: Customer) -> str:
    """The address of the notes, on which each note builds its own: asking for them costs more than the note."""
    return url_for("customers.notes_of", customer_id=customer.id)
