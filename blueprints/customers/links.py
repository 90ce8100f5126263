"""Personal links of customers' contacts: 256 random bits in a letter, of which only the hash is kept.

One link opens what its contact may do without an account: the RFI of its order, and their part of the plan.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from blueprints.web.refusals import NotThere
from data import history
from data.customers import Contact, Customer
from data.database import database, transaction
from data.kept import Kept
from data.moments import now
from data.rfi import Rfi, RfiLink

LINK_DAYS = 60
OPENED_AGAIN_AFTER = timedelta(hours=1)  # reloads are not worth a line of history each


@dataclass(frozen=True)
class OpenedLink:
    """A personal link that opens the RFI and the plan of one customer. `timezone`: of the MSP."""

    link: RfiLink
    customer_id: int
    timezone: str


def new_link(rfi: Rfi, lead: Contact, portal: str, page: str = "rfi") -> tuple[RfiLink, str]:
    """A link, and its address, which only a letter may carry. `page`: rfi, or welcome for the plan."""
    token = secrets.token_urlsafe(32)
    link = RfiLink.create(
        rfi=rfi,
        token_hash=hashed(token),
        name=lead.full_name,
        email=lead.email,
        created_at=now(),
        expires_at=now() + timedelta(days=LINK_DAYS),
    )
    return link, f"{portal}/{page}/{token}"


def newest_rfi(customer: Customer) -> Rfi | None:
    return rfis_of.first(customer.id)


rfis_of = Kept(lambda customer: Rfi.select().where(Rfi.customer == customer).order_by(Rfi.id.desc()).limit(1))


def revoke_links(rfi: Rfi) -> None:
    """End all links of an RFI now."""
    RfiLink.update(revoked_at=now()).where((RfiLink.rfi == rfi) & RfiLink.revoked_at.is_null()).execute()


def follow_link(token: str) -> OpenedLink:
    """What the token opens, noting that it was opened. Raises NotThere: wrong, expired and revoked look the same."""
    found = database.execute_sql(LINK_OF_HASH.replace("?", database.param), (hashed(token),)).fetchone()
    link: RfiLink | None = links_kept.first(found[0]) if found else None
    if link is None or link.revoked_at is not None or link.expires_at <= now():
        raise NotThere("This link does not open anything any more. Ask whoever sent it for a new one.")
    _, customer_id, partner_id, timezone = found
    if link.last_opened_at is None or now() - link.last_opened_at > OPENED_AGAIN_AFTER:
        note_opening(link, customer_id, partner_id)
    return OpenedLink(link, customer_id, timezone)


LINK_OF_HASH = """
SELECT link.id, customer.id, customer.partner_id, partner.timezone FROM rfi_link AS link
JOIN rfi ON rfi.id = link.rfi_id JOIN customer ON customer.id = rfi.customer_id
JOIN partner ON partner.id = customer.partner_id WHERE link.token_hash = ?"""
links_kept = Kept(lambda link: RfiLink.select().where(RfiLink.id == link))


def note_opening(link: RfiLink, customer_id: int, partner_id: int) -> None:
    with transaction():
        RfiLink.update(last_opened_at=now()).where(RfiLink.id == link.id).execute()
        history.record("rfi.link_opened", LinkHolder(link), partner=partner_id, customer=customer_id, email=link.email)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class LinkHolder:
    """Whoever holds a personal link, as history names them: nobody signed in, but an address."""

    id = None

    def __init__(self, link: RfiLink, customer_id: int = 0) -> None:
        self.link, self.known = link, customer_id
        self.name = f"{link.name} (by link)" if link.name else f"{link.email} (by link)"

    @property
    def customer_id(self) -> int:
        """Of the one customer that the link is for."""
        self.known = self.known or self.link.rfi.customer_id
        return self.known
