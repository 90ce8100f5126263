"""A customer who ordered in October, and the end of November, when its subscription is changed."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask

from data.customers import Customer
from tests.factories import World
from tests.orders.changing import CHANGED, ORDERED, a_complete_customer
from tests.visits import Visitor


@pytest.fixture
def customer(app: Flask, world: World) -> Customer:
    with time_machine.travel(ORDERED, tick=False):
        return a_complete_customer(world, Visitor(app, world.admin))


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(CHANGED, tick=False) as moved:
        yield moved


@pytest.fixture
def ada(clock: Any, app: Flask, world: World) -> Visitor:
    return Visitor(app, world.admin)
