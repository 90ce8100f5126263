"""Links for people, and Flask-Security's letters handed to the mailroom."""

from typing import Any

from flask import current_app, url_for
from flask_security import EmailValidateException, MailUtil
from flask_security.recoverable import generate_reset_password_token
from itsdangerous import BadData, URLSafeTimedSerializer

from blueprints.accounts.addresses import plain_address
from blueprints.accounts.datastore import Account, send
from blueprints.mailroom.letters import drawn

KINDS = {"accounts_password_link": "reset_instructions", "accounts_password_set": "password_notice"}
INVITATION_OPENS = 7 * 24 * 60 * 60  # seconds


class Letters(MailUtil):
    """Flask-Security's letters as rows of the mailroom. No partner on them: whoever reads a link can use it."""

    def send_mail(  # type: ignore[override]  # what we do not need is in the rest
        self, template: str, subject: str, recipient: str, *_: Any, user: Account, reset_token: str = "", **__: Any
    ) -> None:
        text, html = drawn(
            template,
            reader=user.name,
            link=absolute("security.reset_password", token=reset_token) if reset_token else "",
            forgotten=absolute("security.forgot_password"),
        )
        send(kind=KINDS[template], to_email=recipient, to_name=user.name, subject=subject, text=text, html=html)

    def normalize(self, email: str) -> str:
        try:
            return plain_address(email)
        except ValueError as problem:
            raise EmailValidateException(str(problem)) from None

    def validate(self, email: str) -> str:
        return self.normalize(email)


def absolute(endpoint: str, **values: Any) -> str:
    """The address of a view for use outside: the installation's own, whatever Host the request named."""
    return current_app.config["SETTINGS"].address + url_for(endpoint, **values)


def password_link(fs_uniquifier: str) -> str:
    """Where a person sets a new password, as Flask-Security's letter has it."""
    security = current_app.extensions["security"]
    token = generate_reset_password_token(security.datastore.find_user(fs_uniquifier=fs_uniquifier))
    return absolute("security.reset_password", token=token)


def invitation_link(fs_uniquifier: str) -> str:
    """Where a person who was invited sets their password. Opens for seven days, and while the uniquifier stays."""
    return absolute("accounts.accept", token=signer().dumps(fs_uniquifier))


def invited(token: str) -> str:
    """The uniquifier inside an invitation's token, or "" when it is ended or was never ours."""
    try:
        return signer().loads(token, max_age=INVITATION_OPENS)
    except BadData:
        return ""


def signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="invitation")
