"""The plans' worker: runs the checks that are due, looks again at what it is time for, and reminds people of steps."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import Empty, Queue

from huey import crontab
from peewee import PeeweeException

from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.queue import nudge as ask_for
from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import can_send, connected
from blueprints.plans import reminding, watching
from blueprints.plans.checking import Subject
from blueprints.plans.watching import Claimed
from blueprints.web.refusals import Refused

AT_ONCE = 4  # checks of one process, each of another customer
GRACE = 5.0  # seconds; what keeps to no limit of its own is left alone then
SHIFT = 50.0  # seconds; after that a sweep begins nothing more and leaves the rest to the next
A_MOMENT = 1.0  # second, after which what was asked for meanwhile is begun
SETTLE_PAUSES = (0.5, 2, 10)  # seconds; what was seen is worth some patience with a busy database

log = logging.getLogger("quayside.plans")

# One sweep at a time in a process, so that its other workers are left to other jobs.
at_work = threading.Lock()
more = threading.Event()


# --- asked for by routes ------------------------------------------------------------------------------


def nudge() -> None:
    """Wake the worker after a check was asked for. Never fails, never waits."""
    ask_for(check_due)


# --- jobs ---------------------------------------------------------------------------------------------


@queue.periodic_task(crontab())
def check_due() -> None:
    """Run what is due; each minute, and when nudged. Asked while at work already, it looks once more at the end."""
    more.set()
    while more.is_set() and at_work.acquire(blocking=False):
        try:
            more.clear()
            check_all()
        finally:
            at_work.release()


def check_all() -> None:
    """Each due check once, some side by side, for as long as a shift lasts."""
    with connected():
        watching.take_up_lost()
        watching.ask_again()
    ends, tried, running = time.monotonic() + SHIFT, set[int](), set[Future[None]]()
    with ThreadPoolExecutor(AT_ONCE, "checks") as pool:
        while True:
            if time.monotonic() < ends:
                running |= {pool.submit(check_one, each) for each in taken(AT_ONCE - len(running), tried)}
            if not running:
                return
            running = wait(running, A_MOMENT, FIRST_COMPLETED).not_done


def taken(room: int, tried: set[int]) -> list[Claimed]:
    """As many as there is room for; `tried` are those that were run in this sweep already."""
    if not room:
        return []
    claimed: list[Claimed] = []
    with connected():
        for check_id in watching.due():
            if len(claimed) == room:
                break
            if check_id not in tried and (mine := watching.claim(check_id)):
                tried.add(check_id)
                claimed.append(mine)
    return claimed


def check_one(claimed: Claimed) -> None:
    """Look and write down. Whatever goes wrong with one keeps no other waiting."""
    try:
        settle(claimed, verdict_of(claimed.subject))
    except Exception:
        log.exception("check %s could not be written down", claimed.id)


def verdict_of(subject: Subject) -> Verdict:
    """What is seen, in bounded time whatever happens. Never raises."""
    from blueprints.plans.looking.overall import cut  # noqa: PLC0415 - what looks at the world is loaded when it has to
    from blueprints.plans.looking.runners import RUNNERS  # noqa: PLC0415 - as above

    return cut(in_time(lambda: RUNNERS[subject.check.kind](subject), subject.bounds.limits.whole + GRACE))


def in_time(look: Callable[[], Verdict], seconds: float) -> Verdict:
    """What it sees; where it neither ends nor keeps its own limits, it is left to itself in its thread."""
    seen: Queue[Verdict] = Queue(1)

    def looking() -> None:
        try:
            seen.put(look())
        except Refused as refusal:
            seen.put(Verdict(Outcome.NOT_HERE, refusal.sentence))
        except Exception:
            log.exception("a check went wrong")
            seen.put(Verdict(Outcome.NOT_HERE, "The portal made a mistake while it looked; its log says which."))

    threading.Thread(target=looking, name="check", daemon=True).start()
    try:
        return seen.get(timeout=seconds)
    except Empty:
        return Verdict(Outcome.NOT_HERE, f"This check did not come to an end within {seconds:g} seconds.")


def settle(claimed: Claimed, verdict: Verdict) -> None:
    """Write down what was seen. If the database refuses for long, the check is run again later."""
    for pause in (*SETTLE_PAUSES, None):
        try:
            with connected():
                watching.settle(claimed, verdict)
            return
        except PeeweeException:
            if pause is None:
                raise
            log.warning("the database is busy; check %s is written down later", claimed.id, exc_info=True)
            time.sleep(pause)


# --- reminding ----------------------------------------------------------------------------------------

portal = ""


def links_begin_with(address: str) -> None:
    """Once, at the start: the address of the installation, for the links in reminders."""
    global portal  # noqa: PLW0603 - set once, before any job runs
    portal = address


@queue.periodic_task(crontab(minute="37"))
def remind() -> None:
    """Each hour: whatever reminder of a step is due. Doing it again does nothing more."""
    if can_send():
        with connected():
            reminding.tend(portal)
