"""Whose partner change it is: who sees it as the releasing side, and who as the receiving one.

The two never meet in one query. The releasing side comes by its customer; the receiving side by its MSP alone, and what
it gets is an `Offer` (taking_over.py), which has no way to the customer's record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from peewee import Expression

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer, reached_by
from blueprints.web.refusals import ChangedMeanwhile, NotThere
from data import formats
from data.customers import Customer
from data.database import locked
from data.partners import Partner
from data.roles import Role
from data.transfers import IS_OPEN, Transfer, TransferLine

RELEASING = "customers.cancel"
RECEIVING = "orders.submit"
CONFIRMING = "transfers.confirm"
PAGE = 25


class Seen(ChangedMeanwhile):
    sentence = "Something happened to this partner change after you opened the page. Look at it again."


# --- the releasing side -------------------------------------------------------------------------------


def open_transfer(customer: Customer) -> Transfer | None:
    """The one that is under way."""
    ours = (Transfer.customer == customer) & IS_OPEN
    found: Transfer | None = Transfer.select().where(ours).first()
    return found


def held_by_releasing(who: Standing, customer_id: int) -> Transfer:
    """The one under way, with its customer, both held until the transaction ends. Raises NotThere, MayNot."""
    customer = find_customer(who, customer_id, RELEASING, for_update=True)
    found: Transfer | None = locked(Transfer.select().where((Transfer.customer == customer) & IS_OPEN)).first()
    if found is None:
        raise NotThere
    found.customer = customer
    return found


# --- the receiving side -------------------------------------------------------------------------------


def may_receive(who: Standing, transfer: Transfer) -> bool:
    """Whether this person takes customers over for the receiving MSP.

    What they hold over the customer at the releasing MSP gives them nothing here; who is kept from the customer there
    is kept from it here, too.
    """
    if who.operator:
        return True
    kept_away = who.over_customers.get(transfer.customer_id, (0, Role.VIEWER))[1] is Role.NONE
    return transfer.to_partner_id is not None and not kept_away and receives_for(who, transfer.to_partner_id)


def receives_for(who: Standing, partner_id: int) -> bool:
    return who.may_for_partner(RECEIVING, partner_id)


def offered_to(who: Standing, transfer_id: int) -> Transfer:
    """A partner change as the receiving MSP or an operator comes to it. Raises NotThere."""
    found: Transfer | None = Transfer.select().where(Transfer.id == transfer_id).first()
    if found is None or not may_receive(who, found):
        raise NotThere
    return found


def held(transfer: Transfer, version: int) -> Transfer:
    """The same with its customer's row and its own held, as it is now. Raises Seen unless that is what was seen."""
    customer = locked(Customer.select().where(Customer.id == transfer.customer_id)).get()
    found: Transfer = locked(Transfer.select().where(Transfer.id == transfer.id)).get()
    if found.version != version:
        raise Seen
    found.customer = customer
    return found


def lines_of(transfer: Transfer, *, moving: bool = True) -> list[TransferLine]:
    """The products that move, or those that do not."""
    query = TransferLine.select().where((TransferLine.transfer == transfer) & (TransferLine.moves == moving))
    return list(query.order_by(TransferLine.position))


def told_of_ending(transfer: Transfer, ending: Sequence[TransferLine]) -> str:
    """What becomes of products that do not move, in a sentence; "" when all of them do."""
    if not ending:
        return ""
    *others, last = [line.name for line in ending]
    names = f"{', '.join(others)} and {last}" if others else last
    day = formats.day(transfer.day - timedelta(days=1))
    if transfer.state == "moved":
        return f"{names} did not move and ended with {day}."
    return f"{names} {'do' if others else 'does'} not move and {'end' if others else 'ends'} with {day}."


# --- the list -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """A row of the list: what both sides may see. `receives`: whether this person stands on the receiving side."""

    transfer: Transfer
    releasing: str
    receives: bool


@dataclass(frozen=True)
class Page:
    """Newest first. `older`: the key to go on with; None when these are the last."""

    rows: tuple[Listed, ...]
    older: int | None


def transfers_for(who: Standing, before: int = 0) -> Page:
    """The partner changes that concern this person, a page at a time."""
    query = (
        Transfer.select(Transfer, Partner.name)
        .join(Customer, on=(Transfer.customer == Customer.id))
        .switch(Transfer)
        .join(Partner, on=(Transfer.partner == Partner.id), attr="releasing")
        .where(concerning(who))
    )
    if before:
        query = query.where(Transfer.id < before)
    found = list(query.order_by(Transfer.id.desc()).limit(PAGE + 1))
    rows = tuple(Listed(each, each.releasing.name, may_receive(who, each)) for each in found[:PAGE])
    return Page(rows, found[PAGE - 1].id if len(found) > PAGE else None)


def concerning(who: Standing) -> Expression:
    return reached_by(who, RELEASING) | to_answer(who)


def to_answer(who: Standing) -> Expression:
    """Partner changes to the MSPs for which this person takes customers over."""
    if who.operator:
        return Transfer.id > 0
    ours = Transfer.to_partner.in_(who.partners_where(RECEIVING))
    kept_away = [customer for customer, (_, role) in who.over_customers.items() if role is Role.NONE]
    return ours & Transfer.customer.not_in(kept_away) if kept_away else ours


def offers_waiting(who: Standing, most: int) -> Sequence[Transfer]:
    """Those that wait for an answer of this person's MSPs."""
    mine = Transfer.to_partner.in_(who.partners_where(RECEIVING)) & to_answer(who)
    return list(Transfer.select().where(mine & (Transfer.state == "asked")).order_by(Transfer.day).limit(most))


def confirmations_waiting(who: Standing, most: int) -> Sequence[Transfer]:
    """Those that wait for the provider."""
    if not who.may(CONFIRMING):
        return []
    return list(Transfer.select().where(Transfer.state == "accepted").order_by(Transfer.day).limit(most))
