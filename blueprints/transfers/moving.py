"""The day of a partner change: one transaction, by the calendar of the releasing MSP, or nothing.

The releasing MSP's record keeps its id and everything that hangs on it; it is only marked as transferred. What goes
along is written anew under a record of the receiving MSP's own (carrying.py). So nobody has to find and hide what is
private: what is not written there, the receiving MSP cannot reach.
"""

import logging
from datetime import date, timedelta

from peewee import ModelSelect

from blueprints.cancellations.ending import EARLIEST_ZONE, end_links, end_roles, end_work
from blueprints.console.delegating import end_access
from blueprints.customers.rules import lead_with_address, move_to
from blueprints.customers.sealing import erase_secrets
from blueprints.monitors.rules import stop_watching
from blueprints.orders.subscription import at_hand, subscription_in
from blueprints.transfers.carrying import take_over
from blueprints.transfers.finding import lines_of
from blueprints.transfers.letters import Concern, write_moved
from blueprints.transfers.rules import concern_of, end
from data import formats
from data.customers import Contact, Customer
from data.database import locked, transaction
from data.history import PORTAL
from data.moments import day_of, now
from data.orders import Order
from data.transfers import IS_OPEN, OPEN, Transfer, TransferLine

AT_ONCE = 200
NOT_IN_TIME = {
    "asked": "the receiving side had not answered when the day was over",
    "accepted": "the provider had not confirmed it when the day was over",
}

log = logging.getLogger("quayside.transfers")


def move_due(portal: str) -> int:
    """Take every partner change whose day has come a step on; how many moved or lapsed. `portal`: for links."""
    done, place = 0, (date.min, 0)
    while found := due_after(place):
        for transfer_id, day in found:
            place = (day, transfer_id)
            try:
                done += settle(transfer_id, portal)
            except Exception:
                log.exception("partner change %s could not be taken on now", transfer_id)
        if len(found) < AT_ONCE:
            break
    return done


def due_after(place: tuple[date, int]) -> list[tuple[int, date]]:
    """The next ones whose day has come somewhere on earth: id and day."""
    return [(row.id, row.day) for row in due_query(*place)]


def due_query(last: date, after: int) -> ModelSelect:
    """Along an index of those that are under way, so it takes as long as there are due ones."""
    begun = IS_OPEN & (Transfer.day <= day_of(now(), EARLIEST_ZONE))
    further = (Transfer.day > last) | ((Transfer.day == last) & (Transfer.id > after))
    query = Transfer.select(Transfer.id, Transfer.day).where(begun & further)
    return query.order_by(Transfer.day, Transfer.id).limit(AT_ONCE)


def settle(transfer_id: int, portal: str) -> bool:
    """Move the customer if it is time, or let the change lapse that was not agreed to in time. Again: does nothing."""
    with transaction():
        named = Transfer.get_by_id(transfer_id)
        customer = locked(Customer.select().where(Customer.id == named.customer_id)).get()
        transfer = locked(Transfer.select().where(Transfer.id == transfer_id)).get()
        transfer.customer = customer
        day = day_of(now(), transfer.partner.timezone)
        if transfer.state not in OPEN or day < transfer.day:
            return False
        concern = concern_of(PORTAL, transfer, portal)
        if transfer.state != "confirmed":
            if day == transfer.day:
                return False
            lapse(concern, NOT_IN_TIME[transfer.state])
        elif reason := why_not(transfer, customer):
            lapse(concern, reason)
        else:
            move(concern)
    return True


def lapse(concern: Concern, reason: str) -> None:
    end(concern, "lapsed", reason, "transfer.lapsed")


def why_not(transfer: Transfer, customer: Customer) -> str:
    """Why what both sides agreed to cannot happen any more; "" when it can."""
    if customer.status != "complete":
        return f"the customer is {customer.status.replace('_', ' ')} by now"
    if transfer.to_partner_id is not None and transfer.to_partner.closed_at is not None:
        return f"{transfer.to_name} is closed"
    subscription = subscription_in(at_hand(customer.id), customer, transfer.partner)
    lines = {line.product_id for line in TransferLine.select().where(TransferLine.transfer == transfer)}
    if subscription is None or set(subscription.product_ids) != lines or subscription.users != transfer.permitted_users:
        return "products or permitted users are not what was agreed on"
    return ""


def move(concern: Concern) -> None:
    """Everything of it. The old record is past before the new one is made: a domain is on one live record only."""
    transfer, old = concern.transfer, concern.customer
    lead = lead_with_address(old)
    end_links(concern)
    end_access(PORTAL, old)
    end_roles(concern)
    drop_draft(concern)
    names = ", ".join(line.name for line in lines_of(transfer))
    concern.record("transfer.moved", receiver=transfer.to_name, products=names)
    if ended := lines_of(transfer, moving=False):
        last = formats.day(transfer.day - timedelta(days=1))
        concern.record("transfer.ended", day=last, products=", ".join(line.name for line in ended))
    move_to(old, "transferred", PORTAL)
    transfer.state, transfer.ended_at = "moved", now()
    transfer.token_hash = None
    transfer.version += 1
    if concern.receiving is not None:
        transfer.taken_over_as = take_over(concern, lead)
    transfer.save()
    end_work(old)
    stop_watching(PORTAL, old)
    erase_secrets(PORTAL, old)
    Contact.delete().where(Contact.customer == old).execute()
    write_moved(concern)


def drop_draft(concern: Concern) -> None:
    """A draft that somebody began meanwhile is no order, and the record that stays takes none."""
    for draft in Order.select().where((Order.customer == concern.customer) & (Order.state == "draft")):
        draft.delete_instance()
        concern.record("order.dropped")
