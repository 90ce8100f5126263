"""The worker of alerts: takes up what monitors tell, counts, escalates, writes messages, and posts to webhooks."""

import logging
import threading
from typing import TYPE_CHECKING

from huey import crontab

from blueprints.alerts import counting, deliveries, finding, messages, raising
from blueprints.alerts.deliveries import Claimed
from blueprints.customers.sealing import Unreadable
from blueprints.gateways.bounds import installed
from blueprints.gateways.many import many
from blueprints.gateways.queue import nudge as ask_for
from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import connected
from blueprints.mailroom.jobs import nudge as send_letters
from data.moments import now

if TYPE_CHECKING:
    from blueprints.gateways.webhooks import Heard

AT_ONCE = 8  # webhooks, each of another subscriber

log = logging.getLogger("quayside.alerts")
portal = ""

# One of each in a process; what others have claimed is left to them.
telling = threading.Lock()
posting = threading.Lock()


def links_begin_with(address: str) -> None:
    """Once, at the start: the address of the installation, for the links in messages."""
    global portal  # noqa: PLW0603 - set once, before any job runs
    portal = address


def nudge() -> None:
    """Wake the worker after something for a webhook was committed. Never fails, never waits."""
    ask_for(post_due)


@queue.periodic_task(crontab())
def tell() -> None:
    """Each minute: changes become alerts, alerts that nobody acknowledges count, what was gathered is written."""
    if not telling.acquire(blocking=False):
        return
    try:
        with connected():
            raising.take_up_changes()
            counting.count_due()
            written = messages.write_due(portal)
    finally:
        telling.release()
    if written:
        send_letters()
        nudge()


@queue.periodic_task(crontab())
def post_due() -> None:
    """Each minute, and when nudged: what is due for webhooks, until nothing is."""
    if not posting.acquire(blocking=False):
        return
    try:
        with connected():
            deliveries.take_up_lost()
        while post_all():
            pass
    finally:
        posting.release()


def post_all() -> int:
    """One delivery to each webhook for which one is due. How many."""
    with connected():
        claimed = [mine for delivery_id in deliveries.due() if (mine := deliveries.claim(delivery_id))]
    for each, heard in many(claimed, post_one, at_once=AT_ONCE, per_server=AT_ONCE):
        if not heard.taken:
            log.warning("webhook of subscriber %s: %s", each.delivery.subscriber_id, heard.words)
        with connected():
            deliveries.settle(each, taken=heard.taken, gone=heard.gone, answer=heard.words, portal=portal)
    return len(claimed)


def post_one(claimed: Claimed) -> "Heard":
    """One try, with the database closed."""
    from blueprints.gateways.webhooks import Heard, post  # noqa: PLC0415 - loaded when there is something to post

    try:
        headers = deliveries.headers_of(claimed, now())
    except Unreadable as refusal:
        return Heard(taken=False, gone=False, words=refusal.sentence)
    return post(claimed.address, claimed.delivery.body.encode(), headers, installed())


@queue.periodic_task(crontab(hour="3", minute="17"))
def forget_old() -> None:
    """Each night: what is over for 90 days."""
    with connected():
        finding.forget_old()
