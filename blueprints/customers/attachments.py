"""Documents of a customer: filing them, listing them, finding and opening them through the person who asks."""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from peewee import JOIN

from blueprints.accounts.standing import Standing
from blueprints.customers.notes import ADMINISTRATORS
from blueprints.customers.rules import find_customer, may_on
from blueprints.web.refusals import MayNot, NotThere
from data import history
from data.accounts import Person
from data.attachments import Attachment, Content, Opening, Paper
from data.customers import Customer
from data.database import transaction
from data.kept import EVERY, Kept
from data.moments import now
from data.orders import Order

PAGE = 20
OPENED_AGAIN_AFTER = timedelta(hours=1)  # a viewer asks for a document in parts; they are one opening
ENDING = re.compile(r"\.\w{1,5}$", re.ASCII)


class Somebody(Protocol):
    """Who files: a person, or the portal itself (no id)."""

    @property
    def id(self) -> int | None: ...

    @property
    def name(self) -> str: ...


class NotTheirAttachment(MayNot):
    sentence = "An attachment is removed by whoever uploaded it or by an administrator."


class WrittenByThePortal(MayNot):
    sentence = "What the portal itself has filed here stays."


@dataclass(frozen=True)
class Filed:
    """Some attachments of a customer, newest first, and on the first page the papers on their way.

    `older`: the key to go on with, if there are more. `refused` are the person's own, until they put them away.
    """

    attachments: tuple[Attachment, ...]
    older: int | None
    making: tuple[Paper, ...]
    refused: tuple[Paper, ...]
    may_upload: bool
    may_remove: frozenset[int]  # ids


# --- filing -------------------------------------------------------------------------------------------


def file_document(
    who: Somebody,
    customer: Customer,
    name: str,
    document: bytes,
    *,
    media_type: str = "application/pdf",
    pages: int | None = None,
    order: Order | None = None,
    uploaded: bool = False,
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
        size=len(document),
        uploaded=uploaded,
    )
    history.record("attachment.filed", who, partner=customer.partner_id, customer=customer.id, name=name)
    return filed


def remove_attachment(who: Standing, customer_id: int, attachment_id: int) -> Attachment:
    """Take an uploaded document away for good, and its bytes unless another attachment has the same.

    Raises NotThere, MayNot.
    """
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit")
        attachment = attachment_of(customer, attachment_id)
        refuse_unless_removable(who, customer, attachment)
        attachment.delete_instance()
        same = Attachment.select().where(Attachment.content == attachment.sha256)
        if not same.exists():
            Content.delete().where(Content.sha256 == attachment.sha256).execute()
        facts = {"partner": customer.partner_id, "customer": customer.id, "name": attachment.name}
        history.record("attachment.removed", who, **facts)
    return attachment


def refuse_unless_removable(who: Standing, customer: Customer, attachment: Attachment) -> None:
    if not attachment.uploaded:
        raise WrittenByThePortal
    if attachment.created_by_id != who.id and who.role_on(customer.id, customer.partner_id) not in ADMINISTRATORS:
        raise NotTheirAttachment


# --- listing ------------------------------------------------------------------------------------------


def filed_under(who: Standing, customer: Customer, before: int = 0, most: int = PAGE) -> Filed:
    """The newest attachments, or those older than the attachment `before`: two queries, and no bytes are read."""
    found = filed_before(customer.id, before or EVERY, most + 1)
    papers = [] if before else list(papers_of(who, customer))
    may_upload = may_on(who, customer, "customers.edit")
    return Filed(
        attachments=tuple(found[:most]),
        older=found[most - 1].id if len(found) > most else None,
        making=tuple(paper for paper in papers if paper.state != "refused"),
        refused=tuple(paper for paper in papers if paper.state == "refused"),
        may_upload=may_upload,
        may_remove=frozenset(each.id for each in found if may_upload and removable(who, customer, each)),
    )


filed_before = Kept(
    lambda customer, key, most: (
        Attachment.select(Attachment, Person.id, Person.name)
        .join(Person, JOIN.LEFT_OUTER, on=(Attachment.created_by == Person.id), attr="created_by")
        .where((Attachment.customer == customer) & (Attachment.id < key))
        .order_by(Attachment.id.desc())
        .limit(most)
    )
)


def removable(who: Standing, customer: Customer, attachment: Attachment) -> bool:
    try:
        refuse_unless_removable(who, customer, attachment)
    except MayNot:
        return False
    return True


def papers_of(who: Standing, customer: Customer) -> list[Paper]:
    """What is on its way, and what was refused of this person's own; in the order of upload."""
    return papers_shown(customer.id, who.id)


papers_shown = Kept(
    lambda customer, who: (
        Paper.select()
        .where((Paper.customer == customer) & ((Paper.state != "refused") | (Paper.created_by == who)))
        .order_by(Paper.id)
    )
)


def told(filed: Filed) -> str:
    """What is spoken when papers are done."""
    if filed.making:
        return f"{len(filed.making)} still being made safe."
    return "Something was refused; the list says why." if filed.refused else "All files are made safe and filed."


# --- finding and opening ------------------------------------------------------------------------------


def find_attachment(who: Standing, customer_id: int, attachment_id: int) -> Attachment:
    """Without its bytes. Raises NotThere for what this person may not see."""
    return attachment_of(find_customer(who, customer_id, "attachments.see"), attachment_id)


def attachment_of(customer: Customer, attachment_id: int) -> Attachment:
    found: Attachment | None = (
        Attachment.select().where((Attachment.id == attachment_id) & (Attachment.customer == customer)).first()
    )
    if found is None:
        raise NotThere
    return found


def bytes_of(attachment: Attachment) -> bytes:
    return bytes(Content.get_by_id(attachment.sha256).content)


def note_opening(who: Standing, attachment: Attachment) -> None:
    """One line of history for each person and attachment within an hour."""
    mine = (Opening.attachment == attachment) & (Opening.person == who.id)
    if Opening.select().where(mine & (Opening.at > now() - OPENED_AGAIN_AFTER)).exists():
        return
    with transaction():
        first = Opening.insert(attachment=attachment, person=who.id, at=now()).on_conflict_ignore()
        again = Opening.update(at=now()).where(mine & (Opening.at <= now() - OPENED_AGAIN_AFTER))
        if first.as_rowcount().execute() or again.execute():
            customer = attachment.customer
            facts = {"partner": customer.partner_id, "customer": customer.id, "name": attachment.name}
            history.record("attachment.opened", who, **facts)


def name_to_save(attachment: Attachment) -> str:
    """Under what a browser saves it: “scan.png” is a PDF now, so it is “scan.pdf”."""
    return ENDING.sub("", attachment.name) + ".pdf"
