"""Keeping a reading, and what it does to the state of its monitor: in one transaction, with the row of the change.

Written as SQL, because pushes come by the thousand: putting a query together takes longer than the database needs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from blueprints.monitors.judging import MOST_DAMPING, Thresholds, is_worse, level_of, quiet_after, state_after
from blueprints.monitors.kinds import FALLING
from data.database import database, is_sqlite
from data.fields import Moment

as_kept, as_moment = Moment().db_value, Moment().python_value


@dataclass(frozen=True)
class Seen:
    """What somebody says of a monitor. `oldest`: seconds; `said`: a level, or "" to leave it to the thresholds.

    `key`: by which the sender tells a repetition; "" without one.
    """

    at: datetime
    value: float | None = None
    oldest: int | None = None
    said: str = ""
    message: str = ""
    key: str = ""


class Held(NamedTuple):
    """A monitor as far as a reading needs it; moments as the database has them."""

    id: int
    customer_id: int
    partner_id: int
    shelf: str
    service: str
    source: str
    probe: str
    state: str
    recent: str
    damping: int
    every: int
    warning: float | None
    problem: float | None
    warning_age: int | None
    problem_age: int | None
    read_at: Any
    quiet_at: Any

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.warning, self.problem, self.warning_age, self.problem_age, self.probe in FALLING)


class Kept(NamedTuple):
    """What became of a reading. `before` and `state` differ where it changed the state; `new`: it was no repetition."""

    state: str
    before: str
    new: bool


OF_CUSTOMER = ("partner_id", "shelf")
COLUMNS = ", ".join(f"{'customer' if name in OF_CUSTOMER else 'monitor'}.{name}" for name in Held._fields)


@cache
def written(statement: str, mark: str) -> str:
    """The statement as this database takes it. `mark`: of its parameters."""
    return statement.replace("?", mark)


def ask(statement: str, values: Sequence[Any]) -> Any:
    opened = database.obj  # past the proxy, which costs more than finding the statement
    return opened.execute_sql(written(statement, opened.param), values)


def hold(where: str, values: Sequence[Any]) -> list[Held]:
    """These monitors, theirs until the transaction ends. `where`: our own words, ? for each of the values."""
    text = f"SELECT {COLUMNS} FROM monitor JOIN customer ON customer.id = monitor.customer_id WHERE {where}"  # noqa: S608 - our own words
    return [Held._make(row) for row in ask(text if is_sqlite() else f"{text} FOR UPDATE OF monitor", values).fetchall()]


INSERT = (
    "INSERT INTO reading (monitor_id, at, value, oldest, level, message, key) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (monitor_id, key) WHERE key IS NOT NULL DO NOTHING"
)
UPDATE = (
    "UPDATE monitor SET recent = ?, value = ?, oldest = ?, message = ?, read_at = ?, trouble = '', trouble_at = NULL"
    " WHERE id = ?"
)
LISTEN = "UPDATE monitor SET quiet_at = ? WHERE id = ?"
CHANGED = "UPDATE monitor SET state = ?, since = ? WHERE id = ?"
TOLD = (
    "INSERT INTO monitor_change (monitor_id, customer_id, partner_id, service, before, after, at, value, oldest,"
    " message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
IN_MAINTENANCE = (
    "SELECT max(ends_at) FROM maintenance WHERE customer_id = ? AND (monitor_id IS NULL OR monitor_id = ?)"
    " AND begins_at <= ? AND ends_at > ?"
)


def keep(monitor: Held, seen: Seen, now: datetime) -> Kept:
    """Write a reading down and let it count. Call inside the transaction that holds the monitor.

    One that is older than what is known already (it was late) is kept and changes nothing.
    """
    level = level_of(monitor.thresholds, seen.value, seen.oldest, seen.said)
    at = as_kept(seen.at)
    row = (monitor.id, at, seen.value, seen.oldest, level, seen.message, seen.key or None)
    if not ask(INSERT, row).rowcount:
        return Kept(monitor.state, monitor.state, False)
    read_at = as_moment(monitor.read_at)
    if read_at is not None and seen.at < min(read_at, now):
        return Kept(monitor.state, monitor.state, True)
    recent = (monitor.recent + level)[-MOST_DAMPING:]
    ask(UPDATE, (recent, seen.value, seen.oldest, seen.message, at, monitor.id))
    if monitor.quiet_at is None:  # otherwise it is moved when it has come (silence.py), not at each reading
        ask(LISTEN, (as_kept(quiet_after(now, monitor.every)), monitor.id))
    state = state_after(monitor.state, recent, monitor.damping)
    if state == monitor.state or not change(monitor, state, now, seen):
        state = monitor.state
    return Kept(state, monitor.state, True)


def change(monitor: Held, state: str, now: datetime, seen: Seen | None = None) -> bool:
    """The new state with the row that tells it; not in maintenance if it is worse. Call inside the transaction."""
    if is_worse(monitor.state, state) and maintenance_until(monitor.customer_id, monitor.id, now):
        return False
    tell(monitor, state, now, seen)
    ask(CHANGED, (state, as_kept(now), monitor.id))
    return True


def tell(monitor: Any, state: str, now: datetime, seen: Seen | None = None, message: str = "") -> None:
    """The row of a change. `monitor`: Held, before the change."""
    said = (seen.value, seen.oldest, seen.message) if seen else (None, None, message)
    of = (monitor.id, monitor.customer_id, monitor.partner_id, monitor.service)
    ask(TOLD, (*of, monitor.state, state, as_kept(now), *said))


def maintenance_until(customer_id: int, monitor_id: int, now: datetime) -> datetime | None:
    """When the maintenance ends that a monitor is in; None when it is in none."""
    at = as_kept(now)
    return as_moment(ask(IN_MAINTENANCE, (customer_id, monitor_id, at, at)).fetchone()[0])


def marks(count: Iterable[Any]) -> str:
    """“?, ?, ?” for as many values."""
    return ", ".join("?" for _ in count)
