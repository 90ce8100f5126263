"""Who gets what from the addresses of alerts."""

from typing import Any

from blueprints.alerts.acknowledging import new_token
from data.alerts import AlertMessage, AlertNotice
from data.moments import now
from tests.access import Row
from tests.alerts.alerting import a_subscriber, an_alert, complete
from tests.factories import World

READERS = {"nobody": 303, "viewer": 200, "technician": 200, "msp_admin": 200, "admin": 200, "operator": 200}
WORKERS = READERS | {"viewer": 403}
WRITERS = {"nobody": 303, "viewer": 403, "technician": 303, "msp_admin": 303, "admin": 303, "operator": 303}
LEADERS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 200, "admin": 200, "operator": 200}
ALL = dict.fromkeys(("nobody", "viewer", "technician", "msp_admin", "admin", "operator", "stranger"), 200)


def customer(world: World) -> dict[str, Any]:
    return {"customer_id": complete(world).id}


def partner(world: World) -> dict[str, Any]:
    return {"partner_id": world.northstar.id}


def alert(world: World) -> dict[str, Any]:
    return {"alert_id": an_alert(complete(world)).id}


def subscriber(world: World) -> dict[str, Any]:
    return {"subscriber_id": a_subscriber(complete(world)).id}


def with_webhook(world: World) -> dict[str, Any]:
    return {"subscriber_id": a_subscriber(complete(world), webhook="https://hooks.msp.example/").id}


def token(world: World) -> dict[str, Any]:
    """Of a message about one alert."""
    told = complete(world)
    raised, subscribed = an_alert(told), a_subscriber(told)
    written, hashed = new_token()
    message = AlertMessage.create(subscriber=subscribed, written_at=now(), subject="x", token_hash=hashed)
    AlertNotice.create(alert=raised, subscriber=subscribed, kind="alert", state="problem", at=now(), message=message)
    return {"token": written}


def typed(_: World) -> dict[str, Any]:
    return {"name": "Sven", "email": "sven@msp.example", "services": ["outbound_queue"], "level": "first"}


def typed_again(world: World) -> dict[str, Any]:
    return typed(world) | {"version": "1"}


ROWS = {
    ("alerts.index", "GET"): Row(READERS | {"stranger": 200}),
    ("alerts.of_customer", "GET"): Row(READERS | {"stranger": 404}, customer),
    ("alerts.alert", "GET"): Row(READERS | {"stranger": 404}, alert),
    ("alerts.acknowledge", "POST"): Row(WRITERS | {"stranger": 404}, alert),
    ("alerts.link", "GET"): Row(ALL, token),
    ("alerts.acknowledge_by_link", "POST"): Row(dict.fromkeys(ALL, 303), token),
    ("subscribers.index", "GET"): Row(LEADERS | {"stranger": 200}),
    ("subscribers.new_for_partner", "GET"): Row(LEADERS | {"stranger": 404}, partner),
    ("subscribers.add_for_partner", "POST"): Row(WRITERS | {"technician": 403, "stranger": 404}, partner, typed),
    ("subscribers.new_for_customer", "GET"): Row(WORKERS | {"stranger": 404}, customer),
    ("subscribers.add_for_customer", "POST"): Row(WRITERS | {"stranger": 404}, customer, typed),
    ("subscribers.show", "GET"): Row(WORKERS | {"stranger": 404}, subscriber),
    ("subscribers.save", "POST"): Row(WRITERS | {"stranger": 404}, subscriber, typed_again),
    ("subscribers.remove", "POST"): Row(WRITERS | {"stranger": 404}, subscriber),
    ("subscribers.try_out", "POST"): Row(WRITERS | {"stranger": 404}, subscriber),
    ("subscribers.show_key", "POST"): Row(WORKERS | {"stranger": 404}, with_webhook),
    ("subscribers.change_key", "POST"): Row(WORKERS | {"stranger": 404}, with_webhook),
}
