"""Letting people in: from the form through the letter to the first sign-in."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from data.accounts import Grant, Person
from data.database import database
from data.emails import Email
from data.history import History
from data.moments import now
from data.partners import Partner
from data.roles import Role
from tests.accounts.steps import ANOTHER, PASSWORD, letters_to, link_in, sign_in, told, with_password
from tests.factories import World, a_person
from tests.visits import Answer, Visitor

NEW = "/people/new"
BOTH = {"password": PASSWORD, "password_confirm": PASSWORD}


def typed(world: World, **changed: object) -> dict[str, object]:
    return {
        "name": "Nora New",
        "email": "Nora.New@Northstar.example",
        "role": "technician",
        "partner": world.northstar.id,
    } | changed


def invited(visitor: Visitor, world: World, **changed: object) -> str:
    """Invite somebody; the path of the link in their letter."""
    assert visitor.post(NEW, typed(world, **changed)).status == 303
    return link_in(letters_to(str(changed.get("email", "nora.new@northstar.example")))[-1])


@pytest.mark.parametrize("htmx", [False, True])
def test_invites_by_letter_and_says_so(admin: Visitor, world: World, htmx: bool) -> None:
    answer = admin.post(NEW, typed(world), htmx=htmx)
    assert answer.headers["HX-Redirect" if htmx else "Location"] == "/people/"
    page = admin.get("/people/")
    assert "Nora New is invited." in page.text
    nora = Person.get(Person.email == "nora.new@northstar.example")
    assert (nora.password, nora.active, nora.timezone, nora.invited_by_id) == (
        None,
        True,
        "Europe/Berlin",
        world.admin.id,
    )
    row = page.find(f"tr[data-id='{nora.id}']")[0].text_content()
    assert "Invited" in row
    assert "Technician" in row
    assert told() == [
        "Nora New <nora.new@northstar.example> invited as Technician",
        "Email “Ada Admin invites you to Northstar IT” to nora.new@northstar.example queued",
    ]


def test_the_link_lets_them_set_a_password_and_in(admin: Visitor, nobody: Visitor, world: World, app: Flask) -> None:
    link = invited(admin, world)
    assert "http://127.0.0.1:8000" + link in letters_to("nora.new@northstar.example")[0].html
    page = nobody.get(link)
    assert "Nora New, choose a password" in page.text
    done = nobody.post(link, BOTH)
    assert (done.status, done.location) == (303, "/")
    assert "Welcome, Nora New" in nobody.get("/").text
    assert told()[-2:] == ["Nora New accepted the invitation", "Nora New signed in from 127.0.0.1"]
    assert sign_in(Visitor(app, None), Person.get(Person.name == "Nora New")).status == 303


def test_the_link_opens_once(admin: Visitor, nobody: Visitor, world: World, app: Flask) -> None:
    link = invited(admin, world)
    nobody.post(link, BOTH)
    other = Visitor(app, None)
    assert other.get(link).status == 404
    assert "This invitation has ended" in other.get(link).text
    assert other.post(link, {"password": ANOTHER, "password_confirm": ANOTHER}).status == 404
    assert sign_in(other, Person.get(Person.name == "Nora New")).status == 303


def test_the_link_ends_after_seven_days(admin: Visitor, nobody: Visitor, world: World) -> None:
    link = invited(admin, world)
    with time_machine.travel(now() + timedelta(days=6, hours=23)):
        assert nobody.get(link).status == 200
    with time_machine.travel(now() + timedelta(days=7, minutes=1)):
        assert nobody.get(link).status == 404
        assert nobody.post(link, BOTH).status == 404


def test_a_newer_invitation_ends_the_older_link(admin: Visitor, nobody: Visitor, world: World) -> None:
    old = invited(admin, world)
    nora = Person.get(Person.name == "Nora New")
    again = admin.post(f"/people/{nora.id}/invite-again", {"version": nora.version})
    assert again.status == 303
    assert "the earlier link has ended" in admin.get(again.location).text
    new = link_in(letters_to(nora.email)[-1])
    assert nobody.get(old).status == 404
    assert nobody.get(new).status == 200
    assert told()[-1] == "Nora New <nora.new@northstar.example> invited again"


def test_a_person_who_accepted_is_not_invited_again(admin: Visitor, world: World, app: Flask) -> None:
    tom = with_password(app, world.technician)
    answer = admin.post(f"/people/{tom.id}/invite-again", {"version": tom.version})
    assert answer.status == 422
    assert "accepted already" in answer.text
    assert letters_to(tom.email) == []


def test_the_link_opens_nothing_for_who_is_switched_off(admin: Visitor, nobody: Visitor, world: World) -> None:
    link = invited(admin, world)
    Person.update(active=False).where(Person.name == "Nora New").execute()
    assert nobody.get(link).status == 404


@pytest.mark.parametrize("token", ["x", "x" * 4000, "%00", "%ff", "a.b.c"])
def test_a_link_that_nobody_sent_opens_nothing(nobody: Visitor, token: str) -> None:
    assert nobody.get(f"/invitation/{token}").status == 404
    assert nobody.post(f"/invitation/{token}", BOTH).status == 404


def test_guessing_links_rests_a_while(nobody: Visitor) -> None:
    for number in range(30):
        assert nobody.get(f"/invitation/{number}").status == 404
    assert nobody.get("/invitation/x").status == 429


def test_a_session_or_a_reset_link_is_no_invitation(nobody: Visitor, world: World, app: Flask) -> None:
    with_password(app, world.admin)
    nobody.post("/forgotten-password", {"email": world.admin.email})
    token = link_in(letters_to(world.admin.email)[0]).rsplit("/", 1)[1]
    assert nobody.get(f"/invitation/{token}").status == 404


@pytest.mark.parametrize(("password", "again"), [("short", "short"), (PASSWORD, ANOTHER), ("", "")])
def test_shows_what_is_wrong_with_the_password(
    admin: Visitor, nobody: Visitor, world: World, password: str, again: str
) -> None:
    link = invited(admin, world)
    answer = nobody.post(link, {"password": password, "password_confirm": again})
    assert answer.status == 422
    assert answer.find(".why")
    assert nobody.get(link).status == 200


# --- who may be invited ----------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"email": "no address"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "a" * 300 + "@a.example"}, "email"),
        ({"email": "a\x00@a.example"}, "email"),
        ({"role": "emperor"}, "role"),
        ({"role": ""}, "role"),
    ],
)
def test_shows_what_is_wrong_and_keeps_the_typing(
    admin: Visitor, world: World, changed: dict[str, str], field: str, htmx: bool
) -> None:
    answer = admin.post(NEW, typed(world, **changed), htmx=htmx)
    assert answer.status == 422
    assert answer.find(f"#{field}-why")
    if field != "name":
        assert answer.value("name") == "Nora New"
    assert told() == []
    assert Person.select().count() == 6


@pytest.mark.parametrize("partner", ["0", "x", "", "99999999999999999999999", "2"])
def test_invites_to_no_partner_of_others(admin: Visitor, world: World, partner: str) -> None:
    assert admin.post(NEW, typed(world, partner=partner)).status == 422
    assert Person.select().count() == 6


def test_invites_to_no_closed_partner(admin: Visitor, operator: Visitor, world: World) -> None:
    Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
    assert "No open partner" in admin.get(NEW).text
    assert admin.post(NEW, typed(world)).status == 422
    assert operator.post(NEW, typed(world)).status == 422


def test_operators_choose_the_partner(operator: Visitor, world: World) -> None:
    page = operator.get(NEW)
    assert [option.text for option in page.find("select[name=partner] option")] == ["Harbour Lights", "Northstar IT"]
    operator.post(NEW, typed(world, partner=world.harbour.id, role="partner_admin"))
    grant = Grant.select().join(Person).where(Person.name == "Nora New").get()
    assert (grant.partner_id, grant.role) == (world.harbour.id, Role.PARTNER_ADMIN)


def test_a_person_of_another_msp_gets_a_grant_more_and_nobody_can_tell(
    admin: Visitor, world: World, app: Flask
) -> None:
    sten = with_password(app, world.stranger)
    known = admin.post(NEW, typed(world, email=sten.email))
    said_known = admin.get("/people/").find("#said")[0].text
    unknown = admin.post(NEW, typed(world))
    said_unknown = admin.get("/people/").find("#said")[0].text
    assert (known.status, known.location) == (unknown.status, unknown.location)
    assert said_known == said_unknown
    assert {grant.partner_id for grant in Grant.select().where(Grant.person == sten)} == {1, 2}
    assert Person.get_by_id(sten.id).name == "Sten Stranger", "the name typed changes nothing"
    letter = letters_to(sten.email)[0]
    assert (letter.kind, letter.partner_id) == ("access_given", None)
    assert "/forgotten-password" not in letter.text
    lines = [line for line in told() if line.startswith("Nora New")]
    assert lines[0] == "Nora New <sten.stranger@northstar.example> invited as Technician"


def test_a_person_who_has_not_accepted_elsewhere_gets_a_new_link_that_opens_both(
    admin: Visitor, stranger: Visitor, nobody: Visitor, world: World
) -> None:
    old = invited(admin, world, email="zoe@harbour.example")
    new = invited(stranger, world, email="zoe@harbour.example", partner=world.harbour.id)
    assert nobody.get(old).status == 404
    assert nobody.post(new, BOTH).status == 303
    zoe = Person.get(Person.email == "zoe@harbour.example")
    assert {grant.partner_id for grant in Grant.select().where(Grant.person == zoe)} == {1, 2}


def test_somebody_who_is_here_already_is_not_invited_twice(admin: Visitor, world: World) -> None:
    answer = admin.post(NEW, typed(world, email=world.viewer.email))
    assert answer.status == 422
    assert "among your people already" in answer.find("#email-why")[0].text_content()
    assert Email.select().count() == 0


def test_writes_to_nobody_who_is_switched_off(admin: Visitor, world: World, app: Flask) -> None:
    gone = with_password(app, a_person("Gone Girl", world.harbour, Role.VIEWER, active=False))
    assert admin.post(NEW, typed(world, email=gone.email)).status == 303
    assert letters_to(gone.email) == []


def test_two_invitations_at_once_make_one_person(app: Flask, world: World) -> None:
    visitors = [(Visitor(app, world.admin), world.northstar), (Visitor(app, world.stranger), world.harbour)] * 2
    start, got = threading.Barrier(len(visitors)), []

    def press(visitor: Visitor, partner: Partner) -> None:
        start.wait()
        data = typed(world, partner=partner.id) | {"csrf_token": visitor.token}
        got.append(visitor.client.post(NEW, data=data).status_code)
        database.close()

    threads = [threading.Thread(target=press, args=pair) for pair in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [303, 303, 422, 422]
    nora = Person.get(Person.email == "nora.new@northstar.example")
    assert Grant.select().where(Grant.person == nora).count() == 2
    assert History.select().where(History.kind == "person.invited").count() == 2


def test_says_where_the_letter_is_while_no_mail_is_sent(admin: Visitor, operator: Visitor, world: World) -> None:
    operator.post(NEW, typed(world))
    assert "waits in the mailroom" in operator.get("/people/").text
    admin.post(NEW, typed(world, email="b@b.example"))
    assert "ask the operator" in admin.get("/people/").text


def test_names_in_letters_are_words_and_no_markup(admin: Visitor, world: World) -> None:
    admin.post(NEW, typed(world, name="<b>Bobby</b> {{ 7*7 }}"))
    letter = letters_to("nora.new@northstar.example")[0]
    assert "<b>Bobby</b> {{ 7*7 }}" in letter.text
    assert "&lt;b&gt;Bobby" in letter.html
    assert "<b>Bobby" not in letter.html


@pytest.mark.parametrize(("who", "status"), [("nobody", 303), ("viewer", 403), ("technician", 403)])
def test_is_not_for_others(request: pytest.FixtureRequest, world: World, who: str, status: int) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    answer: Answer = visitor.post(NEW, typed(world))
    assert answer.status == status
    assert not re.search("Nora", answer.text)
    assert Person.select().count() == 6
