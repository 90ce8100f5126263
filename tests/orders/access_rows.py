"""Who gets what from the addresses of orders."""

from tests.access import Row
from tests.factories import a_prospect
from tests.orders.changing import a_change_in_draft, a_decrease_that_waits, bought_before
from tests.orders.drafts import a_draft

SELLERS = {
    "nobody": 303,
    "viewer": 403,
    "technician": 403,
    "msp_admin": 200,
    "admin": 200,
    "operator": 200,
    "stranger": 404,
}


def prospect(world):
    return {"customer_id": a_prospect(world.northstar).id}


def draft(world):
    return {"order_id": a_draft(world).id}


def a_choice(world):
    return {"products": [world.shield.id], "permitted_users": "5", "version": "0", "do": "totals"}


GONE_ON = SELLERS | {"msp_admin": 303, "admin": 303, "operator": 303}


def complete(world):
    return {"customer_id": bought_before(world).customer_id}


def change(world):
    return {"order_id": a_change_in_draft(world).id}


def decrease(world):
    return {"order_id": a_decrease_that_waits(world).id}


def fewer(_):
    return {"permitted_users": "5", "replace_with": "0", "lead": "", "version": "0", "do": "review"}


ROWS = {
    ("orders.provision", "GET"): Row(SELLERS, prospect),
    ("orders.save_choice", "POST"): Row(GONE_ON, prospect, a_choice),
    ("orders.review", "GET"): Row(SELLERS, draft),
    ("orders.save_and_exit", "POST"): Row(GONE_ON, draft),
    ("orders.submit", "POST"): Row(SELLERS | {"msp_admin": 422, "admin": 422, "operator": 422}, draft),
    ("orders.submit_again", "GET"): Row(GONE_ON | {"stranger": 303}, draft),
    ("orders.drop", "POST"): Row(GONE_ON, draft),
    ("orders.show", "GET"): Row(GONE_ON | {"viewer": 303, "technician": 303}, draft),
    ("changes.choose", "GET"): Row(SELLERS, complete),
    ("changes.save", "POST"): Row(GONE_ON, complete, fewer),
    ("changes.review", "GET"): Row(SELLERS, change),
    ("changes.save_and_exit", "POST"): Row(GONE_ON, change),
    ("changes.submit", "POST"): Row(SELLERS | {"msp_admin": 422, "admin": 422, "operator": 422}, change),
    ("changes.submit_again", "GET"): Row(GONE_ON | {"stranger": 303}, change),
    ("changes.withdraw", "POST"): Row(GONE_ON, decrease),
}
