"""Who gets what from the addresses of customers."""

from blueprints.customers.attachments import file_document
from data.database import transaction
from data.history import PORTAL
from tests.access import Row
from tests.factories import a_customer

READERS = {"nobody": 303, "viewer": 200, "technician": 200, "msp_admin": 200, "admin": 200, "operator": 200}
READERS["stranger"] = 404


def customer(world):
    return {"customer_id": a_customer(world.northstar, status="in_progress").id}


def document(world):
    made = a_customer(world.northstar, status="in_progress")
    with transaction():
        return {"customer_id": made.id, "attachment_id": file_document(PORTAL, made, "A.pdf", b"%PDF-").id}


ROWS = {
    ("customers.attachment", "GET"): Row(READERS, document),
    ("customers.in_progress", "GET"): Row(READERS | {"stranger": 200}),
    ("customers.complete", "GET"): Row(READERS | {"stranger": 200}),
    ("customer_details.show", "GET"): Row(READERS, customer),
}
