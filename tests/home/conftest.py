"""An installation in its first hour."""

from collections.abc import Iterator

import pytest
from flask import Flask

from blueprints.home import door
from data.accounts import Grant, Person
from data.partners import ContractedPrice, Partner, PriceTier, Product


@pytest.fixture
def new_portal(app: Flask) -> Iterator[Flask]:
    """The portal with nobody in it, and no set-up token left over."""
    for record in (PriceTier, ContractedPrice, Product, Grant, Person, Partner):
        record.delete().execute()
    home = app.config["SETTINGS"].quayside_home
    door.shut(home)
    yield app
    door.shut(home)


@pytest.fixture
def opens(new_portal: Flask) -> str:
    """The set-up token, as the start of the portal makes it."""
    return door.token_in(new_portal.config["SETTINGS"].quayside_home)
