"""What the page of a customer shows beside its notes and history, gathered from the features.

A constant number of queries, however much there is.
"""

from dataclasses import dataclass

from blueprints.accounts.standing import Standing
from blueprints.customers.attachments import attachments_of
from blueprints.customers.rules import find_customer
from blueprints.rfi.rules import links_of, newest_rfi
from data.attachments import Attachment
from data.customers import Contact, Customer
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Partner
from data.rfi import Rfi, RfiLink
from data.roles import Role


@dataclass(frozen=True)
class Details:
    """What the page shows. `orders` are the submitted ones, newest first, each with `sold`, its lines."""

    customer: Customer
    partner: Partner
    role: Role
    contacts: tuple[Contact, ...]
    orders: tuple[Order, ...]
    sold: dict[int, list[OrderLine]]
    rfi: Rfi | None
    links: tuple[RfiLink, ...]
    attachments: tuple[Attachment, ...]

    def opens(self, link: RfiLink) -> bool:
        """Whether this personal link still opens the RFI."""
        return link.revoked_at is None and link.expires_at > now()


def details_of(who: Standing, customer_id: int) -> Details:
    """Raises NotThere."""
    customer = find_customer(who, customer_id)
    orders = tuple(
        Order.select().where((Order.customer == customer) & (Order.state == "submitted")).order_by(Order.id.desc())
    )
    sold: dict[int, list[OrderLine]] = {order.id: [] for order in orders}
    for line in OrderLine.select().where(OrderLine.order.in_(list(sold))).order_by(OrderLine.position):
        sold[line.order_id].append(line)
    rfi = newest_rfi(customer)
    return Details(
        customer=customer,
        partner=Partner.get_by_id(customer.partner_id),
        role=who.role_on(customer.id, customer.partner_id),
        contacts=tuple(Contact.select().where(Contact.customer == customer).order_by(Contact.id)),
        orders=orders,
        sold=sold,
        rfi=rfi,
        links=tuple(links_of(rfi)),
        attachments=tuple(attachments_of(customer)),
    )
