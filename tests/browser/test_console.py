"""Into a customer's console with one press, and nobody else: a console verifies who comes by the portal's keys."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import Window
from tests.browser.portal import Served, serving
from tests.browser.test_notes import sign_in
from tests.console.console_server import SampleConsole, sample_console


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home", sample=True) as portal:
        yield portal


@pytest.fixture
def console(served: Served) -> Iterator[SampleConsole]:
    with sample_console(served.address) as there:
        yield there


def say_where(ours: Window, served: Served, console: SampleConsole) -> None:
    ours.go(served.address + "/partner/")
    ours.press("Consoles")
    ours.fill(address=console.origin + "/{domain}")
    ours.press("Save")
    ours.sees("Saved: address https://console.example/{domain} →")


def delegate_first(ours: Window, served: Served) -> str:
    """The name of the customer that is ticked for Ada."""
    ours.go(served.address + "/people/delegated-access")
    ours.press("Ada Admin")
    box = ours.page.locator('[name="on"]').first
    name = ours.page.locator("tbody tr").first.locator("strong").inner_text()
    box.check()
    ours.press("Update")
    ours.sees("Ada Admin: 1 switched on.")
    expect(ours.page.locator('[name="on"]').first).to_be_checked()
    return name


def listed(ours: Window, served: Served, name: str) -> None:
    ours.go(served.address + "/customers/complete?" + urlencode({"q": name}))


def new_page(ours: Window, press: Callable[[], None]) -> Page:
    with ours.context.expect_page() as opened:
        press()
    opened.value.on("console", ours.hear)
    opened.value.on("pageerror", lambda error: ours.complaints.append(str(error)))
    return opened.value


def replayed(console: SampleConsole, assertion: str) -> int:
    """The status that the console answers with."""
    try:
        return urlopen(console.origin, urlencode({"assertion": assertion}).encode(), timeout=5).status  # noqa: S310 - our own console
    except HTTPError as refused:
        return refused.code


def test_one_press_opens_the_console_signed_in_and_once_only(
    served: Served, console: SampleConsole, window: Callable[..., Window]
) -> None:
    ours = window()
    sign_in(ours, served)
    listed(ours, served, "")
    expect(ours.page.locator("tbody .grey", has_text="Delegated access is off").first).to_be_visible()
    say_where(ours, served, console)
    name = delegate_first(ours, served)
    listed(ours, served, name)
    there = new_page(ours, ours.page.locator('button[form="console"]').first.click)
    expect(there.get_by_role("heading", name=f"Console of {name}")).to_be_visible()
    expect(there.get_by_text("Welcome, Ada Admin")).to_be_visible()
    [claims] = console.verified
    assert (claims["role"], claims["customer"]["name"]) == ("partner_admin", name)
    assert console.fields == [{"assertion"}], "nothing else is posted to another"
    assert replayed(console, console.posted[0]) == 403
    assert isinstance(console.refused[0], PermissionError)

    ours.go(served.address + f"/customers/{claims['customer']['id']}")
    expect(ours.page.locator("#recent")).to_contain_text("Console opened, signed in as partner administrator")
    again = new_page(ours, ours.page.locator("#heading").get_by_role("button", name="Admin console").click)
    expect(again.get_by_text("Welcome, Ada Admin")).to_be_visible()
    assert len(console.verified) == 2, "each press is an assertion of its own"
    ours.press("About the console")
    ours.go(served.address + "/account/consoles")
    assert ours.page.locator("tbody tr").count() == 2

    ours.go(served.address + "/people/delegated-access")
    ours.press("Ada Admin")
    ours.page.locator('[name="on"]').first.uncheck()
    ours.press("Update")
    ours.sees("Ada Admin: 1 switched off.")
    listed(ours, served, name)
    expect(ours.page.locator("tbody .grey", has_text="Delegated access is off").first).to_be_visible()


def test_without_javascript_on_a_phone(served: Served, console: SampleConsole, window: Callable[..., Window]) -> None:
    ours = window(javascript=False, width=360)
    sign_in(ours, served)
    say_where(ours, served, console)
    name = delegate_first(ours, served)
    listed(ours, served, name)
    there = new_page(ours, ours.page.locator('button[form="console"]').first.click)
    expect(there.get_by_role("heading", name=f"To the console of {name}")).to_be_visible()
    there.get_by_role("button", name="Go to the console").click()
    expect(there.get_by_text("Welcome, Ada Admin")).to_be_visible()
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        there.go_back()  # the page with the assertion is kept nowhere
    assert len(console.verified) == 1


def test_a_console_without_sign_in_is_opened_and_that_is_said(
    served: Served, console: SampleConsole, window: Callable[..., Window]
) -> None:
    ours = window()
    sign_in(ours, served)
    say_where(ours, served, console)
    ours.page.locator('[name="signs_in"]').uncheck()
    ours.press("Save")
    name = delegate_first(ours, served)
    listed(ours, served, name)
    ours.sees("asks you to sign in")
    there = new_page(ours, ours.page.locator('button[form="console"]').first.click)
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
    assert console.posted == []


def test_what_is_wrong_is_said_beside_the_field(
    served: Served, console: SampleConsole, window: Callable[..., Window]
) -> None:
    ours = window(width=360, color_scheme="dark")
    sign_in(ours, served)
    ours.go(served.address + "/partner/")
    ours.press("Consoles")
    ours.fill(address="http://console.example/")
    ours.press("Save")
    expect(ours.page.locator("#address")).to_be_focused()
    expect(ours.page.locator("#consoles")).to_contain_text("The address begins with https://")


@pytest.mark.parametrize("look", [{"width": 1440}, {"width": 360, "color_scheme": "dark"}], ids=["wide", "narrow"])
def test_the_first_page_tells_figures_and_draws_the_months(
    served: Served, window: Callable[..., Window], look: dict
) -> None:
    ours = window(**look)
    sign_in(ours, served)
    ours.go(served.address + "/")
    expect(ours.page.locator(".tiles li")).to_have_count(8)
    assert ours.page.locator("svg.months rect").count() > 4
    ours.page.get_by_text("The same as a table").click()
    expect(ours.page.locator("details tbody tr")).to_have_count(12)
    ours.look_over()
    ours.press("Active customers View more")
    expect(ours.page).to_have_url(served.address + "/customers/complete")
