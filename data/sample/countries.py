"""Countries as sample companies need them: names, places and trades, read from `countries/*.toml`.

In the files a list is words with commas between them; "東京=tokyo" is a word and what it becomes in a domain name or
an email address (without "=": the word without accents). Each city is a line: name; region; postcode; telephone,
with # for a digit and @ for a capital letter.

Telephone numbers come only from ranges that a regulator keeps for fiction, so that no sample number rings anywhere:
Ofcom, ComReg, ACMA, Bundesnetzagentur, ARCEP, PTS, and 555-01xx in North America. Other countries have none.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from data.folding import fold
from data.sample.chance import Chance

FILES = Path(__file__).parent / "countries"
KINDS = {"company": "companies", "education": "schools", "charity": "charities", "public": "offices"}


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written, and as it stands in domain names: a–z, 0–9 and hyphens."""

    text: str
    roman: str


@dataclass(frozen=True, slots=True)
class City:
    """`postcode` and `telephone` (E.164) are patterns; no telephone where none are kept for fiction."""

    name: Word
    region: str
    postcode: str
    telephone: str


@dataclass(frozen=True, slots=True)
class Country:
    """`share`: how often it comes, of 40. `shapes`: by company type, how names are put together.

    `trades`: a sector of data.customers and the word that companies of it have in their names.
    """

    code: str
    share: int
    cities: tuple[City, ...]
    mobile: tuple[str, ...]
    street: str
    streets: tuple[str, ...]
    women: tuple[Word, ...]
    men: tuple[Word, ...]
    families: tuple[Word, ...]
    families_of_women: tuple[Word, ...]
    stems: tuple[Word, ...]
    legal: tuple[str, ...]
    trades: tuple[tuple[str, Word], ...]
    shapes: dict[str, tuple[str, ...]]


@cache
def countries() -> tuple[Country, ...]:
    return tuple(country(tomllib.loads(path.read_text("utf-8"))) for path in sorted(FILES.glob("*.toml")))


def in_turn(chance: Chance) -> Iterator[Country]:
    """Countries without end, each as often as its share: in every 40 all scripts come up."""
    while True:
        deck = [country for country in countries() for _ in range(country.share)]
        chance.shuffle(deck)
        yield from deck


def country(read: dict[str, Any]) -> Country:
    families = words(read["families"])
    return Country(
        code=read["code"],
        share=read["share"],
        cities=tuple(city(line) for line in lines(read["cities"])),
        mobile=tuple(e164(pattern) for pattern in listed(read.get("mobile", ""))),
        street=read["street"],
        streets=listed(read["streets"]),
        women=words(read["women"]),
        men=words(read["men"]),
        families=families,
        families_of_women=words(read["families_of_women"]) if "families_of_women" in read else families,
        stems=words(read["stems"]),
        legal=listed(read["legal"]),
        trades=tuple((sector, word) for sector, trades in read["trades"].items() for word in words(trades)),
        shapes={kind: lines(read[key]) for kind, key in KINDS.items()},
    )


def city(line: str) -> City:
    name, region, postcode, telephone = (part.strip() for part in line.split(";"))
    return City(word(name), region, postcode, e164(telephone))


def e164(pattern: str) -> str:
    return pattern.replace(" ", "")


def lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line)


def listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def words(text: str) -> tuple[Word, ...]:
    return tuple(word(part) for part in listed(text))


def word(text: str) -> Word:
    """Raises ValueError for a word of another script that does not say what it becomes."""
    written, _, roman = text.partition("=")
    roman = roman or re.sub("[^a-z0-9]", "", fold(written))
    if not roman:
        raise ValueError(f"“{written}” needs “=” and how it is written in a domain name")
    return Word(written, roman)
