"""How sample customers leave: a cancellation that is pending, or one by which the service has ended."""

from datetime import date
from typing import TYPE_CHECKING

from data.cancellations import EXPORT_DAYS, Cancellation
from data.formats import day
from data.history import PORTAL
from data.moments import now
from data.sample.dates import SECOND
from data.sample.papers import ip_address
from data.terms import keep_terms, terms_on

if TYPE_CHECKING:
    from data.sample.lives import Life

ELEVEN_MONTHS = 337  # days: eleven calendar months are never more
WITH_EXPORT = 0.4
QUARTER = 900 * SECOND


def ask_to_cancel(life: "Life") -> None:
    """From eleven months on; before twelve, the service runs to the end of the commitment."""
    days = life.desk.days
    earliest = life.begun + ELEVEN_MONTHS + 3  # a working day before it is still one after eleven months
    pending = life.case.status == "pending_cancellation"
    latest = days.today - (1 if pending else 100)
    life.later(earliest - life.time, max(earliest, latest) - life.time)
    person, asked_at, asked_from = life.person, life.at, ip_address(life.chance)
    assert life.ends is not None, "whoever cancels has ordered"
    ends = max(date.fromisoformat(life.ends), date.fromordinal(int(life.time)))
    export = life.chance.random() < WITH_EXPORT
    wanted = "with data export" if export else "without data export"
    life.tell("cancellation.requested", export=wanted, ends=day(ends))
    life.move_to("pending_cancellation")
    ended_at = until = None
    if not pending:
        over = ends.toordinal() + 1
        ended_at, until = end(life, over + QUARTER), days.moment(over + EXPORT_DAYS + QUARTER)
    life.pen.rows[Cancellation].add(
        life.customer, life.desk.id, "pending" if pending else "ended", export, life.pen.terms, life.ends,
        ends.isoformat(), asked_at, person.id, asked_from, ended_at, until if export else None, 1 if pending else 2,
    )  # fmt: skip


def end(life: "Life", time: float) -> str:
    """The portal ends it, minutes after the last day is over."""
    life.act_at(time)
    life.tell("cancellation.ended", PORTAL)
    life.move_to("cancelled", PORTAL)
    return life.at


def terms_of_sample() -> str:
    """The terms that all of them accepted; their version."""
    return keep_terms(terms_on("cancellation", now().date()))
