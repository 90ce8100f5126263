"""Steps that no service calls for any more: a change order has replaced the product that brought it."""

from datetime import date
from typing import Any

import pytest

from blueprints.orders import change_waiting
from blueprints.plans.drifting import tend
from blueprints.plans.making import NOT_BOUGHT
from blueprints.plans.stuck import stuck_steps
from blueprints.plans.watching import A_DAY, ask_again, claim, due, settle
from data.history import History, sentence
from data.moments import now
from data.orders import Order
from data.partners import Product
from data.plans import Plan, PlanCheck, PlanStep
from tests.factories import World, a_price, a_product
from tests.orders.changing import changed
from tests.plans.checked import newest
from tests.plans.planned import PORTAL_ADDRESS, step, technician
from tests.plans.watched import GONE, WATCHED, WRONG, a_watched_plan, drifted, seen
from tests.visits import Visitor

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def plan(world: World) -> Plan:
    made = a_watched_plan(world)
    PlanCheck.update(again_at=now() + A_DAY).execute()
    return made


def offered(world: World, monthly: str, code: str = "DEAR", **services: bool) -> Product:
    product = a_product(code, name=f"Product {code}", **{"security": False} | services)
    a_price(world.northstar, product, monthly=monthly)
    return product


def replaced(admin: Visitor, plan: Plan, product: Product) -> Order:
    """By another product, in place of the one that most is paid for."""
    return changed(admin, plan.customer, permitted_users="25", replace_with=str(product.id))


def bought(admin: Visitor, plan: Plan, product: Product) -> Plan:
    """One more product; the newest plan afterwards."""
    changed(admin, plan.customer, permitted_users="25", add=[product.id])
    return Plan.select().order_by(Plan.id.desc()).get()


def its_day_comes(order: Order) -> None:
    Order.update(effective_on=date(2026, 3, 1)).where(Order.id == order.id).execute()
    assert change_waiting.apply_due(PORTAL_ADDRESS) == 1


def ended(plan: Plan) -> dict[str, str]:
    rows = PlanStep.select().where((PlanStep.plan == plan) & PlanStep.dropped_at.is_null(False))
    return {row.key: row.state for row in rows if row.reason == NOT_BOUGHT}


def told() -> list[History]:
    return list(History.select().where(History.kind == "plan.steps_ended"))


class TestOfACompletePlan:
    def test_they_are_watched_no_more(self, admin: Visitor, world: World, clock: Any, plan: Plan) -> None:
        replaced(admin, plan, offered(world, "9.00", archiving=True))
        assert {*WATCHED, "dmarc"} == set(ended(plan)), "what nobody watches stays as it was left"
        assert set(ended(plan).values()) == {"done"}
        assert not PlanCheck.select().where(PlanCheck.again_at.is_null(False)).exists()
        clock.shift(2 * A_DAY)
        assert (ask_again(), due()) == (0, [])

    def test_one_line_of_history_says_so(self, admin: Visitor, world: World, plan: Plan) -> None:
        replaced(admin, plan, offered(world, "9.00", archiving=True))
        (line,) = told()
        assert line.who_id == world.admin.id
        assert sentence(line).startswith(
            "Steps that no service calls for any more: watched no more: Publish the new SPF"
        )
        assert "dropped" not in sentence(line)

    def test_their_pages_say_why(self, admin: Visitor, viewer: Visitor, world: World, plan: Plan) -> None:
        replaced(admin, plan, offered(world, "9.00", archiving=True))
        for visitor in (viewer, admin):
            page = visitor.get(f"/customers/{plan.customer_id}/plan/{step(plan, 'spf').id}")
            assert f"It was done. {NOT_BOUGHT} It was watched until 2 Mar 2026" in page.text
            assert "Seen." in page.text, "what proved it"
            assert page.find("main form") == []

    def test_an_alert_ends_with_the_watch(self, admin: Visitor, viewer: Visitor, world: World, plan: Plan) -> None:
        drifted(plan, "spf", "domains")
        replaced(admin, plan, offered(world, "9.00", archiving=True))
        assert (step(plan, "spf").alert, step(plan, "spf").alert_at) == ("", None)
        assert step(plan, "domains").alert == GONE, "archiving calls for it, too"
        assert [row.step_id for row in stuck_steps(technician(world), "drifted").rows] == [step(plan, "domains").id]
        before = viewer.get(f"/customers/{plan.customer_id}").find("p.before")
        assert [step(plan, "domains").title in line.text_content() for line in before] == [True]

    def test_nobody_is_written_to(self, admin: Visitor, world: World, plan: Plan) -> None:
        drifted(plan, "spf")
        replaced(admin, plan, offered(world, "9.00", archiving=True))
        assert tend(PORTAL_ADDRESS) == 0

    def test_a_look_that_is_under_way_changes_nothing(self, admin: Visitor, world: World, plan: Plan) -> None:
        PlanCheck.update(again_at=now()).where(PlanCheck.id == newest(plan, "spf").id).execute()
        assert ask_again() == 1
        replaced(admin, plan, offered(world, "9.00", archiving=True))
        (check_id,) = due()
        claimed = claim(check_id)
        assert claimed is not None
        assert settle(claimed, WRONG)
        assert (step(plan, "spf").alert, newest(plan, "spf").again_at) == ("", None)

    def test_what_is_still_called_for_is_watched_on(self, admin: Visitor, world: World, plan: Plan) -> None:
        replaced(admin, plan, offered(world, "9.00", security=True, archiving=True))
        assert (ended(plan), told()) == ({}, [])
        assert seen(plan, "spf", WRONG).alert == GONE

    def test_its_figures_count_what_is_left(self, admin: Visitor, world: World, plan: Plan) -> None:
        order = replaced(admin, plan, world.vault)
        its_day_comes(order)
        kept = Plan.get_by_id(plan.id)
        assert kept.state == "done"
        assert kept.steps_done == kept.steps_total

    def test_bought_again_they_come_with_the_new_plan(self, admin: Visitor, world: World, plan: Plan) -> None:
        replaced(admin, plan, offered(world, "9.00", archiving=True))
        second = bought(admin, plan, world.shield)
        assert second != plan
        assert {step(second, key).state for key in WATCHED} == {"not_started"}
        assert set(ended(plan)) >= set(WATCHED)


class TestADecrease:
    def test_ends_the_watch_on_its_day(self, admin: Visitor, world: World, plan: Plan) -> None:
        order = replaced(admin, plan, world.vault)
        assert (order.applied_at, ended(plan)) == (None, {})
        assert seen(plan, "spf", WRONG).alert == GONE, "until then it runs"
        its_day_comes(order)
        assert set(ended(plan)) == {*WATCHED, "dmarc"}
        assert step(plan, "spf").alert == ""
        assert [line.who_name for line in told()] == ["the portal"]

    def test_that_is_withdrawn_ends_nothing(self, admin: Visitor, world: World, plan: Plan) -> None:
        order = replaced(admin, plan, world.vault)
        admin.post(f"/orders/{order.id}/withdraw")
        assert Order.get_by_id(order.id).state == "void"
        assert change_waiting.apply_due(PORTAL_ADDRESS) == 0
        assert (ended(plan), told()) == ({}, [])

    def test_of_users_ends_nothing(self, admin: Visitor, plan: Plan) -> None:
        its_day_comes(changed(admin, plan.customer, permitted_users="10"))
        assert (ended(plan), told()) == ({}, [])

    def test_that_fails_on_its_day_ends_nothing(
        self, admin: Visitor, world: World, plan: Plan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stumble(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        order = replaced(admin, plan, world.vault)
        monkeypatch.setattr("blueprints.orders.change_submission.plan_new_services", stumble)
        Order.update(effective_on=date(2026, 3, 1)).where(Order.id == order.id).execute()
        assert change_waiting.apply_due(PORTAL_ADDRESS) == 0
        assert (ended(plan), told()) == ({}, [])


class TestOfAnOpenPlan:
    """Security is complete and watched; moving mailboxes was bought since, and costs most."""

    @pytest.fixture
    def moving(self, world: World) -> Product:
        return offered(world, "20.00", "MOVE", migration=True)

    @pytest.fixture
    def second(self, admin: Visitor, plan: Plan, moving: Product) -> Plan:
        opened = bought(admin, plan, moving)
        assert opened != plan
        PlanStep.update(state="done").where((PlanStep.plan == opened) & (PlanStep.key == "imap_test")).execute()
        drifted(opened, "imap_test")
        return opened

    def test_what_nobody_began_is_dropped(self, admin: Visitor, world: World, plan: Plan, second: Plan) -> None:
        unbegun = {row.key for row in second.steps if row.state == "not_started"} - {"sign_off"}
        replaced(admin, plan, offered(world, "30.00", archiving=True))
        assert ended(second) == dict.fromkeys(unbegun, "not_started") | {"imap_test": "done"}
        assert step(second, "journaling").state == "not_started", "what was bought instead"
        assert step(second, "sign_off").dropped_at is None
        assert ended(plan) == {}, "security goes on"
        (line,) = told()
        assert "watched no more: " in sentence(line)
        assert "; dropped: " in sentence(line)
        kept = Plan.get_by_id(second.id)
        left = (PlanStep.plan == second) & ~PlanStep.optional & PlanStep.dropped_at.is_null()
        assert kept.steps_total == PlanStep.select().where(left).count()

    def test_what_somebody_works_on_stays_for_them_to_end(
        self, admin: Visitor, viewer: Visitor, world: World, plan: Plan, second: Plan
    ) -> None:
        begun = PlanStep.get((PlanStep.plan == second) & (PlanStep.state == "not_started"))
        PlanStep.update(state="in_progress").where(PlanStep.id == begun.id).execute()
        replaced(admin, plan, offered(world, "30.00", archiving=True))
        assert (step(second, begun.key).state, step(second, begun.key).dropped_at) == ("in_progress", None)
        page = viewer.get(f"/customers/{plan.customer_id}/plan")
        assert begun.title in page.text
        assert "Of an earlier plan" not in viewer.get(f"/customers/{plan.customer_id}/plan/{begun.id}").text

    def test_bought_again_they_come_back_to_be_done(
        self, admin: Visitor, world: World, plan: Plan, second: Plan, moving: Product
    ) -> None:
        replaced(admin, plan, offered(world, "30.00", archiving=True))
        gone = ended(second)
        assert bought(admin, plan, moving) == second
        rows = {row.key: row for row in second.steps}
        assert {rows[key].state for key in gone} == {"not_started"}
        assert {rows[key].dropped_at for key in gone} == {None}
        assert ended(second) == {}
