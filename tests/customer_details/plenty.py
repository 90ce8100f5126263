"""A customer with plenty of everything, for tests and measurements."""

from datetime import timedelta
from decimal import Decimal

from blueprints.customers.attachments import file_document
from data import history
from data.customers import Contact, Customer
from data.database import transaction
from data.history import PORTAL
from data.moments import now
from data.notes import Note
from data.orders import Order, OrderLine
from data.plans import Plan
from data.rfi import Rfi, RfiLink
from tests.factories import World, a_customer

NOTES, LINES, ATTACHMENTS, ORDERS, CONTACTS, LINKS = 500, 2_000, 200, 20, 50, 30
TEXT = "The smart host moved to another rack: see https://docs.example/racks.\nCall before nine, ask for Ines."


def a_customer_with_plenty(world: World) -> Customer:
    customer = a_customer(world.northstar, "Plenty & Sons", status="complete")
    people = (world.admin, world.technician, world.msp_admin)
    with transaction():
        for number in range(ORDERS):
            an_order(world, customer, number)
        for number in range(LINKS):
            a_link(Rfi.get(Rfi.customer == customer), number)
        for number in range(CONTACTS):
            Contact.create(
                customer=customer, first_name="Ana", last_name=f"Number {number}", email="ana@plenty.example"
            )
        for number in range(ATTACHMENTS):
            file_document(PORTAL, customer, f"Scan {number}.pdf", b"%%PDF %d" % number, pages=2)
        for number in range(NOTES):
            author = people[number % 3]
            Note.create(customer=customer, text=TEXT, author=author, created_at=now())
        for number in range(LINES - ATTACHMENTS):
            history.record("note.added", people[number % 3], partner=customer.partner_id, customer=customer.id)
    return customer


def a_customer_with_nothing(world: World) -> Customer:
    """As it is the day after the order: a plan and an RFI, and nothing else."""
    customer = a_customer(world.northstar, "Little & Sons", status="complete")
    with transaction():
        an_order(world, customer, 99)
    return customer


def an_order(world: World, customer: Customer, number: int) -> Order:
    """Submitted, with its RFI and plan; the records alone."""
    moment = now() - timedelta(days=30)
    order = Order.create(
        customer=customer,
        partner=customer.partner_id,
        state="submitted",
        permitted_users=40,
        currency="EUR",
        monthly_total=Decimal(100),
        one_time_total=Decimal(0),
        first_payment=Decimal(100),
        addendum_number=f"2026-9{customer.id:04}{number:02}",
        agreed_hash="0" * 64,
        created_at=moment,
        created_by=world.admin,
        changed_at=moment,
        changed_by=world.admin,
        submitted_at=moment,
        submitted_by=world.admin,
    )
    for position, product in enumerate((world.shield, world.vault)):
        OrderLine.create(
            order=order, product=product, position=position, name=product.name, monthly_total=50, one_time_fee=0
        )
    if number in (0, 99):
        Rfi.create(customer=customer, order=order, opened_at=moment)
        Plan.create(customer=customer, order=order, opened_at=moment)
    return order


def a_link(rfi: Rfi, number: int) -> RfiLink:
    end = now() + timedelta(days=60)
    name, email = f"Ines {number}", "ines@plenty.example"
    return RfiLink.create(rfi=rfi, token_hash=f"{number:064}", name=name, email=email, created_at=now(), expires_at=end)
