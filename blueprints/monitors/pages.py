"""What the pages of monitors are drawn from, and the panel on the page of the customer."""

from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import may_on
from blueprints.monitors.kinds import KINDS
from blueprints.monitors.maintenance import maintenance_of
from blueprints.monitors.rules import WATCHED, monitor_of
from blueprints.monitors.views import PERIODS, Past, Period, Watched, kinds_for, recent_changes, watched, watched_now
from blueprints.web.refusals import NotThere
from data.customers import Customer
from data.moments import now
from data.monitors import SERVICES

ANYWHERE = "day"
# A script of one line for a mail server: how many letters its queue holds, and how old the oldest is. awk and curl are
# on every machine that runs Postfix.
POSTFIX = (
    "/usr/sbin/postqueue -j | awk -v now=$(date +%s) "
    '\'match($0, /"arrival_time": *[0-9]+/) { n++; at = substr($0, RSTART + RLENGTH - 10, 10);'
    " if (!first || at < first) first = at }"
    ' END { printf "value=%d&oldest_seconds=%d", n, first ? now - first : 0 }\''
    ' | curl -fsS -m 20 --retry 3 -H "Idempotency-Key: $(date +%s)" -d @- '
)


def here_of(customer_id: int) -> str:
    return url_for("monitors.index", customer_id=customer_id)


def panel_facts(who: Standing, customer: Customer) -> dict[str, Any]:
    """What templates/monitors/panel.html is drawn from, beside `customer` and `here`."""
    may_edit = may_on(who, customer, "customers.edit") and customer.status in WATCHED
    return {"watching": watched(customer), "may_watch": may_edit}


def index_facts(who: Standing, customer: Customer, form: Any) -> dict[str, Any]:
    planned = maintenance_of(customer.id)
    found = watched_now(customer, planned, PERIODS["month"])
    return {
        "customer": customer,
        "here": here_of(customer.id),
        "watching": found,
        "planned": planned,
        "services": SERVICES,
        "form": form.offer([(each.slug, each.label) for each in found if each.set_up]),
        "zone": who.timezone,
        "may_edit": may_on(who, customer, "customers.edit") and customer.status in WATCHED,
    }


def service_of(slug: str) -> str:
    """Raises NotThere."""
    service = slug.replace("-", "_")
    if service not in SERVICES or "_" in slug:
        raise NotThere
    return service


def show_facts(who: Standing, customer: Customer, service: str, key: str) -> dict[str, Any]:
    """One of them. Raises NotThere for one that never was set up."""
    monitor = monitor_of(customer.id, service)
    if monitor is None:
        raise NotThere
    planned = [each for each in maintenance_of(customer.id) if each.monitor_id in (None, monitor.id)]
    at = now()
    quiet_until = max((each.ends_at for each in planned if each.begins_at <= at), default=None)
    period: Period = PERIODS.get(key, PERIODS[ANYWHERE])
    return {
        "customer": customer,
        "here": here_of(customer.id),
        "shown": Watched(service, monitor, quiet_until),
        "monitor": monitor,
        "past": Past(monitor, period, at, who.timezone),
        "periods": [(each.label, each.key, each is period) for each in PERIODS.values()],
        "changes": recent_changes(monitor),
        "may_edit": may_on(who, customer, "customers.edit") and customer.status in WATCHED,
    }


def settings_facts(customer: Customer, service: str, kind: str, form: Any) -> dict[str, Any]:
    monitor = monitor_of(customer.id, service)
    kinds = kinds_for(service)
    return {
        "customer": customer,
        "here": here_of(customer.id),
        "shown": Watched(service, monitor),
        "kinds": [(label, each, each == kind) for each, label in kinds],
        "kind": kind,
        "about": KINDS.get(kind),
        "form": form,
    }


def kind_asked(service: str, asked: str, monitor: Any) -> str:
    """The kind that the address or the form names; else the present one."""
    known = dict(kinds_for(service))
    present = monitor.probe or "push" if monitor else "push"
    return asked if asked in known else present if present in known else "push"


def token_facts(customer: Customer, service: str, token: str, portal: str) -> dict[str, Any]:
    """What is shown once."""
    address = portal + url_for("pushes.push", token=token)
    return {
        "customer": customer,
        "here": here_of(customer.id),
        "shown": Watched(service, monitor_of(customer.id, service)),
        "address": address,
        "line": POSTFIX + address,
        "plain": f"curl -fsS -m 20 -d value=12 {address}",
    }
