"""Reminding the Implementation Leads of the customers that are ticked in the list."""

from datetime import timedelta

import pytest
import time_machine

from data.customers import Contact, Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.rfi import Rfi, RfiLink
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over
from tests.orders.drafts import a_draft
from tests.visits import Answer, Visitor

REMIND = "/customers/in-progress/remind"


def waiting(world: World, name: str, state: str = "incomplete", **more: object) -> Customer:
    customer = a_customer(world.northstar, name, status="in_progress", **more)
    Rfi.create(customer=customer, order=a_draft(world, customer), state=state, opened_at=now())
    return customer


def letters() -> list[str]:
    return [letter.to_email for letter in Email.select().order_by(Email.id)]


def told(visitor: Visitor, answer: Answer) -> str:
    assert answer.status == 303
    return visitor.get(answer.location).find("#said")[0].text_content()


def test_writes_to_each_with_a_new_link_and_says_so(world: World, admin: Visitor) -> None:
    first, second = waiting(world, "Acme"), waiting(world, "Beta")
    answer = admin.post(f"{REMIND}?sort=users", {"chosen": [first.id, second.id]})
    assert answer.location == "/customers/in-progress?sort=users"
    assert told(admin, answer) == "2 Implementation Leads reminded."
    assert letters() == [f"lead@{customer.primary_domain}" for customer in (first, second)]
    assert RfiLink.select().count() == 2
    assert "/rfi/" in Email.get().text
    lines = History.select().where(History.kind == "rfi.reminded")
    assert {(line.customer_id, line.who_name) for line in lines} == {(c.id, "Ada Admin") for c in (first, second)}


def test_says_who_was_not_reminded_and_why_and_keeps_them_ticked(world: World, admin: Visitor) -> None:
    reminded = waiting(world, "Acme")
    alone, complete = waiting(world, "Alone", lead=""), waiting(world, "Complete", "complete")
    without = a_customer(world.northstar, "Without", status="in_progress")
    lowered = waiting(world, "Lowered")
    a_grant_over(world.admin, lowered, Role.VIEWER)
    chosen = [reminded, alone, complete, without, lowered]
    answer = admin.post(REMIND, {"chosen": [customer.id for customer in chosen]})
    page = admin.get(answer.location)
    said = page.find("#said")[0].text_content()
    assert said.startswith("1 Implementation Lead reminded. Not reminded: ")
    for reason in (
        "Alone (no Implementation Lead with an email address)",
        "Complete (the RFI is complete)",
        "Without (there is no RFI)",
        "Lowered (your role there does not allow it)",
    ):
        assert reason in said
    ticked = [int(box.get("value")) for box in page.find("tbody [name=chosen][checked]")]
    assert sorted(ticked) == [customer.id for customer in chosen[1:]]
    assert letters() == [f"lead@{reminded.primary_domain}"]


def test_reminds_once_a_day_however_often_it_is_pressed(world: World, admin: Visitor) -> None:
    customer = waiting(world, "Acme")
    with time_machine.travel("2026-11-25 12:00:00+00:00", tick=False) as clock:
        told(admin, admin.post(REMIND, {"chosen": customer.id}))
        answer = admin.post(REMIND, {"chosen": customer.id})
        assert told(admin, answer) == "No Implementation Leads reminded. Not reminded: Acme (reminded today already)."
        assert len(letters()) == 1
        clock.shift(timedelta(days=1))
        admin.post(REMIND, {"chosen": customer.id})
        assert len(letters()) == 2


def test_names_the_first_few_of_many(world: World, admin: Visitor) -> None:
    chosen = [waiting(world, f"{n} {'x' * 200}", lead="").id for n in range(25)]
    answer = admin.post(REMIND, {"chosen": chosen})
    assert told(admin, answer).endswith(" and 20 more.")


def test_of_nobody_comes_back_to_the_list(admin: Visitor) -> None:
    answer = admin.post(f"{REMIND}?letter=A", {})
    assert answer.location == "/customers/in-progress?letter=A"
    assert told(admin, answer) == "Tick the customers to remind first."


def test_does_nothing_at_all_when_one_id_is_a_strangers(world: World, admin: Visitor) -> None:
    ours = waiting(world, "Acme")
    theirs = a_customer(world.harbour, "Theirs", status="in_progress")
    before = History.select().count()
    for other in (theirs.id, 2**40, a_customer(world.northstar, "Done", status="complete").id):
        assert admin.post(REMIND, {"chosen": [ours.id, other]}).status == 404
    assert (letters(), History.select().count(), RfiLink.select().count()) == ([], before, 0)


@pytest.mark.parametrize("reader", ["viewer", "technician"])
def test_is_not_for_readers(request: pytest.FixtureRequest, world: World, reader: str) -> None:
    visitor = request.getfixturevalue(reader)
    customer = waiting(world, "Acme")
    assert not visitor.get("/customers/in-progress").find("[formaction]")
    assert visitor.post(REMIND, {"chosen": customer.id}).status == 403
    assert letters() == []


def test_keeps_an_address_that_is_no_address_back(world: World, admin: Visitor) -> None:
    customer = waiting(world, "Acme")
    Contact.update(email="").where(Contact.customer == customer).execute()
    assert "no Implementation Lead" in told(admin, admin.post(REMIND, {"chosen": customer.id}))
