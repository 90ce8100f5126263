"""Notes edited where they stand, by two at once, with and without JavaScript."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home", sample=True) as portal:
        yield portal


def sign_in(ours: Window, served: Served) -> None:
    ours.go(served.address + "/sign-in")
    ours.fill(email="ada@northstar.example", password=PASSWORD)
    ours.press("Sign in")


def open_a_customer(ours: Window, served: Served) -> str:
    """The address of the first customer in progress, on screen then."""
    ours.go(served.address + "/customers/in-progress")
    address = served.address + ours.page.locator("tbody a").first.get_attribute("href")
    ours.go(address)
    return address


def focused(ours: Window) -> str:
    return ours.page.evaluate("() => document.activeElement.name || document.activeElement.textContent.trim()")


def test_two_people_edit_a_note_where_it_stands(served: Served, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window(width=360)
    sign_in(ours, served)
    address = open_a_customer(ours, served)
    ours.page.locator("#adding textarea").fill("Call before nine.\nAsk for Ines: https://docs.example/ines")
    ours.press("Add note")
    expect(ours.page.locator("#said")).to_have_text("Note added.")
    expect(ours.page.locator("#recent li:not(.day)").first).to_contain_text("Note added")
    assert focused(ours) == "text"
    assert ours.page.url == address

    sign_in(theirs, served)
    theirs.go(address)
    edit = "#written .note:first-child a[hx-get]"
    for each in (ours, theirs):
        each.page.locator(edit).click()
        each.settle()
        assert focused(each) == "text"
        each.look_over()
    theirs.page.locator("#written textarea").fill("Call before ten.")
    theirs.press("Save")
    expect(theirs.page.locator("#said")).to_have_text("Note saved.")

    ours.page.locator("#written textarea").fill("Call before eight.")
    ours.press("Save")
    expect(ours.page.locator("#written .words").first).to_have_text("Call before ten.")
    expect(ours.page.locator("#written textarea")).to_have_value("Call before eight.")
    expect(ours.page.locator("#said")).to_contain_text("Someone else edited this note")
    ours.press("Save")
    expect(ours.page.locator("#written .words").first).to_have_text("Call before eight.")
    assert ours.page.url == address

    ours.page.locator("#written summary").first.click()
    ours.press("Remove for good")
    expect(ours.page.locator("#written")).to_contain_text("Note removed.")
    assert focused(ours) == "Note removed."
    ours.press("Whole history")
    expect(ours.page.locator("#found li:not(.day)").first).to_contain_text("Note of Ada Admin removed")
    ours.page.get_by_label("About").select_option("notes")
    expect(ours.page.locator("#found li:not(.day)")).to_have_count(4)
    ours.page.reload()
    expect(ours.page.locator("#found li:not(.day)")).to_have_count(4)


def test_notes_without_javascript(served: Served, window: Callable[..., Window]) -> None:
    ours = window(javascript=False)
    sign_in(ours, served)
    open_a_customer(ours, served)
    ours.page.locator("#adding textarea").fill("Call before nine.")
    ours.press("Add note")
    ours.sees("Note added.")
    ours.page.locator(".note a[hx-get]").first.click()
    ours.page.locator(".note textarea").fill("Call before ten.")
    ours.press("Save")
    ours.sees("Note saved.")
    ours.press("edited")
    ours.sees("Call before nine.")
    ours.press("Back to the note")
    ours.page.locator(".note summary").click()
    ours.press("Remove for good")
    ours.sees("Note removed.")
