"""Monitors that change their state, and the worker of alerts done now: what tests of alerts begin with."""

from datetime import datetime, timedelta
from typing import Any

from blueprints.alerts import jobs
from blueprints.customers.sealing import seal
from data.alerts import Alert, Subscriber
from data.customers import Customer
from data.database import transaction
from data.moments import now
from data.monitors import SERVICES, Monitor, MonitorChange
from data.partners import Partner
from tests.factories import World, a_customer
from tests.mailroom.writing import deliver

PORTAL = "https://portal.example"
KEY = "a key that both sides know"


def a_monitor(customer: Customer, service: str = "outbound_queue", **changed: Any) -> Monitor:
    facts = {"customer": customer, "service": service, "source": "push", "state": "good"}
    return Monitor.create(**facts | {"since": now(), "made_at": now()} | changed)


def becomes(monitor: Monitor, state: str, message: str = "137 letters wait", at: datetime | None = None) -> None:
    """As the monitor's own rules write it down."""
    before, customer = monitor.state, monitor.customer
    with transaction():
        monitor.state, monitor.since = state, at or now()
        monitor.save()
        MonitorChange.create(
            monitor=monitor,
            customer_id=customer.id,
            partner_id=customer.partner_id,
            service=monitor.service,
            before=before,
            after=state,
            at=at or now(),
            message=message,
        )


def a_subscriber(over: Customer | Partner, name: str = "Night shift", **changed: Any) -> Subscriber:
    customer = over if isinstance(over, Customer) else None
    facts: dict[str, Any] = {
        "partner": customer.partner_id if customer else over,
        "customer": customer,
        "name": name,
        "email": f"{name.lower().replace(' ', '.')}@msp.example",
        "services": list(SERVICES),
        "added_at": now(),
    }
    facts |= changed
    if facts.get("webhook"):
        facts.setdefault("sealed", seal(KEY))
    return Subscriber.create(**facts)


def complete(world: World, name: str = "", **changed: Any) -> Customer:
    return a_customer(world.northstar, name, "complete", **changed)


def an_alert(customer: Customer, state: str = "problem", service: str = "outbound_queue") -> Alert:
    """Raised, and nobody told yet."""
    monitor = a_monitor(customer, service)
    becomes(monitor, state)
    work()
    return Alert.get(Alert.monitor == monitor)


def work() -> None:
    """What the worker does each minute, done now, letters included; webhooks are post()'s."""
    jobs.portal = PORTAL
    jobs.tell.call_local()
    deliver()


def post() -> None:
    jobs.post_due.call_local()


class Clock:
    """Moves time on: `clock.on(minutes=16)`."""

    def __init__(self, traveller: Any) -> None:
        self.traveller = traveller
        self.at = now()

    def on(self, **passed: float) -> None:
        self.at += timedelta(**passed)
        self.traveller.move_to(self.at)
