"""Submitted orders for the tests of partners: rows as submitting leaves them."""

import itertools
from decimal import Decimal

from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Partner
from tests.factories import World, a_prospect

number = itertools.count(1)


def a_submitted_order(world: World, partner: Partner | None = None) -> Order:
    """Ten users of Mail shield at 2.50, one-time 100."""
    partner = partner or world.northstar
    at = now()
    order = Order.create(
        customer=a_prospect(partner),
        partner=partner,
        state="submitted",
        permitted_users=10,
        currency=partner.currency,
        monthly_total=Decimal(25),
        one_time_total=Decimal(100),
        first_payment=Decimal(125),
        addendum_number=f"T-{next(number)}",
        agreed={"lines": [["SHIELD", "2.50"]]},
        agreed_hash="0" * 64,
        created_at=at,
        created_by=world.admin,
        changed_at=at,
        changed_by=world.admin,
        submitted_at=at,
        submitted_by=world.admin,
    )
    OrderLine.create(
        order=order,
        product=world.shield,
        position=1,
        code="SHIELD",
        name="Mail shield",
        services="security",
        monthly_per_user=Decimal("2.50"),
        monthly_total=Decimal(25),
        one_time_fee=Decimal(100),
    )
    return order
