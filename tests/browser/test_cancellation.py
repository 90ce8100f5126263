"""Cancelled from the list, withdrawn, cancelled again, processed, ended by the clock, and its export taken."""

import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from blueprints.cancellations.eligibility import opens_on
from blueprints.cancellations.ending import end_service
from blueprints.orders.submission import last_day_of_commitment
from data.cancellations import Cancellation
from data.customers import Customer
from data.database import database, open_database, transaction
from data.formats import day
from data.moments import today
from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving, wait_until

ZONE = "Europe/Berlin"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cancellation") / "home"


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    with serving(home, sample=True) as portal:
        yield portal


@pytest.fixture
def customers(served: Served, home: Path) -> tuple[Customer, Customer]:
    """One in its twelfth month and one too young, both without an order in draft."""
    open_database(f"sqlite:///{home / 'quayside.sqlite'}")
    with database.connection_context(), transaction():
        found = Customer.select().where(Customer.status == "complete").order_by(Customer.id).limit(2)
        return tuple(begun(customer, days) for customer, days in zip(found, (350, 100), strict=True))


def begun(customer: Customer, days: int) -> Customer:
    start = today(ZONE) - timedelta(days=days)
    customer.subscription_start, customer.commitment_ends = start, last_day_of_commitment(start)
    customer.save()
    return customer


def sign_in(window: Window, served: Served) -> None:
    window.go(served.address + "/sign-in")
    window.fill(email="ada@northstar.example", password=PASSWORD)
    window.press("Sign in")


def ask(window: Window, export: str) -> None:
    window.page.check(f'input[name="export"][value="{export}"]')
    window.page.check('input[name="accepted"]')
    window.press("Confirm")


def is_over(customer: Customer) -> None:
    """The clock is moved: the last day was yesterday, and the job comes by."""
    with database.connection_context():
        mine = Cancellation.customer == customer
        Cancellation.update(ends_on=today(ZONE) - timedelta(days=1)).where(mine).execute()
        pending = Cancellation.get(mine & (Cancellation.state == "pending"))
        assert end_service(pending.id, "http://127.0.0.1")


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1440), (True, 360), (False, 1440)], ids=["wide", "phone", "without-javascript"]
)
def test_from_the_list_to_the_export(
    served: Served,
    customers: tuple[Customer, Customer],
    window: Callable[..., Window],
    javascript: bool,
    width: int,
    tmp_path: Path,
) -> None:
    customer, young = customers
    desk = window(javascript=javascript, width=width)
    sign_in(desk, served)

    # Grey says from when, green leads on.
    desk.go(f"{served.address}/customers/complete?sort=cancel&dir=desc&q={young.primary_domain}")
    grey = desk.page.locator(f'tr[data-id="{young.id}"] [data-name=Cancel] .grey')
    expect(grey).to_contain_text(f"11 months on {day(opens_on(young.subscription_start))}")
    desk.go(f"{served.address}/customers/complete?q={customer.primary_domain}")
    desk.press(f"Cancel {customer.name}")

    # Not without the terms; the choice stays.
    desk.page.check('input[name="export"][value="yes"]')
    desk.press("Confirm")
    desk.sees("Accept the terms of cancellation; without that nothing can be cancelled.")
    expect(desk.page.locator('input[name="export"][value="yes"]')).to_be_checked()
    ask(desk, "yes")
    desk.sees(f"The service ends on {day(customer.commitment_ends)}.")
    expect(desk.page.locator("#cancellation")).to_contain_text("with data export")
    expect(desk.page.locator("#heading")).to_contain_text("Pending cancellation")
    subject = f"{customer.name}: cancellation asked for"
    wait_until(lambda: [each for each in served.sink.received if each.email["Subject"] == subject])

    # Withdrawn with a reason, and asked for again.
    desk.press("Withdraw")
    desk.press("Withdraw the cancellation")
    desk.sees("Fill this in.")
    desk.fill(reason="They stay for now.")
    desk.press("Withdraw the cancellation")
    desk.sees("The service goes on as before.")
    expect(desk.page.locator("#heading")).to_contain_text("Complete")
    desk.press("Cancel or change partner")
    ask(desk, "yes")

    # The provider's part: Ada is the operator, too.
    desk.go(served.address + "/cancellations/")
    desk.page.locator(f'tr[data-id="{customer.id}"] a').click()
    desk.settle()
    desk.press("Note that the quote is sent")
    desk.sees("quote sent")
    desk.press("Begin to process it")
    desk.sees("The provider began to process it")

    # The last day is over.
    is_over(customer)
    desk.go(f"{served.address}/customers/{customer.id}")
    expect(desk.page.locator("#heading")).to_contain_text("Cancelled")
    desk.press("Take the export")
    with desk.page.expect_download() as download:
        desk.page.locator("#take").click()
    download.value.save_as(tmp_path / "export.zip")
    names = zipfile.ZipFile(tmp_path / "export.zip").namelist()
    assert {"record.json", "history.csv"} < set(names)
    if javascript:
        desk.sees("Taken whole")
        desk.look_over()
