"""Requests for information: opening one with an order, and the personal link that opens it."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer, implementation_lead
from blueprints.mailroom.letters import drawn
from blueprints.mailroom.rules import NoAddress, write
from blueprints.web.refusals import NotThere
from data import history
from data.customers import Contact, Customer
from data.database import database, locked, transaction
from data.kept import Kept
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Partner
from data.rfi import Rfi, RfiLink

LINK_DAYS = 60
OPENED_AGAIN_AFTER = timedelta(hours=1)  # reloads are not worth a line of history each
TOPICS = (
    "who to call about technical questions, and in an emergency",
    "where your mail is today, and which email domains you use",
    "the addresses your mail is sent from and delivered to",
    "how the valid recipients are known",
)


@dataclass(frozen=True)
class OpenedLink:
    """A personal link that opens its RFI. `timezone`: of the MSP."""

    link: RfiLink
    timezone: str


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
    text, html = drawn(
        "rfi_link",
        reader=lead.full_name or lead.email,
        partner=partner.name,
        customer=customer.name,
        topics=TOPICS,
        link=address,
        until=link.expires_at.date(),
    )
    write(
        who,
        kind="rfi_link",
        to_name=lead.full_name,
        to_email=lead.email,
        subject=f"{customer.name}: what {partner.name} needs to set up your mail",
        text=text,
        html=html,
        partner=partner,
        customer=customer,
        once=once,
    )
    return link


def new_link(rfi: Rfi, lead: Contact, portal: str) -> tuple[RfiLink, str]:
    """A link of 256 random bits, of which the hash is kept; and its address, which only a letter may carry."""
    token = secrets.token_urlsafe(32)
    link = RfiLink.create(
        rfi=rfi,
        token_hash=hashed(token),
        name=lead.full_name,
        email=lead.email,
        created_at=now(),
        expires_at=now() + timedelta(days=LINK_DAYS),
    )
    return link, f"{portal}/rfi/{token}"


def send_link_again(who: Standing, customer_id: int, portal: str) -> RfiLink:
    """Revoke the links that still open, and write a new one to the Implementation Lead.

    Raises NotThere, MayNot, and NoAddress when the customer has no Implementation Lead with an address.
    """
    with transaction():
        customer = find_customer(who, customer_id, "rfi.links")
        rfi = newest_rfi(customer)
        lead = implementation_lead(customer)
        if rfi is None:
            raise NotThere
        if lead is None or not lead.email:
            raise NoAddress("This customer has no Implementation Lead with an email address. Add one first.")
        revoke_links(rfi)
        link = send_link(who, rfi, customer, customer.partner, lead, portal)
        history.record("rfi.link_sent_again", who, partner=customer.partner_id, customer=customer.id, email=lead.email)
    return link


def revoke_links(rfi: Rfi) -> None:
    """End all links of an RFI now."""
    RfiLink.update(revoked_at=now()).where((RfiLink.rfi == rfi) & RfiLink.revoked_at.is_null()).execute()


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


def follow_link(token: str) -> OpenedLink:
    """What the token opens, noting that it was opened. Raises NotThere: wrong, expired and revoked look the same."""
    found = database.execute_sql(LINK_OF_HASH.replace("?", database.param), (hashed(token),)).fetchone()
    link: RfiLink | None = links_kept.first(found[0]) if found else None
    if link is None or link.revoked_at is not None or link.expires_at <= now():
        raise NotThere("This link does not open anything (any more). Ask whoever sent it for a new one.")
    _, customer_id, partner_id, timezone = found
    if link.last_opened_at is None or now() - link.last_opened_at > OPENED_AGAIN_AFTER:
        note_opening(link, customer_id, partner_id)
    return OpenedLink(link, timezone)


LINK_OF_HASH = """
SELECT link.id, customer.id, customer.partner_id, partner.timezone FROM rfi_link AS link
JOIN rfi ON rfi.id = link.rfi_id JOIN customer ON customer.id = rfi.customer_id
JOIN partner ON partner.id = customer.partner_id WHERE link.token_hash = ?"""
links_kept = Kept(lambda link: RfiLink.select().where(RfiLink.id == link))


def note_opening(link: RfiLink, customer_id: int, partner_id: int) -> None:
    with transaction():
        RfiLink.update(last_opened_at=now()).where(RfiLink.id == link.id).execute()
        history.record("rfi.link_opened", LinkHolder(link), partner=partner_id, customer=customer_id, email=link.email)


def products_of(rfi: Rfi) -> list[str]:
    """The names of what was ordered, by the order's lines."""
    lines = OrderLine.select(OrderLine.name).where(OrderLine.order == rfi.order_id).order_by(OrderLine.position)
    return [name for (name,) in lines.tuples()]


def newest_rfi(customer: Customer) -> Rfi | None:
    return rfis_of.first(customer.id)


rfis_of = Kept(lambda customer: Rfi.select().where(Rfi.customer == customer).order_by(Rfi.id.desc()).limit(1))


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


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class LinkHolder:
    """Whoever holds a personal link, as history names them: nobody signed in, but an address."""

    id = None

    def __init__(self, link: RfiLink) -> None:
        self.name = f"{link.name} (by link)" if link.name else f"{link.email} (by link)"
