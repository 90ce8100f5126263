"""What the database itself holds: counts, append-only history, one writer, no half changes."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import DatabaseError, IntegrityError, fn

from data import history
from data.customers import SHELVES, Customer
from data.database import database, migrate, pending_migrations, transaction
from data.fields import Moment, Money
from data.history import PORTAL, History
from data.partners import ContractedPrice
from tests.factories import World, a_customer, a_prospect


def test_migrates_once(app: Flask) -> None:
    assert pending_migrations() == []
    assert migrate() == []


class TestHistory:
    @pytest.fixture
    def line(self, world: World) -> History:
        with transaction():
            history.record("plan.opened", PORTAL, partner=world.northstar.id)
        return History.select().order_by(History.id.desc()).get()

    def test_no_line_can_be_changed(self, line: History) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction():
            History.update(who_name="somebody else").where(History.id == line.id).execute()
        assert History.get_by_id(line.id).who_name == "the portal"

    def test_no_line_can_be_removed(self, line: History) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction():
            line.delete_instance()
        assert History.get_or_none(History.id == line.id)

    def test_a_line_needs_the_transaction_of_its_change(self, world: World) -> None:
        with pytest.raises(RuntimeError, match="in the transaction"):
            history.record("plan.opened", PORTAL)

    def test_a_line_carries_the_facts_of_its_kind(self, world: World) -> None:
        for wrong in ({}, {"name": "x", "more": 1}):
            with pytest.raises(ValueError, match="tells"), transaction():
                history.record("attachment.filed", PORTAL, **wrong)


def recount() -> dict[tuple[int, str, str], int]:
    query = Customer.select(Customer.partner_id, Customer.shelf, Customer.letter, fn.COUNT(Customer.id)).group_by(
        Customer.partner_id, Customer.shelf, Customer.letter
    )
    return {(partner, shelf, letter): n for partner, shelf, letter, n in query.tuples()}


def kept_counts() -> dict[tuple[int, str, str], int]:
    rows = database.execute_sql("SELECT partner_id, shelf, letter, n FROM customer_count WHERE n <> 0").fetchall()
    return {(partner, shelf, letter): n for partner, shelf, letter, n in rows}


ACTS = st.lists(st.tuples(st.sampled_from(["add", "move", "rename", "remove"]), st.integers(0, 9)), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_kept_counts_equal_a_recount(world: World, acts: list[tuple[str, int]]) -> None:
    for act, number in acts:
        everybody = list(Customer.select().order_by(Customer.id))
        chosen = everybody[number % len(everybody)] if everybody else None
        if act == "add" or chosen is None:
            a_customer(world.northstar, f"{'ABZ9Ü'[number % 5]} company", list(SHELVES)[number % 8], lead="")
        elif act == "move":
            status = list(SHELVES)[number % 8]
            Customer.update(status=status, shelf=SHELVES[status]).where(Customer.id == chosen.id).execute()
        elif act == "rename":
            Customer.update(letter="#" if number % 2 else "Q").where(Customer.id == chosen.id).execute()
        else:
            chosen.delete_instance()
    assert kept_counts() == recount()


def test_a_live_domain_belongs_to_one_customer_on_the_installation(world: World) -> None:
    a_prospect(world.northstar, primary_domain="taken.example")
    with pytest.raises(IntegrityError), transaction():
        a_prospect(world.harbour, primary_domain="taken.example")
    a_customer(world.harbour, status="cancelled", primary_domain="taken.example")


def test_status_and_list_agree(world: World) -> None:
    prospect = a_prospect(world.northstar)
    with pytest.raises(IntegrityError), transaction():
        Customer.update(status="complete").where(Customer.id == prospect.id).execute()


def test_reading_first_and_writing_later_waits_instead_of_failing(world: World) -> None:
    """Two transactions that read before they write: on SQLite the second would fail at once, were it not IMMEDIATE."""
    problems: list[Exception] = []
    start = threading.Barrier(4)

    def raise_users() -> None:
        try:
            start.wait()
            for _ in range(10):
                with transaction():
                    Customer.select().count()
                    Customer.update(permitted_users=Customer.permitted_users + 1).execute()
        except Exception as problem:  # noqa: BLE001 - whatever it is, the test tells it
            problems.append(problem)
        finally:
            database.close()

    customer = a_prospect(world.northstar, permitted_users=0)
    writers = [threading.Thread(target=raise_users) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert problems == []
    assert Customer.get_by_id(customer.id).permitted_users == 40


def test_a_connection_left_in_a_transaction_is_cleared(app: Flask, visit_as: Callable) -> None:
    visit_as(None).get("/rfi/guess")
    assert not database.in_transaction()


@given(st.decimals(min_value=0, max_value=10**10, places=4))
def test_money_reads_back_exactly(amount: Decimal) -> None:
    assert Money().python_value(Money().db_value(amount)) == amount


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 - the zone is added below
def test_moments_read_back_exactly_and_sort_as_text(naive: datetime, hours: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    stored = Moment().db_value(moment)
    assert Moment().python_value(stored) == moment
    later = Moment().db_value(moment + timedelta(microseconds=1))
    assert stored < later


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Moment().db_value(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused here


def test_prices_keep_their_decimals(world: World) -> None:
    price = ContractedPrice.get()
    price.one_time_fee = Decimal("0.0001")
    price.save()
    assert ContractedPrice.get_by_id(price.id).one_time_fee == Decimal("0.0001")


def test_the_clock_is_utc(world: World) -> None:
    assert world.northstar.created_at.tzinfo is UTC
