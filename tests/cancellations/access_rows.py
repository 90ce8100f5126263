"""Who gets what from the addresses of cancellations."""

from blueprints.cancellations.ending import end_service
from data.cancellations import Cancellation
from data.customers import Customer
from tests.access import Row
from tests.cancellations.cancelled import PORTAL, old_enough, over, pending, typed

ADMINISTRATORS = {"nobody": 303, "viewer": 403, "technician": 403, "stranger": 404}
READING = ADMINISTRATORS | dict.fromkeys(("msp_admin", "admin", "operator"), 200)
WRITING = ADMINISTRATORS | dict.fromkeys(("msp_admin", "admin", "operator"), 303)
OPERATORS = dict.fromkeys(("viewer", "technician", "msp_admin", "admin", "stranger"), 403) | {"nobody": 303}


def customer(world):
    return {"customer_id": old_enough(world).id}


def asked_for(world):
    return {"customer_id": pending(world, export=True).customer_id}


def ended(world):
    asked = pending(world, export=True)
    end_service(over(asked).id, PORTAL)
    return {"customer_id": asked.customer_id}


def confirmed(world):
    """For the customer that `customer` made last."""
    return typed(newest(world))


def newest(world):
    return Customer.select().where(Customer.status == "complete").order_by(Customer.id.desc()).get()


def reason(_):
    return {"reason": "They stay.", "version": Cancellation.select().order_by(Cancellation.id.desc()).get().version}


def seen(world):
    return {"version": reason(world)["version"]}


ROWS = {
    ("cancellations.show", "GET"): Row(READING, customer),
    ("cancellations.cancel", "POST"): Row(WRITING, customer, confirmed),
    ("cancellations.withdrawing", "GET"): Row(READING, asked_for),
    ("cancellations.withdraw", "POST"): Row(WRITING, asked_for, reason),
    ("cancellations.process", "POST"): Row(OPERATORS | {"operator": 303}, asked_for, seen),
    ("cancellations.quoted", "POST"): Row(OPERATORS | {"operator": 303}, asked_for, seen),
    ("cancellations.index", "GET"): Row(OPERATORS | {"operator": 200}),
    ("cancellations.export_page", "GET"): Row(READING, ended),
    ("cancellations.take_export", "GET"): Row(READING, ended),
    ("cancellations.export_again", "POST"): Row(OPERATORS | {"operator": 303}, ended, seen),
}
