"""A forgotten password, by the link of a real letter; and a password changed by who knows the old one."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from data.accounts import Person
from data.emails import Email
from data.moments import now
from tests.accounts.steps import ANOTHER, PASSWORD, letters_to, link_in, sign_in, told, with_password
from tests.factories import World
from tests.visits import Visitor

BOTH = {"password": ANOTHER, "password_confirm": ANOTHER}


@pytest.fixture
def ada(app: Flask, world: World) -> Person:
    return with_password(app, world.admin)


def asked_for_link(visitor: Visitor, person: Person) -> str:
    assert visitor.post("/forgotten-password", {"email": person.email.upper()}).status == 303
    return link_in(letters_to(person.email)[-1])


def test_a_letter_brings_a_link_that_sets_a_new_password(nobody: Visitor, ada: Person, app: Flask) -> None:
    link = asked_for_link(nobody, ada)
    assert "Set a new password" in nobody.get(link).text
    done = nobody.post(link, BOTH)
    assert (done.status, done.location) == (303, "/sign-in")
    assert "Your new password is set" in nobody.get("/sign-in").text
    assert sign_in(nobody, ada).status == 422
    assert sign_in(nobody, ada, ANOTHER).status == 303
    assert told() == [
        "Email “Set a new password for Quayside” to ada.admin@northstar.example queued",
        "Ada Admin set a new password by email",
        "Email “Your Quayside password was set anew” to ada.admin@northstar.example queued",
        "Ada Admin signed in from 127.0.0.1",
    ]


def test_the_letter_is_for_its_reader_alone(nobody: Visitor, ada: Person, admin: Visitor) -> None:
    link = asked_for_link(nobody, ada)
    letter = letters_to(ada.email)[0]
    assert (letter.kind, letter.partner_id, letter.customer_id) == ("reset_instructions", None, None)
    assert letter.to_name == "Ada Admin"
    assert link in letter.html
    assert admin.get(f"/mailroom/{letter.id}").status == 404


@pytest.mark.parametrize("typed", ["nobody@nowhere.example", "no address", "", "x" * 3000, "nul\x00@a.example"])
def test_answers_the_same_whoever_asks(nobody: Visitor, ada: Person, visit_as: object, app: Flask, typed: str) -> None:
    known = nobody.post("/forgotten-password", {"email": ada.email})
    after_known = nobody.get(known.location)
    other = Visitor(app, None)
    unknown = other.post("/forgotten-password", {"email": typed})
    after_unknown = other.get(unknown.location)
    assert (known.status, known.location) == (unknown.status, unknown.location) == (303, "/sign-in")
    assert after_known.text == after_unknown.text
    assert "If this address belongs to somebody here" in after_known.text
    assert Email.select().count() == 1


@pytest.mark.parametrize("path", ["/forgotten-password", "/sign-in"])
@pytest.mark.parametrize("who", ["known", "unknown", "malformed", "invited", "off"])
def test_takes_as_long_whoever_asks(
    nobody: Visitor, ada: Person, world: World, app: Flask, monkeypatch: pytest.MonkeyPatch, who: str, path: str
) -> None:
    """What takes long is hashing: once, for everybody. (A sign-in with no address at all is refused at once.)"""
    off = with_password(app, world.technician)
    Person.update(active=False).where(Person.id == off.id).execute()
    addresses = {"known": ada, "invited": world.viewer, "off": off}
    email = addresses[who].email if who in addresses else {"unknown": "x@a.example", "malformed": "x"}[who]
    context, hashed = type(app.extensions["security"].pwd_context), []
    for name in ("hash", "verify"):
        real = getattr(context, name)
        monkeypatch.setattr(context, name, lambda *given, real=real: hashed.append(1) or real(*given))
    nobody.post(path, {"email": email, "password": "wrong"})
    assert len(hashed) == (0 if (who, path) == ("malformed", "/sign-in") else 1)


def test_writes_to_nobody_who_is_switched_off(nobody: Visitor, ada: Person) -> None:
    Person.update(active=False).where(Person.id == ada.id).execute()
    assert nobody.post("/forgotten-password", {"email": ada.email}).status == 303
    assert letters_to(ada.email) == []


def test_links_lead_to_the_installation_whatever_host_was_asked(nobody: Visitor, ada: Person) -> None:
    for host in ("evil.example", "127.0.0.1:9999", "localhost"):
        nobody.client.post(
            "/forgotten-password",
            data={"csrf_token": nobody.token, "email": ada.email},
            headers={"Host": host, "X-Forwarded-Host": "evil.example"},
        )
    letters = letters_to(ada.email)
    assert letters
    for letter in letters:
        assert "http://127.0.0.1:8000/forgotten-password/" in letter.text
        assert "evil" not in letter.text + letter.html


def test_a_link_opens_once(nobody: Visitor, ada: Person) -> None:
    link = asked_for_link(nobody, ada)
    nobody.post(link, BOTH)
    again = nobody.post(link, {"password": "yet another one", "password_confirm": "yet another one"})
    assert (again.status, again.location) == (303, "/forgotten-password")
    assert "opens nothing any more" in nobody.get("/forgotten-password").text
    assert sign_in(nobody, ada, ANOTHER).status == 303


def test_a_link_ends_after_two_hours(nobody: Visitor, ada: Person, app: Flask) -> None:
    link = asked_for_link(nobody, ada)
    with time_machine.travel(now() + timedelta(hours=2, minutes=1)):
        late = nobody.get(link)
        assert (late.status, late.location) == (303, "/forgotten-password")
        assert "has ended" in nobody.get("/forgotten-password").text
        assert nobody.post(link, BOTH).status == 303
    assert sign_in(Visitor(app, None), ada).status == 303


@pytest.mark.parametrize("token", ["x", "x" * 4000, "%00", "%ff", "a.b.c", "WyJ4Il0.aaaa.bbbb"])
def test_a_link_that_nobody_made_opens_nothing(nobody: Visitor, token: str) -> None:
    assert nobody.get(f"/forgotten-password/{token}").status in (303, 404)


def test_a_new_password_ends_every_session(nobody: Visitor, ada: Person, app: Flask) -> None:
    elsewhere = Visitor(app, None)
    sign_in(elsewhere, ada)
    nobody.post(asked_for_link(nobody, ada), BOTH)
    assert elsewhere.get("/account").status == 303


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "at least 12 characters"),
        ("x" * 129, "x" * 129, "At most 128 characters"),
        (ANOTHER, "something else!", "differs from the password above"),
        ("", "", "Fill this in"),
    ],
)
def test_shows_what_is_wrong_with_a_new_password(
    nobody: Visitor, ada: Person, password: str, again: str, said: str
) -> None:
    link = asked_for_link(nobody, ada)
    answer = nobody.post(link, {"password": password, "password_confirm": again})
    assert answer.status == 422
    assert said in answer.text
    assert sign_in(nobody, ada).status == 303, "the old one is still the one"


def test_letters_to_one_address_are_few(nobody: Visitor, ada: Person) -> None:
    for _ in range(5):
        assert nobody.post("/forgotten-password", {"email": ada.email}).status == 303
    assert nobody.post("/forgotten-password", {"email": ada.email}).status == 429
    assert len(letters_to(ada.email)) == 5


# --- changed by who knows the old one ------------------------------------------------------------

CHANGE = {"password": PASSWORD, "new_password": ANOTHER, "new_password_confirm": ANOTHER}


def test_changes_the_password_and_keeps_this_session_only(nobody: Visitor, ada: Person, app: Flask) -> None:
    elsewhere = Visitor(app, None)
    sign_in(elsewhere, ada)
    sign_in(nobody, ada)
    done = nobody.post("/change-password", CHANGE)
    assert (done.status, done.location) == (303, "/account")
    assert "Your new password is set" in nobody.get("/account").text
    assert elsewhere.get("/account").status == 303
    assert told()[-2:] == [
        "Ada Admin changed the password",
        "Email “Your Quayside password was changed” to ada.admin@northstar.example queued",
    ]
    assert "Set a password of your own at once" in letters_to(ada.email)[-1].text
    assert sign_in(Visitor(app, None), ada, ANOTHER).status == 303


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "not your password"),
        ({"password": ""}, "Fill this in"),
        ({"new_password": "short"}, "at least 12"),
        ({"new_password_confirm": "other"}, "differs"),
        ({"new_password": PASSWORD, "new_password_confirm": PASSWORD}, "the password you have now"),
    ],
)
def test_changes_nothing_while_something_is_wrong(
    nobody: Visitor, ada: Person, changed: dict[str, str], said: str
) -> None:
    sign_in(nobody, ada)
    answer = nobody.post("/change-password", CHANGE | changed)
    assert answer.status == 422
    assert said in answer.text
    assert nobody.get("/account").status == 200


def test_guessing_the_old_password_rests_a_while(nobody: Visitor, ada: Person) -> None:
    sign_in(nobody, ada)
    for _ in range(10):
        nobody.post("/change-password", CHANGE | {"password": "wrong"})
    assert nobody.post("/change-password", CHANGE).status == 429


def test_passwords_are_kept_as_argon2id_with_their_own_salt(ada: Person, world: World, app: Flask) -> None:
    other = with_password(app, world.viewer)
    assert ada.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert ada.password != other.password
