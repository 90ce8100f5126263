"""Letters about an RFI: to the customer's Implementation Lead with a personal link, and to the MSP."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from blueprints.customers.at_msp import people_at_msp
from blueprints.customers.links import new_link
from blueprints.mailroom.rules import write_drawn
from blueprints.partners.waiting import TOLD_BEFORE
from blueprints.rfi.filling import filled
from data import history
from data.attachments import Attachment
from data.customers import Contact, Customer
from data.emails import Email
from data.moments import day_of, now
from data.partners import Partner
from data.rfi import Rfi, RfiFlag, RfiLink

MOST_NAMED = 5  # questions that a letter names

SUBJECTS = {
    "rfi_reminder": "{customer}: {partner} still needs your answers",
    "rfi_flagged": "{customer}: please look at some answers again",
    "rfi_for_change": "{customer}: a few more questions, about {products}",
    "rfi_reopened": "{customer}: the questions are open again",
    "rfi_handed_in": "{customer}: the RFI is handed in",
    "rfi_closing": "{customer}: the project closes on {day} unless the RFI is handed in",
    "rfi_silent": "{customer}: {waited_for} are still waited for",
    "rfi_closed": "{customer}: the project is closed",
}


@dataclass(frozen=True)
class Concern:
    """What a letter is about. `portal` is the address of the installation, for links."""

    who: Any  # has .id and .name
    rfi: Rfi
    customer: Customer
    partner: Partner
    portal: str

    def record(self, kind: str, **facts: object) -> None:
        history.record(kind, self.who, partner=self.partner.id, customer=self.customer.id, **facts)


# --- to the customer ----------------------------------------------------------------------------------


def write_to_lead(concern: Concern, kind: str, lead: Contact, once: str | None = None, **facts: Any) -> RfiLink:
    """Queue a letter of this kind with a new personal link; the earlier ones keep opening."""
    link, address = new_link(concern.rfi, lead, concern.portal)
    shown = {
        "reader": lead.full_name or lead.email,
        "partner": concern.partner.name,
        "customer": concern.customer.name,
        "link": address,
        "until": day_of(link.expires_at, concern.partner.timezone),
    }
    queue(concern, kind, lead.full_name, lead.email, once, (), {**shown, **facts})
    return link


def write_reminder(concern: Concern, lead: Contact, once: str | None = None) -> RfiLink:
    """Remind the Implementation Lead, with a new link. Call inside the transaction, and let `once` name the letter.

    It names what is still to be answered by the labels of the questions: no answer and no remark stands in a letter.
    """
    flagged = concern.rfi.state == "error"
    closes = not flagged and concern.customer.status == "in_progress"
    facts = {
        "flagged": flagged,
        "opened": day_of(waits_since(concern.rfi), concern.partner.timezone),
        "closes_on": closing_day(concern.rfi, concern.partner) if closes else None,
        "missing": labels_missing(concern.rfi),
        "most": MOST_NAMED,
    }
    link = write_to_lead(concern, "rfi_reminder", lead, once, **facts)
    concern.record("rfi.reminded", email=lead.email)
    return link


def waits_since(rfi: Rfi) -> datetime:
    """From when on the MSP waits: since answers were flagged last, otherwise since it was opened."""
    flagged = (RfiFlag.rfi == rfi.id) & RfiFlag.settled_at.is_null()
    newest = RfiFlag.select(RfiFlag.at).where(flagged).order_by(RfiFlag.at.desc()).first()
    return newest.at if newest and rfi.state == "error" else rfi.opened_at


def labels_missing(rfi: Rfi) -> list[str]:
    """The questions whose answers are flagged, then those that stand in the way of handing in; in their order."""
    waited_for = [entry for entry in filled(rfi).entries if entry.flag or entry.checked.problems]
    return [entry.question.label for entry in sorted(waited_for, key=lambda entry: entry.flag is None)]


def closing_moment(rfi: Rfi, partner: Partner) -> datetime | None:
    """When an RFI that nobody answers closes its project; None: never. The MSP is told days before, even if late."""
    if not partner.rfi_close_days:
        return None
    after_telling = (rfi.closing_told_at or now()) + timedelta(days=TOLD_BEFORE)
    return max(rfi.opened_at + timedelta(days=partner.rfi_close_days), after_telling)


def closing_day(rfi: Rfi, partner: Partner) -> date | None:
    """The same as a day of the MSP."""
    closes_at = closing_moment(rfi, partner)
    return day_of(closes_at, partner.timezone) if closes_at else None


# --- to the MSP ---------------------------------------------------------------------------------------


def write_to_msp(
    concern: Concern, kind: str, once: str, enclosures: tuple[Attachment, ...] = (), **facts: object
) -> list[str]:
    """Queue the letter for everybody at the MSP who is told; their addresses. `once` names it, for each of them."""
    told = people_at_msp(concern.customer, concern.partner, concern.rfi.order_id)
    for number, (name, email) in enumerate(told):
        shown = {"reader": name or concern.partner.name, "partner": concern.partner.name}
        shown |= {"customer": concern.customer.name, "link": f"{concern.portal}/customers/{concern.customer.id}"}
        queue(concern, kind, name, email, f"{once}:{number}", enclosures, {**shown, **facts})
    return [email for _, email in told]


def queue(
    concern: Concern,
    kind: str,
    to_name: str,
    to_email: str,
    once: str | None,
    enclosures: tuple[Attachment, ...],
    facts: dict[str, object],
) -> Email:
    return write_drawn(
        concern.who,
        kind,
        (to_name, to_email),
        SUBJECTS[kind].format(**facts),
        facts,
        partner=concern.partner,
        customer=concern.customer,
        enclosures=enclosures,
        once=once,
    )
