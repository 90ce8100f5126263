"""Who gets what from the addresses of partner changes: Northstar releases, or receives from a third MSP."""

import re
from datetime import timedelta
from typing import Any

from blueprints.accounts.standing import standing_of
from blueprints.transfers import rules
from data.accounts import Person
from data.customers import Customer
from data.emails import Email
from data.moments import today
from data.roles import Role
from data.transfers import Transfer
from tests.access import Row
from tests.factories import World, a_partner, a_person
from tests.transfers.changing import ELSEWHERE, PORTAL_ADDRESS, a_complete_customer, a_request, code_of

SELLERS = {
    "nobody": 303,
    "viewer": 403,
    "technician": 403,
    "msp_admin": 200,
    "admin": 200,
    "operator": 200,
    "stranger": 404,
}
SEEN_TOO_EARLY = SELLERS | {"msp_admin": 409, "admin": 409, "operator": 409}
PROVIDER = dict.fromkeys(SELLERS, 403) | {"nobody": 303, "operator": 409}
ANYBODY = dict.fromkeys(SELLERS, 200)


def of_northstar(world: World) -> Customer:
    """Old enough to be moved today."""
    return long_served(world, world.northstar)


def long_served(world: World, partner: Any) -> Customer:
    start = today("Europe/Berlin") - timedelta(days=500)
    return a_complete_customer(
        world, partner, subscription_start=start, commitment_ends=start + timedelta(days=364), permitted_users=40
    )


def customer(world: World) -> dict[str, Any]:
    return {"customer_id": of_northstar(world).id}


def soon() -> Any:
    return today("Europe/Berlin") + timedelta(days=20)


def leaving(world: World) -> dict[str, Any]:
    """A customer of Northstar on its way to Harbour."""
    found = of_northstar(world)
    request = a_request(world, found, day=soon(), code=code_of(world.harbour))
    rules.ask(standing_of(world.admin), found.id, request, PORTAL_ADDRESS)
    return {"customer_id": found.id}


def offered_by_a_third(world: World, **changed: Any) -> Transfer:
    third = a_partner()
    person: Person = a_person(partner=third, role=Role.PARTNER_ADMIN)
    found = long_served(world, third)
    return rules.ask(standing_of(person), found.id, a_request(world, found, day=soon(), **changed), PORTAL_ADDRESS)


def offered(world: World) -> dict[str, Any]:
    return {"transfer_id": offered_by_a_third(world).id}


def by_link(world: World) -> dict[str, Any]:
    """An MSP elsewhere; the token stands in its letter alone."""
    offered_by_a_third(world, **ELSEWHERE)
    letter = Email.select().where(Email.kind == "transfer_offered").order_by(Email.id.desc()).first()
    found = re.search(r"/partner-change/(\S+)", letter.text)
    assert found
    return {"token": found[1]}


ROWS = {
    ("transfers.show", "GET"): Row(SELLERS, customer),
    ("transfers.ask", "POST"): Row(SELLERS | {"msp_admin": 422, "admin": 422, "operator": 422}, customer),
    ("transfers.call_off", "POST"): Row(SEEN_TOO_EARLY, leaving),
    ("transfers.index", "GET"): Row(SELLERS | {"stranger": 200}),
    ("transfers.make_code", "POST"): Row(
        SELLERS | {"msp_admin": 303, "admin": 303, "operator": 303}, lambda world: {"partner_id": world.northstar.id}
    ),
    ("transfers.offer", "GET"): Row(SELLERS, offered),
    ("transfers.accept", "POST"): Row(SEEN_TOO_EARLY, offered),
    ("transfers.decline", "POST"): Row(SEEN_TOO_EARLY, offered),
    ("transfers.confirm", "POST"): Row(PROVIDER, offered),
    ("transfers.stop", "POST"): Row(PROVIDER, offered),
    ("transfers.link", "GET"): Row(ANYBODY, by_link),
    ("transfers.accept_by_link", "POST"): Row(dict.fromkeys(SELLERS, 409), by_link),
    ("transfers.decline_by_link", "POST"): Row(dict.fromkeys(SELLERS, 409), by_link),
}
