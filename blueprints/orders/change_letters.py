"""The letter with the addendum of a change order, for whoever submitted it."""

from collections.abc import Sequence

from blueprints.accounts.standing import Standing
from blueprints.mailroom.letters import drawn
from blueprints.mailroom.rules import write
from blueprints.orders.change_rules import Change
from data.attachments import Attachment
from data.orders import Order, OrderLine


def write_change_letter(
    who: Standing, change: Change, order: Order, lines: Sequence[OrderLine], filed: Attachment, portal: str
) -> None:
    assert change.payment is not None, "what has no price is not submitted"
    text, html = drawn(
        "order_change",
        reader=who.name,
        customer=change.customer.name,
        partner=change.partner.name,
        direction=change.direction,
        changes=change.told,
        order=order,
        lines=lines,
        next_payment=change.payment.next_payment,
        link=f"{portal}/orders/{order.id}",
    )
    write(
        who,
        kind="order_change",
        to_name=who.name,
        to_email=who.email,
        subject=f"{change.direction} {order.addendum_number}: {change.customer.name}",
        text=text,
        html=html,
        partner=change.partner,
        customer=change.customer,
        enclosures=(filed,),
        once=f"order_change:{order.id}",
    )
