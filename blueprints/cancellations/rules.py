"""Asking for the end of a service, and withdrawing that; the provider's part of it.

Each is one transaction that holds the customer's row first, so pressing twice and two people at once make one.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from blueprints.accounts.standing import Standing
from blueprints.cancellations.cases import cancellation_of, pending_of, verdict_on
from blueprints.cancellations.eligibility import PERMISSION, Reason, Verdict
from blueprints.customers.rules import find_customer, move_to
from blueprints.web.refusals import ChangedMeanwhile, MayNot, Refused
from data import formats, history
from data.cancellations import EXPORT_DAYS, Cancellation
from data.customers import Customer
from data.database import transaction
from data.moments import day_of, now, today
from data.partners import Partner
from data.terms import Terms, keep_terms, terms_on

KIND = "cancellation"


class NotCancellable(Refused):
    """Not now, or not by this person; the verdict says why and from when."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.sentence)
        self.verdict = verdict


class AlreadyPending(NotCancellable):
    """It was asked for before."""


class NotAccepted(Refused):
    sentence = "Accept the terms of cancellation; without that nothing can be cancelled."


class NothingPending(Refused):
    sentence = "No cancellation of this customer is pending (any more)."


class InProcess(Refused):
    sentence = (
        "The provider has begun to process this cancellation. Only the provider can still withdraw it: write to them."
    )


class ServiceEnded(Refused):
    sentence = "The last day of service is over, so the cancellation can no longer be withdrawn."


class NothingToOpen(Refused):
    sentence = "There is no export of this customer that has run out."


class AlreadyDone(Refused):
    sentence = "Somebody noted this already."


@dataclass(frozen=True)
class Request:
    """What somebody confirmed on the cancel page.

    `terms` and `ends`: version of the terms and last day of service (ISO 8601) that the page showed; what became
    something else meanwhile is shown before it is agreed to.
    """

    export: bool
    accepted: bool
    terms: str
    ends: str
    from_address: str  # IP address


def current_terms(customer: Customer) -> Terms:
    """The terms that count today, where the MSP is."""
    return terms_on(KIND, today(customer.partner.timezone))


def request_cancellation(who: Standing, customer_id: int, request: Request, portal: str) -> Cancellation:
    """Ask for the end of all services. `portal`: address of the installation, for links in letters.

    Raises NotThere, MayNot, AlreadyPending, NotCancellable, NotAccepted, ChangedMeanwhile.
    """
    from blueprints.cancellations.letters import Concern, write_requested  # noqa: PLC0415 - a rare press
    from blueprints.cancellations.paper import file_confirmation  # noqa: PLC0415 - as above

    with transaction():
        customer = find_customer(who, customer_id, PERMISSION, for_update=True)
        ends = refuse_unless_cancellable(who, customer)
        terms = current_terms(customer)
        if not request.accepted:
            raise NotAccepted(field="accepted")
        if (request.terms, request.ends) != (terms.version, ends.isoformat()):
            raise ChangedMeanwhile(
                "The terms or the last day of service changed since you opened this page. Look at them again."
            )
        cancellation = Cancellation.create(
            customer=customer,
            partner=customer.partner_id,
            export=request.export,
            terms=keep_terms(terms),
            commitment_ends=customer.commitment_ends,
            ends_on=ends,
            asked_at=now(),
            asked_by=who.id,
            asked_from=request.from_address,
        )
        concern = Concern(who, customer, customer.partner, cancellation, portal)
        concern.record(
            "cancellation.requested",
            ends=formats.day(ends),
            export="with data export" if request.export else "without data export",
        )
        move_to(customer, "pending_cancellation", who)
        write_requested(concern, file_confirmation(who, concern, terms))
    return cancellation


def told(cancellation: Cancellation) -> str:
    """What is said after it was asked for."""
    said = f"The cancellation is asked for. The service ends on {formats.day(cancellation.ends_on)}."
    return f"{said} The provider sends a quote for the data export." if cancellation.export else said


def refuse_unless_cancellable(who: Standing, customer: Customer) -> date:
    """The last day of service, if it is asked for now. Raises AlreadyPending, NotCancellable."""
    verdict = verdict_on(who, customer)
    if verdict.reason is Reason.PENDING:
        raise AlreadyPending(verdict)
    if verdict.ends is None:
        raise NotCancellable(verdict)
    return verdict.ends


# --- withdrawing --------------------------------------------------------------------------------------


def why_not_withdrawn(who: Standing, cancellation: Cancellation) -> Refused | None:
    """Why this person cannot withdraw it now; None if they can."""
    if today(cancellation.partner.timezone) > cancellation.ends_on:
        return ServiceEnded()
    if cancellation.processed_at is not None and not who.may("cancellations.process"):
        return InProcess()
    return None


def withdraw(who: Standing, customer_id: int, version: int, reason: str, portal: str) -> Cancellation:
    """Go on with the service as if nothing had been asked for.

    Raises NotThere, MayNot, NothingPending, ServiceEnded, InProcess, ChangedMeanwhile.
    """
    from blueprints.cancellations.letters import Concern, write_withdrawn  # noqa: PLC0415 - as above

    with transaction():
        customer = find_customer(who, customer_id, PERMISSION, for_update=True)
        cancellation = pending_of(customer)
        if cancellation is None:
            raise NothingPending
        if refusal := why_not_withdrawn(who, cancellation):
            raise refusal
        seen(cancellation, version)
        cancellation.state, cancellation.reason = "withdrawn", reason
        cancellation.withdrawn_at, cancellation.withdrawn_by = now(), who.id
        cancellation.version += 1
        cancellation.save()
        concern = Concern(who, customer, cancellation.partner, cancellation, portal)
        concern.record("cancellation.withdrawn", reason=reason)
        move_to(customer, "complete", who)
        write_withdrawn(concern)
    return cancellation


def seen(cancellation: Cancellation, version: int) -> None:
    if cancellation.version != version:
        raise ChangedMeanwhile("Something happened to this cancellation after you opened the page. Look at it again.")


# --- the provider's part ------------------------------------------------------------------------------


def take_up(who: Standing, customer_id: int, version: int) -> Cancellation:
    """The provider begins to process it: from now on the MSP can no longer withdraw it."""
    with transaction():
        cancellation = held_by_provider(who, customer_id)
        if cancellation.processed_at is not None:
            raise AlreadyDone
        seen(cancellation, version)
        cancellation.processed_at, cancellation.processed_by = now(), who.id
        keep(who, cancellation, "cancellation.processed")
    return cancellation


def note_quote(who: Standing, customer_id: int, version: int) -> Cancellation:
    """The provider has sent the quote for the data export."""
    with transaction():
        cancellation = held_by_provider(who, customer_id)
        if cancellation.quoted_at is not None or not cancellation.export:
            raise AlreadyDone
        seen(cancellation, version)
        cancellation.quoted_at, cancellation.quoted_by = now(), who.id
        keep(who, cancellation, "cancellation.export_quoted")
    return cancellation


def open_export_again(who: Standing, customer_id: int, version: int) -> Cancellation:
    """The export of an ended service can be taken again, as long as after its end."""
    with transaction():
        customer = hold_for_provider(who, customer_id)
        cancellation = cancellation_of(customer)
        if cancellation is None or cancellation.state != "ended" or not cancellation.export:
            raise NothingToOpen
        seen(cancellation, version)
        cancellation.export_until = now() + timedelta(days=EXPORT_DAYS)
        keep(who, cancellation, "cancellation.export_opened", until=formats.day(day_of_export(cancellation)))
    return cancellation


def day_of_export(cancellation: Cancellation) -> date:
    """The day on which it runs out, where the MSP is."""
    return day_of(cancellation.export_until, cancellation.partner.timezone)


def hold_for_provider(who: Standing, customer_id: int) -> Customer:
    if not who.may("cancellations.process"):
        raise MayNot
    return find_customer(who, customer_id, for_update=True)


def held_by_provider(who: Standing, customer_id: int) -> Cancellation:
    cancellation = pending_of(hold_for_provider(who, customer_id))
    if cancellation is None:
        raise NothingPending
    return cancellation


def keep(who: Standing, cancellation: Cancellation, kind: str, **facts: object) -> None:
    cancellation.version += 1
    cancellation.save()
    history.record(kind, who, partner=cancellation.partner_id, customer=cancellation.customer_id, **facts)


# --- the list of what there is to do ------------------------------------------------------------------

PAGE = 25


@dataclass(frozen=True)
class Pending:
    """Some of the cancellations that are pending, those that end first; `after`: where to go on, "" at the end."""

    rows: tuple[Cancellation, ...]
    after: str


def pending_from(place: str) -> Pending:
    """Those after a place, which is the last day and id of a row: “2027-11-03.17”. For the provider only."""
    day_text, _, id_text = place.partition(".")
    query = (
        Cancellation.select(Cancellation, Customer.id, Customer.name, Partner.id, Partner.name, Partner.timezone)
        .join(Customer)
        .switch(Cancellation)
        .join(Partner)
        .where(Cancellation.state == "pending")
        .order_by(Cancellation.ends_on, Cancellation.id)
    )
    if last := day_in(day_text):
        after = int(id_text) if id_text.isascii() and id_text.isdigit() and len(id_text) < 16 else 0
        same = (Cancellation.ends_on == last) & (Cancellation.id > after)
        query = query.where((Cancellation.ends_on > last) | same)
    rows = list(query.limit(PAGE + 1))
    further = len(rows) > PAGE
    return Pending(tuple(rows[:PAGE]), f"{rows[PAGE - 1].ends_on}.{rows[PAGE - 1].id}" if further else "")


def left_to_do(most: int) -> int:
    """How many of them the provider has still to quote or to process; counted no further than `most`."""
    open_ones = Cancellation.processed_at.is_null() | (Cancellation.export & Cancellation.quoted_at.is_null())
    query = Cancellation.select(Cancellation.id).where((Cancellation.state == "pending") & open_ones)
    count: int = query.limit(most).count()
    return count


def day_in(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
