"""The queue of background jobs: Huey, in the serving process by default, elsewhere when several machines work.

Rows in the database are the truth (an email waits, a check is due); the queue only wakes the worker. So a job lost
with the queue is found again by the periodic sweep, and a nudge that fails never fails a page.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from huey import MemoryHuey
from huey.consumer import Consumer

log = logging.getLogger("quayside.jobs")

queue = MemoryHuey("quayside", results=False)


def open_queue(url: str, home: Path, database: object) -> None:
    """Choose where jobs wait. `url`: "" a file in `home`; "database" the portal's own; else a Redis address."""
    if url == "":
        from huey.storage import SqliteStorage  # noqa: PLC0415 - only the storage that is used is loaded

        queue.storage = SqliteStorage(queue.name, filename=str(home / "jobs.sqlite"), cache_mb=1)
    elif url == "database":
        from huey.contrib.sql_huey import SqlStorage  # noqa: PLC0415 - as above

        queue.storage = SqlStorage(queue.name, database=database)
    else:
        from huey.storage import RedisStorage  # noqa: PLC0415 - as above

        queue.storage = RedisStorage(queue.name, url=url)


def nudge(job: Callable[..., object], *arguments: object) -> None:
    """Ask for a job now. Failing is only slower: the sweep does it within a minute."""
    try:
        job(*arguments)
    except Exception:
        log.warning("could not nudge %s; the sweep will do it", job, exc_info=True)


class QuietConsumer(Consumer):
    """A consumer that lives in the serving process, whose signals belong to the server."""

    def _set_signal_handlers(self) -> None:
        return


def start_worker(workers: int = 2) -> Consumer:
    """Start working in threads of this process; returns at once. `.stop()` ends it."""
    consumer = QuietConsumer(
        queue, workers=workers, worker_type="thread", max_delay=1.0, check_worker_health=False, scheduler_interval=5
    )
    consumer.start()
    return consumer
