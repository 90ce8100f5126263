"""Asking what newly bought services call for: a change order's own RFI with the new questions only.

What was answered before is kept and not asked again. While an RFI is open to answers anyway, it asks for the new
services, too, so that a customer has one page to fill in. The plan of the new services waits until it is handed in.
"""

from dataclasses import replace
from typing import Any

from blueprints.rfi.asking import is_of_each_order
from blueprints.rfi.filling import Filled, filled, services_in
from blueprints.rfi.letters import Concern
from blueprints.rfi.reviewing import write_with_link
from data.customers import Customer
from data.database import locked
from data.moments import now
from data.orders import Order, OrderLine
from data.questions import Question
from data.rfi import Rfi


def ask_for_new_services(who: Any, customer: Customer, order: Order, portal: str) -> Rfi | None:
    """Ask what the services call for that this change order added; the RFI that asks, None when nothing is to be asked.

    Nothing is asked where the newest RFI is not applicable: another application asks there. Call inside the
    transaction, when the order is in effect. `who` has .id and .name; `portal`: address of the installation, for the
    link that goes to the Implementation Lead.
    """
    bought = lines_of_what_is_new(order)
    newest: Rfi | None = locked(Rfi.select().where(Rfi.customer == customer).order_by(Rfi.id.desc()).limit(1)).first()
    if not bought or (newest is not None and newest.state == "not_applicable"):
        return None
    if newest is not None and newest.state in ("incomplete", "error"):
        return ask_in_open_rfi(Concern(who, newest, customer, customer.partner, portal), order, bought)
    rfi = Rfi.create(customer=customer, order=order, opened_at=now(), reason=reason_of(order, bought))
    whole = filled(rfi)
    if all(is_of_each_order(entry.question) for entry in whole.entries):
        rfi.delete_instance()
        return None
    tell(Concern(who, rfi, customer, customer.partner, portal), "rfi.opened_for_change", order, bought, whole)
    return rfi


def ask_in_open_rfi(concern: Concern, order: Order, bought: list[OrderLine]) -> Rfi | None:
    """The questions are there with the order; whoever has the page open looks at it again before handing in."""
    rfi = concern.rfi
    added = services_in(bought)
    whole = filled(rfi)
    if not any(calls_for(entry.question, whole, added) for entry in whole.entries):
        return None
    rfi.reason = reason_of(order, bought)
    rfi.version += 1
    rfi.save()
    tell(concern, "rfi.asks_for_change", order, bought, whole)
    return rfi


def calls_for(question: Question, whole: Filled, added: frozenset[str]) -> bool:
    """Whether it is only asked because of these services."""
    without = replace(whole.situation, services=whole.situation.services - added)
    return question.show_when is not None and not question.show_when.holds(without)


def lines_of_what_is_new(order: Order) -> list[OrderLine]:
    """The lines that bring a service which the order that was changed did not have, in their order."""
    lines = {
        each: list(OrderLine.select().where(OrderLine.order == each).order_by(OrderLine.position))
        for each in (order.changes_id, order.id)
    }
    had = services_in(lines[order.changes_id])
    return [line for line in lines[order.id] if services_in([line]) - had]


def reason_of(order: Order, bought: list[OrderLine]) -> str:
    return f"Change order {order.addendum_number} added {products(bought)}. Only what is not known yet is asked."


def products(bought: list[OrderLine]) -> str:
    return ", ".join(line.name for line in bought)


def tell(concern: Concern, kind: str, order: Order, bought: list[OrderLine], whole: Filled) -> None:
    concern.record(kind, number=order.addendum_number, products=products(bought))
    count = sum(1 for entry in whole.entries if entry.checked.problems)
    write_with_link(concern, "rfi_for_change", once=f"rfi_link:{order.id}", products=products(bought), count=count)
