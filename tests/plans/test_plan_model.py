"""Whatever is done with a plan, in whatever order: no locked step is done, the figures are true, each act is told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from blueprints.accounts.standing import standing_of
from blueprints.plans.arranging import OwnStep, add_step, assign, comment, set_cutover, set_due
from blueprints.plans.making import make_plan
from blueprints.plans.proving import hear
from blueprints.plans.rules import LOCKED
from blueprints.plans.signing import reopen, sign_off
from blueprints.plans.working import (
    done,
    drop_step,
    fail,
    not_applicable,
    override,
    start,
    undo,
    wait_until,
)
from blueprints.web.refusals import Refused
from data.customers import Customer
from data.database import transaction
from data.history import History
from data.moments import now
from data.plan_choosing import Needs
from data.plans import SETTLED, Plan, PlanCheck, PlanStep
from tests.factories import World
from tests.plans.planned import ANSWERS, PORTAL_ADDRESS, WHY, a_plan, by_link, proven, seen

BEGINNING = datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 - time-machine takes it as UTC
KINDS = (("migration",), ("security",), ("archiving",), ("migration", "security"))
SIMPLE = (start, done, override, undo, not_applicable, drop_step, fail, wait_until, assign, set_due, comment)
PLACES = st.integers(0, 200)


class PlanMachine(RuleBasedStateMachine):
    """A plan is worked by its MSP, its customer and the portal, who press whatever there is, allowed or not."""

    world: World

    @initialize(services=st.sampled_from(KINDS), kept=st.booleans())
    def begin(self, services: tuple[str, ...], kept: bool) -> None:
        self.clock = time_machine.travel(BEGINNING, tick=False)
        self.moved = self.clock.start()
        self.services, self.answers = services, {**ANSWERS, "filter_now": "kept" if kept else "none"}
        self.plan = a_plan(self.world, *services, **self.answers)
        self.technician = standing_of(self.world.technician)
        self.contact = by_link(self.plan)
        self.may_be_locked: set[int] = set()  # steps that were overridden, or done before others were added
        self.told = History.select().count()

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.stop()

    def rows(self) -> list[PlanStep]:
        return list(PlanStep.select().where(PlanStep.plan == self.plan).order_by(PlanStep.position, PlanStep.id))

    def attempt(self, act: Callable[..., Any], *given: Any, **more: Any) -> bool:
        """Do it; True when it was not refused. A refusal leaves nothing, anything else at least one line."""
        before, lines = self.everything(), History.select().count()
        try:
            act(*given, **more)
        except Refused:
            assert self.everything() == before
            assert History.select().count() == lines
            return False
        return True

    def everything(self) -> list[Any]:
        return [*PlanStep.select().order_by(PlanStep.id).tuples(), *Plan.select().order_by(Plan.id).tuples()]

    @rule(place=PLACES, number=st.integers(0, len(SIMPLE) - 1), by_contact=st.booleans())
    def press(self, place: int, number: int, by_contact: bool) -> None:
        rows, act = self.rows(), SIMPLE[number]
        row = rows[place % len(rows)]
        who = self.contact if by_contact else self.technician
        given: tuple[Any, ...] = {
            wait_until: (now() + timedelta(hours=place + 1),),
            assign: (self.world.technician.id if place % 2 else None,),
            set_due: (date(2026, 3, 1) + timedelta(days=place),),
            start: (),
            done: (),
        }.get(act, (WHY,))
        seen_version = () if act is comment else (row.version,)
        more = {"overriding": place % 2 == 0} if act is not_applicable else {}
        lines = History.select().count()
        if self.attempt(act, who, self.plan.customer_id, row.id, *seen_version, *given, **more):
            written = History.select().count() - lines
            withdrawn = History.select().where(History.kind == "plan.unsigned").count()
            assert written == 1 or (written == 2 and withdrawn), act.__name__
            if act is override:
                self.may_be_locked.add(row.id)
            if act is undo:
                self.may_be_locked.discard(row.id)

    @rule(count=st.integers(1, 8))
    def go_on(self, count: int) -> None:
        """Somebody finishes what comes next, so that plans get far."""
        for _ in range(count):
            view = seen(self.technician, self.plan)
            if view.state != "open" or view.current is None or view.current.does == "sign_off":
                return
            current = view.current
            if current.check:
                proven(PlanStep.get_by_id(current.id))
            if current.waiting_until or current.not_before:
                self.moved.shift(timedelta(hours=73))
            if not self.attempt(done, self.technician, self.plan.customer_id, current.id, current.version):
                self.attempt(start, self.technician, self.plan.customer_id, current.id, current.version)

    @rule(place=PLACES, dropping=st.booleans())
    def leave_out(self, place: int, dropping: bool) -> None:
        """What is locked, so that others must wait through it."""
        waiting = [step for step in seen(self.technician, self.plan).steps if step.waits_for]
        if waiting:
            step = waiting[place % len(waiting)]
            given = (self.technician, self.plan.customer_id, step.id, step.version, WHY)
            if dropping:
                self.attempt(drop_step, *given)
            else:
                self.attempt(not_applicable, *given, overriding=True)

    @rule(place=PLACES, outcome=st.sampled_from(("passed", "failed", "undetermined")), again=st.booleans())
    def a_check_answers(self, place: int, outcome: str, again: bool) -> None:
        rows = self.rows()
        row = rows[place % len(rows)]
        PlanCheck.create(step=row, kind="mx", state="done", outcome=outcome, not_before=now(), answered_at=now())
        self.attempt(hear, self.plan.customer_id, row.id, outcome, "So it is.", 600 if again else None)

    @rule(place=PLACES, optional=st.booleans())
    def add(self, place: int, optional: bool) -> None:
        rows = self.rows()
        own = OwnStep("Our own", "partner", optional=optional, after=(rows[place % len(rows)].id,))
        self.attempt(add_step, self.technician, self.plan.customer_id, self.version(), own)

    @rule(days=st.integers(-5, 60), reason=st.sampled_from(("", WHY)), by_contact=st.booleans())
    def give_the_cutover(self, days: int, reason: str, by_contact: bool) -> None:
        who = self.contact if by_contact else self.technician
        self.attempt(set_cutover, who, self.plan.customer_id, self.version(), now() + timedelta(days=days), reason)

    @rule(side=st.sampled_from(("partner", "customer")), by_contact=st.booleans())
    def sign(self, side: str, by_contact: bool) -> None:
        who = self.contact if by_contact else self.technician
        self.attempt(sign_off, who, self.plan.customer_id, self.version(), side, WHY, PORTAL_ADDRESS)

    @rule()
    def open_again(self) -> None:
        self.attempt(reopen, standing_of(self.world.operator), self.plan.customer_id, WHY)

    @rule(sync=st.sampled_from(("list", "ldap", "cloud")), kept=st.booleans())
    def hand_in_again(self, sync: str, kept: bool) -> None:
        answers = {**self.answers, "directory_sync": sync, "filter_now": "kept" if kept else "none"}
        before = {row.id for row in self.rows() if row.state == "done"}
        with transaction():
            customer = Customer.get_by_id(self.plan.customer_id)
            made = make_plan(
                self.technician, customer, self.plan.order_id, Needs(frozenset(self.services), "m365", answers)
            )
        if made is not None:
            self.may_be_locked |= before  # what comes before a done step may be new
        assert before <= {row.id for row in self.rows() if row.state == "done" and row.dropped_at is None}

    @rule(hours=st.integers(1, 200))
    def time_passes(self, hours: int) -> None:
        self.moved.shift(timedelta(hours=hours))

    def version(self) -> int:
        return Plan.get_by_id(self.plan.id).version

    # --- what always holds ---

    @invariant()
    def no_locked_step_is_done_without_an_override(self) -> None:
        if hasattr(self, "plan"):
            view = seen(self.technician, self.plan)
            rows = {row.key: row for row in self.rows()}
            for step in view.steps:
                row = rows[step.key]
                if row.state == "done" and row.id not in self.may_be_locked:
                    assert not list(open_before(row, rows)), step.title
                assert (step.state == LOCKED) == bool(step.waits_for)

    @invariant()
    def kept_figures_equal_a_recount(self) -> None:
        if hasattr(self, "plan"):
            plan, customer = Plan.get_by_id(self.plan.id), Customer.get_by_id(self.plan.customer_id)
            required = [row for row in self.rows() if not row.optional and row.dropped_at is None]
            counted = sum(row.state in SETTLED for row in required)
            assert (plan.steps_done, plan.steps_total) == (counted, len(required))
            assert customer.steps_left == len(required) - counted
            view = seen(self.technician, self.plan)
            assert plan.current_step == (view.current.title if view.current else "")
            assert (plan.turn, plan.turn_step_id) == (
                (view.current.owner, view.current.id) if view.current else ("", None)
            )

    @invariant()
    def complete_means_settled_and_signed_by_both(self) -> None:
        if hasattr(self, "plan"):
            plan, customer = Plan.get_by_id(self.plan.id), Customer.get_by_id(self.plan.customer_id)
            assert (plan.state == "done") == (customer.status == "complete")
            if plan.state == "done":
                assert plan.partner_signed_at
                assert plan.customer_signed_at
                assert plan.steps_done == plan.steps_total


def open_before(row: PlanStep, rows: dict[str, PlanStep]) -> Any:
    """What should have been settled before, said as plainly as possible."""
    for key in row.after:
        earlier = rows[key]
        if earlier.dropped_at is not None or earlier.state == "not_applicable":
            yield from open_before(earlier, rows)
        elif earlier.state != "done":
            yield earlier


def test_a_plan_stays_true_whatever_is_done_with_it(world: World) -> None:
    class Machine(PlanMachine):
        pass

    Machine.world = world
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
