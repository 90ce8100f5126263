"""What is no longer as it was once done: the MSP's people read of it, once, in one letter a day about a customer.

The steps are the truth: whose alert began after the last letter about it is told of. Each customer is one transaction
that first holds their plans, so whoever looks and however often, a letter is written once.
"""

import logging
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from blueprints.plans.held import Held, hold_all_watched
from blueprints.plans.letters import tell_drift, whose
from blueprints.plans.stuck import word
from data.customers import Customer
from data.database import transaction
from data.emails import Email
from data.history import PORTAL
from data.moments import now, today
from data.partners import Partner
from data.plans import Plan, PlanStep

log = logging.getLogger("quayside.plans")

KIND = "plan_drifted"
MOST_NAMED = 3  # steps in one line of history
UNTOLD = (
    (PlanStep.alert != word(""))
    & PlanStep.dropped_at.is_null()
    & (PlanStep.reminded_at.is_null() | (PlanStep.reminded_at < PlanStep.alert_at))
)


def tend(portal: str) -> int:
    """Write every letter that is due; how many. `portal`: address of the installation, for links."""
    return sum(tend_one(customer_id, portal) for customer_id in customers_drifted())


def customers_drifted() -> list[int]:
    """Customers with a step that drifted and that nobody was told of yet."""
    rows = (
        PlanStep.select(Plan.customer)
        .join(Plan)
        .join(Customer)
        .join(Partner)
        .where(UNTOLD)
        .where(Plan.state.in_(("open", "done")) & Customer.shelf.in_(("in_progress", "complete")))
        .where(Partner.closed_at.is_null())
        .distinct()
    )
    return sorted(customer_id for (customer_id,) in rows.tuples())


def tend_one(customer_id: int, portal: str) -> int:
    """The letters about one customer. What goes wrong with them is noted, and keeps no other waiting."""
    try:
        with transaction():
            plans = hold_all_watched(PORTAL, customer_id, UNTOLD)
            return 0 if not plans or told_today(plans[0].customer) else write_due(plans, portal)
    except Exception:
        log.exception("Customer %s: nobody could be told now what is not as it was", customer_id)
        return 0


def told_today(customer: Customer) -> bool:
    zone = ZoneInfo(customer.partner.timezone)
    begun = datetime.combine(today(customer.partner.timezone), time(), zone).astimezone(UTC)
    about = (Email.customer == customer) & (Email.kind == KIND) & (Email.created_at >= begun)
    found: bool = Email.select().where(about).exists()
    return found


def write_due(plans: list[Held], portal: str) -> int:
    """One letter to each who has one of the steps, or is told of its order: about all that are theirs."""
    letters: dict[tuple[str, str], list[PlanStep]] = {}
    held = plans[-1]
    rows = [row for each in plans for row in each.chain.steps if is_untold(row)]
    for row in rows:
        for person in whose(row.plan, held.customer, row):
            letters.setdefault(person, []).append(row)
    for (name, email), theirs in letters.items():
        tell_drift(held.who, held.customer, (name, email), theirs, portal)
    told = [row for row in rows if any(row in theirs for theirs in letters.values())]
    for row in told:
        row.reminded_at = now()
        row.save()
    if told:
        held.tell("plan.drift_told", steps=titles(told), email=", ".join(email for _, email in letters))
    return len(letters)


def is_untold(row: Any) -> bool:
    return bool(row.alert) and (row.reminded_at is None or row.reminded_at < row.alert_at)


def titles(rows: list[PlanStep]) -> str:
    more = len(rows) - MOST_NAMED
    return ", ".join(f"“{row.title}”" for row in rows[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
