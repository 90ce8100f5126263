"""What goes along with a customer: each thing is written anew for the receiving MSP, field by field.

Nothing is moved or shared, and nothing is copied that is not named here: a table or a field that is added later stays
with the releasing MSP until somebody decides otherwise. Text that its people typed (reasons, remarks, added steps),
their names, their settings, their money and their papers are not among it. docs/partner-change.md tells it table by
table.
"""

from dataclasses import dataclass
from typing import Any

from blueprints.customers.attachments import file_document
from blueprints.customers.links import new_link
from blueprints.mailroom.rules import one_line
from blueprints.orders.submission import lines_of
from blueprints.transfers.finding import lines_of as lines_that
from blueprints.transfers.going_along import carry_history, carry_monitors, carry_rfi
from blueprints.transfers.letters import Concern, write_new_partner, write_taken_over
from blueprints.transfers.ordering import order_of
from blueprints.transfers.plans_going_along import carry_plans
from data import formats, history
from data.customers import Contact, Customer
from data.history import PORTAL
from data.moments import day_of, now
from data.partners import Partner
from data.transfers import Takeover

# Of the record of the company; not when it was made, nor by which MSP.
OF_RECORD = (
    "name",
    "name_key",
    "letter",
    "company_type",
    "primary_domain",
    "website",
    "sector",
    "street",
    "postcode",
    "city",
    "region",
    "country",
    "account_type",
    "permitted_users",
    "infrastructure",
    "subscription_start",
    "commitment_ends",
)
OF_CONTACT = ("kind", "first_name", "last_name", "email", "phone", "job_title")


@dataclass(frozen=True)
class Accepter:
    """Whoever accepted for the receiving MSP: their order is in their name."""

    id: int | None
    name: str


def take_over(concern: Concern, lead: Contact | None) -> Customer:
    """The customer of the receiving MSP, with all that goes along. Call inside the transaction."""
    partner, old = concern.receiving, concern.customer
    assert partner is not None
    takeover = Takeover.get(Takeover.transfer == concern.transfer)
    new = carry_record(old, partner)
    for contact in Contact.select().where(Contact.customer == old).order_by(Contact.id):
        Contact.create(customer=new, **{field: getattr(contact, field) for field in OF_CONTACT})
    carry_history(old, new)
    tell(new, PORTAL, "transfer.taken_over", releasing=concern.partner.name, day=formats.day(concern.transfer.day))
    accepter = Accepter(takeover.by_id, takeover.by_name)
    order, paper = order_of(concern, takeover, new)
    told = {"number": order.addendum_number, "products": ", ".join(line.name for line in lines_of(order))}
    monthly = formats.money(order.monthly_total, order.currency)
    tell(new, accepter, "order.submitted", **told, users=order.permitted_users, monthly=monthly)
    name = f"Takeover addendum {order.addendum_number}.pdf"
    filed = file_document(accepter, new, name, paper, order=order)
    moved, ended = services_of(concern, moving=True), services_of(concern, moving=False)
    carry_plans(old, new, order, moved, ended - moved)
    carry_monitors(old, new, moved, ended - moved)
    rfi, left_out = carry_rfi(concern, new, order, moved)
    write_taken_over(concern, new, filed, left_out, lead_told=lead is not None)
    if lead is not None:
        renew_link(concern, new, lead, rfi)
    return new


def services_of(concern: Concern, *, moving: bool) -> frozenset[str]:
    """Of the products that move, or of those that do not."""
    products = [line.product for line in lines_that(concern.transfer, moving=moving)]
    return frozenset(service for product in products for service in product.services)


def carry_record(old: Customer, partner: Partner) -> Customer:
    facts = {field: getattr(old, field) for field in OF_RECORD}
    made: Customer = Customer.create(
        **facts, partner=partner, status="complete", shelf="complete", created_at=now(), changed_at=now()
    )
    return made


def renew_link(concern: Concern, new: Customer, lead: Contact, rfi: Any) -> None:
    """The Implementation Lead hears of the new MSP, with a link in place of those that ended."""
    partner = concern.receiving
    assert partner is not None
    if rfi is None:
        write_new_partner(concern, new, lead, "", None)
        return
    link, address = new_link(rfi, lead, concern.portal, "welcome")
    write_new_partner(concern, new, lead, address, day_of(link.expires_at, partner.timezone))
    tell(new, PORTAL, "rfi.link_sent", email=one_line(lead.email))


def tell(customer: Customer, who: Any, kind: str, **facts: object) -> None:
    history.record(kind, who, partner=customer.partner_id, customer=customer.id, **facts)
