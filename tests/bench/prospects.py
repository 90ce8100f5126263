"""The list of prospects beside a bare route: the whole page, signed in, at several sizes (issue: at most 2.5×)."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from data.accounts import Person
from data.database import database, open_database
from tests.bench.filling import kept
from tests.bench.serving import Asker, compare, served

SECRET_KEY = "only for measuring " * 3
MOST_TIMES_BARE = 2.5  # at 100,000 prospects
MOST_GROWTH = 1.2  # from 1,000 to 1,000,000


@contextmanager
def askers(rows: int, address: str = "/prospects/") -> Iterator[tuple[Asker, Asker]]:
    """Who asks the portal for its list of so many prospects, signed in, and who asks the bare route for its own."""
    with TemporaryDirectory() as folder:
        path = kept(rows, "prospects")
        cookie = {"Cookie": f"quayside={session_of('ada.admin', f'sqlite:///{path}')}"}
        environ = {"DATABASE_URL": f"sqlite:///{path}", "QUAYSIDE_HOME": folder, "SECRET_KEY": SECRET_KEY}
        with (
            served("app:served", environ) as portal_port,
            served("tests.bench.bare_list:create_app", {"BARE_DATABASE": str(path)}) as bare_port,
        ):
            yield Asker(portal_port, address, cookie), Asker(bare_port, "/")


def session_of(person: str, url: str) -> str:
    """The session cookie of somebody of the tests' world, signed in."""
    open_database(url)
    with database.connection_context():
        found = Person.get(Person.email.startswith(f"{person}@"))
    app = Flask("signing")
    app.secret_key = SECRET_KEY
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    return signer.dumps({"_user_id": found.fs_uniquifier, "_fresh": True, "fs_cc": "set", "csrf_token": "0" * 40})


def measures() -> Iterator[tuple[str, float, float, str]]:
    """The list against the bare route at 100,000; then the largest list against the smallest. Each pair by turns."""
    with askers(100_000) as (portal, bare):
        compare(portal, bare)
    detail = f"{portal.milliseconds:.2f} ms against {bare.milliseconds:.2f} ms, the whole page, signed in"
    yield "list of 100,000 prospects / a bare route", portal.milliseconds / bare.milliseconds, MOST_TIMES_BARE, detail
    with askers(1_000) as (small, _), askers(1_000_000) as (large, _):
        compare(small, large)
    detail = f"{large.milliseconds:.2f} ms against {small.milliseconds:.2f} ms"
    yield "list of 1,000,000 prospects / of 1,000", large.milliseconds / small.milliseconds, MOST_GROWTH, detail
