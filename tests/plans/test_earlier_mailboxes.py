"""The mailboxes of a plan before the newest: their list can still be read, and nothing of it changed."""

import pytest

from data.customers import Customer
from data.moments import now
from data.plans import Mailbox, Plan, PlanStep
from tests.factories import World
from tests.orders.drafts import a_draft
from tests.plans.moving import a_mailbox, a_move, here, mailbox
from tests.plans.planned import a_plan, step
from tests.rfi.waiting_for import submitted
from tests.visits import Visitor


@pytest.fixture
def first(world: World) -> Plan:
    """It has moved its mailboxes."""
    plan = a_move(world, *(f"name{number:03}" for number in range(60)), password="")
    Mailbox.update(state="ok", folders=3, messages=7, size=9_000, tested_at=now()).execute()
    PlanStep.update(state="done").where(PlanStep.plan == plan).execute()
    Plan.update(state="done").where(Plan.id == plan.id).execute()
    Customer.update(status="complete", shelf="complete").where(Customer.id == plan.customer_id).execute()
    return plan


@pytest.fixture
def second(world: World, first: Plan) -> Plan:
    """Of a change order, whose answers are still to come."""
    return Plan.create(customer=first.customer, order=submitted(a_draft(world, first.customer), world), opened_at=now())


def test_the_page_of_the_step_leads_to_the_list(viewer: Visitor, first: Plan, second: Plan) -> None:
    address = f"/customers/{first.customer_id}/plan/{step(first, 'imap_test').id}"
    (link,) = viewer.get(address).find("#step a[href*=mailboxes]")
    page = viewer.get(link.get("href"))
    assert "Of an earlier plan: they are only read." in page.text
    assert "60 · 420 messages" in page.text
    assert [back.get("href") for back in page.find("main > p a")][-1] == f"/customers/{first.customer_id}/plan"


def test_everything_on_it_stays_with_that_plan(viewer: Visitor, first: Plan, second: Plan) -> None:
    of = f"{here(first)}/of/{first.id}"
    page = viewer.get(of)
    further = page.find("a[rel=next]")[0].get("href")
    assert further.startswith(of)
    assert "name059" in viewer.get(further).text
    found = viewer.get(f"{of}?q=name007")
    assert found.find("#seek")[0].get("action") == of
    (row,) = found.find("tbody a")
    one = viewer.get(row.get("href"))
    assert one.find("h1")[0].text_content() == "name007@company.example"
    assert "Of an earlier plan: it is only read." in one.text


def test_nothing_on_it_can_be_changed(technician: Visitor, first: Plan, second: Plan) -> None:
    of = f"{here(first)}/of/{first.id}"
    assert technician.get(of).find("main form:not(#seek), main a.button:not([rel])") == []
    assert technician.get(f"{of}/{mailbox(first, 'name001').id}").find("main form") == []
    assert technician.get(f"{of}/test").location == of
    for act in ("test", "cancel", "take-over", "list", "source"):
        assert technician.post(f"{of}/{act}").status in (404, 405)


def test_the_newest_plan_keeps_its_own(viewer: Visitor, world: World, first: Plan, second: Plan) -> None:
    assert viewer.get(here(first)).status == 404, "it moves none"
    Plan.update(state="closed").where(Plan.id == second.id).execute()
    Plan.update(customer=first.customer_id).where(Plan.id == a_move(world).id).execute()
    newest = Plan.select().order_by(Plan.id.desc()).get()
    a_mailbox(newest, "greta")
    assert "greta" in viewer.get(here(first)).text
    assert "greta" not in viewer.get(f"{here(first)}/of/{first.id}?q=greta").find("#found")[0].text_content()
    assert viewer.get(f"{here(first)}/of/{newest.id}/{mailbox(first, 'name001').id}").status == 404
    assert viewer.get(f"{here(first)}/of/{first.id}/{mailbox(newest, 'greta').id}").status == 404


def test_is_not_there_for_strangers_nor_of_other_customers(
    stranger: Visitor, viewer: Visitor, world: World, first: Plan, second: Plan
) -> None:
    of = f"{here(first)}/of/{first.id}"
    assert stranger.get(of).status == stranger.get(f"{of}/{mailbox(first, 'name001').id}").status == 404
    other = a_plan(world)
    assert viewer.get(f"{here(other)}/of/{first.id}").status == 404
    assert viewer.get(f"{here(first)}/of/{second.id}").status == 404, "it has no steps"
    assert viewer.get(f"{here(first)}/of/999999").status == 404
