"""Checks in the browser: asked for, failed saying why, mended with the record that was copied, passed by themselves."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from data.database import database, open_database
from data.moments import now
from data.plans import Plan, PlanCheck, PlanStep
from tests.browser.conftest import Window
from tests.browser.portal import Served, serving
from tests.browser.test_notes import sign_in
from tests.services import HOST, DnsServer, dns_server

SOON = 15_000  # milliseconds in which an answer comes to an open page, on a busy machine
PHONE = {"width": 360, "color_scheme": "dark"}


@dataclass
class Desk:
    """A portal whose checks ask our own name server about the domain of one customer."""

    served: Served
    names: DnsServer
    folder: Path
    customer_id: int
    domain: str

    def here(self, key: str) -> str:
        """The address of one step, which nobody has worked on."""
        with self.records():
            row = PlanStep.select().join(Plan).where((Plan.customer == self.customer_id) & (PlanStep.key == key)).get()
            return f"{self.served.address}/customers/{self.customer_id}/plan/{row.id}"

    def some_time_passes(self) -> None:
        """So that it can be asked for again."""
        with self.records():
            PlanCheck.update(answered_at=now() - timedelta(minutes=1)).execute()

    def records(self) -> object:
        open_database(f"sqlite:///{self.folder / 'home' / 'quayside.sqlite'}")
        return database.connection_context()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("checks")
    with dns_server({}) as names:
        told = {"DNS_SERVERS": f"{HOST}:{names.port}", "ALLOWED_NETWORKS": "127.0.0.0/8"}
        with serving(folder / "home", sample=True, DOORS=json.dumps({"names": names.port}), **told) as served:
            desk = Desk(served, names, folder, 0, "")
            with desk.records():
                plan = Plan.select().join(PlanStep).where((Plan.state == "open") & (PlanStep.key == "domains")).get()
                with_steps(plan)
                desk.customer_id, desk.domain = plan.customer_id, plan.customer.primary_domain
            names.zones[f"ns1.{desk.domain}"] = {"A": [HOST]}
            names.zones[desk.domain] = {"NS": [f"ns1.{desk.domain}."]}
            yield desk


def with_steps(plan: Plan) -> None:
    """Its records are as nobody has worked on them, whatever it was ordered with."""
    own = PlanStep.plan == plan
    PlanStep.update(state="done").where(own & (PlanStep.key == "configure")).execute()
    PlanStep.update(state="not_started", reason="", waiting_until=None).where(
        own & (PlanStep.key == "domains")
    ).execute()
    PlanStep.delete().where(own & PlanStep.key.in_(["spf", "dmarc"])).execute()
    for key in ("spf", "dmarc"):
        row = {"phase": "sending", "position": 90, "owner": "customer", "optional": True}
        PlanStep.create(plan=plan, key=key, title=f"Publish the {key.upper()} record", changed_at=now(), **row)


def test_a_check_fails_says_why_and_passes_when_the_record_is_there(desk: Desk, window: Callable[..., Window]) -> None:
    ours, theirs = window(), window(**PHONE)
    sign_in(ours, desk.served)
    sign_in(theirs, desk.served)
    ours.go(desk.here("domains"))
    theirs.go(desk.here("domains"))

    ours.press("Check now")
    expect(ours.page.locator("#said")).to_have_text("“Prove that the domains are yours” is being checked.")
    evidence = ours.page.locator("#evidence")
    expect(evidence).to_contain_text(f"{desk.domain} has no TXT record.", timeout=SOON)
    expect(ours.page.locator(".head .mark")).to_have_text("Failed")
    ours.page.get_by_text("What was asked, and what was answered").wait_for()
    evidence.locator("summary").last.click()
    expect(evidence).to_contain_text(f"ns1.{desk.domain}")
    ours.look_over()
    expect(theirs.page.locator("#evidence")).to_contain_text("has no TXT record", timeout=SOON)
    theirs.look_over()

    token = ours.page.locator("#evidence code[id$=-value]").first.inner_text()
    desk.names.zones[desk.domain]["TXT"] = [f'"{token}"']
    desk.some_time_passes()
    ours.press("Check again")
    expect(evidence).to_contain_text(f"{desk.domain} shows the token.", timeout=SOON)
    expect(ours.page.locator(".head .mark")).to_have_text("Done")
    expect(theirs.page.locator(".head .mark")).to_have_text("Done", timeout=SOON)
    ours.look_over()


def test_pressing_again_at_once_is_refused_in_place(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window()
    sign_in(ours, desk.served)
    desk.names.zones[f"_dmarc.{desk.domain}"] = {"TXT": ['"v=DMARC1; p=none"']}
    ours.go(desk.here("dmarc"))
    ours.press("Check now")
    expect(ours.page.locator("#evidence")).to_contain_text("is none.", timeout=SOON)
    ours.press("Check again")
    expect(ours.page.locator("#evidence .alert")).to_contain_text("This step was checked just now.")


def test_without_javascript(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(javascript=False)
    sign_in(ours, desk.served)
    ours.go(desk.here("spf"))
    ours.press("Check now")
    ours.sees("is being checked.")

    def answered() -> bool:
        ours.go(desk.here("spf"))
        return "has no SPF record" in ours.page.locator("#evidence").inner_text()

    for _ in range(30):
        if answered():
            break
        ours.page.wait_for_timeout(500)
    else:
        pytest.fail("no answer came")


def test_what_records_should_be_is_said_for_all_and_for_one(desk: Desk, window: Callable[..., Window]) -> None:
    ours = window(**PHONE)
    sign_in(ours, desk.served)
    ours.go(f"{desk.served.address}/partner/1/expected")
    ours.fill(mx="10 mx one", spf_include="_spf.provider.example")
    ours.press("Save")
    expect(ours.page.locator("#mx-why")).to_contain_text("“10 mx one” is not a host")
    ours.fill(mx="10 mx1.provider.example")
    ours.press("Save")
    ours.sees("Saved: mail hosts empty → 10 mx1.provider.example")
    ours.go(f"{desk.served.address}/customers/{desk.customer_id}/plan/expected")
    ours.sees("While it is empty: 10 mx1.provider.example")
    ours.fill(spf_include="ip4:198.51.100.0/24")
    ours.press("Save")
    ours.sees("Saved: SPF empty → ip4:198.51.100.0/24.")
    ours.go(desk.here("spf"))
    expect(ours.page.locator("#evidence code[id$=-value]").first).to_have_text("v=spf1 ip4:198.51.100.0/24 ~all")
