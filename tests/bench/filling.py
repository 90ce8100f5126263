"""Databases with many customers, filled quickly: rows first, then the indexes and the kept counts.

A database that is filled is kept in instance/bench/, because the largest take minutes; of another schema than today's
it is made anew.
"""

import random
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from data.database import MIGRATIONS, database, migrate, open_database
from data.folding import first_letter, fold
from tests.factories import make_world

BEGINNINGS = (
    *("Alder", "Bright", "Cord", "Delta", "East", "Fair", "Glen", "Harbour", "Iron", "Juniper", "Kestrel", "Linden"),
    *("Müller", "Nord", "Oak", "Pine", "Quarry", "River", "Stein", "Tan", "Ulm", "Vale", "West", "Xan", "York"),
    *("Zimmer", "Öster", "Ålund", "Čapek", "3D", "24seven"),
)
ENDS = ("water", "bridge", "field", "gate", "wood", "stone", "land", "brook", "ford", "house", "mark", "well")
TRADES = (
    *("Logistics", "Dental", "Roofing", "Präzision", "Consulting", "Foods", "Media", "Systems", "Energy", "Bakery"),
    *("Legal", "Care", "Print", "Travel", "Motors", "Design", "Textiles", "Optics"),
)
RARE = "Quixote Ship Chandlers"  # one of them, however many there are
FORMS = ("GmbH", "Ltd", "AG", "& Sons", "Partners", "Group", "Holding", "KG", "Inc")
COLUMNS = (
    "partner_id, name, name_key, letter, company_type, primary_domain, website, sector, street, postcode, city, "
    "region, country, account_type, permitted_users, infrastructure, status, shelf, created_at, changed_at, version, "
    "rfi_state"
)
RFI_STATES = {
    "prospects": ("",),
    "in_progress": ("complete", "incomplete", "incomplete", "error", "not_applicable"),
    "complete": (*["complete"] * 8, "not_applicable", "incomplete"),  # the last: a change order asked
}
KEPT = Path(__file__).parents[2] / "instance" / "bench"
COUNT = "INSERT INTO customer_count SELECT partner_id, shelf, letter, count(*) FROM customer GROUP BY 1, 2, 3"

FIGURES = (
    "INSERT INTO figure SELECT partner_id, 'users', sum(permitted_users) FROM customer WHERE shelf = 'complete'"
    " GROUP BY 1",
    "INSERT INTO figure SELECT partner_id, 'rfis', count(*) FROM customer WHERE shelf = 'in_progress'"
    " AND rfi_state IN ('incomplete', 'error') GROUP BY 1",
)


def kept(rows: int, shelf: str) -> Path:
    """A SQLite database as `filled` makes it, from an earlier run if there is one."""
    version = f"{schema():08x}"
    path = KEPT / version / f"{shelf}-{rows}.sqlite"
    if not path.exists():
        for other in KEPT.iterdir() if KEPT.exists() else ():
            if other.name != version:
                shutil.rmtree(other)
        making = path.parent / "making"
        making.mkdir(parents=True, exist_ok=True)
        filled(making, rows, shelf).rename(path)
        shutil.rmtree(making)
    return path


def schema() -> int:
    """Tells today's schema, and today's way of filling it, from others."""
    files = (*sorted(MIGRATIONS.glob("0*.py")), Path(__file__))
    return zlib.crc32(b"".join(file.read_bytes() for file in files))


def filled(folder: Path, rows: int, shelf: str = "prospects") -> Path:
    """A SQLite database with the tests' world in it, whose first MSP has so many customers on a shelf."""
    path = folder / f"{shelf}-{rows}.sqlite"
    open_database(f"sqlite:///{path}")
    migrate()
    database.connect(reuse_if_open=True)
    make_world()
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        fill(connection, rows, shelf)
    finally:
        connection.close()
    return path


def fill(connection: sqlite3.Connection, rows: int, shelf: str) -> None:
    """Triggers and indexes are put aside meanwhile: kept row by row, they take ten times as long."""
    connection.executescript("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -200000")
    aside = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'customer' AND type IN ('index', 'trigger') "
        "AND sql IS NOT NULL ORDER BY type, name"
    ).fetchall()
    for kind, name, _ in aside:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("BEGIN")
    marks = ", ".join("?" * len(COLUMNS.split(",")))
    connection.executemany(f"INSERT INTO customer ({COLUMNS}) VALUES ({marks})", customers(rows, shelf))
    connection.execute("COMMIT")
    for counted in (COUNT, *FIGURES):
        connection.execute(counted)
    connection.execute("INSERT INTO customer_search (customer_search) VALUES ('rebuild')")
    for _, _, sql in aside:
        connection.execute(sql)
    connection.execute("PRAGMA journal_mode = wal")


def customers(rows: int, shelf: str) -> Iterator[tuple[Any, ...]]:
    """Believable ones, the same at every run."""
    chance = random.Random(4)
    status = {"prospects": "prospect", "in_progress": "in_progress", "complete": "complete"}[shelf]
    for number in range(rows):
        place = chance.choice(ENDS)
        name = f"{chance.choice(BEGINNINGS)}{place} {chance.choice(TRADES)} {chance.choice(FORMS)} {number % 9973}"
        name = RARE if number == rows // 3 else name
        folded = fold(name)
        created = f"2026-{1 + number % 11:02}-{1 + number % 28:02} 10:00:{number % 60:02}.{number % 1_000_000:06}"
        account = chance.choice(("standard", "standard", "trial", "internal"))
        yield (
            *(1, name, folded, first_letter(folded), "company", f"{place}{number}.example"),
            *("",) * 7,
            *(account, chance.randrange(5_000), "", status, shelf, created, created, 1),
            RFI_STATES[shelf][number % len(RFI_STATES[shelf])],
        )


def fill_postgresql(url: str, rows: int, shelf: str) -> None:
    """The same in an empty PostgreSQL database. Indexes are put aside meanwhile there, too."""
    open_database(url)
    migrate()
    with database.connection_context():
        make_world()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'customer' AND indexname <> 'customer_pkey'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        with connection.cursor().copy(f"COPY customer ({COLUMNS}) FROM STDIN") as copy:
            for row in customers(rows, shelf):
                copy.write_row(row)
        for counted in (COUNT, *FIGURES):
            connection.execute(counted)
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
