"""Who at the MSP is written to about a customer."""

from blueprints.accounts.standing import standing_of
from data.accounts import Grant, Person
from data.customers import Customer
from data.orders import Order
from data.partners import Partner
from data.roles import Role


def people_at_msp(customer: Customer, partner: Partner, order_id: int) -> list[tuple[str, str]]:
    """Name and address of those who are told what becomes of an order.

    Whoever submitted the order, while they may still see the customer, and the MSP's reply-to address; if there is
    neither, the MSP's administrators.
    """
    told = {}
    if seller := seller_of(customer, order_id):
        told[seller.email.casefold()] = (seller.name, seller.email)
    if reply_to := partner.reply_to:
        told.setdefault(reply_to.casefold(), ("", reply_to))
    return list(told.values()) or administrators_of(partner)


def seller_of(customer: Customer, order_id: int) -> Person | None:
    found: Person | None = (
        Person.select()
        .join(Order, on=(Order.submitted_by == Person.id))
        .where((Order.id == order_id) & Person.active)
        .first()
    )
    if found is None or not standing_of(found).may_for_customer("customers.see", customer.id, customer.partner_id):
        return None
    return found


def administrators_of(partner: Partner) -> list[tuple[str, str]]:
    held = (Grant.partner == partner) & Grant.customer_id.is_null() & (Grant.role == Role.PARTNER_ADMIN)
    query = Person.select().join(Grant, on=(Grant.person == Person.id)).where(held & Person.active)
    return [(person.name, person.email) for person in query.order_by(Person.id)]
