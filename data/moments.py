"""The clock. Everything that asks for the time asks here, so that tests can move it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The calendar day it is now in an IANA time zone."""
    return datetime.now(ZoneInfo(zone)).date()


def day_of(at: datetime, zone: str) -> date:
    """The calendar day of an aware moment in an IANA time zone."""
    return at.astimezone(ZoneInfo(zone)).date()
