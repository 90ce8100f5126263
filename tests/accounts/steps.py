"""What tests of signing in do again and again."""

import re
import time
from typing import Any

from flask import Flask
from passlib.totp import TOTP

from blueprints.accounts.passwords import hashed
from data.accounts import Person
from data.emails import Email
from data.history import History, sentence
from tests.visits import Answer, Visitor

PASSWORD = "correct horse battery"
ANOTHER = "staple of the morning"


def with_password(app: Flask, person: Person, password: str = PASSWORD) -> Person:
    with app.test_request_context():
        person.password = hashed(password)
    person.save()
    return person


def sign_in(visitor: Visitor, person: Person, password: str = PASSWORD, **more: Any) -> Answer:
    return visitor.post("/sign-in", {"email": person.email, "password": password, **more})


def just_signed_in(visitor: Visitor) -> Visitor:
    """What is asked of a session a while after signing in is not asked of this one."""
    with visitor.client.session_transaction() as session:
        session["fs_paa"] = time.time()
    return visitor


def code_of(app: Flask, person: Person, later: int = 0) -> str:
    """What the person's authenticator app shows now, or `later` seconds from now."""
    secret = Person.get_by_id(person.id).tf_totp_secret
    totp = app.extensions["security"].totp_factory._totp.from_source(secret)
    return totp.generate(time.time() + later).token


def code_for_key(key: str, later: int = 0) -> str:
    """The same for a key as the set-up page shows it, computed from nothing else (RFC 6238, SHA-1, six digits)."""
    return TOTP(key=key.replace(" ", "").replace("-", ""), format="base32").generate(time.time() + later).token


def with_second_factor(app: Flask, visitor: Visitor) -> str:
    """Set the second factor up as a person does; the key."""
    shown = just_signed_in(visitor).post("/account/second-factor", {"setup": "authenticator"})
    key = shown.find("#key")[0].text
    done = visitor.post(shown.find("form[action*='/second-factor/']")[0].get("action"), {"code": code_for_key(key)})
    assert done.status == 303
    return key


def letters_to(email: str) -> list[Email]:
    return list(Email.select().where(Email.to_email == email).order_by(Email.id))


def link_in(letter: Email) -> str:
    """The path of the first link in a letter."""
    found = re.search(r"https?://[^/\s]+(/\S+)", letter.text)
    assert found, letter.text
    return found.group(1)


def told() -> list[str]:
    """The history, oldest first."""
    return [sentence(line) for line in History.select().order_by(History.id)]
