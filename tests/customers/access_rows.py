"""Who gets what from the addresses of customers."""

from io import BytesIO

from blueprints.accounts.standing import standing_of
from blueprints.customers.attachments import file_document
from blueprints.customers.papers import Upload, receive
from data.database import transaction
from data.history import PORTAL
from tests.access import Row
from tests.customers.writing import a_contact, a_note
from tests.factories import a_customer

READERS = {"nobody": 303, "viewer": 200, "technician": 200, "msp_admin": 200, "admin": 200, "operator": 200}
READERS["stranger"] = 404
ADMINISTRATORS = ("msp_admin", "admin", "operator")


def customer(world):
    return {"customer_id": a_customer(world.northstar, status="in_progress").id}


def ticked(status):
    return lambda world: {"chosen": a_customer(world.northstar, status=status).id}


def document(world):
    made = a_customer(world.northstar, status="in_progress")
    with transaction():
        return {"customer_id": made.id, "attachment_id": file_document(PORTAL, made, "A.pdf", b"%PDF-").id}


def uploaded(world):
    made = a_customer(world.northstar, status="in_progress")
    with transaction():
        filed = file_document(standing_of(world.admin), made, "A.pdf", b"%PDF-", uploaded=True)
    return {"customer_id": made.id, "attachment_id": filed.id}


def refusal(world):
    made = a_customer(world.northstar, status="in_progress")
    paper = receive(standing_of(world.technician), made.id, [Upload("empty.txt", BytesIO())])[0]
    return {"customer_id": made.id, "paper_id": paper.id}


def note(world):
    made = a_customer(world.northstar, status="in_progress")
    return {"customer_id": made.id, "note_id": a_note(made, world.admin).id}


def contact(world):
    made = a_customer(world.northstar, status="in_progress")
    return {"customer_id": made.id, "contact_id": a_contact(made, "Ola", "ola@company.example").id}


WRITERS = READERS | {"viewer": 403, "technician": 303, "msp_admin": 303, "admin": 303, "operator": 303}
PERSON = {"first_name": "Noa", "email": "noa@company.example", "version": "1"}
TYPED = {"text": "Call before nine.", "version": "1"}

ROWS = {
    ("attachments.listed", "GET"): Row(READERS, customer),
    ("attachments.upload", "POST"): Row(WRITERS, customer, lambda _: {"files": [(BytesIO(b"Hello"), "hello.txt")]}),
    ("attachments.show", "GET"): Row(READERS, document),
    ("attachments.remove", "POST"): Row(WRITERS | {"technician": 403}, uploaded),
    ("attachments.dismiss", "POST"): Row(WRITERS | dict.fromkeys(ADMINISTRATORS, 404), refusal),
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
    ("contacts.listed", "GET"): Row(READERS, customer),
    ("contacts.new", "GET"): Row(READERS | {"viewer": 403}, customer),
    ("contacts.add", "POST"): Row(WRITERS, customer, lambda _: PERSON),
    ("contacts.edit", "GET"): Row(READERS | {"viewer": 403}, contact),
    ("contacts.save", "POST"): Row(WRITERS, contact, lambda _: PERSON),
    ("contacts.remove", "POST"): Row(WRITERS, contact, lambda _: {"version": "1"}),
    ("contacts.choose", "POST"): Row(WRITERS | {"technician": 403}, contact, lambda _: {"version": "1"}),
    ("customers.history", "GET"): Row(READERS, customer),
    ("customer_details.show", "GET"): Row(READERS, customer),
}
