"""The button *Admin console* on the page of a customer."""

from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.console.rules import door_of
from data.customers import Customer


def console_facts(who: Standing, customer: Customer) -> dict[str, Any]:
    """What templates/console/button.html is drawn from, beside `here`."""
    return {"door": door_of(who, customer)}
