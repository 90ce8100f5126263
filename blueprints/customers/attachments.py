"""Filing documents under a customer, and finding them through the person who asks."""

import hashlib

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer
from blueprints.web.refusals import NotThere
from data import history
from data.attachments import Attachment, Content
from data.customers import Customer
from data.moments import now
from data.orders import Order


def file_document(
    who: Standing,
    customer: Customer,
    name: str,
    document: bytes,
    *,
    media_type: str = "application/pdf",
    pages: int | None = None,
    order: Order | None = None,
) -> Attachment:
    """Keep a document under a customer, inside the open transaction. The same bytes are kept once."""
    sha256 = hashlib.sha256(document).hexdigest()
    Content.insert(sha256=sha256, content=document, size=len(document)).on_conflict_ignore().execute()
    filed = Attachment.create(
        customer=customer,
        order=order,
        content=sha256,
        name=name,
        media_type=media_type,
        pages=pages,
        created_at=now(),
        created_by=who.id,
    )
    history.record("attachment.filed", who, partner=customer.partner_id, customer=customer.id, name=name)
    return filed


def attachments_of(customer: Customer) -> list[Attachment]:
    """Newest first, each with `content.size` and without its bytes."""
    query = (
        Attachment.select(Attachment, Content.sha256, Content.size)
        .join(Content)
        .where(Attachment.customer == customer)
        .order_by(Attachment.id.desc())
    )
    return list(query)


def find_attachment(who: Standing, customer_id: int, attachment_id: int) -> Attachment:
    """With its bytes in `content.content`. Raises NotThere for what this person may not see."""
    customer = find_customer(who, customer_id, "attachments.see")
    found: Attachment | None = (
        Attachment.select(Attachment, Content)
        .join(Content)
        .where((Attachment.id == attachment_id) & (Attachment.customer == customer))
        .first()
    )
    if found is None:
        raise NotThere
    return found
