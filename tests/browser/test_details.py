"""The page of a customer: panels that refresh alone, what comes on demand, with and without JavaScript."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.browser.portal import Served, serving
from tests.browser.test_notes import focused, open_a_customer, sign_in


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("details") / "home", sample=True) as portal:
        yield portal


PANELS = (
    "plan",
    "products",
    "infrastructure",
    "contacts",
    "record",
    "recent",
    "rfi",
    "attachments",
    "notes",
    "heading",
)


def test_panels_refresh_alone_and_keep_the_focus(served: Served, window: Callable[..., Window]) -> None:
    ours = window()
    sign_in(ours, served)
    address = open_a_customer(ours, served, marked="Incomplete")
    recent = ours.page.locator("#recent")  # the letter may be sent by then, and noted above it
    ours.press("Send a new link")
    expect(ours.page.locator("#said")).to_contain_text("A new link goes to")
    expect(recent).to_contain_text("New RFI link sent")
    assert focused(ours) == "Send a new link"
    ours.page.locator("#rfi").get_by_role("button", name="Revoke").first.press("Enter")
    expect(recent).to_contain_text("revoked")
    expect(ours.page.locator("#rfi")).not_to_contain_text("opens until")
    assert focused(ours) == "RFI", "its button is gone, so the panel has the focus"
    assert ours.page.url == address

    ours.press("Add a note")
    ours.page.locator("#writing textarea").press_sequentially("While I type")
    ours.page.evaluate("(all) => all.forEach(one => document.dispatchEvent(new CustomEvent(one + '-changed')))", PANELS)
    ours.settle()
    ours.page.keyboard.type(", all refresh.")
    expect(ours.page.locator("#writing textarea")).to_have_value("While I type, all refresh.")
    ours.press("Save note")
    expect(ours.page.locator("#written .words").first).to_have_text("While I type, all refresh.")


@pytest.mark.parametrize("look", [{"width": 1440}, {"width": 360, "color_scheme": "dark"}], ids=["wide", "narrow"])
def test_more_comes_on_demand(served: Served, window: Callable[..., Window], look: dict) -> None:
    ours = window(**look)
    sign_in(ours, served)
    open_a_customer(ours, served)
    log = ours.page.locator("#log li:not(.day)")
    assert log.count() == 0
    ours.page.locator("#log").scroll_into_view_if_needed()
    log.first.wait_for()
    ours.settle()
    ours.page.locator("#log-about").focus()
    ours.page.locator("#log-about").select_option("orders")
    expect(log.first).to_contain_text("Order")
    ours.settle()
    assert focused(ours) == "about"
    ours.look_over()
    shown = ours.page.locator("#recent li:not(.day)").count()
    older = ours.page.locator("#more-recent a")
    if older.count():
        older.click()
        ours.settle()
        assert ours.page.locator("#recent li:not(.day)").count() > shown
        ours.look_over()
