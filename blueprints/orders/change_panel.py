"""What the panel *Upgrade options* on the customer's page is drawn from; nothing is asked before it is drawn."""

from functools import partial
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.orders.subscription import opening_of
from data.customers import Customer


def upgrade_facts(who: Standing, customer: Customer) -> dict[str, Any]:  # noqa: ARG001 - as the page asks every panel
    return {"opening_of": partial(opening_of, customer)}
