"""The receiving side of a partner change: what is taken over, at which prices, and the answer.

An MSP on this portal answers signed in; one elsewhere by a link that it was sent. Both see an `Offer`, which holds what
the releasing MSP hands over and nothing else of theirs.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.addresses import address_lines
from blueprints.orders.rules import NotOrderable
from blueprints.orders.submission import Agreement, confirmations, refuse_unless_agreed
from blueprints.transfers.finding import CONFIRMING, RECEIVING, Seen, held, lines_of, offered_to, told_of_ending
from blueprints.transfers.letters import Concern, write_accepted, write_declined
from blueprints.transfers.pricing import Costs, costs_of
from blueprints.transfers.rules import concern_of, end
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import formats
from data.customers import ACCOUNT_TYPES, INFRASTRUCTURES, Contact, Customer
from data.database import transaction
from data.moments import now, today
from data.partners import Partner
from data.plans import Plan
from data.rfi import STATES, Rfi
from data.transfers import OPEN, Takeover, TakeoverLine, Transfer, TransferLine

NOT_ANY_MORE = "This link does not open anything any more. Ask whoever sent it for a new one."
LEFT_TO_SAY = {
    "accepted": "The takeover is accepted already.",
    "confirmed": "The takeover is confirmed already.",
    "moved": "The customer has moved already.",
    "declined": "The takeover was declined.",
    "called_off": "The partner change was called off.",
    "lapsed": "The partner change has lapsed.",
}


class AnsweredAlready(Refused):
    """Nothing is left to be answered; the sentence says what happened."""


class CannotTakeOver(Refused):
    """As things stand; the sentence says what is missing."""


class PricesChanged(ChangedMeanwhile):
    sentence = "Your prices changed since you opened this page. Look at them again."


class ByLink:
    """Whoever holds the link of an MSP elsewhere, as history names them."""

    id = None

    def __init__(self, transfer: Transfer) -> None:
        self.name, self.email = f"{transfer.to_contact} (by link)", transfer.to_email


@dataclass(frozen=True)
class Company:
    """What the record says of the company, and how much goes along with it."""

    address: str
    website: str
    sector: str
    account_type: str
    infrastructure: str
    since: date | None
    commitment_ends: date | None
    contacts: int
    rfi: str
    plan: str


@dataclass(frozen=True)
class Offer:
    """What is offered, as the receiving side sees it. `company` None: it is over, so the record is theirs no more.

    `costs` None: for an MSP elsewhere. `problem`: why it cannot be accepted as things stand, "" when it can.
    """

    transfer: Transfer
    releasing: str
    receiving: Partner | None
    company: Company | None
    moving: tuple[TransferLine, ...]
    ending: tuple[TransferLine, ...]
    costs: Costs | None
    accepted: Takeover | None
    problem: str
    may_answer: bool
    may_confirm: bool

    @property
    def told_of_ending(self) -> str:
        return told_of_ending(self.transfer, self.ending)

    @property
    def to_answer(self) -> bool:
        return self.may_answer and self.transfer.state == "asked"

    @property
    def confirmations(self) -> tuple[str, str]:
        """What is ticked and printed."""
        if self.receiving is None:
            return ("", "I am authorised to accept this takeover.")
        return confirmations(self.receiving, "takeover")


# --- what is offered ----------------------------------------------------------------------------------


def offer_to(who: Standing, transfer_id: int) -> Offer:
    """Raises NotThere."""
    transfer = offered_to(who, transfer_id)
    answers = transfer.to_partner_id is not None and who.may_for_partner(RECEIVING, transfer.to_partner_id)
    return offer_of(transfer, may_answer=answers, may_confirm=who.may(CONFIRMING))


def offer_by_link(token: str) -> Offer:
    """Raises NotThere: wrong and ended links look the same."""
    return offer_of(transfer_by_link(token), may_answer=True, may_confirm=False)


def transfer_by_link(token: str) -> Transfer:
    hashed = hashlib.sha256(token.encode()).hexdigest()
    found: Transfer | None = Transfer.get_or_none(Transfer.token_hash == hashed)
    if found is None or found.state not in OPEN:
        raise NotThere(NOT_ANY_MORE)
    return found


def offer_of(transfer: Transfer, *, may_answer: bool, may_confirm: bool) -> Offer:
    receiving: Partner | None = transfer.to_partner
    moving, ending = lines_of(transfer), lines_of(transfer, moving=False)
    accepted = Takeover.get_or_none(Takeover.transfer == transfer)
    costs = costs_of(receiving, moving, transfer.permitted_users, transfer.day) if receiving else None
    return Offer(
        transfer=transfer,
        releasing=transfer.partner.name,
        receiving=receiving,
        company=company_of(transfer.customer) if transfer.state in OPEN else None,
        moving=tuple(moving),
        ending=tuple(ending),
        costs=costs,
        accepted=accepted,
        problem=problem_of(transfer, receiving, costs),
        may_answer=may_answer,
        may_confirm=may_confirm,
    )


def company_of(customer: Customer) -> Company:
    rfi = Rfi.select().where(Rfi.customer == customer).order_by(Rfi.id.desc()).first()
    plan = Plan.select().where(Plan.customer == customer).order_by(Plan.id.desc()).first()
    return Company(
        address=", ".join(address_lines(customer)),
        website=customer.website,
        sector=customer.sector,
        account_type=ACCOUNT_TYPES.get(customer.account_type, customer.account_type),
        infrastructure=INFRASTRUCTURES.get(customer.infrastructure, customer.infrastructure),
        since=customer.subscription_start,
        commitment_ends=customer.commitment_ends,
        contacts=Contact.select().where(Contact.customer == customer).count(),
        rfi=STATES[rfi.state] if rfi else "",
        plan=f"{plan.steps_done} of {plan.steps_total} steps done" if plan and plan.steps_total else "",
    )


def problem_of(transfer: Transfer, receiving: Partner | None, costs: Costs | None) -> str:
    if today(transfer.partner.timezone) > transfer.day:
        return f"The day of the change, {formats.day(transfer.day)}, is over."
    if receiving is None or costs is None:
        return ""
    if receiving.closed_at is not None:
        return f"{receiving.name} is closed, so it takes no customer over."
    if costs.unpriced:
        names = ", ".join(costs.unpriced)
        return f"No contracted price for {names} on {formats.day(transfer.day)}. Ask the provider for one, then accept."
    return ""


# --- the answer ---------------------------------------------------------------------------------------


def accept(who: Standing, transfer_id: int, version: int, agreement: Agreement, portal: str) -> Transfer:
    """Accept at the prices that were seen; they are frozen.

    Raises NotThere, MayNot, AnsweredAlready, Seen, PricesChanged, CannotTakeOver, and NotOrderable naming the field.
    """
    with transaction():
        transfer = held_unanswered(offered_to(who, transfer_id), version)
        offer = offer_of(transfer, may_answer=may_answer(who, transfer), may_confirm=False)
        if not offer.may_answer:
            raise MayNot
        if offer.problem or offer.costs is None or offer.costs.quote is None:
            raise CannotTakeOver(offer.problem)
        refuse_unless_agreed(agreement)
        if agreement.seen != offer.costs.mark:
            raise PricesChanged
        write_down(offer, who, who.email, agreement)
        monthly = formats.money(offer.costs.quote.monthly_total, offer.costs.quote.currency)
        settle_accepted(concern_of(who, transfer, portal), monthly)
    return transfer


def accept_by_link(token: str, version: int, *, authorised: bool, from_address: str, portal: str) -> Transfer:
    """The same by an MSP elsewhere, whose prices are not this portal's. Raises NotThere, AnsweredAlready, Seen,
    CannotTakeOver, NotOrderable."""
    with transaction():
        transfer = held_unanswered(transfer_by_link(token), version)
        offer = offer_of(transfer, may_answer=True, may_confirm=False)
        if offer.problem:
            raise CannotTakeOver(offer.problem)
        if not authorised:
            raise NotOrderable("Confirm that you are authorised to accept the takeover.", "authorised")
        holder = ByLink(transfer)
        given = Agreement("", not_required=True, governed=True, authorised=True, seen="", from_address=from_address)
        write_down(offer, holder, holder.email, given)
        settle_accepted(concern_of(holder, transfer, portal), "")
    return transfer


def may_answer(who: Standing, transfer: Transfer) -> bool:
    return transfer.to_partner_id is not None and who.may_for_partner(RECEIVING, transfer.to_partner_id)


def held_unanswered(transfer: Transfer, version: int) -> Transfer:
    """Held, as it was seen. Raises AnsweredAlready, Seen."""
    try:
        found = held(transfer, version)
    except Seen:
        state = Transfer.get_by_id(transfer.id).state
        if state in LEFT_TO_SAY:
            raise AnsweredAlready(LEFT_TO_SAY[state]) from None
        raise
    if found.state != "asked":
        raise AnsweredAlready(LEFT_TO_SAY[found.state])
    return found


def write_down(offer: Offer, who: Any, email: str, agreement: Agreement) -> None:
    quote = offer.costs.quote if offer.costs else None
    takeover = Takeover.create(
        transfer=offer.transfer,
        by=who.id,
        by_name=who.name,
        by_email=email,
        at=now(),
        from_address=agreement.from_address,
        currency=quote.currency if quote else "",
        order_number=agreement.order_number,
        order_number_not_required=agreement.not_required,
    )
    for position, line in enumerate(quote.lines if quote else ()):
        TakeoverLine.create(
            takeover=takeover,
            product=line.product_id,
            position=position,
            monthly_per_user=line.monthly_per_user,
            monthly_total=line.monthly_total,
        )


def settle_accepted(concern: Concern, monthly: str) -> None:
    transfer = concern.transfer
    transfer.state, transfer.answered_at = "accepted", now()
    transfer.version += 1
    transfer.save()
    concern.tell_releasing("transfer.accepted", as_receiver=True, receiver=transfer.to_name)
    concern.tell_receiving(
        "transfer.takeover_accepted", company=transfer.company, day=formats.day(transfer.day), monthly=monthly
    )
    write_accepted(concern)


def decline(who: Standing, transfer_id: int, version: int, reason: str, portal: str) -> Transfer:
    """Raises NotThere, MayNot, AnsweredAlready, Seen."""
    with transaction():
        transfer = held_unanswered(offered_to(who, transfer_id), version)
        if not may_answer(who, transfer):
            raise MayNot
        refuse(concern_of(who, transfer, portal), reason)
    return transfer


def decline_by_link(token: str, version: int, reason: str, portal: str) -> Transfer:
    """Raises NotThere, AnsweredAlready, Seen."""
    with transaction():
        transfer = held_unanswered(transfer_by_link(token), version)
        refuse(concern_of(ByLink(transfer), transfer, portal), reason)
    return transfer


def refuse(concern: Concern, reason: str) -> None:
    concern.transfer.answered_at = now()
    end(concern, "declined", reason, "transfer.declined")
    write_declined(concern)
