"""Sample companies: what they are called, where they are, how big they are, and a domain that nobody else has."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.database import database
from data.sample.chance import Chance
from data.sample.countries import City, Country, Word

LONGEST_LABEL = 63  # octets between two dots of a domain name: RFC 1035, section 2.3.4
LARGEST = 9_000  # users
PART = re.compile(r"{(\w+)}")
SECTOR_OF = {"education": "Education", "charity": "Non-profit", "public": "Government"}
ENDING_OF = {"company": "co", "education": "school", "charity": "org", "public": "office"}

# Of a hundred.
TYPES = ("company",) * 90 + ("education",) * 4 + ("charity",) * 4 + ("public",) * 2
# Of a hundred domains, those written in the company's own script where it is not plain Latin.
INTERNATIONAL = 5


@dataclass(slots=True)
class Company:
    """`labels`: names to try under .example, best first. `domain` is settled later, with all of them in view."""

    country: Country
    city: City
    name: str
    company_type: str
    sector: str
    street: str
    postcode: str
    users: int
    labels: tuple[str, ...]
    domain: str = ""


def company(chance: Chance, country: Country) -> Company:
    company_type = chance.pick(TYPES)
    sector, trade = chance.pick(country.trades)
    shape = chance.pick(country.shapes[company_type])
    city = chance.pick(country.cities)
    family = chance.pick(country.families)
    parts = {
        "family": family,
        "partner": another(chance, country.families, family),
        "stem": chance.pick(country.stems),
        "trade": trade,
        "city": city.name,
    }
    named = [parts[part] for part in PART.findall(shape) if part != "legal"]
    number = chance.whole(1, 140)
    return Company(
        country=country,
        city=city,
        name=shape.format(legal=chance.pick(country.legal), **{part: word.text for part, word in parts.items()}),
        company_type=company_type,
        sector=SECTOR_OF.get(company_type, sector),
        street=country.street.format(street=chance.pick(country.streets), number=number),
        postcode=chance.filled(city.postcode),
        users=users(chance),
        labels=labels(chance, named, city.name, company_type),
    )


def another(chance: Chance, words: Sequence[Word], first: Word) -> Word:
    second = chance.pick(words)
    return second if second is not first else words[words.index(first) - 1]


def users(chance: Chance) -> int:
    """Log-normal, as the sizes of companies are: half of them below 25, one in fifty above 250."""
    return min(LARGEST, max(2, round(chance.lognormvariate(3.2, 1.15))))


def labels(chance: Chance, named: Sequence[Word], city: Word, company_type: str) -> tuple[str, ...]:
    """From the first two words of the name; then with the city; then only numbers are left."""
    romans = [word.roman for word in named[:2]]
    if len(romans) == 1:
        romans.append(ENDING_OF[company_type])
    plain = chance.pick(("-", "-", "")).join(romans)
    usual = (plain,) if city in named[:2] else (plain, f"{plain}-{city.roman}")
    if chance.whole(1, 100) <= INTERNATIONAL and (own := a_label(word.text for word in named[:2])):
        return (own, *usual)
    return usual


def a_label(texts: Iterable[str]) -> str:
    """The words as one internationalised label (RFC 5891), or "" where plain ASCII says the same."""
    joined = unicodedata.normalize("NFKC", "".join(texts).lower())
    label = "".join(c for c in joined if c.isalnum() or unicodedata.category(c).startswith("M"))
    encoded = "xn--" + label.encode("punycode").decode()
    return "" if label.isascii() or len(encoded) > LONGEST_LABEL else encoded


def settle_domains(companies: Sequence[Company]) -> None:
    """Give each company the first of its names that no one has, in this batch or in the database."""
    taken: set[str] = set()
    homeless, attempt = list(companies), 0
    while homeless:
        taken |= in_database({domain(company, attempt) for company in homeless})
        for company in homeless:
            name = domain(company, attempt)
            if name not in taken:
                company.domain = name
                taken.add(name)
        homeless, attempt = [company for company in homeless if not company.domain], attempt + 1


def domain(company: Company, attempt: int) -> str:
    if attempt < len(company.labels):
        return f"{company.labels[attempt]}.example"
    return f"{company.labels[-1]}-{attempt - len(company.labels) + 2}.example"


def in_database(domains: set[str]) -> set[str]:
    asked = sorted(domains)
    blanks = ", ".join([database.param] * len(asked))
    query = f"SELECT primary_domain FROM customer WHERE primary_domain IN ({blanks})"  # noqa: S608 - only blanks
    return {found for (found,) in database.execute_sql(query, asked)}
