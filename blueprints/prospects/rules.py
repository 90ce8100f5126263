"""Prospects: entered, changed, archived, restored. A prospect is a customer whose status is still `prospect`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError

from blueprints.accounts.standing import Standing
from blueprints.customers.contacts import (
    ContactEntry,
    as_entry,
    contact_changes,
    odd_phone,
    shown_phone,
    values_of,
)
from blueprints.customers.leads import LEAD, OTHER
from blueprints.customers.rules import customers_for, find_customer, seen
from blueprints.customers.telling import Told, told
from blueprints.partners.rules import PartnerClosed, find_partner, partners_for
from blueprints.prospects import entries
from blueprints.prospects.entries import Entry
from blueprints.web.refusals import MayNot, NotThere, Refused
from data import history
from data.customers import SHELVES, Contact, Customer, WantedProduct
from data.database import transaction
from data.folding import first_letter, fold
from data.history import History
from data.moments import now
from data.partners import Partner, Product

RECENT = 10
NAMESAKES = 5


class NotAProspect(Refused):
    """The customer has left the prospects: an order was submitted, say. Carries the customer."""

    sentence = "This is no prospect any more, so it is not changed here."

    def __init__(self, customer: Customer) -> None:
        super().__init__()
        self.customer = customer


class NotArchived(Refused):
    sentence = "This prospect is not archived, so there is nothing to restore."


class DomainTaken(Refused):
    """A live record on this installation has the domain. `holder` is it, if the person may see it."""

    def __init__(self, holder: Customer | None) -> None:
        named = f"This domain is on record already as {holder.name}." if holder else ""
        super().__init__(
            named or "This domain is in use on this installation already, and can be on record only once.",
            "primary_domain",
        )
        self.holder = holder


@dataclass(frozen=True)
class Prospect:
    """Everything the page of a prospect shows."""

    customer: Customer
    partner: Partner
    entry: Entry
    products: tuple[Product, ...]  # those it may want: the active ones, and those it wants already
    namesakes: tuple[Customer, ...]  # others of the same MSP with the same name
    recent: tuple[Told, ...]
    may_edit: bool
    may_order: bool
    may_restore: bool

    @property
    def archived(self) -> bool:
        return bool(self.customer.status == "archived")

    @property
    def wanted(self) -> tuple[Product, ...]:
        return tuple(product for product in self.products if product.id in self.entry.product_ids)

    @property
    def contacts(self) -> tuple[ContactEntry, ...]:
        """The Implementation Lead first, then the others."""
        return tuple(contact for contact in (self.entry.lead, *self.entry.others) if not contact.empty)


def partners_to_choose(who: Standing) -> list[Partner]:
    """The MSPs for which this person may enter prospects, by name."""
    return partners_for(who, "prospects.edit")


def find_prospect(who: Standing, customer_id: int, permission: str = "prospects.see", **how: bool) -> Customer:
    """The prospect, archived or not. Raises NotThere, MayNot, and NotAProspect for what became a customer."""
    customer = find_customer(who, customer_id, permission, **how)
    if customer.status not in ("prospect", "archived"):
        raise NotAProspect(customer)
    return customer


def prospect_for(who: Standing, customer_id: int, permission: str = "prospects.see") -> Prospect:
    """Raises as `find_prospect`. A constant number of queries."""
    customer = find_prospect(who, customer_id, permission)
    partner = Partner.get_by_id(customer.partner_id)
    entry = entry_of(customer)

    def may(permission: str, status: str = "prospect") -> bool:
        held = who.may_for_customer(permission, customer.id, customer.partner_id)
        return bool(held and partner.closed_at is None and customer.status == status)

    return Prospect(
        customer=customer,
        partner=partner,
        entry=entry,
        products=products_to_want(entry.product_ids),
        namesakes=namesakes(who, customer),
        recent=recent_history(who, customer),
        may_edit=may("prospects.edit"),
        may_order=may("orders.edit"),
        may_restore=may("prospects.edit", "archived"),
    )


def entry_of(customer: Customer) -> Entry:
    """The prospect as it would be entered."""
    contacts = list(Contact.select().where(Contact.customer == customer).order_by(Contact.id))
    leads = [as_entry(contact) for contact in contacts if contact.kind == LEAD]
    wanted = WantedProduct.select(WantedProduct.product_id).where(WantedProduct.customer == customer)
    return Entry(
        **{name: getattr(customer, name) for name in entries.LABELS},
        product_ids=tuple(sorted(row.product_id for row in wanted)),
        lead=leads[0] if leads else ContactEntry(),
        others=tuple(as_entry(contact) for contact in contacts if contact.kind == OTHER),
    )


def products_to_want(also: Iterable[int] = ()) -> tuple[Product, ...]:
    """The active products of the catalogue, and those of these ids, by name."""
    chosen = Product.active | Product.id.in_(list(also))
    return tuple(Product.select().where(chosen).order_by(Product.name, Product.id))


def namesakes(who: Standing, customer: Customer) -> tuple[Customer, ...]:
    """Other live records of the MSP with the same name, as far as the person may see them."""
    shelves = sorted(set(SHELVES.values()) - {"past"})
    same = (
        (Customer.partner == customer.partner_id)
        & (Customer.shelf.in_(shelves))
        & (Customer.name_key == customer.name_key)
        & (Customer.id != customer.id)
    )
    return tuple(customers_for(who).where(same).order_by(Customer.id).limit(NAMESAKES))


def recent_history(who: Standing, customer: Customer) -> tuple[Told, ...]:
    lines = History.select().where(History.customer_id == customer.id).order_by(History.id.desc()).limit(RECENT)
    return tuple(told(line, who.timezone) for line in lines)


def holder_of(who: Standing, domain: str, other_than: int = 0) -> tuple[bool, Customer | None]:
    """Whether a live record has the domain, and which, if the person may see it."""
    live = (Customer.primary_domain == domain) & (Customer.shelf != "past") & (Customer.id != other_than)
    if not Customer.select().where(live).exists():
        return False, None
    return True, customers_for(who).where(live).first()


def refuse_taken(who: Standing, domain: str, other_than: int = 0) -> None:
    taken, holder = holder_of(who, domain, other_than)
    if taken:
        raise DomainTaken(holder)


def odd_phones(entry: Entry) -> tuple[str, ...]:
    """The numbers that are kept and yet unlikely to ring, as people read them."""
    kept = (contact.phone for contact in (entry.lead, *entry.others))
    return tuple(shown_phone(phone) for phone in kept if odd_phone(phone))


# --- writing ------------------------------------------------------------------------------------------


def create_prospect(who: Standing, partner_id: int, entry: Entry) -> Customer:
    """Raises Refused with the field that is wrong, among them DomainTaken."""
    partner = chosen_partner(who, partner_id)
    entry = entries.checked(entry, partner.country)
    try:
        with transaction():
            refuse_taken(who, entry.primary_domain)
            refuse_unoffered(entry.product_ids)
            customer = Customer.create(
                partner=partner.id, created_at=now(), changed_at=now(), **columns_to_keep(entry), **by_name(entry)
            )
            keep_contacts(customer, entry)
            want(customer, entry.product_ids)
            history.record("prospect.created", who, partner=partner.id, customer=customer.id, name=customer.name)
    except IntegrityError:
        refuse_taken(who, entry.primary_domain)  # somebody was quicker by a moment
        raise
    return customer


def created_told(who: Standing, customer: Customer) -> str:
    said = f"{customer.name} is on the list of prospects."
    return f"{said} The same name is on record once more: see beside it." if namesakes(who, customer) else said


def chosen_partner(who: Standing, partner_id: int) -> Partner:
    try:
        return find_partner(who, partner_id, "prospects.edit")
    except PartnerClosed as refusal:
        raise Refused(refusal.sentence, "partner") from None
    except (NotThere, MayNot):
        raise Refused("Choose one of your MSPs from the list.", "partner") from None


def edit_prospect(who: Standing, customer_id: int, version: int, entry: Entry) -> str:
    """Save the prospect as entered; what was changed, as people read it ("" for nothing).

    Raises NotThere, MayNot, NotAProspect, ChangedMeanwhile, and Refused with the field that is wrong.
    """
    partner = partner_of(find_prospect(who, customer_id, "prospects.edit"))
    entry = entries.checked(entry, partner.country)
    try:
        with transaction():
            customer = find_prospect(who, customer_id, "prospects.edit", for_update=True)
            refuse_unless_open(customer, partner)
            seen(customer, version)
            before = entry_of(customer)
            changed = changes_of(before, entry)
            if not changed:
                return ""
            refuse_taken(who, entry.primary_domain, other_than=customer.id)
            refuse_unoffered(entry.product_ids, before.product_ids)
            for name, value in (columns_to_keep(entry) | by_name(entry)).items():
                setattr(customer, name, value)
            save(customer)
            keep_contacts(customer, entry)
            want(customer, entry.product_ids, before.product_ids)
            history.record(
                "prospect.changed", who, partner=partner.id, customer=customer.id, changes="; ".join(changed)
            )
    except IntegrityError:
        refuse_taken(who, entry.primary_domain, other_than=customer_id)
        raise
    return "; ".join(changed)


def archive_prospect(who: Standing, customer_id: int, version: int) -> Customer:
    """Out of the list; its domain is free again. Raises as `edit_prospect`."""
    with transaction():
        customer = find_prospect(who, customer_id, "prospects.edit", for_update=True)
        refuse_unless_open(customer, partner_of(customer))
        seen(customer, version)
        put(customer, "archived")
        history.record("prospect.archived", who, partner=customer.partner_id, customer=customer.id, name=customer.name)
    return customer


def restore_prospect(who: Standing, customer_id: int) -> Customer:
    """Back into the list. Raises NotArchived, and DomainTaken when another record has its domain by now."""
    customer = find_prospect(who, customer_id, "prospects.edit")
    try:
        with transaction():
            customer = find_prospect(who, customer_id, "prospects.edit", for_update=True)
            if customer.status != "archived":
                raise NotArchived
            refuse_closed(partner_of(customer))
            refuse_taken(who, customer.primary_domain, other_than=customer.id)
            put(customer, "prospect")
            history.record(
                "prospect.restored", who, partner=customer.partner_id, customer=customer.id, name=customer.name
            )
    except IntegrityError:
        refuse_taken(who, customer.primary_domain, other_than=customer.id)
        raise
    return customer


def partner_of(customer: Customer) -> Partner:
    partner: Partner = Partner.get_by_id(customer.partner_id)
    return partner


def refuse_unless_open(customer: Customer, partner: Partner) -> None:
    if customer.status != "prospect":
        raise NotAProspect(customer)
    refuse_closed(partner)


def refuse_closed(partner: Partner) -> None:
    if partner.closed_at is not None:
        raise PartnerClosed(f"{partner.name} is closed: its prospects can be read, and nothing can be changed.")


def put(customer: Customer, status: str) -> None:
    customer.status, customer.shelf = status, SHELVES[status]
    save(customer)


def save(customer: Customer) -> None:
    customer.changed_at = now()
    customer.version += 1
    customer.save()


def columns_to_keep(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entries.LABELS}


def by_name(entry: Entry) -> dict[str, str]:
    """How lists find and sort it."""
    folded = fold(entry.name)
    return {"name_key": folded, "letter": first_letter(folded)}


# --- contacts and products ----------------------------------------------------------------------------


def keep_contacts(customer: Customer, entry: Entry) -> None:
    """Change, add and remove contacts until they are as entered; an id that is not this customer's is a new one."""
    there = {contact.id: contact for contact in Contact.select().where(Contact.customer == customer)}
    leads = [contact.id for contact in there.values() if contact.kind == LEAD]
    entered = [] if entry.lead.empty else [(LEAD, leads[0] if leads else 0, entry.lead)]
    entered += [(OTHER, contact.id, contact) for contact in entry.others]
    for kind, contact_id, values in entered:
        contact = there.get(contact_id)
        if contact is None or contact.kind != kind:
            contact = Contact(customer=customer, kind=kind)
        else:
            del there[contact_id]
        for name, value in values_of(values).items():
            setattr(contact, name, value)
        contact.save()
    Contact.delete().where(Contact.id.in_(list(there))).execute()


def refuse_unoffered(product_ids: Iterable[int], wanted: Iterable[int] = ()) -> None:
    """`wanted`: products that are wanted already may stay, though they left the catalogue."""
    known = {product.id for product in products_to_want(wanted)}
    if set(product_ids) - known:
        raise Refused("One of these products is not offered (any more). Choose again.", "products")


def want(customer: Customer, product_ids: Iterable[int], before: Iterable[int] = ()) -> None:
    """Keep which products it wants; `before` are those that it wanted."""
    gone = list(set(before) - set(product_ids))
    WantedProduct.delete().where((WantedProduct.customer == customer) & WantedProduct.product_id.in_(gone)).execute()
    for product_id in sorted(set(product_ids) - set(before)):
        WantedProduct.create(customer=customer, product_id=product_id)


def differences(prospect: Prospect, entry: Entry) -> list[str]:
    """How an entry that keeps all rules differs from what is on record."""
    return changes_of(prospect.entry, entries.checked(entry, prospect.partner.country))


def changes_of(before: Entry, after: Entry) -> list[str]:
    """What changes from one entry to the other, as the history tells it."""
    changed = entries.changed_columns(before, after)
    changed += [f"Implementation Lead’s {change}" for change in contact_changes(before.lead, after.lead)]
    others = {contact.id: contact for contact in before.others}
    for contact in after.others:
        earlier = others.pop(contact.id, None)
        if earlier is None:
            changed.append(f"contact {contact.named} added")
        elif contact_changes(earlier, contact):
            changed.append(f"contact {earlier.named}: {', '.join(contact_changes(earlier, contact))}")
    changed += [f"contact {contact.named} removed" for contact in others.values()]
    if set(before.product_ids) != set(after.product_ids):
        codes = {product.id: product.code for product in Product.select(Product.id, Product.code)}
        wanted = [
            "none" if not ids else ", ".join(codes.get(each, "?") for each in sorted(ids))
            for ids in (before.product_ids, after.product_ids)
        ]
        changed.append(f"products wanted {wanted[0]} → {wanted[1]}")
    return changed
