"""Handed in on a phone, flagged at the desk, fixed on the phone, handed in again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from blueprints.customers.sealing import open_seal, seal
from blueprints.rfi.filling import filled
from blueprints.rfi.saving import remember
from data.customers import Customer
from data.database import database, open_database
from data.moments import now
from data.rfi import Rfi, RfiAnswer
from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving, wait_until
from tests.rfi.good_and_bad import answered_well
from tests.services import Received


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("review") / "home"


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    with serving(home, sample=True) as portal:
        yield portal


@pytest.fixture
def customer(served: Served, home: Path) -> Customer:
    """In progress, every question of its RFI answered well and nothing handed in."""
    open_database(f"sqlite:///{home / 'quayside.sqlite'}")
    open_seal([(home / "sealing_key").read_text().strip()])
    with database.connection_context():
        open_ones = (Rfi.state == "incomplete") & Rfi.set_version.is_null() & (Customer.status == "in_progress")
        rfi = Rfi.select().join(Customer).where(open_ones).order_by(Rfi.id).get()
        Rfi.update(opened_at=now()).where(Rfi.id == rfi.id).execute()
        answer_well(Rfi.get_by_id(rfi.id))
        return rfi.customer


def answer_well(rfi: Rfi) -> None:
    RfiAnswer.delete().where(RfiAnswer.rfi == rfi).execute()
    whole = filled(rfi)
    nothing_yet = replace(whole.situation, answers={"infrastructure": whole.situation.infrastructure or "m365"})
    for name, value in answered_well(whole.questions, nothing_yet).items():
        secret = whole.questions.question(name).kind == "secret"
        kept = {"value": None, "sealed": seal(value)} if secret else {"value": value}
        RfiAnswer.create(rfi=rfi, question=name, changed_at=now(), changed_by_name="Ines (by link)", **kept)
    remember(rfi, whole.questions)
    assert filled(rfi).problems == ()


def link_in(served: Served, seen: int, customer: Customer, about: str) -> str:
    """The personal link in the letter about this that came after so many others (the sample wrote some, too)."""
    subject = f"{customer.name}: {about}"

    def letters() -> list[Received]:
        return [each for each in served.sink.received[seen:] if each.email["Subject"] == subject]

    wait_until(letters)
    text = letters()[-1].email.get_body(("plain",)).get_content()
    return next(word for word in text.split() if "/rfi/" in word)


def sign_in(ours: Window, served: Served) -> None:
    ours.go(served.address + "/sign-in")
    ours.fill(email="ada@northstar.example", password=PASSWORD)
    ours.press("Sign in")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_flagged_fixed_and_handed_in_again(
    served: Served, customer: Customer, window: Callable[..., Window], javascript: bool
) -> None:
    desk, phone = window(javascript=javascript), window(width=390)
    here = f"{served.address}/customers/{customer.id}"
    sign_in(desk, served)
    desk.go(here)
    seen = len(served.sink.received)
    desk.press("Send a new link")
    phone.go(link_in(served, seen, customer, "what Northstar IT needs to set up your mail"))
    phone.press("Hand in")
    phone.sees("Thank you: your answers are handed in.")
    phone.look_over()

    desk.go(here)
    expect(desk.page.locator("#rfi")).to_contain_text("Version 1")
    desk.press("Review")
    answer = desk.page.locator("[id^=answer-]", has_text="Email").first
    answer.locator("summary").click()
    desk.press("Flag the answers with a remark")
    desk.sees("Write a remark beside at least one answer")
    answer.locator("summary").click()
    answer.locator("textarea").fill("This address bounces.")
    desk.press("Flag the answers with a remark")
    desk.sees("1 answer flagged.")
    expect(desk.page.locator("#rfi")).to_contain_text("1 answer is flagged")

    phone.go(link_in(served, seen, customer, "please look at some answers again"))
    phone.sees("This address bounces.")
    phone.press("Hand in")
    phone.sees("Thank you: your answers are handed in.")
    desk.go(here + "/rfi/review")
    expect(desk.page.locator("main")).to_contain_text("Version 2")
    desk.go(here + "/rfi/versions/1")
    desk.go(here)
    desk.press("Open again")
    desk.press("Open it again")
    desk.sees("Fill this in")
    desk.fill(reason="They moved.")
    desk.press("Open it again")
    desk.sees("The RFI is open again.")
    desk.press("Not applicable")
    desk.fill(reason="Another application is used.")
    desk.press("Set to not applicable")
    expect(desk.page.locator("#rfi")).to_contain_text("Another application is used.")
    desk.press("It applies after all")
    desk.sees("The RFI applies again, and is open.")
    expect(desk.page.locator("#rfi")).to_contain_text("answered")
