"""Messages on their way to webhooks: signed, one after the other for each, tried again until it is given up.

Each function is one transaction of its own but queue_delivery; none of them sends. A delivery whose worker was lost is
sent again, with the same id, so a receiver sees what it has seen before.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from blueprints.customers.at_msp import administrators_of
from blueprints.customers.sealing import unseal
from blueprints.mailroom.rules import write_drawn
from data import history
from data.alerts import AlertMessage, Subscriber, WebhookDelivery
from data.database import locked, transaction
from data.history import PORTAL
from data.moments import now
from data.partners import Partner

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))  # as the mailroom's
GIVEN_UP_AFTER = timedelta(days=3)
WORKER_LOST_AFTER = timedelta(minutes=5)  # a try takes half a minute at most
SIGNATURE = "Quayside-Signature"


@dataclass(frozen=True)
class Claimed:
    """A delivery that this worker alone may make now."""

    delivery: WebhookDelivery
    address: str
    sealed: str


# --- signing ------------------------------------------------------------------------------------------


def headers_of(claimed: Claimed, at: datetime) -> dict[str, str]:
    """What goes along with the body. Raises Unreadable when the key cannot be opened any more."""
    delivery = claimed.delivery
    return {
        "Content-Type": "application/json",
        "User-Agent": "Quayside",
        "Quayside-Delivery": str(delivery.id),
        SIGNATURE: signature(unseal(claimed.sealed), delivery.body.encode(), int(at.timestamp())),
    }


def signature(key: str, body: bytes, at: int) -> str:
    """HMAC-SHA-256 (RFC 2104) over the second it was signed, a full stop, and the body: “t=1790000000,v1=3f…”."""
    signed = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


# --- finding and claiming -----------------------------------------------------------------------------


def queue_delivery(subscriber: Subscriber, message: AlertMessage | None, payload: Mapping[str, Any]) -> WebhookDelivery:
    """Call inside the transaction of what is told."""
    body = json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
    queued: WebhookDelivery = WebhookDelivery.create(
        subscriber=subscriber, message=message, body=body, not_before=now(), created_at=now()
    )
    return queued


def due(most: int = 200) -> list[int]:
    """Ids of what can be sent now: of each webhook the oldest that waits, so that they arrive in order."""
    moment = now()
    oldest = (
        WebhookDelivery.select(fn.MIN(WebhookDelivery.id))
        .where(WebhookDelivery.state == "waiting")
        .group_by(WebhookDelivery.subscriber)
    )
    busy = WebhookDelivery.select(WebhookDelivery.subscriber).where(WebhookDelivery.state == "sending")
    late = moment + 2 * BACK_OFF[-1]  # the clock was wrong when it was put off so long
    come = (WebhookDelivery.not_before <= moment) | (WebhookDelivery.not_before > late)
    ready = WebhookDelivery.select(WebhookDelivery.id).where(
        WebhookDelivery.id.in_(oldest) & come & WebhookDelivery.subscriber.not_in(busy)
    )
    return [row.id for row in ready.order_by(WebhookDelivery.not_before, WebhookDelivery.id).limit(most)]


def claim(delivery_id: int) -> Claimed | None:
    """Take it; None when another worker was quicker, or nobody is to be told there any more."""
    waiting = (WebhookDelivery.id == delivery_id) & (WebhookDelivery.state == "waiting")
    with transaction():
        taken = {"state": "sending", "claimed_at": now(), "tries": WebhookDelivery.tries + 1}
        if not WebhookDelivery.update(**taken).where(waiting).execute():
            return None
        delivery = WebhookDelivery.get_by_id(delivery_id)
        subscriber = delivery.subscriber
        if subscriber.removed_at is not None or not subscriber.webhook or subscriber.off_at is not None:
            failed = {"state": "failed", "answer": "There is no webhook any more.", "answered_at": now()}
            WebhookDelivery.update(**failed).where(WebhookDelivery.id == delivery_id).execute()
            return None
    return Claimed(delivery, subscriber.webhook, subscriber.sealed)


def take_up_lost() -> int:
    """What a worker had claimed and never told of is sent again. How many."""
    lost = (WebhookDelivery.state == "sending") & (WebhookDelivery.claimed_at < now() - WORKER_LOST_AFTER)
    if not WebhookDelivery.select().where(lost).exists():
        return 0
    with transaction():
        count: int = WebhookDelivery.update(state="waiting", claimed_at=None).where(lost).execute()
    return count


# --- what came of it ----------------------------------------------------------------------------------


def settle(claimed: Claimed, *, taken: bool, gone: bool, answer: str, portal: str) -> None:
    """Write down what came of a try. `taken`: answered with 2xx; `gone`: the receiver wants no more (410)."""
    delivery = claimed.delivery
    ours = (WebhookDelivery.id == delivery.id) & (WebhookDelivery.state == "sending")
    ours &= WebhookDelivery.claimed_at == delivery.claimed_at
    moment = now()
    with transaction():
        subscriber: Subscriber = locked(Subscriber.select().where(Subscriber.id == delivery.subscriber_id)).get()
        moved = subscriber.webhook != claimed.address
        told: dict[str, Any] = {"answer": answer, "answered_at": moment, "claimed_at": None}
        if taken:
            WebhookDelivery.update(state="sent", **told).where(ours).execute()
            if subscriber.failing_since is not None and not moved:
                Subscriber.update(failing_since=None).where(Subscriber.id == subscriber.id).execute()
            return
        wait = BACK_OFF[min(delivery.tries, len(BACK_OFF)) - 1]
        again = moment if moved else moment + wait
        if not WebhookDelivery.update(state="waiting", not_before=again, **told).where(ours).execute() or moved:
            return
        since = min(subscriber.failing_since or moment, moment)
        if gone or (moment - since >= GIVEN_UP_AFTER and delivery.tries >= len(BACK_OFF)):
            give_up(subscriber, answer, portal)
        elif subscriber.failing_since is None:
            Subscriber.update(failing_since=moment).where(Subscriber.id == subscriber.id).execute()


def give_up(subscriber: Subscriber, answer: str, portal: str) -> None:
    """Nothing more goes to this webhook until somebody switches it on again; they are written to."""
    moment = now()
    off = {"off_at": moment, "off_reason": answer, "version": Subscriber.version + 1}
    Subscriber.update(**off).where(Subscriber.id == subscriber.id).execute()
    left = (WebhookDelivery.subscriber == subscriber) & (WebhookDelivery.state == "waiting")
    WebhookDelivery.update(state="failed", answered_at=moment).where(left).execute()
    history.record(
        "alert.webhook_given_up",
        PORTAL,
        partner=subscriber.partner_id,
        customer=subscriber.customer_id,
        name=subscriber.name,
        answer=answer,
    )
    partner: Partner = subscriber.partner
    told = [(subscriber.name, subscriber.email)] if subscriber.email else administrators_of(partner)
    subject = f"Webhook of {subscriber.name} switched off"
    for place, (name, email) in enumerate(told):
        shown = {
            "reader": name,
            "speaks": partner.name,
            "subscriber": subscriber.name,
            "answer": answer,
            "link": f"{portal}/alerts/subscribers/{subscriber.id}",
        }
        write_drawn(
            PORTAL,
            "alert_webhook_off",
            (name, email),
            subject,
            shown,
            partner=partner,
            customer=subscriber.customer_id,
            once=f"alert_webhook_off:{subscriber.id}:{subscriber.version}:{place}",
        )
