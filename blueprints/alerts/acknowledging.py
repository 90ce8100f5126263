"""Somebody looks after an alert: from then on nobody is told of it again until it is over."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.alerts.finding import find_alert
from blueprints.alerts.raising import tell
from blueprints.alerts.telling import drop_waiting
from blueprints.web.refusals import NotThere, Refused
from data import formats
from data.alerts import Alert, AlertMessage, AlertNotice, Subscriber
from data.customers import Customer
from data.database import locked, transaction
from data.moments import now

LONGEST_REMARK = 500
LONGEST_TOKEN = 100


class Over(Refused):
    sentence = "This alert is over, so there is nothing left to acknowledge."


class AcknowledgedAlready(Refused):
    sentence = "Somebody has acknowledged this alert already."


@dataclass(frozen=True)
class Holder:
    """Whoever opened the link of a message: known by the name of its subscriber."""

    name: str
    id = None


# --- by somebody signed in ----------------------------------------------------------------------------


def acknowledge(who: Standing, alert_id: int, remark: str) -> Alert:
    """Raises NotThere, MayNot, Over, AcknowledgedAlready."""
    with transaction():
        alert = find_alert(who, alert_id, "customers.edit", for_update=True)
        if not alert.open:
            raise Over
        if alert.acknowledged_at is not None:
            raise AcknowledgedAlready(f"{alert.acknowledged_by_name} has acknowledged this alert already.")
        put_down(alert, who, remark)
    return alert


def put_down(alert: Alert, who: Any, remark: str) -> None:
    alert.acknowledged_at, alert.acknowledged_by_id, alert.acknowledged_by_name = now(), who.id, who.name
    alert.remark, alert.next_at = remark, None
    alert.version += 1
    alert.save()
    drop_waiting(alert)
    tell(alert, "alert.acknowledged", who, remark=f": {remark}" if remark else "")


# --- by the link of a message -------------------------------------------------------------------------


def new_token() -> tuple[str, str]:
    """A token for a link, and its hash, which is all that is kept."""
    token = secrets.token_urlsafe(32)
    return token, hashed(token)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Linked:
    """A message that somebody came to by its link, and what it told of, as that stands now."""

    message: AlertMessage
    subscriber: Subscriber
    alerts: tuple[Alert, ...]

    def clock(self, at: datetime) -> str:
        """A moment on the clock of the MSP: whoever comes by a link has told no zone of theirs."""
        return formats.moment(at, self.subscriber.partner.timezone)

    @property
    def left(self) -> int:
        """How many of them can still be acknowledged."""
        return sum(alert.open and alert.acknowledged_at is None for alert in self.alerts)


def by_link(token: str) -> Linked:
    """Raises NotThere for a token that opens nothing (any more), whatever the reason."""
    if len(token) > LONGEST_TOKEN:
        raise NotThere
    message: AlertMessage | None = (
        AlertMessage.select(AlertMessage, Subscriber)
        .join(Subscriber)
        .where((AlertMessage.token_hash == hashed(token)) & Subscriber.removed_at.is_null())
        .first()
    )
    if message is None:
        raise NotThere
    told = AlertNotice.select(AlertNotice.alert).where(
        (AlertNotice.message == message) & (AlertNotice.kind != "recovery")
    )
    alerts = Alert.select(Alert, Customer).join(Customer).where(Alert.id.in_(told)).order_by(Alert.id)
    return Linked(message, message.subscriber, tuple(alerts))


def acknowledge_by_link(token: str, remark: str) -> int:
    """Everything the message told of that is still open. How many alerts; 0 when others were quicker."""
    with transaction():
        linked = by_link(token)
        ids = [alert.id for alert in linked.alerts]
        left = Alert.id.in_(ids) & Alert.ended_at.is_null() & Alert.acknowledged_at.is_null()
        alerts = list(locked(Alert.select().where(left).order_by(Alert.id)))
        for alert in alerts:
            put_down(alert, Holder(linked.subscriber.name), remark)
    return len(alerts)
