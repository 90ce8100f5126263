"""What is stuck: overdue, failed, drifted, waiting on the customer; whose, in which order, and page by page."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from blueprints.accounts.standing import Standing, standing_of
from blueprints.plans.arranging import set_due
from blueprints.plans.proving import hear
from blueprints.plans.stuck import LEGS, LISTED, REASONS, place_of, stuck_steps
from blueprints.plans.working import done, fail
from data.customers import Customer
from data.database import database, is_sqlite
from data.plans import Plan
from data.roles import Role
from tests.factories import World, a_grant_over, a_person
from tests.plans.planned import WHY, a_plan, act, finish, proven, step, technician


@pytest.fixture
def plan(clock, world: World) -> Plan:
    return a_plan(world)


def found(who: Standing, reason: str = "") -> list[tuple[str, str]]:
    return [(row.reason, row.title) for row in stuck_steps(who, reason).rows]


def test_nothing_is_stuck_in_the_beginning(world: World, plan: Plan) -> None:
    assert found(technician(world)) == []


def test_a_step_that_failed(world: World, plan: Plan) -> None:
    act(fail, technician(world), plan, "configure", "No licence.")
    (row,) = stuck_steps(technician(world)).rows
    assert (row.reason_word, row.title, row.said, row.customer_id) == (
        "Failed",
        "Configure the account",
        "No licence.",
        plan.customer_id,
    )


def test_a_step_whose_day_is_over(clock, world: World, plan: Plan) -> None:
    act(set_due, technician(world), plan, "outbound", date(2026, 3, 2))
    assert found(technician(world)) == []
    clock.shift(timedelta(days=1))
    assert found(technician(world)) == [("overdue", "Send through the service")], "though it is locked"
    finish(world, plan, "outbound")
    assert found(technician(world)) == []


def test_a_step_that_the_customer_has_not_done_for_days(clock, world: World, plan: Plan) -> None:
    finish(world, plan, "review", "configure")
    clock.shift(timedelta(days=2))
    assert found(technician(world)) == []
    clock.shift(timedelta(days=1))
    assert found(technician(world)) == [("customer", "Prove that the domains are yours")]


def test_what_drifted_also_after_the_plan_is_done(clock, world: World, plan: Plan) -> None:
    finish(world, plan, "configure", "domains")
    Plan.update(state="done").execute()
    proven(step(plan, "domains"), "failed")
    hear(plan.customer_id, step(plan, "domains").id, "failed", "The record is gone.")
    Customer.update(status="complete", shelf="complete").execute()
    (row,) = stuck_steps(technician(world)).rows
    assert (row.reason, row.said) == ("drifted", "The record is gone.")


def test_each_step_stands_there_once_for_the_worst_reason(clock, world: World, plan: Plan) -> None:
    finish(world, plan, "review", "configure")
    act(set_due, technician(world), plan, "domains", date(2026, 3, 2))
    clock.shift(timedelta(days=5))
    assert found(technician(world)) == [("overdue", "Prove that the domains are yours")]
    act(fail, technician(world), plan, "domains", WHY)
    assert found(technician(world)) == [("failed", "Prove that the domains are yours")]


@pytest.mark.parametrize("state", ["closed", "done"])
def test_plans_that_are_over_are_not_stuck(world: World, plan: Plan, state: str) -> None:
    act(fail, technician(world), plan, "configure", WHY)
    Plan.update(state=state).execute()
    assert found(technician(world)) == []


def test_nor_those_of_customers_who_left(world: World, plan: Plan) -> None:
    act(fail, technician(world), plan, "configure", WHY)
    Customer.update(status="cancelled", shelf="past").execute()
    assert found(technician(world)) == []


def test_everybody_sees_those_whom_they_reach(world: World, plan: Plan) -> None:
    act(fail, technician(world), plan, "configure", WHY)
    kept_away = a_person("Kit Keptaway", world.northstar, Role.TECHNICIAN)
    a_grant_over(kept_away, Customer.get(), Role.NONE)
    counts = {
        who.name: len(stuck_steps(standing_of(who)).rows)
        for who in (world.operator, world.admin, world.viewer, world.stranger, kept_away)
    }
    assert counts == {"Olga Operator": 1, "Ada Admin": 1, "Vera Viewer": 1, "Sten Stranger": 0, "Kit Keptaway": 0}


def test_the_longest_stuck_come_first_and_no_page_repeats_or_leaves_out(clock, world: World) -> None:
    who = technician(world)
    for number in range(9):
        plan = a_plan(world)
        if number % 3 == 0:
            act(fail, who, plan, "configure", WHY)
        act(set_due, who, plan, "outbound", date(2026, 3, 1 + number % 2))
        act(set_due, who, plan, "dkim", date(2026, 3, 1))
        clock.shift(timedelta(minutes=number % 2))
    clock.shift(timedelta(days=9))
    whole = stuck_steps(who, most=100).rows
    assert len(whole) == 3 + 9 + 9
    assert [row.since for row in whole] == sorted(row.since for row in whole)
    for size in (1, 2, 5, 20):
        paged, after = [], ""
        while True:
            page = stuck_steps(who, after=after, most=size)
            paged += page.rows
            after = page.after
            if not after:
                break
        assert paged == list(whole)


@pytest.mark.parametrize(
    "key", ["", "x", "20260302-", "-5", "99999999999999999999-1", "20260302093000000000-" + "9" * 30]
)
def test_what_is_no_key_shows_the_first_page(world: World, plan: Plan, key: str) -> None:
    act(fail, technician(world), plan, "configure", WHY)
    assert place_of(key) is None
    assert len(stuck_steps(technician(world), after=key).rows) == 1


def test_it_costs_the_same_for_one_and_for_many(
    clock, world: World, statements: Callable[[Callable[[], object]], int]
) -> None:
    who = technician(world)
    for _ in range(6):
        plan = a_plan(world)
        act(fail, who, plan, "configure", WHY)
    assert statements(lambda: stuck_steps(who)) == len(REASONS)
    assert statements(lambda: stuck_steps(who, "overdue")) == 1


def test_each_reason_is_read_along_an_index(world: World) -> None:
    if not is_sqlite():
        return  # PostgreSQL reads a table this small from end to end
    names = ("plan_step_failed", "plan_step_alert", "plan_step_due", "plan_customer_turn")
    for name, leg in zip(names, LEGS.values(), strict=True):
        question = leg.rows().where(LISTED, leg.holds(date(2026, 3, 2))).order_by(leg.column, leg.step).limit(25)
        sql, given = question.sql()
        read = "; ".join(row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", given))
        assert read.startswith(("SCAN", "SEARCH")), read
        assert f"USING INDEX {name}" in read.partition(";")[0], read
        assert "TEMP B-TREE" not in read or name == "plan_step_due", read


def test_done_steps_are_not_stuck(clock, world: World, plan: Plan) -> None:
    act(set_due, technician(world), plan, "configure", date(2026, 3, 2))
    act(done, technician(world), plan, "configure")
    clock.shift(timedelta(days=9))
    assert found(technician(world), "overdue") == []
