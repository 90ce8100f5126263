"""The way around: who is offered what, and where they are."""

import pytest
from flask import Flask

from blueprints.home.navigation import place_of
from tests.factories import World
from tests.visits import Answer, Visitor


def places(answer: Answer) -> list[str]:
    return [link.text for link in answer.find("header nav a")]


def here(answer: Answer) -> list[str]:
    return [link.text for link in answer.find("header nav a[aria-current]")]


@pytest.mark.parametrize(
    ("who", "managed"),
    [
        ("viewer", []),
        ("technician", []),
        ("admin", ["Mailroom", "People", "Delegated access", "Partner"]),
        ("operator", ["Mailroom", "People", "Delegated access", "Partner", "Catalogue"]),
    ],
)
def test_offers_what_the_person_may(request: pytest.FixtureRequest, who: str, managed: list[str]) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    offered = places(visitor.get("/"))
    assert offered[0] == "Home"
    assert [place for place in offered if place not in ("Home", "Prospects", "Customers", "Alerts")] == managed


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/", ["Home"]),
        ("/people/", ["People"]),
        ("/people/new", ["People"]),
        ("/account", []),
        ("/account/second-factor", []),
        ("/alerts/", ["Alerts"]),
        ("/alerts/subscribers/", ["Alerts"]),
        ("/people/delegated-access", ["Delegated access"]),
        ("/mailroom/", ["Mailroom"]),
        ("/catalogue/", ["Catalogue"]),
        ("/catalogue/new", ["Catalogue"]),
        ("/partner/", ["Partner"]),
    ],
)
def test_marks_where_the_person_is(operator: Visitor, world: World, address: str, place: list[str]) -> None:
    answer = operator.get(address)
    if answer.status == 303:
        answer = operator.get(answer.location)
    assert here(answer) == place


def test_every_page_about_customers_and_msps_belongs_to_a_place(app: Flask) -> None:
    about = ("/customers/", "/prospects/", "/orders/", "/partner/")
    pages = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(about) and "GET" in (rule.methods or ())]
    assert len(pages) > 50
    assert [rule.rule for rule in pages if not place_of(rule.endpoint)] == []


def test_the_account_and_signing_out_are_in_the_menu(viewer: Visitor) -> None:
    page = viewer.get("/")
    assert page.find(".menu a[href='/account']")
    assert page.find(".menu form[action='/sign-out'] [name=csrf_token]")
