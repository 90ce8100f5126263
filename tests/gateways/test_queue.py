"""The queue of jobs: where they wait, how they are asked for, and a worker that goes on."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huey.storage import MemoryStorage

from blueprints.gateways import queue as queue_module
from blueprints.gateways.queue import Messenger, messenger, nudge, open_queue, queue, start_worker
from data.database import database
from tests.services import redis

done: list[object] = []


@queue.task(name="note_for_tests")
def note(what: object) -> None:
    done.append(what)


@queue.task(name="end_everything_for_tests")
def end_everything() -> None:
    raise SystemExit


@queue.task(name="break_for_tests")
def break_down() -> None:
    raise RuntimeError("a job that breaks")


@pytest.fixture(autouse=True)
def kept_storage() -> Iterator[None]:
    """Each test chooses where jobs wait; afterwards it is as it was."""
    before = queue.storage
    done.clear()
    yield
    messenger.asked.join()
    queue.storage = before


def worked_off(expected: list[object], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while done != expected and time.monotonic() < until:
        time.sleep(0.02)
    return done == expected


@pytest.fixture
def working() -> Iterator[Callable[[], None]]:
    """A function that starts a worker; it is stopped afterwards."""
    started = []

    def start() -> None:
        started.append(start_worker(workers=1))

    yield start
    for worker in started:
        worker.stop(graceful=True)


class TestStorages:
    def test_a_file_in_the_instance_folder(self, tmp_path: Path, working: Callable[[], None]) -> None:
        open_queue("", tmp_path, database)
        nudge(note, "by file")
        working()
        assert worked_off(["by file"])
        assert (tmp_path / "jobs.sqlite").exists()

    def test_a_broken_file_is_made_anew(self, tmp_path: Path, working: Callable[[], None]) -> None:
        (tmp_path / "jobs.sqlite").write_bytes(b"this is no database at all" * 100)
        open_queue("", tmp_path, database)
        nudge(note, "all the same")
        working()
        assert worked_off(["all the same"])

    def test_a_redis(self, tmp_path: Path, working: Callable[[], None]) -> None:
        with redis() as url:
            open_queue(url, tmp_path, database)
            nudge(note, "by redis")
            working()
            assert worked_off(["by redis"])

    def test_the_portals_database_beside_its_own_tables(
        self, app: object, tmp_path: Path, working: Callable[[], None]
    ) -> None:
        tables = set(database.get_tables())
        open_queue("database", tmp_path, database.obj)
        assert {name for name in database.get_tables() if name not in tables} == {
            "job_counter",
            "job_kv",
            "job_schedule",
            "job_task",
        }
        nudge(note, "by database")
        working()
        assert worked_off(["by database"])


class TestNudging:
    def test_does_not_wait_for_a_locked_file(self, tmp_path: Path) -> None:
        open_queue("", tmp_path, database)
        holder = sqlite3.connect(tmp_path / "jobs.sqlite", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        for _ in range(100):
            nudge(note, "later")
        taken = time.monotonic() - began
        holder.execute("ROLLBACK")
        holder.close()
        messenger.asked.join()
        assert taken < 1  # the file itself makes everybody wait five seconds
        assert queue.storage.queue_size() == 100

    def test_never_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        def refused(*_: object) -> None:
            raise ConnectionError("no queue")

        nudge(refused, 1)
        messenger.asked.join()
        assert "the sweep will do it" in caplog.text

    def test_forgets_rather_than_growing_without_end(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(queue_module, "MOST_NUDGES", 2)
        stuck, full = threading.Event(), Messenger()
        full.ask(stuck.wait, ())
        for _ in range(10):
            full.ask(done.append, ("x",))
        stuck.set()
        full.asked.join()
        assert 2 <= len(done) <= 3
        assert "the sweep will find" in caplog.text


class TestWorker:
    def test_goes_on_after_jobs_that_break_or_want_to_end_it(self, working: Callable[[], None]) -> None:
        queue.storage = MemoryStorage(queue.name)
        for job in (break_down, end_everything):
            nudge(job)
        nudge(note, "still here")
        working()
        assert worked_off(["still here"])
