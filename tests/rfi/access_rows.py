"""Who gets what from the addresses of the RFI."""

from data.moments import now
from data.rfi import Rfi, RfiLink
from tests.access import Row
from tests.factories import a_customer
from tests.orders.drafts import a_draft
from tests.rfi import review_rows

SELLERS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 303, "admin": 303, "operator": 303}
SELLERS["stranger"] = 404
STAFF = {**dict.fromkeys(("technician", "msp_admin", "admin", "operator"), 303), "nobody": 303, "viewer": 403}
STAFF["stranger"] = 404
READERS = {**dict.fromkeys(SELLERS, 200), "nobody": 303, "stranger": 404}


def customer(world):
    customer = a_customer(world.northstar, status="in_progress")
    Rfi.create(customer=customer, order=a_draft(world, customer), opened_at=now())
    return {"customer_id": customer.id}


def link(world):
    found = customer(world)
    rfi = Rfi.get(Rfi.customer == found["customer_id"])
    made = RfiLink.create(
        rfi=rfi, token_hash=str(rfi.id), name="Ines", email="i@c.example", created_at=now(), expires_at=now()
    )
    return found | {"link_id": made.id}


def question(world):
    return customer(world) | {"question": "mail_domains"}


def guess(_):
    return {"token": "a-guess"}


def guess_at_question(_):
    return {"token": "a-guess", "question": "mail_domains"}


ROWS = {
    ("rfi.show", "GET"): Row(READERS, customer),
    ("rfi.save", "POST"): Row(STAFF, customer),
    ("rfi.answer", "GET"): Row(READERS | dict.fromkeys(READERS.keys() - {"stranger"}, 303), question),
    ("rfi.save_answer", "POST"): Row(STAFF, question),
    ("rfi.says", "GET"): Row(READERS | dict.fromkeys(READERS.keys() - {"stranger"}, 303), question),
    ("rfi.faulty", "GET"): Row(dict.fromkeys(SELLERS, 404) | {"nobody": 303}, question),
    ("rfi.by_link", "GET"): Row(dict.fromkeys(SELLERS, 404), guess),
    ("rfi.save_by_link", "POST"): Row(dict.fromkeys(SELLERS, 404), guess),
    ("rfi.answer_by_link", "GET"): Row(dict.fromkeys(SELLERS, 404), guess_at_question),
    ("rfi.save_answer_by_link", "POST"): Row(dict.fromkeys(SELLERS, 404), guess_at_question),
    ("rfi.says_by_link", "GET"): Row(dict.fromkeys(SELLERS, 404), guess_at_question),
    ("rfi.faulty_by_link", "GET"): Row(dict.fromkeys(SELLERS, 404), guess_at_question),
    ("rfi.send_link_again", "POST"): Row(SELLERS, customer),
    ("rfi.revoke_link", "POST"): Row(SELLERS, link),
    ("rfi_reminding.remind", "POST"): Row(SELLERS, data=lambda world: {"chosen": customer(world)["customer_id"]}),
    **review_rows.ROWS,
}
