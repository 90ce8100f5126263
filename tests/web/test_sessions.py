"""Cookies and form tokens are read and signed once, and mean what they meant."""

from datetime import timedelta

import time_machine
from flask import Flask
from werkzeug.http import parse_cookie

from data.moments import now
from tests.factories import World, a_prospect
from tests.visits import Visitor


def cookie_of(visitor: Visitor) -> str:
    return visitor.client.get_cookie("quayside").value


def test_a_cookie_that_was_altered_says_nothing(admin: Visitor) -> None:
    assert admin.get("/prospects/").status == 200
    kept = cookie_of(admin)
    for altered in (kept[:-2], ("A" if kept[9] != "A" else "B").join((kept[:9], kept[10:])), "." + kept, "x"):
        admin.client.set_cookie("quayside", altered)
        assert admin.get("/prospects/").status == 303
    admin.client.set_cookie("quayside", kept)
    assert admin.get("/prospects/").status == 200


def test_a_cookie_grows_old_though_it_is_known(admin: Visitor, app: Flask) -> None:
    assert admin.get("/prospects/").status == 200
    with time_machine.travel(now() + app.permanent_session_lifetime + timedelta(minutes=2)):
        assert admin.get("/prospects/").status == 303


def test_what_one_answer_says_is_not_said_again_to_the_same_cookie(admin: Visitor, world: World) -> None:
    before = cookie_of(admin)
    customer = a_prospect(world.northstar)
    answer = admin.post(f"/prospects/{customer.id}/archive", {"version": "1"})
    spoken = cookie_of(admin)
    assert "is archived" in admin.get(answer.location).find("#said")[0].text_content()
    for cookie, told in ((before, False), (spoken, True), (spoken, True)):
        admin.client.set_cookie("quayside", cookie)
        assert ("is archived" in admin.get(answer.location).find("#said")[0].text_content()) is told


def test_the_token_of_a_page_is_taken_and_that_of_another_session_is_not(admin: Visitor, operator: Visitor) -> None:
    ours = admin.get("/").value("csrf_token")
    assert admin.get("/").value("csrf_token") == ours, "signed once in a minute"
    assert admin.post("/sign-out", {"csrf_token": ours}).status == 303
    with operator.client.session_transaction() as session:
        session["csrf_token"] = "1" * 40
    assert operator.post("/sign-out", {"csrf_token": ours}).status == 400


def test_a_visitor_without_a_session_gets_a_token_that_works(app: Flask, world: World) -> None:
    client = app.test_client()
    page = client.get("/forgotten-password")
    assert parse_cookie(page.headers["Set-Cookie"])["quayside"]
    token = page.text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    assert client.post("/forgotten-password", data={"email": "a@b.example", "csrf_token": token}).status_code == 303
