"""The monitors' worker: runs the probes that are due, notices who fell silent, and rolls old readings up."""

import logging
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from queue import Empty, Queue

from huey import crontab

from blueprints.gateways.queue import nudge as ask_for
from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import connected
from blueprints.monitors import probing, rolling, silence
from blueprints.monitors.probing import Claimed, Result
from blueprints.web.refusals import Refused

AT_ONCE = 8  # probes of one process
PER_HOST = 4
AHEAD = 64  # claimed at once, so that hosts that are slow hold up no others
BATCH, BATCH_SECONDS = 50, 0.25  # results that are written down together
SHIFT = 50.0  # seconds; after that a sweep begins nothing more and leaves the rest to the next
GRACE = 60.0  # seconds; what keeps to no limit of its own is left alone then
SETTLE_PAUSES = (0.5, 2, 10)  # seconds; what was seen is worth some patience with a busy database

log = logging.getLogger("quayside.monitors")

# One sweep at a time in a process, so that its other workers are left to other jobs.
at_work = threading.Lock()
more = threading.Event()


def nudge() -> None:
    """Wake the worker after somebody asked for a look. Never fails, never waits."""
    ask_for(probe_due)


@queue.periodic_task(crontab())
def probe_due() -> None:
    """Run what is due; each minute, and when nudged. Asked while at work already, it looks once more at the end."""
    more.set()
    while more.is_set() and at_work.acquire(blocking=False):
        try:
            more.clear()
            probe_all()
        finally:
            at_work.release()


@queue.periodic_task(crontab())
def listen() -> None:
    """Who fell silent is unknown from now on."""
    with connected():
        silence.fall_silent(silence.listen())


@queue.periodic_task(crontab(minute="23"))
def roll_up() -> None:
    with connected():
        rolling.roll_up()


# --- probing --------------------------------------------------------------------------------------------


@dataclass
class Sweep:
    """Probes under way, each in a thread that takes the next when it has ended; what they saw comes back here."""

    ends: float = field(default_factory=lambda: time.monotonic() + SHIFT)
    waiting: deque[Claimed] = field(default_factory=deque)
    running: dict[int, tuple[Claimed, float]] = field(default_factory=dict)
    seen: Queue[Result] = field(default_factory=Queue)
    tasks: Queue[Claimed | None] = field(default_factory=Queue)
    results: list[Result] = field(default_factory=list)
    written: float = field(default_factory=time.monotonic)
    dry: bool = False

    def fill(self) -> None:
        """Claim more when few are left, and begin as many as there is room for."""
        if not self.dry and len(self.waiting) < AT_ONCE and time.monotonic() < self.ends:
            with connected():
                some = probing.claim(AHEAD)
            self.dry = not some
            self.waiting.extend(some)
        hosts = Counter(claimed.host for claimed, _ in self.running.values())
        for _ in range(len(self.waiting)):
            if len(self.running) >= AT_ONCE:
                return
            claimed = self.waiting.popleft()
            if hosts[claimed.host] >= PER_HOST:
                self.waiting.append(claimed)
                continue
            hosts[claimed.host] += 1
            self.running[claimed.id] = claimed, time.monotonic()
            self.tasks.put(claimed)

    def hear(self) -> None:
        """What came in; at least one, or a moment passes."""
        try:
            self.take(self.seen.get(timeout=BATCH_SECONDS))
            while True:
                self.take(self.seen.get_nowait())
        except Empty:
            pass
        late = time.monotonic() - GRACE
        for claimed, begun in [*self.running.values()]:
            if begun < late:  # its claim runs out by itself
                log.warning("probe of monitor %s did not come to an end", claimed.id)
                del self.running[claimed.id]

    def take(self, result: Result) -> None:
        if self.running.pop(result.claimed.id, None):
            self.results.append(result)

    def write(self, *, all_of_it: bool = False) -> None:
        due = len(self.results) >= BATCH or time.monotonic() - self.written > BATCH_SECONDS
        if self.results and (due or all_of_it):
            settle(self.results)
            self.results, self.written = [], time.monotonic()


def probe_all() -> None:
    """Each due probe once, some side by side, for as long as a shift lasts."""
    sweep = Sweep()
    sweep.fill()
    if not sweep.running:
        return
    for _ in range(AT_ONCE):
        threading.Thread(target=look_on, args=(sweep.tasks, sweep.seen), name="probe", daemon=True).start()
    try:
        while sweep.running or sweep.waiting:
            sweep.hear()
            sweep.fill()
            sweep.write()
        sweep.write(all_of_it=True)
    finally:
        for _ in range(AT_ONCE):
            sweep.tasks.put(None)


def look_on(tasks: Queue[Claimed | None], seen: Queue[Result]) -> None:
    """One after the other, until told to stop, with the database closed."""
    while (claimed := tasks.get()) is not None:
        seen.put(Result(claimed, look(claimed)))


def look(claimed: Claimed) -> object:
    """What one probe sees of the world."""
    from blueprints.monitors.looking.runners import Found, Look, run  # noqa: PLC0415 - loaded when it has to look

    if claimed.trouble:
        return Found(sentence=claimed.trouble, known=False)
    try:
        return run(Look(claimed.probe, claimed.settings, claimed.secret, claimed.others))
    except Refused as refusal:
        return Found(sentence=refusal.sentence, known=False)
    except Exception:
        log.exception("probe of monitor %s went wrong", claimed.id)
        return Found(sentence="The portal made a mistake while it looked; its log says which.", known=False)


def settle(results: list[Result]) -> None:
    """Write down what was seen. If that does not work for long, their claims run out and they are looked at again."""
    for pause in SETTLE_PAUSES:
        try:
            with connected():
                probing.settle(results)
            return
        except Exception:
            log.warning("%s probes could not be written down now", len(results), exc_info=True)
            time.sleep(pause)
