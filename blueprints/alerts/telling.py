"""Who is told of an alert, and what they are still to be told: a notice for each, gathered into messages later."""

from collections.abc import Iterable

from data.alerts import Alert, AlertNotice, Subscriber
from data.moments import now


def wants(subscriber: Subscriber, alert: Alert) -> bool:
    """Whether they are told of this service, in the state it is in."""
    silent = alert.state == "unknown" and not subscriber.silence
    mild = alert.state == "warning" and not subscriber.warnings
    return alert.service in subscriber.services and not silent and not mild


def subscribers_of(alert: Alert, level: str) -> list[Subscriber]:
    """Those of the customer and those of its whole MSP."""
    of_msp = Subscriber.customer.is_null() & (Subscriber.partner == alert.partner_id)
    over = of_msp | (Subscriber.customer == alert.customer_id)
    asked = Subscriber.select().where(over & Subscriber.removed_at.is_null() & (Subscriber.level == level))
    return [subscriber for subscriber in asked.order_by(Subscriber.id) if wants(subscriber, alert)]


def told_of(alert: Alert, *kinds: str) -> set[int]:
    """Ids of subscribers who were told of it, or are to be; by notices of these kinds, if any are named."""
    query = AlertNotice.select(AlertNotice.subscriber).where(AlertNotice.alert == alert)
    if kinds:
        query = query.where(AlertNotice.kind.in_(kinds))
    return {notice.subscriber_id for notice in query}


def notify(alert: Alert, kind: str, subscribers: Iterable[int]) -> None:
    """They are to be told, each once. Call inside the transaction of what is told."""
    rows = [
        {
            "alert": alert.id,
            "subscriber": subscriber,
            "kind": kind,
            "count": alert.count,
            "state": alert.state,
            "at": now(),
        }
        for subscriber in subscribers
    ]
    if rows:
        AlertNotice.insert_many(rows).on_conflict_ignore().execute()


def notify_new(alert: Alert) -> None:
    """Everybody at the first level who wants to know, and does not yet."""
    known = told_of(alert)
    notify(alert, "alert", [each.id for each in subscribers_of(alert, "first") if each.id not in known])


def drop_waiting(alert: Alert) -> None:
    """What was still to be told needs to be told no more."""
    AlertNotice.delete().where((AlertNotice.alert == alert) & AlertNotice.message.is_null()).execute()
