"""Who gets what from the addresses of the RFI."""

from data.moments import now
from data.rfi import Rfi, RfiLink
from tests.access import Row
from tests.factories import a_customer
from tests.orders.drafts import a_draft

SELLERS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 303, "admin": 303, "operator": 303}
SELLERS["stranger"] = 404


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


ROWS = {
    ("rfi.by_link", "GET"): Row(dict.fromkeys([*SELLERS], 404), lambda _: {"token": "a-guess"}),
    ("rfi.send_link_again", "POST"): Row(SELLERS, customer),
    ("rfi.revoke_link", "POST"): Row(SELLERS, link),
    ("rfi.remind", "POST"): Row(SELLERS, data=lambda world: {"chosen": customer(world)["customer_id"]}),
}
