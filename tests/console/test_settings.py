"""Where consoles are: for all customers of an MSP, and for one."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.console.addresses import console_address, filled, origin_of
from blueprints.web.refusals import Refused
from data.console import CustomerConsole, PartnerConsole
from data.customers import Customer
from data.history import History, sentence
from data.moments import now
from data.partners import Partner
from tests.console.opened import where_consoles_are
from tests.factories import World, a_customer
from tests.visits import Answer, Visitor

TYPED = {"version": 0, "address": "https://Console.Example/{domain}", "signs_in": "y", "fresh_minutes": "15"}


def save(visitor: Visitor, world: World, htmx: bool = False, **typed: Any) -> Answer:
    return visitor.post(f"/partner/{world.northstar.id}/console", TYPED | typed, htmx=htmx)


def save_own(visitor: Visitor, customer: Customer, htmx: bool = False, **typed: Any) -> Answer:
    return visitor.post(f"/customers/{customer.id}/console/address", TYPED | typed, htmx=htmx)


def test_keeps_what_is_said_for_all_and_says_so(admin: Visitor, world: World) -> None:
    answer = save(admin, world)
    kept = PartnerConsole.get()
    assert (kept.address, kept.signs_in, kept.fresh_minutes, kept.version) == (
        "https://console.example/{domain}", True, 15, 1,
    )  # fmt: skip
    said = "address none → https://console.example/{domain}, sign-in at most, in minutes 30 → 15"
    assert f"Saved: {said}." in admin.get(answer.location).text
    line = History.select().order_by(History.id.desc()).first()
    assert sentence(line) == f"Consoles of customers: {said}"
    answer = save(admin, world, version=1)
    assert "Nothing was changed." in admin.get(answer.location).text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"address": "http://console.example/"}, "begins with https://"),
        ({"address": "console.example"}, "not an address such as"),
        ({"address": "https://{domain}/"}, "stand after the server"),
        ({"address": "https://console.example/{name}"}, "not “{name}”"),
        ({"fresh_minutes": "0"}, "from 1 to 1,440"),
        ({"fresh_minutes": "9999"}, "from 1 to 1,440"),
        ({"fresh_minutes": ""}, "from 1 to 1,440"),
    ],
)
def test_shows_what_is_wrong_and_keeps_the_typing(
    admin: Visitor, world: World, typed: dict[str, str], told: str
) -> None:
    for htmx in (False, True):
        answer = save(admin, world, htmx, **typed)
        assert answer.status == 422
        assert told in answer.text
        [(name, value)] = typed.items()
        assert answer.value(name) == value if not htmx else f'value="{value}"' in answer.html
    assert PartnerConsole.select().count() == 0


def test_refuses_what_changed_meanwhile(admin: Visitor, world: World) -> None:
    save(admin, world)
    answer = save(admin, world, address="https://mine.example/")
    assert answer.status == 409
    assert answer.value("address") == "https://mine.example/"
    assert answer.value("version") == "1", "pressed again, it is saved"
    assert PartnerConsole.get().address == "https://console.example/{domain}"


def test_readers_read(world: World, visit_as: Any, viewer: Visitor, stranger: Visitor) -> None:
    where_consoles_are(world.northstar)
    page = visit_as(world.msp_admin).get(f"/partner/{world.northstar.id}/console")
    assert "https://console.example/{domain}" in page.text
    assert not page.find("main form")
    assert save(visit_as(world.msp_admin), world).status == 403
    assert viewer.get(f"/partner/{world.northstar.id}/console").status == 403
    assert stranger.get(f"/partner/{world.northstar.id}/console").status == 404
    assert save(stranger, world).status == 404


def test_a_closed_msp_is_read_only(admin: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, status="complete")
    Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
    assert save(admin, world).status == 403
    assert save_own(admin, customer).status == 403


# --- one customer's own -------------------------------------------------------------------------------


def test_keeps_what_is_said_for_one(admin: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, status="complete")
    answer = save_own(admin, customer, address="https://own.example/")
    kept = CustomerConsole.get()
    assert (kept.customer_id, kept.address, kept.signs_in) == (customer.id, "https://own.example/", True)
    page = admin.get(answer.location)
    assert "Saved: address none → https://own.example/." in page.text
    line = History.select().order_by(History.id.desc()).first()
    assert (line.kind, line.customer_id) == ("console.address_changed", customer.id)
    answer = save_own(admin, customer, version=1, address="")
    assert "address https://own.example/ → none" in admin.get(answer.location).text


def test_refuses_for_one_as_for_all(admin: Visitor, viewer: Visitor, stranger: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, status="complete")
    for htmx in (False, True):
        answer = save_own(admin, customer, htmx, address="ftp://own.example/")
        assert answer.status == 422
        assert "begins with https://" in answer.text
        assert "ftp://own.example/" in answer.html
    save_own(admin, customer, address="https://own.example/")
    assert save_own(admin, customer, address="https://late.example/").status == 409
    assert save_own(viewer, customer).status == 403
    assert save_own(stranger, customer).status == 404
    assert save_own(admin, a_customer(world.northstar)).status == 404, "a prospect has none"


# --- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        (" https://Console.Example ", "https://console.example/"),
        (
            "https://console.example:8443/a/{id}?d={domain}&x=%20",
            "https://console.example:8443/a/{id}?d={domain}&x=%20",
        ),
        ("https://müller.example/ä", "https://xn--mller-kva.example/%C3%A4"),
        ("https://192.0.2.7/", "https://192.0.2.7/"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000/"),
        ("http://localhost/", "http://localhost/"),
    ],
)
def test_keeps_addresses_in_one_form(typed: str, kept: str) -> None:
    assert console_address(typed) == kept
    assert console_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "http://console.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost.example/",
        "https://user:secret@console.example/",
        "https://console.example@evil.example/",
        "https://console.example/#top",
        "https://{id}.console.example/",
        "https://console.example:99999/",
        "https://console.example:x/",
        "https://[2001:db8::1]/",
        "https:///path",
        "https://console.example/{",
        "https://console.example/}{",
        "https://console.example;script-src 'unsafe-inline'/",
        "https://console.example;script-src/",
        "https://console.example,https://evil.example/",
        "https://*/",
        "https://*.example/",
        'https://console.example/"><script>',
        "https://console.example/\nX: y",
        "//console.example/",
        "https://console_x.example/",
        "https://" + "x" * 400 + ".example/",
    ],
)
def test_refuses_addresses_that_lead_elsewhere(typed: str) -> None:
    with pytest.raises(Refused):
        console_address(typed)


@given(st.one_of(st.text(max_size=60), st.text(max_size=60).map(lambda text: f"https://{text}")))
def test_whatever_is_typed_the_origin_is_one_word_of_the_policy(typed: str) -> None:
    try:
        kept = console_address(typed)
    except Refused:
        return
    if kept:
        origin = origin_of(kept)
        assert kept.isascii()
        assert not set(" ;,'\"*") & set(origin)
        assert urlsplit(kept).hostname == urlsplit(origin).hostname
        assert console_address(kept) == kept


def test_fills_in_what_is_the_customers(world: World) -> None:
    customer = a_customer(world.northstar, primary_domain="xn--mller-kva.example")
    assert filled("https://c.example/{domain}/{id}?{id}", customer) == (
        f"https://c.example/xn--mller-kva.example/{customer.id}?{customer.id}"
    )
