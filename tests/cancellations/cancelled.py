"""Customers at every point of a cancellation, for tests: `old_enough(world)`, `pending(world, export=True)`."""

from datetime import date, timedelta
from typing import Any

from blueprints.accounts.standing import standing_of
from blueprints.cancellations import rules
from blueprints.orders.submission import last_day_of_commitment
from data.accounts import Person
from data.cancellations import Cancellation
from data.customers import Customer
from data.database import transaction
from data.moments import today
from data.partners import Partner
from tests.factories import World, a_customer

PORTAL = "https://portal.example"


def begun(world: World, start: date, partner: Partner | None = None, **changed: Any) -> Customer:
    """A complete customer of Northstar whose subscription began on a day."""
    facts = {"subscription_start": start, "commitment_ends": last_day_of_commitment(start)}
    return a_customer(partner or world.northstar, **{"status": "complete"} | facts | changed)


def days_ago(days: int, zone: str = "Europe/Berlin") -> date:
    return today(zone) - timedelta(days=days)


def old_enough(world: World, **changed: Any) -> Customer:
    """In its twelfth month: it may be cancelled, and the commitment still runs."""
    return begun(world, days_ago(350), **changed)


def past_commitment(world: World, **changed: Any) -> Customer:
    return begun(world, days_ago(800), **changed)


def too_young(world: World, **changed: Any) -> Customer:
    return begun(world, days_ago(100), **changed)


def request_for(customer: Customer, **changed: Any) -> rules.Request:
    """What the page shows today, confirmed."""
    terms = rules.current_terms(customer)
    ends = max(customer.commitment_ends, today(customer.partner.timezone))
    facts = {"export": False, "accepted": True, "terms": terms.version, "ends": ends.isoformat()}
    return rules.Request(**facts | {"from_address": "192.0.2.7"} | changed)


def pending(world: World, who: Person | None = None, export: bool = False, **changed: Any) -> Cancellation:
    """Asked for by Northstar's administrator."""
    customer = changed.pop("customer", None) or old_enough(world, **changed)
    who = who or world.admin
    return rules.request_cancellation(standing_of(who), customer.id, request_for(customer, export=export), PORTAL)


def typed(customer: Customer, **changed: Any) -> dict[str, Any]:
    """The form of the cancel page, filled in."""
    asked = request_for(customer)
    return {"export": "no", "accepted": "y", "terms": asked.terms, "ends": asked.ends} | changed


def over(cancellation: Cancellation, days: int = 1) -> Cancellation:
    """As if its last day were some days ago."""
    with transaction():
        Cancellation.update(ends_on=days_ago(days)).where(Cancellation.id == cancellation.id).execute()
    return Cancellation.get_by_id(cancellation.id)
