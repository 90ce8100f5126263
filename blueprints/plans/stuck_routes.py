"""The list of steps that keep plans from going on."""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from blueprints.customers.list_pages import base_address, tabs
from blueprints.web.access import needs
from blueprints.web.page import page

if TYPE_CHECKING:
    from blueprints.plans.stuck import Stuck, StuckStep

blueprint = Blueprint("plans_stuck", __name__, url_prefix="/customers/stuck")
LONGEST_KEY = 60


@blueprint.get("")
@needs("customers.see")
def index() -> Response:
    """The longest stuck first, a page at a time; with `reason`, for that reason alone."""
    facts = stuck_facts(request.args.get("reason", ""), request.args.get("after", "")[:LONGEST_KEY])
    return page("plans/stuck.html", ["found"], said=told(facts["stuck"]), **facts)


def stuck_facts(reason: str = "", after: str = "") -> dict[str, Any]:
    """What the list shows; what is none of the reasons counts as all of them."""
    from blueprints.plans.stuck import REASONS, stuck_steps  # noqa: PLC0415 - a list of its own

    reason = reason if reason in REASONS else ""
    stuck = stuck_steps(g.who, reason, after)
    base = base_address()
    here = f"{base}stuck"
    narrowed = f"reason={reason}&" if reason else ""
    return {
        "stuck": stuck,
        "reasons": REASONS,
        "reason": reason,
        "first": not after,
        "after": f"{here}?{narrowed}after={stuck.after}" if stuck.after else "",
        "here": here,
        "customers": base,
        "tabs": tabs(g.who, base, "stuck"),
        "may_remind": may_remind,
        "refused": "",
    }


def may_remind(row: "StuckStep") -> bool:
    """What drifted after it was done is nobody's to do until it is taken up again."""
    return row.reason != "drifted" and g.who.may_for_customer("customers.edit", row.customer_id, row.partner_id)


def told(stuck: "Stuck") -> str:
    count = len(stuck.rows)
    if stuck.after:
        return f"{count} stuck steps, and more"
    return "Nothing is stuck" if not count else f"{count} stuck {'step' if count == 1 else 'steps'}"
