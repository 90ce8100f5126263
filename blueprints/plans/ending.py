"""Steps that no service calls for any more, since a change order replaced the product that brought it.

What its watch would notice from now on was ended on purpose, so nobody is told of it. The step leaves its plan with the
reason why; that it was done, and what proved it, stays on its page. Bought again, the service has its steps in the new
plan, or in the one that is open.
"""

from typing import Any

from blueprints.plans.acts import is_watched
from blueprints.plans.extending import needs_of_customer
from blueprints.plans.held import Held, HeldStep, hold_all_watched
from blueprints.plans.making import NOT_BOUGHT, mark, services_of, steps_of, tell, told_in_line, untouched
from data.customers import Customer
from data.history import PORTAL
from data.moments import now
from data.orders import Order
from data.plans import PlanCheck, PlanStep


def end_steps(who: Any, customer: Customer, order: Order) -> None:
    """What only services called for that the change order ended: watched no more, and dropped where nobody began it.

    What somebody works on in the open plan stays for them to end. Call inside the transaction in which the change takes
    effect, before the new services are planned. `who` has .id and .name.
    """
    before, after = services_of(order.changes_id), services_of(order.id)
    if before <= after:
        return
    ended = steps_of(needs_of_customer(customer, before)) - steps_of(needs_of_customer(customer, after))
    unwatched: list[str] = []
    dropped: list[str] = []
    for held in hold_all_watched(PORTAL, customer.id, PlanStep.key.in_(ended) & PlanStep.dropped_at.is_null()):
        rows = [row for row in held.chain.steps if row.key in ended]
        watched = [row for row in rows if row.alert or is_watched(row, HeldStep(held, row).told)]
        unbegun = [row for row in rows if held.plan.state == "open" and untouched(row)]
        leave(who, held, watched + unbegun)
        unwatched += [row.title for row in watched]
        dropped += [row.title for row in unbegun]
    if unwatched or dropped:
        changes = told_in_line(("watched no more", unwatched), ("dropped", dropped))
        tell(who, customer, "plan.steps_ended", changes=changes)


def leave(who: Any, held: Held, rows: list[PlanStep]) -> None:
    """These steps leave their plan, with any alert about them."""
    for row in rows:
        row.dropped_at, row.reason = now(), NOT_BOUGHT
        row.alert, row.alert_at = "", None
        mark(who, row)
        row.save()
    PlanCheck.update(again_at=None).where(PlanCheck.step.in_(rows) & PlanCheck.again_at.is_null(False)).execute()
    if rows:
        held.plan.version += 1
        held.keep()
