"""Monitors for tests: made as people make them, and pushed to as scripts do."""

from dataclasses import replace
from typing import Any

from flask import Flask

from blueprints.accounts.standing import Standing, standing_of
from blueprints.monitors import rules
from blueprints.monitors.rules import Wish
from data.accounts import Person
from data.customers import Customer
from data.monitors import Monitor
from tests.factories import World, a_customer

PUSHED = Wish(warning=10, problem=20, problem_age=3600, damping=2)


def standing(person: Person) -> Standing:
    return standing_of(person)


def a_watched(
    world: World, service: str = "outbound_queue", wish: Wish = PUSHED, **changed: Any
) -> tuple[Monitor, str]:
    """A monitor of a new complete customer, and its token ("" for probes)."""
    customer = a_customer(world.northstar, status="complete")
    return watch(world, customer, service, replace(wish, **changed))


def watch(world: World, customer: Customer, service: str, wish: Wish = PUSHED) -> tuple[Monitor, str]:
    return rules.set_up(standing(world.technician), customer.id, service, wish, 0)


def push(app: Flask, token: str, body: Any = "value=1", key: str = "", **rest: Any) -> Any:
    """What came back. `body`: text, or a dict to be sent as JSON."""
    how = {"json": body} if isinstance(body, dict) else {"data": body}
    headers = {"Idempotency-Key": key} if key else {}
    return app.test_client().post(f"/monitors/push/{token}", headers=headers, **how, **rest)


def again(monitor: Monitor) -> Monitor:
    """As the database has it now."""
    return Monitor.get_by_id(monitor.id)
