"""A chart as numbers: where its lines run in a drawing of WIDTH × HEIGHT. Pure; the template draws it.

Up is more. The scale ends at a round number above what was read and the thresholds that are near it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from blueprints.monitors.judging import Stretch

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 8, 34  # room for words, and for the strip of states below
STRIP = 8
GAP = 3  # intervals without a reading, after which the line is broken


@dataclass(frozen=True)
class Point:
    """Readings of one moment, or of an hour or a day, together. Without values: only levels were told."""

    at: datetime
    readings: int
    least: float | None
    mean: float | None
    most: float | None
    oldest: int | None
    warnings: int
    problems: int


@dataclass(frozen=True)
class Mark:
    """A word beside a place: `at` pixels from the left (of the time) or from the top (of the value)."""

    at: float
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Bar:
    """A stretch of the strip of states."""

    x: float
    width: float
    state: str


@dataclass(frozen=True)
class Chart:
    """`lines`: paths of the mean, one for each stretch without a gap; `band`: from least to most, likewise."""

    lines: tuple[str, ...]
    bands: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    scale: tuple[Mark, ...]
    bounds: tuple[Mark, ...]
    times: tuple[Mark, ...]
    strip: tuple[Bar, ...]

    @property
    def empty(self) -> bool:
        return not self.lines and not self.dots


def draw(
    points: Sequence[Point],
    begins: datetime,
    ends: datetime,
    step: timedelta,
    bounds: Sequence[tuple[str, float | None]],
    states: Sequence[Stretch],
    times: Sequence[tuple[datetime, str]],
) -> Chart:
    """`points` in order; `step`: between two of them; `bounds`: (kind, threshold); `times`: words along the bottom."""
    valued = [point for point in points if point.mean is not None]
    top = top_of([point.most or 0 for point in valued], [bound for _, bound in bounds if bound is not None])
    span = (ends - begins).total_seconds()

    def x(at: datetime) -> float:
        share = min(max((at - begins).total_seconds() / span, 0), 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - min(value / top, 1) * (HEIGHT - TOP - BOTTOM), 1)

    runs = runs_of(valued, step * GAP)
    return Chart(
        lines=tuple(path([(x(p.at), y(p.mean or 0)) for p in run]) for run in runs if len(run) > 1),
        bands=tuple(band(run, x, y) for run in runs if len(run) > 1 and any(p.least != p.most for p in run)),
        dots=tuple((x(run[0].at), y(run[0].mean or 0)) for run in runs if len(run) == 1),
        scale=tuple(Mark(y(top * part / 4), f"{top * part / 4:,.6g}") for part in (0, 2, 4)),
        bounds=tuple(
            Mark(y(bound), f"{bound:,.6g}", kind) for kind, bound in bounds if bound is not None and bound <= top
        ),
        times=tuple(Mark(x(at), text) for at, text in times),
        strip=tuple(
            Bar(x(each.begins), max(round(x(each.ends) - x(each.begins), 1), 0.5), each.state) for each in states
        ),
    )


def path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)


def band(run: Sequence[Point], x: Callable[[datetime], float], y: Callable[[float], float]) -> str:
    upper = [(x(p.at), y(p.most or 0)) for p in run]
    lower = [(x(p.at), y(p.least or 0)) for p in reversed(run)]
    return path([*upper, *lower]) + "Z"


def runs_of(points: Sequence[Point], gap: timedelta) -> list[list[Point]]:
    """The points, apart where nothing was heard for longer than the gap."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and point.at - runs[-1][-1].at <= gap:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def top_of(values: Sequence[float], bounds: Sequence[float]) -> float:
    """A round number that nothing read exceeds; thresholds count when they are no more than four times as high."""
    highest = max(values, default=0.0)
    near = [bound for bound in bounds if not values or bound <= max(4 * highest, 4)]
    highest = max([highest, *near, 1.0])
    size = 10.0 ** math.floor(math.log10(highest))
    return next(size * factor for factor in (1, 2, 4, 5, 10) if size * factor >= highest)
