"""What cancelling costs: the column of the list, the export's first byte and memory, and the job that ends services.

Issue: eligibility adds at most 5 % to a list page; the export of a customer with 2,000 lines of history and 200
attachments sends its first byte within 200 ms and takes less than 50 MB of memory; the job's time grows with what is
due, not with how many customers there are. BENCH_LARGEST=100000 leaves the largest out.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

import app
from blueprints.cancellations.ending import end_due
from blueprints.customers import endings
from blueprints.customers.attachments import file_document
from blueprints.customers.endings import Ending
from blueprints.web.settings import Settings
from data import history
from data.accounts import Person
from data.cancellations import Cancellation, TermsVersion
from data.customers import Customer
from data.database import database, open_database, transaction
from data.moments import now
from tests.bench.filling import kept
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served

SMALL, LARGE = 10_000, min(1_000_000, int(os.environ.get("BENCH_LARGEST", "1000000")))
DUE, LINES, PAPERS, PAPER = 1_000, 2_000, 200, 250_000  # the last in bytes
MOST_ADDED, FIRST_BYTE, MOST_MEMORY, MOST_GROWTH = 1.05, 200, 50, 1.5
TOP = Path(__file__).parents[2]


def measures() -> Iterator[tuple[str, float, float, str]]:
    with copied(SMALL) as folder:
        yield column(folder)
        yield from export(folder)
    yield job()


@contextmanager
def copied(rows: int) -> Iterator[Path]:
    """A folder with a database of so many complete customers, begun on one of a thousand days."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(kept(rows, "complete"), folder / "portal.sqlite")
        open_database(url(folder))
        with database.connection_context(), transaction():
            start = "date('now', '-' || (id * 37 % 1000) || ' days')"
            database.execute_sql(
                f"UPDATE customer SET subscription_start = {start},"
                f" commitment_ends = date({start}, '+12 months', '-1 day') WHERE id % {rows // SMALL} = 0"
            )
        yield folder


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'portal.sqlite'}"


def asker(folder: Path) -> Callable[[str], Iterator[bytes]]:
    """Asks the portal itself, without a server between: the pieces of its answer."""
    portal = app.create_app(Settings(folder, url(folder), SECRET_KEY, sealing_key=SECRET_KEY))
    cookie = f"quayside={session_of('ada.admin', url(folder))}"
    usual: dict[str, Any] = {"REQUEST_METHOD": "GET", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000"}
    usual |= {"wsgi.url_scheme": "http", "wsgi.input": None, "HTTP_COOKIE": cookie, "HTTP_HOST": "127.0.0.1:8000"}

    def ask(address: str) -> Iterator[bytes]:
        path, _, query = address.partition("?")
        said: list[str] = []
        pieces = portal(usual | {"PATH_INFO": path, "QUERY_STRING": query}, lambda status, _: said.append(status))
        yield from pieces
        assert said == ["200 OK"], f"{address}: {said}"
        pieces.close()

    return ask


# --- the column ---------------------------------------------------------------------------------------


def column(folder: Path) -> tuple[str, float, float, str]:
    """The list, and the same list that says the same without asking: two portals, one database, asked by turns."""
    environ = {"DATABASE_URL": url(folder), "QUAYSIDE_HOME": str(folder), "SECRET_KEY": SECRET_KEY}
    cookie = {"Cookie": f"quayside={session_of('ada.admin', url(folder))}"}
    with served("app:served", environ) as port, served("tests.bench.cancellations:unasked", environ) as other:
        judged, plain = (Asker(at, "/customers/complete", cookie) for at in (port, other))
        compare(judged, plain, rounds=500, in_a_round=2)
        assert b"11 months on" in judged.ask()
        drawn = cells(judged.ask())
        assert drawn
        assert drawn == cells(plain.ask()), "what is drawn costs both the same"
    detail = f"{judged.milliseconds:.2f} ms against {plain.milliseconds:.2f} ms without"
    ratio = judged.milliseconds / plain.milliseconds
    return "cancellations: the list with eligibility", ratio, MOST_ADDED, detail


def cells(page: bytes) -> list[bytes]:
    return re.findall(rb"<td[^>]*data-name=.?Cancel.*?</td>", page, re.DOTALL)


def unasked() -> Flask:
    """The portal, whose list remembers from the first time on who may be cancelled, and asks no more."""
    portal = app.served()
    asked, said = endings.asked, {}
    assert asked is not None

    def remembered(who: Any, rows: Any) -> list[Ending]:
        if rows[0].id not in said:
            said[rows[0].id] = asked(who, rows)
        return said[rows[0].id]

    endings.asked = remembered
    return portal


# --- the export ---------------------------------------------------------------------------------------

TAKE = "from tests.bench.cancellations import take; take(*__import__('sys').argv[1:])"


def export(folder: Path) -> Iterator[tuple[str, float, float, str]]:
    with database.connection_context():
        customer = an_ended_one()
    command = [sys.executable, "-c", TAKE, str(folder), str(customer)]
    found = subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout.split()
    first, memory, seconds, size = map(float, found)
    detail = f"{size:.0f} MB in {seconds:.2f} s"
    yield "cancellations: first byte of the export, ms", first, FIRST_BYTE, detail
    yield "cancellations: memory that the export takes, MB", memory, MOST_MEMORY, detail


def an_ended_one() -> int:
    """Whose export can be taken: lines of history, papers, all different."""
    customer, admin = Customer.get(Customer.shelf == "complete"), Person.get(Person.name == "Ada Admin")
    with transaction():
        for _ in range(LINES):
            history.record("note.added", admin, partner=customer.partner_id, customer=customer.id)
        for number in range(PAPERS):
            file_document(admin, customer, f"paper {number}.pdf", number.to_bytes(2, "big") + os.urandom(PAPER))
        Customer.update(status="cancelled", shelf="past").where(Customer.id == customer.id).execute()
        facts = {"state": "ended", "export": True, "ended_at": now(), "export_until": now().replace(year=2100)}
        Cancellation.create(**asked_for(customer, admin), **facts)
    return int(customer.id)


def asked_for(customer: Customer, who: Person) -> dict[str, Any]:
    terms = {"version": "x", "kind": "cancellation", "since": now().date(), "text": "x", "kept_at": now()}
    TermsVersion.insert(**terms).on_conflict_ignore().execute()
    days = {"commitment_ends": now().date(), "ends_on": now().date()}
    return {
        "customer": customer,
        "partner": customer.partner_id,
        "terms": "x",
        "asked_at": now(),
        "asked_by": who,
    } | days


def take(folder: str, customer: str) -> None:
    """In a process of its own: takes the export, and prints what it cost."""
    ask = asker(Path(folder))
    list(ask("/customers/complete"))  # what every page needs is loaded
    list(ask(f"/customers/{customer}/export"))
    before, begun = most_memory(), time.perf_counter()
    pieces = ask(f"/customers/{customer}/export/file")
    size = len(next(pieces))
    first = time.perf_counter() - begun
    size += sum(len(piece) for piece in pieces)
    seconds = time.perf_counter() - begun
    print(first * 1000, (most_memory() - before) / 1024, seconds, size / 1e6)


def most_memory() -> int:
    """The most that this process had so far, in KB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


# --- the job ------------------------------------------------------------------------------------------


def job() -> tuple[str, float, float, str]:
    """A thousand due among few and among many. Each leaves a dozen indexes of customers, which are deeper and colder
    where there are more; nothing else grows."""
    took = {}
    for rows in (SMALL, LARGE):
        with copied(rows) as folder, database.connection_context():
            leave_cancellations(rows)
            begun = time.perf_counter()
            assert end_due("https://portal.example") == DUE
            took[rows] = time.perf_counter() - begun
            assert folder.exists()
    detail = f"{took[LARGE]:.2f} s against {took[SMALL]:.2f} s, {LARGE:,} against {SMALL:,} customers"
    return f"cancellations: the job with {DUE:,} due", took[LARGE] / took[SMALL], MOST_GROWTH, detail


def leave_cancellations(rows: int) -> None:
    """A thousand whose last day is over, among so many that are pending for longer or ended long ago."""
    with transaction():
        admin, some = Person.get(Person.name == "Ada Admin"), Customer.get(Customer.shelf == "complete")
        facts = asked_for(some, admin)
        columns = (
            "partner_id, export, terms_version, commitment_ends, asked_at, asked_by_id, asked_from, reason, version"
        )
        values = (some.partner_id, False, "x", str(facts["ends_on"]), "2026-01-01 00:00:00.000000", admin.id, "", "", 1)
        marks = ", ".join("?" * len(values))
        state = "CASE WHEN id % 7 = 0 THEN 'ended' ELSE 'pending' END"
        text = (
            f"INSERT INTO cancellation ({columns}, customer_id, state, ends_on)"
            f" SELECT {marks}, id, {state}, date('now', '+' || (id % 300 + 3) || ' days') FROM customer"
            f" WHERE shelf = 'complete' AND id % 10 < 3"
        )
        database.execute_sql(text, values)
        database.execute_sql(
            "UPDATE cancellation SET ends_on = date('now', '-3 days') WHERE id IN"
            " (SELECT id FROM cancellation WHERE state = 'pending' ORDER BY customer_id * 7919 % 10007 LIMIT ?)",
            (DUE,),
        )
        pending = "SELECT customer_id FROM cancellation WHERE state = 'pending'"
        database.execute_sql(f"UPDATE customer SET status = 'pending_cancellation' WHERE id IN ({pending})")
