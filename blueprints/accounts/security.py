"""Flask-Security, dressed as ours: its views under our addresses, with our pages, our words and our history."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, g, make_response, render_template, request, session
from flask_limiter import Limiter
from flask_login import current_user
from flask_login.utils import _user_context_processor
from flask_security import Security, login_user, signals, views
from flask_security.recovery_codes import mf_recovery, mf_recovery_codes
from flask_wtf import FlaskForm

from blueprints.accounts import forms, limits, words
from blueprints.accounts.datastore import Account, Accounts, tell
from blueprints.accounts.letters import Letters
from blueprints.accounts.second_factor import OneTimeCodes, RecoveryCodes, key_for
from blueprints.accounts.second_factor_pages import codes_or_account, lost_device, set_up_again
from blueprints.accounts.standing import Standing, standing_by
from blueprints.web.access import for_signed_in, open_to_all
from blueprints.web.page import DRESS_HEADERS, gone_to
from blueprints.web.settings import Settings
from data.database import database
from data.moments import now

View = Callable[..., Any]
Mark = Callable[[View], View]


def start(app: Flask, limiter: Limiter, settings: Settings) -> None:
    """Bring Flask-Security into the app, with the views that we offer and no others."""
    app.config.update(configuration(settings))
    security = Security(
        app,
        Accounts(database),
        register_blueprint=False,
        login_form=forms.SignInForm,
        verify_form=forms.ConfirmForm,
        forgot_password_form=forms.ForgottenPasswordForm,
        reset_password_form=forms.SetPasswordForm,
        change_password_form=forms.NewPasswordForm,
        two_factor_verify_code_form=forms.CodeForm,
        mf_recovery_form=forms.RecoveryCodeForm,
        mail_util_cls=Letters,
        totp_cls=OneTimeCodes,
        mf_recovery_codes_util_cls=RecoveryCodes,
        render_template=drawn_page,
    )
    security.hashing_context = security.pwd_context  # making a reset link takes as long as refusing to make one
    security.want_json(lambda _: False)  # pages only: no API of its own
    security.login_manager.request_loader(lambda _: None)  # a session signs in, no token in an address or header
    security.principal.identity_loaders.clear()  # roles are our grants; Flask-Principal is not asked on each request
    app.template_context_processors[None].remove(_user_context_processor)  # nor `current_user` read for each page
    app.register_blueprint(blueprint_of_views(limiter))
    keep_history(app)


def configuration(settings: Settings) -> dict[str, Any]:
    return words.MESSAGES | {
        "SESSION_PROTECTION": None,  # phones change their address all day; a session is ended from the account page
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_RECOVERABLE": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_TRACKABLE": True,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_DATETIME_FACTORY": now,
        "SECURITY_FRESHNESS": timedelta(minutes=30),
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(minutes=10),
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(hours=2),
        "SECURITY_EMAIL_PLAINTEXT": False,  # letters.py draws both
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_POST_LOGOUT_VIEW": "security.login",
        "SECURITY_POST_CHANGE_VIEW": "accounts.account",
        # Argon2id as OWASP's Password Storage Cheat Sheet has it; 19 MiB each leaves room for several at once.
        # The hash carries its own salt: SECRET_KEY may change and passwords still open.
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__memory_cost": 19_456,
            "argon2__rounds": 2,
            "argon2__parallelism": 1,
        },
        "SECURITY_PASSWORD_LENGTH_MIN": forms.SHORTEST_PASSWORD,
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_IMPLEMENTATIONS": {"code": "flask_security.twofactor.CodeTfPlugin"},
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds a clock may be wrong
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "security.mf_recovery_codes",
        "SECURITY_TOTP_SECRETS": {"1": key_for("one-time codes", settings.secret_key)},
        "SECURITY_TOTP_ISSUER": "Quayside",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": 10,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [key_for("recovery codes", settings.secret_key)],
    }


class Offered(NamedTuple):
    """A view of Flask-Security under our address; the endpoint has the name by which Flask-Security looks for it."""

    address: str
    endpoint: str
    view: View
    mark: Mark
    methods: tuple[str, ...] = ("GET", "POST")


signing_in = open_to_all("a step of signing in")
forgotten = open_to_all("for people who cannot sign in")
signing_out = open_to_all("signing out twice harms nobody")


def offered() -> list[Offered]:
    code = only_signed_out(views.two_factor_token_validation)
    codes = codes_or_account(mf_recovery_codes)
    device = "/account/second-factor"
    set_up = set_up_again(views.two_factor_setup_validate)
    return [
        Offered("/sign-in", "login", views.login, signing_in),
        Offered("/sign-in/code", "two_factor_token_validation", code, signing_in),
        Offered("/sign-in/recovery-code", "mf_recovery", mf_recovery, signing_in),
        Offered("/sign-in/lost-device", "two_factor_rescue", lost_device, signing_in, ("GET",)),
        Offered("/sign-out", "logout", signed_out(views.logout), signing_out, ("POST",)),
        Offered("/forgotten-password", "forgot_password", letter_sent(views.forgot_password), forgotten),
        Offered("/forgotten-password/<token>", "reset_password", views.reset_password, forgotten),
        Offered("/change-password", "change_password", views.change_password, for_signed_in),
        Offered("/account/confirm", "verify", views.verify, for_signed_in),
        Offered(device, "two_factor_setup", views.two_factor_setup, for_signed_in),
        Offered(f"{device}/<token>", "two_factor_setup_validate", set_up, for_signed_in, ("POST",)),
        Offered("/account/recovery-codes", "mf_recovery_codes", codes, for_signed_in),
    ]


def blueprint_of_views(limiter: Limiter) -> Blueprint:
    blueprint = Blueprint("security", __name__)
    for address, endpoint, view, mark, methods in offered():
        ours = mark(limits.limited(limiter, endpoint, kept_whole(view)))
        blueprint.add_url_rule(address, endpoint, ours, methods=methods)
    return blueprint


def kept_whole(view: View) -> View:
    """Save what the view changed, as one; and answer as the house does: 303, 422, parts told from pages."""

    @wraps(view)
    def answered(**arguments: Any) -> Response:
        if request.is_json:
            abort(415)
        answer = make_response(view(**arguments))
        save()
        if 300 <= answer.status_code < 400:
            return gone_to(inside(answer.location))
        if g.get("form_refused"):
            answer.status_code = 422
        answer.vary.update(DRESS_HEADERS)
        return answer

    return answered


def inside(location: str) -> str:
    """Path and query of an address that is ours, so that whatever it was, it leads to the portal."""
    parts = urlsplit(location)
    path = "/" + parts.path.lstrip("/") if parts.path.startswith("/") else "/"
    return f"{path}?{parts.query}" if parts.query else path


def drawn_page(template: str, **facts: Any) -> str:
    """A page for Flask-Security; notes whether it shows a form that was refused."""
    filled = [fact for fact in facts.values() if isinstance(fact, FlaskForm)]
    g.form_refused = request.method == "POST" and any(form.errors for form in filled)
    return render_template(template, **facts)


def only_signed_out(view: View) -> View:
    """Whoever is signed in has no second half of signing in to do."""

    @wraps(view)
    def answered(**arguments: Any) -> Any:
        return gone_to("/") if current_user.is_authenticated else view(**arguments)

    return answered


def signed_out(view: View) -> View:
    """Leave nothing of the person in the browser's session."""

    @wraps(view)
    def answered() -> Any:
        left = view()
        session.clear()
        return gone_to(left.location, "You are signed out.")

    return answered


def letter_sent(view: View) -> View:
    """After asking for a link, whoever asked, and whether or not there is a letter: back to signing in."""

    @wraps(view)
    def answered() -> Any:
        page = view()
        return gone_to("/sign-in", words.LINK_SENT) if request.method == "POST" else page

    return answered


def keep_history(app: Flask) -> None:
    """Lines of history for what Flask-Security does, written by Accounts.commit()."""
    signals.user_authenticated.connect(signed_in, app)
    for signal, told in TOLD.items():
        signal.connect(told, app)


def signed_in(_: Flask, user: Account, authn_via: list[str] | None = None, **__: Any) -> None:
    if authn_via != ["change"]:  # a new password renews the session; nobody signed in
        tell("person.signed_in", user, address=request.remote_addr or "an unknown address")


def password_changed(_: Flask, user: Account, **__: Any) -> None:
    tell("person.password_changed", user)


def password_reset(_: Flask, user: Account, **__: Any) -> None:
    tell("person.password_reset", user)


def second_factor_on(_: Flask, user: Account, **__: Any) -> None:
    tell("person.second_factor_on", user)


def second_factor_off(_: Flask, user: Account, **__: Any) -> None:
    tell("person.second_factor_off", user)


TOLD = {
    signals.password_changed: password_changed,
    signals.password_reset: password_reset,
    signals.tf_profile_changed: second_factor_on,
    signals.tf_disabled: second_factor_off,
}


def person_asking() -> Standing | None:
    """Who is signed in: asked once per request, by the guard, and past Flask-Login, which would read all of the row."""
    signed_in_as = session.get("_user_id")
    return standing_by(signed_in_as) if signed_in_as else None


def save() -> None:
    """Write what Flask-Security changed in this request."""
    current_app.extensions["security"].datastore.commit()


def sign_in(person_id: int) -> None:
    """Sign a person in who has just proved themselves otherwise: by the set-up token, by an invitation."""
    login_user(Account.get_by_id(person_id), authn_via=["link"])
    save()


def stay_signed_in(fs_uniquifier: str) -> None:
    """Keep this one session when all sessions of the person were ended."""
    session["_user_id"] = fs_uniquifier


def proven_at() -> datetime:
    """When the person at this session last proved who they are, by password or otherwise; long ago if never."""
    return datetime.fromtimestamp(session.get("fs_paa", 0), UTC)
