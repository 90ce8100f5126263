"""Who gets what from the addresses of consoles."""

from typing import Any

from tests.access import Row
from tests.console.opened import delegated, where_consoles_are
from tests.factories import World, a_customer

ADMINS = {
    "nobody": 303,
    "viewer": 403,
    "technician": 403,
    "msp_admin": 403,
    "admin": 200,
    "operator": 200,
    "stranger": 404,
}
SETTLED = ADMINS | {"admin": 303, "operator": 303}
READERS = ADMINS | {"msp_admin": 200}
SIGNED_IN = dict.fromkeys(ADMINS, 200) | {"nobody": 303}


def open_to_ada(world: World) -> dict[str, Any]:
    """The operator holds no role on it, and a console is nobody's by office."""
    where_consoles_are(world.northstar)
    customer = a_customer(world.northstar, status="complete")
    delegated(world.admin, customer)
    return {"customer_id": customer.id}


def of_northstar(world: World) -> dict[str, Any]:
    return {"customer_id": a_customer(world.northstar, status="complete").id}


def pressed(world: World) -> dict[str, Any]:
    return {"customer": open_to_ada(world)["customer_id"]}


def northstar(world: World) -> dict[str, Any]:
    return {"partner_id": world.northstar.id}


def ada(world: World) -> dict[str, Any]:
    return {"person_id": world.admin.id, "shelf": "complete"}


ROWS = {
    ("console.press", "POST"): Row(ADMINS | {"operator": 403}, data=pressed),
    ("console.enter", "POST"): Row(ADMINS | {"operator": 403}, open_to_ada),
    ("console.show", "GET"): Row(ADMINS, of_northstar),
    ("console.save_address", "POST"): Row(SETTLED, of_northstar, lambda _: {"version": 0}),
    ("console.settings", "GET"): Row(READERS, northstar),
    ("console.save_settings", "POST"): Row(
        SETTLED, northstar, lambda _: {"version": 0, "signs_in": "y", "fresh_minutes": 30}
    ),
    ("console.holders", "GET"): Row(ADMINS | {"stranger": 200}),
    ("console.delegated", "GET"): Row(ADMINS, ada),
    ("console.delegate", "POST"): Row(SETTLED, ada),
    ("console.own_log", "GET"): Row(SIGNED_IN),
    ("console.jwks", "GET"): Row(dict.fromkeys(ADMINS, 200)),
}
