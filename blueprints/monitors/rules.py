"""Setting monitors up, changing and switching them off; their tokens, and looking now."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import IntegrityError

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer
from blueprints.customers.sealing import seal
from blueprints.monitors.judging import quiet_after
from blueprints.monitors.keeping import tell
from blueprints.monitors.kinds import FOR_SERVICE, KINDS, aged, kind_of
from blueprints.monitors.pushing import hash_of
from blueprints.web.refusals import ChangedMeanwhile, NotThere, Refused
from data import history
from data.customers import Customer
from data.database import locked, transaction
from data.kept import Kept
from data.moments import now
from data.monitors import SERVICES, Maintenance, Monitor

WATCHED = ("in_progress", "complete", "pending_cancellation")
TOLD = {
    "source": "source",
    "probe": "probe",
    "warning": "warning",
    "problem": "problem",
    "warning_age": "warning at age",
    "problem_age": "problem at age",
    "every": "interval",
    "damping": "readings in a row",
}
AGES = ("warning_age", "problem_age", "every")


class NotWatched(ChangedMeanwhile):
    sentence = "Only customers in progress or complete are watched."


class NotSetUp(Refused):
    sentence = "This is not set up."


@dataclass(frozen=True)
class Wish:
    """How a service is to be watched. `probe` "": readings are sent here. `secret` "": keep the one there is.

    Thresholds on the value, and on ages in seconds; `every`: seconds.
    """

    probe: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    warning: float | None = None
    problem: float | None = None
    warning_age: int | None = None
    problem_age: int | None = None
    every: int = 900
    damping: int = 2

    @property
    def source(self) -> str:
        return "probe" if self.probe else "push"

    def check(self, service: str) -> None:
        """Raises Refused, with the field, for what cannot be meant."""
        if self.probe and self.probe not in FOR_SERVICE[service]:
            raise Refused("Choose what the portal looks at.", "kind")
        falling = kind_of(self.source, self.probe).falling
        if self.warning is not None and self.problem is not None:
            if falling and self.problem > self.warning:
                raise Refused("This value gets worse as it falls: a problem lies below the warning.", "problem")
            if not falling and self.problem < self.warning:
                raise Refused("A problem begins at the warning or above it.", "problem")
        if None not in (self.warning_age, self.problem_age) and self.problem_age < self.warning_age:  # type: ignore[operator]  # neither is None here
            raise Refused("A problem begins at the warning or after it.", "problem_age")


# --- setting up ---------------------------------------------------------------------------------------------


def set_up(who: Standing, customer_id: int, service: str, wish: Wish, version: int) -> tuple[Monitor, str]:
    """Watch a service, or watch it otherwise; with the token where a new one was made, "" otherwise.

    `version`: 0 where the person saw none. Raises NotThere, MayNot, NotWatched, ChangedMeanwhile, Refused.
    """
    if service not in SERVICES:
        raise NotThere
    try:
        with transaction():
            customer = find_watched(who, customer_id)
            wish.check(service)
            monitor = monitor_of(customer_id, service, held=True)
            seen(monitor, version)
            token = "" if wish.probe or (monitor and monitor.token_hash) else secrets.token_urlsafe(32)
            if monitor is None or monitor.state == "off":
                monitor = begin(who, customer, service, monitor, wish, token)
            else:
                alter(who, customer, monitor, wish, token)
    except IntegrityError:  # two set up the same at once
        raise ChangedMeanwhile from None
    return monitor, token


def find_watched(who: Standing, customer_id: int) -> Customer:
    customer = find_customer(who, customer_id, "customers.edit")
    if customer.status not in WATCHED:
        raise NotWatched
    return customer


def monitor_of(customer_id: int, service: str, *, held: bool = False) -> Monitor | None:
    """`held`: until the transaction ends."""
    if not held:
        return next((monitor for monitor in monitors_by(customer_id) if monitor.service == service), None)
    query = Monitor.select().where((Monitor.customer == customer_id) & (Monitor.service == service))
    found: Monitor | None = locked(query).first()
    return found


monitors_by = Kept(lambda customer: Monitor.select().where(Monitor.customer == customer))


def seen(monitor: Monitor | None, version: int) -> None:
    if (monitor.version if monitor else 0) != version:
        raise ChangedMeanwhile


def begin(who: Standing, customer: Customer, service: str, monitor: Monitor | None, wish: Wish, token: str) -> Monitor:
    """From nothing, or after it was switched off."""
    at = now()
    before = monitor.state if monitor else ""
    monitor = monitor or Monitor(customer=customer.id, service=service, made_at=at, version=0)
    apply(monitor, wish, token)
    forget_state(monitor, at)
    monitor.save()
    if before:
        tell_change(monitor, customer, before, at)
    how = KINDS[wish.probe].label if wish.probe else "readings are sent here"
    keep_history(who, customer, "monitor.set_up", service=SERVICES[service], how=how)
    return monitor


def alter(who: Standing, customer: Customer, monitor: Monitor, wish: Wish, token: str) -> None:
    was = {name: getattr(monitor, name) for name in (*TOLD, "settings", "sealed")}
    apply(monitor, wish, token)
    changed = [name for name in (*TOLD, "settings") if getattr(monitor, name) != was[name]]
    others = any(name in changed for name in ("source", "probe", "settings"))
    at, before = now(), monitor.state
    if others:  # what was read until now is about something else
        forget_state(monitor, at)
    elif monitor.read_at and "every" in changed:
        monitor.quiet_at = quiet_after(monitor.read_at, monitor.every)
    monitor.recent = ""
    monitor.save()
    if others and before != monitor.state:
        tell_change(monitor, customer, before, at)
    told = what_changed(was, monitor, changed) + (["new password"] if wish.secret else [])
    changes = ", ".join(told) or "saved as it was"
    keep_history(who, customer, "monitor.changed", service=SERVICES[monitor.service], changes=changes)


def what_changed(was: Mapping[str, Any], monitor: Monitor, changed: Collection[str]) -> list[str]:
    """“warning 50 → 80”, and so on. `changed`: names of columns."""
    told = [
        f"{word} {shown(name, was[name])} → {shown(name, getattr(monitor, name))}"
        for name, word in TOLD.items()
        if name in changed
    ]
    before, after = was["settings"], monitor.settings
    names = settings_changed(before, after)
    return told + [f"{name} {before.get(name) or 'empty'} → {after.get(name) or 'empty'}" for name in names]


def settings_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What a person typed, so not the records that the portal remembers."""
    return sorted(name for name in {*before, *after} - {"baseline"} if before.get(name) != after.get(name))


def shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return "none"
    return aged(value) if name in AGES else f"{value:g}" if isinstance(value, float) else str(value)


def apply(monitor: Monitor, wish: Wish, token: str) -> None:
    same = monitor.probe == wish.probe
    given = {name: value for name, value in wish.settings.items() if value}
    kept = dict(monitor.settings)
    baseline = kept.pop("baseline", None)
    if same and baseline and kept == given:
        given["baseline"] = baseline
    monitor.source, monitor.probe, monitor.settings = wish.source, wish.probe, given
    for name in ("warning", "problem", "warning_age", "problem_age", "every", "damping"):
        setattr(monitor, name, getattr(wish, name))
    if wish.secret or not same or not given.get("user"):
        monitor.sealed = seal(wish.secret) if wish.secret else ""
    if token:
        monitor.token_hash, monitor.token_made_at = hash_of(token), now()
    elif wish.probe:
        monitor.token_hash = monitor.token_made_at = None
    monitor.due_at, monitor.claimed_at = (now() if wish.probe else None), None
    monitor.trouble, monitor.trouble_at = "", None
    monitor.version += 1


def forget_state(monitor: Monitor, at: datetime) -> None:
    monitor.state, monitor.since, monitor.recent = "unknown", at, ""
    monitor.value = monitor.oldest = monitor.read_at = monitor.quiet_at = None
    monitor.message = ""


def switch_off(who: Standing, customer_id: int, service: str, version: int) -> Monitor:
    """Watch it no longer; what was read stays for its time. Its token is worth nothing any more."""
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit")
        monitor = set_up_one(customer_id, service)
        seen(monitor, version)
        turn_off(who, customer, monitor)
    return monitor


def stop_watching(who: Any, customer: Customer) -> None:
    """Switch off whatever is watched of a customer who leaves, and end its maintenance. Call inside the transaction."""
    watched = Monitor.select().where((Monitor.customer == customer) & (Monitor.state != "off")).order_by(Monitor.id)
    for monitor in locked(watched):
        turn_off(who, customer, monitor)
    at = now()
    Maintenance.delete().where((Maintenance.customer == customer) & (Maintenance.begins_at > at)).execute()
    Maintenance.update(ends_at=at).where((Maintenance.customer == customer) & (Maintenance.ends_at > at)).execute()


def turn_off(who: Any, customer: Customer, monitor: Monitor) -> None:
    at, before = now(), monitor.state
    forget_state(monitor, at)
    monitor.state = "off"
    monitor.token_hash = monitor.token_made_at = monitor.due_at = monitor.claimed_at = None
    monitor.sealed, monitor.trouble, monitor.trouble_at = "", "", None
    monitor.version += 1
    monitor.save()
    tell_change(monitor, customer, before, at)
    keep_history(who, customer, "monitor.switched_off", service=SERVICES[monitor.service])


def set_up_one(customer_id: int, service: str) -> Monitor:
    """Held. Raises NotThere for no service at all, NotSetUp."""
    if service not in SERVICES:
        raise NotThere
    monitor = monitor_of(customer_id, service, held=True)
    if monitor is None or monitor.state == "off":
        raise NotSetUp
    return monitor


def tell_change(monitor: Monitor, customer: Customer, before: str, at: datetime) -> None:
    of = (monitor.id, customer.id, customer.partner_id, monitor.service)
    tell(Before(*of, before), monitor.state, at, message="")


@dataclass(frozen=True)
class Before:
    """A monitor before a change, as `tell` asks for it."""

    id: int
    customer_id: int
    partner_id: int
    service: str
    state: str


def keep_history(who: Any, customer: Customer, kind: str, **facts: str) -> None:
    history.record(kind, who, partner=customer.partner_id, customer=customer.id, **facts)


def what_of(service: str) -> str:
    """As people read it; "": all of them."""
    return SERVICES[service] if service else "all monitors"


# --- tokens, and looking now --------------------------------------------------------------------------------


def new_token(who: Standing, customer_id: int, service: str, version: int) -> tuple[Monitor, str]:
    """A token in place of the one there is, which is worth nothing from now on. Shown once."""
    with transaction():
        customer = find_watched(who, customer_id)
        monitor = set_up_one(customer_id, service)
        seen(monitor, version)
        if monitor.source != "push":
            raise NotSetUp("The portal looks at this one itself, so it has no token.")
        token = secrets.token_urlsafe(32)
        monitor.token_hash, monitor.token_made_at = hash_of(token), now()
        monitor.version += 1
        monitor.save()
        keep_history(who, customer, "monitor.token_made", service=SERVICES[service])
    return monitor, token


def revoke_token(who: Standing, customer_id: int, service: str, version: int) -> Monitor:
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit")
        monitor = set_up_one(customer_id, service)
        seen(monitor, version)
        if monitor.token_hash is None:
            raise NotSetUp("There is no token that could be revoked.")
        monitor.token_hash = monitor.token_made_at = None
        monitor.version += 1
        monitor.save()
        keep_history(who, customer, "monitor.token_revoked", service=SERVICES[service])
    return monitor


def ask_to_look(who: Standing, customer_id: int, service: str) -> Monitor:
    """Look now instead of when it is due. The caller nudges the worker (jobs.nudge)."""
    with transaction():
        customer = find_watched(who, customer_id)
        monitor = set_up_one(customer_id, service)
        if monitor.source != "probe":
            raise NotSetUp("Readings of this one are sent here; the portal cannot look itself.")
        monitor.due_at = now()
        monitor.save()
        keep_history(who, customer, "monitor.look_asked", service=SERVICES[service])
    return monitor


def accept_records(who: Standing, customer_id: int, service: str) -> Monitor:
    """What the domain's records are at the next look is how they should be from then on."""
    with transaction():
        customer = find_watched(who, customer_id)
        monitor = set_up_one(customer_id, service)
        if monitor.probe != "dns":
            raise NotSetUp("This one does not look at records.")
        monitor.settings = {name: value for name, value in monitor.settings.items() if name != "baseline"}
        monitor.due_at, monitor.claimed_at = now(), None
        monitor.save()
        keep_history(who, customer, "monitor.records_accepted", service=SERVICES[service])
    return monitor
