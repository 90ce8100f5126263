"""Figures and times as people read them; the addendum and the screens show the same text."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from data.formats import country, day, moment, money, number

EVENING = datetime(2026, 11, 21, 19, 24, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("1234.5", "EUR", "€1,234.50"),
        ("1E+3", "GBP", "£1,000.00"),
        ("0.0000", "EUR", "€0.00"),
        ("-5", "EUR", "-€5.00"),
        ("1500", "JPY", "JP¥1,500"),
        ("12.3", "KWD", "KWD\u00a012.300"),
        ("1234567890.12", "CHF", "CHF\u00a01,234,567,890.12"),
        ("-3", "CHF", "-CHF\u00a03.00"),
        ("922337203685477.5807", "EUR", "€922,337,203,685,477.5807"),  # the most that a row holds
    ],
)
def test_money(amount: str, currency: str, written: str) -> None:
    assert money(Decimal(amount), currency) == written


def test_a_price_finer_than_the_currency_is_not_rounded_away() -> None:
    """1.275 a user times ten is 12.75; "€1.28" beside it would look like a mistake."""
    assert money(Decimal("1.2750"), "EUR") == "€1.275"


def test_money_in_another_locale() -> None:
    assert money(Decimal("1234.5"), "EUR", "de") == "1.234,50\u00a0€"


def test_numbers_and_days() -> None:
    assert number(1250) == "1,250"
    assert day(date(2026, 11, 1)) == "1 November 2026"
    assert (country("DE"), country("")) == ("Germany", "")


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Europe/Berlin", "21 Nov 2026, 20:24 CET"),
        ("America/New_York", "21 Nov 2026, 14:24 EST"),
        ("Asia/Kolkata", "22 Nov 2026, 00:54 UTC+5:30"),
        ("Europe/Istanbul", "21 Nov 2026, 22:24 UTC+3"),
        ("America/Chicago", "21 Nov 2026, 13:24 UTC\N{MINUS SIGN}6"),
        ("UTC", "21 Nov 2026, 19:24 UTC"),
    ],
)
def test_a_moment_is_told_by_the_clock_of_a_zone(zone: str, written: str) -> None:
    assert moment(EVENING, zone).replace("\N{NO-BREAK SPACE}", " ") == written


def test_no_line_breaks_between_a_time_and_its_clock() -> None:
    assert moment(EVENING, "UTC").endswith("19:24\N{NO-BREAK SPACE}UTC")


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        moment(EVENING.replace(tzinfo=None), "UTC")
