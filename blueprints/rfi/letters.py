"""Letters about an RFI: to the customer's Implementation Lead with a personal link, and to the MSP."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from blueprints.accounts.standing import standing_of
from blueprints.customers.rules import implementation_lead
from blueprints.mailroom.letters import drawn
from blueprints.mailroom.rules import write
from blueprints.partners.waiting import TOLD_BEFORE
from blueprints.rfi.rules import new_link
from data import history
from data.accounts import Grant, Person
from data.attachments import Attachment
from data.customers import Contact, Customer
from data.emails import Email
from data.moments import day_of, now
from data.orders import Order
from data.partners import Partner
from data.rfi import Rfi, RfiLink
from data.roles import Role

SUBJECTS = {
    "rfi_reminder": "{customer}: {partner} still needs your answers",
    "rfi_flagged": "{customer}: please look at some answers again",
    "rfi_reopened": "{customer}: the questions are open again",
    "rfi_handed_in": "{customer}: the RFI is handed in",
    "rfi_closing": "{customer}: the project closes on {day} unless the RFI is handed in",
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


def lead_with_address(customer: Customer) -> Contact | None:
    """The Implementation Lead, if there is one who can be written to."""
    lead = implementation_lead(customer)
    return lead if lead and lead.email else None


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
    """Remind the Implementation Lead, with a new link. Call inside the transaction, and let `once` name the letter."""
    closes_on = closing_day(concern.rfi, concern.partner)
    opened = day_of(concern.rfi.opened_at, concern.partner.timezone)
    link = write_to_lead(concern, "rfi_reminder", lead, once, opened=opened, closes_on=closes_on)
    concern.record("rfi.reminded", email=lead.email)
    return link


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
    told = people_at_msp(concern)
    for number, (name, email) in enumerate(told):
        shown = {"reader": name or concern.partner.name, "partner": concern.partner.name}
        shown |= {"customer": concern.customer.name, "link": f"{concern.portal}/customers/{concern.customer.id}"}
        queue(concern, kind, name, email, f"{once}:{number}", enclosures, {**shown, **facts})
    return [email for _, email in told]


def people_at_msp(concern: Concern) -> list[tuple[str, str]]:
    """Name and address of those who are told what becomes of an RFI.

    Whoever submitted the order, while they may still see the customer, and the MSP's reply-to address; if there is
    neither, the MSP's administrators.
    """
    told = {}
    if seller := seller_of(concern):
        told[seller.email.casefold()] = (seller.name, seller.email)
    if reply_to := concern.partner.reply_to:
        told.setdefault(reply_to.casefold(), ("", reply_to))
    return list(told.values()) or administrators_of(concern.partner)


def seller_of(concern: Concern) -> Person | None:
    found: Person | None = (
        Person.select()
        .join(Order, on=(Order.submitted_by == Person.id))
        .where((Order.id == concern.rfi.order_id) & Person.active)
        .first()
    )
    customer = concern.customer
    if found is None or not standing_of(found).may_for_customer("customers.see", customer.id, customer.partner_id):
        return None
    return found


def administrators_of(partner: Partner) -> list[tuple[str, str]]:
    held = (Grant.partner == partner) & Grant.customer_id.is_null() & (Grant.role == Role.PARTNER_ADMIN)
    query = Person.select().join(Grant, on=(Grant.person == Person.id)).where(held & Person.active)
    return [(person.name, person.email) for person in query.order_by(Person.id)]


def queue(
    concern: Concern,
    kind: str,
    to_name: str,
    to_email: str,
    once: str | None,
    enclosures: tuple[Attachment, ...],
    facts: dict[str, object],
) -> Email:
    subject = SUBJECTS[kind].format(**facts)
    text, html = drawn(kind, subject=subject, **facts)
    return write(
        concern.who,
        kind=kind,
        to_name=to_name,
        to_email=to_email,
        subject=subject,
        text=text,
        html=html,
        partner=concern.partner,
        customer=concern.customer,
        enclosures=enclosures,
        once=once,
    )
