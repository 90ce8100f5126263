"""One's own account: name, time zone, and the end of all other sessions."""

import pytest
from flask import Flask

from data.accounts import Person
from data.history import History
from tests.accounts.steps import letters_to, link_in, sign_in, told, with_password
from tests.factories import World
from tests.visits import Visitor

TYPED = {"name": "Ada Lovelace", "timezone": "Asia/Tokyo", "version": "1"}


@pytest.mark.parametrize("htmx", [False, True])
def test_changes_name_and_time_zone_and_says_so(admin: Visitor, world: World, htmx: bool) -> None:
    answer = admin.post("/account", TYPED, htmx=htmx)
    assert answer.status == (200 if htmx else 303)
    assert "Saved." in (answer.text if htmx else admin.get("/account").text)
    person = Person.get_by_id(world.admin.id)
    assert (person.name, person.timezone, person.version) == ("Ada Lovelace", "Asia/Tokyo", 2)
    assert told() == ["Ada Lovelace: name Ada Admin → Ada Lovelace; time zone Europe/Berlin → Asia/Tokyo"]
    assert History.get().partner_id == world.northstar.id
    page = admin.get("/account")
    assert (page.value("name"), page.value("timezone"), page.value("version")) == ("Ada Lovelace", "Asia/Tokyo", "2")


def test_saving_what_is_there_already_is_no_change(admin: Visitor) -> None:
    admin.post("/account", {"name": "Ada Admin", "timezone": "Europe/Berlin", "version": "1"})
    assert told() == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": ""}, "timezone"),
    ],
)
def test_shows_what_is_wrong_and_keeps_the_typing(admin: Visitor, changed: dict[str, str], field: str) -> None:
    answer = admin.post("/account", TYPED | changed)
    assert answer.status == 422
    assert answer.find(f"#{field}-why")
    if field != "name":
        assert answer.value("name") == "Ada Lovelace"
    assert told() == []


@pytest.mark.parametrize("version", ["0", "7", "x", "", "-1", "99999999999999999999"])
def test_refuses_what_changed_meanwhile_and_keeps_the_typing(admin: Visitor, version: str) -> None:
    answer = admin.post("/account", TYPED | {"version": version})
    assert answer.status == 409
    assert "Someone else changed this" in answer.text
    assert answer.value("name") == "Ada Lovelace"
    assert told() == []
    assert admin.post("/account", TYPED | {"version": answer.value("version")}).status == 303


def test_is_for_whoever_is_signed_in(nobody: Visitor, viewer: Visitor, stranger: Visitor, operator: Visitor) -> None:
    assert nobody.get("/account").status == 303
    assert "Viewer" in viewer.get("/account").text
    assert "Northstar" not in stranger.get("/account").text
    assert "Operator" in operator.get("/account").text


def test_signs_out_everywhere_else(admin: Visitor, world: World, app: Flask) -> None:
    elsewhere = Visitor(app, with_password(app, world.admin))
    elsewhere.post("/forgotten-password", {"email": world.admin.email})
    link = link_in(letters_to(world.admin.email)[0])
    answer = admin.post("/account/sign-out-everywhere")
    assert (answer.status, answer.location) == (303, "/account")
    assert "Only this session goes on" in admin.get("/account").text
    assert elsewhere.get("/account").status == 303
    assert told()[-1] == "Ada Admin signed out everywhere"
    assert sign_in(Visitor(app, None), world.admin).status == 303, "the password stays"
    assert elsewhere.get(link).location == "/forgotten-password", "links sent before are ended"


def test_an_old_session_cookie_is_worth_nothing_after_signing_out_everywhere(
    nobody: Visitor, world: World, app: Flask
) -> None:
    ada = with_password(app, world.admin)
    sign_in(nobody, ada)
    stolen = nobody.client.get_cookie("quayside").value
    nobody.post("/account/sign-out-everywhere")
    thief = Visitor(app, None)
    thief.client.set_cookie("quayside", stolen)
    assert thief.get("/account").status == 303
