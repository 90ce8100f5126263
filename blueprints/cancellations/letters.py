"""Letters about a cancellation: to the MSP, and to the provider's operators, who have their part to do."""

from dataclasses import dataclass
from typing import Any

from blueprints.accounts.standing import standing_of
from blueprints.customers.at_msp import administrators_of
from blueprints.mailroom.rules import write_drawn
from data import history
from data.accounts import Person
from data.attachments import Attachment
from data.cancellations import Cancellation
from data.customers import Customer
from data.partners import Partner

SUBJECTS = {
    "cancellation_requested": "{customer}: cancellation asked for",
    "cancellation_to_process": "{customer} ({partner}): cancellation to process",
    "cancellation_withdrawn": "{customer}: cancellation withdrawn",
    "cancellation_ended": "{customer}: the service has ended",
}


@dataclass(frozen=True)
class Concern:
    """What a letter is about. `portal` is the address of the installation, for links."""

    who: Any  # has .id and .name
    customer: Customer
    partner: Partner
    cancellation: Cancellation
    portal: str

    def record(self, kind: str, **facts: object) -> None:
        history.record(kind, self.who, partner=self.partner.id, customer=self.customer.id, **facts)


def write_requested(concern: Concern, filed: Attachment) -> None:
    """To the MSP what happens next, with the paper; to the operators what there is to do."""
    write_each(concern, "cancellation_requested", people_told(concern), (filed,))
    write_each(concern, "cancellation_to_process", operators())


def write_withdrawn(concern: Concern) -> None:
    write_each(concern, "cancellation_withdrawn", together(people_told(concern), operators()))


def write_ended(concern: Concern) -> None:
    write_each(concern, "cancellation_ended", together(people_told(concern), operators()))


def write_each(
    concern: Concern, kind: str, people: list[tuple[str, str]], enclosures: tuple[Attachment, ...] = ()
) -> None:
    customer, partner, cancellation = concern.customer, concern.partner, concern.cancellation
    for place, (name, email) in enumerate(people):
        shown = {
            "reader": name or partner.name,
            "partner": partner.name,
            "customer": customer.name,
            "cancellation": cancellation,
            "by": concern.who.name,
            "timezone": partner.timezone,
            "link": f"{concern.portal}/customers/{customer.id}",
        }
        write_drawn(
            concern.who,
            kind,
            (name, email),
            SUBJECTS[kind].format(**shown),
            shown,
            partner=partner,
            customer=customer,
            enclosures=enclosures,
            once=f"{kind}:{cancellation.id}:{place}",
        )


# --- who is written to ----------------------------------------------------------------------------------


def people_told(concern: Concern) -> list[tuple[str, str]]:
    """Name and address of those at the MSP: whoever asked, while they still work there, and its reply-to address.

    If there is neither, the MSP's administrators.
    """
    told: list[tuple[str, str]] = []
    customer, asked_by = concern.customer, concern.cancellation.asked_by
    standing = standing_of(asked_by)
    works_there = concern.partner.id in standing.over_partners or customer.id in standing.over_customers
    if asked_by.active and works_there and standing.may_for_customer("customers.see", customer.id, concern.partner.id):
        told.append((asked_by.name, asked_by.email))
    if concern.partner.reply_to:
        told.append(("", concern.partner.reply_to))
    return together(told) or administrators_of(concern.partner)


def operators() -> list[tuple[str, str]]:
    query = Person.select().where(Person.operator & Person.active).order_by(Person.id)
    return [(person.name, person.email) for person in query]


def together(*lists: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """All of them, each address once."""
    found: dict[str, tuple[str, str]] = {}
    for name, email in (each for people in lists for each in people):
        found.setdefault(email.casefold(), (name, email))
    return list(found.values())
