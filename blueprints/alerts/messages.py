"""What a subscriber is still to be told goes into one message, so that a storm of alerts is one letter.

A message waits a moment for more to come, and the next one to the same subscriber comes no sooner than five minutes
later. It is written as letters in the mailroom and as a delivery to the webhook, in the transaction that notes that
its notices are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from blueprints.alerts.acknowledging import new_token
from blueprints.alerts.deliveries import queue_delivery
from blueprints.alerts.finding import letter_key
from blueprints.alerts.raising import lasting
from blueprints.mailroom.letters import drawn
from blueprints.mailroom.rules import NoAddress, write
from data.alerts import STATE_NAMES, Alert, AlertMessage, AlertNotice, Subscriber
from data.customers import Customer
from data.database import locked, transaction
from data.history import PORTAL
from data.moments import now
from data.monitors import SERVICES
from data.partners import Partner

GATHERED = timedelta(seconds=30)  # for more to come
PAUSE = timedelta(minutes=5)  # between two messages to one subscriber
LISTED = 50  # alerts in one letter; the rest is counted
MOST_HEADED = 3  # names in a subject
WEIGHT = ("recovery", "again", "alert", "worse", "escalation")  # what counts, of several notices of one alert

HEADINGS = {
    "escalation": "Nobody has reacted",
    "worse": "Worse",
    "alert": "New",
    "again": "Still so",
    "recovery": "Over",
}
LETTER_KINDS = {"escalation": "alert_escalation", "recovery": "alert_recovery"}


@dataclass(frozen=True)
class Item:
    """One alert in a message. `kind`: of its notice; `what`: in words; `said`: what the reading said."""

    alert: Alert
    kind: str
    company: str
    service: str
    what: str
    said: str
    since: datetime


def write_due(portal: str) -> int:
    """Write what has been gathered long enough. `portal`: what links begin with. How many messages."""
    written = 0
    for subscriber_id in due():
        with transaction():
            written += write_to(subscriber_id, portal)
    return written


def due() -> list[int]:
    """Ids of subscribers for whom something waits, and it is time."""
    moment = now()
    waiting = (
        AlertNotice.select(AlertNotice.subscriber, fn.MIN(AlertNotice.at).alias("since"))
        .where(AlertNotice.message.is_null())
        .group_by(AlertNotice.subscriber)
    )
    gathered = [
        notice.subscriber_id
        for notice in waiting
        if notice.since <= moment - GATHERED or notice.since > moment + GATHERED  # the clock was wrong then
    ]
    if not gathered:
        return []
    ready = Subscriber.next_at.is_null() | (Subscriber.next_at <= moment) | (Subscriber.next_at > moment + PAUSE)
    chosen = Subscriber.select(Subscriber.id).where(Subscriber.id.in_(gathered) & ready)
    return [subscriber.id for subscriber in chosen.order_by(Subscriber.id)]


def write_to(subscriber_id: int, portal: str) -> bool:
    """Everything that waits for one subscriber, in one message. Call inside a transaction."""
    subscriber: Subscriber = locked(Subscriber.select().where(Subscriber.id == subscriber_id)).get()
    waiting = (
        AlertNotice.select(AlertNotice, Alert, Customer)
        .join(Alert)
        .join(Customer)
        .where((AlertNotice.subscriber == subscriber) & AlertNotice.message.is_null())
        .order_by(AlertNotice.id)
    )
    notices = list(waiting)
    ids = [notice.id for notice in notices]
    if subscriber.removed_at is not None:
        AlertNotice.delete().where(AlertNotice.id.in_(ids)).execute()
    if not notices or subscriber.removed_at is not None:
        return False
    items = items_of(notices)
    token, hashed = new_token() if any(item.alert.open for item in items) else ("", None)
    moment = now()
    message = AlertMessage.create(
        subscriber=subscriber, written_at=moment, subject=subject_of(items), token_hash=hashed
    )
    AlertNotice.update(message=message).where(AlertNotice.id.in_(ids)).execute()
    Subscriber.update(next_at=moment + PAUSE).where(Subscriber.id == subscriber.id).execute()
    link = f"{portal}/alerts/acknowledge/{token}" if token else ""
    write_letters(subscriber, message, items, portal, link)
    if subscriber.webhook and subscriber.off_at is None:
        queue_delivery(subscriber, message, payload(subscriber, message, items, portal, link))
    return True


def items_of(notices: Sequence[AlertNotice]) -> list[Item]:
    """Each alert once, by the weightiest of its notices; what matters most comes first."""
    chosen: dict[int, AlertNotice] = {}
    for notice in notices:
        other = chosen.get(notice.alert_id)
        if other is None or WEIGHT.index(notice.kind) >= WEIGHT.index(other.kind):
            chosen[notice.alert_id] = notice
    items = [item_of(notice) for notice in chosen.values()]
    return sorted(items, key=lambda item: (-WEIGHT.index(item.kind), item.company, item.service))


def item_of(notice: AlertNotice) -> Item:
    alert = notice.alert
    return Item(
        alert=alert,
        kind=notice.kind,
        company=alert.customer.name,
        service=SERVICES[alert.service],
        what=what(alert, notice.kind),
        said=alert.said,
        since=alert.opened_at,
    )


def what(alert: Alert, kind: str) -> str:
    """The state in words: “Problem”, “Good again after 1 h 5 min”."""
    if kind == "recovery":
        over = "Good again" if alert.ended_as == "good" else "Not watched any more"
        return f"{over}, after {lasting(alert.ended_at - alert.opened_at)}"
    return STATE_NAMES[alert.state]


def subject_of(items: Sequence[Item]) -> str:
    """One alert by name; of several, how many there are of what."""
    first = items[0]
    if len(items) == 1:
        told = {"escalation": "nobody has reacted, ", "again": "still ", "worse": "now "}.get(first.kind, "")
        word = first.what if not told else told + first.what[0].lower() + first.what[1:]
        return f"{first.company}: {first.service}, {word[0].lower()}{word[1:]}"
    counted = [(sum(item.kind == kind for item in items), words) for kind, words in COUNTED]
    companies = list(dict.fromkeys(item.company for item in items))
    told = ", ".join(words.format(many, "" if many == 1 else "s") for many, words in counted if many)
    if len(companies) <= MOST_HEADED:
        return f"{', '.join(companies)}: {told}"
    return f"{told[0].upper()}{told[1:]}, at {len(companies)} customers"


COUNTED = (
    ("escalation", "{} alert{} without reaction"),
    ("worse", "{} worse"),
    ("alert", "{} new alert{}"),
    ("again", "{} still open"),
    ("recovery", "{} over"),
)


def write_letters(subscriber: Subscriber, message: AlertMessage, items: Sequence[Item], portal: str, link: str) -> None:
    """To the address and to the alternative one. A letter about one customer stands with that customer."""
    addresses = [each for each in dict.fromkeys((subscriber.email, subscriber.alternative)) if each]
    if not addresses:
        return
    partner: Partner = subscriber.partner
    customers = {item.alert.customer_id for item in items}
    only = next(iter(customers)) if len(customers) == 1 else None
    shown = items[:LISTED]
    text, html = drawn(
        "alert",
        subject=message.subject,
        reader=subscriber.name,
        speaks=partner.name,
        zone=partner.timezone,
        groups=[(HEADINGS[kind], [i for i in shown if i.kind == kind]) for kind in reversed(WEIGHT)],
        more=len(items) - len(shown),
        link=link,
        page=f"{portal}/alerts/",
    )
    for place, address in enumerate(addresses):
        try:
            write(
                PORTAL,
                kind=LETTER_KINDS.get(items[0].kind, "alert"),
                to_name=subscriber.name,
                to_email=address,
                subject=message.subject,
                text=text,
                html=html,
                partner=partner,
                customer=only,
                once=letter_key(message.id, place),
            )
        except NoAddress:  # an address that was checked when it was typed
            continue


def payload(
    subscriber: Subscriber, message: AlertMessage, items: Sequence[Item], portal: str, link: str
) -> dict[str, Any]:
    """The same for a program; docs/alerts.md tells of it."""
    return {
        "kind": "alerts",
        "message": message.id,
        "at": message.written_at.isoformat(timespec="seconds"),
        "msp": subscriber.partner.name,
        "subject": message.subject,
        "alerts": [
            {
                "id": item.alert.id,
                "told": item.kind,
                "customer": {
                    "id": item.alert.customer_id,
                    "name": item.company,
                    "domain": item.alert.customer.primary_domain,
                },
                "service": item.alert.service,
                "state": item.alert.state if item.alert.open else item.alert.ended_as,
                "said": item.said,
                "since": item.since.isoformat(timespec="seconds"),
                "ended": item.alert.ended_at.isoformat(timespec="seconds") if item.alert.ended_at else None,
                "count": item.alert.count,
                "address": f"{portal}/alerts/{item.alert.id}",
            }
            for item in items[:LISTED]
        ],
        "more": max(len(items) - LISTED, 0),
        "acknowledge": link,
    }
