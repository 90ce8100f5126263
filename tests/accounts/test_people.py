"""The people of a partner: who sees whom, and how they are changed, switched off and on."""

from typing import Any

import pytest
from flask import Flask

from data.accounts import Grant, Person
from data.database import database
from data.history import History
from data.roles import Role
from tests.accounts.steps import code_of, letters_to, sign_in, told, with_password, with_second_factor
from tests.factories import World, a_customer, a_person
from tests.visits import Visitor

EVERYBODY_OF_NORTHSTAR = ["Ada Admin", "Mara Manager", "Tom Technician", "Vera Viewer"]


def names(answer: Any) -> list[str]:
    return [link.text for link in answer.find("tbody strong a")]


def seen(person: Person) -> dict[str, int]:
    return {"version": Person.get_by_id(person.id).version}


@pytest.fixture
def shared(world: World, app: Flask) -> Person:
    """Somebody who works for both MSPs, as one of two administrators of the other."""
    with_password(app, world.stranger)
    person = with_password(app, a_person("Sonja Shared", world.northstar, Role.TECHNICIAN))
    Grant.create(person=person, partner=world.harbour, role=Role.PARTNER_ADMIN, granted_at=person.created_at)
    return person


# --- the list ----------------------------------------------------------------------------------------


def test_an_administrator_sees_the_people_of_their_partner(admin: Visitor, world: World, shared: Person) -> None:
    page = admin.get("/people/")
    assert names(page) == ["Ada Admin", "Mara Manager", "Sonja Shared", "Tom Technician", "Vera Viewer"]
    assert "Harbour" not in page.text
    assert "Olga" not in page.text


def test_operators_see_everybody_with_their_partners(operator: Visitor) -> None:
    page = operator.get("/people/")
    assert names(page) == [
        "Ada Admin",
        "Mara Manager",
        "Olga Operator",
        "Sten Stranger",
        "Tom Technician",
        "Vera Viewer",
    ]
    assert "Harbour Lights" in page.text


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("wanted", "found"), [("tom", ["Tom Technician"]), ("@NORTHSTAR", EVERYBODY_OF_NORTHSTAR), ("sten", [])]
)
def test_finds_by_part_of_a_name_or_an_address(admin: Visitor, wanted: str, found: list[str], htmx: bool) -> None:
    answer = admin.get(f"/people/?q={wanted}", htmx=htmx)
    assert names(answer) == found
    if not found:
        assert "Nobody found" in answer.text


@pytest.mark.parametrize(
    "asked",
    ["q=%00", "q=%ff", "q=" + "x" * 5000, "page=0", "page=-1", "page=x", "page=" + "9" * 30, "q=%25", "q=_", "q=a&q=b"],
)
def test_shows_something_whatever_the_address_asks(admin: Visitor, asked: str) -> None:
    assert admin.get(f"/people/?{asked}").status == 200


def test_shows_fifty_at_a_time(admin: Visitor, world: World) -> None:
    for number in range(60):
        a_person(f"Person {number:03}", world.northstar, Role.VIEWER, email=f"p{number}@a.example")
    first = admin.get("/people/")
    assert len(names(first)) == 50
    assert "1–50 of 64" in first.text
    second = admin.get(first.find("a[rel=next]")[0].get("href"))
    assert len(names(second)) == 14
    assert second.find("a[rel=prev]")
    assert len(names(admin.get("/people/?page=99"))) == 14


def test_takes_the_same_number_of_queries_for_one_and_for_forty(
    admin: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = type(database.obj).execute_sql
    monkeypatch.setattr(
        type(database.obj), "execute_sql", lambda self, sql, *more: asked.append(sql) or ask(self, sql, *more)
    )
    admin.get("/people/")
    few = len(asked)
    for number in range(40):
        a_person(f"Person {number}", world.northstar, Role.VIEWER, email=f"p{number}@a.example")
    asked.clear()
    admin.get("/people/")
    assert len(asked) == few


# --- one person ----------------------------------------------------------------------------------------


def test_shows_a_person_with_role_state_and_who_invited(admin: Visitor, world: World) -> None:
    page = admin.get(f"/people/{world.technician.id}")
    assert "Tom Technician" in page.text
    assert page.value("role") == "technician"
    assert "Invited" in page.text


@pytest.mark.parametrize(
    "address",
    ["", "/roles/1", "/roles/2", "/customers", "/switch-off", "/switch-on", "/invite-again", "/second-factor-off"],
)
def test_people_of_others_are_not_there(admin: Visitor, world: World, address: str) -> None:
    for person_id in (world.stranger.id, world.operator.id, 4711, 2**63, 10**40):
        if not address:
            assert admin.get(f"/people/{person_id}").status == 404
        data = {"version": "1", "role": "viewer", "name": "x", "customer": "1"}
        assert admin.post(f"/people/{person_id}{address}", data).status in (404, 405)
    assert told() == []


@pytest.mark.parametrize("htmx", [False, True])
def test_corrects_a_name(admin: Visitor, world: World, htmx: bool) -> None:
    address = f"/people/{world.technician.id}"
    answer = admin.post(address, {"name": "Thomas T.", **seen(world.technician)}, htmx=htmx)
    assert answer.status == (200 if htmx else 303)
    assert "Saved." in (answer if htmx else admin.get(address)).text
    assert told() == ["Thomas T.: name Tom Technician → Thomas T."]


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b"])
def test_shows_what_is_wrong_with_a_name(admin: Visitor, world: World, name: str) -> None:
    answer = admin.post(f"/people/{world.technician.id}", {"name": name, **seen(world.technician)})
    assert answer.status == 422
    assert answer.find("#name-why")


@pytest.mark.parametrize("path", ["", "/roles/1", "/customers", "/switch-off", "/switch-on", "/second-factor-off"])
def test_refuses_what_changed_meanwhile(admin: Visitor, world: World, path: str) -> None:
    customer = a_customer(world.northstar)
    data = {"name": "Typed Name", "role": "viewer", "customer": customer.id, "version": 99}
    answer = admin.post(f"/people/{world.technician.id}{path}?q=comp", data)
    assert answer.status == 409
    assert "Someone else changed this" in answer.text
    if not path:
        assert answer.value("name") == "Typed Name"
    assert told() == []


def test_only_operators_change_an_address(admin: Visitor, operator: Visitor, world: World, app: Flask) -> None:
    tom = with_password(app, world.technician)
    data = {"name": tom.name, "email": "new@northstar.example"}
    admin.post(f"/people/{tom.id}", data | seen(tom))
    assert Person.get_by_id(tom.id).email == tom.email
    operator.post(f"/people/{tom.id}", data | seen(tom))
    assert Person.get_by_id(tom.id).email == "new@northstar.example"
    assert "new@northstar.example" in letters_to(tom.email)[0].text
    assert Visitor(app, tom).get("/account").status == 303, "sessions end"
    assert told()[-1] == "Tom Technician: address tom.technician@northstar.example → new@northstar.example"


def test_an_address_is_one_persons(operator: Visitor, world: World) -> None:
    data = {"name": "Tom Technician", "email": world.viewer.email} | seen(world.technician)
    answer = operator.post(f"/people/{world.technician.id}", data)
    assert answer.status == 422
    assert "Somebody else signs in" in answer.find("#email-why")[0].text_content()


@pytest.mark.parametrize("path", ["", "/switch-off", "/switch-on", "/second-factor-off"])
def test_whoever_works_elsewhere_too_is_changed_by_operators_only(
    admin: Visitor, operator: Visitor, shared: Person, path: str
) -> None:
    data = {"name": "Taken Over", "email": "evil@northstar.example"} | seen(shared)
    answer = admin.post(f"/people/{shared.id}{path}", data)
    assert answer.status == 422
    assert "works for others" in answer.text
    assert told() == []
    assert operator.post(f"/people/{shared.id}{path}", data).status == 303


def test_a_role_taken_away_elsewhere_still_keeps_a_person_from_being_taken_over(
    admin: Visitor, shared: Person, world: World
) -> None:
    Grant.update(role=Role.NONE).where((Grant.person == shared) & (Grant.partner == world.harbour)).execute()
    assert admin.post(f"/people/{shared.id}/switch-off", seen(shared)).status == 422


def test_an_operator_among_the_people_is_changed_by_operators_only(admin: Visitor, world: World) -> None:
    boss = a_person("Ole Operator", world.northstar, Role.VIEWER, operator=True)
    assert admin.post(f"/people/{boss.id}/switch-off", seen(boss)).status == 422
    assert admin.post(f"/people/{boss.id}/roles/1", {"role": "none"} | seen(boss)).status == 303


# --- off and on ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
def test_switches_off_at_once_and_on_again(
    admin: Visitor, technician: Visitor, world: World, app: Flask, htmx: bool
) -> None:
    tom = with_password(app, world.technician)
    assert technician.get("/account").status == 200
    off = admin.post(f"/people/{tom.id}/switch-off", seen(tom), htmx=htmx)
    assert off.status == (200 if htmx else 303)
    assert "Switched off" in (off if htmx else admin.get(off.location)).text
    assert technician.get("/account").status == 303
    assert technician.get("/account", htmx=True).status == 401
    assert sign_in(Visitor(app, None), tom).status == 422
    admin.post(f"/people/{tom.id}/switch-on", seen(tom))
    assert technician.get("/account").status == 303, "sessions from before stay ended"
    assert sign_in(Visitor(app, None), tom).status == 303
    assert told()[:2] == ["Tom Technician switched off", "Tom Technician switched on again"]
    assert {line.partner_id for line in History.select().limit(2)} == {world.northstar.id}


def test_nobody_switches_themselves_off(admin: Visitor, world: World) -> None:
    assert "Another administrator can" in admin.get(f"/people/{world.admin.id}").text
    answer = admin.post(f"/people/{world.admin.id}/switch-off", seen(world.admin))
    assert answer.status == 422
    assert Person.get_by_id(world.admin.id).active


def test_takes_a_second_factor_away_for_who_lost_the_device(
    admin: Visitor, nobody: Visitor, world: World, app: Flask
) -> None:
    tom = with_password(app, world.technician)
    sign_in(nobody, tom)
    with_second_factor(app, nobody)
    assert code_of(app, tom)
    assert "Remove second factor" in admin.get(f"/people/{tom.id}").text
    admin.post(f"/people/{tom.id}/second-factor-off", seen(tom))
    assert sign_in(Visitor(app, None), tom).location == "/"
    assert "Second factor of Tom Technician removed" in told()


# --- operators -----------------------------------------------------------------------------------------


def test_operators_make_operators_and_unmake_them(operator: Visitor, admin: Visitor, world: World, app: Flask) -> None:
    with_password(app, world.operator)
    assert admin.post(f"/people/{world.technician.id}/make-operator", seen(world.technician)).status == 403
    operator.post(f"/people/{world.technician.id}/make-operator", seen(world.technician))
    assert Person.get_by_id(world.technician.id).operator
    operator.post(f"/people/{world.technician.id}/unmake-operator", seen(world.technician))
    assert not Person.get_by_id(world.technician.id).operator
    assert told() == ["Tom Technician: now an operator", "Tom Technician: no longer an operator"]


@pytest.mark.parametrize("path", ["unmake-operator", "switch-off"])
def test_the_last_operator_stays(operator: Visitor, world: World, app: Flask, path: str) -> None:
    olga = with_password(app, world.operator)
    second = a_person("Invited Operator", operator=True)
    other = Visitor(app, second)
    answer = other.post(f"/people/{olga.id}/{path}", seen(olga))
    assert answer.status == 422
    assert "last operator who can sign in" in answer.text
    with_password(app, second)
    assert other.post(f"/people/{olga.id}/{path}", seen(olga)).status == 303


def test_an_operator_who_steps_down_lands_on_the_first_page(operator: Visitor, world: World, app: Flask) -> None:
    with_password(app, a_person("Other Operator", operator=True))
    answer = operator.post(f"/people/{world.operator.id}/unmake-operator", seen(world.operator))
    assert (answer.status, answer.location) == (303, "/")
    assert operator.get("/").status == 200
    assert operator.get("/people/").status == 403


def test_other_changes_of_state_are_no_addresses(operator: Visitor, world: World) -> None:
    for path in ("delete", "Switch-off", "switch_off"):
        assert operator.post(f"/people/{world.technician.id}/{path}", {"version": 1}).status == 404
