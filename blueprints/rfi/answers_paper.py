"""The answers of an RFI on paper, as they were handed in; of the family of the order addendum.

An `AnswersPaper` holds only what the paper shows, so no secret: it knows no records but to be made of them. The same
one prints the same bytes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from blueprints.customers.addresses import address_lines
from blueprints.rfi.reading import ReadSection
from data.customers import INFRASTRUCTURES, Customer
from data.formats import LOCALE, day, moment, number
from data.partners import Partner
from data.rfi import HandedIn

LEFT_OPEN = "Not answered"


@dataclass(frozen=True, slots=True)
class AnswersPaper:
    """What the paper shows. `sections`: title, and each question's label with the lines of its answer."""

    partner: str
    partner_lines: tuple[str, ...]
    customer: str
    customer_lines: tuple[str, ...]
    version: int
    infrastructure: str
    permitted_users: int
    handed_in_by: str
    handed_in_at: datetime
    timezone: str
    sections: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]
    logo: bytes | None = None

    @classmethod
    def of(cls, kept: HandedIn, customer: Customer, partner: Partner, sections: tuple[ReadSection, ...]) -> Self:
        """The paper of a version; `sections` are its answers as people read them."""
        return cls(
            partner=partner.name,
            partner_lines=address_lines(partner),
            customer=customer.name,
            customer_lines=(*address_lines(customer), customer.primary_domain),
            version=kept.number,
            infrastructure=INFRASTRUCTURES.get(kept.infrastructure, kept.infrastructure),
            permitted_users=customer.permitted_users,
            handed_in_by=kept.by_name,
            handed_in_at=kept.at,
            timezone=partner.timezone,
            sections=tuple(
                (section.title, tuple((answer.question.label, answer.lines) for answer in section.answers))
                for section in sections
            ),
            logo=bytes(partner.logo) if partner.logo else None,
        )


def render(answers: AnswersPaper) -> bytes:
    """The paper as a PDF. It never refuses: text that cannot be printed shows as an empty box."""
    from blueprints.gateways.pdf import Paper  # noqa: PLC0415 - loads ReportLab, which importing the portal must not

    at = answers.handed_in_at
    paper = Paper(
        title=f"RFI answers, version {answers.version}",
        author=answers.partner,
        subject=answers.customer,
        language=LOCALE.replace("_", "-"),
        written=at,
        footer=(
            f"RFI of {answers.customer}, version {answers.version}",
            "Passwords are kept encrypted in the portal and are not printed.",
        ),
    )
    handed_in = day(at.astimezone(ZoneInfo(answers.timezone)).date())
    paper.letterhead(answers.partner, answers.logo, "RFI answers", (f"Version {answers.version}", handed_in))
    paper.parties(
        ("Partner", answers.partner, answers.partner_lines), ("Customer", answers.customer, answers.customer_lines)
    )
    paper.facts(
        [
            ("Infrastructure", answers.infrastructure),
            ("Permitted users", number(answers.permitted_users)),
            ("Handed in by", answers.handed_in_by),
            ("Time", moment(at, answers.timezone)),
        ]
    )
    for title, pairs in answers.sections:
        paper.answers(title, [(label, lines or (LEFT_OPEN,)) for label, lines in pairs])
    return paper.printed()
