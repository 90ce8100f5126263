"""Who gets what from the addresses of customers."""

from blueprints.customers.attachments import file_document
from data.database import transaction
from data.history import PORTAL
from tests.access import Row
from tests.customers.writing import a_note
from tests.factories import a_customer

READERS = {"nobody": 303, "viewer": 200, "technician": 200, "msp_admin": 200, "admin": 200, "operator": 200}
READERS["stranger"] = 404


def customer(world):
    return {"customer_id": a_customer(world.northstar, status="in_progress").id}


def ticked(status):
    return lambda world: {"chosen": a_customer(world.northstar, status=status).id}


def document(world):
    made = a_customer(world.northstar, status="in_progress")
    with transaction():
        return {"customer_id": made.id, "attachment_id": file_document(PORTAL, made, "A.pdf", b"%PDF-").id}


def note(world):
    made = a_customer(world.northstar, status="in_progress")
    return {"customer_id": made.id, "note_id": a_note(made, world.admin).id}


WRITERS = READERS | {"viewer": 403, "technician": 303, "msp_admin": 303, "admin": 303, "operator": 303}
TYPED = {"text": "Call before nine.", "version": "1"}

ROWS = {
    ("customers.attachment", "GET"): Row(READERS, document),
    ("customers.in_progress", "GET"): Row(READERS | {"stranger": 200}),
    ("customers.complete", "GET"): Row(READERS | {"stranger": 200}),
    ("customers.export_in_progress", "GET"): Row(READERS | {"stranger": 200}),
    ("customers.export_complete", "GET"): Row(READERS | {"stranger": 200}),
    ("customers.export_chosen_in_progress", "POST"): Row(READERS, data=ticked("in_progress")),
    ("customers.export_chosen_complete", "POST"): Row(READERS, data=ticked("complete")),
    ("customers.notes_of", "GET"): Row(READERS, customer),
    ("customers.new_note", "GET"): Row(READERS | {"viewer": 403}, customer),
    ("customers.add_note", "POST"): Row(WRITERS, customer, lambda _: TYPED),
    ("customers.note", "GET"): Row(READERS, note),
    ("customers.edit_note", "POST"): Row(WRITERS, note, lambda _: TYPED),
    ("customers.remove_note", "POST"): Row(WRITERS | {"technician": 403}, note, lambda _: {"version": "1"}),
    ("customers.note_versions", "GET"): Row(READERS, note),
    ("customers.history", "GET"): Row(READERS, customer),
    ("customer_details.show", "GET"): Row(READERS, customer),
}
