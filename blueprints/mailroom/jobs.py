"""The mailroom's worker: claims a letter, sends it, writes down what came of it. The database is closed meanwhile."""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from huey import crontab
from peewee import PeeweeException

from blueprints.gateways import mail
from blueprints.gateways.letter import Enclosure, Letter
from blueprints.gateways.queue import nudge as ask_for
from blueprints.gateways.queue import queue
from blueprints.mailroom import delivery
from blueprints.mailroom.delivery import Claimed
from data import history
from data.database import database

SETTLE_PAUSES = (0.5, 2, 10)  # seconds; the answer of a server is worth some patience with a busy database

log = logging.getLogger("quayside.mailroom")

# One delivery at a time in a process, so that a server that hangs leaves its other workers to other jobs.
at_work = threading.Lock()
more = threading.Event()


# --- asked for by routes ------------------------------------------------------------------------------


def nudge() -> None:
    """Wake the worker after letters were committed. Never fails, never waits."""
    ask_for(deliver_due)


def nudge_for(email_id: int) -> None:
    """Wake it for one letter that somebody is looking at, past all others."""
    ask_for(deliver, email_id)


def can_send() -> bool:
    """Whether a mail server is set; without one, letters are held."""
    return mail.configured()


def start_with(app: Any) -> None:
    """Once, where a worker is about to start: each job gets a name for its history and leaves no connection behind."""
    if not mail.configured():
        app.logger.info("MAIL_SERVER is not set: letters are held in the mailroom, where they can be read.")

    @queue.pre_execute(name="name the act")
    def name_the_act(_task: Any) -> None:
        history.act.set(secrets.token_hex(8))

    @queue.post_execute(name="close the database")
    def close_the_database(_task: Any, _value: Any, _problem: Any) -> None:
        if not database.is_closed():
            database.close()


# --- jobs ---------------------------------------------------------------------------------------------


@queue.task()
def deliver(email_id: int) -> None:
    """Send one letter, if it is to be sent now and nobody else is at it."""
    deliver_one(email_id)


@queue.periodic_task(crontab())
def deliver_due() -> None:
    """Send what is due; each minute, and when nudged. Asked while at work already, it looks once more at the end."""
    more.set()
    while more.is_set() and at_work.acquire(blocking=False):
        try:
            more.clear()
            deliver_all()
        finally:
            at_work.release()


def deliver_all() -> None:
    """Each due letter once. When the server is not to be reached, the rest waits for the next minute."""
    tried: set[int] = set()
    while True:
        with connected():
            delivery.give_up_lost()
            if not mail.configured():
                delivery.hold_waiting()
                return
            waiting = [email_id for email_id in delivery.due() if email_id not in tried]
        if not waiting:
            return
        for email_id in waiting:
            tried.add(email_id)
            try:
                answer = deliver_one(email_id)
            except Exception:
                log.exception("letter %s could not be delivered now", email_id)
                continue
            if answer is not None and not answer.reached:
                log.warning("mail server: %s", answer.words)
                return


def deliver_one(email_id: int) -> mail.Answer | None:
    """Claim, send, settle. None when there was nothing to send."""
    with connected():
        if not mail.configured():
            delivery.hold_waiting()
            return None
        claimed = delivery.claim(email_id)
    if claimed is None:
        return None
    answer = mail.send(letter_of(claimed))
    settle(claimed, answer)
    return answer


def letter_of(claimed: Claimed) -> Letter:
    email = claimed.email
    return Letter(
        sender=claimed.partner_name,
        to_name=email.to_name,
        to_email=email.to_email,
        reply_to=email.reply_to,
        subject=email.subject,
        text=email.text,
        html=email.html,
        enclosures=tuple(
            Enclosure(attachment.name, attachment.media_type, content) for attachment, content in claimed.enclosures
        ),
        message_id=f"{email.id}.{email.created_at:%Y%m%d%H%M%S%f}.quayside",
    )


SETTLEMENTS = {
    mail.Outcome.ACCEPTED: delivery.settle_sent,
    mail.Outcome.LATER: delivery.settle_later,
    mail.Outcome.REFUSED: delivery.settle_failed,
    mail.Outcome.UNSURE: delivery.settle_unsure,
}


def settle(claimed: Claimed, answer: mail.Answer) -> None:
    """Write down what came of it. If the database refuses for long, the letter stays `sending`, then `unsure`."""
    for pause in (*SETTLE_PAUSES, None):
        try:
            with connected():
                SETTLEMENTS[answer.outcome](claimed.email, answer.words)
            return
        except PeeweeException:
            if pause is None:
                raise
            log.warning("the database is busy; letter %s is settled later", claimed.email.id, exc_info=True)
            time.sleep(pause)


@contextmanager
def connected() -> Iterator[None]:
    """The database, open; closed again after, unless it was open before."""
    opened = database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            database.close()
