"""Waiting for answers: reminders, telling the MSP, closing the project; and starting it again.

Answers that were flagged are reminded of by the same days, counted from when they were flagged, but they close no
project: it was answered once, and its plan may be under way. Neither does what a change order asks: the service runs.

A clock drives all but the last, through `tend()`: each step is one transaction that first holds the RFI and looks
whether it is still time for it. So a step happens once, whoever asks for it and however often, and a crash between
two of them loses nothing.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from peewee import Expression, IntegrityError

from blueprints.accounts.standing import Standing
from blueprints.customers.links import revoke_links
from blueprints.customers.rules import find_customer, lead_with_address, move_to
from blueprints.customers.sealing import erase_secrets
from blueprints.partners.waiting import TOLD_BEFORE, days_of
from blueprints.rfi.letters import Concern, closing_moment, waits_since, write_reminder, write_to_msp
from blueprints.rfi.rules import ADDS, asks_what_was_added, held_rfi, send_link
from blueprints.web.refusals import ChangedMeanwhile, MayNot, Refused
from data import formats
from data.customers import Customer
from data.database import locked, transaction
from data.emails import Email
from data.history import PORTAL
from data.moments import day_of, now
from data.orders import Order
from data.partners import Partner
from data.plans import Plan
from data.rfi import Rfi

log = logging.getLogger("quayside.rfi")

WAITED_FOR = ("incomplete", "error")


class NotClosed(Refused):
    sentence = "This project is not closed, so there is nothing to start again."


class DomainTakenMeanwhile(Refused):
    sentence = "Another live record has this customer’s domain by now, so the project cannot start again under it."


# --- what the clock asks for --------------------------------------------------------------------------


def tend(portal: str) -> int:
    """Take every step that is due, at all unanswered RFIs; how many were taken. `portal`: address, for the links."""
    return sum(tend_one(rfi_id, portal) for rfi_id in list(unanswered_ids()))


def unanswered_ids() -> Iterator[int]:
    """RFIs that may need something: nothing is due on the first day."""
    query = Rfi.select(Rfi.id).join(Order).switch(Rfi).join(Customer).join(Partner).where(is_waited_for())
    return (rfi.id for rfi in query.where(Rfi.opened_at <= now() - timedelta(days=1)).order_by(Rfi.id))


def is_waited_for() -> Expression:
    """Of RFIs with their orders, customers and partners: the MSP waits for it, or for answers that were flagged.

    Once the customer is complete, only for what a change order asks, at the MSP that took the customer over since, too.
    """
    waits = Rfi.state.in_(WAITED_FOR) & Rfi.closed_at.is_null()
    asked = (Customer.status == "in_progress") | ((Customer.status == "complete") & ADDS)
    return waits & asked & Partner.closed_at.is_null()


def tend_one(rfi_id: int, portal: str) -> int:
    """The steps that are due at one RFI. What goes wrong with it is noted, and keeps no other waiting."""
    taken = 0
    for step in (remind, tell_msp, tell_of_silence, close_project):
        try:
            taken += step(rfi_id, portal)
        except Exception:
            log.exception("RFI %s: could not %s now", rfi_id, step.__name__)
    return taken


def held(rfi_id: int, portal: str, states: Collection[str] = ("incomplete",), *, runs: bool = False) -> Concern | None:
    """The RFI with its rows held until the transaction ends; None when it is in none of these states any more.

    `runs`: also one that a change order opened, of a customer whose service runs: no silence closes that.
    """
    rfi: Rfi | None = locked(Rfi.select().where(Rfi.id == rfi_id)).first()
    if rfi is None or rfi.state not in states or rfi.closed_at is not None:
        return None
    customer = locked(Customer.select().where(Customer.id == rfi.customer_id)).get()
    partner = Partner.get_by_id(customer.partner_id)
    asked = customer.status == "in_progress" or (runs and asks_what_was_added(customer, rfi))
    if not asked or partner.closed_at is not None:
        return None
    return Concern(PORTAL, rfi, customer, partner, portal)


def remind(rfi_id: int, portal: str) -> bool:
    """Write the reminder that is due; of several (the portal was off for days) only the last."""
    with transaction():
        concern = held(rfi_id, portal, WAITED_FOR, runs=True)
        if concern is None:
            return False
        since = waits_since(concern.rfi)
        due = reminders_due(since, concern.partner, now())
        if due <= concern.rfi.reminders:
            return False
        concern.rfi.reminders = due
        concern.rfi.save()
        if lead := lead_with_address(concern.customer):
            write_reminder(concern, lead, once_since(concern.rfi, f"reminder:{due}", since))
        else:
            concern.record("rfi.not_reminded")
    return True


def reminders_due(since: datetime, partner: Partner, at: datetime) -> int:
    """How many reminders should have gone out since the MSP began to wait."""
    return sum(since + timedelta(days=day) <= at for day in days_of(partner.rfi_reminder_days))


def tell_msp(rfi_id: int, portal: str) -> bool:
    """Tell the MSP that the project is going to be closed."""
    with transaction():
        concern = held(rfi_id, portal)
        if concern is None or concern.rfi.closing_told_at is not None:
            return False
        closes_at = closing_moment(concern.rfi, concern.partner)
        if closes_at is None or now() < closes_at - timedelta(days=TOLD_BEFORE):
            return False
        concern.rfi.closing_told_at = now()
        concern.rfi.save()
        day = formats.day(day_of(closes_at, concern.partner.timezone))
        facts = {"day": day, "opened": opened_on(concern), "reminders": concern.rfi.reminders}
        write_to_msp(concern, "rfi_closing", once_since(concern.rfi, "closing"), **facts)
        concern.record("rfi.closing_told", day=day)
    return True


def tell_of_silence(rfi_id: int, portal: str) -> bool:
    """Tell the MSP once that nobody corrected what was flagged, or answered what a change order asks, though all
    reminders went out: theirs to call.
    """
    with transaction():
        concern = held(rfi_id, portal, WAITED_FOR, runs=True)
        if concern is None or (concern.rfi.state == "incomplete" and concern.customer.status == "in_progress"):
            return False
        since, days = waits_since(concern.rfi), days_of(concern.partner.rfi_reminder_days)
        once = once_since(concern.rfi, "silent", since)
        if not days or now() < since + timedelta(days=days[-1] + TOLD_BEFORE) or is_written(once):
            return False
        facts = {"since": day_of(since, concern.partner.timezone), "reminders": concern.rfi.reminders}
        facts["flagged"] = concern.rfi.state == "error"
        facts["waited_for"] = "flagged answers" if facts["flagged"] else "answers about what was added"
        told = write_to_msp(concern, "rfi_silent", once, **facts)
        if told:
            concern.record("rfi.silence_told" if facts["flagged"] else "rfi.change_silence_told")
    return bool(told)


def is_written(once: str) -> bool:
    """Whether the letter to the MSP that is named so was written; its first copy stands for all."""
    return Email.select().where(Email.once == f"{once}:0").exists()


def close_project(rfi_id: int, portal: str) -> bool:
    """Nobody answered: close the project. Only after the MSP was told, and had some days to act."""
    with transaction():
        concern = held(rfi_id, portal)
        if concern is None or concern.rfi.closing_told_at is None:
            return False
        closes_at = closing_moment(concern.rfi, concern.partner)
        if closes_at is None or now() < closes_at:
            return False
        rfi, customer, days = concern.rfi, concern.customer, concern.partner.rfi_close_days
        rfi.closed_at = now()
        rfi.version += 1
        rfi.save()
        revoke_links(rfi)
        Plan.update(state="closed", version=Plan.version + 1).where(Plan.order == rfi.order_id).execute()
        concern.record("rfi.closed", days=days)
        erase_secrets(PORTAL, customer)
        move_to(customer, "closed", PORTAL)
        write_to_msp(concern, "rfi_closed", once_since(rfi, "closed"), days=days, opened=opened_on(concern))
    return True


def opened_on(concern: Concern) -> object:
    """The day the RFI was opened, where the MSP is."""
    return day_of(concern.rfi.opened_at, concern.partner.timezone)


def once_since(rfi: Rfi, what: str, since: datetime | None = None) -> str:
    """Names a letter that is written once each time the RFI is opened, or flagged."""
    return f"rfi_{what}:{rfi.id}:{since or rfi.opened_at:%Y%m%d%H%M%S}"


# --- starting again -----------------------------------------------------------------------------------


def restart_project(who: Standing, customer_id: int, version: int, portal: str) -> Customer:
    """Take a closed project up again: the customer is in progress, the RFI open, its counting begins anew.

    Raises MayNot (operators only), NotThere, NotClosed, ChangedMeanwhile, DomainTakenMeanwhile.
    """
    if not who.may("rfi.restart"):
        raise MayNot
    try:
        with transaction():
            rfi = held_rfi(who, customer_id)
            customer = find_customer(who, customer_id, for_update=True)
            if customer.status != "closed":
                raise NotClosed
            if rfi.version != version:
                raise ChangedMeanwhile
            refuse_taken_domain(customer)
            open_anew(rfi)
            Plan.update(state="open", version=Plan.version + 1).where(Plan.order == rfi.order_id).execute()
            concern = Concern(who, rfi, customer, customer.partner, portal)
            concern.record("rfi.restarted")
            move_to(customer, "in_progress", who)
            if lead := lead_with_address(customer):
                send_link(who, rfi, customer, customer.partner, lead, portal)
                concern.record("rfi.link_sent", email=lead.email)
    except IntegrityError:  # it was taken this very moment
        raise DomainTakenMeanwhile from None
    return customer


def refuse_taken_domain(customer: Customer) -> None:
    """A domain is on one live record of the installation only."""
    live = (Customer.primary_domain == customer.primary_domain) & (Customer.shelf != "past")
    if Customer.select().where(live).exists():
        raise DomainTakenMeanwhile


def open_anew(rfi: Rfi, reason: str = "") -> None:
    """Open it to answers, as on the first day: reminders and the closing count from now."""
    rfi.state, rfi.reason = "incomplete", reason
    rfi.opened_at, rfi.reminders = now(), 0
    rfi.closing_told_at = rfi.closed_at = None
    rfi.version += 1
    rfi.save()
