"""An RFI filled in as people do it: on a phone by link and at the desk, by two at once, with the network gone."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe

import pytest
from playwright.sync_api import Locator, Page, expect

from blueprints.customers.links import hashed
from data.customers import INFRASTRUCTURES, Customer
from data.database import database, open_database
from data.definitions import current_sets
from data.moments import now
from data.orders import OrderLine
from data.questions import Question
from data.rfi import Rfi, RfiAnswer, RfiLink
from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving
from tests.rfi.good_and_bad import LISTS, well
from tests.services import HOST, dns_server

ZONES = {
    "acme.example": {"MX": ["0 acme-example.mail.protection.outlook.com."], "NS": ["ns1.host.example."]},
    "acme-group.example": "SERVFAIL",
}


@dataclass(frozen=True)
class Desk:
    """A portal with an RFI that asks for everything, its link, and somebody signed in."""

    served: Served
    folder: Path
    customer_id: int
    signed_in: Path
    tokens: list[str] = field(default_factory=list)

    @property
    def here(self) -> str:
        return f"{self.served.address}/customers/{self.customer_id}/rfi"

    @property
    def link(self) -> str:
        """A new one for each test: one link saves only so often in a minute."""
        return f"{self.served.address}/rfi/{self.tokens[-1]}"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, chromium: object) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with dns_server(ZONES) as names:
        told_names = {"DNS_SERVERS": f"{HOST}:{names.port}"}
        with serving(folder / "home", sample=True, **told_names) as served:
            with filled_database(folder):
                unanswered = (Rfi.state == "incomplete") & (Customer.status == "in_progress")
                customer = Customer.select().join(Rfi).where(unanswered).order_by(Customer.id).first()
            context = chromium.new_context()
            page = context.new_page()
            page.goto(served.address + "/sign-in")
            page.fill("[name=email]", "ada@northstar.example")
            page.fill("[name=password]", PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_url(served.address + "/")
            context.storage_state(path=folder / "signed-in.json")
            context.close()
            yield Desk(served, folder, customer.id, folder / "signed-in.json")


def filled_database(folder: Path) -> object:
    open_database(f"sqlite:///{folder / 'home' / 'quayside.sqlite'}")
    return database.connection_context()


@pytest.fixture(autouse=True)
def as_new(desk: Desk) -> None:
    """Nothing answered, opened just now, everything ordered; the link opens it."""
    with filled_database(desk.folder):
        rfi = Rfi.get(Rfi.customer == desk.customer_id)
        RfiAnswer.delete().where(RfiAnswer.rfi == rfi).execute()
        fresh = {
            "state": "incomplete",
            "infrastructure": "",
            "set_version": None,
            "opened_at": now(),
            "closed_at": None,
        }
        Rfi.update(**fresh).where(Rfi.id == rfi.id).execute()
        Customer.update(infrastructure="").where(Customer.id == desk.customer_id).execute()
        everything = {"services": "security,archiving,continuity,migration"}
        OrderLine.update(**everything).where(OrderLine.order == rfi.order_id).execute()
        RfiLink.delete().where(RfiLink.rfi == rfi).execute()
        desk.tokens.append(token_urlsafe(32))
        until = now() + timedelta(days=60)
        made = {"name": "Ines Lead", "email": "ines@acme.example", "created_at": now(), "expires_at": until}
        RfiLink.create(rfi=rfi, token_hash=hashed(desk.tokens[-1]), **made)


def kept(desk: Desk, question: str) -> object:
    with filled_database(desk.folder):
        rfi = Rfi.get(Rfi.customer == desk.customer_id)  # other customers of the sample have answers, too
        found = RfiAnswer.get_or_none((RfiAnswer.rfi == rfi) & (RfiAnswer.question == question))
        return found and found.value


# --- filling in ---------------------------------------------------------------------------------------


def answer(page: Page, question: Question, infrastructure: str) -> None:
    """Answer a question well, as it is offered."""
    of_question = page.locator(f'[data-saves]:has([name="seen:{question.id}"])')
    if question.kind == "group":
        for part in question.questions:
            put(of_question.locator(f'[name="{question.id}.{part.id}"]:not([type=hidden])'), part)
    elif question.id == "infrastructure":
        of_question.locator(f"[value={infrastructure}]").evaluate(PRESS)
    else:
        put(of_question.locator(f'[name="{question.id}"]:not([type=hidden])'), question)


PRESS = "control => control.click()"  # wherever it is just now: other questions may be coming in above it


def put(controls: Locator, question: Question) -> None:
    kind = controls.first.get_attribute("type") or controls.first.evaluate("e => e.tagName")
    if kind == "radio":
        controls.first.evaluate(PRESS)
    elif kind == "checkbox":
        alone = {choice.value for choice in question.choices if choice.alone}
        for control in controls.all():
            if control.get_attribute("value") not in alone:
                control.evaluate(PRESS)
    elif kind == "SELECT":
        controls.select_option(index=1)
    elif kind == "file":
        file = {"name": "list.csv", "mimeType": "text/csv", "buffer": LISTS[question.columns]}
        controls.set_input_files(file)
    else:
        controls.fill(well(question)[0])


def answer_all(ours: Window, infrastructure: str) -> int:
    """Answer what is asked, and what is asked because of it, until nothing is; how many questions that were."""
    questions, done = current_sets(), set()
    first = [questions.question("infrastructure"), questions.question("mail_domains")]
    while first:
        for question in first:
            answer(ours.page, question, infrastructure)
            done.add(question.id)
        ours.settle()
        names = ours.page.locator("[name^='seen:']").evaluate_all("all => all.map(e => e.name.slice(5))")
        first = [questions.question(name) for name in names if name not in done]
    return len(done)


def everything_is_saved(ours: Window) -> None:
    expect(ours.page.locator("#answers[data-leave-warning='']")).to_have_count(1)
    expect(ours.page.locator("[data-saves='']")).to_have_count(ours.page.locator("[data-saves]").count())


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
