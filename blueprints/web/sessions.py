"""Sessions and form tokens, signed as Flask and Flask-WTF sign them, but each only once and not at every request.

Reading a cookie, and signing a token anew, costs as much as asking the database who somebody is.
"""

from copy import deepcopy
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect
from flask_wtf.csrf import same_origin
from itsdangerous import BadData, BadSignature, URLSafeTimedSerializer
from werkzeug.http import parse_cookie

from data.moments import now

KEPT = 2_048  # cookies, and tokens
LONGEST = 8_192  # what is longer is read each time, so that nobody fills the memory with it
HARMLESS = ("GET", "HEAD", "OPTIONS")
PLAIN = (str, int, bool, type(None))  # what nobody can change from the inside


def remember_sessions(app: Flask) -> None:
    app.session_interface = RememberedSessions()


class RememberedSessions(SecureCookieSessionInterface):
    """Knows what a signed cookie said when the browser sends it again. Its age is looked at every minute."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        cookies = request.environ.get("HTTP_COOKIE", "")
        if not cookies:
            return self.session_class()
        key, minute = str(app.secret_key), this_minute()
        known = read if len(cookies) < LONGEST else read.__wrapped__
        said = known(self, app, key, cookies, minute)
        if raw := said.get("csrf_token"):
            g.csrf_token = signed(key, raw, minute)  # where Flask-WTF looks first
        told = {name: value if isinstance(value, PLAIN) else deepcopy(value) for name, value in said.items()}
        return self.session_class(told)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Most answers change nothing in it: then there is no cookie to make, and no need to ask how."""
        empty = not session and not session.modified
        if not empty and (not session or self.should_set_cookie(app, session)):
            super().save_session(app, session, response)
        elif session.accessed:
            differs = response.headers.get("Vary")
            if "Cookie" not in (differs or ""):
                response.headers["Vary"] = f"{differs}, Cookie" if differs else "Cookie"


class RememberedTokens(CSRFProtect):
    """Takes a token at once that was read before and is this session's; all others are Flask-WTF's to judge."""

    def protect(self, apply_exemptions: bool = False) -> None:
        asked = request._get_current_object()  # type: ignore[attr-defined]  # asked for once: a proxy is slow
        if asked.method in HARMLESS:
            return
        # Without a session there is no token of ours, and the body is left unread: scripts send what is no form.
        ours = asked.endpoint and session.get("csrf_token")
        if ours and is_token_of(ours, asked.form.get("csrf_token", "")) and is_from_here(asked):
            g.csrf_valid = True  # as Flask-WTF says it to its forms
        else:
            super().protect(apply_exemptions)


def is_token_of(ours: str, given: str) -> bool:
    """Whether it is signed by us and of this session; it is good for as long as that (WTF_CSRF_TIME_LIMIT)."""
    if not given or len(given) > LONGEST:
        return False
    try:
        return compare_digest(token_said(str(current_app.secret_key), given), ours)
    except BadData:
        return False


def is_from_here(asked: Request) -> bool:
    """Over TLS the browser says from which page it comes (as Flask-WTF asks)."""
    return not asked.is_secure or same_origin(asked.referrer or "", f"https://{asked.host}/")


@lru_cache(maxsize=KEPT)
def read(sessions: RememberedSessions, app: Flask, _key: str, cookies: str, _minute: int) -> dict[str, Any]:
    """What the session cookie says among these, as the browser sends them."""
    cookie = parse_cookie(cookies).get(sessions.get_cookie_name(app))
    serializer = sessions.get_signing_serializer(app)
    oldest = int(app.permanent_session_lifetime.total_seconds())
    try:
        said: dict[str, Any] = serializer.loads(cookie, max_age=oldest) if serializer and cookie else {}
    except BadSignature:
        return {}
    return said


@lru_cache(maxsize=KEPT)
def signed(key: str, raw: str, _minute: int) -> str:
    return str(tokens_by(key).dumps(raw))


@lru_cache(maxsize=KEPT)
def token_said(key: str, token: str) -> str:
    """Raises BadData for what is not signed with this key."""
    return str(tokens_by(key).loads(token))


def tokens_by(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="wtf-csrf-token")


def this_minute() -> int:
    return int(now().timestamp() // 60)
