"""The lists of customers beside a bare route that does the same, by both databases, at several sizes.

Issue: at 100,000 customers each page costs at most 2× the bare route, the part alone 1.5×; and from 10,000 to
1,000,000 customers no page costs more than 1.25×. BENCH_LARGEST=100000 leaves the largest out.
"""

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
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
ROUNDS, ROUNDS_ANEW, SUSPECTS = 60, 150, 3
COMMON, RARE = "gmbh", "chandler"  # a ninth of the names; one of them

Result = tuple[str, float, float, str]  # what, the ratio, its limit, in words


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


def measures() -> Iterator[Result]:
    with on_sqlite(USUAL) as usual:
        yield from beside_bare(usual, "SQLite")
    with on_sqlite(SMALL) as small, on_sqlite(LARGE) as large:
        yield from grown(small, large, "SQLite")
    with services.postgresql() as server:
        with on_postgresql(server, USUAL) as usual:
            yield from beside_bare(usual, "PostgreSQL")
        with on_postgresql(server, SMALL) as small, on_postgresql(server, LARGE) as large:
            yield from grown(small, large, "PostgreSQL")


def beside_bare(usual: Site, engine: str) -> Iterator[Result]:
    """Every page, whole and as the part alone; of the letters the worst."""

    def measured(page: Asked, rounds: int) -> list[Result]:
        whole, part, bare = usual.askers(page)
        compare(whole, part, bare, rounds=rounds, in_a_round=5)
        return [
            result(page, whole, bare, MOST_TIMES_BARE, f"{engine}, whole page"),
            result(page, part, bare, PART_TIMES_BARE, f"{engine}, part alone"),
        ]

    yield from each_of(usual.pages, measured)


def grown(small: Site, large: Site, engine: str) -> Iterator[Result]:
    larger = dict(zip(small.pages, large.pages, strict=True))

    def measured(page: Asked, rounds: int) -> list[Result]:
        few, many = small.askers(page)[0], large.askers(larger[page])[0]
        compare(few, many, rounds=rounds, in_a_round=5)
        return [result(page, many, few, MOST_GROWTH, f"{engine}, {LARGE:,} against {SMALL:,}")]

    yield from each_of(small.pages, measured)


def each_of(pages: list[Asked], measured: Callable[[Asked, int], list[Result]]) -> Iterator[Result]:
    """What is measured of each page; of the letters, the worst.

    The largest of 27 figures is large by chance first of all: the letters that look worst are measured anew, for
    longer, and what they are told by is this second measure alone.
    """
    letters: list[tuple[Asked, list[Result]]] = []
    for page in pages:
        results = measured(page, ROUNDS)
        if page.name.startswith("letter"):
            letters.append((page, results))
        else:
            yield from results
    anew = cache(lambda page: measured(page, ROUNDS_ANEW))  # a letter may be suspected of more than one figure
    for each in range(len(letters[0][1])):
        suspects = sorted(letters, key=lambda letter: letter[1][each][1])[-SUSPECTS:]
        yield max((anew(page)[each] for page, _ in suspects), key=lambda found: found[1])


def result(page: Asked, ours: Asker, other: Asker, limit: float, what: str) -> Result:
    detail = f"{ours.milliseconds:.2f} ms against {other.milliseconds:.2f} ms"
    return f"customers, {page.name}: {what}", ours.milliseconds / other.milliseconds, limit, detail
