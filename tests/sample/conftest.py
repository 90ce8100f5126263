"""Samples to look at: a small one of 60 and a larger one of 2,000, both for Northstar or for everybody."""

import pytest

from tests.factories import World
from tests.sample.samples import LARGE, SMALL, load


@pytest.fixture
def small(world: World) -> World:
    load(SMALL)
    return world


@pytest.fixture
def large(world: World) -> World:
    load(LARGE)
    return world
