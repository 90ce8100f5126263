"""Sessions and form tokens, signed as Flask and Flask-WTF sign them, but each only once and not at every request.

Reading a cookie, and signing a token anew, costs as much as asking the database who somebody is.
"""

from copy import deepcopy
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response, g
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

from data.moments import now

KEPT = 2_048  # cookies, and tokens


def remember_sessions(app: Flask) -> None:
    app.session_interface = RememberedSessions()


class RememberedSessions(SecureCookieSessionInterface):
    """Knows what a signed cookie said when the browser sends it again. Its age is looked at every minute."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        cookie = request.cookies.get(self.get_cookie_name(app))
        said = read(self, app, str(app.secret_key), cookie, this_minute()) if cookie else {}
        if raw := said.get("csrf_token"):
            g.csrf_token = signed(str(app.secret_key), raw, this_minute())  # where Flask-WTF looks first
        return self.session_class(deepcopy(said))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Most answers change nothing in it: then there is no cookie to make, and no need to ask how."""
        if not session or self.should_set_cookie(app, session):
            super().save_session(app, session, response)
        elif session.accessed:
            response.vary.add("Cookie")


@lru_cache(maxsize=KEPT)
def read(sessions: RememberedSessions, app: Flask, _key: str, cookie: str, _minute: int) -> dict[str, Any]:
    serializer = sessions.get_signing_serializer(app)
    oldest = int(app.permanent_session_lifetime.total_seconds())
    try:
        said: dict[str, Any] = serializer.loads(cookie, max_age=oldest) if serializer else {}
    except BadSignature:
        return {}
    return said


@lru_cache(maxsize=KEPT)
def signed(key: str, raw: str, _minute: int) -> str:
    return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(raw))


def this_minute() -> int:
    return int(now().timestamp() // 60)
