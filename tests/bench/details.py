"""The page of a customer with plenty beside that of one with next to nothing, and beside a bare route.

Issue: 500 notes, 2,000 lines of history and 200 attachments cost at most twice an empty one, and three times the bare
route. The machine may be busy with other things: asked by turns, the quickest answers are compared.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from data.database import database, migrate, open_database
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served
from tests.customer_details.plenty import a_customer_with_nothing, a_customer_with_plenty
from tests.factories import World, make_world

MOST_TIMES_EMPTY = 2.0
MOST_TIMES_BARE = 3.0


def measures() -> Iterator[tuple[str, float, float, str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "details.sqlite"
        little, plenty = fill(path)
        environ = {"DATABASE_URL": f"sqlite:///{path}", "QUAYSIDE_HOME": folder, "SECRET_KEY": SECRET_KEY}
        cookie = {"Cookie": f"quayside={session_of('ada.admin', environ['DATABASE_URL'])}"}
        with (
            served("app:served", environ) as port,
            served("tests.bench.bare_details:create_app", {"BARE_DATABASE": str(path)}) as bare_port,
        ):
            full, empty = (Asker(port, f"/customers/{one}", cookie) for one in (plenty, little))
            bare = Asker(bare_port, f"/{plenty}")
            compare(full, empty, bare)
            sizes = [len(asker.ask()) for asker in (full, empty, bare)]
    ms = [min(asker.times) * 1000 for asker in (full, empty, bare)]
    detail = f"{ms[0]:.2f} ms ({sizes[0]:,} bytes) against {ms[1]:.2f} ms ({sizes[1]:,} bytes)"
    yield "details of a customer with plenty / with nothing", ms[0] / ms[1], MOST_TIMES_EMPTY, detail
    detail = f"{ms[0]:.2f} ms against {ms[2]:.2f} ms ({sizes[2]:,} bytes), the whole page, signed in"
    yield "details of a customer with plenty / a bare route", ms[0] / ms[2], MOST_TIMES_BARE, detail


def fill(path: Path) -> tuple[int, int]:
    """A database with the tests' world and two customers in it; their ids."""
    open_database(f"sqlite:///{path}")
    migrate()
    with database.connection_context():
        make_world()
        world = World.read()
        return a_customer_with_nothing(world).id, a_customer_with_plenty(world).id
