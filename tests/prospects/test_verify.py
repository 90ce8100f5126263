"""*Verify*: a real name server is asked by the job, and the form says what it said."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from blueprints.prospects import jobs, lookups
from data.database import database
from data.domains import DomainLookup
from data.history import History, sentence
from data.moments import now
from tests.factories import World, a_customer, a_prospect
from tests.prospects.entered import typed
from tests.services import HOST, DnsServer, dns_server
from tests.visits import Answer, Visitor

ZONES = {
    "mueller.example": {
        "MX": ["10 mx1.mueller.example.", "20 mx2.mueller.example."],
        "NS": ["ns1.host.example."],
        "A": ["192.0.2.7"],
    },
    "nomail.example": {"MX": ["0 ."], "A": ["192.0.2.8"]},
    "bare.example": {"A": ["192.0.2.9"]},
    "broken.example": "SERVFAIL",
}


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with dns_server(ZONES) as server:
        jobs.ask_names_at([f"{HOST}:{server.port}"])
        yield server
        jobs.ask_names_at([])


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What the worker was asked to look up; `work` does it."""
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(jobs, "nudge", lambda _job, *arguments: asked.append(arguments))
    return asked


def work(nudged: list[tuple[object, ...]]) -> None:
    while nudged:
        jobs.look_up.call_local(*nudged.pop(0))


def lookup_in(answer: Answer) -> str:
    return " ".join(answer.find("#lookup")[0].text_content().split())


def test_is_asked_for_by_the_form_and_answered_in_place(
    admin: Visitor, server: DnsServer, nudged: list[tuple[object, ...]]
) -> None:
    part = admin.post("/prospects/new", typed(do="verify"), htmx=True)
    (waiting,) = part.find("#lookup")
    assert not part.find("form")
    assert "Looking it up." in waiting.text_content()
    assert waiting.get("hx-trigger") == "load delay:1s"
    again = admin.get(waiting.get("hx-get"), htmx=True)
    assert again.find("#lookup")[0].get("hx-get"), "no answer yet, so it asks once more"
    work(nudged)
    answer = admin.get(again.find("#lookup")[0].get("hx-get"), htmx=True)
    assert answer.find("#lookup")[0].get("hx-get") is None, "an answer is not asked for again"
    assert "Mail goes to mx1.mueller.example, mx2.mueller.example." in lookup_in(answer)
    assert "Name servers: ns1.host.example." in lookup_in(answer)
    assert "Mail goes to" in answer.find("#said")[0].text_content()


def test_works_without_parts_and_keeps_the_typing(
    admin: Visitor, server: DnsServer, nudged: list[tuple[object, ...]]
) -> None:
    page = admin.post("/prospects/new", typed(do="verify", name=""))
    assert page.status == 200
    assert "Press Verify again for the answer." in lookup_in(page)
    assert page.value("city") == "Hamburg"
    assert not page.find(".wrongs"), "the form is not judged yet"
    work(nudged)
    page = admin.post("/prospects/new", typed(do="verify"))
    assert "Mail goes to mx1.mueller.example" in lookup_in(page)
    assert not nudged, "a fresh answer is shown again"


def test_works_for_a_record(world: World, admin: Visitor, server: DnsServer, nudged: list[tuple[object, ...]]) -> None:
    prospect = a_prospect(world.northstar, primary_domain="mueller.example")
    admin.post(f"/prospects/{prospect.id}", typed(do="verify", version="1"), htmx=True)
    work(nudged)
    answer = admin.post(f"/prospects/{prospect.id}", typed(do="verify", version="1"))
    assert "Mail goes to" in lookup_in(answer)
    assert "On record" not in lookup_in(answer), "the record itself is no other"
    (line,) = History.select().where(History.customer_id == prospect.id)
    assert (sentence(line), line.who_name) == ("mueller.example looked up: found", "Ada Admin")


@pytest.mark.parametrize(
    ("domain", "state", "said"),
    [
        ("nomail.example", "good", "takes no mail"),
        ("bare.example", "good", "no mail server is named for it"),
        ("nowhere.test", "warn", "There is no domain nowhere.test. Check the spelling."),
        ("broken.example", "calm", "Could not look it up just now. You can save all the same."),
        ("no domain", "warn", "A domain such as company.example"),
    ],
)
def test_says_what_is_so(
    admin: Visitor, server: DnsServer, nudged: list[tuple[object, ...]], domain: str, state: str, said: str
) -> None:
    admin.post("/prospects/new", typed(do="verify", primary_domain=domain), htmx=True)
    work(nudged)
    answer = admin.post("/prospects/new", typed(do="verify", primary_domain=domain), htmx=True)
    assert said in lookup_in(answer)
    assert answer.find(f"#lookup .mark.{state}")


def test_no_network_is_no_error_of_the_form(admin: Visitor, nudged: list[tuple[object, ...]]) -> None:
    jobs.ask_names_at(["no address"])
    admin.post("/prospects/new", typed(do="verify"))
    work(nudged)
    assert "Could not look it up" in lookup_in(admin.post("/prospects/new", typed(do="verify")))
    assert admin.post("/prospects/new", typed()).status == 303
    jobs.ask_names_at([])


def test_stops_asking_when_no_answer_comes(admin: Visitor, nudged: list[tuple[object, ...]]) -> None:
    part = admin.post("/prospects/new", typed(do="verify"), htmx=True)
    asked = 0
    while address := part.find("#lookup")[0].get("hx-get"):
        part = admin.get(address, htmx=True)
        asked += 1
    assert asked == lookups.TRIES
    assert "no answer came" in lookup_in(part)


def test_names_who_has_the_domain_at_the_msp(world: World, admin: Visitor, nudged: list[tuple[object, ...]]) -> None:
    past = a_customer(world.northstar, "Long gone", "cancelled", primary_domain="mueller.example")
    live = a_customer(world.northstar, "Müller", "complete", primary_domain="mueller.example")
    answer = admin.post("/prospects/new", typed(do="verify"), htmx=True)
    assert [a.get("href") for a in answer.find("#lookup a")] == [f"/prospects/{live.id}", f"/prospects/{past.id}"]
    assert "Cancelled" in lookup_in(answer)


def test_says_that_it_is_in_use_elsewhere_and_not_where(
    world: World, admin: Visitor, nudged: list[tuple[object, ...]]
) -> None:
    a_prospect(world.harbour, "Hidden", primary_domain="mueller.example")
    answer = admin.post("/prospects/new", typed(do="verify"), htmx=True)
    assert "in use on this installation already" in lookup_in(answer)
    assert "Hidden" not in answer.html
    assert "Harbour" not in answer.html


def test_refuses_readers_and_hides_others(
    world: World, viewer: Visitor, stranger: Visitor, nudged: list[tuple[object, ...]]
) -> None:
    prospect = a_prospect(world.northstar)
    assert viewer.post("/prospects/new", typed(do="verify")).status == 403
    assert viewer.get("/prospects/lookup?domain=acme.example").status == 403
    assert stranger.post(f"/prospects/{prospect.id}", typed(do="verify")).status == 404
    assert not nudged


@pytest.mark.parametrize(
    "query", ["", "domain=", "domain=%00", "domain=" + "x" * 9000, "domain=a.example&tries=x&customer=-1"]
)
def test_takes_any_address(admin: Visitor, query: str) -> None:
    assert admin.get(f"/prospects/lookup?{query}").status == 200
    assert admin.get(f"/prospects/lookup?{query}", htmx=True).status == 200


def test_is_limited_for_each_person(
    app: Flask, admin: Visitor, operator: Visitor, nudged: list[tuple[object, ...]]
) -> None:
    answers = [admin.client.post("/prospects/new", data={"csrf_token": admin.token, "do": "verify"}) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert admin.post("/prospects/new", typed()).status == 303, "saving is not limited"
    assert operator.post("/prospects/new", {"do": "verify"}).status == 200


class TestKept:
    def test_an_answer_is_kept_once_for_each_domain(self, world: World, server: DnsServer) -> None:
        for _ in range(2):
            jobs.look_up.call_local("mueller.example", world.admin.id, world.northstar.id, None)
            DomainLookup.update(answered_at=now() - timedelta(minutes=5)).execute()
        (kept,) = DomainLookup.select()
        assert (kept.domain, kept.outcome, kept.asked_by_id) == ("mueller.example", "found", world.admin.id)
        assert kept.facts["mail"] == ["mx1.mueller.example", "mx2.mueller.example"]
        assert History.select().count() == 2

    def test_a_fresh_answer_is_not_asked_for_again(self, world: World, server: DnsServer) -> None:
        for _ in range(2):
            jobs.look_up.call_local("mueller.example", world.admin.id, world.northstar.id, None)
        assert len(server.asked) == 5
        assert History.select().count() == 1

    def test_an_old_answer_is_not_shown(self, admin: Visitor, nudged: list[tuple[object, ...]]) -> None:
        old = now() - timedelta(minutes=2)
        DomainLookup.create(domain="mueller.example", outcome="not found", facts={}, asked_at=old, answered_at=old)
        assert "Looking it up" in lookup_in(admin.post("/prospects/new", typed(do="verify")))

    def test_the_job_leaves_the_database_as_it_found_it(self, world: World, server: DnsServer) -> None:
        database.close()
        jobs.look_up.call_local("mueller.example", world.admin.id, None, None)
        assert database.is_closed()
        database.connect()

    def test_nobody_is_asked_for_somebody_who_left(self, world: World, server: DnsServer) -> None:
        jobs.look_up.call_local("mueller.example", 999, None, None)
        assert not server.asked
