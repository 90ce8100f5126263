"""Signing in and out: the same answer for all, no way out of the portal, no session that outlives its person."""

import pytest
from flask import Flask

from data.accounts import Person
from data.history import History
from tests.accounts.steps import PASSWORD, sign_in, told, with_password
from tests.factories import World
from tests.visits import Visitor


@pytest.fixture
def ada(app: Flask, world: World) -> Person:
    return with_password(app, world.admin)


def test_signs_in_and_says_so_in_the_history(nobody: Visitor, ada: Person) -> None:
    answer = sign_in(nobody, ada)
    assert (answer.status, answer.location) == (303, "/")
    assert "Hello, Ada Admin" in nobody.get("/").text
    assert told() == ["Ada Admin signed in from 127.0.0.1"]
    line = History.get()
    assert (line.who_id, line.partner_id, line.customer_id) == (ada.id, 1, None)
    assert Person.get_by_id(ada.id).login_count == 1


def test_takes_the_address_in_any_case_and_with_spaces_around(nobody: Visitor, ada: Person) -> None:
    assert nobody.post("/sign-in", {"email": " ADA.Admin@Northstar.EXAMPLE ", "password": PASSWORD}).status == 303


@pytest.mark.parametrize("field", ["email", "password"])
def test_says_the_same_for_a_wrong_address_and_a_wrong_password(nobody: Visitor, ada: Person, field: str) -> None:
    typed = {"email": ada.email, "password": PASSWORD, field: "someone@else.example"}
    answer = nobody.post("/sign-in", typed)
    assert answer.status == 422
    assert "Email address or password is wrong." in answer.find("[role=alert]")[0].text_content()
    assert answer.value("email") == typed["email"]
    assert answer.value("password") == ""
    assert not answer.find(".why")


def test_says_the_same_for_who_is_switched_off_or_has_no_password_yet(
    nobody: Visitor, ada: Person, world: World
) -> None:
    unknown = nobody.post("/sign-in", {"email": "nobody@nowhere.example", "password": PASSWORD})
    invited = sign_in(nobody, world.viewer)
    ada.active = False
    ada.save()
    switched_off = sign_in(nobody, ada)
    said = [answer.find("[role=alert]")[0].text_content() for answer in (unknown, invited, switched_off)]
    assert len(set(said)) == 1
    assert told() == []


def test_loses_access_at_once_when_switched_off(nobody: Visitor, ada: Person) -> None:
    sign_in(nobody, ada)
    Person.update(active=False).where(Person.id == ada.id).execute()
    assert nobody.get("/").location.startswith("/sign-in")
    assert nobody.get("/people/", htmx=True).status == 401


def test_signs_out_and_leaves_nothing_in_the_session(nobody: Visitor, ada: Person) -> None:
    sign_in(nobody, ada)
    out = nobody.post("/sign-out")
    assert (out.status, out.location) == (303, "/sign-in")
    assert "You are signed out." in nobody.get("/sign-in").text
    with nobody.client.session_transaction() as session:
        assert "_user_id" not in session
    assert nobody.get("/account").status == 303


def test_signs_nobody_out_by_a_link(nobody: Visitor, ada: Person) -> None:
    sign_in(nobody, ada)
    assert nobody.get("/sign-out").status == 405
    assert nobody.get("/sign-in/code").status == 303
    assert nobody.get("/account").status == 200


def test_needs_the_form_token(nobody: Visitor, ada: Person) -> None:
    assert sign_in(nobody, ada, csrf_token="").status == 400
    assert told() == []


def test_goes_on_where_the_person_was_going(nobody: Visitor, ada: Person) -> None:
    asked = nobody.get("/people/new?x=1")
    assert (asked.status, asked.location) == (303, "/sign-in?next=/people/new?x%3D1")
    page = nobody.get(asked.location)
    assert sign_in(nobody, ada, next=page.value("next")).location == "/people/new?x=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "http:///evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "\t//evil.example",
        "https://localhost@evil.example/",
        "https://evil.example\\.localhost/",
    ],
)
@pytest.mark.parametrize("how", ["field", "address"])
def test_never_goes_on_outside_of_the_portal(nobody: Visitor, ada: Person, elsewhere: str, how: str) -> None:
    if how == "field":
        answer = sign_in(nobody, ada, next=elsewhere)
    else:
        answer = nobody.post("/sign-in", {"email": ada.email, "password": PASSWORD}, query_string={"next": elsewhere})
    assert answer.status == 303
    assert answer.location.startswith("/")
    assert not answer.location.startswith(("//", "/\\"))
    assert "\\" not in answer.location


def test_sends_parts_asked_for_by_nobody_to_the_sign_in_page(nobody: Visitor) -> None:
    answer = nobody.get(
        "/people/",
        htmx=True,
    )
    assert answer.status == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")
    assert answer.html == ""


def test_offers_no_remember_me_and_no_token(nobody: Visitor, ada: Person) -> None:
    answer = sign_in(nobody, ada, remember="y", include_auth_token="1")
    assert [cookie.split("=")[0] for cookie in answer.headers.getlist("Set-Cookie")] == ["quayside"]
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert "HttpOnly" in answer.headers["Set-Cookie"]


def test_answers_no_json(nobody: Visitor, ada: Person) -> None:
    headers = {"X-CSRFToken": nobody.token, "Accept": "application/json"}
    for body in ({"email": ada.email, "password": PASSWORD}, [1, 2], "x"):
        assert nobody.client.post("/sign-in", json=body, headers=headers).status_code == 415
    assert nobody.client.get("/sign-in", headers=headers).mimetype == "text/html"


@pytest.mark.parametrize(
    "typed",
    ["", "x" * 5000, "ﷺ" * 128, "nul\x00in it", "\ud83d", "a" * 128],
    ids=["empty", "long", "grows", "nul", "odd", "128"],
)
def test_refuses_any_password_that_is_not_the_one(nobody: Visitor, ada: Person, typed: str) -> None:
    typed = typed.encode("utf-8", "replace").decode()
    assert sign_in(nobody, ada, typed).status == 422


@pytest.mark.parametrize("typed", ["", "x" * 5000, "nul\x00@b.example", "two@a.example,b@b.example", "ﷺ@ﷺ.example"])
def test_refuses_any_address_that_is_nobodys(nobody: Visitor, typed: str) -> None:
    assert nobody.post("/sign-in", {"email": typed, "password": PASSWORD}).status == 422


def test_whoever_is_signed_in_is_led_past_the_sign_in_page(admin: Visitor) -> None:
    assert admin.get("/sign-in").location == "/"


def test_an_account_that_is_guessed_at_rests_a_while(nobody: Visitor, ada: Person, world: World, app: Flask) -> None:
    for _ in range(10):
        assert sign_in(nobody, ada, "wrong").status == 422
    resting = sign_in(nobody, ada)
    assert resting.status == 429
    assert "Wait a minute" in resting.text
    other = with_password(app, world.viewer)
    assert sign_in(nobody, other).status == 303, "others are let in"


def test_an_address_that_tries_many_accounts_rests_a_while(nobody: Visitor, ada: Person) -> None:
    for number in range(30):
        assert nobody.post("/sign-in", {"email": f"p{number}@a.example", "password": "wrong"}).status == 422
    assert sign_in(nobody, ada).status == 429


def test_right_passwords_do_not_count_as_tries(visit_as: object, ada: Person, app: Flask) -> None:
    for _ in range(35):
        assert sign_in(Visitor(app, None), ada).status == 303
