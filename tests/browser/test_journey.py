"""From the set-up page to both letters: the main job in a real browser, with and without JavaScript."""

import re
from collections.abc import Callable

import pytest

from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, wait_until


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1440), (True, 360), (False, 1440)], ids=["desktop", "phone", "without-javascript"]
)
def test_a_prospect_becomes_a_customer(
    served: Served, window: Callable[..., Window], javascript: bool, width: int
) -> None:
    ours = window(javascript=javascript, width=width)
    set_up(ours, served)
    add_a_product_with_its_price(ours, served)
    create_a_prospect(ours, served)
    order(ours, javascript)
    both_letters_arrive(ours, served, window(javascript=javascript, width=360))


def set_up(ours: Window, served: Served) -> None:
    ours.go(served.printed)
    ours.fill(partner="Northstar IT", currency="EUR", timezone="Europe/Berlin", name="Ada Admin")
    ours.fill(email="ada@northstar.example", password=PASSWORD, password_confirm=PASSWORD)
    ours.press("Set up")
    ours.sees("Hello, Ada Admin")


def add_a_product_with_its_price(ours: Window, served: Served) -> None:
    ours.go(served.address + "/catalogue/")
    ours.press("New product")
    ours.fill(code="SHIELD", name="Mail shield")
    ours.page.get_by_label("Security").check()
    ours.press("Add product")
    ours.sees("Mail shield")
    ours.go(served.address + "/partner/1/prices/new")
    ours.fill(product="Mail shield", valid_from="2026-01-01", one_time_fee="100")
    ours.fill(users_1="1", monthly_1="2.50", users_2="100", monthly_2="2")
    ours.press("Add price list")
    ours.sees("Mail shield")


def create_a_prospect(ours: Window, served: Served) -> None:
    ours.go(served.address + "/prospects/")
    ours.press("New prospect")
    ours.fill(name="Müller Präzision GmbH", primary_domain="mueller.example", permitted_users="25")
    ours.fill(**{"lead-first_name": "Ines", "lead-last_name": "Lead", "lead-email": "ines@mueller.example"})
    ours.press("Save prospect")
    ours.go(served.address + "/prospects/")
    ours.sees("Müller Präzision GmbH")
    ours.press("Provision", exact=False)


def order(ours: Window, javascript: bool) -> None:
    ours.page.get_by_label(re.compile("Mail shield")).check()
    ours.fill(permitted_users="120")
    if javascript:
        # Totals come by themselves; focus stays where it was.
        ours.page.get_by_text("€240.00").first.wait_for()
        assert ours.page.evaluate("document.activeElement.name") == "permitted_users"
        ours.page.get_by_text("the order is saved").wait_for(state="attached")
    else:
        ours.press("Update totals")
    ours.sees("€340.00")
    ours.press("Review order")
    ours.sees("Ongoing monthly payment")
    ours.press("Submit order")
    ours.sees("Confirm that the order is governed")
    ours.fill(order_number="PO-4711")
    ours.page.get_by_label(re.compile("governed by")).check()
    ours.page.get_by_label(re.compile("I am authorised")).check()
    ours.press("Submit order")
    ours.sees(re.compile(r"Order \d{4}-000001 submitted"))
    if javascript:
        ours.page.go_back()
        ours.settle()
        ours.sees("submitted already")


def both_letters_arrive(ours: Window, served: Served, theirs: Window) -> None:
    letters = served.sink.wait_for(2, 30)
    addendum = next(each for each in letters if each.recipients == ("ada@northstar.example",))
    link = next(each for each in letters if each.recipients == ("ines@mueller.example",))
    papers = list(addendum.email.iter_attachments())
    assert [paper.get_content_type() for paper in papers] == ["application/pdf"]
    assert papers[0].get_content().startswith(b"%PDF-")
    words = link.email.get_body(("plain",)).get_content()
    address = re.search(r"http://\S+/rfi/\S+", words)
    assert address, words
    theirs.go(address.group())
    theirs.sees("Müller Präzision GmbH")
    wait_until(lambda: "Sent" in sent_marks(ours, served))
    ours.press("To the customer")
    ours.sees("In progress")
    ours.sees("Order addendum")


def sent_marks(ours: Window, served: Served) -> str:
    ours.page.goto(served.address + "/orders/1")
    return ours.page.locator("#post").inner_text() if ours.page.locator("#post .good").count() == 2 else ""
