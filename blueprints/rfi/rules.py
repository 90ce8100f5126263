"""Requests for information: opening one with an order, and sending the personal link that opens it."""

from blueprints.accounts.standing import Standing
from blueprints.customers.leads import NoLead
from blueprints.customers.links import new_link, newest_rfi, revoke_links
from blueprints.customers.rules import find_customer, lead_with_address
from blueprints.mailroom.rules import write_drawn
from blueprints.web.refusals import NotThere
from data import history
from data.customers import Contact, Customer
from data.database import locked, transaction
from data.kept import Kept
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Partner
from data.rfi import Rfi, RfiLink
from data.transfers import TAKEN_OVER

TOPICS = (
    "who to call about technical questions, and in an emergency",
    "where your mail is today, and which email domains you use",
    "the addresses your mail is sent from and delivered to",
    "how the valid recipients are known",
)

# Of orders: what their RFI asks is asked while the service runs.
ADDS = (Order.kind == "change") | Order.customer.in_(TAKEN_OVER)
adding = Kept(lambda order: Order.select(Order.id).where((Order.id == order) & ADDS))


def open_rfi(who: Standing, customer: Customer, partner: Partner, order: Order, lead: Contact, portal: str) -> Rfi:
    """Open the RFI of an order and queue the letter with the personal link. Call inside the transaction.

    `portal` is the address of the installation, for the link.
    """
    rfi = Rfi.create(customer=customer, order=order, opened_at=now())
    send_link(who, rfi, customer, partner, lead, portal, once=f"rfi_link:{order.id}")
    history.record("rfi.opened", who, partner=customer.partner_id, customer=customer.id, email=lead.email)
    return rfi


def send_link(
    who: Standing,
    rfi: Rfi,
    customer: Customer,
    partner: Partner,
    lead: Contact,
    portal: str,
    *,
    once: str | None = None,
) -> RfiLink:
    """Make a link and queue the letter that carries it."""
    link, address = new_link(rfi, lead, portal)
    shown = {
        "reader": lead.full_name or lead.email,
        "partner": partner.name,
        "customer": customer.name,
        "topics": TOPICS,
        "link": address,
        "until": link.expires_at.date(),
    }
    subject = f"{customer.name}: what {partner.name} needs to set up your mail"
    about = {"partner": partner, "customer": customer, "once": once}
    write_drawn(who, "rfi_link", (lead.full_name, lead.email), subject, shown, **about)
    return link


def send_link_again(who: Standing, customer_id: int, portal: str) -> RfiLink:
    """Revoke the links that still open, and write a new one to the Implementation Lead.

    Raises NotThere, MayNot, and NoLead when the customer has no Implementation Lead with an address.
    """
    with transaction():
        customer = find_customer(who, customer_id, "rfi.links")
        rfi = newest_rfi(customer)
        lead = lead_with_address(customer)
        if rfi is None:
            raise NotThere
        if lead is None:
            raise NoLead(customer)
        revoke_links(rfi)
        link = send_link(who, rfi, customer, customer.partner, lead, portal)
        history.record("rfi.link_sent_again", who, partner=customer.partner_id, customer=customer.id, email=lead.email)
    return link


def revoke_link(who: Standing, customer_id: int, link_id: int) -> RfiLink:
    """End one link now; it may have ended before. Raises NotThere, MayNot."""
    with transaction():
        customer = find_customer(who, customer_id, "rfi.links")
        link: RfiLink | None = (
            locked(RfiLink.select().join(Rfi).where((RfiLink.id == link_id) & (Rfi.customer == customer)))
        ).first()
        if link is None:
            raise NotThere
        if link.revoked_at is None:
            link.revoked_at = now()
            link.save()
            history.record("rfi.link_revoked", who, partner=customer.partner_id, customer=customer.id, email=link.email)
    return link


def products_of(rfi: Rfi) -> list[str]:
    """The names of what was ordered, by the order's lines."""
    lines = OrderLine.select(OrderLine.name).where(OrderLine.order == rfi.order_id).order_by(OrderLine.position)
    return [name for (name,) in lines.tuples()]


def asks_what_was_added(customer: Customer, rfi: Rfi) -> bool:
    """Whether it asks a customer whose service runs: of what a change order added, here or at the MSP of before."""
    return customer.status == "complete" and adding.first(rfi.order_id) is not None


def held_rfi(who: Standing, customer_id: int, permission: str = "customers.see") -> Rfi:
    """The newest RFI of a customer, its row held until the transaction ends. Raises NotThere, MayNot."""
    customer = find_customer(who, customer_id, permission)
    found: Rfi | None = locked(Rfi.select().where(Rfi.customer == customer).order_by(Rfi.id.desc()).limit(1)).first()
    if found is None:
        raise NotThere
    return found


def links_of(rfi: Rfi | None, most: int = 100) -> list[RfiLink]:
    """The links of an RFI, newest first; none without an RFI."""
    return newest_links(rfi.id, most) if rfi else []


newest_links = Kept(
    lambda rfi, most: RfiLink.select().where(RfiLink.rfi == rfi).order_by(RfiLink.id.desc()).limit(most)
)
