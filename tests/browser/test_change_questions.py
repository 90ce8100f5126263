"""A service is added at a complete customer: what it calls for is asked on a phone, and its plan follows from that."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from data.customers import Contact, Customer
from data.database import database, open_database, transaction
from data.definitions import current_sets
from data.orders import Order, OrderLine
from data.rfi import Rfi
from tests.browser.conftest import Window
from tests.browser.portal import Served, serving
from tests.browser.rfi.filling_in import answer
from tests.browser.test_change import agree, open_options
from tests.browser.test_notes import sign_in
from tests.browser.test_rfi_review import link_in
from tests.orders.changing import answered

OF_ARCHIVE = {"journal_sender", "journal_envelope", "retention_years", "legacy_wanted", "permitted_senders"}
OF_EACH_ORDER = {"go_live", "confirmed"}
STEP = "Let the mail server write its journal"
BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])


@dataclass(frozen=True)
class Place:
    """A portal with sample data, and its folder."""

    served: Served
    home: Path

    def records(self) -> object:
        open_database(f"sqlite:///{self.home / 'quayside.sqlite'}")
        return database.connection_context()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("questions") / "home"
    with serving(home, sample=True) as portal:
        yield Place(portal, home)


@pytest.fixture
def customer(place: Place) -> Customer:
    """Complete without an archive, everything answered; one that no test before has changed."""
    with place.records(), transaction():
        others = Order.select(Order.customer).where(Order.kind == "change")
        archived = OrderLine.select(OrderLine.order).where(OrderLine.services.contains("archiving"))
        free = (Customer.status == "complete") & (Rfi.state == "complete") & Customer.id.not_in(others)
        rfi = Rfi.select().join(Customer).where(free & Rfi.order.not_in(archived)).order_by(Rfi.id).get()
        lead = (Contact.customer == rfi.customer_id) & (Contact.kind == "implementation_lead")
        Contact.update(email="ines@acme.example", first_name="Ines", last_name="Lead").where(lead).execute()
        answered(rfi, filter_now="none")
        return Customer.get_by_id(rfi.customer_id)


@BOTH
def test_what_an_added_service_calls_for_is_answered_on_a_phone(
    place: Place, customer: Customer, window: Callable[..., Window], javascript: bool
) -> None:
    served, here = place.served, f"{place.served.address}/customers/{customer.id}"
    desk, phone = window(javascript=javascript), window(javascript=javascript, width=360)
    sign_in(desk, served)
    row = desk.page.locator(f"tbody tr[data-id='{customer.id}']")
    find_in_complete(desk, served, customer)
    expect(row).not_to_contain_text("RFI")
    seen = len(served.sink.received)
    add_a_service(desk, here)

    desk.go(here)
    expect(desk.page.locator("#heading .mark").first).to_have_text("Complete")
    expect(desk.page.locator("#rfi")).to_contain_text("The plan of what was added waits for it.")
    desk.go(here + "/plan")
    expect(desk.page.locator("main")).not_to_contain_text(STEP)
    waits_in_sight(desk, served, customer, here)

    phone.go(link_in(served, seen, customer, "a few more questions, about Mail vault"))
    sees_only_what_is_new(phone)
    answer_all(phone)
    phone.look_over()
    phone.press("Hand in")
    phone.sees("Thank you: your answers are handed in.")
    phone.look_over()

    desk.go(here)
    expect(desk.page.locator("#heading .mark").first).to_have_text("Complete")
    expect(desk.page.locator("#rfi")).to_contain_text("Handed in.")
    desk.go(here + "/plan")
    step = desk.page.locator("li, tr").filter(has=desk.page.get_by_role("link", name=STEP, exact=True)).last
    expect(step).to_contain_text("Not started")
    expect(step).not_to_contain_text("Locked")
    find_in_complete(desk, served, customer)
    expect(row).not_to_contain_text("RFI")


def waits_in_sight(desk: Window, served: Served, customer: Customer, here: str) -> None:
    """The first page counts it, leads to the list of those that wait, and that to the RFI."""
    desk.go(served.address + "/")
    look_over_narrow(desk)
    desk.page.locator(".tiles").get_by_role("link", name="1 of complete customers").click()
    desk.settle()
    desk.look_over()
    assert desk.page.locator("tbody tr").count() == 1
    look_over_narrow(desk)
    row = desk.page.locator(f"tbody tr[data-id='{customer.id}']")
    expect(row.locator("td").first).to_contain_text("RFI: Incomplete")
    row.get_by_role("link", name="Incomplete").click()
    desk.settle()
    desk.look_over()
    assert desk.page.url == here + "/rfi"


def look_over_narrow(desk: Window) -> None:
    usual = desk.page.viewport_size
    desk.page.set_viewport_size({"width": 360, "height": 900})
    desk.look_over()
    desk.page.set_viewport_size(usual)


def find_in_complete(desk: Window, served: Served, customer: Customer) -> None:
    desk.go(f"{served.address}/customers/complete?q={customer.primary_domain}")


def add_a_service(desk: Window, here: str) -> None:
    desk.go(here)
    open_options(desk)
    desk.page.get_by_role("checkbox", name="Mail vault").check()
    desk.settle()
    desk.press("Review change")
    agree(desk, "PO-91")
    desk.sees(re.compile(r"Change order \d{4}-\d{6} submitted"))


def asked(theirs: Window) -> list[str]:
    return theirs.page.locator("[name^='seen:']").evaluate_all("all => all.map(e => e.name.slice(5))")


def sees_only_what_is_new(phone: Window) -> None:
    """The archive's questions, and those of each order; nothing of what runs already."""
    expect(phone.page.locator("main")).to_contain_text("What you answered before is known, and not asked again.")
    assert set(asked(phone)) == OF_ARCHIVE | OF_EACH_ORDER
    expect(phone.page.get_by_role("heading", name="Archive")).to_be_visible()


def answer_all(theirs: Window) -> None:
    """What is asked, and what is asked because of it, until nothing is."""
    questions, done = current_sets(), set()
    while left := [name for name in asked(theirs) if name not in done]:
        for name in left:
            answer(theirs.page, questions.question(name), "m365")
            done.add(name)
        if not theirs.javascript:
            theirs.press("Save")
        theirs.settle()
