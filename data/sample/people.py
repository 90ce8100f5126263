"""The people at a sample company."""

from dataclasses import dataclass

from data.sample.chance import Chance
from data.sample.companies import Company
from data.sample.countries import Word

SMALL = 15  # users; below, one person does several jobs
JOBS = {
    "lead of a small one": ("Owner", "Managing director", "Office manager"),
    "lead": ("IT manager", "Head of IT", "Systems administrator", "Operations manager", "Infrastructure lead"),
    "other": ("Managing director", "Finance manager", "Network engineer", "Help desk", "Data protection officer",
              "Purchasing", "Office manager", "Security officer"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A person at a company, reachable nowhere: .example is delivered to nobody (RFC 2606)."""

    first_name: str
    last_name: str
    email: str
    telephone: str
    job: str

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def staff(chance: Chance, company: Company, count: int) -> list[Member]:
    """`count` people, the Implementation Lead first, all with different addresses."""
    found: dict[str, Member] = {}
    while len(found) < count:
        member = someone(chance, company, lead=not found)
        found.setdefault(member.email, member)
    return list(found.values())


def someone(chance: Chance, company: Company, *, lead: bool) -> Member:
    country = company.country
    if chance.random() < 0.5:
        first, last = chance.pick(country.women), chance.pick(country.families_of_women)
    else:
        first, last = chance.pick(country.men), chance.pick(country.families)
    kind = "other" if not lead else "lead of a small one" if company.users < SMALL else "lead"
    return Member(
        first.text,
        last.text,
        f"{local_part(chance, first, last)}@{company.domain}",
        telephone(chance, company),
        chance.pick(JOBS[kind]),
    )


def local_part(chance: Chance, first: Word, last: Word) -> str:
    kind = chance.random()
    if kind < 0.7:
        return f"{first.roman}.{last.roman}"
    return f"{first.roman[0]}.{last.roman}" if kind < 0.9 else first.roman


def telephone(chance: Chance, company: Company) -> str:
    mobile = company.country.mobile
    pattern = chance.pick(mobile) if mobile and chance.random() < 0.3 else company.city.telephone
    return chance.filled(pattern) if pattern else ""
