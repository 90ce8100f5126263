"""The confirmation of a cancellation as a paper: what ends when, and the terms that were accepted, word for word."""

from zoneinfo import ZoneInfo

from blueprints.accounts.standing import Standing
from blueprints.cancellations.letters import Concern
from blueprints.customers.addresses import address_lines
from blueprints.customers.attachments import file_document
from data.attachments import Attachment
from data.formats import LOCALE, day, moment, number
from data.terms import Terms

NAME = "Cancellation"


def file_confirmation(who: Standing, concern: Concern, terms: Terms) -> Attachment:
    """Print it and file it under the customer, inside the open transaction."""
    asked_on = concern.cancellation.asked_at.astimezone(ZoneInfo(concern.partner.timezone)).date()
    return file_document(who, concern.customer, f"{NAME} {asked_on}.pdf", render(who, concern, terms))


def render(who: Standing, concern: Concern, terms: Terms) -> bytes:
    from blueprints.gateways.pdf import Paper  # noqa: PLC0415 - loads ReportLab, which importing the portal must not

    partner, customer, cancellation = concern.partner, concern.customer, concern.cancellation
    asked_on = cancellation.asked_at.astimezone(ZoneInfo(partner.timezone)).date()
    paper = Paper(
        title=f"{NAME} of {customer.name}",
        author=partner.name,
        subject=customer.name,
        language=LOCALE.replace("_", "-"),
        written=cancellation.asked_at,
        footer=(f"{NAME} of {customer.name}", f"SHA-256 of the terms accepted: {terms.version}"),
    )
    logo = bytes(partner.logo) if partner.logo else None
    paper.letterhead(partner.name, logo, NAME, (day(asked_on),))
    paper.parties(
        ("Partner", partner.name, address_lines(partner)),
        ("Customer", customer.name, (*address_lines(customer), customer.primary_domain)),
    )
    paper.facts(
        [
            ("Permitted users", number(customer.permitted_users)),
            ("Commitment ends", day(cancellation.commitment_ends)),
            ("Last day of service", day(cancellation.ends_on)),
            ("Data export", "Yes" if cancellation.export else "No"),
        ]
    )
    paper.section(f"{terms.title}, version of {day(terms.since)}")
    for clause in terms.clauses:
        paper.words(clause)
    with paper.together():
        paper.section("Confirmation")
        paper.ticked("The terms of cancellation above are accepted.")
        paper.space()
        paper.facts(
            [
                ("Confirmed by", who.name),
                ("Email", who.email),
                ("Time", moment(cancellation.asked_at, partner.timezone)),
                ("From IP address", cancellation.asked_from),
            ]
        )
    return paper.printed()
