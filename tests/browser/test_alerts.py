"""A real Postfix queue fills and drains: one alert, one escalation, one recovery, by letter and by webhook."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from data.alerts import Subscriber
from data.customers import Customer
from data.database import database, open_database
from data.moments import now
from tests.alerts.conftest import HOOKS, Receiver
from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving, wait_until
from tests.services import HOST, Postfix, Received, dns_server, misbehaving, postfix
from tests.services.misbehaving import speaks_tls
from tests.services.starting import self_signed


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[Receiver, dict[str, str]]]:
    """A program that takes messages, and what a portal has to be told to reach it."""
    made, listening = self_signed(tmp_path, HOOKS), Receiver()
    with (
        dns_server({HOOKS: {"A": [HOST]}}) as names,
        misbehaving(speaks_tls(made, listening.take)) as server,
    ):
        doors = {"https": server.port, "names": names.port}
        yield (
            listening,
            {
                "DOORS": json.dumps(doors),
                "HASTE": "yes",
                "DNS_SERVERS": f"{HOST}:{names.port}",
                "ALLOWED_NETWORKS": "127.0.0.0/8",
                "TRUSTED_CERTIFICATES": str(made.path),
            },
        )


@pytest.fixture
def portal(receiver: tuple[Receiver, dict[str, str]], tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home", sample=True, **receiver[1]) as served:
        yield served


@pytest.fixture
def customer(portal: Served, tmp_path: Path) -> Customer:
    """One whose outbound queue nobody watches yet, and of whom nobody is told."""
    open_database(f"sqlite:///{tmp_path / 'home' / 'quayside.sqlite'}")
    with database.connection_context():
        Subscriber.update(removed_at=now()).execute()
        return Customer.select().where((Customer.status == "complete") & (Customer.monitors == "4-----")).get()


def sign_in(window: Window, served: Served) -> None:
    window.go(served.address + "/sign-in")
    window.fill(email="ada@northstar.example", password=PASSWORD)
    window.press("Sign in")


def letters_of(served: Served, customer: Customer) -> list[Received]:
    """Of alerts of this customer, tests left out."""
    return [each for each in served.sink.received if str(each.email["Subject"]).startswith(f"{customer.name}: ")]


def push(line: str, queue: Postfix) -> str:
    """The line of the page, as cron runs it. Its key is the second, so it comes a second later each time."""
    time.sleep(1.1)
    environ = {**os.environ, "MAIL_CONFIG": str(queue.folder)}
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, env=environ, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1440), (True, 360), (False, 1440)], ids=["wide", "phone", "without-javascript"]
)
def test_from_a_queue_that_fills_to_one_that_is_empty_again(
    portal: Served,
    receiver: tuple[Receiver, dict[str, str]],
    customer: Customer,
    window: Callable[..., Window],
    javascript: bool,
    width: int,
) -> None:
    program = receiver[0]
    desk = window(javascript=javascript, width=width)
    sign_in(desk, portal)

    # Who is told: a wrong address is said beside its field, the typing stays.
    desk.go(f"{portal.address}/customers/{customer.id}/alerts")
    desk.sees("Nobody yet: an alert would only stand here.")
    desk.press("Tell somebody")
    desk.fill(name="Night shift", email="night@northstar.example", alternative=f"me@{customer.primary_domain}")
    desk.press("Save")
    desk.sees("This address is within the domains of a customer.")
    expect(desk.page.locator('[name="name"]')).to_have_value("Night shift")
    desk.fill(alternative="", webhook=f"https://{HOOKS}/quayside")
    desk.press("Save")
    desk.sees("Night shift is told from now on.")
    desk.press("Show the key")
    expect(desk.page.locator("#signing-key")).to_have_text(re.compile(r"^[\w-]{43}$"))
    desk.press("Send a test")
    wait_until(lambda: program.bodies)
    wait_until(lambda: portal.sink.received)
    if javascript:
        desk.sees("hooks.msp.example answered 204.")
    desk.go(f"{portal.address}/customers/{customer.id}/subscribers/new")
    desk.fill(name="The boss", email="boss@northstar.example")
    desk.page.check('input[name="level"][value="escalation"]')
    desk.press("Save")
    desk.sees("The boss is told from now on.")

    # The queue is watched, fills, and nobody reacts.
    desk.go(f"{portal.address}/customers/{customer.id}/monitors/outbound-queue/settings")
    desk.fill(warning="2", problem="3", every="1", damping="1")
    desk.press("Save")
    line = desk.page.locator("#push-line").text_content()
    with postfix() as queue:
        assert '"good"' in push(line, queue)
        queue.fill(4)
        assert '"problem"' in push(line, queue)
        wait_until(lambda: letters_of(portal, customer), 90)
        wait_until(lambda: len(letters_of(portal, customer)) == 2, 90)
        alert, escalation = letters_of(portal, customer)
        assert alert.recipients == ("night@northstar.example",)
        assert escalation.recipients == ("boss@northstar.example",)
        assert "nobody has reacted" in str(escalation.email["Subject"])
        assert [each["told"] for message in program.messages[1:] for each in message["alerts"]] == ["alert"]

        # Somebody without an account does, by the link of the letter.
        text = escalation.email.get_body(("plain",)).get_content()
        link = re.search(r"http://\S+/alerts/acknowledge/\S+", text).group()
        elsewhere = window(javascript=javascript, width=width)
        elsewhere.go(link)
        elsewhere.sees(customer.name)
        elsewhere.fill(remark="The disk was full.")
        elsewhere.press("Acknowledge")
        elsewhere.sees("1 alert acknowledged.")
        desk.go(f"{portal.address}/alerts/")
        desk.fill(q=customer.name)
        desk.press("Go")
        expect(desk.page.locator("#found")).to_contain_text("The boss")
        desk.press("Outbound queue")
        desk.sees("The disk was full.")
        expect(desk.page.locator("main")).to_contain_text("email sent, webhook sent")

        # It drains.
        queue.drain()
        assert '"good"' in push(line, queue)
        wait_until(lambda: len(letters_of(portal, customer)) == 4, 90)
    over = letters_of(portal, customer)[2:]
    assert {each.recipients for each in over} == {("night@northstar.example",), ("boss@northstar.example",)}
    assert all("good again" in str(each.email["Subject"]) for each in over)
    wait_until(lambda: len(program.messages) == 3)
    assert program.messages[2]["alerts"][0]["told"] == "recovery"
    desk.go(f"{portal.address}/customers/{customer.id}/alerts")
    expect(desk.page.locator("#found")).to_contain_text("Over")
    desk.go(f"{portal.address}/alerts/subscribers/")
    desk.go(f"{portal.address}/customers/{customer.id}/history?about=monitors")
    desk.sees("5 alerts without reaction, others are told")
