"""The plans' worker: runs the checks that are due, looks again at what it is time for, and reminds people of steps."""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import Empty, Queue

from huey import crontab

from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.queue import nudge as ask_for
from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import can_send, connected
from blueprints.plans import watching
from blueprints.plans.watching import Claimed
from blueprints.web.refusals import Refused

AT_ONCE = 4  # checks of one process, each of another customer
GRACE = 5.0  # seconds; what keeps to no limit of its own is left alone then
SHIFT = 50.0  # seconds; after that a sweep begins nothing more and leaves the rest to the next
A_MOMENT = 1.0  # second, after which what was asked for meanwhile is begun
SETTLE_PAUSES = (0.5, 2, 10)  # seconds; what was seen is worth some patience with a busy database

Seen = Queue[tuple[int, Verdict]]  # check id, what was seen

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
    """Each due check once, some side by side, for as long as a shift lasts.

    Each is looked at in a thread of its own, which ends with the process; what it saw is written down here.
    """
    with connected():
        watching.take_up_lost()
        watching.ask_again()
    ends, tried = time.monotonic() + SHIFT, set[int]()
    running: dict[int, Running] = {}
    seen: Seen = Queue()
    while True:
        if time.monotonic() < ends:
            for claimed in taken(AT_ONCE - len(running), tried):
                running[claimed.id] = Running(claimed)
                threading.Thread(target=look, args=(claimed, seen), name="check", daemon=True).start()
        if not running:
            return
        for check_id, verdict in [*answered(seen), *overdue(running.values())]:
            ended = running.pop(check_id, None)
            if ended:
                settle(ended.claimed, verdict)


@dataclass
class Running:
    """A check under way, and when it has to be over whatever it does."""

    claimed: Claimed
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return self.claimed.subject.bounds.limits.whole + GRACE


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


def look(claimed: Claimed, seen: Seen) -> None:
    """One look at the world, with the database closed."""
    from blueprints.plans.looking.overall import cut  # noqa: PLC0415 - what looks at the world is loaded when it has to
    from blueprints.plans.looking.runners import RUNNERS  # noqa: PLC0415 - as above

    try:
        verdict = cut(RUNNERS[claimed.subject.check.kind](claimed.subject))
    except Refused as refusal:
        verdict = Verdict(Outcome.NOT_HERE, refusal.sentence)
    except Exception:
        log.exception("check %s went wrong", claimed.id)
        verdict = Verdict(Outcome.NOT_HERE, "The portal made a mistake while it looked; its log says which.")
    seen.put((claimed.id, verdict))


def answered(seen: Seen) -> list[tuple[int, Verdict]]:
    """What comes in within a moment."""
    try:
        return [seen.get(timeout=A_MOMENT)]
    except Empty:
        return []


def overdue(running: Iterable[Running]) -> list[tuple[int, Verdict]]:
    """What neither ended nor kept its own limits: it is left to itself in its thread."""
    sentence = "This check did not come to an end within {:g} seconds."
    late = [each for each in running if time.monotonic() > each.begun + each.seconds]
    return [(each.claimed.id, Verdict(Outcome.NOT_HERE, sentence.format(each.seconds))) for each in late]


def settle(claimed: Claimed, verdict: Verdict) -> None:
    """Write down what was seen. If that does not work for long, the check is taken up again later."""
    for pause in SETTLE_PAUSES:
        try:
            with connected():
                watching.settle(claimed, verdict)
            return
        except Exception:
            log.warning("check %s could not be written down now", claimed.id, exc_info=True)
            time.sleep(pause)


# --- reminding ----------------------------------------------------------------------------------------

portal = ""


def links_begin_with(address: str) -> None:
    """Once, at the start: the address of the installation, for the links in reminders."""
    global portal  # noqa: PLW0603 - set once, before any job runs
    portal = address


@queue.periodic_task(crontab(minute="37"))
def remind() -> None:
    """Each hour: whatever letter about steps is due. Doing it again does nothing more."""
    from blueprints.plans import drifting, reminding  # noqa: PLC0415 - only the worker tends

    if can_send():
        with connected():
            reminding.tend(portal)
            drifting.tend(portal)
