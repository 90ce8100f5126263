"""Set-up: by a token that opens once, two at once, and every page before it."""

import re
import threading
from pathlib import Path

import pytest
from flask import Flask

from blueprints.home.routes import greeting
from data.accounts import Grant, Person
from data.customers import Customer
from data.database import database
from data.history import History, sentence
from data.partners import ContractedPrice, Partner, Product
from data.roles import Role
from tests.factories import World
from tests.visits import Visitor

TYPED = {
    "partner": "Kestrel IT",
    "currency": "CHF",
    "timezone": "Europe/Zurich",
    "name": "Kim Kestrel",
    "email": "Kim@Kestrel.example",
    "password": "four words and a boat",
    "password_confirm": "four words and a boat",
}


@pytest.fixture
def nobody(new_portal: Flask) -> Visitor:
    return Visitor(new_portal, None)


def home(app: Flask) -> Path:
    return app.config["SETTINGS"].quayside_home


def test_sets_up_and_signs_in(nobody: Visitor, opens: str, new_portal: Flask) -> None:
    page = nobody.get(f"/setup?token={opens}")
    assert page.status == 200
    assert page.find("[name=password]")[0].get("autocomplete") == "new-password"
    done = nobody.post(f"/setup?token={opens}", TYPED)
    assert (done.status, done.location) == (303, "/")
    first = nobody.get("/")
    assert "Hello, Kim Kestrel" in first.text
    assert "The portal is set up." in first.text
    partner, person = Partner.get(), Person.get()
    assert (partner.name, partner.currency, partner.timezone) == ("Kestrel IT", "CHF", "Europe/Zurich")
    assert (person.email, person.operator, person.timezone) == ("kim@kestrel.example", True, "Europe/Zurich")
    assert Grant.get().role == Role.PARTNER_ADMIN
    assert [sentence(line) for line in History.select()] == [
        "Portal set up for Kestrel IT",
        "Kim Kestrel signed in from 127.0.0.1",
    ]
    assert Product.select().count() == 0, "the catalogue is theirs to fill"
    other = Visitor(new_portal, None)
    assert other.post("/sign-in", {"email": "kim@kestrel.example", "password": TYPED["password"]}).status == 303


def test_the_token_opens_once(nobody: Visitor, opens: str, new_portal: Flask) -> None:
    nobody.post(f"/setup?token={opens}", TYPED)
    assert not (home(new_portal) / "setup_token").exists()
    for address in ("/setup", f"/setup?token={opens}"):
        assert nobody.get(address).status == 404
        assert nobody.post(address, TYPED).status == 404
    assert Partner.select().count() == 1


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000, "%00", "%ff", "ä"])
def test_a_wrong_token_opens_nothing(nobody: Visitor, opens: str, token: str) -> None:
    assert nobody.get(f"/setup?token={token}").status == 404
    assert nobody.post(f"/setup?token={token}", TYPED).status == 404
    assert Person.select().count() == 0


def test_no_token_opens_before_the_portal_was_started(nobody: Visitor) -> None:
    assert nobody.get("/setup?token=").status == 404
    assert nobody.get("/setup?token=None").status == 404


def test_the_form_needs_the_token_too(nobody: Visitor, opens: str) -> None:
    assert nobody.post("/setup", TYPED).status == 404
    assert nobody.post(f"/setup?token={opens}", TYPED | {"csrf_token": ""}).status == 400


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"partner": ""}, "partner"),
        ({"partner": "x" * 201}, "partner"),
        ({"partner": "a\x00b"}, "partner"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"timezone": "Mars"}, "timezone"),
        ({"name": ""}, "name"),
        ({"email": "no address"}, "email"),
        ({"password": "short", "password_confirm": "short"}, "password"),
        ({"password_confirm": "another one entirely"}, "password_confirm"),
    ],
)
def test_shows_what_is_wrong_and_keeps_the_typing(
    nobody: Visitor, opens: str, changed: dict[str, str], field: str
) -> None:
    answer = nobody.post(f"/setup?token={opens}", TYPED | changed)
    assert answer.status == 422
    assert answer.find(f"#{field}-why")
    if field != "name":
        assert answer.value("name") == "Kim Kestrel"
    assert answer.value("password") == ""
    assert (Person.select().count(), Partner.select().count()) == (0, 0)
    assert nobody.post(f"/setup?token={opens}", TYPED).status == 303


def test_brings_about_forty_sample_customers_when_asked(nobody: Visitor, opens: str) -> None:
    nobody.post(f"/setup?token={opens}", TYPED | {"sample": "y"})
    assert Customer.select().count() == 40
    assert {"prospect", "in_progress", "complete"} <= {customer.status for customer in Customer.select()}
    assert ContractedPrice.select().exists()
    assert nobody.get("/").status == 200


def test_two_at_once_make_one_installation(new_portal: Flask, opens: str) -> None:
    visitors = [Visitor(new_portal, None) for _ in range(4)]
    start, got = threading.Barrier(len(visitors)), []

    def press(visitor: Visitor, number: int) -> None:
        data = TYPED | {"csrf_token": visitor.token, "partner": f"MSP {number}", "email": f"p{number}@a.example"}
        start.wait()
        got.append(visitor.client.post(f"/setup?token={opens}", data=data).status_code)
        database.close()

    threads = [threading.Thread(target=press, args=(visitor, n)) for n, visitor in enumerate(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [303, 404, 404, 404]
    assert (Person.select().count(), Partner.select().count(), Grant.select().count()) == (1, 1, 1)


@pytest.mark.parametrize(
    "address", ["/", "/people/", "/sign-in", "/forgotten-password", "/account", "/mailroom/", "/invitation/x"]
)
def test_before_set_up_every_page_leads_to_how_to_set_up(nobody: Visitor, address: str) -> None:
    answer = nobody.get(address)
    for _ in range(3):
        if answer.status == 303:
            answer = nobody.get(answer.location)
    assert answer.status == 200
    assert "Not set up yet" in answer.text
    assert "/setup?token=" in answer.text


def test_before_set_up_htmx_is_led_there_too(nobody: Visitor) -> None:
    assert nobody.get("/people/", htmx=True).status == 401
    assert nobody.get("/sign-in", htmx=True).headers["HX-Redirect"] == "/setup"


def test_after_set_up_no_page_leads_there(nobody: Visitor, opens: str) -> None:
    nobody.post(f"/setup?token={opens}", TYPED)
    nobody.post("/sign-out")
    assert nobody.get("/sign-in").status == 200


def test_guessing_the_token_rests_a_while(nobody: Visitor, opens: str) -> None:
    for _ in range(20):
        nobody.get("/setup?token=wrong")
    assert nobody.get(f"/setup?token={opens}").status == 429


# --- what the start of the portal prints ----------------------------------------------------------


def test_the_start_prints_an_address_with_a_token_that_only_its_owner_can_read(new_portal: Flask) -> None:
    settings = new_portal.config["SETTINGS"]
    said = greeting(settings)
    token = re.search(r"http://127\.0\.0\.1:8000/setup\?token=([\w-]{43})$", said)
    assert token
    kept = home(new_portal) / "setup_token"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert greeting(settings) == said, "starting again prints the same one"
    assert Visitor(new_portal, None).get(f"/setup?token={token.group(1)}").status == 200


def test_the_start_prints_the_plain_address_once_somebody_is_there(app: Flask, world: World) -> None:
    assert greeting(app.config["SETTINGS"]) == "Quayside is at http://127.0.0.1:8000"
    assert not (home(app) / "setup_token").exists()
