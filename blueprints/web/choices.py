"""Currencies, countries and time zones that people choose from. No Flask: rules ask here what exists."""

from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from blueprints.web.refusals import Refused
from data.formats import LOCALE
from data.partners import BILLING

Choices = tuple[tuple[str, str], ...]

# Codes of two letters in CLDR that ISO 3166 does not give to a country.
NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@cache
def currencies() -> Choices:
    """(“EUR”, “EUR, Euro”) for each ISO 4217 currency that is legal tender somewhere today, by code."""
    names = Locale.parse(LOCALE).currencies
    used = {code for territory in get_global("territory_currencies") for code in get_territory_currencies(territory)}
    return tuple((code, f"{code}, {names[code]}") for code in sorted(used))


@cache
def countries() -> Choices:
    """(“DE”, “Germany”) for each ISO 3166 country, by name."""
    names = Locale.parse(LOCALE).territories
    real = ((code, name) for code, name in names.items() if len(code) == 2 and code.isalpha())
    return tuple(sorted((pair for pair in real if pair[0] not in NO_COUNTRIES), key=lambda pair: pair[1]))


@cache
def timezones() -> Choices:
    """(“Europe/Berlin”, “Europe/Berlin”) for each IANA zone named after a place, and UTC first."""
    placed = sorted(zone for zone in available_timezones() if zone.split("/")[0] in CONTINENTS)
    return (("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in placed))


def billings() -> Choices:
    """How an MSP pays for a change within a billing period."""
    return tuple(BILLING.items())


def known_billing(way: str) -> str:
    """The same way. Raises Refused when there is none such."""
    if way not in BILLING:
        raise Refused("Choose one from the list.", "change_billing")
    return way


def known_currency(code: str) -> str:
    """The same code. Raises Refused when it is no currency of today."""
    if code not in dict(currencies()):
        raise Refused("Choose a currency from the list.", "currency")
    return code


def known_timezone(zone: str) -> str:
    """The same zone. Raises Refused when IANA does not know it."""
    if zone not in available_timezones():
        raise Refused("Choose a time zone from the list.", "timezone")
    return zone
