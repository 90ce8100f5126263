"""How often somebody may try: per address they come from, and per account they try for.

Only what failed counts, so that an office behind one address signs in on Monday morning. A limit per account slows
guessing from many addresses; it is wide enough that a stranger cannot lock anybody out for long.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, request, session
from flask_limiter import Limiter

View = Callable[..., Any]

PER_ADDRESS = "30 per minute; 300 per hour"
PER_ACCOUNT = "10 per 10 minutes"
LETTERS_PER_ADDRESS = "10 per minute; 60 per hour"
LETTERS_PER_ACCOUNT = "5 per hour"
PASSWORDS_AND_CODES = (
    "login",
    "two_factor_token_validation",
    "mf_recovery",
    "verify",
    "change_password",
    "two_factor_setup_validate",
)


def limited(limiter: Limiter, endpoint: str, view: View) -> View:
    """The view of Flask-Security behind the limits that its endpoint needs."""
    if endpoint in PASSWORDS_AND_CODES:
        tried = address_typed if endpoint == "login" else person_trying
        by_account = limiter.limit(PER_ACCOUNT, key_func=tried, methods=["POST"], deduct_when=failed)
        return limiter.limit(PER_ADDRESS, methods=["POST"], deduct_when=failed)(by_account(view))
    if endpoint == "forgot_password":
        by_account = limiter.limit(LETTERS_PER_ACCOUNT, key_func=address_typed, methods=["POST"])
        return limiter.limit(LETTERS_PER_ADDRESS, methods=["POST"])(by_account(view))
    if endpoint == "reset_password":
        return limiter.limit(PER_ADDRESS)(view)
    return view


def address_typed() -> str:
    return request.form.get("email", "").strip().lower()[:254] or "nobody"


def person_trying() -> str:
    """Who is half or wholly signed in."""
    return session.get("tf_user_id") or session.get("_user_id") or "nobody"


def failed(answer: Response) -> bool:
    return answer.status_code == 422
