"""When things happened at a partner: on working days, in working hours, never in the future.

A time is a float: days since 1 January of year 1 (`date.toordinal`) on the partner's own clock. Everything lies before
the partner's today, so what is drawn does not depend on the hour of the load.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from data.sample.chance import Chance

OPENS, HOURS = 8 / 24, 10 / 24
DAY = 86_400  # seconds
SECOND = 1 / DAY
FRIDAY = 4


class WorkingDays:
    """The calendar of one partner. `zone`: IANA; `today`: the partner's calendar day."""

    iso = staticmethod(cache(lambda ordinal: date.fromordinal(ordinal).isoformat()))

    def __init__(self, zone: str, today: date) -> None:
        self.today = today.toordinal()
        self._zone = ZoneInfo(zone)
        self._offsets: dict[int, float] = {}

    def ago(self, days: float) -> float:
        """The working time `days` before today begins. Fewer days give a later time, also around weekends."""
        day, part = divmod(self.today - days, 1)
        ordinal = int(day)
        weekday = (ordinal - 1) % 7
        if weekday >= FRIDAY:  # what falls on Friday, Saturday or Sunday shares the Friday
            ordinal, part = ordinal - (weekday - FRIDAY), (weekday - FRIDAY + part) / 3
        return ordinal + OPENS + HOURS * part

    def after(self, since: float, chance: Chance, least: float, most: float) -> float:
        """A working time `least` to `most` days later; some minutes later where that is too near or not yet."""
        wanted = since + least + (most - least) * chance.random()
        found = self.ago(self.today - wanted) if wanted < self.today else self.ago(0.001)
        return found if found > since else since + chance.whole(40, 1_500) * SECOND

    def before(self, then: float, chance: Chance, least: float, most: float) -> float:
        """A working time `least` to `most` days earlier."""
        return self.ago(self.today - then + least + (most - least) * chance.random())

    def moment(self, at: float) -> str:
        """As a Moment is stored: UTC without zone, with microseconds."""
        day = int(at)
        offset = self._offsets.get(day)
        if offset is None:
            noon = datetime.combine(date.fromordinal(day), time(12), self._zone)
            offset = self._offsets[day] = (noon.utcoffset() or timedelta()).total_seconds()
        seconds = round((at - day) / SECOND - offset)
        return f"{self.iso(day + seconds // DAY)} {clock(seconds % DAY)}"


@cache
def clock(seconds: int) -> str:
    """Seconds since midnight as a stored Moment has them."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000000"
