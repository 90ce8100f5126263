"""How figures and times are written, on the screens and on paper alike, so that both show the same text.

Pure Babel. The locale is fixed for now, and an argument everywhere so that it need not stay so.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_time, get_timezone
from babel.numbers import format_currency, format_decimal

LOCALE = "en_GB"

# Between the letters of a currency and a figure stands a fixed space (CLDR's currencySpacing, which Babel leaves out).
LETTER_BEFORE_FIGURE = re.compile(r"(?<=[^\W\d_])(?=\d)")


# Short names that clocks in different distances from UTC share: Chicago and Shanghai, Dublin and Kolkata, …
NAMES_OF_SEVERAL = frozenset({"CST", "CDT", "IST", "PST"})


@lru_cache(maxsize=8_192)
def money(amount: Decimal, currency: str, locale: str = LOCALE) -> str:
    """An amount in an ISO 4217 currency: "€1,234.50". Digits beyond the currency's own are shown, not rounded away."""
    written = format_currency(amount.normalize(), currency, locale=locale, decimal_quantization=False)
    return LETTER_BEFORE_FIGURE.sub("\u00a0", written)


@lru_cache(maxsize=8_192)  # lists show the same ones over and over
def number(count: int, locale: str = LOCALE) -> str:
    """A whole number: "1,250"."""
    return format_decimal(count, locale=locale)


@lru_cache(maxsize=8_192)
def day(date_: date, locale: str = LOCALE) -> str:
    """A calendar day: "21 November 2026"."""
    return format_date(date_, "long", locale=locale)


@lru_cache(maxsize=8_192)
def moment(at: datetime, zone: str, locale: str = LOCALE) -> str:
    """A moment as a clock in an IANA time zone shows it: "21 Nov 2026, 20:24 CET"; no line breaks before the clock.

    Raises ValueError for a moment without a zone: whose clock would it be?
    """
    if at.tzinfo is None:
        raise ValueError("this moment has no time zone")
    there = at.astimezone(get_timezone(zone))
    written = short_day(there.date(), locale), short_time(there.hour, there.minute, locale)
    clock = clock_name(there.tzname() or "", there.utcoffset() or timedelta())
    return f"{', '.join(written)}\N{NO-BREAK SPACE}{clock}"


# Pages hold dozens of moments, and Babel takes its time: what they are written from is kept.


@lru_cache(maxsize=8_192)
def short_day(date_: date, locale: str) -> str:
    return format_date(date_, locale=locale)


@lru_cache(maxsize=1_440)
def short_time(hour: int, minute: int, locale: str) -> str:
    return format_time(time(hour, minute), "short", locale=locale)


def clock_name(name: str, distance: timedelta) -> str:
    """What people call the clock of a zone: "CET"; "UTC+5:30" where it has no name, or one that others have too."""
    if name.isalpha() and name not in NAMES_OF_SEVERAL:
        return name
    minutes = int(distance.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


def country(code: str, locale: str = LOCALE) -> str:
    """The name of a country by its ISO 3166 code of two letters: "Germany"; "" for none."""
    return Locale.parse(locale).territories.get(code, code) if code else ""


def size(count: int, locale: str = LOCALE) -> str:
    """Bytes as people say them: `12 KB`, `3.4 MB`."""
    kilobytes = max(-(-count // 1024), 1)
    if kilobytes < 1024:
        return f"{number(kilobytes, locale)} KB"
    return f"{format_decimal(count / 1024 / 1024, '#,##0.0', locale=locale)} MB"
