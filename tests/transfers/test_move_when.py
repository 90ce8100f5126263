"""When a partner change happens: by the calendar of the releasing MSP, once, or a reason why not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import time_machine

from blueprints.transfers import confirming, jobs, moving
from blueprints.transfers.letters import Concern
from data.customers import Customer
from data.database import database, is_sqlite
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from data.orders import Order
from data.partners import Partner
from data.transfers import Transfer
from tests.at_once import at_once
from tests.factories import World
from tests.transfers.changing import (
    ASKING,
    DAY,
    ON_THE_DAY,
    PORTAL_ADDRESS,
    accepted,
    asked,
    clock,
    confirmed,
    go,
    of,
    on_the_way,
    provider,
    rows,
)
from tests.transfers.planted import plant


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Berlin", "America/New_York", "Pacific/Niue"])
def test_the_day_begins_where_the_releasing_msp_is(zone: str, world: World) -> None:
    transfer = on_the_way(world)
    Partner.update(timezone=zone).where(Partner.id == world.harbour.id).execute()
    begins = datetime(2027, 2, 15, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert (go(begins - timedelta(seconds=1)), of(transfer).state) == (0, "confirmed")
    assert (go(begins), of(transfer).state) == (1, "moved")


def test_doing_it_again_does_nothing_more(world: World) -> None:
    on_the_way(world)
    assert go() == 1
    before = rows()
    assert go() == 0
    assert go(ON_THE_DAY + timedelta(days=30)) == 0
    assert rows() == before


def test_confirmed_on_the_day_it_still_happens_that_day(world: World) -> None:
    with clock(ASKING):
        transfer = accepted(world, asked(world))
    assert go() == 0
    with clock(ON_THE_DAY):
        confirming.confirm(provider(world), transfer.id, transfer.version, PORTAL_ADDRESS)
    assert go() == 1


@pytest.mark.parametrize("state", ["asked", "accepted"])
def test_what_nobody_agreed_to_in_time_lapses_and_leaves_the_customer(state: str, world: World) -> None:
    with clock(ASKING):
        transfer = asked(world) if state == "asked" else accepted(world, asked(world))
    assert go() == 0
    assert go(ON_THE_DAY + timedelta(days=1)) == 1
    found = of(transfer)
    assert (found.state, found.reason) == ("lapsed", moving.NOT_IN_TIME[state])
    assert Customer.get_by_id(transfer.customer_id).status == "complete"
    assert Email.select().where(Email.kind == "transfer_over").count() == 2


def the_receiver_closes(world: World, transfer: Transfer) -> None:
    Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()


def onboarding_is_opened_again(world: World, transfer: Transfer) -> None:
    Customer.update(status="in_progress", shelf="in_progress").where(Customer.id == transfer.customer_id).execute()


def users_change(world: World, transfer: Transfer) -> None:
    Order.update(permitted_users=41).where(Order.customer == transfer.customer_id).execute()


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (the_receiver_closes, "Northstar IT is closed"),
        (onboarding_is_opened_again, "in progress by now"),
        (users_change, "not what was agreed on"),
    ],
)
def test_what_cannot_happen_any_more_lapses_with_the_reason(happens: Callable, told: str, world: World) -> None:
    transfer = on_the_way(world)
    happens(world, transfer)
    assert go() == 1
    found = of(transfer)
    assert (found.state, told in found.reason) == ("lapsed", True)
    line = History.get(History.kind == "transfer.lapsed")
    assert told in sentence(line)
    assert Customer.select().count() == 1


def test_a_draft_that_slipped_in_is_dropped(world: World) -> None:
    transfer = on_the_way(world)
    customer = Customer.get_by_id(transfer.customer_id)
    who = world.stranger
    Order.create(
        customer=customer, partner=customer.partner_id, permitted_users=9, currency="EUR", created_at=now(),
        created_by=who, changed_at=now(), changed_by=who,
    )  # fmt: skip  # an order with nothing on it
    assert go() == 1
    assert not Order.select().where(Order.state == "draft").exists()
    assert History.select().where(History.kind == "order.dropped").exists()


def test_one_that_cannot_be_moved_keeps_no_other_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = on_the_way(world), on_the_way(world)
    move = moving.move

    def broken(concern: Concern) -> None:
        if concern.transfer.id == first.id:
            raise RuntimeError("the printer is on fire")
        move(concern)

    monkeypatch.setattr(moving, "move", broken)
    assert go() == 1
    assert (of(first).state, of(second).state) == ("confirmed", "moved")
    assert Customer.get_by_id(first.customer_id).status == "complete", "nothing of it happened"
    monkeypatch.undo()
    assert go() == 1


def test_whatever_fails_in_the_middle_nothing_has_happened(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock(ASKING):
        planted = plant(world)
        confirmed(world, planted.customer)
    before = rows()
    for name in ("end_links", "drop_draft", "take_over", "end_work", "erase_secrets", "write_moved"):
        with monkeypatch.context() as patch:
            patch.setattr(moving, name, lambda *_: 1 / 0)
            assert go() == 0
        assert rows() == before, name


def test_two_workers_at_once_move_it_once(world: World, database_url: str) -> None:
    transfer = on_the_way(world)
    with time_machine.travel(ON_THE_DAY, tick=True):
        done = at_once(*[partial(moving.move_due, PORTAL_ADDRESS)] * 2)
    assert sorted(done) == [0, 1]
    assert Customer.select().count() == 2
    assert of(transfer).state == "moved"


def test_due_ones_are_found_without_looking_at_the_others(world: World, statements: Callable) -> None:
    """One question for all of them, and a few for each that is due."""
    transfer = on_the_way(world)
    with clock(ON_THE_DAY - timedelta(days=2)):
        quiet = statements(lambda: moving.move_due(PORTAL_ADDRESS))
    assert quiet == 1
    if is_sqlite():  # PostgreSQL weighs small tables otherwise
        question, values = moving.due_query(date.min, 0).sql()
        plan = database.execute_sql(f"EXPLAIN QUERY PLAN {question}", values).fetchall()
        assert "transfer_due" in str(plan)
    assert of(transfer).day == DAY


def test_the_worker_comes_by_with_the_address_of_the_portal(world: World) -> None:
    transfer = on_the_way(world)
    with clock(ON_THE_DAY):
        jobs.move_due.call_local()
    assert of(transfer).state == "moved"
    letter = Email.get(Email.kind == "transfer_moved")
    assert jobs.portal.startswith("http")
    assert f"{jobs.portal}/customers/{transfer.customer_id}" in letter.text
