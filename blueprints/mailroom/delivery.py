"""What becomes of a letter after it was written: waiting → sending → sent, or waiting again, failed, unsure, held.

Each function is one transaction of its own; none of them sends. A letter is claimed before it is sent, so that a
crash in between shows “may have been sent” and never sends it twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Expression

from data import history
from data.attachments import Attachment, Content
from data.database import transaction
from data.emails import Email, EmailAttachment
from data.history import PORTAL
from data.moments import now
from data.partners import Partner

# How long to wait after the first, second, … try; after the last of these, as long again each time.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
GIVEN_UP_AFTER = timedelta(days=3)
WORKER_LOST_AFTER = timedelta(minutes=10)  # a try takes a minute at most
TEST = "mail_test"

LOST = "The portal stopped while it was sending this letter."


@dataclass(frozen=True)
class Claimed:
    """A letter that this worker alone may send now, with the content of its enclosures."""

    email: Email
    partner_name: str
    enclosures: tuple[tuple[Attachment, bytes], ...]


# --- finding and claiming -----------------------------------------------------------------------------


def due(most: int = 50) -> list[int]:
    """Ids of letters to be sent by now, in the order in which they came due."""
    ready = Email.select(Email.id).where((Email.state == "waiting") & (Email.not_before <= now()))
    return [row.id for row in ready.order_by(Email.not_before, Email.id).limit(most)]


def claim(email_id: int) -> Claimed | None:
    """Take a letter to send it; None when another worker was quicker, or it is not to be sent (now)."""
    moment = now()
    ours = (Email.id == email_id) & (Email.state == "waiting") & (Email.not_before <= moment)
    with transaction():
        taken = Email.update(state="sending", claimed_at=moment, tries=Email.tries + 1).where(ours).execute()
        if not taken:
            return None
        email = Email.get_by_id(email_id)
        partner = Partner.get_or_none(Partner.id == email.partner_id)
        return Claimed(email, partner.name if partner else "", enclosures_of(email))


def enclosures_of(email: Email) -> tuple[tuple[Attachment, bytes], ...]:
    filed = (
        Attachment.select(Attachment, Content)
        .join(EmailAttachment, on=(EmailAttachment.attachment == Attachment.id))
        .switch(Attachment)
        .join(Content)
        .where(EmailAttachment.email == email)
        .order_by(EmailAttachment.id)
    )
    return tuple((attachment, bytes(attachment.content.content)) for attachment in filed)


# --- what came of it ----------------------------------------------------------------------------------


def settle_sent(email: Email, answer: str) -> None:
    settle(email, "email.sent", state="sent", sent_at=now(), answer=answer)


def settle_later(email: Email, answer: str) -> None:
    """To be tried again, or given up. A test is tried once: who asked for it waits for the answer."""
    again = None if email.kind == TEST else next_try(email.tries, email.created_at, now())
    if again is None:
        settle_failed(email, answer)
    else:
        told = "email.delayed" if email.tries == 1 else ""  # the later ones say nothing new
        settle(email, told, state="waiting", not_before=again, answer=answer)


def settle_failed(email: Email, answer: str) -> None:
    settle(email, "email.failed", state="failed", answer=answer)


def settle_unsure(email: Email, answer: str) -> None:
    settle(email, "email.unsure", state="unsure", answer=answer)


def next_try(tries: int, written: datetime, at: datetime) -> datetime | None:
    """When to try again after `tries` tries, the last of them `at`; None: give up.

    Given up three days after it was written, with a last try at that moment. But everything has the tries of
    the whole timetable first: a letter sent again by hand, or written before the portal was off for days.
    """
    over = written + GIVEN_UP_AFTER
    if at >= over and tries > len(BACK_OFF):
        return None
    following = at + BACK_OFF[min(tries, len(BACK_OFF)) - 1]
    return over if at < over < following else following


def settle(email: Email, told: str, **changed: object) -> None:
    """Write down what came of a claim, unless a person has sent the letter on its way again since.

    A worker that was thought lost may still come with the truth, so `unsure` is overwritten too.
    """
    claim_still_stands = (
        (Email.id == email.id) & (Email.claimed_at == email.claimed_at) & Email.state.in_(("sending", "unsure"))
    )
    told = "mail.tested" if email.kind == TEST else told
    with transaction():
        if Email.update(**changed).where(claim_still_stands).execute() and told:
            tell(email, told, str(changed["answer"]))


def hold_waiting() -> int:
    """No mail server is set: what waits is held, to be read in the portal. Returns how many."""
    return move_each(Email.state == "waiting", "email.held", state="held", answer="")


def give_up_lost() -> int:
    """Letters whose worker died while sending may have been sent: a person has to decide. Returns how many."""
    lost = (Email.state == "sending") & (Email.claimed_at < now() - WORKER_LOST_AFTER)
    return move_each(lost, "email.unsure", state="unsure", answer=LOST)


def move_each(which: Expression, told: str, **changed: object) -> int:
    """Change the letters that are so, each with its line; those that others move meanwhile are left alone."""
    if not Email.select().where(which).exists():  # nearly always: no transaction then
        return 0
    moved = 0
    with transaction():
        for email in list(Email.select().where(which)):
            if Email.update(**changed).where((Email.id == email.id) & which).execute():
                tell(email, told, str(changed["answer"]))
                moved += 1
    return moved


def tell(email: Email, kind: str, answer: str) -> None:
    facts = {"subject": email.subject, "email": email.to_email, "answer": answer}
    wanted = history.facts_of(kind)
    told = {name: value for name, value in facts.items() if name in wanted}
    history.record(kind, PORTAL, partner=email.partner_id, customer=email.customer_id, **told)
