"""Roles over a partner and over single customers, and the partner administrator who must stay."""

import threading

import pytest
from flask import Flask

from data.accounts import Grant, Person
from data.database import database
from data.history import History
from data.roles import Role
from tests.accounts.steps import told, with_password
from tests.accounts.test_people import seen
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.visits import Visitor


def role_over(person: Person, partner_id: int) -> str:
    return Grant.get((Grant.person == person) & (Grant.partner == partner_id) & Grant.customer_id.is_null()).role


@pytest.mark.parametrize("htmx", [False, True])
def test_changes_a_role_and_says_so(admin: Visitor, technician: Visitor, world: World, htmx: bool) -> None:
    tom = world.technician
    answer = admin.post(f"/people/{tom.id}/roles/1", {"role": "msp_admin"} | seen(tom), htmx=htmx)
    assert answer.status == (200 if htmx else 303)
    assert "Tom Technician: MSP administrator." in (answer if htmx else admin.get(f"/people/{tom.id}")).text
    assert role_over(tom, 1) == "msp_admin"
    assert told() == ["Tom Technician: role Technician → MSP administrator"]
    assert "MSP administrator" in technician.get("/account").text, "from the next request on"


def test_the_same_role_again_is_no_change(admin: Visitor, world: World) -> None:
    admin.post(f"/people/{world.technician.id}/roles/1", {"role": "technician"} | seen(world.technician))
    assert told() == []


@pytest.mark.parametrize("role", ["", "emperor", "operator", "x" * 3000, "\x00"])
def test_gives_no_role_that_does_not_exist(admin: Visitor, world: World, role: str) -> None:
    answer = admin.post(f"/people/{world.technician.id}/roles/1", {"role": role} | seen(world.technician))
    assert answer.status == 422
    assert role_over(world.technician, 1) == "technician"


def test_decides_about_its_own_partner_only(admin: Visitor, stranger: Visitor, world: World) -> None:
    shared = a_person("Sonja Shared", world.northstar, Role.TECHNICIAN)
    Grant.create(person=shared, partner=world.harbour, role=Role.VIEWER, granted_at=shared.created_at)
    assert admin.post(f"/people/{shared.id}/roles/2", {"role": "msp_admin"} | seen(shared)).status == 404
    assert admin.post(f"/people/{shared.id}/roles/1", {"role": "none"} | seen(shared)).status == 303
    assert (role_over(shared, 1), role_over(shared, 2)) == ("none", "viewer")
    assert stranger.post(f"/people/{shared.id}/roles/2", {"role": "none"} | seen(shared)).status == 303


@pytest.mark.parametrize("role", ["viewer", "emperor"])
def test_gives_no_role_over_a_partner_the_person_does_not_work_for(operator: Visitor, world: World, role: str) -> None:
    data = {"role": role} | seen(world.technician)
    assert operator.post(f"/people/{world.technician.id}/roles/2", data).status == 404


# --- the last partner administrator ------------------------------------------------------------------


@pytest.mark.parametrize("role", ["msp_admin", "none"])
def test_the_last_administrator_is_not_lowered(admin: Visitor, world: World, role: str) -> None:
    answer = admin.post(f"/people/{world.admin.id}/roles/1", {"role": role} | seen(world.admin))
    assert answer.status == 422
    assert "last partner administrator of Northstar IT" in answer.text
    assert role_over(world.admin, 1) == "partner_admin"
    assert told() == []


@pytest.mark.parametrize("path", ["switch-off", "roles/1"])
def test_not_by_an_operator_either(operator: Visitor, world: World, app: Flask, path: str) -> None:
    ada = with_password(app, world.admin)
    answer = operator.post(f"/people/{ada.id}/{path}", {"role": "viewer"} | seen(ada))
    assert answer.status == 422
    assert "Make somebody else partner administrator first" in answer.text


@pytest.mark.parametrize("other", ["invited", "off", "of another partner", "for one customer"])
def test_only_who_can_sign_in_as_administrator_counts(admin: Visitor, world: World, app: Flask, other: str) -> None:
    if other == "invited":
        a_person("Ina Invited", world.northstar, Role.PARTNER_ADMIN)
    elif other == "off":
        with_password(app, a_person("Otto Off", world.northstar, Role.PARTNER_ADMIN, active=False))
    elif other == "of another partner":
        with_password(app, world.stranger)
    else:
        a_grant_over(with_password(app, world.technician), a_customer(world.northstar), Role.PARTNER_ADMIN)
    answer = admin.post(f"/people/{world.admin.id}/roles/1", {"role": "viewer"} | seen(world.admin))
    assert answer.status == 422


def test_an_invited_administrator_who_never_came_may_go(operator: Visitor, world: World) -> None:
    ina = a_person("Ina Invited", world.harbour, Role.PARTNER_ADMIN)
    Grant.delete().where(Grant.person == world.stranger).execute()
    assert operator.post(f"/people/{ina.id}/switch-off", seen(ina)).status == 303


def test_one_of_two_administrators_may_step_down(admin: Visitor, world: World, app: Flask) -> None:
    with_password(app, a_person("Bea Second", world.northstar, Role.PARTNER_ADMIN))
    answer = admin.post(f"/people/{world.admin.id}/roles/1", {"role": "viewer"} | seen(world.admin))
    assert (answer.status, answer.location) == (303, "/")
    assert admin.get("/people/").status == 403


@pytest.mark.parametrize("path", ["roles/1", "switch-off"])
def test_of_two_administrators_who_lower_each_other_at_once_one_stays(app: Flask, world: World, path: str) -> None:
    ada = with_password(app, world.admin)
    bea = with_password(app, a_person("Bea Second", world.northstar, Role.PARTNER_ADMIN))
    pairs = [(Visitor(app, ada), bea), (Visitor(app, bea), ada)]
    start, got = threading.Barrier(2), []

    def lower(visitor: Visitor, other: Person) -> None:
        data = {"csrf_token": visitor.token, "role": "viewer", "version": 1}
        start.wait()
        got.append(visitor.client.post(f"/people/{other.id}/{path}", data=data).status_code)
        database.close()

    threads = [threading.Thread(target=lower, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = (
        Grant.select()
        .join(Person)
        .where((Grant.partner == 1) & (Grant.role == Role.PARTNER_ADMIN) & Grant.customer_id.is_null() & Person.active)
    )
    assert left.count() == 1, got
    assert 303 in got


# --- single customers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
def test_finds_a_customer_by_part_of_the_name(admin: Visitor, world: World, htmx: bool) -> None:
    a_customer(world.northstar, "Müller Logistik")
    a_customer(world.harbour, "Mueller of others")
    answer = admin.get(f"/people/{world.technician.id}?q=mull", htmx=htmx)
    assert "Müller Logistik" in answer.text
    assert "of others" not in answer.text
    assert "No customer" in admin.get(f"/people/{world.technician.id}?q=zzz", htmx=htmx).text


@pytest.mark.parametrize("role", ["none", "viewer", "partner_admin"])
@pytest.mark.parametrize("htmx", [False, True])
def test_raises_lowers_and_takes_away_for_one_customer(
    admin: Visitor, technician: Visitor, world: World, role: str, htmx: bool
) -> None:
    acme, other = (
        a_customer(world.northstar, "Acme", "in_progress"),
        a_customer(world.northstar, "Other", "in_progress"),
    )
    tom = world.technician
    answer = admin.post(
        f"/people/{tom.id}/customers?q=acme", {"customer": acme.id, "role": role} | seen(tom), htmx=htmx
    )
    assert answer.status == (200 if htmx else 303)
    page = admin.get(f"/people/{tom.id}")
    assert Role(role).label in page.find(f"tr[data-id='{acme.id}']")[0].text_content()
    assert technician.get(f"/customers/{acme.id}").status == (404 if role == "none" else 200)
    assert technician.get(f"/customers/{other.id}").status == 200
    line = History.get()
    assert (line.partner_id, line.customer_id) == (world.northstar.id, acme.id)
    assert told() == [f"Tom Technician: role on Acme as over Northstar IT → {Role(role).label}"]


def test_puts_a_customer_back_under_the_partners_role(admin: Visitor, technician: Visitor, world: World) -> None:
    acme = a_customer(world.northstar, "Acme", "in_progress")
    a_grant_over(world.technician, acme, Role.NONE)
    assert technician.get(f"/customers/{acme.id}").status == 404
    admin.post(f"/people/{world.technician.id}/customers", {"customer": acme.id, "role": ""} | seen(world.technician))
    assert technician.get(f"/customers/{acme.id}").status == 200
    assert told() == ["Tom Technician: role on Acme No access → as over Northstar IT"]
    assert Grant.select().where(Grant.person == world.technician).count() == 1


@pytest.mark.parametrize("customer", ["", "x", "-1", "4711", "99999999999999999999999", "\x00"])
def test_knows_no_other_customer(admin: Visitor, world: World, customer: str) -> None:
    data = {"customer": customer, "role": "viewer"} | seen(world.technician)
    assert admin.post(f"/people/{world.technician.id}/customers", data).status in (404, 422)
    assert told() == []


def test_customers_of_others_are_not_there(admin: Visitor, world: World) -> None:
    theirs = a_customer(world.harbour, "Theirs")
    data = {"customer": theirs.id, "role": "viewer"} | seen(world.technician)
    assert admin.post(f"/people/{world.technician.id}/customers", data).status == 404


def test_an_administrator_of_one_customer_manages_nobody(technician: Visitor, world: World) -> None:
    a_grant_over(world.technician, a_customer(world.northstar), Role.PARTNER_ADMIN)
    assert technician.get("/people/").status in (200, 403)
    assert technician.get(f"/people/{world.viewer.id}").status == 404
    assert (
        technician.post("/people/new", {"name": "N", "email": "n@n.example", "role": "viewer", "partner": 1}).status
        == 422
    )
