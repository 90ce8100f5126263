"""What is not yours is not there: on every route that names a record of a customer, as a page and as a part.

The table is read from the app's addresses and the rows of the access table, so a new route is in it by itself.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.routing import IntegerConverter, Rule

from blueprints.web.access import SIGNED_IN
from data.accounts import Grant, Person
from data.customers import Customer
from data.emails import Email
from data.moments import now
from data.roles import PERMISSIONS, Role
from tests.access import nothing
from tests.factories import World, a_customer, a_person
from tests.test_access import ROWS
from tests.visits import Answer, Visitor

NOT_OF_A_CUSTOMER = {"partner_id", "person_id", "product_id", "price_id"}
NOBODYS = 2**40
NAMING = sorted(asked for asked, row in ROWS.items() if row.args is not nothing)  # addresses with something in them
# Address → why it does not answer 404.
LOOKS_NOTHING_UP = {
    ("orders.submit_again", "GET"): "leads on to the review of whatever number it is given",
    ("changes.submit_again", "GET"): "as the same of a new order",
}


def ids_of(rule: Rule) -> set[str]:
    """The numbers in an address that name a customer, or something below one."""
    numbers = {name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
    return numbers - NOT_OF_A_CUSTOMER


def numbered(app: Flask, endpoint: str) -> set[str]:
    return set().union(*(ids_of(rule) for rule in app.url_map.iter_rules(endpoint)))


def ask(app: Flask, visitor: Visitor, endpoint: str, method: str, args: dict, data: dict, *, htmx: bool) -> Answer:
    with app.test_request_context():
        address = url_for(endpoint, **args)
    return visitor.get(address, htmx=htmx) if method == "GET" else visitor.post(address, data, htmx=htmx)


def shut_out(world: World) -> Person:
    """Administrates the MSP, but has no role on any customer there is."""
    person = a_person("Nora None", world.northstar, Role.PARTNER_ADMIN)
    for customer in Customer.select():
        Grant.create(
            person=person, partner=customer.partner_id, customer_id=customer.id, role=Role.NONE, granted_at=now()
        )
    return person


@pytest.mark.parametrize(("endpoint", "method"), NAMING, ids=lambda part: part)
def test_what_is_a_strangers_is_not_there(
    endpoint: str, method: str, app: Flask, world: World, visit_as: Callable[[Person], Visitor]
) -> None:
    """For somebody of another MSP, and for whoever has no role on this customer; nothing changes, so by turns."""
    names = numbered(app, endpoint)
    if not names or (endpoint, method) in LOOKS_NOTHING_UP:
        return
    row = ROWS[endpoint, method]
    args = row.args(world)
    Email.update(customer=a_customer(world.northstar)).where(Email.customer.is_null()).execute()
    for who, htmx in product((world.stranger, shut_out(world)), (False, True)):
        visitor = visit_as(who)
        theirs = ask(app, visitor, endpoint, method, args, row.data(world), htmx=htmx)
        made_up = args | dict.fromkeys(names, NOBODYS)
        nobodys = ask(app, visitor, endpoint, method, made_up, row.data(world), htmx=htmx)
        assert theirs.status == nobodys.status == expected(app, endpoint, method), f"{who.name}, {htmx=}"
        assert theirs.text == nobodys.text, "they must not be told apart"


def expected(app: Flask, endpoint: str, method: str) -> int:
    """404, also behind personal links; 403 on what only operators do, whoever asks for whatever."""
    needed: Any = getattr(app.view_functions[endpoint], "needs", SIGNED_IN)
    return 404 if needed in PERMISSIONS[Role.PARTNER_ADMIN] | {SIGNED_IN} else 403


@pytest.mark.parametrize(("endpoint", "method"), NAMING, ids=lambda part: part)
def test_what_is_anothers_is_not_there_under_ones_own(
    endpoint: str, method: str, app: Flask, world: World, stranger: Visitor
) -> None:
    names = numbered(app, endpoint)
    if "customer_id" not in names or len(names) == 1:
        return
    row = ROWS[endpoint, method]
    own = {"customer_id": a_customer(world.harbour, status="in_progress").id}
    answer = ask(app, stranger, endpoint, method, row.args(world) | own, row.data(world), htmx=False)
    assert answer.status == expected(app, endpoint, method)


LISTS = sorted(endpoint for (endpoint, method), row in ROWS.items() if method == "GET" and row.statuses["admin"] == 200)


@pytest.mark.parametrize("endpoint", LISTS)
def test_no_list_and_no_file_names_a_strangers_customer(
    endpoint: str, app: Flask, world: World, visit_as: Callable[[Person], Visitor]
) -> None:
    if any(rule.arguments for rule in app.url_map.iter_rules(endpoint)):
        return
    for status in ("prospect", "in_progress", "complete", "archived"):
        a_customer(world.northstar, f"Zebulon {status}", status, primary_domain=f"zebulon-{status}.example")
    for person in (world.stranger, shut_out(world)):
        for asked in ("", "?q=zebulon", "?q=zebulon-complete.example", "?letter=Z"):
            for htmx in (False, True):
                with app.test_request_context():
                    answer = visit_as(person).get(url_for(endpoint) + asked, htmx=htmx)
                told = answer.bytes.decode(errors="replace").replace("zebulon-complete.example", "", 1)
                assert "Zebulon" not in told
                assert "zebulon-prospect" not in told
