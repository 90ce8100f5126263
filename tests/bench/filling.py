"""Databases with many customers, filled in seconds: rows first, then the indexes and the kept counts."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.database import database, migrate, open_database
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
FORMS = ("GmbH", "Ltd", "AG", "& Sons", "Partners", "Group", "Holding", "KG", "Inc")
COLUMNS = (
    "partner_id, name, name_key, letter, company_type, primary_domain, website, sector, street, postcode, city, "
    "region, country, account_type, permitted_users, infrastructure, status, shelf, created_at, changed_at, version"
)


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
    kept = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'customer' AND type IN ('index', 'trigger') "
        "AND sql IS NOT NULL ORDER BY type, name"
    ).fetchall()
    for kind, name, _ in kept:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("BEGIN")
    marks = ", ".join("?" * len(COLUMNS.split(",")))
    connection.executemany(f"INSERT INTO customer ({COLUMNS}) VALUES ({marks})", customers(rows, shelf))
    connection.execute("COMMIT")
    connection.execute(
        "INSERT INTO customer_count SELECT partner_id, shelf, letter, count(*) FROM customer GROUP BY 1, 2, 3"
    )
    connection.execute("INSERT INTO customer_search (customer_search) VALUES ('rebuild')")
    for _, _, sql in kept:
        connection.execute(sql)
    connection.execute("PRAGMA journal_mode = wal")


def customers(rows: int, shelf: str) -> Iterator[tuple[Any, ...]]:
    """Believable ones, the same at every run."""
    chance = random.Random(4)
    status = {"prospects": "prospect", "in_progress": "in_progress", "complete": "complete"}[shelf]
    for number in range(rows):
        place = chance.choice(ENDS)
        name = f"{chance.choice(BEGINNINGS)}{place} {chance.choice(TRADES)} {chance.choice(FORMS)} {number % 9973}"
        folded = fold(name)
        created = f"2026-{1 + number % 11:02}-{1 + number % 28:02} 10:00:{number % 60:02}.{number % 1_000_000:06}"
        account = chance.choice(("standard", "standard", "trial", "internal"))
        yield (
            *(1, name, folded, first_letter(folded), "company", f"{place}{number}.example"),
            *("",) * 7,
            *(account, chance.randrange(5_000), "", status, shelf, created, created, 1),
        )
