"""The search over everything beside a bare route asking FTS5 the same, and at a million customers beside ten thousand.

A customer has a contact, every other one an order and a note. Words of each kind are looked for: ones that every tenth
customer has, one that only five notes have, two at once, a number, the beginning of a name.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from data.database import database, is_sqlite, open_database, transaction
from data.folding import fold
from data.sample.finding import make_findable
from tests.bench.filling import BEGINNINGS, ENDS, TRADES, filled
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served

USUAL, SMALL, LARGE = 100_000, 10_000, 1_000_000
MOST_TIMES_BARE = 2.0
MOST_GROWTH = 1.25
ROUNDS = 4
ASKED = {
    "a common word": "gmbh",
    "a rare word": "keelhaul",
    "two common words": "dental gmbh",
    "part of a word": "üllerwat",
    "a number": "2026-000777",
    "an address": "lead777@alder",
}
BELOW = {"HX-Request": "true"}


@contextmanager
def site(rows: int) -> Iterator[tuple[int, int, dict[str, str]]]:
    """The ports of the portal and of the bare route over so many customers, and the cookie of who is signed in."""
    with TemporaryDirectory() as folder:
        path = filled(Path(folder), rows, "complete")
        with_records(path, rows)
        cookie = {"Cookie": f"quayside={session_of('ada.admin', f'sqlite:///{path}')}"}
        environ = {"DATABASE_URL": f"sqlite:///{path}", "QUAYSIDE_HOME": folder, "SECRET_KEY": SECRET_KEY}
        with (
            served("app:served", environ) as portal,
            served("tests.bench.bare_search:create_app", {"BARE_DATABASE": str(path)}) as bare,
        ):
            yield portal, bare, cookie


def with_records(path: Path, rows: int) -> None:
    open_database(f"sqlite:///{path}")
    chance, at = random.Random(5), "2026-11-01 10:00:00.000000"
    with database.connection_context(), transaction():
        assert is_sqlite()
        cursor = database.cursor()
        cursor.executemany(
            "INSERT INTO contact (customer_id, kind, first_name, last_name, email, phone, job_title)"
            " VALUES (?, 'implementation_lead', ?, ?, ?, ?, '')",
            (
                (row, chance.choice(BEGINNINGS), chance.choice(ENDS), f"lead{row}@alder.example", f"+4915{row:08}")
                for row in range(1, rows + 1)
            ),
        )
        cursor.executemany(
            'INSERT INTO "order" (customer_id, partner_id, state, permitted_users, order_number,'
            " order_number_not_required, currency, addendum_number, created_at, created_by_id, changed_at,"
            " changed_by_id, submitted_from, version) VALUES (?, 1, 'void', 5, ?, 0, 'EUR', ?, ?, 1, ?, 1, '', 1)",
            ((row, f"PO-{row % 9000}", f"2026-{row:06}", at, at) for row in range(1, rows + 1, 2)),
        )
        cursor.executemany(
            "INSERT INTO note (customer_id, text, author_id, created_at, version) VALUES (?, ?, 1, ?, 1)",
            ((row, words_of(chance, row, rows), at) for row in range(1, rows + 1, 2)),
        )
        make_findable(rows)


def words_of(chance: random.Random, row: int, rows: int) -> str:
    text = " ".join(f"{chance.choice(BEGINNINGS)}{chance.choice(ENDS)} {chance.choice(TRADES)}" for _ in range(8))
    return f"{text} keelhaul" if row % (rows // 5) == 1 else text


def measures() -> Iterator[tuple[str, float, float, str]]:
    with site(USUAL) as (portal, bare, cookie):
        for what, q in ASKED.items():
            there = f"/search?q={quote(q)}"
            page, part = Asker(portal, there, cookie), Asker(portal, there, cookie | BELOW)
            other = Asker(bare, f"/search?q={quote(fold(q))}")
            compare(page, part, other, rounds=ROUNDS)
            for name, ours in (("page", page), ("list below the box", part)):
                yield result(f"search at 100,000, {what}: {name} / a bare route", ours, other, MOST_TIMES_BARE)
    with site(SMALL) as (small, _, cookie), site(LARGE) as (large, _, others):
        for what, q in ASKED.items():
            there = f"/search?q={quote(q)}"
            few, many = Asker(small, there, cookie), Asker(large, there, others)
            compare(few, many, rounds=ROUNDS)
            yield result(f"search of 1,000,000 / of 10,000, {what}", many, few, MOST_GROWTH)


def result(what: str, ours: Asker, other: Asker, limit: float) -> tuple[str, float, float, str]:
    detail = f"{ours.milliseconds:.2f} ms against {other.milliseconds:.2f} ms"
    return what, ours.milliseconds / other.milliseconds, limit, detail
