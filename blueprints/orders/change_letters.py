"""Letters about change orders: the addendum for whoever submitted it, and to the MSP what became of a decrease.

Of a decrease the MSP is told when it takes effect on its day, is withdrawn before, or lapses because the customer left.
"""

from collections.abc import Sequence
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.at_msp import people_at_msp
from blueprints.mailroom.rules import write_drawn
from blueprints.orders.change_rules import Change
from data.attachments import Attachment
from data.orders import Order, OrderLine

SUBJECTS = {
    "order_change_applied": "{customer}: change order {number} is in effect",
    "order_change_withdrawn": "{customer}: change order {number} is withdrawn",
    "order_change_lapsed": "{customer}: change order {number} lapsed",
}


def write_change_letter(
    who: Standing, change: Change, order: Order, lines: Sequence[OrderLine], filed: Attachment, portal: str
) -> None:
    assert change.payment is not None, "what has no price is not submitted"
    shown = {
        "reader": who.name,
        "customer": change.customer.name,
        "partner": change.partner.name,
        "direction": change.direction,
        "changes": change.told,
        "order": order,
        "lines": lines,
        "next_payment": change.payment.next_payment,
        "link": f"{portal}/orders/{order.id}",
    }
    write_drawn(
        who,
        "order_change",
        (who.name, who.email),
        f"{change.direction} {order.addendum_number}: {change.customer.name}",
        shown,
        partner=change.partner,
        customer=change.customer,
        enclosures=(filed,),
        once=f"order_change:{order.id}",
    )


def write_to_msp(who: Any, kind: str, order: Order, portal: str, reason: str = "") -> None:
    """Queue the letter for everybody at the MSP who is told. Call inside the transaction. `who` has .id and .name."""
    customer, partner = order.customer, order.partner
    lines = list(OrderLine.select().where(OrderLine.order == order).order_by(OrderLine.position))
    for place, (name, email) in enumerate(people_at_msp(customer, partner, order.id)):
        shown = {
            "reader": name or partner.name,
            "partner": partner.name,
            "customer": customer.name,
            "number": order.addendum_number,
            "by": who.name,
            "order": order,
            "lines": lines,
            "reason": reason,
            "link": f"{portal}/orders/{order.id}",
        }
        about = {"partner": partner, "customer": customer, "once": f"{kind}:{order.id}:{place}"}
        write_drawn(who, kind, (name, email), SUBJECTS[kind].format(**shown), shown, **about)
