"""Bad news: a page for a browser, a sentence in the status region for htmx, never a 5xx for bad input."""

import pytest
from flask import Flask

from data.database import open_database
from tests.factories import World, a_prospect
from tests.orders.drafts import a_draft
from tests.visits import Visitor


def test_what_is_not_there_is_a_page_or_a_sentence(admin: Visitor) -> None:
    page = admin.get("/customers/999999")
    assert (page.status, len(page.find("h1"))) == (404, 1)
    part = admin.get("/customers/999999", htmx=True)
    assert part.status == 404
    assert part.find("#said")[0].get("hx-swap-oob") == "innerHTML"
    assert not part.find("html")


def test_signed_out_is_sent_to_sign_in_and_back(nobody: Visitor, app: Flask) -> None:
    plain = nobody.get("/customers/5?x=1")
    assert plain.status == 303
    assert plain.location.startswith("/sign-in?next=")
    assert "customers" in plain.location
    asked = nobody.client.get(
        "/customers/5", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/customers/5?tab=2"}
    )
    assert asked.status_code == 401
    assert "tab%3D2" in asked.headers["HX-Redirect"]


@pytest.mark.parametrize("current", ["https://evil.example/x", "//evil.example", "http://localhost.evil.example/"])
def test_coming_back_never_leads_elsewhere(nobody: Visitor, current: str) -> None:
    asked = nobody.client.get("/customers/5", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert "evil" not in asked.headers["HX-Redirect"]


def test_a_stale_token_keeps_the_typing_in_the_browser(admin: Visitor, world: World) -> None:
    order = a_draft(world)
    for token in ("", "stale"):
        answer = admin.post(f"/orders/{order.id}/drop", {"csrf_token": token})
        assert answer.status == 400
        assert "open for too long" in answer.text
        part = admin.post(f"/orders/{order.id}/drop", {"csrf_token": token}, htmx=True)
        assert part.status == 400
        assert part.find("#said")


def test_a_method_that_is_not_there_is_405(admin: Visitor) -> None:
    answer = admin.post("/customers/5")
    assert answer.status == 405
    assert "POST" not in answer.headers["Allow"]


def test_ten_megabytes_are_refused(admin: Visitor, world: World) -> None:
    prospect = a_prospect(world.northstar)
    answer = admin.post(f"/prospects/{prospect.id}/order", {"permitted_users": "9" * 10_000_000})
    assert answer.status == 413


@pytest.mark.parametrize("query", ["?q=%ff%fe", "?q=%00", "?a=1&a=2", "?" + "x" * 5000, "?q[]=1"])
def test_odd_queries_do_no_harm(admin: Visitor, query: str) -> None:
    assert admin.get("/customers/999999" + query).status == 404


@pytest.mark.parametrize("address", ["/customers/-1", "/customers/1e9", "/orders/abc", "/customers/%00", "/%ff"])
def test_odd_addresses_are_not_there(admin: Visitor, address: str) -> None:
    assert admin.get(address).status == 404


@pytest.mark.parametrize("number", [2**31, 2**63 - 1, 2**63, 10**30])
def test_numbers_no_database_holds_are_not_there(admin: Visitor, number: int) -> None:
    assert admin.get(f"/customers/{number}").status == 404
    assert admin.get(f"/orders/{number}").status == 404


def test_a_body_that_is_not_utf8_is_a_wrong_form(admin: Visitor, world: World) -> None:
    prospect = a_prospect(world.northstar)
    body = f"csrf_token={admin.token}&permitted_users=%ff%fe&do=review"
    answer = admin.client.post(
        f"/prospects/{prospect.id}/order", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 422


def test_a_broken_database_is_said_without_asking_it(admin: Visitor, app: Flask) -> None:
    open_database("sqlite:////nowhere/at/all.sqlite")
    answer = admin.client.get("/customers/5")
    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.data
    part = admin.client.get("/customers/5", headers={"HX-Request": "true"})
    assert part.status_code == 500
    assert b'id="said"' in part.data


def test_a_foreign_host_name_is_refused(admin: Visitor) -> None:
    assert admin.client.get("/customers/5", headers={"Host": "evil.example"}).status_code == 400


def test_headers_are_strict_everywhere(admin: Visitor, nobody: Visitor) -> None:
    for answer in (admin.get("/customers/999999"), nobody.get("/rfi/guess"), nobody.get("/static/portal.css")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert admin.get("/customers/999999").headers["Cache-Control"] == "no-store"
