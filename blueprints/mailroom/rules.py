"""Writing letters: a rule that writes one does it in its own transaction, so letter and change stand or fall together."""

from blueprints.web.refusals import Refused
from data import history
from data.attachments import Attachment
from data.customers import Customer
from data.emails import Email, EmailAttachment
from data.moments import now
from data.partners import Partner


class NoAddress(Refused):
    sentence = "There is no address to write to."


def write(
    who: object,
    *,
    kind: str,
    to_email: str,
    subject: str,
    text: str,
    html: str = "",
    to_name: str = "",
    partner: Partner | int | None = None,
    customer: Customer | int | None = None,
    enclosures: tuple[Attachment, ...] = (),
    once: str | None = None,
) -> Email:
    """Queue a letter inside the open transaction; a worker sends it after the commit.

    `text` and `html` are the finished words. `once` names a letter that may exist only once (unique). Header
    fields lose their line breaks. Raises NoAddress.
    """
    if "@" not in to_email:
        raise NoAddress
    partner_id = partner.id if isinstance(partner, Partner) else partner
    customer_id = customer.id if isinstance(customer, Customer) else customer
    reply_to = (Partner.get_by_id(partner_id).reply_to if partner_id else "") or ""
    written = Email.create(
        partner=partner_id,
        customer=customer_id,
        kind=kind,
        once=once,
        to_name=one_line(to_name),
        to_email=one_line(to_email),
        reply_to=one_line(reply_to),
        subject=one_line(subject),
        text=text,
        html=html,
        not_before=now(),
        created_at=now(),
    )
    for attachment in enclosures:
        EmailAttachment.create(email=written, attachment=attachment)
    history.record(
        "email.queued", who, partner=partner_id, customer=customer_id, subject=written.subject, email=written.to_email
    )
    return written


def one_line(text: str) -> str:
    return " ".join(text.split())
