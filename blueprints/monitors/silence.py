"""Monitors that nobody has heard of for three intervals become unknown, unless the portal itself was away."""

import logging
from datetime import datetime

from blueprints.monitors.judging import quiet_after, was_away
from blueprints.monitors.keeping import Held, as_kept, as_moment, ask, change, hold, maintenance_until
from data.database import transaction
from data.moments import now

AT_ONCE = 200
SILENT = "quiet_at IS NOT NULL AND quiet_at <= ?"

log = logging.getLogger("quayside.monitors")


def listen() -> datetime:
    """Note that the portal is here; since when it was without a gap. Call each minute, before `fall_silent`."""
    at = now()
    with transaction():
        row = ask("SELECT since, seen_at FROM monitor_watch WHERE id = ?", (1,)).fetchone()
        if row is None:
            begin = "INSERT INTO monitor_watch (id, since, seen_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING"
            ask(begin, (as_kept(at), as_kept(at)))
            return at
        since, seen_at = as_moment(row[0]), as_moment(row[1])
        if was_away(seen_at, at):
            log.warning("monitors were not listened to between %s and %s", seen_at, at)
            since = at
            if at < seen_at:
                after_setting_back(at)
        ask("UPDATE monitor_watch SET since = ?, seen_at = ? WHERE id = 1", (as_kept(since), as_kept(at)))
    return since


def after_setting_back(at: datetime) -> None:
    """The clock was set back: what lies in the future would wait for it to come again."""
    moment = as_kept(at)
    ask("UPDATE monitor SET read_at = ? WHERE read_at > ?", (moment, moment))
    ask("UPDATE monitor SET due_at = ? WHERE due_at IS NOT NULL AND due_at > ?", (moment, moment))
    ask("UPDATE monitor SET claimed_at = NULL WHERE claimed_at > ?", (moment,))
    ask("UPDATE monitor SET quiet_at = ? WHERE quiet_at IS NOT NULL AND quiet_at > ?", (moment, moment))


def fall_silent(since: datetime) -> int:
    """All that are silent become unknown. `since`: when the portal began to listen. How many did."""
    count = 0
    while ids := silent_ones():
        for monitor_id in ids:
            count += hush(monitor_id, since)
    return count


def silent_ones() -> list[int]:
    query = f"SELECT id FROM monitor WHERE {SILENT} ORDER BY quiet_at LIMIT {AT_ONCE}"  # noqa: S608 - our own words
    return [row[0] for row in ask(query, (as_kept(now()),)).fetchall()]


def hush(monitor_id: int, since: datetime) -> bool:
    """One of them, unless it was heard of meanwhile or there is a reason to wait: each moves its `quiet_at`."""
    with transaction():
        at = now()
        monitor = next(iter(hold(f"monitor.id = ? AND {SILENT}", (monitor_id, as_kept(at)))), None)
        if monitor is None:
            return False
        waits_until = later(monitor, since, at)
        ask("UPDATE monitor SET quiet_at = ? WHERE id = ?", (as_kept(waits_until), monitor.id))
        if waits_until is not None or monitor.state in ("unknown", "off"):
            return False
        return change(monitor, "unknown", at)


def later(monitor: Held, since: datetime, at: datetime) -> datetime | None:
    """Until when to wait for news all the same; None when it is silent now."""
    if ends := maintenance_until(monitor.customer_id, monitor.id, at):
        return quiet_after(ends, monitor.every)
    heard = max(since, min(as_moment(monitor.read_at) or since, at))
    waits = quiet_after(heard, monitor.every)
    return waits if waits > at else None
