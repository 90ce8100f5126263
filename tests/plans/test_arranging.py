"""Arranging a plan: who does a step, by when, remarks, steps of its own, and the date of the cutover."""

from datetime import date, timedelta

import pytest

from blueprints.plans.arranging import CannotWork, OwnStep, add_step, assign, assignable, comment, set_cutover, set_due
from blueprints.plans.held import NotTheirs, PlanChanged
from blueprints.plans.working import TooEarly, done
from blueprints.web.refusals import Refused
from data.customers import Customer
from data.moments import now
from data.plans import Plan
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.plans.planned import WHY, a_plan, act, by_link, finish, seen, shown, step, technician, told


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan(world)


class TestArranging:
    def test_a_step_is_given_to_somebody_who_may_work_on_it(self, world: World, plan: Plan) -> None:
        helper = a_person("Hal Helper", world.northstar, Role.VIEWER)
        a_grant_over(helper, Customer.get(), Role.TECHNICIAN)
        kept_away = a_person("Kit Keptaway", world.northstar, Role.TECHNICIAN)
        a_grant_over(kept_away, Customer.get(), Role.NONE)
        elsewhere = a_person("Eve Elsewhere", world.northstar, Role.VIEWER)
        a_grant_over(elsewhere, a_customer(world.northstar), Role.TECHNICIAN)
        names = [person.name for person in assignable(Customer.get_by_id(plan.customer_id))]
        assert names == ["Ada Admin", "Hal Helper", "Mara Manager", "Tom Technician"]
        act(assign, technician(world), plan, "configure", helper.id)
        assert shown(technician(world), plan, "configure").assigned_name == "Hal Helper"
        assert told() == ["Step “Configure the account” given to Hal Helper"]

    def test_and_to_nobody_else(self, world: World, plan: Plan) -> None:
        for person in (world.viewer, world.stranger):
            with pytest.raises(CannotWork):
                act(assign, technician(world), plan, "configure", person.id)
        act(assign, technician(world), plan, "configure", None)

    def test_a_step_is_due_on_a_day_and_overdue_after_it(self, clock, world: World, plan: Plan) -> None:
        act(set_due, technician(world), plan, "configure", date(2026, 3, 3))
        assert not shown(technician(world), plan, "configure").overdue
        clock.shift(timedelta(days=2))
        assert shown(technician(world), plan, "configure").overdue
        act(done, technician(world), plan, "configure")
        assert not shown(technician(world), plan, "configure").overdue

    @pytest.mark.parametrize("day", [date(1900, 1, 1), date(9999, 12, 31)])
    def test_not_on_any_day(self, world: World, plan: Plan, day: date) -> None:
        with pytest.raises(Refused, match="Choose a day"):
            act(set_due, technician(world), plan, "configure", day)

    @pytest.mark.parametrize("text", ["", "  ", "x" * 4001])
    def test_a_remark_says_something_of_some_length(self, world: World, plan: Plan, text: str) -> None:
        with pytest.raises(Refused):
            comment(technician(world), plan.customer_id, step(plan, "configure").id, text)

    def test_remarks_are_counted(self, world: World, plan: Plan) -> None:
        for _ in range(3):
            comment(technician(world), plan.customer_id, step(plan, "configure").id, "So.")
        assert shown(technician(world), plan, "configure").comments == 3

    def test_a_step_of_its_own_is_worked_like_any_other(self, world: World, plan: Plan) -> None:
        own = OwnStep("Call the printer people", "customer", "sending", "By phone.", after=(step(plan, "spf").id,))
        row = add_step(technician(world), plan.customer_id, plan.version, own)
        view = shown(technician(world), plan, "own_1")
        assert (view.own, view.help, view.waits_for) == (True, "By phone.", ("Publish the new SPF record",))
        assert Plan.get().steps_total == plan.steps_total + 1
        finish(world, plan, "spf")
        assert act(done, by_link(plan), plan, row.key).state == "done"

    @pytest.mark.parametrize(
        ("own", "field"),
        [
            (OwnStep("", "partner"), "title"),
            (OwnStep("x" * 121, "partner"), "title"),
            (OwnStep("Mine", "moon"), "owner"),
            (OwnStep("Mine", "partner", "nowhere"), "phase"),
            (OwnStep("Mine", "partner", after=(4711,)), "after"),
            (OwnStep("Mine", "partner", help="x" * 4001), "help"),
        ],
    )
    def test_a_wrong_one_is_refused_at_its_field(self, world: World, plan: Plan, own: OwnStep, field: str) -> None:
        with pytest.raises(Refused) as refused:
            add_step(technician(world), plan.customer_id, plan.version, own)
        assert refused.value.field == field
        assert Plan.get().version == plan.version

    def test_one_that_was_added_meanwhile_is_seen_first(self, world: World, plan: Plan) -> None:
        add_step(technician(world), plan.customer_id, plan.version, OwnStep("One", "partner"))
        with pytest.raises(PlanChanged):
            add_step(technician(world), plan.customer_id, plan.version, OwnStep("Two", "partner"))


class TestTheCutover:
    @pytest.fixture
    def move(self, clock, world: World) -> Plan:
        plan = a_plan(world, "migration")
        finish(world, plan, "review")
        return Plan.get_by_id(plan.id)

    def test_the_contact_gives_the_date_and_dates_count_from_it(self, world: World, move: Plan) -> None:
        at = now() + timedelta(days=20)
        set_cutover(by_link(move), move.customer_id, move.version, at)
        assert Plan.get().cutover_at == at
        assert step(move, "cutover_date").state == "done"
        assert shown(technician(world), move, "mx_change").latest == at - timedelta(hours=72)
        assert shown(technician(world), move, "lower_ttl").latest == at - timedelta(days=7)
        assert shown(technician(world), move, "last_copy").latest == at + timedelta(hours=48)
        assert shown(technician(world), move, "cut_over").earliest == at
        assert "Cutover set to 2026-03-22 09:30 UTC" in told()

    def test_sooner_than_72_hours_is_refused_without_a_reason(self, world: World, move: Plan) -> None:
        soon = now() + timedelta(hours=71)
        for who in (by_link(move), technician(world)):
            with pytest.raises(TooEarly, match="Between “Change the MX records” and .* 72 hours must pass"):
                set_cutover(who, move.customer_id, move.version, soon)
        with pytest.raises(TooEarly):
            set_cutover(by_link(move), move.customer_id, move.version, soon, "We want it.")
        set_cutover(technician(world), move.customer_id, move.version, soon, WHY)
        assert seen(technician(world), move).cutover_warning.startswith("Between “Change the MX records”")
        assert f"Cutover set to 2026-03-05 08:30 UTC: {WHY}" in told()

    def test_after_the_mx_change_it_counts_from_then(self, clock, world: World, move: Plan) -> None:
        finish(world, move, "mx_change")
        changed = now()
        clock.shift(timedelta(hours=48))
        with pytest.raises(TooEarly, match="was only done then"):
            set_cutover(technician(world), move.customer_id, move.version, changed + timedelta(hours=71))
        set_cutover(technician(world), move.customer_id, move.version, changed + timedelta(hours=72))

    def test_with_a_filter_that_stays_there_is_no_such_wait(self, clock, world: World) -> None:
        plan = a_plan(world, "migration", filter_now="kept")
        set_cutover(technician(world), plan.customer_id, plan.version, now() + timedelta(hours=5))
        assert not seen(technician(world), plan).cutover_warning

    def test_the_contact_gives_none_where_nobody_asks_them(self, world: World, plan: Plan) -> None:
        with pytest.raises(NotTheirs):
            set_cutover(by_link(plan), plan.customer_id, plan.version, now() + timedelta(days=9))

    @pytest.mark.parametrize("days", [-400, 365 * 4])
    def test_not_on_any_day(self, world: World, move: Plan, days: int) -> None:
        with pytest.raises(Refused, match="Choose a day"):
            set_cutover(technician(world), move.customer_id, move.version, now() + timedelta(days=days))
