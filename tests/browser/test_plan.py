"""Working a plan in the browser: in place, while others work on it, by hand without JavaScript, and looked over."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from data.moments import now
from tests.browser.conftest import Window
from tests.browser.portal import Served, serving
from tests.browser.test_notes import focused, sign_in

SOON = 12_000  # milliseconds in which an open page hears of a change, on a busy machine
DARK = {"width": 360, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One portal for all, each of whom works on a step of their own."""
    with serving(tmp_path_factory.mktemp("plan") / "home", sample=True) as portal:
        yield portal


def open_a_plan(ours: Window, served: Served) -> str:
    """The one with most left to do, from the list of customers in progress; its address."""
    ours.go(served.address + "/customers/in-progress?sort=plan&dir=desc")
    ours.page.locator("td[data-name=Plan] a").first.click()
    ours.settle()
    ours.look_over()
    return ours.page.url


def add_a_step(ours: Window, title: str) -> Locator:
    """A step that nothing stands before, and its row on the plan."""
    ours.press("Add a step")
    ours.fill(title=title, owner="partner", help="Bring the plan of the building.")
    ours.press("Add the step")
    expect(ours.page.locator("#said")).to_have_text(f"“{title}” is added.")
    return row_of(ours, title)


def row_of(ours: Window, title: str) -> Locator:
    """The row of a step, not of one that waits for it."""
    return ours.page.locator("li[id^=step-]", has=ours.page.locator("a", has_text=re.compile(f"^{title}$")))


def test_a_step_is_worked_in_place_and_everybody_sees_it(served: Served, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window(**DARK)
    sign_in(ours, served)
    sign_in(theirs, served)
    address = open_a_plan(ours, served)
    row = add_a_step(ours, "Visit the site")
    theirs.go(address)
    help_of_first = theirs.page.locator("#plan .stand details").filter(visible=True).first
    help_of_first.locator("summary").focus()
    theirs.page.keyboard.press("Enter")

    row.get_by_role("button", name="Start").press("Enter")
    ours.settle()
    ours.look_over()
    expect(ours.page.locator("#said")).to_have_text("“Visit the site” is started.")
    assert focused(ours).startswith("Done"), "the next press is where this one was"
    row.get_by_role("button", name="Done").press("Enter")
    ours.settle()
    expect(row).to_contain_text("Done · Ada Admin")
    assert ours.page.url == address

    expect(row_of(theirs, "Visit the site")).to_contain_text("Done · Ada Admin", timeout=SOON)
    expect(help_of_first).to_have_attribute("open", "")
    assert focused(theirs).startswith("Help"), "neither what is unfolded nor the focus is lost"
    theirs.look_over()


def test_typing_stays_while_the_step_changes(served: Served, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window(**DARK)
    sign_in(ours, served)
    sign_in(theirs, served)
    open_a_plan(ours, served)
    add_a_step(ours, "Call the provider").get_by_role("link").click()
    ours.settle()
    ours.look_over()
    theirs.go(ours.page.url)

    theirs.page.locator("#remarks textarea").press_sequentially("They call back")
    ours.page.locator("#act-fail summary").click()
    ours.look_over()
    ours.page.locator("#act-fail").get_by_role("button").click()
    ours.settle()
    expect(ours.page.locator("#act-fail .why")).to_be_visible()
    ours.look_over()
    ours.page.locator("#act-fail textarea").fill("Nobody answered.")
    ours.page.locator("#act-fail").get_by_role("button").click()
    ours.settle()
    expect(ours.page.locator(".head .mark")).to_have_text("Failed")
    assert focused(ours) == "Call the provider", "its form is gone, so the step has the focus"

    expect(theirs.page.locator(".head .mark")).to_have_text("Failed", timeout=SOON)
    theirs.page.keyboard.type(" at noon.")
    expect(theirs.page.locator("#remarks textarea")).to_have_value("They call back at noon.")
    theirs.press("Add the remark")
    expect(theirs.page.locator("#remarks .note")).to_contain_text("They call back at noon.")
    expect(ours.page.locator("#remarks .note")).to_contain_text("They call back at noon.", timeout=SOON)

    ours.go(served.address + "/customers/stuck")
    ours.page.locator("#reason-failed").click()
    ours.settle()
    ours.look_over()
    stuck = ours.page.locator("tbody tr", has_text="Call the provider")
    expect(stuck).to_contain_text("Nobody answered.")
    stuck.get_by_role("button").press("Enter")
    ours.settle()
    expect(ours.page.locator("#said")).to_contain_text("A reminder goes to")


def test_what_changed_meanwhile_is_shown_before_it_is_done(served: Served, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window()
    sign_in(ours, served)
    sign_in(theirs, served)
    open_a_plan(ours, served)
    add_a_step(ours, "Order the cables").get_by_role("link").click()
    ours.settle()
    hide(ours)  # so that it does not look again by itself
    theirs.go(ours.page.url)
    theirs.press("Start")
    ours.press("Done")
    expect(ours.page.locator("#step [role=alert]")).to_contain_text("Somebody changed this step")
    expect(ours.page.locator(".head .mark")).to_have_text("In progress")
    ours.press("Done")
    expect(ours.page.locator(".head .mark")).to_have_text("Done")


def test_what_waits_says_how_long_it_still_does(served: Served, window: Callable[..., Window]) -> None:
    ours = window()
    sign_in(ours, served)
    open_a_plan(ours, served)
    add_a_step(ours, "Wait for the licence").get_by_role("link").click()
    ours.page.locator("#act-wait summary").click()
    ours.fill(until=f"{now() + timedelta(days=3):%Y-%m-%d}T08:00")
    ours.page.locator("#act-wait").get_by_role("button").click()
    ours.settle()
    ours.look_over()
    expect(ours.page.locator(".head .mark")).to_have_text("Waiting")
    expect(ours.page.locator("[data-until]")).to_have_text(re.compile(r"^\(\d\d h \d+ min left\)$"))


def hide(ours: Window) -> None:
    ours.page.evaluate("() => Object.defineProperty(document, 'hidden', { value: true, configurable: true })")


def test_a_page_that_nobody_sees_asks_for_nothing(served: Served, window: Callable[..., Window]) -> None:
    ours = window()
    sign_in(ours, served)
    address = open_a_plan(ours, served)
    asked: list[str] = []
    ours.page.on("request", lambda request: asked.append(request.url))
    with ours.page.expect_response(lambda answer: "seen=" in answer.url, timeout=SOON) as answered:
        pass
    assert answered.value.status == 204, "nothing new"
    hide(ours)
    ours.settle()
    asked.clear()
    ours.page.wait_for_timeout(7_000)
    assert [url for url in asked if url.startswith(address)] == []
    ours.page.evaluate("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }")
    ours.page.wait_for_event("request", lambda request: "seen=" in request.url, timeout=SOON)


def test_the_customers_page_hears_of_it(served: Served, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window()
    sign_in(ours, served)
    sign_in(theirs, served)
    address = open_a_plan(ours, served)
    theirs.go(address.removesuffix("/plan"))
    add_a_step(ours, "Measure the room")
    newest = theirs.page.locator("#recent li:not(.day)").first
    expect(newest).to_contain_text("Step “Measure the room” added", timeout=SOON)
    row_of(ours, "Measure the room").get_by_role("button", name="Start").click()
    expect(newest).to_contain_text("Step “Measure the room” started", timeout=SOON)
    theirs.look_over()


def test_everything_works_without_javascript(served: Served, window: Callable[..., Window]) -> None:
    ours = window(javascript=False, width=360)
    sign_in(ours, served)
    address = open_a_plan(ours, served)
    row = add_a_step(ours, "Write it down")
    row.get_by_role("button", name="Start").click()
    expect(row_of(ours, "Write it down")).to_contain_text("In progress")
    row_of(ours, "Write it down").get_by_role("link").click()
    ours.page.locator("#act-wait summary").click()
    ours.page.locator("#act-wait").get_by_role("button").click()
    expect(ours.page.locator("#act-wait .why")).to_contain_text("Choose a day and a time.")
    ours.page.locator("#act-drop summary").click()
    ours.page.locator("#act-drop textarea").fill("Not needed after all.")
    ours.page.locator("#act-drop").get_by_role("button").click()
    ours.sees("is dropped from this plan.")
    ours.page.locator("#remarks textarea").fill("It was written down already.")
    ours.press("Add the remark")
    ours.sees("It was written down already.")
    ours.page.goto(address)
    ours.page.locator("#dropped summary").click()
    ours.sees("Not needed after all.")
    ours.page.goto(address + "/cutover")
    ours.fill(cutover_at="2027-03-01T08:00")
    ours.page.get_by_role("button", name="Keep the date").click()
    ours.sees("The date of the cutover is kept.")
    expect(ours.page.locator("#cutover")).to_contain_text("1 Mar 2027, 08:00")


@pytest.mark.parametrize("look", [{"width": 1440}, DARK], ids=["wide", "narrow and dark"])
def test_each_page_is_sound(served: Served, window: Callable[..., Window], look: dict) -> None:
    ours = window(**look)
    sign_in(ours, served)
    address = open_a_plan(ours, served)
    ours.go(address.removesuffix("/plan"))
    expect(ours.page.locator("#plan .phases li").first).to_be_visible()
    for rest in ("/add", "/cutover"):
        ours.go(address + rest)
    ours.go(address)
    steps = [link.get_attribute("href") for link in ours.page.locator("li[id^=step-] > div > a").all()]
    for href in (*steps[:3], steps[len(steps) // 2], steps[-1]):
        ours.go(served.address + href)
        for summary in ours.page.locator("details.act > summary").all():
            summary.click()
        ours.look_over()
    ours.go(served.address + "/customers/stuck")
