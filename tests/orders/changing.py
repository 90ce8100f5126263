"""Customers whose subscription can be changed, and change orders on the way, for tests."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from blueprints.rfi.filling import filled
from blueprints.rfi.saving import remember
from data.customers import Customer
from data.history import History, sentence
from data.moments import day_of, now
from data.orders import Order, OrderLine
from data.partners import Product
from data.plans import Plan, PlanStep
from data.rfi import HandedIn, Rfi
from tests.factories import World, a_customer, a_prospect
from tests.orders.drafts import AGREED, a_draft, submit
from tests.plans.planned import a_plan
from tests.rfi.good_and_bad import answered_well
from tests.rfi.waiting_for import submitted
from tests.visits import Answer, Visitor

ORDERED = "2026-10-05T09:00:00Z"
CHANGED = "2026-11-22T23:30:00Z"  # half past midnight on the 23rd in Berlin


def a_complete_customer(
    world: World, admin: Visitor, users: int = 25, products: tuple[Product, ...] = (), **changed: Any
) -> Customer:
    """Ordered by Northstar's administrator now, and complete: Mail shield for 25 unless told otherwise."""
    draft = a_draft(world, a_prospect(world.northstar, **changed), users, products)
    submit(admin, draft)
    Customer.update(status="complete", shelf="complete").where(Customer.id == draft.customer_id).execute()
    return Customer.get_by_id(draft.customer_id)


def a_finished_plan(world: World) -> Plan:
    """The plan for security, done, of a customer who bought it and is complete."""
    plan = a_plan(world)
    bought = {"code": "SHIELD", "monthly_per_user": 4}
    OrderLine.update(**bought).where(OrderLine.order == plan.order_id).execute()
    Order.update(addendum_number="2025-000001").where(Order.id == plan.order_id).execute()
    Customer.update(status="complete", shelf="complete").where(Customer.id == plan.customer_id).execute()
    PlanStep.update(state="done").where(PlanStep.plan == plan).execute()
    Plan.update(state="done").where(Plan.id == plan.id).execute()
    return Plan.get_by_id(plan.id)


def bought_before(world: World) -> Order:
    """What a complete customer of Northstar has, written without a press: Mail shield for 25 at 4 each, last year."""
    customer = a_customer(world.northstar, status="complete")
    order = submitted(a_draft(world, customer), world)
    facts = {"code": "SHIELD", "monthly_per_user": Decimal(4)}
    OrderLine.update(**facts).where(OrderLine.order == order).execute()
    began = {"subscription_start": date(2025, 11, 5), "commitment_ends": date(2026, 11, 4)}
    Order.update(addendum_number=f"2025-{order.id:06}", **began).where(Order.id == order.id).execute()
    return Order.get_by_id(order.id)


def a_change_in_draft(world: World, users: int = 40) -> Order:
    """The same customer’s change to other users, written without a press."""
    base = bought_before(world)
    draft = a_draft(world, base.customer, users)
    draft.kind, draft.changes = "change", base
    draft.save()
    return draft


def a_decrease_that_waits(world: World) -> Order:
    """To ten users, on a day to come."""
    order = submitted(a_change_in_draft(world, 10), world)
    order.monthly_before, order.prorated, order.first_payment = Decimal(100), Decimal(0), Decimal(0)
    order.subscription_start, order.commitment_ends = date(2025, 11, 5), date(2026, 11, 4)
    order.agreed = {"kind": "Downgrade addendum", "changes": "25 → 10 permitted users"}
    order.addendum_number = f"2025-{order.id:06}"
    order.effective_on = order.next_billing_on = day_of(now(), "Europe/Berlin") + timedelta(days=9)
    order.withdraw_until = order.effective_on - timedelta(days=1)
    order.save()
    return order


def answered(rfi: Rfi, **answers: Any) -> HandedIn:
    """Everything that the RFI asks was handed in, well or as told, on Microsoft 365 unless told; it is complete."""
    whole = filled(rfi)
    remember(rfi, whole.questions)
    told = {"infrastructure": "m365"} | answers
    where = str(told["infrastructure"])
    situation = replace(whole.situation, infrastructure=where, answers=told)
    said = answered_well(whole.questions, situation) | told
    Rfi.update(state="complete", version=Rfi.version + 1).where(Rfi.id == rfi.id).execute()
    number = HandedIn.select().where(HandedIn.rfi == rfi).count() + 1
    facts = {"number": number, "set_version": whole.questions.version, "infrastructure": where, "answers": said}
    return HandedIn.create(rfi=rfi, at=now(), by_name="Ines Lead", **facts)


def here(customer: Customer) -> str:
    return f"/customers/{customer.id}/upgrade"


def typed(**changed: Any) -> dict[str, Any]:
    """The form as it stands at first, with some fields changed; None leaves one out."""
    unchanged = {"permitted_users": "25", "replace_with": "0", "lead": "", "version": "0", "do": "review"}
    return {name: value for name, value in (unchanged | changed).items() if value is not None}


def a_change(admin: Visitor, customer: Customer, **changed: Any) -> Order:
    """A change in draft; 40 users unless told otherwise."""
    answer = admin.post(here(customer), typed(**{"permitted_users": "40"} | changed))
    assert answer.status == 303, answer.text
    return Order.get((Order.customer == customer) & (Order.state == "draft"))


def submit_change(visitor: Visitor, order: Order, **changed: str) -> Answer:
    """Open the review page and submit what it shows, agreed to unless told otherwise ("" leaves a field out)."""
    review = visitor.get(f"/orders/{order.id}/change")
    fields = AGREED | {"seen": review.value("seen") if review.status == 200 else ""} | changed
    return visitor.post(f"/orders/{order.id}/change/submit", {name: value for name, value in fields.items() if value})


def changed(admin: Visitor, customer: Customer, **asked: Any) -> Order:
    """A change that was submitted."""
    order = a_change(admin, customer, **asked)
    answer = submit_change(admin, order)
    assert answer.location == f"/orders/{order.id}", answer.text
    return Order.get_by_id(order.id)


def now_of(customer: Customer) -> Customer:
    return Customer.get_by_id(customer.id)


def told_of(kind: str) -> list[str]:
    """The lines of history of a kind, as people read them."""
    return [sentence(line) for line in History.select().where(History.kind == kind)]
