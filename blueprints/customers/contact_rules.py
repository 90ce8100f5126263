"""The contacts of customers: listed, added, changed, removed, and which of them is the Implementation Lead.

Whoever works on a customer keeps its contacts. Who the Implementation Lead is, and at which address, is for those who
may send personal links. Prospects have their contacts on their own page.
"""

from dataclasses import dataclass

from blueprints.accounts.standing import Standing
from blueprints.customers.contacts import ContactEntry, as_entry, checked_contact, contact_changes, values_of
from blueprints.customers.leads import LEAD, NEEDS_ADDRESS, hand_over, replace_lead
from blueprints.customers.rules import find_customer, may_on, seen
from blueprints.web.refusals import MayNot, NotThere, Refused
from data import history
from data.customers import SHELVES, Contact, Customer
from data.database import transaction
from data.moments import now

MOST = 50  # of one customer
LINKS = "rfi.links"


class StillAProspect(Refused):
    """Carries the customer, whose contacts are on the page of the prospect."""

    sentence = "The contacts of a prospect are entered on its own page."

    def __init__(self, customer: Customer) -> None:
        super().__init__()
        self.customer = customer


class NotServed(MayNot):
    sentence = "This customer is not served any more. Its contacts can be read, and stay as they are."


@dataclass(frozen=True)
class Contacts:
    """The contacts of a customer, the Implementation Lead first, and what the person may do."""

    customer: Customer
    contacts: tuple[Contact, ...]
    may_change: bool
    may_choose: bool  # the Implementation Lead

    @property
    def lead(self) -> Contact | None:
        return next((contact for contact in self.contacts if contact.kind == LEAD), None)

    @property
    def full(self) -> bool:
        return len(self.contacts) >= MOST


def may_change(who: Standing, customer: Customer, permission: str = "customers.edit") -> bool:
    """For what pages offer."""
    return SHELVES[customer.status] != "past" and may_on(who, customer, permission)


def contacts_of(who: Standing, customer_id: int) -> Contacts:
    """Raises NotThere, StillAProspect."""
    customer = find_customer(who, customer_id)
    refuse_prospects(customer)
    found = Contact.select().where(Contact.customer == customer).order_by(Contact.kind != LEAD, Contact.id)
    return Contacts(customer, tuple(found), may_change(who, customer), may_change(who, customer, LINKS))


def find_contact(who: Standing, customer_id: int, contact_id: int) -> tuple[Contacts, Contact]:
    """One of them, to be changed. Raises NotThere, StillAProspect, MayNot, NotServed."""
    find_to_change(who, customer_id)
    contacts = contacts_of(who, customer_id)
    found = next((contact for contact in contacts.contacts if contact.id == contact_id), None)
    if found is None:
        raise NotThere
    return contacts, found


def find_to_change(
    who: Standing, customer_id: int, permission: str = "customers.edit", *, for_update: bool = False
) -> Customer:
    """Raises NotThere, StillAProspect, MayNot, NotServed."""
    customer = find_customer(who, customer_id, permission, for_update=for_update)
    refuse_prospects(customer)
    if SHELVES[customer.status] == "past":
        raise NotServed
    return customer


def refuse_prospects(customer: Customer) -> None:
    if customer.status in ("prospect", "archived"):
        raise StillAProspect(customer)


# --- writing ------------------------------------------------------------------------------------------


def add_contact(
    who: Standing, customer_id: int, version: int, entry: ContactEntry, portal: str, *, lead: bool = False
) -> Contact:
    """`lead`: in place of the Implementation Lead there is, as in the `version` that the person saw.

    Raises as `find_to_change`, ChangedMeanwhile, and Refused with the field that is wrong.
    """
    permission = LINKS if lead else "customers.edit"
    with transaction():
        customer = find_to_change(who, customer_id, permission, for_update=True)
        entry = checked(customer, entry, lead=lead)
        if Contact.select().where(Contact.customer == customer).count() >= MOST:
            raise Refused(f"A customer has at most {MOST} contacts. Remove one first.")
        if lead:
            seen(customer, version)
            added = replace_lead(who, customer, entry, portal)
            assert added is not None, "somebody new is not the lead there is"
            return added
        contact: Contact = Contact.create(customer=customer, **values_of(entry))
        changed(customer)
        record(who, customer, "customer.contact_added", name=entry.named)
    return contact


def edit_contact(
    who: Standing, customer_id: int, contact_id: int, version: int, entry: ContactEntry, portal: str
) -> list[str]:
    """What was changed, as people read it; nothing at all when it is the same. Raises as `add_contact`."""
    with transaction():
        customer = find_to_change(who, customer_id, for_update=True)
        contact = contact_in(customer, contact_id)
        entry = checked(customer, entry, lead=contact.kind == LEAD)
        before = as_entry(contact)
        told = contact_changes(before, entry)
        if not told:
            return []
        seen(customer, version)
        moved = contact.kind == LEAD and before.email != entry.email
        if moved and not may_on(who, customer, LINKS):
            raise Refused("Personal links go to this address, so an administrator of your MSP changes it.", "email")
        for name, value in values_of(entry).items():
            setattr(contact, name, value)
        contact.save()
        changed(customer)
        record(who, customer, "customer.contact_changed", name=before.named, changes=", ".join(told))
        if moved:
            hand_over(who, customer, contact, portal)
    return told


def remove_contact(who: Standing, customer_id: int, contact_id: int, version: int) -> ContactEntry:
    """Raises as `find_to_change`, ChangedMeanwhile, and Refused for the Implementation Lead."""
    with transaction():
        customer = find_to_change(who, customer_id, for_update=True)
        contact = contact_in(customer, contact_id)
        seen(customer, version)
        if contact.kind == LEAD:
            raise Refused("The Implementation Lead stays until another contact is chosen instead.")
        gone = as_entry(contact)
        contact.delete_instance()
        changed(customer)
        record(who, customer, "customer.contact_removed", name=gone.named)
    return gone


def choose_lead(who: Standing, customer_id: int, contact_id: int, version: int, portal: str) -> Contact:
    """Raises as `find_to_change`, ChangedMeanwhile, and Refused for a contact without an address."""
    with transaction():
        customer = find_to_change(who, customer_id, LINKS, for_update=True)
        contact = contact_in(customer, contact_id)
        if contact.kind == LEAD:
            return contact
        seen(customer, version)
        if not contact.email:
            raise Refused(NEEDS_ADDRESS)
        replace_lead(who, customer, as_entry(contact), portal)
    return contact


def contact_in(customer: Customer, contact_id: int) -> Contact:
    found: Contact | None = Contact.get_or_none((Contact.id == contact_id) & (Contact.customer == customer))
    if found is None:
        raise NotThere
    return found


def checked(customer: Customer, entry: ContactEntry, *, lead: bool) -> ContactEntry:
    """As it is kept. Raises Refused with the field that is wrong."""
    entry = checked_contact(entry, customer.country or customer.partner.country)
    if lead and not entry.email:
        raise Refused(NEEDS_ADDRESS, "email")
    if not entry.full_name and not entry.email:
        raise Refused("Fill in a name, or an email address below.", "first_name")
    return entry


def changed(customer: Customer) -> None:
    customer.changed_at, customer.version = now(), customer.version + 1
    customer.save(only=[Customer.changed_at, Customer.version])


def record(who: Standing, customer: Customer, kind: str, **facts: str) -> None:
    history.record(kind, who, partner=customer.partner_id, customer=customer.id, **facts)
