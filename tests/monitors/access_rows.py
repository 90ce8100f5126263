"""Who gets what from the addresses of monitors."""

from datetime import timedelta

from blueprints.monitors.maintenance import plan_maintenance
from blueprints.monitors.rules import Wish
from data.moments import now
from data.monitors import Monitor
from tests.access import Row
from tests.monitors.watched import PUSHED, a_watched, standing

READING = {"nobody": 303, "stranger": 404} | dict.fromkeys(
    ("viewer", "technician", "msp_admin", "admin", "operator"), 200
)
CHANGING = READING | {"viewer": 403}
WRITING = {"nobody": 303, "stranger": 404, "viewer": 403} | dict.fromkeys(
    ("technician", "msp_admin", "admin", "operator"), 303
)
SLUG = "outbound-queue"


def customer(world):
    return {"customer_id": a_watched(world)[0].customer_id}


def pushed(world):
    return customer(world) | {"service": SLUG}


def probed(world, probe="smtp", **settings):
    wish = Wish(probe=probe, settings=settings or {"host": "mx.provider.example", "door": "smtp"})
    return {"customer_id": a_watched(world, wish=wish)[0].customer_id, "service": SLUG}


def records(world):
    return probed(world, "dns", domain="company.example")


def seen(_):
    return {"version": Monitor.select().order_by(Monitor.id.desc()).get().version}


def typed(world):
    return {"kind": "smtp", "host": "mx.provider.example", "door": "smtp", "every": "15", "damping": "2"} | seen(world)


def maintained(world):
    monitor, _ = a_watched(world, wish=PUSHED)
    moment = now()
    who, ends = standing(world.technician), moment + timedelta(hours=1)
    planned = plan_maintenance(who, monitor.customer_id, "", moment, ends, "", "UTC")
    return {"customer_id": monitor.customer_id, "maintenance_id": planned.id}


def planned(_):
    return {"what": "all", "begins": "2090-01-01T20:00", "ends": "2090-01-01T22:00"}


ROWS = {
    ("monitors.index", "GET"): Row(READING, customer),
    ("monitors.show", "GET"): Row(READING, pushed),
    ("monitors.settings", "GET"): Row(CHANGING, pushed),
    ("monitors.save_settings", "POST"): Row(WRITING, pushed, typed),
    ("monitors.switch_off", "POST"): Row(WRITING, pushed, seen),
    ("monitors.new_token", "POST"): Row(CHANGING, pushed, seen),
    ("monitors.revoke_token", "POST"): Row(WRITING, pushed, seen),
    ("monitors.look", "POST"): Row(WRITING, probed),
    ("monitors.accept", "POST"): Row(WRITING, records),
    ("monitors.plan_maintenance", "POST"): Row(WRITING, customer, planned),
    ("monitors.end_maintenance", "POST"): Row(WRITING, maintained),
    # Nobody is asked who they are; without a token that is known there is nothing.
    ("pushes.push", "POST"): Row(
        dict.fromkeys(("nobody", "viewer", "technician", "msp_admin", "admin", "operator", "stranger"), 404),
        lambda _: {"token": "nobodys"},
    ),
}
