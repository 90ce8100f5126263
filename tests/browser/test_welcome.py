"""The customer's own page, on a phone and at a desk: their steps, with and without JavaScript."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from blueprints.accounts.standing import standing_of
from blueprints.customers.links import hashed
from blueprints.plans.arranging import comment
from blueprints.plans.making import make_plan
from blueprints.plans.working import override
from data.accounts import Person
from data.customers import Customer
from data.database import database, open_database, transaction
from data.moments import now
from data.orders import OrderLine
from data.partners import Partner
from data.plan_choosing import Needs
from data.plans import Plan, PlanStep
from data.rfi import Rfi, RfiLink
from tests.browser.conftest import Window
from tests.browser.portal import Served, serving

TOKEN = "a-token-that-only-the-letter-carries-2222222"
ANSWERS = {"filter_now": "none", "directory_sync": "list", "mail_domains": ["company.example"]}
BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("welcome") / "home"


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    with serving(home, sample=True) as portal:
        yield portal


@pytest.fixture
def plan(served: Served, home: Path) -> Iterator[Plan]:
    """A move of mailboxes, gone through by both sides; its customer's link opens."""
    open_database(f"sqlite:///{home / 'quayside.sqlite'}")
    with database.connection_context():
        yield a_plan()


def a_plan() -> Plan:
    """Of a customer of the sample; made anew for each test."""
    rfi = Rfi.select().join(Customer).where(Customer.status == "in_progress").order_by(Rfi.id).get()
    Rfi.update(state="complete").where(Rfi.id == rfi.id).execute()
    afresh = {"state": "open", "template": None, "cutover_at": None, "partner_signed_at": None}
    Plan.update(**afresh, customer_signed_at=None).where(Plan.order == rfi.order_id).execute()
    PlanStep.delete().where(PlanStep.plan.in_(Plan.select(Plan.id).where(Plan.order == rfi.order_id))).execute()
    OrderLine.update(services="migration").where(OrderLine.order == rfi.order_id).execute()
    expected = {"autodiscover": ["autodiscover.northstar-mail.example"]}
    Partner.update(expected=expected, street="Speicherstadt 4", city="Hamburg").execute()
    who = standing_of(Person.get(Person.email == "ada@northstar.example"))
    needs = Needs(frozenset({"migration"}), "m365", ANSWERS)
    with transaction():
        made = make_plan(who, Customer.get_by_id(rfi.customer_id), rfi.order_id, needs)
    for key in ("review", "create_mailboxes"):
        settle(made, key)
    RfiLink.delete().where(RfiLink.token_hash == hashed(TOKEN)).execute()
    facts = {"created_at": now(), "expires_at": now() + timedelta(days=60)}
    RfiLink.create(rfi=rfi, token_hash=hashed(TOKEN), name="Ines Lead", email="ines@company.example", **facts)
    return made


def settle(plan: Plan, *keys: str) -> None:
    who = standing_of(Person.get(Person.email == "ada@northstar.example"))
    for key in keys:
        row = step(plan, key)
        override(who, plan.customer_id, row.id, row.version, "Done on the phone.")


def step(plan: Plan, key: str) -> PlanStep:
    return PlanStep.get((PlanStep.plan == plan) & (PlanStep.key == key))


def come(window: Window, served: Served) -> None:
    window.go(f"{served.address}/welcome/{TOKEN}")


@BOTH
@pytest.mark.parametrize("width", [360, 1440])
def test_steps_are_worked_from_the_first_to_the_last(
    served: Served, plan: Plan, window: Callable[..., Window], javascript: bool, width: int
) -> None:
    theirs = window(javascript=javascript, width=width)
    come(theirs, served)
    card = {key: theirs.page.locator(f"#step-{step(plan, key).id}") for key in ("verify_objects", "lower_ttl")}
    cutover = theirs.page.locator(f"#step-{step(plan, 'cutover_date').id}")
    theirs.sees("3 tasks wait for you.")

    card["verify_objects"].locator("summary").click()
    card["verify_objects"].get_by_role("button", name="Send").click()
    theirs.settle()
    expect(card["verify_objects"]).to_contain_text("Fill this in.")
    card["verify_objects"].locator("textarea").fill("orders@ is missing.")
    card["verify_objects"].get_by_role("button", name="Send").click()
    theirs.settle()
    theirs.look_over()
    theirs.sees("Your remark is sent to Northstar IT.")
    expect(card["verify_objects"].locator("summary")).to_have_text(re.compile("One remark"))

    card["lower_ttl"].get_by_role("button", name="We have started").click()
    theirs.settle()
    expect(card["lower_ttl"]).to_contain_text("In progress")

    for days, told in ((2, "72 hours must pass"), (20, "You change over on")):
        cutover.locator("[name=cutover_at]").fill((now() + timedelta(days=days)).strftime("%Y-%m-%dT08:00"))
        cutover.get_by_role("button", name="Set this date").click()
        theirs.settle()
        theirs.look_over()
        theirs.sees(told)

    card["verify_objects"].get_by_role("button", name="Yes, everything is right").click()
    theirs.settle()
    theirs.look_over()
    theirs.sees("is done. Thank you.")
    expect(card["verify_objects"]).to_have_class("done")
    assert {step(plan, key).state for key in ("verify_objects", "cutover_date")} == {"done"}


@BOTH
def test_a_check_is_asked_for_and_its_answer_comes(
    served: Served, plan: Plan, window: Callable[..., Window], javascript: bool
) -> None:
    """Nobody answers where the portal asks, so it says that it could not look, and never that something is wrong."""
    theirs = window(javascript=javascript, width=390)
    come(theirs, served)
    card = theirs.page.locator(f"#step-{step(plan, 'autodiscover').id}")
    expect(card).to_contain_text("autodiscover.northstar-mail.example")
    copies = card.get_by_role("button", name="Copy the value")
    expect(copies).to_be_visible() if javascript else expect(copies).to_have_count(0)
    card.get_by_role("button", name="Check now").click()
    theirs.settle()
    theirs.sees("The answer comes in a moment.")
    if javascript:
        expect(card).to_contain_text("looks at it; write to them", timeout=30_000)
    else:
        for _ in range(60):
            theirs.page.wait_for_timeout(500)
            theirs.page.reload()
            if "looks at it; write to them" in card.inner_text():
                break
    expect(card).to_contain_text(re.compile("Could not look|Cannot be told"))
    expect(card).not_to_contain_text("Not there yet")


def test_what_somebody_else_does_comes_to_the_open_page_and_disturbs_nothing(
    served: Served, plan: Plan, window: Callable[..., Window]
) -> None:
    theirs = window(width=390)
    come(theirs, served)
    card = theirs.page.locator(f"#step-{step(plan, 'verify_objects').id}")
    card.locator("summary").click()
    card.locator("textarea").fill("While I write")
    who = standing_of(Person.get(Person.email == "ada@northstar.example"))
    comment(who, plan.customer_id, step(plan, "lower_ttl").id, "Not needed with your host.")
    settle(plan, "mail_back")
    theirs.page.locator("#project").evaluate("part => { part.dataset.looks = 1 }")
    other = theirs.page.locator(f"#step-{step(plan, 'lower_ttl').id}")
    expect(other).to_contain_text("One remark", timeout=20_000)
    expect(card.locator("textarea")).to_have_value("While I write")
    expect(card.locator("textarea")).to_be_focused()
    expect(card.locator("textarea")).to_be_visible()


def test_a_step_is_done_by_keyboard_and_the_focus_stays_on_the_page(
    served: Served, plan: Plan, window: Callable[..., Window]
) -> None:
    theirs = window()
    come(theirs, served)
    card = theirs.page.locator(f"#step-{step(plan, 'lower_ttl').id}")
    card.get_by_role("button", name="Done").focus()
    theirs.page.keyboard.press("Enter")
    theirs.settle()
    expect(theirs.page.locator("#said")).to_contain_text("is done. Thank you.")
    assert theirs.page.evaluate("document.activeElement !== document.body")


@BOTH
def test_they_sign_off_at_the_end(served: Served, plan: Plan, window: Callable[..., Window], javascript: bool) -> None:
    left = PlanStep.select().where((PlanStep.plan == plan) & (PlanStep.state == "not_started"))
    settle(plan, *[row.key for row in left.order_by(PlanStep.position) if row.key != "sign_off"])
    theirs = window(javascript=javascript, width=390)
    come(theirs, served)
    theirs.page.locator("#sign-off button").click()
    theirs.settle()
    theirs.look_over()
    theirs.sees("Signed off. Northstar IT is next.")
    theirs.sees("Northstar IT signs off next.")


def test_it_looks_right_in_light_and_dark(served: Served, plan: Plan, window: Callable[..., Window]) -> None:
    for scheme in ("light", "dark"):
        for width in (360, 768, 1440):
            theirs = window(width=width, color_scheme=scheme)
            come(theirs, served)
            for each in theirs.page.locator("summary").all():
                each.click()
            theirs.look_over()
