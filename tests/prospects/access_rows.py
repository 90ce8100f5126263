"""Who gets what from the addresses of prospects."""

from typing import Any

from tests.access import Row
from tests.factories import World, a_customer, a_prospect
from tests.prospects.entered import typed

READING = {"nobody": 303, "viewer": 200, "technician": 200, "msp_admin": 200, "admin": 200, "operator": 200}
WRITING = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 303, "admin": 303, "operator": 303}
ASKING = WRITING | {"msp_admin": 200, "admin": 200, "operator": 200}


def new_one(world: World) -> dict[str, Any]:
    return {"customer_id": a_prospect(world.northstar, "Acme").id}


def archived_one(world: World) -> dict[str, Any]:
    return {"customer_id": a_customer(world.northstar, "Acme", "archived").id}


def a_new_domain(_: World) -> dict[str, Any]:
    a_new_domain.number += 1  # type: ignore[attr-defined]  # a counter kept at the function
    return typed(partner="1", primary_domain=f"new-{a_new_domain.number}.example")


a_new_domain.number = 0  # type: ignore[attr-defined]  # as above

ROWS = {
    ("prospects.index", "GET"): Row(READING | {"stranger": 200}),
    ("prospects.archived", "GET"): Row(READING | {"stranger": 200}),
    ("prospects.export", "GET"): Row(READING | {"stranger": 200}),
    ("prospects.new", "GET"): Row(ASKING | {"stranger": 200}),
    ("prospects.create", "POST"): Row(WRITING | {"stranger": 303}, data=a_new_domain),
    ("prospects.show", "GET"): Row(READING | {"stranger": 404}, new_one),
    ("prospects.save", "POST"): Row(WRITING | {"stranger": 404}, new_one, lambda _: a_new_domain(_) | {"version": "1"}),
    ("prospects.lookup", "GET"): Row(ASKING | {"stranger": 200}, lambda _: {"domain": "acme.example"}),
    ("prospects.archive", "POST"): Row(WRITING | {"stranger": 404}, new_one, lambda _: {"version": "1"}),
    ("prospects.restore", "POST"): Row(WRITING | {"stranger": 404}, archived_one),
}
