"""Plans whose customer comes by a link that opens."""

from datetime import timedelta
from typing import Any

from blueprints.customers.links import hashed
from data.customers import Customer
from data.moments import now
from data.plans import Plan
from data.rfi import Rfi, RfiLink
from tests.factories import World
from tests.plans.planned import a_plan, step
from tests.visits import Answer

TOKEN = "a-token-that-only-the-letter-carries-1111111"
HERE = f"/welcome/{TOKEN}"


def opened(plan: Plan, token: str = TOKEN) -> Plan:
    """The first link of its RFI opens for sixty days."""
    link = RfiLink.select().join(Rfi).where(Rfi.order == plan.order_id).order_by(RfiLink.id).first()
    link.token_hash, link.expires_at = hashed(token), now() + timedelta(days=60)
    link.save()
    return plan


def a_welcomed_plan(world: World, *services: str, **more: Any) -> Plan:
    return opened(a_plan(world, *services, **more))


def called(plan: Plan, name: str) -> None:
    Customer.update(name=name).where(Customer.id == plan.customer_id).execute()


def address(plan: Plan, key: str, act: str) -> str:
    return f"{HERE}/steps/{step(plan, key).id}/{act}"


def seen_as(plan: Plan, key: str) -> dict[str, int]:
    """The version of the step that its page shows."""
    return {"version": step(plan, key).version}


def card(page: Answer, plan: Plan, key: str) -> str:
    """What the page says of one step."""
    found = page.find(f"#step-{step(plan, key).id}")
    return " ".join(found[0].text_content().split()) if found else ""
