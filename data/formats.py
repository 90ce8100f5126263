"""Money, days and moments as people read them: the same words on screens, in letters and on paper (Babel)."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

LOCALE = "en_GB"


def money(amount: Decimal, currency: str, locale: str = LOCALE) -> str:
    """“€1,085.00”; as many decimals as the currency has, more when the amount needs them (prices per user)."""
    exact = format_currency(amount, currency, locale=locale)
    more = format_currency(amount, currency, locale=locale, decimal_quantization=False)
    return more if len(more) > len(exact) else exact


def number(value: int, locale: str = LOCALE) -> str:
    """“1,204”."""
    return format_decimal(value, locale=locale)


def day(value: date, locale: str = LOCALE) -> str:
    """“4 Nov 2026”."""
    return format_date(value, "d MMM y", locale=locale)


def moment(value: datetime, zone: str, locale: str = LOCALE) -> str:
    """“4 Nov 2026, 15:40 CET”: an aware datetime in an IANA zone."""
    return format_datetime(value, "d MMM y, HH:mm z", tzinfo=ZoneInfo(zone), locale=locale)
