"""Lists of customers in a browser: typing fast, Back and reload, keyboard alone, rows ticked, without JavaScript."""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Locator, Route, expect

from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving

LIST = "/customers/in-progress"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One portal for all of them: what they write keeps out of each other's way."""
    with serving(tmp_path_factory.mktemp("lists") / "home", sample=True) as portal:
        yield portal


def sign_in(ours: Window, served: Served) -> None:
    ours.go(served.address + "/sign-in")
    ours.fill(email="ada@northstar.example", password=PASSWORD)
    ours.press("Sign in")


def names(ours: Window) -> list[str]:
    return ours.page.locator("#found tbody strong").all_inner_texts()


def said(ours: Window) -> Locator:
    return ours.page.locator("#said")


def reach(ours: Window, place: Locator) -> None:
    """Tab until it has the focus, as whoever has no mouse does."""
    for _ in range(120):
        if place.evaluate("e => e === document.activeElement"):
            return
        ours.page.keyboard.press("Tab")
    raise AssertionError("no way there by keyboard")


def test_typing_fast_never_shows_an_older_answer(served: Served, window: Callable[..., Window]) -> None:
    """The first answer is held back until the second one is there; it must not come over it."""
    ours = window()
    sign_in(ours, served)
    ours.go(served.address + LIST)
    first, *_, last = names(ours)
    older, newer = first[:3].lower(), last.lower()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    ours.page.route(re.compile(r"\?q="), hold)
    box = ours.page.locator("#seek [name=q]")
    box.press_sequentially(older, delay=20)
    ours.page.wait_for_timeout(500)
    assert held, "the first answer is on its way"
    box.fill(newer)
    expect(ours.page.locator("#found tbody strong").first).to_have_text(last)
    shown = names(ours)
    with suppress(Error):  # the browser may have given the first question up already: all the better
        held[0].continue_()
    ours.page.wait_for_timeout(700)
    assert names(ours) == shown
    assert first not in shown
    expect(box).to_have_value(newer)
    expect(box).to_be_focused()


@pytest.mark.parametrize("width", [1440, 360], ids=["desktop", "phone"])
def test_the_list_by_keyboard_alone(served: Served, window: Callable[..., Window], width: int) -> None:
    ours = window(width=width)
    sign_in(ours, served)
    ours.go(served.address + LIST)
    page, keyboard = ours.page, ours.page.keyboard

    reach(ours, page.locator("#found-sort-users"))
    for way in ("ascending", "descending"):
        ours.settle()
        keyboard.press("Enter")
        expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", way)
        expect(page.locator("#found-sort-users")).to_be_focused()
    assert page.url.endswith("?sort=users&dir=desc")
    users = [int(cell.replace(",", "")) for cell in page.locator("tbody td.n").all_inner_texts()]
    assert users == sorted(users, reverse=True)

    letter = page.locator(".letters a[href]").nth(1)
    label = letter.inner_text()
    letter.focus()
    keyboard.press("Enter")
    expect(page.locator(".letters [aria-current]")).to_have_text(label)
    expect(page.locator(".letters [aria-current]")).to_be_focused()
    expect(said(ours)).to_have_text(re.compile(r"^\d+ customers?$"))
    ours.look_over()

    page.go_back()
    ours.settle()
    expect(page.locator(".letters [aria-current]")).to_have_text("All")
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    page.reload()
    ours.settle()
    assert page.url.endswith("?sort=users&dir=desc")
    shown = names(ours)
    box = page.locator("#seek [name=q]")
    reach(ours, box)
    keyboard.type(shown[0], delay=10)
    expect(page.locator("#found tbody strong")).to_have_count(1)
    expect(said(ours)).to_have_text("1 customer")
    expect(box).to_be_focused()
    page.reload()
    ours.settle()
    assert (names(ours), box.input_value()) == (shown[:1], shown[0])
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    ours.look_over()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_rows_are_ticked_exported_and_reminded_of(
    served: Served, window: Callable[..., Window], javascript: bool
) -> None:
    ours = window(javascript=javascript, accept_downloads=True)
    sign_in(ours, served)
    ours.go(served.address + LIST)
    page = ours.page
    page.locator("#seek [name=q]").fill("a")
    ours.press("Go")
    ours.press("Users")
    shown = names(ours)

    ours.press("Export chosen")
    expect(said(ours)).to_contain_text("Tick the customers to export first.")
    assert "q=a" in page.url
    boxes = page.locator("tbody [name=chosen]")
    if javascript:
        page.get_by_label("All on this page").check()
        expect(page.locator("tbody [name=chosen]:checked")).to_have_count(len(shown))
        boxes.nth(1).uncheck()
        expect(page.get_by_label("All on this page")).not_to_be_checked()
        wanted = [name for place, name in enumerate(shown) if place != 1]
    else:
        page.get_by_label("All on this page").check()
        wanted = shown
    assert downloaded(ours, "Export chosen") == wanted
    assert len(downloaded(ours, "Export this list as CSV")) >= len(shown)

    page.goto(page.url)
    boxes.first.check()
    ours.press("Remind about the RFI")
    expect(said(ours)).to_have_text(re.compile(r"reminded"))
    ours.look_over()


def downloaded(ours: Window, words: str) -> list[str]:
    """The customers in the file that this button or link brings."""
    pressed = ours.page.get_by_role("button", name=words).or_(ours.page.get_by_role("link", name=words))
    with ours.page.expect_download() as coming:
        pressed.click()
    with coming.value.path().open(encoding="utf-8-sig", newline="") as file:
        return [row["Customer"] for row in csv.DictReader(file)]
