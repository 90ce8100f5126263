"""The list of prospects beside a bare route: the whole page, signed in, at several sizes (issue: at most 2.5×)."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from data.accounts import Person
from data.database import database, open_database
from tests.bench.filling import filled
from tests.bench.serving import Asker, compare, served

SECRET_KEY = "only for measuring " * 3
SIZES = (1_000, 100_000, 1_000_000)
MOST_TIMES_BARE = 2.5  # at 100,000 prospects
MOST_GROWTH = 1.2  # from 1,000 to 1,000,000


def measure(rows: int, address: str = "/prospects/") -> dict[str, Any]:
    """Milliseconds of the page (`portal`) and of the bare route (`bare`) at so many prospects, and their `ratio`."""
    with TemporaryDirectory() as folder:
        path = filled(Path(folder), rows)
        cookie = {"Cookie": f"quayside={session_of('ada.admin', path)}"}
        environ = {"DATABASE_URL": f"sqlite:///{path}", "QUAYSIDE_HOME": folder, "SECRET_KEY": SECRET_KEY}
        with (
            served("app:served", environ) as portal_port,
            served("tests.bench.bare_list:create_app", {"BARE_DATABASE": str(path)}) as bare_port,
        ):
            portal, bare = Asker(portal_port, address, cookie), Asker(bare_port, "/")
            compare(portal, bare)
    return {
        "rows": rows,
        "portal": round(portal.milliseconds, 3),
        "bare": round(bare.milliseconds, 3),
        "ratio": round(portal.milliseconds / bare.milliseconds, 2),
    }


def session_of(person: str, path: Path) -> str:
    """The session cookie of somebody of the tests' world, signed in."""
    open_database(f"sqlite:///{path}")
    with database.connection_context():
        found = Person.get(Person.email.startswith(f"{person}@"))
    app = Flask("signing")
    app.secret_key = SECRET_KEY
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    return signer.dumps({"_user_id": found.fs_uniquifier, "_fresh": True, "fs_cc": "set", "csrf_token": "0" * 40})


def main() -> None:
    """Print the ratios for the sizes named on the command line, or for all."""
    measured = [measure(int(size)) for size in sys.argv[1:] or SIZES]
    for each in measured:
        print(each)
    if len(measured) > 1:
        print(f"growth {measured[-1]['portal'] / measured[0]['portal']:.2f}×")


if __name__ == "__main__":
    main()
