"""The queue of background jobs: Huey, in the serving process by default, elsewhere on several machines.

Rows in the database are the truth (an email waits, a check is due); the queue only wakes the worker. So a job
lost with the queue is found again by the periodic sweep, and a nudge that fails never fails a page.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Full, Queue
from typing import Any

from huey import MemoryHuey
from huey.consumer import Consumer, ConsumerStopped, Scheduler, Worker, WorkerRecycle
from huey.storage import BaseStorage, SqliteStorage

REDIS_SECONDS = 10  # longer than a worker's patience for the next job (1 s), short enough to notice a dead line
MOST_NUDGES = 1_000

log = logging.getLogger("quayside.jobs")

queue = MemoryHuey("quayside", results=False)


# --- where jobs wait ----------------------------------------------------------------------------------


def open_queue(url: str, home: Path, database: object) -> None:
    """Choose where jobs wait. `url`: "" a file in `home`; "database" the portal's own; else a Redis."""
    if url == "":
        queue.storage = file_storage(home / "jobs.sqlite")
    elif url == "database":
        queue.storage = database_storage(database)
    else:
        queue.storage = redis_storage(url)


def file_storage(path: Path) -> BaseStorage:
    """A SQLite file that never waits for the disk: the sweep finds what it loses. A broken one is made anew."""
    try:
        return SqliteStorage(queue.name, filename=str(path), cache_mb=1, fsync=False)
    except sqlite3.OperationalError:  # locked, or not writable: not for us to mend
        raise
    except sqlite3.DatabaseError:
        log.warning("%s is broken and made anew; no job is lost by it", path)
        for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            part.unlink(missing_ok=True)
        return SqliteStorage(queue.name, filename=str(path), cache_mb=1, fsync=False)


def database_storage(database: object) -> BaseStorage:
    """Tables in the portal's own database, named so that they meet none of the portal's (also a `counter`)."""
    from huey.contrib.sql_huey import SqlStorage  # noqa: PLC0415 - only the storage that is used is loaded

    class JobTables(SqlStorage):
        one_per_thread = True  # a connection

        def create_models(self) -> tuple[Any, ...]:
            models = super().create_models()
            for model in models:
                model._meta.set_table_name(f"job_{model._meta.table_name}")
            task = models[2]
            task._meta.indexes.clear()  # it was made for the table by its old name
            task.add_index(task.queue, task.priority.desc(), task.id)
            return models

        def enqueue(self, data: bytes, priority: float | None = None) -> None:
            opened = self.database.connect(reuse_if_open=True)  # who asks for a job has no need of it after
            try:
                super().enqueue(data, priority)
            finally:
                if opened:
                    self.database.close()

    return JobTables(queue.name, database=database)


def redis_storage(url: str) -> BaseStorage:
    from huey.storage import RedisStorage  # noqa: PLC0415 - as above
    from redis import ConnectionPool  # noqa: PLC0415 - as above

    pool = ConnectionPool.from_url(url, socket_timeout=REDIS_SECONDS)
    return RedisStorage(queue.name, connection_pool=pool)


# --- asking for a job ---------------------------------------------------------------------------------


class Messenger:
    """Carries nudges to the queue in a thread of its own: its file may be locked, its server far or dead."""

    def __init__(self) -> None:
        self.asked: Queue[tuple[Callable[..., object], tuple[object, ...]]] = Queue(MOST_NUDGES)
        self.hiring = threading.Lock()
        self.thread: threading.Thread | None = None

    def ask(self, job: Callable[..., object], arguments: tuple[object, ...]) -> None:
        try:
            self.asked.put_nowait((job, arguments))
        except Full:
            log.warning("%s nudges wait already; the sweep will find what this one was for", MOST_NUDGES)
        with self.hiring:  # a process that forked has no thread yet
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.carry, name="nudges", daemon=True)
                self.thread.start()

    def carry(self) -> None:
        while True:
            job, arguments = self.asked.get()
            try:
                job(*arguments)
            except Exception:
                log.warning("could not nudge %s; the sweep will do it", job, exc_info=True)
            finally:
                self.asked.task_done()


messenger = Messenger()


def nudge(job: Callable[..., object], *arguments: object) -> None:
    """Ask for a job now; returns at once. Failing is only slower: the sweep does it within a minute."""
    messenger.ask(job, arguments)


# --- doing jobs ---------------------------------------------------------------------------------------


class Leaving:
    """A thread of the worker that closes its own connection to the queue, if it has one, when it ends."""

    huey: Any

    def shutdown(self) -> None:
        super().shutdown()  # type: ignore[misc]  # Huey's, of both kinds of thread
        if getattr(self.huey.storage, "one_per_thread", False):
            self.huey.storage.close()


class TidyScheduler(Leaving, Scheduler):
    """Asks for periodic jobs when their time comes."""


class SturdyWorker(Leaving, Worker):
    """Huey catches what a job raises, but not a library that calls for the end of the process."""

    def loop(self, now: Any = None) -> None:
        try:
            super().loop(now)
        except WorkerRecycle:
            raise
        except BaseException:
            log.exception("a job tried to end its worker")


class QuietConsumer(Consumer):
    """A consumer that lives in the serving process, whose signals belong to the server."""

    worker_class = SturdyWorker
    scheduler_class = TidyScheduler

    def _set_signal_handlers(self) -> None:
        return

    def join(self) -> None:
        """Work until SIGTERM (jobs under way are finished) or Ctrl-C, in a process that does nothing else."""
        super()._set_signal_handlers()
        checked = time.monotonic()
        while True:
            try:
                checked = self.loop(checked)
            except ConsumerStopped:
                return


def start_worker(workers: int = 2) -> QuietConsumer:
    """Start working in threads of this process; returns at once. `.stop()` ends it."""
    consumer = QuietConsumer(
        queue,
        workers=workers,
        worker_type="thread",
        max_delay=1.0,
        check_worker_health=False,
        scheduler_interval=5,
        graceful_signal="TERM",
    )
    consumer.start()
    return consumer
