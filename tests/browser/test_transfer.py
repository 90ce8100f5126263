"""A customer moves from one MSP to another: three windows side by side, each seeing its own."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from blueprints.orders.submission import last_day_of_commitment
from blueprints.transfers import moving
from data.accounts import Grant, Person
from data.customers import Customer
from data.database import database, open_database
from data.folding import fold
from data.moments import now, today
from data.notes import Note
from data.orders import Order
from data.partners import ContractedPrice, Partner, PriceTier, Product
from data.roles import Role
from data.transfers import Transfer
from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving, wait_until

ZONE = "Europe/Berlin"
SECRET = "Zahlt immer spät"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transfer") / "home"


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    with serving(home, sample=True) as portal:
        open_database(f"sqlite:///{home / 'quayside.sqlite'}")
        with database.connection_context():
            two_msps()
        yield portal


def two_msps() -> None:
    """Beside Ada, who is the operator: Nina of Northstar and Sten of Harbour Lights, who sign in with her password."""
    ada, northstar = Person.get(), Partner.get()
    facts = {"currency": "EUR", "timezone": ZONE, "created_at": now()}
    harbour = Partner.create(name="Harbour Lights", name_key=fold("Harbour Lights"), **facts)
    for name, partner in (("Nina", northstar), ("Sten", harbour)):
        signs_in = {"password": ada.password, "fs_uniquifier": uuid.uuid4().hex, "timezone": ZONE, "created_at": now()}
        person = Person.create(name=name, email=f"{name.lower()}@msp.example", **signs_in)
        Grant.create(person=person, partner=partner, role=Role.PARTNER_ADMIN, granted_at=now())
    for product in Product.select():
        price = {"valid_from": today(ZONE), "one_time_fee": 0, "created_at": now()}
        contracted = ContractedPrice.create(partner=harbour, product=product, **price)
        PriceTier.create(contracted_price=contracted, users_from=1, monthly_per_user=1)


@pytest.fixture
def customer(served: Served) -> Customer:
    """Of Northstar, with an order that is in effect, in its thirteenth month, with a note that is nobody else's."""
    with database.connection_context():
        drafts = Order.select(Order.customer).where((Order.state == "draft") | (Order.kind == "change"))
        bought = Order.select(Order.customer).where((Order.state == "submitted") & (Order.kind == "new"))
        complete = (Customer.status == "complete") & Customer.id.in_(bought) & Customer.id.not_in(drafts)
        taken = Transfer.select(Transfer.customer)
        of_northstar = Customer.partner == Partner.get(Partner.name == "Northstar IT")
        found = Customer.get(complete & of_northstar & Customer.id.not_in(taken))
        start = today(ZONE) - timedelta(days=390)
        found.subscription_start, found.commitment_ends = start, last_day_of_commitment(start)
        found.save()
        Note.create(customer=found, text=SECRET, author=Person.get(Person.name == "Nina"), created_at=now())
        return found


def signed_in(window: Window, served: Served, email: str) -> Window:
    window.go(served.address + "/sign-in")
    window.fill(email=email, password=PASSWORD)
    window.press("Sign in")
    return window


def the_day_has_come(customer: Customer) -> Transfer:
    with database.connection_context():
        Transfer.update(day=today(ZONE)).where(Transfer.customer == customer).execute()
        assert moving.move_due("http://127.0.0.1") == 1
        return Transfer.get(Transfer.customer == customer)


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1440), (True, 360), (False, 1440)], ids=["wide", "phone", "without-javascript"]
)
def test_from_the_code_to_two_records(
    served: Served, customer: Customer, window: Callable[..., Window], javascript: bool, width: int
) -> None:
    def desk(email: str) -> Window:
        return signed_in(window(javascript=javascript, width=width), served, email)

    nina, sten, ada = desk("nina@msp.example"), desk("sten@msp.example"), desk("ada@northstar.example")

    # The receiving MSP has a code, by which alone it can be named.
    sten.go(served.address + "/partner-changes/")
    sten.press("Make a code for Harbour Lights") if sten.page.get_by_text("No code yet").count() else None
    code = sten.page.locator("aside code").inner_text()
    assert re.fullmatch(r"(\w{4}-){2}\w{4}", code)

    # The releasing one asks, not without the terms.
    nina.go(f"{served.address}/customers/complete?q={customer.primary_domain}")
    nina.press(f"Cancel {customer.name}")
    nina.press("Partner change")
    assert "Harbour" not in nina.page.locator("main").inner_text()
    nina.fill(code=code)
    nina.press("Ask for the partner change")
    nina.sees("Accept the terms: without that the change cannot be asked for.")
    expect(nina.page.locator('[name="code"]')).to_have_value(code)
    nina.page.check('[name="terms"]')
    nina.press("Ask for the partner change")
    nina.sees("On the way to Harbour Lights")
    subject = f"{customer.name}: Northstar IT asks you to take this customer over"
    wait_until(lambda: [each for each in served.sink.received if each.email["Subject"] == subject])

    # The receiving one sees what it takes over, at its own prices: one a user.
    sten.go(served.address)
    sten.press(f"{customer.name} is offered to you")
    sten.page.locator("tr", has_text=customer.name).locator("a").click()
    sten.settle()
    sten.look_over()
    sten.sees("What it costs Harbour Lights")
    sten.fill(order_number="PO-1")
    sten.page.check('[name="governed"]')
    sten.page.check('[name="authorised"]')
    sten.press("Accept the takeover")
    sten.sees("The provider confirms it next.")

    # The provider confirms.
    ada.go(served.address)
    ada.press("A partner change waits for the provider")
    ada.page.locator("tr", has_text=customer.name).locator("a").click()
    ada.settle()
    ada.press("Confirm the partner change")
    ada.sees("The customer moves on the day, by itself.")

    # On the day each has its own.
    done = the_day_has_come(customer)
    sten.go(f"{served.address}/customers/{done.taken_over_as_id}")
    sten.sees("Taken over from Northstar IT")
    sten.sees("Takeover addendum")
    assert SECRET not in sten.page.content()
    nina.go(f"{served.address}/customers/{customer.id}")
    nina.sees("stays here to be read")
    nina.sees(SECRET)
    expect(nina.page.locator("#heading")).to_contain_text("Transferred")
    assert nina.page.get_by_role("link", name="Add note").count() == 0
    sten.page.goto(f"{served.address}/customers/{customer.id}")
    sten.sees("There is nothing here")
    nina.page.goto(f"{served.address}/customers/{done.taken_over_as_id}")
    nina.sees("There is nothing here")
