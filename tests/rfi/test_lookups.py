"""Domains of an RFI are looked up beside the typing: asked of a real name server by the worker, told when answered."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from blueprints.prospects.jobs import ask_names_at
from blueprints.rfi import jobs
from data.customers import Customer
from data.domains import DomainLookup
from data.history import History
from data.moments import now
from data.rfi import Rfi
from tests.factories import World, a_customer
from tests.rfi.typing_in import BY_LINK, Held, an_rfi, door, kept
from tests.services import HOST, DnsServer, dns_server
from tests.visits import Answer, Visitor

ZONES = {
    "own.example": {"MX": ["10 mail.own.example."], "NS": ["ns1.host.example."], "A": ["192.0.2.7"]},
    "cloud.example": {"MX": ["0 cloud-example.mail.protection.outlook.com."], "NS": ["ns1.host.example."]},
    "broken.example": "SERVFAIL",
}


@pytest.fixture
def rfi(world: World) -> Rfi:
    customer = a_customer(world.northstar, status="in_progress", primary_domain="own.example", infrastructure="onprem")
    return an_rfi(world, customer=customer)


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with dns_server(ZONES) as server:
        ask_names_at([f"{HOST}:{server.port}"])
        yield server
        ask_names_at([])


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What the worker was asked to look up; `work` does it."""
    asked: list[tuple] = []
    monkeypatch.setattr(jobs, "nudge", lambda _job, *arguments: asked.append(arguments))
    return asked


def work(nudged: list[tuple]) -> None:
    while nudged:
        jobs.look_up_for_rfi.call_local(*nudged.pop(0))


def said(answer: Answer, question: str = "mail_domains") -> str:
    return " ".join(answer.find(f"#says-{question}")[0].text_content().split())


def test_is_asked_for_by_typing_and_told_when_it_is_there(
    nobody: Visitor, rfi: Rfi, server: DnsServer, nudged: list[tuple]
) -> None:
    held = Held.open(nobody, BY_LINK)
    assert [domain for domain, *_ in nudged] == ["own.example"], "the customer's own, as soon as the page opens"
    nudged.clear()
    answer = held.type(mail_domains="cloud.example").save_one("mail_domains")
    assert [domain for domain, *_ in nudged] == ["cloud.example"]
    assert "Looking it up." in said(answer)
    again = answer.find("#says-mail_domains")[0].get("hx-get")
    assert again == f"{BY_LINK}/answers/mail_domains/says?tries=2"
    work(nudged)
    answer = nobody.get(again, htmx=True)
    assert "cloud.example: mail goes to cloud-example.mail.protection.outlook.com" in said(answer)
    assert "Name servers: ns1.host.example." in said(answer)
    assert answer.find("#says-mail_domains")[0].get("hx-get") is None, "it does not ask again"


def test_what_came_is_proposed_with_the_next_answer(
    nobody: Visitor, rfi: Rfi, server: DnsServer, nudged: list[tuple]
) -> None:
    """Or the page that asked for it would show something else than the one that answers go to."""
    held = Held.open(nobody, BY_LINK)
    held.type(mail_domains="cloud.example").save_one("mail_domains")
    work(nudged)
    answer = held.type(notes="Call before nine.").save_one("notes")
    assert answer.find("[name=dns_host]")[0].get("value") == "ns1.host.example"


def test_is_history_under_the_name_of_whoever_asked(
    nobody: Visitor, admin: Visitor, rfi: Rfi, server: DnsServer, nudged: list[tuple]
) -> None:
    Held.open(nobody, BY_LINK).type(mail_domains="cloud.example").save_one("mail_domains")
    work(nudged)
    lines = History.select().where(History.kind == "prospect.domain_checked")
    assert {(line.who_id, line.who_name) for line in lines} == {(None, "Ines Lead (by link)")}


def test_what_speaks_against_the_infrastructure_is_said_with_one_press_to_switch(
    technician: Visitor, rfi: Rfi, server: DnsServer, nudged: list[tuple]
) -> None:
    held = Held.open(technician, door(rfi))
    held.type(mail_domains="cloud.example").save_one("mail_domains")
    work(nudged)
    answer = technician.get(f"{door(rfi)}/answers/mail_domains/says?tries=2", htmx=True)
    assert "goes to Microsoft 365" in said(answer, "infrastructure"), "where the infrastructure stands"
    press = answer.find("button[name='use:infrastructure']")[0]
    assert press.text_content() == "Switch to Microsoft 365"
    answer = held.save_one("infrastructure", **{press.get("name"): press.get("value")})
    assert kept(rfi)["infrastructure"] == "m365"
    assert answer.find("[name=infrastructure][value=m365][checked]"), "the field is drawn anew"
    assert answer.find("#questions [name=tenant]")
    assert not answer.find("button[name='use:infrastructure']")


def test_without_javascript_the_press_saves_the_page(
    technician: Visitor, rfi: Rfi, server: DnsServer, nudged: list[tuple]
) -> None:
    held = Held.open(technician, door(rfi)).type(mail_domains="cloud.example")
    held.save()
    work(nudged)
    held = Held.open(technician, door(rfi)).type(notes="typed at that moment")
    held.fields["use:infrastructure"] = ["m365"]
    assert held.save().status == 303
    assert kept(rfi)["infrastructure"] == "m365"
    assert kept(rfi)["notes"] == "typed at that moment"


def test_no_answer_is_no_error_and_ends_the_asking(
    technician: Visitor, rfi: Rfi, server: DnsServer, nudged: list[tuple]
) -> None:
    Held.open(technician, door(rfi)).type(mail_domains="broken.example").save_one("mail_domains")
    address = f"{door(rfi)}/answers/mail_domains/says?tries="
    for tries in ("7", "99999999999999999999", "x", ""):
        part = technician.get(address + tries, htmx=True)
        assert part.status == 200
    part = technician.get(address + "7", htmx=True)
    assert "Could not look it up" in said(part)
    assert part.find("#says-mail_domains")[0].get("hx-get") is None
    work(nudged)
    part = technician.get(address + "2", htmx=True)
    assert "could not look it up just now" in said(part)
    assert not part.find("#says-mail_domains .why")


def test_one_answer_serves_for_an_hour(technician: Visitor, rfi: Rfi, server: DnsServer, nudged: list[tuple]) -> None:
    Held.open(technician, door(rfi))
    work(nudged)
    Held.open(technician, door(rfi)).type(notes="x").save_one("notes")
    assert nudged == []
    with time_machine.travel(now() + timedelta(hours=2)):
        technician.get(door(rfi))
    assert [domain for domain, *_ in nudged] == ["own.example"]


def test_a_job_that_waited_does_not_ask_again(rfi: Rfi, server: DnsServer) -> None:
    for _ in range(2):
        jobs.look_up_for_rfi.call_local("own.example", None, "Ines", rfi.customer.partner_id, rfi.customer_id)
    assert server.asked.count(("own.example", "MX")) == 1
    assert DomainLookup.select().count() == 1


def test_nobody_makes_the_portal_ask_without_end(technician: Visitor, rfi: Rfi, nudged: list[tuple]) -> None:
    held = Held.open(technician, door(rfi))
    for batch in range(3):
        domains = "\n".join(f"d{batch}-{number}.example" for number in range(100))
        held.type(mail_domains=domains).save_one("mail_domains", folded=True)
    assert len(nudged) <= 60
    assert len(nudged) == len(set(nudged)), "and of no domain twice at once"


def test_readers_ask_for_nothing(viewer: Visitor, rfi: Rfi, nudged: list[tuple]) -> None:
    viewer.get(door(rfi))
    assert nudged == []


def test_a_domain_that_another_customer_has_is_said(technician: Visitor, world: World, rfi: Rfi) -> None:
    a_customer(world.harbour, primary_domain="taken.example")
    Customer.update(name="Harbour's own").where(Customer.primary_domain == "taken.example").execute()
    answer = Held.open(technician, door(rfi)).type(mail_domains="taken.example").save_one("mail_domains")
    assert "taken.example" in answer.find("#told-mail_domains")[0].text_content()
    assert "Harbour's own" not in answer.text
