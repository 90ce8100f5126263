"""Who may cancel a customer, from which day on, and until when the service then runs.

Pure: dates, a status and a role in, a verdict with its sentence out; no records, no clock, no web. Days are days in the
MSP's zone. The months follow the vendor's article on cancellation: after eleven months of subscription a cancellation
may be asked for; within the twelve months of the commitment the service runs until the commitment ends, later the
process starts at once, so that the day of the request is the last one.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from data.formats import day
from data.roles import PERMISSIONS, Role

PERMISSION = "customers.cancel"
WAIT = relativedelta(months=11)


class Reason(StrEnum):
    """Why a customer may not be cancelled; NONE when they may."""

    NONE = ""
    ROLE = "role"
    STATUS = "status"
    PENDING = "pending"
    NO_START = "no_start"
    TOO_EARLY = "too_early"
    DRAFT_ORDER = "draft_order"
    PARTNER_CHANGE = "partner_change"


class Hindrance(StrEnum):
    """What is under way at a customer that must be brought to an end first."""

    NONE = ""
    DRAFT_ORDER = Reason.DRAFT_ORDER
    PARTNER_CHANGE = Reason.PARTNER_CHANGE


NOT_COMPLETE = {
    "prospect": "This is a prospect: nothing was ordered, so there is nothing to cancel.",
    "in_progress": "Onboarding is not finished. A customer can be cancelled once it is complete.",
    "cancelled": "This customer is cancelled already.",
    "transferred": "This customer has moved to another MSP.",
    "closed": "The project is closed, so no service is running.",
    "archived": "This prospect is archived: nothing was ordered.",
}
UNDER_WAY = {
    Hindrance.DRAFT_ORDER: "An order for this customer is in draft. Submit it or drop it first.",
    Hindrance.PARTNER_CHANGE: "A partner change is under way. It ends, or is called off, first.",
}


@dataclass(frozen=True)
class Case:
    """What the verdict on one customer is drawn from.

    `commitment_ends`: the last day of the commitment, itself included. `service_ends`: of a cancellation that is
    pending already, its last day.
    """

    status: str
    role: Role
    subscription_start: date | None = None
    commitment_ends: date | None = None
    hindrance: Hindrance = Hindrance.NONE
    service_ends: date | None = None


@dataclass(frozen=True)
class Verdict:
    """May, or may not and why.

    `sentence`: for the person, either way. `from_day`: the first day on which it may be done, where a day is what is
    missing. `ends`: the last day of service, if it is asked for today.
    """

    may: bool
    reason: Reason
    sentence: str
    from_day: date | None = None
    ends: date | None = None


@lru_cache(maxsize=16_384)  # a list asks the same about most of its rows
def judge(case: Case, today: date) -> Verdict:
    """Whether the customer may be cancelled, or moved to another MSP, on this day of the MSP's calendar."""
    if case.status == "pending_cancellation":
        until = f": the service ends on {day(case.service_ends)}" if case.service_ends else ""
        return refusal(Reason.PENDING, f"The cancellation is pending{until}.")
    if case.status != "complete":
        return refusal(Reason.STATUS, NOT_COMPLETE[case.status])
    if PERMISSION not in PERMISSIONS[case.role]:
        return refusal(Reason.ROLE, f"Your role here is {case.role.label}. An administrator of the MSP can cancel.")
    if case.subscription_start is None or case.commitment_ends is None:
        return refusal(Reason.NO_START, "The record has no start of the subscription. The provider's operator sets it.")
    opens = opens_on(case.subscription_start)
    if today < opens:
        began = day(case.subscription_start)
        sentence = f"The subscription began on {began}. It can be cancelled from {day(opens)}, eleven months later."
        return Verdict(False, Reason.TOO_EARLY, sentence, from_day=opens)
    if case.hindrance:
        return refusal(Reason(case.hindrance), UNDER_WAY[case.hindrance])
    ends = last_day_of_service(case.commitment_ends, today)
    return Verdict(True, Reason.NONE, ends_in_words(case.commitment_ends, today), from_day=opens, ends=ends)


def refusal(reason: Reason, sentence: str) -> Verdict:
    return Verdict(False, reason, sentence)


def opens_on(subscription_start: date) -> date:
    """Eleven calendar months later, or the last day of a month that is shorter: 31 Mar 2026 → 28 Feb 2027."""
    return subscription_start + WAIT


def last_day_of_service(commitment_ends: date, asked_on: date) -> date:
    """The end of the commitment; once that is past, the day on which the cancellation is asked for."""
    return max(commitment_ends, asked_on)


def ends_in_words(commitment_ends: date, today: date) -> str:
    if today > commitment_ends:
        return f"The commitment ended on {day(commitment_ends)}, so the service ends at the end of today, {day(today)}."
    return f"The service runs until the commitment ends, at the end of {day(commitment_ends)}."


def end_of_day(last: date, zone: str) -> datetime:
    """The moment, in UTC, at which a calendar day is over in an IANA zone: when the next one begins there.

    Where clocks are put forward at midnight, the next day begins at one; where they are put back, it begins once.
    """
    return datetime.combine(last + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)
