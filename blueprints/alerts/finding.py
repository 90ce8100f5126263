"""Alerts as people find them: through the customers they reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from peewee import SQL, Expression, ModelSelect, fn

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer
from blueprints.web.refusals import NotThere
from data.alerts import Alert, AlertMessage, AlertNotice, Subscriber, WebhookDelivery
from data.customers import Customer
from data.database import locked
from data.emails import Email
from data.folding import fold
from data.moments import now

PAGE = 25
KEPT = timedelta(days=90)
MOST_ID = 2**63 - 1
KIND_NAMES = {
    "alert": "Alert",
    "worse": "A warning became a problem",
    "again": "Still so",
    "escalation": "Escalation",
    "recovery": "It is over",
}


@dataclass(frozen=True)
class Found:
    """One page of alerts, newest first. `older`: the key to go on with, if there are more."""

    alerts: tuple[Alert, ...]
    older: int | None


@dataclass(frozen=True)
class Told:
    """That somebody was told, or is about to be. `states`: of the letters and the webhook, as the mailroom says it."""

    notice: AlertNotice
    name: str
    states: tuple[str, ...]


def reached(who: Standing) -> Expression:
    """The condition on alerts under which this person sees the customer."""
    if who.operator:
        return SQL("1 = 1")
    raised, lowered = who.exceptions("customers.see")
    condition = Alert.partner_id.in_(who.partners_where("customers.see"))
    if lowered:
        condition &= Alert.customer_id.not_in(lowered)
    if raised:
        condition |= Alert.customer_id.in_(raised)
    return condition


def alerts_for(who: Standing) -> ModelSelect:
    return Alert.select(Alert, Customer).join(Customer).where(reached(who))


def find_alerts(who: Standing, *, shown: str = "open", words: str = "", before: int = 0) -> Found:
    """Those this person sees. `words`: part of the company's name; `before`: the id to go on from."""
    query = alerts_for(who)
    if shown == "open":
        query = query.where(Alert.ended_at.is_null())
    if words:
        query = query.where(Customer.name_key.contains(fold(words)))
    return page_of(query, before)


def alerts_of(customer: Customer, before: int = 0) -> Found:
    query = Alert.select(Alert, Customer).join(Customer).where(Alert.customer == customer)
    return page_of(query, before)


def page_of(query: ModelSelect, before: int) -> Found:
    if before:
        query = query.where(Alert.id < min(before, MOST_ID))
    rows = list(query.order_by(Alert.id.desc()).limit(PAGE + 1))
    more = len(rows) > PAGE
    return Found(tuple(rows[:PAGE]), rows[PAGE - 1].id if more else None)


def find_alert(who: Standing, alert_id: int, permission: str = "customers.see", *, for_update: bool = False) -> Alert:
    """The alert, if this person may see its customer. Raises NotThere, MayNot."""
    query = Alert.select().where(Alert.id == alert_id)
    alert: Alert | None = (locked(query) if for_update else query).first()
    if alert is None:
        raise NotThere
    alert.customer = find_customer(who, alert.customer_id, permission)
    return alert


# --- who was told -------------------------------------------------------------------------------------


def told_about(alert: Alert) -> list[Told]:
    """Everybody who was told of an alert or is to be, newest first: three queries."""
    query = (
        AlertNotice.select(AlertNotice, Subscriber)
        .join(Subscriber)
        .where(AlertNotice.alert == alert)
        .order_by(AlertNotice.id.desc())
        .limit(200)
    )
    notices = list(query)
    states = states_of({notice.message_id for notice in notices if notice.message_id is not None})
    return [Told(each, each.subscriber.name, states.get(each.message_id, ())) for each in notices]


def letter_key(message_id: int, place: int) -> str:
    """By which a letter of a message is known in the mailroom. `place`: 0, or 1 for the alternative address."""
    return f"alert:{message_id}:{place}"


def states_of(messages: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Message id → how its letters and its webhook stand, in words."""
    ids = set(messages)
    if not ids:
        return {}
    found: dict[int, list[str]] = {message: [] for message in ids}
    keys = {letter_key(message, place): message for message in ids for place in (0, 1)}
    for letter in Email.select(Email.once, Email.state).where(Email.once.in_(list(keys))).order_by(Email.once):
        found[keys[letter.once]].append(f"email {letter.state}")
    deliveries = WebhookDelivery.select(WebhookDelivery.message, WebhookDelivery.state)
    for delivery in deliveries.where(WebhookDelivery.message.in_(list(ids))):
        found[delivery.message_id].append(f"webhook {delivery.state}")
    return {message: tuple(states) for message, states in found.items()}


# --- what is old --------------------------------------------------------------------------------------


def forget_old() -> int:
    """Alerts that are over for 90 days, and what was told of them. How many. (Letters stay in the mailroom.)"""
    over = now() - KEPT
    count: int = Alert.delete().where(Alert.ended_at < over).execute()
    empty = ~fn.EXISTS(AlertNotice.select(SQL("1")).where(AlertNotice.message == AlertMessage.id))
    AlertMessage.delete().where((AlertMessage.written_at < over) & empty).execute()
    WebhookDelivery.delete().where(
        WebhookDelivery.message.is_null() & (WebhookDelivery.created_at < over) & (WebhookDelivery.state != "waiting")
    ).execute()
    return count
