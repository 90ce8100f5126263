"""The first page: counts, what to do next, what happened."""

from typing import Any

import pytest
from flask import Flask

from blueprints.customers.rules import move_to
from data import history
from data.accounts import Person
from data.cancellations import Cancellation
from data.customers import Customer
from data.database import database, transaction
from data.moments import now
from data.orders import Order
from data.partners import ContractedPrice, Partner, PriceTier, Product
from data.rfi import Rfi
from data.roles import Role
from tests.cancellations.cancelled import pending
from tests.factories import World, a_customer, a_grant_over, a_person, a_prospect
from tests.visits import Visitor

LABELS = (
    *("Active customers", "Onboarding in progress", "Permitted users", "Pending prospects", "RFIs waiting"),
    *("Steps overdue", "Problems now", "Cancellations pending"),
)


def tiles(answer: Any) -> dict[str, str]:
    found = {tile.text_content().replace("View more", ""): tile for tile in answer.find(".tiles li")}
    told = {" ".join(text.split()).partition(" ")[2]: text.split()[0] for text in found}
    assert tuple(told) == LABELS
    return told


def counts(answer: Any) -> list[str]:
    """Of prospects, onboardings and customers in service."""
    found = tiles(answer)
    return [found[label] for label in ("Pending prospects", "Onboarding in progress", "Active customers")]


def steps(answer: Any) -> list[str]:
    return [(step.cssselect("a") or step.cssselect("span"))[0].text for step in answer.find("#next li")]


def tell(customer: Customer, before: str = "prospect", after: str = "in progress") -> None:
    with transaction():
        history.record(
            "customer.status_changed",
            history.PORTAL,
            partner=customer.partner_id,
            customer=customer.id,
            before=before,
            after=after,
        )


def an_order(customer: Customer, who: Person, state: str = "draft") -> Order:
    return Order.create(
        customer=customer, partner=customer.partner_id, state=state, currency="EUR", permitted_users=5,
        created_by_id=who.id, changed_by_id=who.id, created_at=now(), changed_at=now(),
    )  # fmt: skip


def test_counts_what_the_person_sees(admin: Visitor, operator: Visitor, stranger: Visitor, world: World) -> None:
    for status in ("prospect", "prospect", "in_progress", "complete", "pending_cancellation", "archived"):
        a_customer(world.northstar, status=status)
    a_prospect(world.harbour)
    assert counts(admin.get("/")) == ["2", "1", "2"]
    assert counts(operator.get("/")) == ["3", "1", "2"]
    assert counts(stranger.get("/")) == ["1", "0", "0"]


def test_tells_the_provider_of_cancellations_until_they_are_done(
    admin: Visitor, operator: Visitor, world: World
) -> None:
    asked = pending(world, export=True)
    assert "A cancellation waits for you" in steps(operator.get("/"))
    assert "A cancellation waits for you" not in steps(admin.get("/"))
    for what in ("process", "quoted"):
        assert "A cancellation waits for you" in steps(operator.get("/"))
        version = Cancellation.get_by_id(asked.id).version
        operator.post(f"/customers/{asked.customer_id}/cancel/{what}", {"version": version})
    assert "A cancellation waits for you" not in steps(operator.get("/"))


def test_counts_no_customer_that_was_taken_away_and_each_that_was_given(
    technician: Visitor, world: World, visit_as: Any
) -> None:
    a_grant_over(world.technician, a_prospect(world.northstar), Role.NONE)
    a_prospect(world.northstar)
    assert counts(technician.get("/")) == ["1", "0", "0"]
    guest = a_person("Gil Guest", world.northstar, Role.NONE)
    a_grant_over(guest, a_customer(world.northstar, status="complete"), Role.VIEWER)
    assert counts(visit_as(guest).get("/")) == ["0", "0", "1"]


def test_tells_the_history_of_the_customers_the_person_sees(
    admin: Visitor, stranger: Visitor, technician: Visitor, operator: Visitor, world: World
) -> None:
    ours, hidden = (
        a_customer(world.northstar, "Ours", "in_progress"),
        a_customer(world.northstar, "Hidden", "in_progress"),
    )
    theirs = a_customer(world.harbour, "Theirs", "in_progress")
    a_grant_over(world.technician, hidden, Role.NONE)
    for customer in (ours, hidden, theirs):
        tell(customer)
    assert [name in admin.get("/").text for name in ("Ours", "Hidden", "Theirs")] == [True, True, False]
    assert [name in stranger.get("/").text for name in ("Ours", "Hidden", "Theirs")] == [False, False, True]
    assert [name in technician.get("/").text for name in ("Ours", "Hidden", "Theirs")] == [True, False, False]
    assert [name in operator.get("/").text for name in ("Ours", "Hidden", "Theirs")] == [True, True, True]
    line = admin.get("/").find("#recent li:not(.day)")[-1]
    assert "Status prospect → in progress" in line.text_content()
    assert line.cssselect("a")[0].get("href") == f"/customers/{ours.id}"


def test_tells_ten_lines_newest_first(admin: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, status="in_progress")
    for number in range(20):
        tell(customer, after=f"number {number}")
    lines = [line.text_content() for line in admin.get("/").find("#recent li:not(.day)")]
    assert len(lines) == 10
    assert "number 19" in lines[0]


def test_tells_no_lines_about_people(admin: Visitor, world: World) -> None:
    admin.post("/account/sign-out-everywhere")
    assert "No history yet" in admin.get("/").text


def test_an_empty_portal_begins_with_the_catalogue(operator: Visitor, admin: Visitor, world: World) -> None:
    for record in (PriceTier, ContractedPrice, Product):
        record.delete().execute()
    page = operator.get("/")
    assert steps(page)[0] == "Add products to the catalogue"
    assert page.find("#next a")[0].get("href") == "/catalogue/"
    assert "There are no products yet" in admin.get("/").text
    assert "Add the first prospect" not in admin.get("/").text


def test_then_come_prices(operator: Visitor, admin: Visitor, stranger: Visitor, world: World) -> None:
    PriceTier.delete().execute()
    ContractedPrice.delete().where(ContractedPrice.partner == world.harbour).execute()
    page = operator.get("/")
    assert steps(page)[0] == "Contract prices"
    assert "Harbour Lights" in page.find("#next li")[0].text_content()
    assert page.find("#next a")[0].get("href") == f"/partner/{world.harbour.id}/prices"
    assert "No prices are contracted yet" in stranger.get("/").text
    assert "No prices" not in admin.get("/").text
    Partner.update(closed_at=now()).where(Partner.id == world.harbour.id).execute()
    assert "Contract prices" not in operator.get("/").text


def test_then_the_first_prospect(admin: Visitor, viewer: Visitor, world: World) -> None:
    assert "Add the first prospect" in steps(admin.get("/"))
    assert "Add the first prospect" not in steps(viewer.get("/"))
    a_prospect(world.northstar)
    assert "Add the first prospect" not in steps(admin.get("/"))


def test_drafts_and_open_rfis_wait(admin: Visitor, viewer: Visitor, stranger: Visitor, world: World) -> None:
    prospects = [a_prospect(world.northstar) for _ in range(2)]
    an_order(prospects[0], world.admin)
    assert "An order is not submitted yet" in steps(admin.get("/"))
    an_order(prospects[1], world.admin)
    assert "2 orders are not submitted yet" in steps(admin.get("/"))
    assert not [step for step in steps(viewer.get("/")) if "submitted" in step]
    assert not [step for step in steps(stranger.get("/")) if "submitted" in step]
    with transaction():
        move_to(prospects[0], "in_progress", world.admin)
    Rfi.create(customer=prospects[0], order=Order.get(), state="incomplete", opened_at=now())
    assert "An RFI waits for answers" in steps(viewer.get("/"))
    Rfi.update(state="complete").execute()
    assert "An RFI waits for answers" not in steps(viewer.get("/"))


def test_letters_are_held_while_no_mail_server_is_set(admin: Visitor, technician: Visitor) -> None:
    assert "No mail server is set up" in steps(admin.get("/"))
    assert "No mail server is set up" not in steps(technician.get("/")), "who cannot read them is not told"


def test_whoever_is_alone_may_invite(admin: Visitor, stranger: Visitor) -> None:
    assert "Invite colleagues" in steps(stranger.get("/"))
    assert "Invite colleagues" not in steps(admin.get("/"))


def test_says_so_when_nothing_waits(viewer: Visitor, world: World) -> None:
    assert steps(viewer.get("/")) == ["Set up a second factor for yourself"]
    Person.update(tf_primary_method="authenticator").where(Person.id == world.viewer.id).execute()
    assert "Nothing waits for you" in viewer.get("/").text


def test_a_person_without_any_role_has_a_first_page_too(visit_as: Any) -> None:
    page = visit_as(a_person("Neu Ling")).get("/")
    assert page.status == 200
    assert counts(page) == ["0", "0", "0"]


@pytest.mark.parametrize("who", ["admin", "operator", "technician"])
def test_takes_the_same_number_of_queries_for_one_and_for_thirty(
    request: pytest.FixtureRequest, app: Flask, world: World, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    asked: list[str] = []
    ask = type(database.obj).execute_sql
    monkeypatch.setattr(
        type(database.obj), "execute_sql", lambda self, sql, *more: asked.append(sql) or ask(self, sql, *more)
    )
    tell(a_customer(world.northstar, status="in_progress"))
    asked.clear()
    visitor.get("/")
    few = len(asked)
    for _ in range(30):
        tell(a_customer(world.northstar, status="in_progress"))
        a_prospect(world.northstar)
    asked.clear()
    visitor.get("/")
    assert len(asked) == few
    assert few <= 25
