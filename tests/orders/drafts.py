"""Orders in the making, for tests."""

from data.customers import Customer
from data.moments import now
from data.orders import Order, OrderLine
from tests.factories import World, a_prospect
from tests.visits import Answer, Visitor


def a_draft(world: World, customer: Customer | None = None, users: int = 25, products: tuple = ()) -> Order:
    """A draft order of Northstar, made by its administrator; Mail shield unless told otherwise."""
    customer = customer or a_prospect(world.northstar)
    order = Order.create(
        customer=customer,
        partner=customer.partner_id,
        permitted_users=users,
        currency="EUR",
        created_at=now(),
        created_by=world.admin,
        changed_at=now(),
        changed_by=world.admin,
    )
    for position, product in enumerate(products or (world.shield,)):
        OrderLine.create(order=order, product=product, position=position)
    return order


AGREED = {"order_number": "PO-7", "governed": "y", "authorised": "y"}


def submit(visitor: Visitor, order: Order, **changed: str) -> Answer:
    """Open the review page and submit what it shows, agreed to unless told otherwise ("" leaves a field out)."""
    review = visitor.get(f"/orders/{order.id}/review")
    typed = AGREED | {"seen": review.value("seen") if review.status == 200 else ""} | changed
    return visitor.post(f"/orders/{order.id}/submit", {name: value for name, value in typed.items() if value})
