"""Orders and go-lives by month, as bars side by side: where each stands in a drawing of WIDTH × HEIGHT units. Pure."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from blueprints.home.figures import Figures
from data.formats import LOCALE

WIDTH, HEIGHT = 720, 200
LEFT, TOP, BOTTOM = 36, 12, 28  # room for the scale, the highest bar and the months
BAR, BETWEEN = 18, 2
KINDS = ("orders", "go_lives")


@dataclass(frozen=True)
class Bar:
    kind: str
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Month:
    """`name`: as it stands below its bars, and with its year in the table."""

    name: str
    with_year: str
    middle: float
    orders: int
    go_lives: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Chart:
    """`scale`: (height, number) of each line across. `told`: what the drawing shows, in a sentence."""

    months: tuple[Month, ...]
    scale: tuple[tuple[float, int], ...]
    told: str
    empty: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bar: int = BAR


def chart_of(figures: Figures) -> Chart:
    months = figures.span
    counts = [[figures.months.get((month, kind), 0) for kind in KINDS] for month in months]
    top = top_of_scale(max(map(max, counts)))
    per_unit = (HEIGHT - TOP - BOTTOM) / top
    step = (WIDTH - LEFT) / len(months)
    drawn = []
    for place, (month, each) in enumerate(zip(months, counts, strict=True)):
        middle = LEFT + step * (place + 0.5)
        drawn.append(as_month(month, round(middle, 1), each, per_unit))
    orders, go_lives = (sum(each[place] for each in counts) for place in (0, 1))
    told = f"{orders:,} orders and {go_lives:,} go-lives in the last {len(months)} months."
    lines = tuple((round(HEIGHT - BOTTOM - number * per_unit, 1), number) for number in sorted({0, top // 2, top}))
    return Chart(tuple(drawn), lines, told, not orders and not go_lives)


def as_month(month: str, middle: float, counts: list[int], per_unit: float) -> Month:
    first = date.fromisoformat(f"{month}-01")
    starts = (middle - BAR - BETWEEN / 2, middle + BETWEEN / 2)
    bars = tuple(
        Bar(kind, round(x, 1), round(HEIGHT - BOTTOM - count * per_unit, 1), round(count * per_unit, 1))
        for kind, x, count in zip(KINDS, starts, counts, strict=True)
        if count
    )
    return Month(
        name=format_date(first, "LLL", locale=LOCALE),
        with_year=format_date(first, "LLLL y", locale=LOCALE),
        middle=middle,
        orders=counts[0],
        go_lives=counts[1],
        bars=bars,
    )


def top_of_scale(most: int) -> int:
    """The next even number that reads well: 2, 4, 6, 8, 10, 20, 40 …"""
    size = 1
    while most > 10 * size:
        size *= 10
    return next(size * each for each in (2, 4, 6, 8, 10) if size * each >= most)
