"""Working a plan: what each act does, whom it refuses and when, and what it leaves in the history."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from blueprints.accounts.standing import standing_of
from blueprints.plans.arranging import OwnStep, add_step, assign, comment, set_due
from blueprints.plans.held import NeedsReason, NotTheirs, PlanOver, StepChanged
from blueprints.plans.rules import comments_of, plan_of, runs_of
from blueprints.plans.working import (
    AlreadyDone,
    DoneBehind,
    Dropped,
    NothingToUndo,
    NotOptional,
    SignedOnly,
    StillLocked,
    TooEarly,
    Unproven,
    WrongTime,
    done,
    drop_step,
    fail,
    not_applicable,
    override,
    start,
    undo,
    wait_until,
)
from blueprints.web.refusals import MayNot, NotThere, Refused
from data.customers import Customer
from data.moments import now
from data.plans import Plan, PlanCheck, PlanStep
from tests.at_once import at_once, names_of
from tests.factories import World
from tests.plans.planned import WHY, a_plan, act, by_link, finish, proven, seen, shown, step, technician, told

START = "2026-03-02T09:30:00Z"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan(world)


class TestForward:
    def test_a_step_is_started_and_done(self, world: World, plan: Plan) -> None:
        who = technician(world)
        assert act(start, who, plan, "configure").state == "in_progress"
        assert act(done, who, plan, "configure").state == "done"
        row = step(plan, "configure")
        assert (row.changed_by_name, row.changed_by_id, row.version) == ("Tom Technician", world.technician.id, 3)
        assert told() == ["Step “Configure the account” started", "Step “Configure the account” done"]

    def test_a_step_may_be_done_at_once(self, world: World, plan: Plan) -> None:
        assert act(done, technician(world), plan, "configure").state == "done"

    def test_what_waited_for_it_can_be_worked_on_then(self, world: World, plan: Plan) -> None:
        who = technician(world)
        before = shown(who, plan, "users")
        assert (before.state, before.waits_for) == ("locked", ("Configure the account",))
        act(done, who, plan, "configure")
        assert shown(who, plan, "users").state == "not_started"

    def test_the_counts_and_whose_turn_it_is_follow(self, world: World, plan: Plan) -> None:
        before = plan.steps_done
        finish(world, plan, "review", "configure")
        plan = Plan.get_by_id(plan.id)
        assert (plan.steps_done, plan.current_step, plan.turn) == (
            before + 2,
            "Prove that the domains are yours",
            "customer",
        )
        assert plan.turn_step_id == step(plan, "domains").id
        assert Customer.get().steps_left == plan.steps_total - plan.steps_done

    def test_a_locked_step_is_refused_and_says_what_it_waits_for(self, world: World, plan: Plan) -> None:
        for rule, given in ((done, ()), (start, ()), (fail, (WHY,)), (wait_until, (now() + timedelta(1),))):
            with pytest.raises(StillLocked) as refused:
                act(rule, technician(world), plan, "outbound", *given)
            assert refused.value.waits_for == ("Publish the new SPF record",)
        assert "This step waits for “Publish the new SPF record”." in refused.value.sentence
        assert told() == []

    def test_a_step_that_is_done_is_refused(self, world: World, plan: Plan) -> None:
        who = technician(world)
        act(done, who, plan, "configure")
        for rule, given in ((done, ()), (start, ()), (fail, (WHY,)), (override, (WHY,)), (drop_step, (WHY,))):
            with pytest.raises(AlreadyDone):
                act(rule, who, plan, "configure", *given)

    def test_whoever_saw_an_earlier_version_is_refused(self, world: World, plan: Plan) -> None:
        who = technician(world)
        act(start, who, plan, "configure")
        row = step(plan, "configure")
        for rule, given in ((done, ()), (override, (WHY,)), (undo, (WHY,)), (assign, (None,)), (set_due, (None,))):
            with pytest.raises(StepChanged):
                rule(who, plan.customer_id, row.id, row.version - 1, *given)

    def test_a_failed_step_says_why_and_starts_again(self, world: World, plan: Plan) -> None:
        who = technician(world)
        act(fail, who, plan, "configure", WHY)
        assert (step(plan, "configure").state, step(plan, "configure").reason) == ("failed", WHY)
        assert act(start, who, plan, "configure").state == "in_progress"

    def test_a_step_waits_until_a_moment(self, clock, world: World, plan: Plan) -> None:
        until = now() + timedelta(hours=5)
        act(wait_until, technician(world), plan, "configure", until)
        view = shown(technician(world), plan, "configure")
        assert (view.state, view.waiting_until) == ("waiting", until)
        assert told() == ["Step “Configure the account” waits until 2026-03-02 14:30 UTC"]

    @pytest.mark.parametrize("hours", [-1, 0, 24 * 400])
    def test_it_does_not_wait_for_the_past_or_for_ever(self, clock, world: World, plan: Plan, hours: int) -> None:
        with pytest.raises(WrongTime):
            act(wait_until, technician(world), plan, "configure", now() + timedelta(hours=hours))


class TestTooEarly:
    def test_a_step_that_has_to_run_is_done_after_its_hours(self, clock, world: World, plan: Plan) -> None:
        who = technician(world)
        finish(world, plan, "configure", "domains", "spf", "outbound")
        with pytest.raises(TooEarly, match="Start this step first: from then on it runs for 72 hours"):
            act(done, who, plan, "outbound_observed")
        assert act(start, who, plan, "outbound_observed").waiting_until == now() + timedelta(hours=72)
        clock.shift(timedelta(hours=71))
        with pytest.raises(TooEarly, match="runs until 05 March 2026, 09:30 UTC") as refused:
            act(done, who, plan, "outbound_observed")
        assert refused.value.until == now() + timedelta(hours=1)
        clock.shift(timedelta(hours=1))
        assert act(done, who, plan, "outbound_observed").state == "done"

    def test_the_cutover_stays_72_hours_behind_the_mx_change(self, clock, world: World) -> None:
        plan = a_plan(world, "migration")
        everything = [row.key for row in PlanStep.select().order_by(PlanStep.position)]
        finish(
            world, plan, *[key for key in everything[: everything.index("cut_over")] if step(plan, key).state != "done"]
        )
        clock.shift(timedelta(hours=71, minutes=59))
        with pytest.raises(TooEarly, match="72 hours must pass after “Change the MX records”"):
            act(done, technician(world), plan, "cut_over")
        assert shown(technician(world), plan, "cut_over").not_before == now() + timedelta(minutes=1)
        clock.shift(timedelta(minutes=1))
        assert act(done, technician(world), plan, "cut_over").state == "done"

    def test_it_can_be_overridden_with_a_reason(self, clock, world: World, plan: Plan) -> None:
        finish(world, plan, "outbound_observed")
        assert step(plan, "outbound_observed").reason == WHY


class TestProof:
    @pytest.mark.parametrize("outcome", ["", "failed", "undetermined", "could_not_run"])
    def test_what_a_check_proves_is_not_done_without_it(self, world: World, plan: Plan, outcome: str) -> None:
        finish(world, plan, "configure")
        if outcome:
            proven(step(plan, "domains"), outcome)
        with pytest.raises(Unproven):
            act(done, technician(world), plan, "domains")
        act(override, technician(world), plan, "domains", WHY)

    def test_the_newest_answer_counts(self, world: World, plan: Plan) -> None:
        finish(world, plan, "configure")
        proven(step(plan, "domains"), "failed")
        proven(step(plan, "domains"))
        assert act(done, technician(world), plan, "domains").state == "done"
        evidence = shown(technician(world), plan, "domains").evidence
        assert evidence is not None
        assert (evidence.outcome, evidence.sentence) == ("passed", "Seen.")
        runs = runs_of(technician(world), plan.customer_id, step(plan, "domains").id)
        assert [run.outcome for run in runs] == ["passed", "failed"]

    def test_a_check_under_way_shows(self, world: World, plan: Plan) -> None:
        PlanCheck.create(step=step(plan, "domains"), kind="token", not_before=now())
        assert shown(technician(world), plan, "domains").checking
        assert seen(technician(world), plan).moves_soon


class TestWithAReason:
    def test_an_override_finishes_what_is_locked(self, world: World, plan: Plan) -> None:
        act(override, technician(world), plan, "mx_change", WHY)
        assert (step(plan, "mx_change").state, step(plan, "mx_change").reason) == ("done", WHY)
        assert told() == [f"Step “Change the MX records” done by override: {WHY}"]

    @pytest.mark.parametrize("rule", [override, undo, drop_step, fail])
    @pytest.mark.parametrize("reason", ["", "   "])
    def test_it_needs_one(self, world: World, plan: Plan, rule: Callable[..., Any], reason: str) -> None:
        act(start, technician(world), plan, "configure")
        with pytest.raises(NeedsReason) as refused:
            act(rule, technician(world), plan, "configure", reason)
        assert refused.value.field == "reason"

    def test_not_one_that_is_too_long(self, world: World, plan: Plan) -> None:
        with pytest.raises(Refused, match="At most 1,000 characters"):
            act(override, technician(world), plan, "configure", "x" * 1001)

    def test_only_optional_steps_are_simply_not_applicable(self, world: World, plan: Plan) -> None:
        act(not_applicable, technician(world), plan, "dkim", WHY)
        with pytest.raises(NotOptional):
            act(not_applicable, technician(world), plan, "outbound", WHY)
        act(not_applicable, technician(world), plan, "outbound", WHY, overriding=True)
        assert step(plan, "outbound").state == "not_applicable"

    def test_what_waited_for_it_waits_for_what_it_waited_for(self, world: World, plan: Plan) -> None:
        act(not_applicable, technician(world), plan, "outbound", WHY, overriding=True)
        assert shown(technician(world), plan, "outbound_observed").waits_for == ("Publish the new SPF record",)

    def test_a_dropped_step_is_out_of_the_counts_and_passes_its_locks_on(self, world: World, plan: Plan) -> None:
        act(drop_step, technician(world), plan, "outbound", WHY)
        assert Plan.get().steps_total == plan.steps_total - 1
        view = seen(technician(world), plan)
        assert [each.key for each in view.dropped] == ["outbound"]
        assert shown(technician(world), plan, "outbound_observed").waits_for == ("Publish the new SPF record",)
        with pytest.raises(Dropped):
            act(done, technician(world), plan, "outbound")

    def test_undoing_takes_a_dropped_step_up_again(self, world: World, plan: Plan) -> None:
        act(drop_step, technician(world), plan, "outbound", WHY)
        act(undo, technician(world), plan, "outbound", "After all.")
        assert (step(plan, "outbound").dropped_at, Plan.get().steps_total) == (None, plan.steps_total)


class TestUndoing:
    def test_a_step_is_as_if_nobody_had_begun(self, world: World, plan: Plan) -> None:
        act(done, technician(world), plan, "configure")
        act(undo, technician(world), plan, "configure", WHY)
        assert step(plan, "configure").state == "not_started"
        assert told()[-1] == f"Step “Configure the account” taken up again: {WHY}"

    def test_not_while_what_came_after_is_done(self, world: World, plan: Plan) -> None:
        finish(world, plan, "configure", "domains", "users")
        with pytest.raises(DoneBehind) as refused:
            act(undo, technician(world), plan, "configure", WHY)
        assert refused.value.steps == ("Prove that the domains are yours", "Import the people")
        assert refused.value.sentence.startswith(
            "“Prove that the domains are yours” and “Import the people” came after"
        )

    def test_nor_through_one_that_is_not_applicable(self, world: World, plan: Plan) -> None:
        finish(world, plan, "configure", "domains", "spf")
        act(not_applicable, technician(world), plan, "outbound", WHY, overriding=True)
        act(start, technician(world), plan, "outbound_observed")
        finish(world, plan, "outbound_observed")
        with pytest.raises(DoneBehind, match="Watch outbound mail"):
            act(undo, technician(world), plan, "spf", WHY)
        with pytest.raises(DoneBehind, match="Watch outbound mail"):
            act(undo, technician(world), plan, "outbound", WHY)

    def test_nothing_that_nobody_began(self, world: World, plan: Plan) -> None:
        with pytest.raises(NothingToUndo):
            act(undo, technician(world), plan, "configure", WHY)


class TestWho:
    def test_readers_and_strangers_change_nothing(self, world: World, plan: Plan) -> None:
        for who, refusal in ((world.viewer, MayNot), (world.stranger, NotThere)):
            for rule, given in ((start, ()), (done, ()), (override, (WHY,)), (set_due, (None,)), (assign, (None,))):
                with pytest.raises(refusal):
                    act(rule, standing_of(who), plan, "configure", *given)
        assert seen(standing_of(world.viewer), plan).steps[0].acts == frozenset()
        with pytest.raises(NotThere):
            plan_of(standing_of(world.stranger), plan.customer_id)

    def test_the_contact_does_the_customers_steps(self, world: World, plan: Plan) -> None:
        who = by_link(plan)
        finish(world, plan, "configure")
        proven(step(plan, "domains"))
        act(start, who, plan, "domains")
        act(done, who, plan, "domains")
        row = step(plan, "domains")
        assert (row.changed_by_name, row.changed_by_id) == ("Ines Lead (by link)", None)
        comment(who, plan.customer_id, row.id, "It took a day.")
        assert [remark.text for remark in comments_of(who, plan.customer_id, row.id)] == ["It took a day."]

    def test_but_not_the_msps_and_overrides_nothing(self, world: World, plan: Plan) -> None:
        who = by_link(plan)
        for rule, given in ((start, ()), (done, ())):
            with pytest.raises(NotTheirs):
                act(rule, who, plan, "configure", *given)
        for rule in (override, undo, drop_step, not_applicable):
            with pytest.raises(NotTheirs):
                act(rule, who, plan, "domains", WHY)
        with pytest.raises(NotTheirs):
            act(set_due, who, plan, "domains", None)
        with pytest.raises(NotTheirs):
            add_step(who, plan.customer_id, Plan.get().version, OwnStep("Mine", "customer"))
        assert told() == []

    def test_nor_of_another_customer(self, world: World, plan: Plan) -> None:
        other = a_plan(world)
        with pytest.raises(NotThere):
            act(start, by_link(plan), other, "domains")
        with pytest.raises(NotThere):
            done(technician(world), plan.customer_id, step(other, "configure").id, 1)

    def test_what_may_be_done_is_what_is_shown(self, world: World, plan: Plan) -> None:
        finish(world, plan, "configure")
        mine, theirs = shown(technician(world), plan, "domains"), shown(by_link(plan), plan, "domains")
        assert {"start", "done", "override", "assign", "due", "drop"} <= mine.acts
        assert theirs.acts == {"start", "done", "comment"}
        assert shown(by_link(plan), plan, "users").acts == frozenset()
        assert shown(technician(world), plan, "outbound").acts.isdisjoint({"start", "done"})

    @pytest.mark.parametrize("state", ["done", "closed"])
    def test_a_plan_that_is_over_stays_as_it_is(self, world: World, plan: Plan, state: str) -> None:
        Plan.update(state=state).execute()
        with pytest.raises(PlanOver):
            act(start, technician(world), plan, "configure")
        assert not seen(technician(world), plan).may_work


class TestSignature:
    def test_the_last_step_is_done_by_signing_alone(self, world: World, plan: Plan) -> None:
        for rule, given in ((done, ()), (override, (WHY,)), (drop_step, (WHY,)), (start, ())):
            with pytest.raises(SignedOnly):
                act(rule, technician(world), plan, "sign_off", *given)


class TestTwoAtOnce:
    @pytest.mark.parametrize("second", [done, override])
    def test_one_finishes_the_step_and_the_other_is_told(
        self, world: World, plan: Plan, second: Callable[..., Any]
    ) -> None:
        row, who = step(plan, "configure"), technician(world)
        seen_by_both = (who, plan.customer_id, row.id, row.version)
        reason = [WHY] if second is override else []
        gave = at_once(partial(done, *seen_by_both), partial(second, *seen_by_both, *reason))
        assert names_of(gave) == ["AlreadyDone", "PlanStep"]
        assert len(told()) == 1
        assert Plan.get().steps_done == plan.steps_done + 1

    def test_two_steps_at_once_are_both_counted(self, world: World, plan: Plan) -> None:
        who = technician(world)
        gave = at_once(*(partial(act, done, who, plan, key) for key in ("configure", "review")))
        assert names_of(gave) == ["PlanStep", "PlanStep"]
        assert Plan.get().steps_done == plan.steps_done + 2


def test_a_plan_of_thirty_steps_is_seen_with_as_many_queries_as_one_of_few(
    world: World, statements: Callable[[Callable[[], object]], int]
) -> None:
    few = a_plan(world, "archiving")
    many = a_plan(world, "migration", "security", "archiving", "continuity", by_hand="yes", add_ons=["mobile"])
    assert PlanStep.select().where(PlanStep.plan == many).count() >= 30
    finish(world, many, "configure", "users", "domains", "review")
    for row in PlanStep.select().where(PlanStep.plan == many).limit(9):
        proven(row)
        comment(technician(world), many.customer_id, row.id, "So.")
    who = technician(world)
    seen(who, few)
    seen(who, many)  # the template of a version is read once
    asked = [statements(lambda plan=plan: seen(who, plan)) for plan in (few, many)]
    assert asked == [5, 5]
