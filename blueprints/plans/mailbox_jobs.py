"""Mailboxes are tested away from the pages that ask for it, for a while at a time: no worker is kept for long."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from huey import crontab

from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.queue import nudge, queue
from blueprints.mailroom.jobs import connected
from blueprints.plans import mailbox_testing as testing
from blueprints.plans import mailbox_uploading as uploading
from blueprints.plans.mailbox_places import Source
from blueprints.plans.mailbox_testing import Work, is_refused
from blueprints.web.refusals import Refused
from data.plans import Mailbox

if TYPE_CHECKING:
    from blueprints.gateways.bounds import Bounds

AT_ONCE = 30.0  # seconds that a worker stays with one run; then others have their turn
WRITTEN_EVERY = 0.5  # seconds
MOST_SILENT = 10  # mailboxes one after the other of which nothing is known: the server is not there
MOST_REFUSED = 5  # with one secret for all: it is wrong, and asking more would lock the account

log = logging.getLogger("quayside.plans")


def nudge_for(run_id: int) -> None:
    """Have a run begun soon. Never fails, never waits."""
    nudge(go_on, run_id)


@queue.task()
def go_on(run_id: int) -> None:
    work_on(run_id)


@queue.periodic_task(crontab())
def tend() -> None:
    """Each minute: runs whose nudge or whose worker was lost are gone on with; lists that nobody wanted are dropped."""
    with connected():
        uploading.drop_old_lists()
        waiting = testing.due_runs()
    for run_id in waiting:
        nudge_for(run_id)


def work_on(run_id: int) -> None:
    """Go on with a run for a while; afterwards it waits for its next turn, or is over."""
    with connected():
        work = testing.claim(run_id)
    if work is None:
        return
    try:
        over = Turn(work).take()
    except Exception:
        log.exception("the test of mailboxes %s could not go on now", run_id)
        with connected():
            testing.let_go(work, failed=True)
        return
    if not over:
        with connected():
            testing.let_go(work)
        nudge_for(run_id)


class Turn:
    """One worker's while with one run."""

    def __init__(self, work: Work) -> None:
        from blueprints.gateways.bounds import installed  # noqa: PLC0415 - what it stands on is slow to load

        self.work, self.source, self.bounds = work, work.source, installed()
        self.ends = time.monotonic() + AT_ONCE
        self.found: list[tuple[Mailbox, Verdict]] = []
        self.written = time.monotonic()
        self.stopped = work.cancelled
        self.silent = self.refused = 0

    def take(self) -> bool:
        """Whether the run is over."""
        from blueprints.gateways.imap import look  # noqa: PLC0415 - as above

        if self.stopped:
            return self.over(Verdict(Outcome.UNDETERMINED, ""), "It was cancelled.")
        looked = look(self.source.server(), self.bounds)
        if not looked.passed:
            return self.over(looked, looked.reason)
        while not self.time_is_up():
            with connected():
                mailboxes = testing.next_mailboxes(self.work)
            if not mailboxes:
                return self.over(looked)
            self.test(mailboxes)
            if why := self.why_stopped():
                return self.over(looked, why)
        return False

    def time_is_up(self) -> bool:
        return time.monotonic() >= self.ends

    def test(self, mailboxes: list[Mailbox]) -> None:
        for mailbox, verdict in tested(self.source, self.bounds, mailboxes, self.should_stop):
            self.count(verdict)
            self.found.append((mailbox, verdict))
            if time.monotonic() - self.written >= WRITTEN_EVERY:
                self.write()
        self.write()

    def should_stop(self) -> bool:
        return self.stopped or self.time_is_up() or bool(self.why_stopped())

    def count(self, verdict: Verdict) -> None:
        """How many have come to nothing one after the other."""
        known = verdict.passed or is_refused(verdict)
        self.silent = 0 if known else self.silent + 1
        self.refused = 0 if verdict.passed else self.refused + is_refused(verdict)

    def why_stopped(self) -> str:
        if self.stopped:
            return "It was cancelled."
        if self.silent >= MOST_SILENT:
            return f"{self.source.host} stopped answering. Test the rest later."
        if self.refused >= MOST_REFUSED and self.source.shares_secret:
            return f"{MOST_REFUSED} in a row were refused with the same sign-in, so the rest was left."
        return ""

    def write(self) -> None:
        with connected():
            self.stopped = not testing.write_results(self.work, self.found) or self.stopped
        self.found, self.written = [], time.monotonic()

    def over(self, looked: Verdict, why: str = "") -> bool:
        with connected():
            testing.conclude(self.work, looked, why)
        return True


def tested(
    source: Source, bounds: "Bounds", mailboxes: list[Mailbox], stop: Callable[[], bool]
) -> Iterator[tuple[Mailbox, Verdict]]:
    """Each mailbox with its verdict, in no order; never more side by side than one server bears."""
    from blueprints.gateways.imap import open_mailbox  # noqa: PLC0415 - as above
    from blueprints.gateways.many import PER_SERVER, many  # noqa: PLC0415 - as above

    server = source.server()

    def look_into(mailbox: Mailbox) -> Verdict:
        try:
            sign_in = source.sign_in(mailbox.login, mailbox.sealed)
        except Refused as refusal:
            return Verdict(Outcome.FAILED, refusal.sentence, facts={"capabilities": []})
        return open_mailbox(server, sign_in, bounds)

    return many(mailboxes, look_into, at_once=PER_SERVER, per_server=PER_SERVER, cancelled=stop)
