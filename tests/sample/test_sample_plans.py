"""Plans of the sample: worked as far as their customers have come, true to the rules, and never reminded of."""

from collections import Counter as Tally

from blueprints.accounts.standing import standing_of
from blueprints.plans.making import chain_of, template_of
from blueprints.plans.reminding import tend
from blueprints.plans.rules import LOCKED, plan_of
from blueprints.plans.stuck import REASONS, stuck_steps
from blueprints.plans.working import fail
from data.customers import Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.plans import SETTLED, STEP_STATES, Plan, PlanStep
from tests.factories import World


def with_steps() -> list[Plan]:
    return list(Plan.select().where(Plan.template.is_null(False)))


def test_plans_are_made_when_the_rfi_is_handed_in(large: World) -> None:
    for plan in Plan.select().where(Plan.state == "open"):
        assert (plan.template_id is not None) == (plan.customer.rfi_state in ("complete", "error"))
    assert {plan.state for plan in with_steps()} == {"open", "done"}


def test_every_state_of_a_step_is_seen(large: World) -> None:
    states = Tally(state for (state,) in PlanStep.select(PlanStep.state).tuples())
    assert set(states) == set(STEP_STATES) - {"not_applicable"}


def test_kept_figures_equal_a_recount(large: World) -> None:
    for plan in with_steps():
        chain = chain_of(template_of(plan), plan.steps)
        assert (plan.steps_done, plan.steps_total) == (chain.done, chain.total)
        assert plan.customer.steps_left == chain.total - chain.done
        current = chain.current if plan.state == "open" else None
        kept = (plan.current_step, plan.turn, plan.turn_step_id)
        assert kept == ((current.title, current.owner, current.id) if current else ("", "", None))
    assert set(Customer.select(Customer.steps_left).where(Customer.shelf == "prospects").tuples()) == {(-1,)}


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


def test_they_are_seen_and_worked_like_others(large: World) -> None:
    who = standing_of(large.admin)
    ours = [plan for plan in with_steps() if plan.customer.partner_id == large.northstar.id]
    plan = next(plan for plan in ours if plan.state == "open" and plan.steps_done < 5)
    view = plan_of(who, plan.customer_id)
    assert view is not None
    assert view.current is not None
    assert LOCKED in {step.state for step in view.steps}
    fail(who, plan.customer_id, view.current.id, view.current.version, "It does not answer.")


def test_some_are_stuck_for_each_reason_that_a_sample_has(large: World) -> None:
    who = standing_of(large.operator)
    counts = {reason: len(stuck_steps(who, reason, most=500).rows) for reason in REASONS}
    assert counts.pop("drifted") == 0
    assert all(counts.values()), counts


def test_nobody_is_reminded_of_what_was_made_up(large: World) -> None:
    before = Email.select().count()
    assert tend("https://portal.example") == 0
    assert Email.select().count() == before
