"""The search box of every page: as one types, by keyboard alone, on a phone, and without JavaScript."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

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


def a_name(ours: Window, served: Served) -> str:
    """The first word of a customer's name."""
    ours.go(served.address + "/customers/in-progress")
    return ours.page.locator("tbody a").first.inner_text().split()[0]


@pytest.mark.parametrize("width", [1440, 360], ids=["desktop", "phone"])
def test_found_and_opened_by_keyboard_alone(served: Served, window: Callable[..., Window], width: int) -> None:
    ours = window(width=width)
    sign_in(ours, served)
    name = a_name(ours, served)
    page, box, options = ours.page, ours.page.locator("#search"), ours.page.get_by_role("option")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type(name, delay=30)
    expect(options.first).to_contain_text(name)
    expect(page.locator("#hits mark").first).to_have_text(re.compile(re.escape(name), re.IGNORECASE))
    expect(page.locator("#said")).to_have_text(re.compile(r"\d+ found\."))
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(box).to_be_focused()
    ours.look_over()

    page.keyboard.press("ArrowUp")  # the last one first
    expect(box).to_have_attribute("aria-activedescendant", "hit-all")
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "hit-1")
    expect(options.first).to_have_attribute("aria-selected", "true")
    ours.look_over()

    page.keyboard.press("Escape")
    expect(page.locator("#hits")).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    assert box.get_attribute("aria-activedescendant") is None
    expect(box).to_be_focused()
    expect(box).to_have_value(name)

    page.keyboard.press("ArrowDown")
    address = options.first.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(served.address + address)

    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")  # nothing is chosen: the page of all that was found
    page.wait_for_url(re.compile(r"/search\?q="))
    ours.settle()
    ours.look_over()
    expect(page.locator("tbody a").first).to_contain_text(name)


def test_the_list_goes_away_with_the_focus_and_slash_reaches_both_boxes(
    served: Served, window: Callable[..., Window]
) -> None:
    ours = window()
    sign_in(ours, served)
    name = a_name(ours, served)
    page, box = ours.page, ours.page.locator("#search")
    box.fill(name)
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#hits")).to_be_hidden()
    box.focus()
    expect(page.locator("#hits")).to_be_visible()
    page.get_by_role("option").first.click()
    page.wait_for_url(re.compile(r"/(customers|prospects)/\d+"))

    ours.go(served.address + "/customers/in-progress")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("main input[type=search]")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.locator("main input[type=search]")).to_have_value("a/b")
    expect(page.locator("#said")).to_have_text("0 customers")

    box.fill("zzzz")
    expect(page.locator("#hits")).to_contain_text("has “zzzz” in it")
    expect(page.locator("#said")).to_have_text("Nothing found.")
    expect(box).to_have_attribute("aria-expanded", "false")
    ours.look_over()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # the second one empties the box
    expect(box).to_have_value("")
    expect(page.locator("#hits")).to_be_hidden()


def test_an_older_answer_never_takes_the_place_of_a_newer(served: Served, window: Callable[..., Window]) -> None:
    ours = window()
    sign_in(ours, served)
    name = a_name(ours, served)
    waiting: list[Route] = []
    ours.page.route(re.compile(r"/search\?q=zzz"), lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright takes no builtin method
    box = ours.page.locator("#search")
    box.fill("zzz")
    ours.page.wait_for_timeout(600)
    assert len(waiting) == 1, "the first question is on its way"
    box.fill(name)
    expect(ours.page.get_by_role("option").first).to_contain_text(name)
    ours.page.unroute(re.compile(r"/search\?q=zzz"))
    ours.page.wait_for_timeout(600)
    expect(ours.page.get_by_role("option").first).to_contain_text(name)


def test_without_javascript_it_is_a_page(served: Served, window: Callable[..., Window]) -> None:
    ours = window(javascript=False, width=360)
    sign_in(ours, served)
    name = a_name(ours, served)
    ours.page.locator("#search").fill(name)
    ours.page.locator("#search").press("Enter")
    ours.page.wait_for_url(re.compile(r"/search\?q="))
    expect(ours.page.locator("#search")).to_have_value(name)
    ours.press("Contacts")
    ours.press("Everything")
    expect(ours.page.locator("tbody a").first).to_contain_text(name)
    address = ours.page.locator("tbody a").first.get_attribute("href")
    ours.page.locator("tbody a").first.click()
    ours.page.wait_for_url(served.address + address)
