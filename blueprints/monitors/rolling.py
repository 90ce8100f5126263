"""What is left of readings as they age: one by one for 7 days, then an hour at a time, after 30 days a day at a time,
for 90 days in all. A few hundred monitors in each transaction, so that pushes need not wait.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from blueprints.monitors.keeping import as_kept, ask, marks
from data.database import is_sqlite, transaction
from data.moments import now

RAW, HOURS, ALL = timedelta(days=7), timedelta(days=30), timedelta(days=90)
AT_ONCE = 200  # monitors in one transaction

SUMS = "count(*), count(value), min(value), max(value), sum(value), max(oldest)"
LEVELS = "sum(CASE level WHEN 'w' THEN 1 ELSE 0 END), sum(CASE level WHEN 'p' THEN 1 ELSE 0 END)"
AGAIN = "sum(readings), sum(valued), min(least), max(most), sum(total), max(oldest), sum(warnings), sum(problems)"
COLUMNS = "monitor_id, span, begins_at, readings, valued, least, most, total, oldest, warnings, problems"
# What comes a second time (somebody set the clock back) is added to what is there.
ADD = """
 ON CONFLICT (monitor_id, span, begins_at) DO UPDATE SET readings = monitor_rollup.readings + excluded.readings,
  valued = monitor_rollup.valued + excluded.valued,
  least = CASE WHEN excluded.least < monitor_rollup.least OR monitor_rollup.least IS NULL THEN excluded.least
    ELSE monitor_rollup.least END,
  most = CASE WHEN excluded.most > monitor_rollup.most OR monitor_rollup.most IS NULL THEN excluded.most
    ELSE monitor_rollup.most END,
  total = COALESCE(monitor_rollup.total, 0) + COALESCE(excluded.total, 0),
  oldest = CASE WHEN excluded.oldest > monitor_rollup.oldest OR monitor_rollup.oldest IS NULL THEN excluded.oldest
    ELSE monitor_rollup.oldest END,
  warnings = monitor_rollup.warnings + excluded.warnings, problems = monitor_rollup.problems + excluded.problems"""


def begin_of(column: str, span: str) -> str:
    """SQL for the beginning of the hour or day (UTC) that a moment lies in, as moments are kept."""
    if not is_sqlite():
        return f"date_trunc('{span}', {column})"
    if span == "hour":
        return f"substr({column}, 1, 13) || ':00:00.000000'"
    return f"substr({column}, 1, 10) || ' 00:00:00.000000'"


def roll_up() -> None:
    """Everything that is old enough, once. Called again it finds nothing to do."""
    at = now()
    raw_until, hours_until = start_of_hour(at - RAW), start_of_day(at - HOURS)
    for ids in batches():
        with transaction():
            fold_readings(ids, raw_until)
            fold_hours(ids, hours_until)
            forget(ids, start_of_day(at - ALL))


def batches() -> Iterator[Sequence[int]]:
    last, some = 0, f"SELECT id FROM monitor WHERE id > ? ORDER BY id LIMIT {AT_ONCE}"  # noqa: S608 - a number of ours
    while ids := [row[0] for row in ask(some, (last,)).fetchall()]:
        yield ids
        last = ids[-1]


def fold_readings(ids: Sequence[int], until: datetime) -> None:
    old = f"monitor_id IN ({marks(ids)}) AND at < ?"
    values, hour = (*ids, as_kept(until)), begin_of("at", "hour")
    ask(
        f"INSERT INTO monitor_rollup ({COLUMNS}) SELECT monitor_id, 'hour', {hour}, {SUMS}, {LEVELS} FROM reading"  # noqa: S608 - our own words and marks
        f" WHERE {old} GROUP BY monitor_id, {hour}{ADD}",
        values,
    )
    ask(f"DELETE FROM reading WHERE {old}", values)  # noqa: S608 - as above


def fold_hours(ids: Sequence[int], until: datetime) -> None:
    old = f"monitor_id IN ({marks(ids)}) AND span = 'hour' AND begins_at < ?"
    values, day = (*ids, as_kept(until)), begin_of("begins_at", "day")
    ask(
        f"INSERT INTO monitor_rollup ({COLUMNS}) SELECT monitor_id, 'day', {day}, {AGAIN} FROM monitor_rollup"  # noqa: S608 - as above
        f" WHERE {old} GROUP BY monitor_id, {day}{ADD}",
        values,
    )
    ask(f"DELETE FROM monitor_rollup WHERE {old}", values)  # noqa: S608 - as above


def forget(ids: Sequence[int], until: datetime) -> None:
    """What is older than anything that is shown: days, changes that were told, maintenance."""
    values = (*ids, as_kept(until))
    among = f"monitor_id IN ({marks(ids)})"
    ask(f"DELETE FROM monitor_rollup WHERE {among} AND span = 'day' AND begins_at < ?", values)  # noqa: S608 - as above
    ask(f"DELETE FROM monitor_change WHERE {among} AND at < ? AND told_at IS NOT NULL", values)  # noqa: S608 - as above


def start_of_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def start_of_day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
