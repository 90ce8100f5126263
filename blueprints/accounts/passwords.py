"""Passwords outside of Flask-Security's own pages: what can be one, and how it is stored."""

from flask import current_app
from flask_security import hash_password


def password_faults(password: str) -> list[str]:
    """Why this cannot be a password, in sentences; empty when it can."""
    faults, _ = current_app.extensions["security"].password_util.validate(password, True)
    return faults or []


def hashed(password: str) -> str:
    """The password as it is stored. Takes a while by design, so do it outside of transactions."""
    return hash_password(current_app.extensions["security"].password_util.normalize(password))
