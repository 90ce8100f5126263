"""The documents that are the customer's own: what was handed in with their RFI, as it was printed.

Order addenda are not among them: they tell what the MSP pays. Neither is what the MSP's people uploaded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from blueprints.customers.links import LinkHolder
from blueprints.web.refusals import NotThere
from data import history
from data.attachments import Attachment
from data.customers import Customer
from data.database import transaction
from data.history import History
from data.kept import Kept
from data.moments import now
from data.rfi import HandedIn

OPENED_AGAIN_AFTER = timedelta(hours=1)  # reloads are not worth a line of history each


@dataclass(frozen=True)
class Document:
    """`at`: when it was handed in; `size` in bytes."""

    id: int
    name: str
    size: int
    at: datetime


versions_of = Kept(
    lambda rfi: (
        HandedIn.select(HandedIn.id, HandedIn.at, Attachment.id, Attachment.name, Attachment.size)
        .join(Attachment)
        .where(HandedIn.rfi == rfi)
        .order_by(HandedIn.number.desc())
    )
)


def documents_of(who: LinkHolder) -> list[Document]:
    """Newest first."""
    rows = versions_of(who.link.rfi_id)
    return [Document(row.attachment.id, row.attachment.name, row.attachment.size, row.at) for row in rows]


def document_of(who: LinkHolder, attachment_id: int) -> Attachment:
    """Without its bytes. Raises NotThere for all that is not theirs."""
    theirs = (Attachment.id == attachment_id) & (HandedIn.rfi == who.link.rfi_id)
    found: Attachment | None = (
        Attachment.select(Attachment).join(HandedIn, on=(HandedIn.attachment == Attachment.id)).where(theirs).first()
    )
    if found is None:
        raise NotThere
    return found


def note_opening(who: LinkHolder, document: Attachment) -> None:
    """One line of history for each document and holder within an hour."""
    with transaction():
        customer = Customer.get_by_id(document.customer_id)
        facts = {"name": document.name}
        lately = (History.customer_id == customer.id) & (History.at > now() - OPENED_AGAIN_AFTER)
        same = (History.kind == "attachment.opened") & (History.who_name == who.name) & (History.facts == facts)
        if not History.select().where(lately & same).exists():
            history.record("attachment.opened", who, partner=customer.partner_id, customer=customer.id, **facts)
