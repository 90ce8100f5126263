"""What pages show of monitors: where each stands, what was read in a period, and what changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from blueprints.monitors.charting import Chart, Point, draw
from blueprints.monitors.judging import Stretch, stretches, uptime
from blueprints.monitors.keeping import as_kept, as_moment, ask, marks
from blueprints.monitors.kinds import FOR_SERVICE, KINDS, Kind, aged, kind_of, valued
from blueprints.monitors.maintenance import maintenance_by
from blueprints.monitors.rolling import begin_of
from blueprints.monitors.rules import monitors_by
from data import formats
from data.customers import Customer
from data.kept import Kept
from data.moments import now
from data.monitors import SERVICES, Maintenance, Monitor, MonitorChange

MARKS = {
    "good": ("good", "Good"),
    "warning": ("warn", "Warning"),
    "problem": ("bad", "Problem"),
    "unknown": ("calm", "Unknown"),
    "off": ("calm", "Not set up"),
}
CHANGES = 20  # shown at once


@dataclass(frozen=True)
class Watched:
    """One service of a customer, set up or not. `quiet_until`: the end of the maintenance that it is in."""

    service: str
    monitor: Monitor | None
    quiet_until: datetime | None = None
    up: float | None = None

    @property
    def label(self) -> str:
        return SERVICES[self.service]

    @property
    def slug(self) -> str:
        return slug_of(self.service)

    @property
    def set_up(self) -> bool:
        return self.monitor is not None and self.monitor.state != "off"

    @property
    def state(self) -> str:
        return self.monitor.state if self.monitor else "off"

    @property
    def mark(self) -> tuple[str, str]:
        return MARKS[self.state]

    @property
    def kind(self) -> Kind:
        return kind_of(self.monitor.source, self.monitor.probe) if self.monitor else kind_of("push", "")

    @property
    def value(self) -> str:
        """“12 messages, the oldest 5 min”; "" before anything was read."""
        if self.monitor is None or self.monitor.read_at is None:
            return ""
        what = "the newest" if self.monitor.probe == "imap" else "the oldest"
        age = f"{what} {aged(self.monitor.oldest)}" if self.monitor.oldest is not None else ""
        return ", ".join(filter(None, (valued(self.kind, self.monitor.value), age)))

    @property
    def thresholds(self) -> str:
        """“warning at 50 messages, problem at 200 messages or 1 h”."""
        if self.monitor is None:
            return ""
        told = []
        for word, value, age in (
            ("warning", self.monitor.warning, self.monitor.warning_age),
            ("problem", self.monitor.problem, self.monitor.problem_age),
        ):
            bounds = [valued(self.kind, value)] if value is not None else []
            bounds += [aged(age)] if age is not None else []
            less = " or less" if self.kind.falling else ""
            told += [f"{word} at {' or '.join(bounds)}{less}"] if bounds else []
        return ", ".join(told)

    @property
    def source(self) -> str:
        if self.monitor is None:
            return ""
        every = f"every {aged(self.monitor.every)}"
        if self.monitor.source == "push":
            return f"Sent here, {every}"
        where = self.monitor.settings.get("host") or self.monitor.settings.get("domain") or ""
        return f"{self.kind.label}: {where}, {every}"

    @property
    def up_told(self) -> str:
        return "" if self.up is None else percent(self.up)


def percent(share: float) -> str:
    """Never 100% while something was missing."""
    told = f"{min(share * 100, 99.99):.2f}" if share < 1 else "100"
    return f"{told}%"


def slug_of(service: str) -> str:
    return service.replace("_", "-")


def watched(customer: Customer) -> list[Watched]:
    """All five, in their order: two queries, one of them only while there is maintenance to look for."""
    found = {monitor.service: monitor for monitor in monitors_by(customer.id)}
    return [Watched(service, found.get(service)) for service in SERVICES]


def watched_now(customer: Customer, planned: Sequence[Maintenance], period: "Period") -> list[Watched]:
    """The same with maintenance and uptime of a period."""
    at = now()
    found = watched(customer)
    ids = [each.monitor.id for each in found if each.monitor]
    changes = changes_in(ids, at - period.length)
    quiet = maintenance_in(customer.id, at - period.length)
    return [
        Watched(
            each.service,
            each.monitor,
            max((m.ends_at for m in planned if concerns(m, each.monitor) and m.begins_at <= at), default=None),
            uptime_of(each.monitor, changes.get(each.monitor.id, []), quiet, at - period.length, at)
            if each.monitor
            else None,
        )
        for each in found
    ]


def concerns(planned: Maintenance, monitor: Monitor | None) -> bool:
    return monitor is not None and planned.monitor_id in (None, monitor.id)


Changes = list[tuple[datetime, str, str]]


def changes_in(ids: Sequence[int], since: datetime) -> dict[int, Changes]:
    """(at, before, after) of each monitor, in order."""
    found: dict[int, Changes] = {}
    if ids:
        rows = ask(CHANGED_SINCE.format(marks(ids)), (*ids, as_kept(since))).fetchall()
        for monitor_id, at, before, after in rows:
            found.setdefault(monitor_id, []).append((as_moment(at), before, after))
    return found


CHANGED_SINCE = (
    "SELECT monitor_id, at, before, after FROM monitor_change WHERE monitor_id IN ({}) AND at >= ? ORDER BY at, id"
)


def maintenance_in(customer_id: int, since: datetime) -> list[Maintenance]:
    return [each for each in maintenance_by(customer_id) if each.ends_at > since]


def uptime_of(
    monitor: Monitor, changes: Changes, quiet: Sequence[Maintenance], begins: datetime, ends: datetime
) -> float | None:
    times = [(each.begins_at, each.ends_at) for each in quiet if concerns(each, monitor)]
    return uptime(states_of(monitor, changes, begins, ends), times)


def states_of(monitor: Monitor, changes: Changes, begins: datetime, ends: datetime) -> list[Stretch]:
    begins = max(begins, monitor.made_at)
    return stretches(begins, max(ends, begins), monitor.state, changes)


# --- one of them, in a period -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """How far a chart looks back, and how much one of its points holds: a reading, an hour, a day."""

    key: str
    label: str
    length: timedelta
    unit: str
    apart: timedelta  # words along the bottom

    @property
    def step(self) -> timedelta:
        return {"hour": timedelta(hours=1), "day": timedelta(days=1)}.get(self.unit, timedelta())


PERIODS = {
    period.key: period
    for period in (
        Period("day", "24 hours", timedelta(days=1), "reading", timedelta(hours=6)),
        Period("week", "7 days", timedelta(days=7), "hour", timedelta(days=2)),
        Period("month", "30 days", timedelta(days=30), "day", timedelta(days=7)),
        Period("quarter", "90 days", timedelta(days=90), "day", timedelta(days=21)),
    )
}

READINGS = "SELECT at, 1, value, value, value, oldest, level FROM reading WHERE monitor_id = ? AND at >= ? ORDER BY at"
GROUPED = (
    "SELECT {begin}, count(*), min(value), avg(value), max(value), max(oldest),"
    " sum(CASE level WHEN 'w' THEN 1 ELSE 0 END), sum(CASE level WHEN 'p' THEN 1 ELSE 0 END)"
    " FROM reading WHERE monitor_id = ? AND at >= ? GROUP BY 1"
)
ROLLED = (
    "SELECT {begin}, sum(readings), min(least), sum(total) / NULLIF(sum(valued), 0), max(most), max(oldest),"
    " sum(warnings), sum(problems) FROM monitor_rollup WHERE monitor_id = ? AND begins_at >= ? GROUP BY 1"
)


@dataclass(frozen=True)
class Past:
    """What was read of a monitor in a period. `zone`: the reader's."""

    monitor: Monitor
    period: Period
    ends: datetime
    zone: str

    @cached_property
    def begins(self) -> datetime:
        begins = self.ends - self.period.length
        if self.period.unit == "day":
            return begins.replace(hour=0, minute=0, second=0, microsecond=0)
        return begins.replace(minute=0, second=0, microsecond=0)

    @cached_property
    def points(self) -> list[Point]:
        """In order. What is rolled up already, and what is not, joined where they meet."""
        values = (self.monitor.id, as_kept(self.begins))
        if self.period.unit == "reading":
            rows = ask(READINGS, values).fetchall()
            return [
                Point(as_moment(at), n, least, mean, most, oldest, int(level == "w"), int(level == "p"))
                for at, n, least, mean, most, oldest, level in rows
            ]
        found: dict[Any, Point] = {}
        unit = self.period.unit
        for statement, column in ((ROLLED, "begins_at"), (GROUPED, "at")):
            for row in ask(statement.format(begin=begin_of(column, unit)), values).fetchall():
                point = Point(as_moment(row[0]), *row[1:])
                before = found.get(point.at)
                found[point.at] = joined(before, point) if before else point
        return [found[at] for at in sorted(found)]

    @cached_property
    def changes(self) -> Changes:
        return changes_in([self.monitor.id], self.begins).get(self.monitor.id, [])

    @cached_property
    def states(self) -> list[Stretch]:
        return states_of(self.monitor, self.changes, self.begins, self.ends)

    @cached_property
    def up(self) -> str:
        quiet = maintenance_in(self.monitor.customer_id, self.begins)
        share = uptime_of(self.monitor, self.changes, quiet, self.begins, self.ends)
        return "" if share is None else percent(share)

    @cached_property
    def chart(self) -> Chart:
        bounds = (("warn", self.monitor.warning), ("bad", self.monitor.problem))
        step = max(self.period.step, timedelta(seconds=self.monitor.every))
        return draw(self.points, self.begins, self.ends, step, bounds, self.states, self.times)

    @property
    def times(self) -> list[tuple[datetime, str]]:
        """A handful of moments along the bottom, told on the reader's clock."""
        found, at = [], self.begins
        while at <= self.ends:
            there = at.astimezone(ZoneInfo(self.zone))
            found.append((at, f"{there:%H:%M}" if self.period.unit == "reading" else f"{there.day} {there:%b}"))
            at += self.period.apart
        return found

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The same as words, the newest first: when, value, from – to, age, level."""
        kind = kind_of(self.monitor.source, self.monitor.probe)
        return [
            (
                self.when(point),
                valued(kind, None if point.mean is None else round(point.mean, 1)),
                f"{point.least:,.6g} – {point.most:,.6g}"
                if point.least is not None and point.least != point.most
                else "",
                aged(point.oldest),
                levels_told(point),
            )
            for point in reversed(self.points)
        ]

    def when(self, point: Point) -> str:
        if self.period.unit == "day":
            return formats.day(point.at.astimezone(UTC).date())
        return formats.moment(point.at, self.zone)


def levels_told(point: Point) -> str:
    if point.readings == 1:
        return "Problem" if point.problems else "Warning" if point.warnings else "Good"
    bad = [f"{count:,} {word}" for count, word in ((point.problems, "problem"), (point.warnings, "warning")) if count]
    return f"{', '.join(bad)} of {point.readings:,}" if bad else f"{point.readings:,} good"


def joined(one: Point, other: Point) -> Point:
    """Of an hour or day that is half rolled up."""
    least = [each for each in (one.least, other.least) if each is not None]
    most = [each for each in (one.most, other.most) if each is not None]
    oldest = [each for each in (one.oldest, other.oldest) if each is not None]
    means = [(each.mean, each.readings) for each in (one, other) if each.mean is not None]
    weight = sum(count for _, count in means)
    return Point(
        one.at,
        one.readings + other.readings,
        min(least, default=None),
        sum(mean * count for mean, count in means) / weight if weight else None,
        max(most, default=None),
        max(oldest, default=None),
        one.warnings + other.warnings,
        one.problems + other.problems,
    )


def recent_changes(monitor: Monitor) -> list[MonitorChange]:
    """The newest first."""
    return changes_by(monitor.id)


changes_by = Kept(
    lambda monitor: (
        MonitorChange.select()
        .where(MonitorChange.monitor == monitor)
        .order_by(MonitorChange.at.desc(), MonitorChange.id.desc())
        .limit(CHANGES)
    )
)


def kinds_for(service: str) -> list[tuple[str, str]]:
    """(kind, label) of all ways to watch a service."""
    return [("push", "Sent here by a script"), *((kind, KINDS[kind].label) for kind in FOR_SERVICE[service])]
