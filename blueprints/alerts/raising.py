"""Changes of monitors become alerts: one is raised, goes on in another state, or is over."""

from datetime import datetime, timedelta

from blueprints.alerts.telling import drop_waiting, notify, notify_new, subscribers_of, told_of
from data import history
from data.alerts import BAD, STATE_NAMES, Alert
from data.database import locked, transaction
from data.history import PORTAL
from data.moments import now
from data.monitors import SERVICES, Monitor, MonitorChange

BATCH = 50  # changes in one transaction
LEAST_PAUSE = timedelta(minutes=5)
MOST_PAUSE = timedelta(hours=6)


def take_up_changes() -> int:
    """Deal with what monitors have told since, oldest first. How many changes."""
    dealt = 0
    while untold():
        with transaction():
            changes = list(locked(untold()))
            for change in changes:
                deal_with(change)
            MonitorChange.update(told_at=now()).where(MonitorChange.id.in_([each.id for each in changes])).execute()
        dealt += len(changes)
    return dealt


def untold():  # type: ignore[no-untyped-def]  # a Peewee query, which has no types
    return MonitorChange.select().where(MonitorChange.told_at.is_null()).order_by(MonitorChange.id).limit(BATCH)


def deal_with(change: MonitorChange) -> None:
    alert: Alert | None = locked(open_alerts().where(Alert.monitor == change.monitor_id)).first()
    if change.after in BAD:
        if alert is None:
            raise_alert(change)
        elif alert.state != change.after:
            go_on(alert, change)
    elif alert is not None:
        end(alert, change.at, "good" if change.after == "good" else "stopped", change.message)


def open_alerts():  # type: ignore[no-untyped-def]  # as above
    return Alert.select().where(Alert.ended_at.is_null())


def raise_alert(change: MonitorChange) -> None:
    alert = Alert.create(
        partner=change.partner_id,
        customer=change.customer_id,
        monitor=change.monitor_id,
        service=change.service,
        state=change.after,
        said=words_of(change),
        opened_at=change.at,
        next_at=now() + pause_of(change.monitor),
    )
    tell(alert, "alert.raised", state=STATE_NAMES[alert.state].lower())
    notify_new(alert)


def go_on(alert: Alert, change: MonitorChange) -> None:
    """The same alert in another state. A warning that becomes a problem begins anew: whoever acknowledged saw less."""
    worse = alert.state == "warning" and change.after == "problem"
    alert.state, alert.said = change.after, words_of(change)
    alert.version += 1
    if worse:
        known = told_of(alert)
        alert.count, alert.next_at = alert.count + 1, now() + pause_of(change.monitor)
        alert.acknowledged_at, alert.acknowledged_by_id, alert.acknowledged_by_name = None, None, ""
        alert.remark = ""
        tell(alert, "alert.worse")
        notify(alert, "worse", [each.id for each in subscribers_of(alert, "first") if each.id in known])
    alert.save()
    if alert.acknowledged_at is None:
        notify_new(alert)


def end(alert: Alert, at: datetime, how: str, said: str = "") -> None:
    """It is over. Whoever was told of it is told so; whoever was not yet, need not be."""
    drop_waiting(alert)
    alert.ended_at, alert.ended_as, alert.next_at = max(at, alert.opened_at), how, None
    alert.said = said or alert.said
    alert.version += 1
    alert.save()
    tell(alert, "alert.ended", how={"good": "good again", "stopped": "not watched any more"}[how])
    notify(alert, "recovery", sorted(told_of(alert)))


def pause_of(monitor: Monitor) -> timedelta:
    """How long until an alert counts again: as long as between two readings of its monitor, within reason."""
    return min(max(timedelta(seconds=monitor.every), LEAST_PAUSE), MOST_PAUSE)


def words_of(change: MonitorChange) -> str:
    """What the reading said that decided it."""
    if change.message:
        return str(change.message)
    told = [] if change.value is None else [f"value {change.value:g}"]
    if change.oldest is not None:
        told.append(f"oldest {lasting(timedelta(seconds=change.oldest))}")
    return ", ".join(told)


def lasting(time: timedelta) -> str:
    """“3 d 4 h”, “1 h 15 min”, “40 s”: the two largest units."""
    seconds = max(int(time.total_seconds()), 0)
    parts = ((seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    first = next((place for place, (many, _) in enumerate(parts) if many), 3)
    return " ".join(f"{many} {unit}" for many, unit in parts[first : first + 2] if many) or "0 s"


def tell(alert: Alert, kind: str, who: object = PORTAL, **facts: object) -> None:
    """A line in the customer's history."""
    history.record(
        kind, who, partner=alert.partner_id, customer=alert.customer_id, service=SERVICES[alert.service], **facts
    )
