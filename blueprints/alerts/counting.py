"""Alerts that nobody acknowledges count again and again; after the fifth, others are told as well."""

from blueprints.alerts.raising import MOST_PAUSE, end, pause_of, tell
from blueprints.alerts.telling import notify, subscribers_of
from data.alerts import Alert
from data.customers import Customer
from data.database import locked, transaction
from data.moments import now

ESCALATED_AFTER = 5  # alerts that nobody acknowledged
SELDOM_AFTER = 10  # alerts; by then more of them help nobody


def count_due() -> int:
    """Count the alerts whose time has come. How many."""
    counted = 0
    for alert_id in due():
        with transaction():
            counted += count(alert_id)
    return counted


def due() -> list[int]:
    """Ids, the longest due first; also what is due so late that a clock must have been wrong."""
    moment = now()
    come = (Alert.next_at <= moment) | (Alert.next_at > moment + 2 * MOST_PAUSE)
    return [alert.id for alert in Alert.select(Alert.id).where(come).order_by(Alert.next_at, Alert.id)]


def count(alert_id: int) -> bool:
    """One of them, unless somebody was quicker. Call inside a transaction."""
    alert: Alert | None = locked(Alert.select().where((Alert.id == alert_id) & Alert.next_at.is_null(False))).first()
    if alert is None:
        return False
    moment = now()
    if alert.next_at > moment:
        if alert.next_at > moment + 2 * MOST_PAUSE:
            Alert.update(next_at=moment + pause_of(alert.monitor)).where(Alert.id == alert.id).execute()
        return False
    if Customer.get_by_id(alert.customer_id).shelf == "past":
        end(alert, moment, "stopped")
        return True
    alert.count += 1
    alert.next_at = moment + (pause_of(alert.monitor) if alert.count <= SELDOM_AFTER else MOST_PAUSE)
    alert.version += 1
    repeated = subscribers_of(alert, "first")
    if alert.count > ESCALATED_AFTER:
        others = subscribers_of(alert, "escalation")
        if alert.escalated_at is None and others:
            alert.escalated_at = moment
            tell(alert, "alert.escalated", count=alert.count - 1)
            notify(alert, "escalation", [each.id for each in others])
        else:
            repeated += others
    alert.save()
    notify(alert, "again", [each.id for each in repeated if each.again])
    return True
