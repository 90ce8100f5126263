"""Letters about a partner change, and the lines of history that tell each side its own.

A letter to one side belongs to that side's MSP; the letter with the link for an MSP elsewhere, and those to operators,
belong to nobody, so only operators read them.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from blueprints.accounts.standing import standing_of
from blueprints.customers.at_msp import administrators_of
from blueprints.mailroom.rules import write_drawn
from blueprints.transfers.finding import lines_of, told_of_ending
from data import formats, history
from data.accounts import Person
from data.attachments import Attachment
from data.customers import Contact, Customer
from data.partners import Partner
from data.transfers import Transfer

People = list[tuple[str, str]]  # name, address


@dataclass(frozen=True)
class Side:
    """An MSP, as the history of the other one names whoever acts there."""

    name: str
    id = None


@dataclass(frozen=True)
class Concern:
    """What a letter is about. `customer`: the releasing MSP's; `receiving` None: an MSP elsewhere."""

    who: Any  # has .id and .name
    transfer: Transfer
    customer: Customer
    partner: Partner
    receiving: Partner | None
    portal: str

    def record(self, kind: str, **facts: object) -> None:
        """A line at the releasing MSP's customer."""
        history.record(kind, self.who, partner=self.partner.id, customer=self.customer.id, **facts)

    def tell_releasing(self, kind: str, *, as_receiver: bool = False, **facts: object) -> None:
        """The same; `as_receiver`: told of the other side, whose people are not named."""
        who = Side(self.transfer.to_name) if as_receiver else self.who
        history.record(kind, who, partner=self.partner.id, customer=self.customer.id, **facts)

    def tell_receiving(self, kind: str, **facts: object) -> None:
        """A line of the receiving MSP's own. People of the releasing one are not named there."""
        if self.receiving is None:
            return
        theirs = self.who.id is not None and self.of_releasing
        who = Side(self.partner.name) if theirs else self.who
        history.record(kind, who, partner=self.receiving.id, customer=None, **facts)

    @property
    def of_releasing(self) -> bool:
        """Whether whoever acts is neither an operator nor of the receiving MSP."""
        standing = self.who
        operator = getattr(standing, "operator", False)
        return not operator and self.receiving is not None and self.receiving.id not in standing.over_partners


# --- who is written to --------------------------------------------------------------------------------


def operators() -> People:
    query = Person.select().where(Person.operator & Person.active).order_by(Person.id)
    return [(person.name, person.email) for person in query]


def at_releasing(concern: Concern) -> People:
    """Whoever asked, while they still see the customer, and the reply-to address; else the administrators."""
    asked_by = concern.transfer.asked_by
    standing = standing_of(asked_by)
    told: People = []
    works_there = concern.partner.id in standing.over_partners or concern.customer.id in standing.over_customers
    sees = standing.may_for_customer("customers.see", concern.customer.id, concern.partner.id)
    if asked_by.active and works_there and sees:
        told.append((asked_by.name, asked_by.email))
    if concern.partner.reply_to:
        told.append(("", concern.partner.reply_to))
    return each_once(told) or administrators_of(concern.partner)


def at_receiving(concern: Concern) -> People:
    """The administrators of the MSP and its reply-to address; of an MSP elsewhere the contact that was named."""
    if concern.receiving is None:
        return [(concern.transfer.to_contact, concern.transfer.to_email)]
    reply_to = [("", concern.receiving.reply_to)] if concern.receiving.reply_to else []
    return each_once([*administrators_of(concern.receiving), *reply_to])


def each_once(people: Iterable[tuple[str, str]]) -> People:
    found: dict[str, tuple[str, str]] = {}
    for name, email in people:
        found.setdefault(email.casefold(), (name, email))
    return list(found.values())


# --- letters ------------------------------------------------------------------------------------------


def new_token(transfer: Transfer) -> str:
    """The token for the link of an MSP elsewhere; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    transfer.token_hash = hashlib.sha256(token.encode()).hexdigest()
    transfer.save()
    return token


def write_offer(concern: Concern, token: str) -> None:
    """To the receiving side: what it is asked. `token`: for an MSP elsewhere."""
    page = f"partner-change/{token}" if token else f"partner-changes/{concern.transfer.id}"
    moving = [line.name for line in concern.transfer.lines if line.moves]
    write_each(
        concern,
        "transfer_offered",
        at_receiving(concern),
        page,
        side="receiving",
        partner=concern.receiving,
        products=moving,
    )


def write_accepted(concern: Concern) -> None:
    """To the releasing side, and to the operators, who confirm."""
    write_to_releasing(concern, "transfer_accepted")
    write_each(concern, "transfer_to_confirm", operators(), f"partner-changes/{concern.transfer.id}", side="operators")


def write_declined(concern: Concern) -> None:
    write_each(concern, "transfer_over", operators(), f"partner-changes/{concern.transfer.id}", side="operators")


def write_confirmed(concern: Concern) -> None:
    write_to_releasing(concern, "transfer_confirmed")
    write_to_receiving(concern, "transfer_confirmed")


def write_ended(concern: Concern) -> None:
    """It came to nothing. Whoever did it knows; the side is told all the same."""
    write_to_releasing(concern, "transfer_over")
    write_to_receiving(concern, "transfer_over")


def write_moved(concern: Concern) -> None:
    write_to_releasing(concern, "transfer_moved")
    write_each(concern, "transfer_moved", operators(), f"partner-changes/{concern.transfer.id}", side="operators")


def write_taken_over(
    concern: Concern, new: Customer, filed: Attachment, left_out: tuple[str, ...], *, lead_told: bool
) -> None:
    """To the receiving MSP, with its addendum. `left_out`: questions of the RFI whose answers did not go along."""
    write_each(
        concern,
        "transfer_taken_over",
        at_receiving(concern),
        f"customers/{new.id}",
        side="receiving",
        partner=concern.receiving,
        customer=new,
        enclosures=(filed,),
        left_out=left_out,
        lead_told=lead_told,
    )


def write_new_partner(concern: Concern, new: Customer, lead: Contact, link: str, until: object) -> None:
    """To the customer's Implementation Lead, from the receiving MSP. `link`: "" when there is none to give."""
    people = [(lead.full_name, lead.email)]
    write_each(
        concern,
        "transfer_new_partner",
        people,
        "",
        side="customer",
        partner=concern.receiving,
        customer=new,
        address=link,
        until=until,
    )


def write_to_releasing(concern: Concern, kind: str) -> None:
    page, people = f"customers/{concern.customer.id}", at_releasing(concern)
    write_each(concern, kind, people, page, side="releasing", partner=concern.partner, customer=concern.customer)


def write_to_receiving(concern: Concern, kind: str) -> None:
    """An MSP elsewhere has no page here; it is told in words."""
    page = f"partner-changes/{concern.transfer.id}" if concern.receiving else ""
    write_each(concern, kind, at_receiving(concern), page, side="receiving", partner=concern.receiving)


SUBJECTS = {
    "transfer_offered": "{company}: {releasing} asks you to take this customer over",
    "transfer_to_confirm": "{company}: partner change to confirm",
    "transfer_accepted": "{company}: {receiving} takes the customer over",
    "transfer_confirmed": "{company}: partner change confirmed for {on}",
    "transfer_over": "{company}: partner change {state}",
    "transfer_moved": "{company}: moved to {receiving}",
    "transfer_taken_over": "{company}: taken over",
    "transfer_new_partner": "{company}: {receiving} looks after your mail services now",
}


BECAME = {"declined": "was declined", "called_off": "was called off", "lapsed": "has lapsed"}


def write_each(
    concern: Concern,
    kind: str,
    people: People,
    page: str,
    *,
    side: str,
    partner: Partner | None = None,
    customer: Customer | None = None,
    enclosures: tuple[Attachment, ...] = (),
    address: str = "",
    **facts: object,
) -> None:
    """`side`: to whom, so that each hears of each step once; `partner`: whose letter it is, None for operators to read.

    `page`: where it leads, below the portal's address; `address`: or in full.
    """
    transfer = concern.transfer
    shown: dict[str, Any] = {
        "company": transfer.company,
        "releasing": concern.partner.name,
        "receiving": transfer.to_name,
        "speaks": partner.name if partner else "Quayside",
        "on": formats.day(transfer.day),
        "state": transfer.state.replace("_", " "),
        "became": BECAME.get(transfer.state, ""),
        "reason": transfer.reason,
        "users": transfer.permitted_users,
        "ending": told_of_ending(transfer, lines_of(transfer, moving=False)),
        "side": side,
        "link": address or (f"{concern.portal}/{page}" if page else ""),
        **facts,
    }
    subject = SUBJECTS[kind].format(**shown)
    for place, (name, email) in enumerate(people):
        write_drawn(
            history.PORTAL,  # whoever acts stands on one side, and the letter may be of the other
            kind,
            (name, email),
            subject,
            {"reader": name or shown["speaks"], **shown},
            partner=partner,
            customer=customer,
            enclosures=enclosures,
            once=f"{kind}:{transfer.id}:{transfer.version}:{side}:{place}",
        )
