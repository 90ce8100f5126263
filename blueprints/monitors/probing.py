"""Probes that are due: who runs them, and what is written down. Rows of `monitor` are the truth.

A worker claims some at once by a conditional update, looks at the world with the database closed, and writes what it
saw under the claim that it holds; a claim that nobody ended runs out.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from blueprints.customers.sealing import Unreadable, unseal
from blueprints.monitors.judging import OF_STATE
from blueprints.monitors.keeping import Held, Seen, as_kept, ask, hold, keep, marks
from data.database import is_sqlite, transaction
from data.moments import now
from data.monitors import Monitor

LOST = timedelta(minutes=2)  # after which nobody is at a probe any more; longer than each may take
MOST_MESSAGE = 500
MOST_OTHERS = 4
PAST = "past"
FREE = "due_at IS NOT NULL AND due_at <= ? AND (claimed_at IS NULL OR claimed_at <= ?)"

log = logging.getLogger("quayside.monitors")


class Claimed(NamedTuple):
    """A probe that this worker runs, and nobody else. `host`: the server that it burdens."""

    id: int
    claimed_at: datetime
    probe: str
    settings: dict[str, Any]
    secret: str
    others: tuple[str, ...]
    trouble: str  # why it cannot even be tried, "" when it can

    @property
    def host(self) -> str:
        return str(self.settings.get("host") or self.settings.get("domain") or "")


def claim(most: int) -> list[Claimed]:
    """Take some that are due, the longest due first; those of customers who left are due no more."""
    at = now()
    with transaction():
        ids = free_ones(at, most)
        if not ids:
            return []
        among = f"id IN ({marks(ids)})"
        gone = f"customer_id IN (SELECT id FROM customer WHERE shelf = '{PAST}')"  # noqa: S608 - our own words
        ask(f"UPDATE monitor SET due_at = NULL WHERE {among} AND {gone}", ids)  # noqa: S608 - our own words and marks
        ask(f"UPDATE monitor SET claimed_at = ? WHERE {among} AND due_at IS NOT NULL", (as_kept(at), *ids))  # noqa: S608 - as above
        mine = Monitor.id.in_(ids) & (Monitor.claimed_at == at) & Monitor.due_at.is_null(False)
        rows = list(Monitor.select(Monitor.id, Monitor.probe, Monitor.settings, Monitor.sealed).where(mine))
        others = known_mail_servers() if any(row.probe in ("smtp", "certificate") for row in rows) else ()
    return [claimed(row, at, others) for row in rows]


def free_ones(at: datetime, most: int) -> list[int]:
    query = f"SELECT id FROM monitor WHERE {FREE} ORDER BY due_at LIMIT {int(most)}"  # noqa: S608 - our own words
    text = query if is_sqlite() else f"{query} FOR UPDATE SKIP LOCKED"
    return [row[0] for row in ask(text, (as_kept(at), as_kept(at - LOST))).fetchall()]


def claimed(row: Monitor, at: datetime, others: Sequence[str]) -> Claimed:
    secret, trouble = "", ""
    try:
        secret = unseal(row.sealed) if row.sealed else ""
    except Unreadable as refusal:
        trouble = refusal.sentence
    known = tuple(host for host in others if host != row.settings.get("host"))
    return Claimed(row.id, at, row.probe, row.settings, secret, known[:MOST_OTHERS], trouble)


def known_mail_servers() -> tuple[str, ...]:
    """Mail servers that answered lately at port 25: where even these do not, the way out is blocked here."""
    good = (Monitor.probe == "smtp") & (Monitor.state == "good") & Monitor.due_at.is_null(False)
    newest = Monitor.select(Monitor.settings).where(good).order_by(Monitor.id.desc()).limit(20)
    hosts = [row.settings.get("host") for row in newest if row.settings.get("door", "smtp") == "smtp"]
    return tuple(dict.fromkeys(host for host in hosts if host))[: MOST_OTHERS + 1]


# --- writing down -------------------------------------------------------------------------------------------


class Result(NamedTuple):
    """What a probe saw, as looking/runners.py has it (Found)."""

    claimed: Claimed
    found: Any


def settle(results: Iterable[Result]) -> int:
    """What was seen, some at once. How many still held their claim."""
    with transaction():
        return sum(settle_one(result) for result in results)


def settle_one(result: Result) -> bool:
    taken, found, at = result.claimed, result.found, now()
    of = (taken.id, as_kept(taken.claimed_at))
    monitor = next(iter(hold("monitor.id = ? AND monitor.claimed_at = ?", of)), None)
    if monitor is None:
        return False
    due_at = as_kept(next_due(taken, monitor, at))
    ask("UPDATE monitor SET claimed_at = NULL, due_at = ? WHERE id = ? AND due_at IS NOT NULL", (due_at, taken.id))
    if not found.known:
        trouble = (found.sentence[:MOST_MESSAGE], as_kept(at), taken.id)
        ask("UPDATE monitor SET trouble = ?, trouble_at = ? WHERE id = ?", trouble)
        return True
    said = OF_STATE["problem"] if found.bad else ""
    keep(monitor, Seen(at, found.value, found.oldest, said, found.sentence[:MOST_MESSAGE]), at)
    if found.baseline:
        kept = Monitor.settings.db_value({**taken.settings, "baseline": dict(found.baseline)})
        ask("UPDATE monitor SET settings = ? WHERE id = ?", (kept, taken.id))
    return True


def next_due(taken: Claimed, monitor: Held, at: datetime) -> datetime:
    """A whole interval after it was claimed, so that it keeps its time."""
    return max(taken.claimed_at, at - timedelta(seconds=monitor.every)) + timedelta(seconds=monitor.every)
