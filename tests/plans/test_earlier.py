"""Plans before the newest: a change order opens another one, and what was done before is watched as it was."""

import importlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from blueprints.plans.checking import ask, subject_of
from blueprints.plans.drifting import tend
from blueprints.plans.expected_changing import expect_for_plan
from blueprints.plans.held import PlanOver, hold
from blueprints.plans.proving import hear
from blueprints.plans.signing import complete
from blueprints.plans.stuck import stuck_steps
from blueprints.plans.watching import A_DAY, ask_again, due
from blueprints.web.refusals import NotThere
from data.customers import Customer
from data.database import database, transaction
from data.emails import Email
from data.history import PORTAL
from data.moments import now
from data.plans import Plan, PlanCheck, PlanStep
from tests.factories import World
from tests.orders.changing import changed
from tests.plans.checked import newest
from tests.plans.planned import PORTAL_ADDRESS, a_plan, by_link, proven, step, technician
from tests.plans.watched import GONE, GOOD, WATCHED, WRONG, a_watched_plan, drifted, seen
from tests.visits import Visitor

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def first(world: World) -> Plan:
    return a_watched_plan(world)


def the_next(admin: Visitor, world: World, first: Plan) -> Plan:
    """What the change order opened."""
    changed(admin, first.customer, permitted_users="25", add=[world.vault.id])
    plan = Plan.select().order_by(Plan.id.desc()).get()
    assert (plan.customer_id, plan.state) == (first.customer_id, "open")
    assert plan != first
    return plan


@pytest.fixture(params=["open", "done"])
def second(request: pytest.FixtureRequest, admin: Visitor, world: World, first: Plan) -> Plan:
    plan = the_next(admin, world, first)
    if request.param == "done":
        with transaction():
            complete(hold(PORTAL, plan.customer_id), PORTAL_ADDRESS)
    Email.delete().execute()
    return Plan.get_by_id(plan.id)


def at(plan: Plan, key: str = "") -> str:
    whole = f"/customers/{plan.customer_id}/plan"
    return f"{whole}/{step(plan, key).id}" if key else whole


def lines(visitor: Visitor, address: str) -> list[tuple[str, str]]:
    """What a page says of earlier plans, with where it leads."""
    page = visitor.get(address)
    return [
        (" ".join(line.text_content().split()), line.cssselect("a")[0].get("href")) for line in page.find("p.before")
    ]


class TestWatching:
    def test_what_drifts_is_noticed_told_and_shown_until_it_is_mended(
        self, clock: Any, world: World, viewer: Visitor, first: Plan, second: Plan
    ) -> None:
        who, left = technician(world), Customer.get_by_id(first.customer_id).steps_left
        assert lines(viewer, at(first)) == []
        assert seen(first, "spf", WRONG).alert == GONE
        assert newest(first, "spf").again_at == now() + A_DAY
        said = [(f"Not as it was: {step(first, 'spf').title}, of an earlier plan. {GONE}", at(first, "spf"))]
        assert lines(viewer, at(first)) == lines(viewer, f"/customers/{first.customer_id}") == said
        (row,) = stuck_steps(who, "drifted").rows
        assert (row.step_id, row.said) == (step(first, "spf").id, GONE)
        stuck = viewer.get("/customers/stuck?reason=drifted")
        assert viewer.get(stuck.find("tbody strong a")[0].get("href")).status == 200
        assert (tend(PORTAL_ADDRESS), tend(PORTAL_ADDRESS)) == (1, 0)
        assert GONE in Email.get(Email.kind == "plan_drifted").text

        clock.shift(A_DAY)
        assert seen(first, "spf", GOOD).alert == ""
        assert lines(viewer, at(first)) == lines(viewer, f"/customers/{first.customer_id}") == []
        assert stuck_steps(who, "drifted").rows == ()
        assert tend(PORTAL_ADDRESS) == 0
        kept = Plan.get_by_id(first.id)
        assert (kept.version, kept.state, kept.steps_done) == (first.version, "done", first.steps_done)
        assert Customer.get_by_id(first.customer_id).steps_left == left, "the newest plan counts"

    def test_pages_that_are_open_hear_of_it(self, viewer: Visitor, first: Plan, second: Plan) -> None:
        whole, panel = at(first), f"/customers/{first.customer_id}"
        for outcome in (WRONG, GOOD):
            looks = viewer.get(whole).find("#plan")[0].get("hx-get")
            news = viewer.get(panel).find("[data-looks]")[0].get("hx-get")
            assert viewer.get(looks, htmx=True).status == 204
            assert "HX-Trigger" not in viewer.get(news, htmx=True).headers
            seen(first, "spf", outcome)
            assert viewer.get(looks, htmx=True).status == 200
            assert "plan-changed" in viewer.get(news, htmx=True).headers["HX-Trigger"]

    def test_one_letter_is_about_all_plans(self, first: Plan, second: Plan) -> None:
        Plan.update(state="done").where(Plan.id == second.id).execute()
        PlanStep.update(state="done").where(PlanStep.plan == second).execute()
        drifted(first, "spf")
        drifted(second, "journaling")
        assert tend(PORTAL_ADDRESS) == 1
        letter = Email.get(Email.kind == "plan_drifted")
        assert letter.subject.endswith(": 2 steps are not as they were")
        assert PlanStep.select().where(PlanStep.reminded_at.is_null(False)).count() == 2

    def test_also_while_the_newest_plan_waits_for_answers(
        self, admin: Visitor, viewer: Visitor, world: World, first: Plan
    ) -> None:
        second = the_next(admin, world, first)
        PlanStep.delete().where(PlanStep.plan == second).execute()
        Plan.update(template=None).where(Plan.id == second.id).execute()
        seen(first, "spf", WRONG)
        assert tend(PORTAL_ADDRESS) == 1
        for address in (at(first), f"/customers/{first.customer_id}"):
            assert [where for _, where in lines(viewer, address)] == [at(first, "spf")]

    def test_also_when_the_newest_plan_was_closed(
        self, admin: Visitor, viewer: Visitor, world: World, first: Plan
    ) -> None:
        second = the_next(admin, world, first)
        Plan.update(state="closed").where(Plan.id == second.id).execute()
        assert seen(first, "spf", WRONG).alert == GONE
        assert len(lines(viewer, at(first))) == 1

    def test_a_closed_one_stays_silent(self, viewer: Visitor, world: World, first: Plan, second: Plan) -> None:
        drifted(first, "dkim")
        Plan.update(state="closed").where(Plan.id == first.id).execute()
        PlanCheck.update(again_at=now()).where(PlanCheck.id == newest(first, "spf").id).execute()
        assert (ask_again(), due()) == (0, [])
        assert newest(first, "spf").again_at is None
        with pytest.raises(PlanOver):
            hear(first.customer_id, step(first, "spf").id, "failed", GONE)
        assert tend(PORTAL_ADDRESS) == 0
        assert stuck_steps(technician(world), "drifted").rows == ()
        assert lines(viewer, at(first)) == lines(viewer, f"/customers/{first.customer_id}") == []

    def test_not_of_customers_who_left(self, first: Plan, second: Plan) -> None:
        Customer.update(status="cancelled", shelf="past").where(Customer.id == first.customer_id).execute()
        with pytest.raises(PlanOver):
            hear(first.customer_id, step(first, "spf").id, "failed", GONE)

    def test_costs_as_many_queries_however_much_drifted(
        self, viewer: Visitor, statements: Callable, first: Plan, second: Plan
    ) -> None:
        for address in (at(first), f"/customers/{first.customer_id}"):
            drifted(first, "spf")
            viewer.get(address)  # the process learns to read the answers
            one = statements(lambda: viewer.get(address))  # noqa: B023 - called at once
            drifted(first, *WATCHED)
            assert statements(lambda: viewer.get(address)) == one  # noqa: B023 - as above
            PlanStep.update(alert="", alert_at=None).execute()


class TestExpected:
    def test_records_are_to_be_as_before(self, first: Plan, second: Plan) -> None:
        assert second.expected == first.expected

    def test_what_is_said_now_counts_for_earlier_steps_too(self, world: World, first: Plan, second: Plan) -> None:
        expect_for_plan(technician(world), first.customer_id, {"mx": "10 mx2.provider.example"}, second.version)
        assert subject_of(newest(first, "mx_change")).expected == {"mx": ["10 mx2.provider.example"]}


class TestThePageOfAStep:
    def test_offers_nothing_but_a_check(
        self, viewer: Visitor, technician: Visitor, operator: Visitor, first: Plan, second: Plan
    ) -> None:
        assert viewer.get(at(first, "spf")).find("main form") == []
        for visitor in (technician, operator):
            page = visitor.get(at(first, "spf"))
            assert [form.get("action") for form in page.find("main form")] == [f"{at(first, 'spf')}/check"]
            assert "Of an earlier plan, which is complete" in page.text
            assert visitor.get(at(first, "configure")).find("main form") == [], "nobody watches it"
            assert visitor.get(at(first, "sign_off")).find("main form, a[href$=reopen]") == []

    def test_looks_again(self, viewer: Visitor, first: Plan, second: Plan) -> None:
        looks = viewer.get(at(first, "spf")).find("#step")[0].get("hx-get")
        assert viewer.get(looks, htmx=True).status == 204
        seen(first, "spf", WRONG)
        assert GONE in viewer.get(looks, htmx=True).text

    def test_is_not_there_for_strangers_and_other_customers(
        self, stranger: Visitor, viewer: Visitor, world: World, first: Plan, second: Plan
    ) -> None:
        other = a_plan(world)
        elsewhere = f"/customers/{other.customer_id}/plan/{step(first, 'spf').id}"
        assert stranger.get(at(first, "spf")).status == viewer.get(elsewhere).status == 404

    def test_is_checked_now(self, technician: Visitor, viewer: Visitor, first: Plan, second: Plan) -> None:
        PlanCheck.update(answered_at=now() - timedelta(hours=1)).execute()
        assert viewer.post(f"{at(first, 'spf')}/check").status == 403
        answer = technician.post(f"{at(first, 'spf')}/check")
        assert answer.location == at(first, "spf")
        assert newest(first, "spf").state == "due"
        part = technician.post(f"{at(first, 'dkim')}/check", htmx=True)
        assert "Being checked now" in part.text

    def test_is_not_checked_where_it_is_not_watched(self, technician: Visitor, first: Plan, second: Plan) -> None:
        PlanStep.update(state="not_applicable").where(PlanStep.id == step(first, "spf").id).execute()
        answer = technician.post(f"{at(first, 'spf')}/check")
        assert (answer.status, PlanOver.sentence in answer.text) == (422, True)
        assert due() == []

    def test_is_not_for_the_customer(self, first: Plan, second: Plan) -> None:
        with pytest.raises(NotThere):
            ask(by_link(first), first.customer_id, step(first, "domains").id)

    @pytest.mark.parametrize("act", ["undo", "comment", "assign", "start"])
    def test_refuses_every_act(self, technician: Visitor, first: Plan, second: Plan, act: str) -> None:
        before = step(first, "spf")
        typed = {"version": before.version, "reason": "So they said.", "text": "Hello", "person": "0"}
        for back in ("", "plan"):
            answer = technician.post(f"{at(first, 'spf')}/{act}", typed | {"back": back})
            assert answer.status == 422
        assert step(first, "spf") == before
        assert step(first, "spf").version == before.version


def test_an_installation_of_the_version_before_watches_on(first: Plan, second: Plan) -> None:
    """The watch had ended, and what this customer's records should be was said in the earlier plan."""
    for plan in (first, second):
        assert not PlanCheck.select().where(PlanCheck.again_at.is_null(False)).exists()
        Plan.update(expected={} if plan == second else first.expected).where(Plan.id == plan.id).execute()
    proven(step(first, "configure"))
    importlib.import_module("data.migrations.0021_earlier_plans").up(None, database.obj)
    assert Plan.get_by_id(second.id).expected == Plan.get_by_id(first.id).expected == first.expected
    assert ask_again() == len(WATCHED)
    assert {PlanCheck.get_by_id(check_id).step.key for check_id in due()} == set(WATCHED), "the others have no watch"
    assert ask_again() == 0
