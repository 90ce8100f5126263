"""The Implementation Lead of a customer: exactly one, who is written to, and whose personal links open what is theirs.

Another lead in place of the one before, or another address of the same, ends the personal links that still open: they
went to the address before. A letter brings a new one.
"""

from typing import Any

from blueprints.customers.contacts import ContactEntry, as_entry, values_of
from blueprints.customers.links import new_link, newest_rfi, revoke_links
from blueprints.customers.rules import implementation_lead
from blueprints.mailroom.rules import NoAddress, write_drawn
from data import history
from data.customers import Contact, Customer
from data.moments import day_of, now
from data.rfi import Rfi, RfiLink

LEAD, OTHER = "implementation_lead", "other"
NEEDS_ADDRESS = "The Implementation Lead needs an email address."


class NoLead(NoAddress):
    """Nobody at the customer can be written to. Carries the customer, on whose contacts it can be mended."""

    sentence = "This customer has no Implementation Lead with an email address. Add one first."

    def __init__(self, customer: Customer) -> None:
        super().__init__()
        self.customer = customer


def replace_lead(who: Any, customer: Customer, entry: ContactEntry, portal: str) -> Contact | None:
    """Put the new lead in place, and write to them. Call inside the transaction; None when nobody changes.

    `entry`: a contact there is, by its id, or somebody new. The lead before stays a contact.
    """
    before = implementation_lead(customer)
    if before is not None and before.id == entry.id:
        return None
    if before is not None:
        before.kind = OTHER
        before.save()
    lead = kept_lead(customer, entry)
    customer.changed_at, customer.version = now(), customer.version + 1
    customer.save(only=[Customer.changed_at, Customer.version])
    was = as_entry(before).addressed if before else "nobody"
    facts = {"partner": customer.partner_id, "customer": customer.id}
    history.record("customer.lead_changed", who, **facts, before=was, after=as_entry(lead).addressed)
    hand_over(who, customer, lead, portal)
    return lead


def kept_lead(customer: Customer, entry: ContactEntry) -> Contact:
    if entry.id:
        lead: Contact = Contact.get((Contact.id == entry.id) & (Contact.customer == customer))
        lead.kind = LEAD
        lead.save()
        return lead
    return Contact.create(customer=customer, kind=LEAD, **values_of(entry))


def hand_over(who: Any, customer: Customer, lead: Contact, portal: str) -> None:
    """End the links that still open, and write to the lead. Call inside the transaction."""
    rfi = newest_rfi(customer)
    if rfi is not None:
        end_links(who, customer, rfi)
    write_to_lead(who, customer, lead, rfi, portal)


def end_links(who: Any, customer: Customer, rfi: Rfi) -> None:
    opening = (RfiLink.rfi == rfi) & RfiLink.revoked_at.is_null() & (RfiLink.expires_at > now())
    emails = sorted({link.email for link in RfiLink.select(RfiLink.email).where(opening)})
    revoke_links(rfi)
    for email in emails:
        history.record("rfi.link_revoked", who, partner=customer.partner_id, customer=customer.id, email=email)


def write_to_lead(who: Any, customer: Customer, lead: Contact, rfi: Rfi | None, portal: str) -> None:
    """With a personal link to what is theirs, where there is something that it opens."""
    partner = customer.partner
    link, address = new_link(rfi, lead, portal, "welcome") if rfi is not None else (None, "")
    shown = {
        "reader": lead.full_name or lead.email,
        "partner": partner.name,
        "customer": customer.name,
        "link": address,
        "until": day_of(link.expires_at, partner.timezone) if link else None,
    }
    subject = f"{customer.name}: you are the Implementation Lead"
    write_drawn(who, "new_lead", (lead.full_name, lead.email), subject, shown, partner=partner, customer=customer)
