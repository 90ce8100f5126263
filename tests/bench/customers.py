"""The lists of customers beside a bare route that does the same, by both databases, at several sizes.

Issue: at 100,000 customers each page costs at most 2× the bare route, the part alone 1.5×; and from 10,000 to
1,000,000 customers no page costs more than 1.25×. BENCH_LARGEST=100000 leaves the largest out.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote

from blueprints.customers.places import cursor
from blueprints.customers.wanted import LETTERS
from data.database import database, open_database
from tests import services
from tests.bench.bare_customers import SORTS
from tests.bench.filling import fill_postgresql, kept
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served

SMALL, USUAL, LARGE = 10_000, 100_000, min(1_000_000, int(os.environ.get("BENCH_LARGEST", "1000000")))
MOST_TIMES_BARE, PART_TIMES_BARE, MOST_GROWTH = 2, 1.5, 1.25
SHELF, HERE = "in_progress", "/customers/in-progress"
COMMON, RARE = "gmbh", "chandler"  # a ninth of the names; one of them


class Asked(NamedTuple):
    """A page that is asked for: of the portal, and the same of the bare route."""

    name: str
    portal: str
    bare: str


class Site(NamedTuple):
    """A portal that is served, and the bare route beside it, on the same database."""

    portal: int
    bare: int
    cookie: Mapping[str, str]
    pages: list[Asked]

    def askers(self, page: Asked) -> tuple[Asker, Asker, Asker]:
        """Who asks for the whole page, for the part alone, and for the bare page."""
        part = {**self.cookie, "HX-Request": "true"}
        return (
            Asker(self.portal, HERE + page.portal, self.cookie),
            Asker(self.portal, HERE + page.portal, part),
            Asker(self.bare, "/" + page.bare),
        )


def pages(rows: int) -> list[Asked]:
    """The pages of the list; the database is open."""
    same = [("list", ""), ("common search", f"?q={COMMON}"), ("rare search", f"?q={quote(RARE)}")]
    same += [(f"sorted by {sort}", f"?sort={sort}") for sort in SORTS if sort != "name"]
    same += [(f"letter {letter}", f"?letter={quote(letter)}") for letter in LETTERS]
    found = [Asked(name, query, query) for name, query in same]
    found.insert(3, Asked("sorted by your role", "?sort=role", ""))
    middle = f"FROM customer WHERE shelf = '{SHELF}' ORDER BY name_key, id LIMIT 1 OFFSET {rows // 2}"
    with database.connection_context():
        name, row_id = database.execute_sql(f"SELECT name_key, id {middle}").fetchone()
    bare = base64.urlsafe_b64encode(json.dumps([name, row_id]).encode()).decode()
    found.insert(3, Asked("half-way", f"?after={cursor('name', name, row_id, rows // 2)}", f"?after={quote(bare)}"))
    return found


@contextmanager
def site(url: str, bare_database: str, rows: int) -> Iterator[Site]:
    open_database(url)
    cookie = {"Cookie": f"quayside={session_of('ada.admin', url)}"}
    there = pages(rows)
    with TemporaryDirectory() as folder:
        environ = {"DATABASE_URL": url, "QUAYSIDE_HOME": folder, "SECRET_KEY": SECRET_KEY}
        bare_environ = {"BARE_DATABASE": bare_database}
        with (
            served("app:served", environ) as portal,
            served("tests.bench.bare_customers:create_app", bare_environ) as bare,
        ):
            yield Site(portal, bare, cookie, there)


@contextmanager
def on_sqlite(rows: int) -> Iterator[Site]:
    path = kept(rows, SHELF)
    with site(f"sqlite:///{path}", str(path), rows) as found:
        yield found


@contextmanager
def on_postgresql(server: services.PostgreSQL, rows: int) -> Iterator[Site]:
    made = server.new_database()
    fill_postgresql(made.url, rows, SHELF)
    with site(made.url.replace("postgresql:", "postgresql+pool:"), made.url, rows) as found:
        yield found


def measures() -> Iterator[tuple[str, float, float, str]]:
    with on_sqlite(USUAL) as usual:
        yield from beside_bare(usual, "SQLite")
    with on_sqlite(SMALL) as small, on_sqlite(LARGE) as large:
        yield from grown(small, large, "SQLite")
    with services.postgresql() as server:
        with on_postgresql(server, USUAL) as usual:
            yield from beside_bare(usual, "PostgreSQL")
        with on_postgresql(server, SMALL) as small, on_postgresql(server, LARGE) as large:
            yield from grown(small, large, "PostgreSQL")


def beside_bare(usual: Site, engine: str) -> Iterator[tuple[str, float, float, str]]:
    """Every page, whole and as the part alone; of the letters the worst."""
    whole_letters, part_letters = [], []
    for page in usual.pages:
        whole, part, bare = usual.askers(page)
        compare(whole, part, bare, rounds=60, in_a_round=5)
        of_whole = result(page, whole, bare, MOST_TIMES_BARE, f"{engine}, whole page")
        of_part = result(page, part, bare, PART_TIMES_BARE, f"{engine}, part alone")
        if page.name.startswith("letter"):
            whole_letters.append(of_whole)
            part_letters.append(of_part)
        else:
            yield of_whole
            yield of_part
    yield worst(whole_letters)
    yield worst(part_letters)


def grown(small: Site, large: Site, engine: str) -> Iterator[tuple[str, float, float, str]]:
    letters = []
    for page, larger in zip(small.pages, large.pages, strict=True):
        few, many = small.askers(page)[0], large.askers(larger)[0]
        compare(few, many, rounds=60, in_a_round=5)
        found = result(page, many, few, MOST_GROWTH, f"{engine}, {LARGE:,} against {SMALL:,}")
        if page.name.startswith("letter"):
            letters.append(found)
        else:
            yield found
    yield worst(letters)


def result(page: Asked, ours: Asker, other: Asker, limit: float, what: str) -> tuple[str, float, float, str]:
    detail = f"{ours.milliseconds:.2f} ms against {other.milliseconds:.2f} ms"
    return f"customers, {page.name}: {what}", ours.milliseconds / other.milliseconds, limit, detail


def worst(found: list[tuple[str, float, float, str]]) -> tuple[str, float, float, str]:
    return max(found, key=lambda each: each[1])
