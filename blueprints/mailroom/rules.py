"""Letters: written in the transaction of what they tell, found through the person who asks, sent again by hand."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from peewee import JOIN, ModelSelect

from blueprints.mailroom.letters import drawn
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import history
from data.attachments import Attachment
from data.customers import Customer
from data.database import transaction
from data.emails import STATES, Email, EmailAttachment
from data.moments import now
from data.partners import Partner

PAGE = 25
# Controls and lone surrogates, but for line ends and tabs. A pattern: letters are long, and every order writes two.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MOST_ID = 2**63 - 1
SOON = timedelta(minutes=2)

# What a letter is about. Kinds that are not here are shown by their own name.
KINDS = {
    "order_addendum": "Order addendum",
    "order_change": "Change order addendum",
    "new_lead": "New Implementation Lead",
    "rfi_link": "RFI link",
    "rfi_reminder": "RFI reminder",
    "rfi_flagged": "RFI answers flagged",
    "rfi_reopened": "RFI opened again",
    "rfi_handed_in": "RFI handed in",
    "rfi_closing": "Project closes soon",
    "rfi_closed": "Project closed",
    "plan_reminder": "Plan reminder",
    "plan_reminder_customer": "Plan reminder, to the customer",
    "plan_drifted": "Plan: not as it was",
    "plan_complete": "Onboarding complete",
    "plan_complete_customer": "Onboarding complete, to the customer",
    "cancellation_requested": "Cancellation asked for",
    "cancellation_to_process": "Cancellation to process",
    "cancellation_withdrawn": "Cancellation withdrawn",
    "cancellation_ended": "Service ended",
    "transfer_offered": "Takeover offered",
    "transfer_to_confirm": "Partner change to confirm",
    "transfer_accepted": "Partner change accepted",
    "transfer_confirmed": "Partner change confirmed",
    "transfer_over": "Partner change came to nothing",
    "transfer_moved": "Customer moved",
    "transfer_taken_over": "Customer taken over",
    "transfer_new_partner": "New MSP, to the customer",
    "alert": "Alerts",
    "alert_escalation": "Alerts without reaction",
    "alert_recovery": "Alerts that are over",
    "alert_test": "Test of alerts",
    "alert_webhook_off": "Webhook switched off",
    "invitation": "Invitation",
    "access_given": "Access given",
    "address_changed": "Address changed",
    "reset_instructions": "Forgotten password",
    "password_notice": "Password set",
    "mail_test": "Test",
}
STATE_NAMES = {
    "waiting": "Waiting",
    "sending": "Sending",
    "sent": "Sent",
    "failed": "Failed",
    "held": "Held",
    "unsure": "May have been sent",
}
assert tuple(STATE_NAMES) == STATES


class Reader(Protocol):
    """The person asking, as far as letters go. (The Standing of accounts, which stands on the mailroom itself.)"""

    name: str
    timezone: str
    operator: bool
    over_customers: dict

    def may_for_partner(self, permission: str, partner_id: int) -> bool: ...
    def may_for_customer(self, permission: str, customer_id: int, partner_id: int) -> bool: ...
    def partners_where(self, permission: str) -> list[int]: ...
    def exceptions(self, permission: str) -> tuple[list[int], list[int]]: ...


class NoAddress(Refused):
    sentence = "There is no address to write to."


class UnderWay(Refused):
    sentence = "This letter is on its way already."


class CustomerMoved(Refused):
    sentence = "This customer has moved to another MSP, so its letters stay as they are."


class NotConfirmed(Refused):
    sentence = "Tick this first: the letter may arrive twice."


# --- writing ------------------------------------------------------------------------------------------


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
    fields lose their line breaks. A letter about a customer belongs to its partner, too. Raises NoAddress.
    """
    address = one_line(to_email)
    if "@" not in address:
        raise NoAddress
    customer_id = customer.id if isinstance(customer, Customer) else customer
    owner = owner_of(partner, customer)
    partner_id = owner.id if owner else None
    written = Email.create(
        partner=partner_id,
        customer=customer_id,
        kind=kind,
        once=once,
        to_name=one_line(to_name),
        to_email=address,
        reply_to=one_line(owner.reply_to) if owner else "",
        subject=one_line(subject),
        text=several_lines(text),
        html=several_lines(html),
        not_before=now(),
        created_at=now(),
    )
    for attachment in enclosures:
        EmailAttachment.create(email=written, attachment=attachment)
    history.record(
        "email.queued",
        who,
        partner=partner_id,
        customer=customer_id,
        subject=written.subject,
        email=written.to_email,
    )
    return written


def write_drawn(
    who: object, kind: str, to: tuple[str, str], subject: str, facts: Mapping[str, object], **about: Any
) -> Email:
    """`write` the letter that `templates/emails/<kind>` says. `to`: name and address.

    `facts`: what the template is drawn from, beside the subject; `about`: the rest of what `write` takes.
    """
    text, html = drawn(kind, **{"subject": subject, **facts})
    return write(who, kind=kind, to_name=to[0], to_email=to[1], subject=subject, text=text, html=html, **about)


def owner_of(partner: Partner | int | None, customer: Customer | int | None) -> Partner | None:
    """The partner whose letter it is, looked up only where it is not at hand."""
    if partner is None and customer is not None:
        partner = (customer if isinstance(customer, Customer) else Customer.get_by_id(customer)).partner_id
    return partner if isinstance(partner, Partner) or partner is None else Partner.get_by_id(partner)


def one_line(text: str) -> str:
    """Without line breaks and other control characters; white space single."""
    return " ".join("".join(" " if is_control(character) else character for character in text).split())


def several_lines(text: str) -> str:
    """Without control characters but line ends and tabs (PostgreSQL takes no NUL)."""
    return CONTROL.sub("", text)


def is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")


def write_test(who: Reader, to_email: str, address: str) -> Email:
    """A test letter to see whether mail goes out; `address` is the portal's. Raises MayNot, NoAddress."""
    partners = who.partners_where("mailroom.send")
    if not who.operator and not partners:
        raise MayNot
    text, html = drawn("mailroom_test", address=address, asked_by=who.name, asked_at=now(), timezone=who.timezone)
    with transaction():
        return write(
            who,
            kind="mail_test",
            to_email=to_email,
            subject="Test letter from Quayside",
            text=text,
            html=html,
            partner=None if who.operator else partners[0],
        )


# --- finding ------------------------------------------------------------------------------------------


def letters_for(who: Reader, permission: str = "mailroom.see") -> ModelSelect:
    """The letters this person may see: those of their partners and of the customers they reach.

    Letters without a partner carry links that sign people in; only operators see them.
    """
    query = Email.select()
    if who.operator:
        return query
    raised, lowered = who.exceptions(permission)
    reached = Email.partner_id.in_(who.partners_where(permission))
    if lowered:
        reached &= Email.customer.is_null() | Email.customer_id.not_in(lowered)
    if raised:
        owners = {who.over_customers[customer][0] for customer in raised}
        reached |= Email.customer_id.in_(raised) & Email.partner_id.in_(owners)
    return query.where(reached)


def find_letter(who: Reader, email_id: int, permission: str = "mailroom.see") -> Email:
    """The letter, if this person may see it. Raises NotThere for strangers, MayNot for readers."""
    letter: Email | None = None
    if email_id <= MOST_ID:
        letter = letters_for(who).where(Email.id == email_id).first()
    if letter is None:
        raise NotThere
    if not may(who, permission, letter):
        raise MayNot
    return letter


def may(who: Reader, permission: str, letter: Email) -> bool:
    if letter.customer_id is not None:
        return who.may_for_customer(permission, letter.customer_id, letter.partner_id)
    return who.operator or who.may_for_partner(permission, letter.partner_id)


@dataclass(frozen=True)
class Found:
    """One page of letters, newest first. `newer`, `older`: the key to page on with, if there is more that way."""

    letters: list[Email]
    newer: int | None
    older: int | None

    @property
    def moving(self) -> bool:
        """Whether some of them will have another state in a moment."""
        return any(moves_soon(letter) for letter in self.letters)


def find_letters(
    who: Reader, *, words: str = "", state: str = "", kind: str = "", before: int = 0, after: int = 0
) -> Found:
    """Letters whose subject or addressee contains `words`. `before`, `after`: ids, for the older and newer page."""
    shown = (
        Email.id, Email.kind, Email.to_name, Email.to_email, Email.subject, Email.state, Email.tries,
        Email.not_before, Email.answer, Email.created_at, Email.customer, Customer.id, Customer.name,
    )  # fmt: skip  # all but the letters themselves
    query = letters_for(who).select(*shown).join(Customer, JOIN.LEFT_OUTER)
    if words:
        query = query.where(
            Email.subject.contains(words) | Email.to_email.contains(words) | Email.to_name.contains(words)
        )
    if state:
        query = query.where(Email.state == state)
    if kind:
        query = query.where(Email.kind == kind)
    if after:
        rows = list(query.where(Email.id > after).order_by(Email.id).limit(PAGE + 1))
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        return Found(rows, rows[0].id if more else None, rows[-1].id if rows else None)
    if before:
        query = query.where(Email.id < before)
    rows = list(query.order_by(Email.id.desc()).limit(PAGE + 1))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return Found(rows, rows[0].id if before and rows else None, rows[-1].id if more else None)


def enclosures_of(letter: Email) -> list[Attachment]:
    filed = Attachment.select(Attachment.id, Attachment.name, Attachment.customer).join(
        EmailAttachment, on=(EmailAttachment.attachment == Attachment.id)
    )
    return list(filed.where(EmailAttachment.email == letter).order_by(EmailAttachment.id))


def moves_soon(letter: Email) -> bool:
    """Whether a worker is at it, or will be within moments."""
    return letter.state == "sending" or (letter.state == "waiting" and letter.not_before <= now() + SOON)


# --- sending again ------------------------------------------------------------------------------------


def seen_as(letter: Email) -> str:
    """What a page shows of the letter's delivery, for a form to carry back: it changes with every try."""
    return f"{letter.state} {letter.claimed_at.isoformat() if letter.claimed_at else ''}".strip()


def may_have_arrived(letter: Email) -> bool:
    return letter.state in ("sent", "unsure")


def send_again(who: Reader, email_id: int, seen: str, confirmed: bool) -> Email:
    """Put a letter on its way anew, with the whole timetable of tries before it.

    `seen`: `seen_as` when the person decided; `confirmed`: that it may arrive twice. Raises UnderWay,
    NotConfirmed, ChangedMeanwhile.
    """
    letter = find_letter(who, email_id, "mailroom.send")
    if letter.state in ("waiting", "sending"):
        raise UnderWay
    if letter.customer_id is not None and letter.customer.status == "transferred":
        raise CustomerMoved
    if seen_as(letter) != seen:
        raise ChangedMeanwhile("Something happened to this letter after you opened the page. Look at it again first.")
    if may_have_arrived(letter) and not confirmed:
        raise NotConfirmed(field="confirmed")
    unchanged = (Email.id == letter.id) & (Email.state == letter.state)
    unchanged &= Email.claimed_at.is_null() if letter.claimed_at is None else Email.claimed_at == letter.claimed_at
    anew = {"state": "waiting", "tries": 0, "not_before": now(), "claimed_at": None, "sent_at": None, "answer": ""}
    with transaction():
        if not Email.update(**anew).where(unchanged).execute():
            raise UnderWay  # the other press of the button was quicker
        history.record(
            "email.sent_again",
            who,
            partner=letter.partner_id,
            customer=letter.customer_id,
            subject=letter.subject,
            email=letter.to_email,
        )
    return find_letter(who, email_id)
