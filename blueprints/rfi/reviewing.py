"""Looking over what was handed in: reading it, flagging answers, opening it again, setting it aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.links import newest_rfi
from blueprints.customers.rules import find_customer, lead_with_address
from blueprints.rfi.letters import Concern, write_to_lead
from blueprints.rfi.reading import ReadAnswer, ReadSection, read_version
from blueprints.rfi.rules import held_rfi
from blueprints.rfi.waiting import open_anew
from blueprints.web.refusals import ChangedMeanwhile, NotThere, Refused
from data.attachments import Attachment
from data.customers import Customer
from data.database import transaction
from data.moments import now
from data.rfi import HandedIn, Rfi, RfiFlag

LIVE = ("in_progress", "complete", "pending_cancellation")  # customers whose RFI may still be worked on
LONGEST_TOLD = 300  # characters of questions in a line of history


class NothingFlagged(Refused):
    sentence = "Write a remark beside at least one answer: it tells whoever answers what to change."


class NothingHandedIn(Refused):
    sentence = "Nothing was handed in that could be flagged."


class OpenAlready(Refused):
    sentence = "This RFI is open to answers already."


class HandedInMeanwhile(Refused):
    sentence = "This RFI was handed in. Open it again first if it does not apply any more."


class NotSetAside(Refused):
    sentence = "This RFI is not set to not applicable."


class ProjectOver(Refused):
    sentence = "This project is over, so its RFI stays as it is."


# --- reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """What was handed in once, in words. `others`: the numbers of all versions, the newest first."""

    customer: Customer
    rfi: Rfi
    kept: HandedIn
    paper: Attachment | None
    sections: tuple[ReadSection, ...]
    others: tuple[int, ...]

    @property
    def newest(self) -> bool:
        return bool(self.kept.number == self.others[0])

    @property
    def answers(self) -> dict[str, ReadAnswer]:
        """By question, in their order."""
        return {answer.id: answer for section in self.sections for answer in section.answers}


@dataclass(frozen=True)
class Review:
    """The newest version and the remarks on it that nobody has answered yet; `version` None: nothing was handed in."""

    customer: Customer
    rfi: Rfi
    version: Version | None
    flags: dict[str, RfiFlag]
    may_flag: bool


def review_of(who: Standing, customer_id: int) -> Review:
    """Raises NotThere, also while no RFI is open."""
    customer = find_customer(who, customer_id)
    rfi = newest_rfi(customer)
    if rfi is None:
        raise NotThere
    version = version_with(customer, rfi)
    may = who.may_for_customer("customers.edit", customer.id, customer.partner_id)
    may_flag = may and version is not None and may_be_flagged(rfi) and customer.status in LIVE
    return Review(customer, rfi, version, open_flags(rfi), may_flag)


def rfi_of(who: Standing, customer_id: int) -> Rfi:
    """The newest RFI of a customer, for a page that changes it. Raises NotThere, MayNot."""
    customer = find_customer(who, customer_id, "customers.edit")
    rfi = newest_rfi(customer)
    if rfi is None:
        raise NotThere
    rfi.customer = customer
    return rfi


def version_of(who: Standing, customer_id: int, number: int) -> Version:
    """One version, beside the one before it. Raises NotThere."""
    customer = find_customer(who, customer_id)
    rfi = newest_rfi(customer)
    version = version_with(customer, rfi, number) if rfi else None
    if version is None:
        raise NotThere
    return version


def version_with(customer: Customer, rfi: Rfi, number: int | None = None) -> Version | None:
    """That version, or the newest; None when there is no such."""
    query = HandedIn.select().where(HandedIn.rfi == rfi).order_by(HandedIn.number.desc())
    versions = {kept.number: kept for kept in query}
    kept = versions.get(max(versions, default=0) if number is None else number)
    if kept is None:
        return None
    sections = read_version(kept, earlier=versions.get(kept.number - 1))
    paper = Attachment.get_or_none(Attachment.id == kept.attachment_id)
    return Version(customer, rfi, kept, paper, sections, tuple(versions))


def open_flags(rfi: Rfi) -> dict[str, RfiFlag]:
    """By question."""
    unsettled = (RfiFlag.rfi == rfi) & RfiFlag.settled_at.is_null()
    return {flag.question: flag for flag in RfiFlag.select().where(unsettled).order_by(RfiFlag.id)}


def may_be_flagged(rfi: Rfi) -> bool:
    return rfi.state in ("complete", "error") and rfi.closed_at is None


# --- flagging -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flagged:
    """How many answers were flagged, and to whom the letter goes; "" when there is nobody to write to."""

    count: int
    email: str


def flag_answers(who: Standing, customer_id: int, version: int, remarks: Mapping[str, str], portal: str) -> Flagged:
    """Flag answers of the newest version; `remarks`: question → comment, empty ones do not count.

    The RFI's state becomes *error*, and the Implementation Lead gets a new link with the questions named. What is
    flagged already keeps its first remark. Raises NotThere, MayNot, ChangedMeanwhile, NothingHandedIn,
    NothingFlagged, ProjectOver.
    """
    with transaction():
        concern = concern_of(who, customer_id, version, portal)
        rfi = concern.rfi
        found = version_with(concern.customer, rfi) if may_be_flagged(rfi) else None
        if found is None:
            raise NothingHandedIn
        flagged = open_flags(rfi)
        anew = {name: answer for name, answer in found.answers.items() if remarks.get(name) and name not in flagged}
        if not anew:
            raise NothingFlagged
        for name in anew:
            RfiFlag.create(rfi=rfi, question=name, comment=remarks[name], at=now(), by_id=who.id, by_name=who.name)
        rfi.state, rfi.reminders = "error", 0  # reminders count from now
        rfi.version += 1
        rfi.save()
        concern.record("rfi.flagged", questions=shortened("; ".join(answer.question.label for answer in anew.values())))
        named = [answer.question.label for name, answer in found.answers.items() if name in flagged or name in anew]
        email = write_with_link(concern, "rfi_flagged", questions=named)
    return Flagged(len(anew), email)


def write_with_link(concern: Concern, kind: str, **facts: Any) -> str:
    """A letter with a new link to the Implementation Lead; the address, or "" when there is none."""
    lead = lead_with_address(concern.customer)
    if lead is None:
        return ""
    write_to_lead(concern, kind, lead, **facts)
    concern.record("rfi.link_sent", email=lead.email)
    return str(lead.email)


def concern_of(who: Standing, customer_id: int, version: int, portal: str = "") -> Concern:
    """The RFI, held, for a change by somebody who saw this version of it. Raises as the changes do."""
    rfi = held_rfi(who, customer_id, "customers.edit")
    customer = find_customer(who, customer_id, "customers.edit")
    if rfi.version != version:
        raise ChangedMeanwhile
    if customer.status not in LIVE or rfi.closed_at is not None:
        raise ProjectOver
    return Concern(who, rfi, customer, customer.partner, portal)


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 1]}…"


# --- opening again, setting aside ---------------------------------------------------------------------


def reopen(who: Standing, customer_id: int, version: int, reason: str, portal: str, *, tell: bool) -> str:
    """Open what was handed in to answers again; what was handed in stays readable.

    `tell`: write to the Implementation Lead, with a new link. Returns the address written to, or "". Raises
    NotThere, MayNot, ChangedMeanwhile, OpenAlready, ProjectOver.
    """
    with transaction():
        concern = concern_of(who, customer_id, version, portal)
        if concern.rfi.state != "complete":
            raise OpenAlready
        open_anew(concern.rfi, reason)
        concern.record("rfi.reopened", reason=reason)
        return write_with_link(concern, "rfi_reopened", reason=reason) if tell else ""


def set_aside(who: Standing, customer_id: int, version: int, reason: str) -> None:
    """Another onboarding application is used: the RFI is not applicable, and nobody is reminded any more.

    Raises NotThere, MayNot, ChangedMeanwhile, HandedInMeanwhile, ProjectOver.
    """
    with transaction():
        concern = concern_of(who, customer_id, version)
        if concern.rfi.state not in ("incomplete", "error"):
            raise HandedInMeanwhile
        concern.rfi.state, concern.rfi.reason = "not_applicable", reason
        concern.rfi.version += 1
        concern.rfi.save()
        concern.record("rfi.not_applicable", reason=reason)


def take_up(who: Standing, customer_id: int, version: int) -> None:
    """The RFI applies after all; it is open, and counts from now.

    Raises NotThere, MayNot, ChangedMeanwhile, NotSetAside, ProjectOver.
    """
    with transaction():
        concern = concern_of(who, customer_id, version)
        if concern.rfi.state != "not_applicable":
            raise NotSetAside
        open_anew(concern.rfi)
        concern.record("rfi.applicable")
