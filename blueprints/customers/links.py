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
from data.database import transaction
from data.moments import now
from data.partners import Partner
from data.rfi import Rfi, RfiLink

LINK_DAYS = 60
OPENED_AGAIN_AFTER = timedelta(hours=1)  # reloads are not worth a line of history each


@dataclass(frozen=True)
class OpenedLink:
    """What a personal link leads to."""

    link: RfiLink
    rfi: Rfi  # with its customer and partner
    partner: Partner


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


def revoke_links(rfi: Rfi) -> None:
    """End all links of an RFI now."""
    RfiLink.update(revoked_at=now()).where((RfiLink.rfi == rfi) & RfiLink.revoked_at.is_null()).execute()


def follow_link(token: str) -> OpenedLink:
    """What the token opens, noting that it was opened. Raises NotThere: wrong, expired and revoked look the same."""
    link: RfiLink | None = (
        RfiLink.select(RfiLink, Rfi, Customer, Partner)
        .join(Rfi)
        .join(Customer)
        .join(Partner)
        .where(RfiLink.token_hash == hashed(token))
        .first()
    )
    if link is None or link.revoked_at is not None or link.expires_at <= now():
        raise NotThere("This link does not open anything (any more). Ask whoever sent it for a new one.")
    if link.last_opened_at is None or now() - link.last_opened_at > OPENED_AGAIN_AFTER:
        note_opening(link, link.rfi.customer)
    return OpenedLink(link, link.rfi, link.rfi.customer.partner)


def note_opening(link: RfiLink, customer: Customer) -> None:
    with transaction():
        RfiLink.update(last_opened_at=now()).where(RfiLink.id == link.id).execute()
        history.record(
            "rfi.link_opened",
            LinkHolder(link),
            partner=customer.partner_id,
            customer=customer.id,
            email=link.email,
        )


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class LinkHolder:
    """Whoever holds a personal link, as history names them: nobody signed in, but an address."""

    id = None

    def __init__(self, link: RfiLink) -> None:
        self.link = link
        self.name = f"{link.name} (by link)" if link.name else f"{link.email} (by link)"

    @property
    def customer_id(self) -> int:
        """Of the one customer that the link is for."""
        customer: int = self.link.rfi.customer_id
        return customer
