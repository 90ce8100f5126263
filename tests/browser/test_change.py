"""Upgrade options in the browser: growing, a decrease that is withdrawn, with and without JavaScript."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.browser.portal import Served, serving
from tests.browser.test_notes import sign_in


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("change") / "home", sample=True) as portal:
        yield portal


LOOKS = {
    "wide": {"width": 1440},
    "narrow": {"width": 360, "color_scheme": "dark"},
    "without-javascript": {"javascript": False},
}


@pytest.mark.parametrize("place", range(3), ids=LOOKS)
def test_a_subscription_grows_and_shrinks(served: Served, window: Callable[..., Window], place: int) -> None:
    ours = window(**[*LOOKS.values()][place])
    sign_in(ours, served)
    open_a_complete_customer(ours, served, place)
    open_options(ours)
    before = int(ours.page.locator("[name=permitted_users]").input_value())
    grow(ours, before)
    ours.press("To the customer")
    expect(ours.page.locator("#attachments")).to_contain_text("Upgrade addendum")
    expect(ours.page.locator("#heading")).to_contain_text(f"{before + 60} users")
    shrink(ours, before)
    ours.press("To the customer")
    expect(ours.page.locator("#upgrade [aria-disabled=true]")).to_contain_text("takes effect on")
    expect(ours.page.locator("#heading")).to_contain_text(f"{before + 60} users")
    ours.page.locator("#upgrade a").first.click()
    ours.settle()
    ours.press("Withdraw this change order")
    expect(ours.page.locator("main")).to_contain_text("Withdrawn")
    ours.press("To the customer")
    expect(ours.page.locator("#upgrade a.button")).to_have_text("Upgrade options")


def open_a_complete_customer(ours: Window, served: Served, place: int) -> None:
    """One whose options are open; each look begins with another."""
    ours.page.goto(served.address + "/customers/complete")
    links = ours.page.locator("tbody tr td:first-child a")
    addresses = [link.get_attribute("href") for link in links.all()][place * 5 :]
    for address in addresses:
        ours.page.goto(served.address + address)
        if ours.page.locator("#upgrade a.button").count():
            return ours.look_over()
    raise AssertionError("no sample customer can be changed")


def open_options(ours: Window) -> None:
    ours.page.locator("#upgrade a.button").click()
    ours.settle()
    ours.look_over()
    expect(ours.page.locator("h1")).to_contain_text("Upgrade options for")


def grow(ours: Window, before: int) -> None:
    ours.fill(permitted_users=str(before + 60))
    for box in ours.page.locator("[name=add]").all()[:1]:
        box.check()
    if ours.javascript:
        # The amounts come by themselves; focus and what is kept stay as they are.
        expect(ours.page.locator("#totals")).to_contain_text(f"{before + 60} users")
    else:
        ours.press("Update totals")
    ours.settle()
    ours.look_over()
    ours.press("Review change")
    ours.sees("Upgrade under")
    ours.press("Submit change")
    ours.sees("Confirm that the order is governed")
    agree(ours, "PO-88")
    ours.sees(re.compile(r"Change order \d{4}-\d{6} submitted"))
    if ours.javascript:
        ours.page.go_back()
        ours.settle()
        ours.sees("submitted already")


def shrink(ours: Window, before: int) -> None:
    open_options(ours)
    ours.fill(permitted_users="0")
    ours.press("Review change")
    ours.sees("At least one user stays")
    ours.fill(permitted_users=str(before + 10))
    if ours.javascript:
        expect(ours.page.locator("#totals")).to_contain_text("can be withdrawn until")
    ours.press("Review change")
    ours.sees("Last day to withdraw it")
    agree(ours, "PO-89")
    ours.sees(re.compile(r"Change order \d{4}-\d{6} submitted"))


def agree(ours: Window, number: str) -> None:
    ours.fill(order_number=number)
    ours.page.get_by_label(re.compile("governed by")).check()
    ours.page.get_by_label(re.compile("I am authorised")).check()
    ours.press("Submit change")


def test_the_button_is_pressed_though_words_stand_below_it(served: Served, window: Callable[..., Window]) -> None:
    """Typing, then at once the button: it does not move away under the pointer when the words below are taken back."""
    ours = window()
    sign_in(ours, served)
    open_a_complete_customer(ours, served, 3)
    open_options(ours)
    before = int(ours.page.locator("[name=permitted_users]").input_value())
    ours.fill(permitted_users=str(before + 5))
    expect(ours.page.locator("#said")).to_contain_text("Totals are up to date")
    ours.page.locator("[name=permitted_users]").press("End")
    ours.page.keyboard.type("0")
    ours.press("Review change")
    ours.sees("Review change for")
