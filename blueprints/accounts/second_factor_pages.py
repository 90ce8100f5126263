"""Where Flask-Security's pages of the second factor would leave people with a dead end."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, session, url_for
from flask_login import current_user
from flask_security.utils import check_and_get_token_status

from blueprints.accounts.forms import CodeForm
from blueprints.accounts.words import WRONG_CODE
from blueprints.web.page import gone_to, page

View = Callable[..., Any]


def lost_device() -> Any:
    """What to do without the device: a recovery code, or a person who may take the second factor away."""
    return page("security/lost_device.html", [])


def set_up_again(view: View) -> View:
    """A mistyped code while setting up: the same drawing again. Flask-Security would begin with a new secret."""

    @wraps(view)
    def answered(token: str) -> Any:
        answer = view(token)
        security = current_app.extensions["security"]
        expired, invalid, state = check_and_get_token_status(
            token, "tf_setup", current_app.config["SECURITY_TWO_FACTOR_SETUP_WITHIN"]
        )
        if expired or invalid or not answer.location.endswith(url_for("security.two_factor_setup")):
            return answer
        form = CodeForm()
        form.code.errors = [WRONG_CODE]
        values = security.totp_factory.fetch_setup_values(state["totp_secret"], current_user)
        session.pop("_flashes", None)  # the same words stand beside the field
        return page(
            "security/two_factor_setup.html",
            [],
            422,
            chosen_method="authenticator",
            two_factor_verify_code_form=form,
            state_token=token,
            authr_qrcode=values["image"],
            authr_key=values["key"],
        )

    return answered


def codes_or_account(view: View) -> View:
    """Recovery codes belong to a second factor: without one, the account page."""

    @wraps(view)
    def answered() -> Any:
        if current_user.tf_primary_method is None:
            return gone_to(url_for("accounts.account"))
        return view()

    return answered
