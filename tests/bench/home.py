"""The first page: its figures beside three questions of a list, and from 10,000 customers to a million.

Issue: at most 3 queries' cost at a million customers. Its figures are one question; the three beside it are each the
first page of names of a list, as Peewee asks it. BENCH_LARGEST=100000 leaves the largest out.
"""

from collections.abc import Iterator

from blueprints.accounts.standing import Standing, standing_of
from blueprints.home.figures import figures_for
from data.accounts import Person
from data.customers import Customer
from data.database import database, open_database
from tests.bench.customers import LARGE, SMALL, USUAL
from tests.bench.filling import kept
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served
from tests.bench.timing import in_turn

SHELF, MOST_TIMES_THREE, MOST_GROWTH = "in_progress", 1, 1.25


def measures() -> Iterator[tuple[str, float, float, str]]:
    for rows in dict.fromkeys((USUAL, LARGE)):
        open_database(f"sqlite:///{kept(rows, SHELF)}")
        with database.connection_context():
            for name in ("ada.admin", "olga.operator"):
                who = standing_of(Person.get(Person.email.startswith(name)))
                figures, three = in_turn(lambda who=who: figures_for(who), lambda who=who: three_queries(who), 200)
                detail = f"{figures * 1_000:.2f} ms against {three * 1_000:.2f} ms"
                what = f"first page, figures of {rows:,} for {name}, against three queries"
                yield what, figures / three, MOST_TIMES_THREE, detail
    yield from grown()


def three_queries(who: Standing) -> None:
    for _ in range(3):
        query = Customer.select().where((Customer.partner == 1) & (Customer.shelf == SHELF))
        list(query.order_by(Customer.name_key, Customer.id).limit(25))


def grown() -> Iterator[tuple[str, float, float, str]]:
    few, many = (f"sqlite:///{kept(rows, SHELF)}" for rows in (SMALL, LARGE))
    environ = {"SECRET_KEY": SECRET_KEY}
    with (
        served("app:served", {**environ, "DATABASE_URL": few}) as small,
        served("app:served", {**environ, "DATABASE_URL": many}) as large,
    ):
        askers = []
        for port, url in ((small, few), (large, many)):
            open_database(url)
            askers.append(Asker(port, "/", {"Cookie": f"quayside={session_of('ada.admin', url)}"}))
        compare(*askers, rounds=60, in_a_round=5)
        of_few, of_many = askers
        detail = f"{of_many.milliseconds:.2f} ms against {of_few.milliseconds:.2f} ms"
        what = f"first page: whole page, {LARGE:,} against {SMALL:,}"
        yield what, of_many.milliseconds / of_few.milliseconds, MOST_GROWTH, detail
