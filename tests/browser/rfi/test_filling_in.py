"""An RFI filled in as people do it: on a phone by link and at the desk, by two at once, with the network gone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from data.customers import INFRASTRUCTURES
from tests.browser.conftest import Window
from tests.browser.rfi.filling_in import Desk, answer_all, everything_is_saved, kept
from tests.rfi.good_and_bad import LISTS


@pytest.mark.parametrize("infrastructure", INFRASTRUCTURES)
@pytest.mark.parametrize("by", ["link-on-a-phone", "msp-at-the-desk"])
def test_the_whole_rfi(desk: Desk, window: Callable[..., Window], by: str, infrastructure: str) -> None:
    by_link = by == "link-on-a-phone"
    ours = window(width=390) if by_link else window(storage_state=desk.signed_in)
    ours.page.goto(desk.link if by_link else desk.here)
    assert answer_all(ours, infrastructure) > 50
    expect(ours.page.locator("#before")).to_contain_text("Everything is answered")
    everything_is_saved(ours)
    if infrastructure in ("m365", "hybrid_google"):
        ours.look_over()
    ours.page.get_by_role("button", name="Hand in").click()
    expect(ours.page.locator("#said")).to_contain_text(re.compile("handed in", re.IGNORECASE))


# --- while one types ----------------------------------------------------------------------------------


def test_other_questions_come_while_one_types_on(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(width=390)
    ours.go(desk.link)
    page = ours.page
    page.locator("[name=infrastructure][value=m365]").check()
    page.locator("[name=tenant]").fill("acme.onmicrosoft.com")
    ours.settle()
    page.route("**/answers/infrastructure", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.locator("[name=infrastructure][value=onprem]").check()
    field = page.locator("[name=dns_host]")
    field.press_sequentially("Name servers of hte", delay=20)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[name=inbound_hosts]")).to_be_visible()
    assert page.locator("[name=tenant]").count() == 0
    assert page.evaluate("() => [document.activeElement.name, document.activeElement.selectionStart]") == [
        "dns_host",
        len("Name servers of h"),
    ]
    page.keyboard.type("_")
    expect(field).to_have_value("Name servers of h_te")
    ours.settle()
    page.wait_for_timeout(900)
    ours.settle()
    everything_is_saved(ours)
    assert kept(desk, "dns_host") == "Name servers of h_te"
    page.locator("[name=infrastructure][value=m365]").check()
    expect(page.locator("[name=tenant]")).to_have_value("acme.onmicrosoft.com")


def test_what_is_wrong_is_said_beside_the_field_and_leads_back_to_it(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(width=390, color_scheme="dark")
    ours.go(desk.link)
    page = ours.page
    email = page.locator("[name=partner_administrator]")
    email.press_sequentially("ada@", delay=10)
    expect(page.locator("#why-partner_administrator")).to_contain_text("ada@")
    assert email.get_attribute("aria-invalid") == "true"
    ours.look_over()
    email.press_sequentially("acme.example", delay=10)
    expect(page.locator("#why-partner_administrator")).to_have_count(0)
    assert email.get_attribute("aria-invalid") == "false"
    expect(email).to_be_focused()
    expect(page.locator("#told-partner_administrator")).to_contain_text(re.compile(r"saved \d\d:\d\d"))
    page.keyboard.press("Enter")
    ours.settle()
    assert page.url == desk.link, "Enter saves and stays"
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("#said")).to_contain_text("cannot be handed in yet")
    ours.look_over()
    page.locator("#before a", has_text="Emergency contact").first.click()
    expect(page.locator("[name='emergency_contact.first_name']")).to_be_focused()


def test_the_network_goes_and_comes_back(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(width=390)
    ours.go(desk.link)
    page, field = ours.page, ours.page.locator("[name=dns_host]")
    ours.context.set_offline(True)
    field.press_sequentially("Of the registrar", delay=10)
    page.locator("[name=notes]").fill("Call before nine.")
    expect(page.locator("#said")).to_contain_text("saved as soon as the portal answers again")
    expect(page.locator("#answers[data-leave-warning=typed]")).to_have_count(1)
    expect(field).to_have_value("Of the registrar")
    ours.context.set_offline(False)
    everything_is_saved(ours)
    assert kept(desk, "dns_host") == "Of the registrar"
    assert kept(desk, "notes") == "Call before nine."
    page.reload()
    expect(field).to_have_value("Of the registrar")
    ours.complaints[:] = [
        each for each in ours.complaints if "ERR_INTERNET_DISCONNECTED" not in each and "fetch" not in each
    ]


def test_two_people_answer_the_same_question(desk: Desk, window: Callable[..., Window]) -> None:
    ours, theirs = window(storage_state=desk.signed_in), window(width=390)
    ours.go(desk.here)
    theirs.go(desk.link)
    theirs.page.locator("[name=dns_host]").fill("Theirs")
    theirs.settle()
    everything_is_saved(theirs)
    ours.page.locator("[name=dns_host]").fill("Ours")
    told = ours.page.locator("#told-dns_host")
    expect(told).to_contain_text("Ines Lead (by link) answered this too")
    expect(told).to_contain_text("Theirs")
    expect(ours.page.locator("#answers[data-leave-warning=typed]")).to_have_count(1)
    ours.look_over()
    ours.press("Keep mine")
    expect(told).not_to_contain_text("answered this too")
    expect(told).to_contain_text(re.compile(r"saved \d\d:\d\d"))
    everything_is_saved(ours)
    theirs.page.locator("[name=dns_host]").fill("Theirs again")
    expect(theirs.page.locator("#told-dns_host")).to_contain_text("answered this too")
    theirs.press("Take theirs")
    expect(theirs.page.locator("[name=dns_host]")).to_have_value("Ours")
    everything_is_saved(theirs)
    theirs.page.locator("[name=dns_host]").fill("Both of us")
    theirs.settle()
    everything_is_saved(theirs)
    assert kept(desk, "dns_host") == "Both of us"


def test_domains_are_looked_up_and_speak_against_the_infrastructure(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(width=390)
    ours.go(desk.link)
    page = ours.page
    page.locator("[name=infrastructure][value=onprem]").check()
    page.locator("[name=mail_domains]").fill("acme.example\nacme-group.example")
    known = page.locator("#says-mail_domains")
    expect(known).to_contain_text("acme.example: mail goes to acme-example.mail.protection.outlook.com")
    expect(known).to_contain_text("acme-group.example: could not look it up just now")
    expect(page.locator("#says-mail_domains[hx-get]")).to_have_count(0)
    ours.press("Switch to Microsoft 365")
    expect(page.locator("[name=infrastructure][value=m365]")).to_be_checked()
    expect(page.locator("[name=tenant]")).to_be_visible()
    expect(page.get_by_role("button", name="Switch to Microsoft 365")).to_have_count(0)


def test_a_list_and_a_secret(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(storage_state=desk.signed_in)
    ours.go(desk.here)
    page = ours.page
    page.locator("[name=mail_domains]").fill("acme.example")
    page.locator("[name=infrastructure][value=onprem]").check()
    ours.settle()
    page.locator("[name=directory_sync][value=ldap]").check()
    page.locator("[name=ldap_password]").fill("Brombeermarmelade-29")
    page.keyboard.press("Tab")
    expect(page.locator("#told-ldap_password")).to_contain_text("Remove what is kept")
    expect(page.locator("[name=ldap_password]")).to_have_value("")
    assert kept(desk, "ldap_password") is None
    wrong = b"email\nann@acme.example\nnobody at all\n"
    page.locator("[name=permitted_senders]").set_input_files(
        {"name": "senders.csv", "mimeType": "text/csv", "buffer": wrong}
    )
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download the faulty rows").click()
    assert "nobody at all" in Path(downloading.value.path()).read_text("utf-8-sig")
    page.locator("[name=permitted_senders]").set_input_files(
        {"name": "senders.csv", "mimeType": "text/csv", "buffer": LISTS["addresses"]}
    )
    expect(page.get_by_role("link", name="Download the faulty rows")).to_have_count(0)
    everything_is_saved(ours)
    ours.look_over()


def test_without_javascript(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(javascript=False, width=390)
    ours.go(desk.link)
    page = ours.page
    page.locator("[name=infrastructure][value=google]").check()
    page.locator("[name=notes]").fill("typed at that moment")
    page.locator("#s-infrastructure").get_by_role("button", name="Update questions").click()
    expect(page.locator("[name=google_reject]").first).to_be_attached()
    expect(page.locator("[name=notes]")).to_have_value("typed at that moment")
    page.locator("[name=partner_administrator]").fill("ada@")
    ours.press("Save")
    ours.sees("Saved.")
    expect(page.locator("#why-partner_administrator")).to_contain_text("ada@")
    page.locator("[name=dns_host]").fill("typed, then pressed")
    ours.press("Hand in")
    expect(page.locator("main")).to_contain_text("This is still to be answered.")
    expect(page.locator("[name=dns_host]")).to_have_value("typed, then pressed")
    assert kept(desk, "dns_host") == "typed, then pressed"
