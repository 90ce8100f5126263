"""Notes edited where they stand, by two at once, with and without JavaScript."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One portal for all, each of whom looks at a customer of their own."""
    with serving(tmp_path_factory.mktemp("notes") / "home", sample=True) as portal:
        yield portal


def sign_in(ours: Window, served: Served) -> None:
    ours.go(served.address + "/sign-in")
    ours.fill(email="ada@northstar.example", password=PASSWORD)
    ours.press("Sign in")


def open_a_customer(ours: Window, served: Served, place: int = 0, marked: str = "") -> str:
    """The address of a customer in progress whose row says something, on screen then."""
    ours.go(served.address + "/customers/in-progress")
    row = ours.page.locator("tbody tr", has_text=marked).nth(place)
    address = served.address + row.locator("td a, th a").first.get_attribute("href")
    ours.go(address)
    return address


def focused(ours: Window) -> str:
    return ours.page.evaluate("() => document.activeElement.name || document.activeElement.textContent.trim()")


def test_two_people_edit_a_note_in_dialogs(served: Served, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window(width=360, color_scheme="dark")
    sign_in(ours, served)
    address = open_a_customer(ours, served)
    ours.press("Add a note")
    assert focused(ours) == "text"
    ours.page.locator("#writing textarea").fill("Call before nine.\nAsk for Ines: https://docs.example/ines")
    ours.press("Save note")
    expect(ours.page.locator("#said")).to_have_text("Note added.")
    expect(ours.page.locator("dialog")).to_be_hidden()
    expect(ours.page.locator("#recent li:not(.day)").first).to_contain_text("Note added")
    assert focused(ours) == "Add a note"
    assert ours.page.url == address

    sign_in(theirs, served)
    theirs.go(address)
    for each in (ours, theirs):
        each.page.locator("#written .note:first-child a[hx-get]").click()
        each.settle()
        assert focused(each) == "text"
        each.look_over()
    theirs.page.locator("#writing textarea").fill("Call before ten.")
    theirs.press("Save note")
    expect(theirs.page.locator("#said")).to_have_text("Note saved.")
    assert focused(theirs) == "Edit"

    ours.page.locator("#writing textarea").fill("Call before eight.")
    ours.press("Save note")
    expect(ours.page.locator("#writing .words")).to_have_text("Call before ten.")
    expect(ours.page.locator("#writing textarea")).to_have_value("Call before eight.")
    expect(ours.page.locator("#said")).to_contain_text("Someone else edited this note")
    ours.look_over()
    ours.press("Save note")
    expect(ours.page.locator("#written .words").first).to_have_text("Call before eight.")
    expect(ours.page.locator("#recent li:not(.day)").first).to_contain_text("Note edited")
    assert focused(ours) == "Edit"
    assert ours.page.url == address

    ours.page.locator("#written summary").first.click()
    ours.press("Remove for good")
    expect(ours.page.locator("#written")).to_contain_text("Note removed.")
    expect(ours.page.locator("#recent li:not(.day)").first).to_contain_text("Note of Ada Admin removed")
    assert focused(ours) == "Note removed."
    ours.press("Whole history")
    expect(ours.page.locator("#log li:not(.day)").first).to_contain_text("Note of Ada Admin removed")
    ours.page.get_by_label("About").select_option("notes")
    expect(ours.page.locator("#log li:not(.day)")).to_have_count(4)
    ours.page.reload()
    expect(ours.page.locator("#log li:not(.day)")).to_have_count(4)


def test_a_dialog_is_kept_by_keyboard_and_asks_before_it_throws_typing_away(
    served: Served, window: Callable[..., Window]
) -> None:
    ours = window()
    sign_in(ours, served)
    open_a_customer(ours, served, 1)
    asked: list[str] = []
    answers = [False, False, False, True]
    ours.page.on("dialog", lambda box: (asked.append(box.message), box.accept() if answers.pop(0) else box.dismiss()))
    dialog, keys = ours.page.locator("dialog"), ours.page.keyboard
    ours.page.locator("#add-note").focus()
    keys.press("Enter")
    expect(dialog).to_be_visible()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    assert (focused(ours), asked) == ("Add a note", []), "nothing was typed"

    keys.press("Enter")
    expect(dialog).to_be_visible()
    keys.type("Half a thought")
    for _ in range(2):
        keys.press("Escape")
    ours.page.get_by_role("link", name="Cancel").press("Enter")
    expect(ours.page.locator("#writing textarea")).to_have_value("Half a thought")
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    assert asked == ["Throw away what you typed?"] * 4
    assert focused(ours) == "Add a note"

    keys.press("Enter")
    expect(ours.page.locator("#writing textarea")).to_have_value("")
    ours.page.locator("#writing textarea").fill("x" * 100_000)
    ours.press("Save note")
    expect(ours.page.locator("#writing .why")).to_have_text("At most 10000 characters.")
    assert ours.page.locator("#writing textarea").input_value() == "x" * 100_000
    assert focused(ours) == "text"
    ours.look_over()
    ours.page.locator("#writing textarea").fill("Short.")
    ours.press("Save note")
    expect(ours.page.locator("#written .words").first).to_have_text("Short.")


def test_notes_without_javascript(served: Served, window: Callable[..., Window]) -> None:
    ours = window(javascript=False, width=360)
    sign_in(ours, served)
    address = open_a_customer(ours, served, 2)
    ours.press("Add a note")
    ours.page.locator("#writing textarea").fill("Call before nine.")
    ours.press("Save note")
    ours.sees("Note added.")
    ours.page.locator(".note a[hx-get]").first.click()
    ours.press("Cancel")
    ours.page.locator(".note a[hx-get]").first.click()
    ours.page.locator("#writing textarea").fill("Call before ten.")
    ours.press("Save note")
    ours.sees("Note saved.")
    ours.press("edited")
    ours.sees("Call before nine.")
    ours.press("Back to the note")
    ours.page.locator(".note summary").click()
    ours.press("Remove for good")
    ours.sees("Note removed.")
    ours.go(address)
    ours.press("Every milestone, by kind and by person")
    ours.page.get_by_label("About").select_option("notes")
    ours.press("Show")
    expect(ours.page.locator("#log li:not(.day)")).to_have_count(3)
