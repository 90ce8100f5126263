"""The releasing side of a partner change: what can move, to whom and when; asking for it, and calling it off.

Each change is one transaction that holds the customer's row first, so pressing twice and two people at once make one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from blueprints.accounts.standing import Standing
from blueprints.cancellations.cases import verdict_on
from blueprints.cancellations.eligibility import Reason, Verdict
from blueprints.customers.rules import find_customer
from blueprints.orders.change_pricing import billing_period
from blueprints.orders.subscription import Subscription, at_hand, in_effect, subscription_in
from blueprints.transfers.codes import partner_with
from blueprints.transfers.finding import (
    CONFIRMING,
    RELEASING,
    Seen,
    held,
    held_by_releasing,
    lines_of,
    offered_to,
    open_transfer,
)
from blueprints.transfers.letters import Concern, new_token, write_ended, write_offer
from blueprints.transfers.pricing import costs_of
from blueprints.web.refusals import MayNot, Refused
from data import formats
from data.customers import Customer
from data.database import transaction
from data.moments import now, today
from data.partners import Partner
from data.terms import Terms, keep_terms, terms_on
from data.transfers import OPEN, Transfer, TransferLine

KIND = "partner_change"
MOST_DAYS = 366
SUGGESTED_AFTER = timedelta(days=7)  # for the others to answer
LONGEST_REASON = 1_000  # characters


class NotMovable(Refused):
    """Not now, or not by this person; the sentence says why and from when."""


class UnderWayAlready(NotMovable):
    sentence = "A partner change of this customer is under way already."


class WrongRequest(Refused):
    """Something of what was asked for cannot be; `field` says what."""


class ToOneself(WrongRequest):
    sentence = "This is the code of the MSP that has the customer now. Ask the receiving MSP for theirs."


class NobodysCode(WrongRequest):
    sentence = "No MSP on this portal has this code. Ask the receiving MSP to read it to you again."


class ReceiverClosed(WrongRequest):
    """The receiving MSP takes nothing over."""


class ReceiverLacksPrice(WrongRequest):
    """The receiving MSP has no contracted price for something that is to move."""


class Over(Refused):
    sentence = "This partner change is over: nothing is left to be called off."


@dataclass(frozen=True)
class Request:
    """What the releasing side asks for. `elsewhere`: the receiving MSP is not on this portal and is named by hand.

    `partner_id`: chosen from a list, which operators alone have; others give a `code`. `terms`: the version that was
    shown and accepted, "" when it was not.
    """

    product_ids: tuple[int, ...]
    day: date
    elsewhere: bool
    terms: str
    code: str = ""
    partner_id: int = 0
    name: str = ""
    contact: str = ""
    email: str = ""
    from_address: str = ""  # IP address


@dataclass(frozen=True)
class Receiver:
    """Who takes over. `partner` None: an MSP elsewhere."""

    partner: Partner | None
    name: str
    contact: str = ""
    email: str = ""


@dataclass(frozen=True)
class Proposal:
    """What a partner change would start from. `day`: suggested; `first`, `last`: the earliest and the latest."""

    customer: Customer
    partner: Partner
    subscription: Subscription
    day: date
    first: date
    last: date
    terms: Terms


# --- asking -------------------------------------------------------------------------------------------


def proposal_for(who: Standing, customer_id: int) -> Proposal:
    """Raises NotThere, MayNot, UnderWayAlready, NotMovable."""
    return propose(who, find_customer(who, customer_id, RELEASING))


def propose(who: Standing, customer: Customer) -> Proposal:
    partner: Partner = customer.partner
    if open_transfer(customer):
        raise UnderWayAlready
    refuse_unless_eligible(verdict_on(who, customer))
    if partner.closed_at is not None and not who.operator:
        raise NotMovable(f"{partner.name} is closed: only the provider’s operators move its customers.")
    orders = at_hand(customer.id)
    for waits in (order for order in orders if order.state == "submitted" and not in_effect(order)):
        on = formats.day(waits.effective_on)
        raise NotMovable(f"Change order {waits.addendum_number} takes effect on {on}. Move the customer after that.")
    subscription = subscription_in(orders, customer, partner)
    if subscription is None:
        raise NotMovable("Nothing was ordered through this portal, so there is no product that could move.")
    day = today(partner.timezone)
    return Proposal(
        customer=customer,
        partner=partner,
        subscription=subscription,
        day=suggested_day(subscription.start, day),
        first=day + timedelta(days=1),
        last=day + timedelta(days=MOST_DAYS),
        terms=terms_on(KIND, day),
    )


def refuse_unless_eligible(verdict: Verdict) -> None:
    """By the rule of cancellations: a partner change is one."""
    if verdict.reason is Reason.PARTNER_CHANGE:
        raise UnderWayAlready
    if not verdict.may:
        raise NotMovable(verdict.sentence)


def suggested_day(start: date, day: date) -> date:
    """The next billing date that leaves the others a week to answer."""
    return billing_period(start, day + SUGGESTED_AFTER - timedelta(days=1)).next_on


def ask(who: Standing, customer_id: int, request: Request, portal: str) -> Transfer:
    """Ask for the change. `portal`: address of the installation, for links in letters.

    Raises NotThere, MayNot, NotMovable, UnderWayAlready, and WrongRequest and its kinds, naming the field.
    """
    with transaction():
        customer = find_customer(who, customer_id, RELEASING, for_update=True)
        proposal = propose(who, customer)
        refuse_unless_whole(proposal, request)
        receiver = receiver_of(who, proposal, request)
        transfer = write_down(who, proposal, request, receiver)
        token = new_token(transfer) if receiver.partner is None else ""
        concern = Concern(who, transfer, customer, proposal.partner, receiver.partner, portal)
        names = ", ".join(line.name for line in lines_of(transfer))
        on = formats.day(transfer.day)
        concern.tell_releasing("transfer.asked", receiver=receiver.name, day=on, products=names)
        concern.tell_receiving("transfer.offered", company=transfer.company, releasing=proposal.partner.name, day=on)
        write_offer(concern, token)
    return transfer


def refuse_unless_whole(proposal: Proposal, request: Request) -> None:
    """Products, day and terms. Raises WrongRequest."""
    if not request.product_ids:
        raise WrongRequest(
            "Choose at least one product that moves. To end all of them, cancel the customer.", "products"
        )
    if not set(request.product_ids) <= set(proposal.subscription.product_ids):
        raise WrongRequest("The customer does not have one of these products (any more). Choose again.", "products")
    if request.day < proposal.first:
        raise WrongRequest(f"The others need time to answer: {formats.day(proposal.first)} or later.", "day")
    if request.day > proposal.last:
        raise WrongRequest(f"At most a year ahead: {formats.day(proposal.last)} or earlier.", "day")
    if not request.terms:
        raise WrongRequest("Accept the terms: without that the change cannot be asked for.", "terms")
    if request.terms != proposal.terms.version:
        raise WrongRequest("The terms have changed since you opened this page. Read and accept them again.", "terms")


def receiver_of(who: Standing, proposal: Proposal, request: Request) -> Receiver:
    if request.elsewhere:
        for field, given in (("to_name", request.name), ("to_contact", request.contact), ("to_email", request.email)):
            if not given:
                raise WrongRequest("The provider needs this to ask the receiving MSP.", field)
        return Receiver(None, request.name, request.contact, request.email)
    field = "partner" if who.operator and not request.code else "code"
    partner = named_partner(who, request)
    if partner is None:
        raise NobodysCode("Choose the receiving MSP." if field == "partner" else "", field)
    if partner.id == proposal.partner.id:
        raise ToOneself("The customer is at this MSP already." if field == "partner" else "", field)
    if partner.closed_at is not None:
        raise ReceiverClosed(f"{partner.name} is closed, so it takes no customer over.", field)
    moving = [line for line in to_lines(proposal, request.product_ids) if line.moves]
    unpriced = costs_of(partner, moving, proposal.subscription.users, request.day).unpriced
    if unpriced:
        names = ", ".join(unpriced)
        raise ReceiverLacksPrice(
            f"{partner.name} has no contracted price for {names} on that day, so it cannot take this over. "
            "Leave it out, or ask them to have it contracted first.",
            "products",
        )
    return Receiver(partner, partner.name)


def named_partner(who: Standing, request: Request) -> Partner | None:
    if who.operator and not request.code:
        found: Partner | None = Partner.get_or_none(Partner.id == request.partner_id)
        return found
    return partner_with(request.code) if request.code else None


def to_lines(proposal: Proposal, product_ids: Sequence[int]) -> list[TransferLine]:
    return [
        TransferLine(
            product=line.product_id, position=line.position, name=line.name, moves=line.product_id in product_ids
        )
        for line in proposal.subscription.lines
    ]


def write_down(who: Standing, proposal: Proposal, request: Request, receiver: Receiver) -> Transfer:
    customer = proposal.customer
    transfer: Transfer = Transfer.create(
        customer=customer,
        partner=proposal.partner,
        to_partner=receiver.partner,
        company=customer.name,
        domain=customer.primary_domain,
        to_name=receiver.name,
        to_contact=receiver.contact,
        to_email=receiver.email,
        day=request.day,
        permitted_users=proposal.subscription.users,
        terms=keep_terms(proposal.terms),
        asked_at=now(),
        asked_by=who.id,
        asked_from=request.from_address,
    )
    for line in to_lines(proposal, request.product_ids):
        line.transfer = transfer
        line.save(force_insert=True)
    return transfer


# --- calling it off -----------------------------------------------------------------------------------


def call_off(who: Standing, customer_id: int, version: int, reason: str, portal: str) -> Transfer:
    """The releasing side calls it off, up to the day. Raises NotThere, MayNot, Seen."""
    with transaction():
        transfer = held_by_releasing(who, customer_id)
        if transfer.version != version:
            raise Seen
        end(concern_of(who, transfer, portal), "called_off", reason, "transfer.called_off")
    return transfer


def stop(who: Standing, transfer_id: int, version: int, reason: str, portal: str) -> Transfer:
    """The provider does not confirm it, or calls it off later. Raises NotThere, MayNot, Over, Seen."""
    if not who.may(CONFIRMING):
        raise MayNot
    with transaction():
        transfer = held(offered_to(who, transfer_id), version)
        if transfer.state not in OPEN:
            raise Over
        end(concern_of(who, transfer, portal), "called_off", reason, "transfer.called_off")
    return transfer


def concern_of(who: object, transfer: Transfer, portal: str) -> Concern:
    """With the customer laid at the transfer."""
    return Concern(who, transfer, transfer.customer, transfer.partner, transfer.to_partner, portal)


def end(concern: Concern, state: str, reason: str, kind: str) -> None:
    """It comes to nothing: both sides are told, with the reason. `kind`: of the line at the releasing MSP."""
    transfer = concern.transfer
    transfer.state, transfer.reason, transfer.ended_at = state, reason, now()
    transfer.token_hash = None
    transfer.version += 1
    transfer.save()
    told = f": {reason}" if reason else ""
    concern.tell_releasing(kind, reason=told)
    concern.tell_receiving("transfer.offer_ended", company=transfer.company, reason=told)
    write_ended(concern)


def accepted_words(transfer: Transfer) -> Terms:
    """The terms as they were accepted."""
    row = transfer.terms
    return Terms(row.kind, row.since, row.text)


def told(transfer: Transfer) -> str:
    """What is said after asking."""
    return f"{transfer.to_name} was asked to take {transfer.company} over on {formats.day(transfer.day)}."
