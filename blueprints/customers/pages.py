"""What the pages of notes show, for the routes here and for the page of the whole customer."""

from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.customers.forms import NoteForm
from blueprints.customers.log import recent_history
from blueprints.customers.notes import Shown, notes_of
from blueprints.web.links import pieces
from data.customers import Customer

AS_IT_STANDS = {"editing": None, "meanwhile": False, "refusal": ""}  # a note that nobody edits or fails to remove


def notes_facts(who: Standing, customer: Customer, before: int = 0, adding: NoteForm | None = None) -> dict[str, Any]:
    """The panel of notes: the newest ones or those before a key, and the form for a new one."""
    return {
        "customer": customer,
        "base": base_of(customer),
        "notes": notes_of(who, customer, before),
        "from_start": not before,
        "added": False,
        "adding": adding or NoteForm(formdata=None),
        "pieces": pieces,
        "recent": recent_history(who, customer),
        **AS_IT_STANDS,
    }


def note_facts(who: Standing, customer: Customer, shown: Shown, **more: Any) -> dict[str, Any]:
    """One note. `editing`: its form, while it is edited; `meanwhile`: whether somebody saved another text;
    `refusal`: why it was not removed.
    """
    return {
        "customer": customer,
        "base": base_of(customer),
        "shown": shown,
        "pieces": pieces,
        "recent": recent_history(who, customer),
        **AS_IT_STANDS,
        **more,
    }


def base_of(customer: Customer) -> str:
    """The address of the notes, on which each note builds its own: asking for them costs more than the note."""
    return url_for("customers.notes_of", customer_id=customer.id)
