"""Monitors in the browser: set up, fed, seen as a chart, marked in the list; wide, narrow, without JavaScript."""

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from blueprints.monitors.keeping import Seen, hold, keep
from data.customers import Customer
from data.database import database, open_database, transaction
from data.moments import now
from data.monitors import Monitor
from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home", sample=True) as served:
        open_database(f"sqlite:///{tmp_path / 'home' / 'quayside.sqlite'}")
        yield served


def a_complete_one() -> Customer:
    with database.connection_context():
        return Customer.select().where((Customer.status == "complete") & (Customer.monitors == "4-----")).get()


def sign_in(window: Window, served: Served) -> None:
    window.go(served.address + "/sign-in")
    window.fill(email="ada@northstar.example", password=PASSWORD)
    window.press("Sign in")


def a_week_of(customer: Customer) -> None:
    """Readings of seven days behind the one there is, with an evening in which the queue was long."""
    with database.connection_context(), transaction():
        monitor = Monitor.get(Monitor.customer == customer.id)
        began = now() - timedelta(days=7)
        Monitor.update(made_at=began, state="unknown", recent="", read_at=None).where(
            Monitor.id == monitor.id
        ).execute()
        for step in range(4 * 24 * 7 - 4):
            at = began + timedelta(minutes=15 * step)
            long = 240 if 400 < step < 412 else 20 if step % 96 > 70 else 0
            [held] = hold("monitor.id = ?", (monitor.id,))
            keep(held, Seen(at, round(8 + 6 * math.sin(step / 15) + long), 30 + long * 10), at)


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1440), (True, 360), (False, 1440)], ids=["wide", "phone", "without-javascript"]
)
def test_from_setting_up_to_the_mark_in_the_list(
    portal: Served, window: Callable[..., Window], javascript: bool, width: int
) -> None:
    customer = a_complete_one()
    desk = window(javascript=javascript, width=width)
    sign_in(desk, portal)
    here = f"{portal.address}/customers/{customer.id}/monitors"

    desk.go(f"{portal.address}/customers/{customer.id}")
    expect(desk.page.locator("#monitor dd").first).to_contain_text("Not set up")
    desk.look_over()
    desk.go(here)
    desk.look_over()
    desk.go(f"{here}/outbound-queue/settings")
    desk.look_over()
    desk.fill(warning="50", problem="20")
    desk.press("Save")
    expect(desk.page.locator("#problem-why")).to_contain_text("A problem begins at the warning or above it.")
    desk.look_over()
    desk.fill(problem="200")
    desk.press("Save")
    address = desk.page.locator("#push-address").text_content()
    desk.look_over()
    with urlopen(address, b"value=12&oldest_seconds=90") as answer:  # noqa: S310 - the portal of this test
        assert b'"good"' in answer.read()
    a_week_of(customer)

    desk.go(f"{here}/outbound-queue")
    expect(desk.page.locator("svg.chart")).to_be_visible()
    desk.look_over()
    desk.page.get_by_role("link", name="7 days").click()
    expect(desk.page.locator("#past h2")).to_have_text("The last 7 days")
    desk.page.locator("#past summary").click()
    expect(desk.page.locator("#past tbody tr").first).to_be_visible()
    desk.look_over()
    assert desk.page.locator("#past tbody tr").count() > 160
    expect(desk.page.get_by_text("Good → problem")).to_be_visible()

    desk.go(f"{portal.address}/customers/complete?sort=monitor&q={customer.primary_domain}")
    marks = desk.page.locator(f'tr[data-id="{customer.id}"] .marks .mark')
    assert marks.count() == 5
    expect(marks.nth(1)).to_have_attribute("title", "Outbound queue: good")
    desk.look_over()


def test_the_directory_by_ldap_and_maintenance(portal: Served, window: Callable[..., Window]) -> None:
    customer = a_complete_one()
    desk = window()
    sign_in(desk, portal)
    here = f"{portal.address}/customers/{customer.id}/monitors"
    desk.go(f"{here}/directory-connector/settings?kind=ldap")
    desk.press("Save")
    expect(desk.page.locator("#host-why")).to_have_text("Fill this in.")
    desk.fill(host="ldap.company.example", user="cn=reader", secret="tide", base="dc=company,dc=example")
    desk.press("Save")
    desk.sees("Saved.")
    desk.look_over()
    desk.go(here)
    desk.page.fill('[name="begins"]', "2090-01-01T20:00")
    desk.page.fill('[name="ends"]', "2090-01-01T19:00")
    desk.press("Plan maintenance")
    expect(desk.page.locator("#ends-why")).to_have_text("It ends after it begins.")
    desk.page.fill('[name="ends"]', "2090-01-01T22:00")
    desk.press("Plan maintenance")
    desk.sees("Maintenance is planned")
    desk.look_over()
