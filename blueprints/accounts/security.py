"""Flask-Security, dressed as ours."""

from flask import Flask, session
from flask_limiter import Limiter

from blueprints.accounts.standing import Standing, standing_of
from blueprints.web.settings import Settings
from data.accounts import Person


def start(app: Flask, limiter: Limiter, settings: Settings) -> None:
    ...


def person_asking() -> Standing | None:
    person = Person.get_or_none(Person.fs_uniquifier == session.get("_user_id", ""))
    return standing_of(person) if person and person.active else None
