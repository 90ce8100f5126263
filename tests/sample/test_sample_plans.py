"""Plans of the sample: worked as far as their customers have come, true to the rules, and never reminded of."""

from collections import Counter as Tally

import pytest

from blueprints.plans.making import chain_of, template_of
from data.history import History
from data.moments import now
from data.plans import SETTLED, STEP_STATES, Plan, PlanStep
from tests.factories import World
from tests.sample.samples import with_steps

pytestmark = pytest.mark.alike("what a sample says is made up before a database keeps it; loading it is tested on both")


def test_plans_are_made_when_the_rfi_is_handed_in(large: World) -> None:
    for plan in Plan.select().where(Plan.state == "open"):
        assert (plan.template_id is not None) == (plan.customer.rfi_state in ("complete", "error"))
    assert {plan.state for plan in with_steps()} == {"open", "done"}


def test_every_state_of_a_step_is_seen(large: World) -> None:
    states = Tally(state for (state,) in PlanStep.select(PlanStep.state).tuples())
    assert set(states) == set(STEP_STATES) - {"not_applicable"}


def test_no_step_is_done_before_what_it_waits_for(large: World) -> None:
    for plan in with_steps():
        chain = chain_of(template_of(plan), plan.steps)
        for row in chain.steps:
            if row.state != "not_started":
                assert not chain.waits_for(row), row.title
            for earlier in chain.before(row):
                assert row.state != "done" or earlier.changed_at <= row.changed_at or row.optional


def test_nothing_happened_in_the_future_or_before_the_order(large: World) -> None:
    for plan in with_steps():
        for row in plan.steps:
            assert plan.opened_at <= row.changed_at <= now()


def test_plans_that_are_done_are_settled_and_signed(large: World) -> None:
    for plan in with_steps():
        if plan.state == "done":
            assert all(row.state in SETTLED for row in plan.steps if not row.optional)
            assert plan.partner_signed_at
            assert plan.customer_signed_at
            assert plan.completed_at
            assert plan.customer.status != "in_progress"


def test_the_history_tells_how_far_a_plan_has_come(large: World) -> None:
    for plan in with_steps():
        lines = History.select(History.kind).where(History.customer_id == plan.customer_id).tuples()
        told = Tally(kind for (kind,) in lines)
        assert told["plan.made"] == 1
        if plan.state == "open":
            at_once = sum(1 for step in template_of(plan) if step.does in ("order", "rfi") and step.id in keys(plan))
            assert told["plan.step_done"] == plan.steps_done - at_once


def keys(plan: Plan) -> set[str]:
    return {row.key for row in plan.steps}
