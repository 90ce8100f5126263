"""A slow line: answers overtake one another, and come when the page is not as it was any more."""

import re
from collections.abc import Callable
from random import Random

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Window
from tests.browser.rfi.filling_in import Desk, answer_all, everything_is_saved, kept


@pytest.fixture
def ours(desk: Desk, window: Callable[..., Window]) -> Window:
    ours = window(width=390)
    ours.page.goto(desk.link)
    return ours


def hold_back(page: Page, address: str, milliseconds: int) -> None:
    """Let the portal answer what is sent there, and its answer come late."""

    def late(route: Route) -> None:
        answer = route.fetch()
        page.wait_for_timeout(milliseconds)
        route.fulfill(response=answer)

    page.route(address, late)


def test_a_question_that_offers_something_else_while_it_is_answered_stays(desk: Desk, ours: Window) -> None:
    page, directory = ours.page, ours.page.locator("[name=recipient_validation][value=directory]")
    page.locator("[name=infrastructure][value=onprem]").check()
    ours.settle()
    expect(directory).to_have_count(0)
    hold_back(page, "**/answers/directory_sync", 1_000)
    with page.expect_response("**/answers/recipient_validation"):
        page.locator("[name=directory_sync][value=ldap]").check()
        page.wait_for_timeout(300)
        page.locator("[name=recipient_validation][value=known]").check()
    expect(directory).to_have_count(1)
    everything_is_saved(ours)
    ours.settle()
    expect(page.locator("[name=recipient_validation][value=known]")).to_be_checked()
    expect(directory).to_have_count(1)
    assert kept(desk, "recipient_validation") == "known"


def test_what_is_on_its_way_is_not_written_over_by_what_dns_proposes(desk: Desk, ours: Window) -> None:
    page, field = ours.page, ours.page.locator("[name=dns_host]")
    page.locator("[name=infrastructure][value=onprem]").check()
    ours.settle()
    page.locator("[name=mail_domains]").fill("acme-harbour.example")
    page.locator("[name=mail_domains]").blur()
    page.route("**/answers/dns_host", lambda route: (page.wait_for_timeout(3_000), route.continue_()))
    field.fill("Names Ltd")
    field.blur()
    expect(page.locator("#says-mail_domains")).to_contain_text("acme-harbour.example: mail goes to", timeout=15_000)
    expect(field).to_have_value("Names Ltd")
    everything_is_saved(ours)
    ours.settle()
    expect(field).to_have_value("Names Ltd")
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("#said")).to_contain_text("cannot be handed in yet")
    assert kept(desk, "dns_host") == "Names Ltd"


def test_who_types_on_while_dns_proposes_something_keeps_the_place(desk: Desk, ours: Window) -> None:
    page, field = ours.page, ours.page.locator("[name=dns_host]")
    page.locator("[name=infrastructure][value=onprem]").check()
    ours.settle()
    page.locator("[name=mail_domains]").fill("acme-meadow.example")
    field.press_sequentially("The registrar of our ", delay=100)
    expect(page.locator("#says-mail_domains")).to_contain_text("acme-meadow.example: mail goes to", timeout=15_000)
    page.keyboard.type("parents")
    expect(field).to_be_focused()
    everything_is_saved(ours)
    ours.settle()
    expect(field).to_be_focused()
    expect(field).to_have_value("The registrar of our parents")
    assert kept(desk, "dns_host") == "The registrar of our parents"


@pytest.mark.parametrize("infrastructure", ["onprem", "hybrid_m365"])
def test_the_whole_rfi(desk: Desk, ours: Window, infrastructure: str) -> None:
    """Everything takes its own time, there and back, and nothing is missing at the end."""
    page, line = ours.page, Random(5)

    def wavering(route: Route) -> None:
        page.wait_for_timeout(400 * line.random() ** 3)
        answer = route.fetch()
        page.wait_for_timeout(400 * line.random() ** 3)
        route.fulfill(response=answer)

    page.route("**/rfi/**", wavering)
    assert answer_all(ours, infrastructure) > 50
    expect(page.locator("#before")).to_contain_text("Everything is answered")
    page.unroute_all(behavior="wait")
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("#said")).to_contain_text(re.compile("handed in", re.IGNORECASE))
