"""Decreases that wait for the next billing date: withdrawn until the day before, applied on the day, once."""

import logging

from blueprints.accounts.standing import Standing
from blueprints.orders.change_letters import write_to_msp
from blueprints.orders.rules import HELD_ORDER, find_order
from blueprints.orders.submission import lines_of
from blueprints.web.refusals import NotThere, Refused
from data import formats, history
from data.customers import Customer
from data.database import transaction
from data.moments import now, today
from data.orders import Order

log = logging.getLogger("quayside.orders")


class WithdrawnAlready(Refused):
    sentence = "This change order was withdrawn already."


class TooLate(Refused):
    """It is in effect, or its last day is over."""


def withdraw(who: Standing, order_id: int, portal: str) -> Order:
    """Take a decrease back before its day; the subscription stays as it is.

    Its addendum stays filed, its number is not given out again, and the MSP is told by letter. `portal`: address of
    the installation, for the link. Raises NotThere, MayNot, WithdrawnAlready, TooLate.
    """
    with transaction():
        order = find_order(who, order_id, "orders.submit", for_update=True)
        if order.kind != "change" or order.state == "draft":
            raise NotThere
        refuse_unless_withdrawable(order)
        order.state = "void"
        order.changed_at, order.changed_by = now(), who.id
        order.version += 1
        order.save()
        facts = {"partner": order.partner_id, "customer": order.customer_id}
        history.record("order.change_withdrawn", who, **facts, number=order.addendum_number)
        write_to_msp(who, "order_change_withdrawn", order, portal)
    return order


def refuse_unless_withdrawable(order: Order) -> None:
    """Raises WithdrawnAlready, TooLate."""
    if order.state == "void":
        raise WithdrawnAlready
    if order.withdraw_until is None:
        raise TooLate(
            "This change order took effect when it was submitted. Order what it was before as another change."
        )
    if order.applied_at is not None or today(order.customer.partner.timezone) > order.withdraw_until:
        raise TooLate(f"It could be withdrawn until {formats.day(order.withdraw_until)}.")


def withdrawable(order: Order) -> bool:
    try:
        refuse_unless_withdrawable(order)
    except Refused:
        return False
    return True


# --- its day ------------------------------------------------------------------------------------------


def apply_due(portal: str) -> int:
    """Apply every change whose day has come where its MSP is; how many. Doing it again does nothing more.

    `portal`: address of the installation, for the links in letters.
    """
    return sum(apply_one(order_id, portal) for order_id in due())


def due() -> list[int]:
    """The day begins somewhere earlier than here; where it has not, that is found when the order is held."""
    waiting = (Order.kind == "change") & (Order.state == "submitted") & Order.applied_at.is_null()
    earliest = today("Pacific/Kiritimati")
    query = Order.select(Order.id).where(waiting & (Order.effective_on <= earliest)).order_by(Order.id)
    return [order.id for order in query]


def apply_one(order_id: int, portal: str) -> bool:
    """One change in one transaction. What goes wrong with it is noted, and keeps no other waiting."""
    try:
        with transaction():
            order: Order | None = HELD_ORDER.first(order_id)
            if order is None or not its_day(order):
                return False
            settle(order, order.customer, portal)
    except Exception:
        log.exception("Change order %s could not be applied now", order_id)
        return False
    return True


def its_day(order: Order) -> bool:
    waits = order.state == "submitted" and order.applied_at is None
    return waits and bool(order.effective_on <= today(order.customer.partner.timezone))


def settle(order: Order, customer: Customer, portal: str) -> None:
    """In effect; or lapsed, when the customer has left meanwhile."""
    from blueprints.orders.change_submission import take_effect  # noqa: PLC0415 - needed when a day has come

    facts = {"partner": customer.partner_id, "customer": customer.id, "number": order.addendum_number}
    if customer.shelf == "past":
        order.state = "void"
        order.save()
        reason = f"the customer is {customer.status}"
        history.record("order.change_lapsed", history.PORTAL, **facts, reason=reason)
        write_to_msp(history.PORTAL, "order_change_lapsed", order, portal, reason=reason)
        return
    take_effect(history.PORTAL, order, customer, portal)
    products = ", ".join(line.name for line in lines_of(order))
    changes = f"{formats.number(order.permitted_users)} permitted users of {products}"
    history.record("order.change_applied", history.PORTAL, **facts, changes=changes)
    write_to_msp(history.PORTAL, "order_change_applied", order, portal)
