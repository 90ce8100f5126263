"""A new Implementation Lead in place of the one before: their letter, and the end of the other's personal links."""

from typing import Any

from blueprints.customers.links import new_link, revoke_links
from blueprints.mailroom.letters import drawn
from blueprints.mailroom.rules import write
from blueprints.orders.change_rules import Change, entry_of, told
from blueprints.prospects.entries import ContactEntry, values_of
from blueprints.rfi.rules import newest_rfi
from data import history
from data.customers import Contact
from data.moments import day_of, now
from data.rfi import Rfi, RfiLink


def replace_lead(who: Any, change: Change, portal: str) -> Contact | None:
    """Put the new lead in place, and write to them. Call inside the transaction; None when nobody changes.

    The one before stays a contact. Personal links that still open are ended: they were that person's.
    """
    entry, before = change.asked.lead, change.lead_now
    if entry is None or (before is not None and before.id == entry.id):
        return None
    if before is not None:
        before.kind = "other"
        before.save()
    lead = kept_lead(change, entry)
    rfi = newest_rfi(change.customer)
    facts = {"partner": change.partner.id, "customer": change.customer.id}
    was = told(entry_of(before)) if before else "nobody"
    history.record("customer.lead_changed", who, **facts, before=was, after=told(entry))
    if rfi is not None:
        end_links(who, change, rfi)
    write_to_lead(who, change, lead, rfi, portal)
    return lead


def kept_lead(change: Change, entry: ContactEntry) -> Contact:
    if entry.id:
        lead: Contact = Contact.get((Contact.id == entry.id) & (Contact.customer == change.customer))
        lead.kind = "implementation_lead"
        lead.save()
        return lead
    return Contact.create(customer=change.customer, kind="implementation_lead", **values_of(entry))


def end_links(who: Any, change: Change, rfi: Rfi) -> None:
    opening = (RfiLink.rfi == rfi) & RfiLink.revoked_at.is_null() & (RfiLink.expires_at > now())
    emails = sorted({link.email for link in RfiLink.select(RfiLink.email).where(opening)})
    revoke_links(rfi)
    for email in emails:
        facts = {"partner": change.partner.id, "customer": change.customer.id}
        history.record("rfi.link_revoked", who, **facts, email=email)


def write_to_lead(who: Any, change: Change, lead: Contact, rfi: Rfi | None, portal: str) -> None:
    """With a personal link to what is theirs, where there is something that it opens."""
    link, address = new_link(rfi, lead, portal, "welcome") if rfi is not None else (None, "")
    text, html = drawn(
        "order_change_lead",
        reader=lead.full_name or lead.email,
        partner=change.partner.name,
        customer=change.customer.name,
        link=address,
        until=day_of(link.expires_at, change.partner.timezone) if link else None,
    )
    write(
        who,
        kind="order_change_lead",
        to_name=lead.full_name,
        to_email=lead.email,
        subject=f"{change.customer.name}: you are the Implementation Lead",
        text=text,
        html=html,
        partner=change.partner,
        customer=change.customer,
    )
