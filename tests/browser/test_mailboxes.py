"""Mailboxes in the browser: a list is uploaded, kept, tested against a real Dovecot, mended, taken away."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from blueprints.customers.sealing import open_seal
from data.database import database, open_database
from data.mailboxes import MailboxList, MailboxRun, MailboxSource
from data.plans import Mailbox, Plan, PlanStep
from tests.browser.conftest import Window
from tests.browser.onboarding import a_customer, hand_in
from tests.browser.portal import Served, serving
from tests.browser.test_notes import sign_in
from tests.plans.moving import ANCHOR, AT, MASTER, TIDE, old_server
from tests.services import HOST
from tests.services.latency import distant

SOON = 20_000  # milliseconds in which a test of a few mailboxes ends, on a busy machine
PHONE = {"width": 360, "color_scheme": "dark"}
NAMES = ("ada", "greta", "wangari")
HEADING = "EmailAddress,UserName,Password\n"


@dataclass
class Desk:
    """A portal, a customer whose mailboxes move, and the server that they come from, 20 ms away."""

    served: Served
    folder: Path
    customer_id: int

    @property
    def plan(self) -> str:
        return f"{self.served.address}/customers/{self.customer_id}/plan"

    @property
    def here(self) -> str:
        return f"{self.plan}/mailboxes"

    def records(self) -> object:
        open_database(f"sqlite:///{self.folder / 'home' / 'quayside.sqlite'}")
        return database.connection_context()

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="module")
def move(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("mailboxes")
    people = (*NAMES, *(f"p{number:03}" for number in range(60)))
    with old_server(*people) as server, distant(server.tls_port, 0.02) as port:
        told = {"ALLOWED_NETWORKS": "127.0.0.0/8", "TRUSTED_CERTIFICATES": str(server.certificate)}
        with serving(folder / "home", sample=True, DOORS=json.dumps({"imaps": port}), **told) as served:
            desk = Desk(served, folder, 0)
            with desk.records():
                desk.customer_id = a_customer("company.example", "migration")
                hand_in(desk.customer_id, "migration", {"filter_now": "none", "mail_domains": ["company.example"]})
            yield desk


@pytest.fixture
def desk(move: Desk) -> Desk:
    """With nothing listed, and everybody's own password asked for."""
    with move.records():
        plan = Plan.select().where(Plan.customer == move.customer_id).order_by(Plan.id.desc()).get()
        for record in (Mailbox, MailboxRun, MailboxList, MailboxSource):
            record.delete().execute()
        PlanStep.update(state="not_started", reason="", dropped_at=None).where(
            (PlanStep.plan == plan) & (PlanStep.key == "imap_test")
        ).execute()
        MailboxSource.create(plan=plan, host=HOST, security="tls", login="list")
    return move


def test_from_the_file_to_all_good(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window()
    sign_in(ours, desk.served)
    ours.go(desk.here)
    ours.sees("No mailbox is listed yet")
    ours.press("Upload a list")
    rows = f"ada{AT},ada{AT},{TIDE}\ngreta{AT},greta{AT},ebb\nnobody,x,{TIDE}\n"
    ours.page.set_input_files("[name=file]", desk.file("first.csv", HEADING + rows))
    ours.press("Look the file over")
    ours.sees("2 good rows")
    ours.sees("“nobody” is not an email address")
    assert TIDE not in ours.page.content()
    ours.press("Keep these 2 rows")

    ours.press("Test all")
    expect(ours.page.locator("#testing .mark")).to_have_text("1 failed", timeout=SOON)
    ours.look_over()
    expect(ours.page.locator("#found tbody tr").first).to_contain_text("Good")
    expect(ours.page.locator("#found tbody tr").last).to_contain_text("AUTHENTICATIONFAILED")
    expect(ours.page.locator("#said")).to_contain_text("1 of 2 mailboxes are good, 1 failed.")

    ours.press(f"greta{AT}")
    ours.fill(secret=TIDE)
    ours.press("Save")
    ours.press("Test it")
    expect(ours.page.locator("#mailbox .head .mark")).to_have_text("Good", timeout=SOON)
    ours.look_over()
    ours.press("Mailboxes")
    expect(ours.page.locator("#testing .mark")).to_have_text("All good")


def test_the_bar_moves_and_can_be_left_and_come_back_to(desk: Desk, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window(**PHONE)
    sign_in(ours, desk.served)
    sign_in(theirs, desk.served)
    rows = "".join(f"p{number:03}{AT},p{number:03}{AT},{TIDE}\n" for number in range(60))
    ours.go(f"{desk.here}/list")
    ours.page.set_input_files("[name=file]", desk.file("many.csv", HEADING + rows))
    ours.press("Look the file over")
    ours.press("Keep these 60 rows")
    ours.press("Test all")
    ours.page.locator("#testing progress").wait_for()
    ours.go(desk.plan)
    theirs.go(desk.here)
    if theirs.page.locator("#testing progress").count():
        theirs.look_over()
    expect(theirs.page.locator("#testing .mark")).to_have_text("All good", timeout=3 * SOON)
    expect(theirs.page.locator("#found tbody tr .good")).to_have_count(50)
    theirs.look_over()


def test_a_test_is_cancelled(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window()
    sign_in(ours, desk.served)
    with desk.records():
        plan = MailboxSource.get().plan
        open_seal(["nothing of this is opened here " * 2])
        for number in range(400):
            Mailbox.create(plan=plan, address=f"x{number:03}{AT}", login="x", sealed="unreadable")
    ours.go(desk.here)
    ours.press("Test all")
    cancel = ours.page.get_by_role("button", name="Cancel")
    if cancel.count():
        cancel.click()
    expect(ours.page.locator("#testing")).to_contain_text("Last tested", timeout=SOON)
    ours.look_over()


def test_an_administrator_opens_them_without_javascript(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(javascript=False)
    sign_in(ours, desk.served)
    with desk.records():
        plan = MailboxSource.get().plan
        for name in NAMES:
            Mailbox.create(plan=plan, address=f"{name}{AT}", login=f"{name}{AT}")
    ours.go(desk.here)
    ours.press("Change")
    ours.page.get_by_label("An administrator’s name and password for all of them").check()
    ours.fill(admin=MASTER, admin_form="user*admin", secret=ANCHOR)
    ours.press("Save")
    ours.press("Test all")
    for _ in range(40):
        if ours.page.locator("#testing .mark").inner_text() == "All good":
            break
        ours.page.wait_for_timeout(500)
        ours.press("Look again")
    expect(ours.page.locator("#found tbody tr .good")).to_have_count(3)
    ours.press("Take the list away")
    ours.page.get_by_label("For imapsync").check()
    with ours.page.expect_download() as downloading:
        ours.page.get_by_role("button", name="Get the file").click()
    text = Path(downloading.value.path()).read_text(encoding="utf-8")
    assert f";ada{AT};" in text
    assert ANCHOR not in text
