"""The worker that makes uploaded papers safe: claims one, hands it to a process of its own, writes down the outcome."""

import logging
import threading
from tempfile import TemporaryFile

from huey import crontab

from blueprints.gateways.papers.limits import CannotBeSafe
from blueprints.gateways.papers.making import make_safe
from blueprints.gateways.queue import nudge as ask_for
from blueprints.gateways.queue import queue
from data.database import database

log = logging.getLogger("quayside.papers")

# One paper at a time in a process: memory is bounded by that, and the other workers are left to other jobs.
at_work = threading.Lock()
more = threading.Event()


def nudge() -> None:
    """Wake the worker after papers were committed. Never fails, never waits."""
    ask_for(make_due)


@queue.periodic_task(crontab())
def make_due() -> None:
    """Make what waits; each minute, and when nudged. Asked while at work already, it looks once more at the end."""
    more.set()
    while more.is_set() and at_work.acquire(blocking=False):
        try:
            more.clear()
            make_all()
        finally:
            at_work.release()


def make_all() -> None:
    from blueprints.customers import making  # noqa: PLC0415 - only the worker makes papers

    tried: set[int] = set()
    while True:
        with database.connection_context():
            making.give_up_lost()
            waiting = [paper_id for paper_id in making.due() if paper_id not in tried]
        if not waiting:
            return
        for paper_id in waiting:
            tried.add(paper_id)
            try:
                make_one(paper_id)
            except Exception:
                log.exception("paper %s could not be made safe now", paper_id)


def make_one(paper_id: int) -> None:
    """Claim, make, settle. The database is closed while it is made, and the bytes lie in a file without a name."""
    from blueprints.customers import making  # noqa: PLC0415 - as above

    with TemporaryFile() as file:
        with database.connection_context():
            paper = making.claim(paper_id)
            if paper is None:
                return
            for piece in making.pieces_of(paper):
                file.write(piece)
        try:
            made = make_safe(file, name=paper.name, written=paper.created_at)
        except CannotBeSafe as refusal:
            with database.connection_context():
                making.settle_refused(paper, refusal.sentence)
            return
    with database.connection_context():
        making.settle_made(paper, made.document, made.pages)
