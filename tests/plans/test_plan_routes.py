"""The page of a whole plan: what it shows to whom, that it looks again, and what is changed from it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from blueprints.plans.arranging import assign, comment, set_due
from blueprints.plans.making import template_of
from blueprints.plans.proving import hear
from blueprints.plans.signing import sign_off
from blueprints.plans.working import drop_step, fail, start
from data.customers import Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.plans import Plan, PlanCheck, PlanStep
from data.rfi import Rfi
from tests.factories import World, a_customer
from tests.plans.planned import WHY, a_plan, act, by_link, finish, proven, step, technician, told
from tests.rfi.waiting_for import an_opened_rfi
from tests.visits import Answer, Visitor


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan(world)


def at(plan: Plan, rest: str = "") -> str:
    return f"/customers/{plan.customer_id}/plan{rest}"


def row(answer: Answer, plan: Plan, key: str) -> str:
    return " ".join(answer.find(f"#step-{step(plan, key).id}")[0].text_content().split())


def stamp(answer: Answer) -> str:
    return answer.find("#plan")[0].get("hx-get")


class TestShowing:
    def test_every_step_with_its_state_owner_and_help(self, viewer: Visitor, plan: Plan) -> None:
        page = viewer.get(at(plan))
        template = template_of(plan)
        for each in PlanStep.select().where(PlanStep.plan == plan):
            said = row(page, plan, each.key)
            assert each.title in said
            assert {"partner": "MSP", "customer": "Customer", "everyone": "Everyone"}[each.owner] in said
            assert template.by_id[each.key].help in said
        assert "Locked: waits for Configure the account" in row(page, plan, "users")
        assert "Not started" in row(page, plan, "configure")
        assert re.search(r"Done · Tom Technician, \d", row(page, plan, "rfi"))

    def test_the_chain_of_phases_and_how_far_it_is(self, viewer: Visitor, world: World, plan: Plan) -> None:
        finish(
            world,
            plan,
            *[each.key for each in PlanStep.select().where(PlanStep.phase == "prepare") if each.state != "done"],
        )
        page = viewer.get(at(plan))
        assert [phase.get("class") for phase in page.find(".phases li")][:2] == ["done", "now"]
        bar = page.find("progress")[0]
        plan = Plan.get_by_id(plan.id)
        assert (bar.get("value"), bar.get("max")) == (str(plan.steps_done), str(plan.steps_total))
        assert page.find("#fold-prepare summary"), "what is finished is folded"

    def test_what_happened_to_a_step(self, viewer: Visitor, world: World, plan: Plan) -> None:
        who = technician(world)
        act(fail, who, plan, "configure", "No licence <yet>.")
        act(assign, who, plan, "configure", world.technician.id)
        act(set_due, who, plan, "configure", now().date() - timedelta(days=3))
        comment(who, plan.customer_id, step(plan, "configure").id, "Called them.")
        said = row(viewer.get(at(plan)), plan, "configure")
        for part in ("Failed", "“No licence <yet>.”", "Tom Technician", "Overdue: ", "1 remark"):
            assert part in said

    def test_what_its_check_found_and_that_one_is_under_way(self, viewer: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "configure")
        proven(step(plan, "domains"), "failed")
        PlanCheck.create(step=step(plan, "domains"), kind="token", not_before=now())
        page = viewer.get(at(plan))
        assert "Seen." in row(page, plan, "domains")
        assert "Being checked now" in row(page, plan, "domains")
        assert page.find("#plan")[0].get("data-looks") == "2", "it looks again sooner"

    def test_what_drifted_away(self, viewer: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "configure", "domains", "spf")
        proven(step(plan, "spf"), "failed")
        hear(plan.customer_id, step(plan, "spf").id, "failed", "The record is gone.")
        assert "Not as it was: The record is gone." in row(viewer.get(at(plan)), plan, "spf")

    def test_dropped_steps_stand_aside(self, viewer: Visitor, world: World, plan: Plan) -> None:
        act(drop_step, technician(world), plan, "outbound", WHY)
        page = viewer.get(at(plan))
        assert "1 dropped from this plan" in page.text
        assert WHY in page.find("#dropped")[0].text_content()

    def test_the_moves_are_shown_whole(self, viewer: Visitor, world: World) -> None:
        plan = a_plan(world, "migration", "security")
        page = viewer.get(at(plan))
        assert len(page.find("li[id^=step-]")) == PlanStep.select().where(PlanStep.plan == plan).count() > 25

    def test_readers_find_nothing_to_press(self, viewer: Visitor, plan: Plan) -> None:
        assert viewer.get(at(plan)).find("main form") == []
        assert "Add a step" not in viewer.get(at(plan)).text

    def test_says_when_there_is_none(self, viewer: Visitor, world: World) -> None:
        assert "No plan yet" in viewer.get(f"/customers/{a_customer(world.northstar, status='complete').id}/plan").text

    def test_says_that_the_rfi_comes_first(self, viewer: Visitor, world: World) -> None:
        rfi = an_opened_rfi(world)
        page = viewer.get(f"/customers/{rfi.customer_id}/plan")
        assert "The steps come with the RFI" in page.text
        assert page.find(f"a[href='/customers/{rfi.customer_id}/rfi']")

    def test_asks_the_database_as_often_however_much_there_is(
        self, admin: Visitor, world: World, plan: Plan, statements: Callable
    ) -> None:
        once = statements(lambda: admin.get(at(plan)))
        for key in ("configure", "domains", "spf"):
            for number in range(10):
                comment(technician(world), plan.customer_id, step(plan, key).id, f"Remark {number}")
                proven(step(plan, key), "failed")
        assert statements(lambda: admin.get(at(plan))) == once <= 9


class TestLookingAgain:
    def test_nothing_new_is_answered_with_nothing(self, viewer: Visitor, plan: Plan) -> None:
        part = stamp(viewer.get(at(plan)))
        answer = viewer.get(part, htmx=True)
        assert (answer.status, answer.bytes) == (204, b"")
        assert viewer.get(part).status == 200, "who opens the address sees the page"

    def test_each_change_is_news(self, viewer: Visitor, world: World, plan: Plan) -> None:
        who = technician(world)
        changes: tuple[Callable[[], object], ...] = (
            lambda: act(start, who, plan, "configure"),
            lambda: comment(who, plan.customer_id, step(plan, "configure").id, "Hello"),
            lambda: act(set_due, who, plan, "users", now().date()),
            lambda: PlanCheck.create(step=step(plan, "domains"), kind="token", not_before=now()),
            lambda: PlanCheck.update(state="done", outcome="failed", answered_at=now()).execute(),
            lambda: act(drop_step, who, plan, "outbound", WHY),
            lambda: finish(world, plan, "configure"),
        )
        for change in changes:
            seen = stamp(viewer.get(at(plan)))
            change()
            answer = viewer.get(seen, htmx=True)
            assert answer.status == 200
            assert answer.find("#plan")[0].get("hx-get") != seen

    def test_is_morphed_in_place(self, viewer: Visitor, plan: Plan) -> None:
        part = viewer.get(at(plan)).find("#plan")[0]
        assert (part.get("hx-swap"), part.get("hx-trigger")) == ("outerMorph", "look")


class TestThePanel:
    def panel(self, visitor: Visitor, plan: Plan) -> Answer:
        return visitor.get(f"/customers/{plan.customer_id}?panel=plan", htmx=True)

    def test_how_far_it_is_and_what_can_be_worked_on(self, viewer: Visitor, world: World, plan: Plan) -> None:
        act(fail, technician(world), plan, "configure", "No licence.")
        answer = self.panel(viewer, plan)
        assert len(answer.find(".phases li")) == 4
        assert f"{plan.steps_done} of {plan.steps_total} steps done" in answer.text
        assert [link.text for link in answer.find(".steps a")] == [
            "Go through the plan together",
            "Configure the account",
        ]
        assert "Failed: No licence." in answer.text
        assert answer.find(f"a[href='{at(plan)}']")

    def test_what_drifted_away_comes_first(self, viewer: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "configure", "domains", "spf")
        proven(step(plan, "spf"), "failed")
        hear(plan.customer_id, step(plan, "spf").id, "failed", "The record is gone.")
        assert "Not as it was: The record is gone." in self.panel(viewer, plan).find(".steps li")[0].text_content()

    def test_shows_few_of_many_and_asks_the_same(self, viewer: Visitor, world: World, statements: Callable) -> None:
        few, many = a_plan(world), a_plan(world, "migration", "security", infrastructure="onprem")
        PlanStep.update(after=[]).where(PlanStep.plan == many).execute()
        for plan in (few, many):  # the process learns to read the answers, and both templates
            self.panel(viewer, plan)
        asked = [statements(lambda: self.panel(viewer, plan)) for plan in (few, many)]  # noqa: B023 - called at once
        assert asked[0] == asked[1]
        answer = self.panel(viewer, many)
        assert len(answer.find(".steps li")) == 4
        assert "more can be worked on now" in answer.text

    def test_hears_that_it_is_old(self, viewer: Visitor, world: World, plan: Plan) -> None:
        looks = self.panel(viewer, plan).find("[data-looks]")[0].get("hx-get")
        answer = viewer.get(looks, htmx=True)
        assert (answer.status, answer.headers.get("HX-Trigger")) == (204, None)
        act(start, technician(world), plan, "configure")
        answer = viewer.get(looks, htmx=True)
        assert (answer.status, answer.headers.get("HX-Trigger")) == (204, "plan-changed, recent-changed")
        assert self.panel(viewer, plan).find("[data-looks]")[0].get("hx-get") != looks

    def test_what_a_plan_without_steps_says(self, viewer: Visitor, world: World) -> None:
        rfi = an_opened_rfi(world)
        answer = viewer.get(f"/customers/{rfi.customer_id}?panel=plan", htmx=True)
        assert "Onboarding starts once the RFI is complete." in " ".join(answer.text.split())
        news = viewer.get(f"/customers/{rfi.customer_id}/plan/news", htmx=True)
        assert news.status == 204


class TestPressing:
    def test_starts_and_finishes_a_step_in_place(self, technician: Visitor, plan: Plan) -> None:
        for word, state in (("Start", "in_progress"), ("Done", "done")):
            form = next(
                f
                for f in technician.get(at(plan)).find("form[action*='/plan/']")
                if str(step(plan, "configure").id) in f.get("action")
            )
            assert word in form.text_content()
            sent = {field.get("name"): field.get("value") for field in form.cssselect("input")}
            answer = technician.post(form.get("action"), sent, htmx=True)
            assert answer.status == 200
            assert answer.headers["HX-Trigger"] == "plan-changed, recent-changed"
            assert answer.find("#plan")
            assert step(plan, "configure").state == state
        assert told() == ["Step “Configure the account” started", "Step “Configure the account” done"]

    def test_without_javascript_it_comes_back_to_the_plan(self, technician: Visitor, plan: Plan) -> None:
        row = step(plan, "configure")
        answer = technician.post(at(plan, f"/{row.id}/start"), {"version": row.version, "back": "plan"})
        assert (answer.status, answer.location) == (303, at(plan))
        assert "“Configure the account” is started." in technician.get(at(plan)).text

    def test_says_on_the_plan_what_could_not_be_done(self, technician: Visitor, plan: Plan) -> None:
        row = step(plan, "configure")
        sent = {"version": row.version + 1, "back": "plan"}
        answer = technician.post(at(plan, f"/{row.id}/start"), sent, htmx=True)
        assert answer.status == 409
        assert "Somebody changed this step" in answer.find("#plan [role=alert]")[0].text_content()


class TestMaking:
    @pytest.fixture
    def rfi(self, world: World) -> Rfi:
        rfi = an_opened_rfi(world)
        Rfi.update(state="not_applicable").execute()
        return rfi

    def test_makes_the_plan(self, technician: Visitor, rfi: Rfi) -> None:
        here = f"/customers/{rfi.customer_id}/plan"
        assert technician.get(here).find(f"form[action='{here}/make']")
        assert technician.post(f"{here}/make").location == here
        assert technician.get(here).find(".phases")

    def test_only_once(self, technician: Visitor, rfi: Rfi) -> None:
        here = f"/customers/{rfi.customer_id}/plan/make"
        technician.post(here)
        answer = technician.post(here, htmx=True)
        assert answer.status == 422
        assert "made already" in answer.text

    def test_not_while_the_rfi_is_open(self, technician: Visitor, world: World) -> None:
        here = f"/customers/{an_opened_rfi(world).customer_id}/plan"
        assert not technician.get(here).find("main form")
        assert technician.post(f"{here}/make").status == 422


class TestCutover:
    def test_is_kept_on_the_readers_clock(self, technician: Visitor, plan: Plan) -> None:
        typed = f"{now() + timedelta(days=30):%Y-%m-%d}T08:00"
        page = technician.get(at(plan, "/cutover"))
        assert "Europe/Berlin" in page.text
        answer = technician.post(at(plan, "/cutover"), {"cutover_at": typed, "version": Plan.get().version})
        assert answer.location == at(plan)
        kept = Plan.get().cutover_at
        assert technician.get(at(plan, "/cutover")).find("[name=cutover_at]")[0].get("value") == typed
        assert f"{kept:%H}" in ("06", "07"), "eight o’clock in Berlin"

    def test_one_that_is_too_early_asks_for_a_reason(self, technician: Visitor, world: World) -> None:
        plan = a_plan(world, "migration")
        typed = f"{now() + timedelta(days=1):%Y-%m-%d}T08:00"
        sent = {"cutover_at": typed, "version": plan.version}
        assert not technician.get(at(plan, "/cutover")).find("[name=reason]")
        answer = technician.post(at(plan, "/cutover"), sent, htmx=True)
        assert answer.status == 422
        assert "72 hours must pass" in answer.text
        assert answer.find("[name=reason]")
        assert answer.find("[name=cutover_at]")[0].get("value") == typed
        answer = technician.post(at(plan, "/cutover"), sent | {"reason": "They move out."})
        assert answer.location == at(plan)
        assert "72 hours" in technician.get(at(plan)).find("#cutover")[0].text_content()

    @pytest.mark.parametrize(
        "typed", ["", "soon", "2026-13-01T08:00", "2026-11-21", "1980-01-01T00:00", "2026-11-21T08:00+01:00"]
    )
    def test_refuses_what_is_no_moment_and_keeps_the_typing(self, technician: Visitor, plan: Plan, typed: str) -> None:
        answer = technician.post(at(plan, "/cutover"), {"cutover_at": typed, "version": plan.version}, htmx=True)
        assert answer.status == 422
        assert answer.find(".why")
        assert answer.find("[name=cutover_at]")[0].get("value") == typed

    def test_refuses_what_changed_meanwhile(self, technician: Visitor, plan: Plan) -> None:
        typed = f"{now() + timedelta(days=30):%Y-%m-%d}T08:00"
        answer = technician.post(at(plan, "/cutover"), {"cutover_at": typed, "version": plan.version - 1}, htmx=True)
        assert answer.status == 409
        assert answer.find("[name=version]")[0].get("value") == str(Plan.get().version)
        assert answer.find("[name=cutover_at]")[0].get("value") == typed


class TestAddingAStep:
    def test_adds_it_where_it_is_wanted(self, technician: Visitor, plan: Plan) -> None:
        typed = {
            "title": "Visit the site",
            "owner": "everyone",
            "phase": "sending",
            "help": "Bring the plan.",
            "after": [str(step(plan, "configure").id)],
            "optional": "y",
            "due_on": "2027-01-05",
        }
        answer = technician.post(at(plan, "/add"), typed | {"version": plan.version})
        assert answer.location == at(plan)
        added = step(plan, "own_1")
        assert (added.title, added.owner, added.phase, added.after, added.optional) == (
            "Visit the site",
            "everyone",
            "sending",
            ["configure"],
            True,
        )
        assert "Bring the plan." in row(technician.get(at(plan)), plan, "own_1")
        assert told() == ["Step “Visit the site” added"]

    def test_shows_what_is_wrong_and_keeps_the_typing(self, technician: Visitor, plan: Plan) -> None:
        typed = {"title": "", "owner": "nobody", "phase": "moon", "help": "Bring the plan.", "after": ["9999"]}
        answer = technician.post(at(plan, "/add"), typed | {"version": plan.version}, htmx=True)
        assert answer.status == 422
        assert len(answer.find(".why")) == 4
        assert "Bring the plan." in answer.text
        assert told() == []

    def test_refuses_what_changed_meanwhile(self, technician: Visitor, plan: Plan) -> None:
        typed = {"title": "Visit", "owner": "partner", "phase": "sending", "version": plan.version - 1}
        answer = technician.post(at(plan, "/add"), typed, htmx=True)
        assert answer.status == 409
        assert answer.find("[name=title]")[0].get("value") == "Visit"


class TestTheEnd:
    @pytest.fixture
    def finished(self, world: World, plan: Plan) -> Plan:
        left = [
            each.key
            for each in PlanStep.select().where(PlanStep.plan == plan)
            if each.state != "done" and each.key != "sign_off"
        ]
        finish(world, plan, *left)
        return Plan.get_by_id(plan.id)

    def test_nobody_signs_off_before(self, technician: Visitor, plan: Plan) -> None:
        page = technician.get(at(plan))
        assert "Still to be done" in page.find("#signatures [aria-disabled=true]")[0].text_content()
        answer = technician.post(at(plan, "/sign-off"), {"version": plan.version}, htmx=True)
        assert answer.status == 422
        assert "Still to be done" in answer.find("[role=alert]")[0].text_content()

    def test_both_sides_sign_off_and_it_is_complete(self, technician: Visitor, finished: Plan) -> None:
        assert technician.post(at(finished, "/sign-off"), {"version": finished.version}).location == at(finished)
        sent = {"version": Plan.get().version}
        answer = technician.post(at(finished, "/sign-off/customer"), sent | {"reason": ""}, htmx=True)
        assert answer.status == 422
        technician.post(at(finished, "/sign-off/customer"), sent | {"reason": "By phone."})
        page = technician.get(at(finished))
        assert "Complete since" in page.text
        assert Customer.get_by_id(finished.customer_id).status == "complete"
        assert Email.select().where(Email.kind.startswith("plan_complete")).count() == 2
        assert not page.find("main form"), "a plan that is over stays as it is"

    def test_pressing_twice_signs_once(self, technician: Visitor, finished: Plan) -> None:
        for status in (303, 422):
            assert technician.post(at(finished, "/sign-off"), {"version": finished.version}).status == status
        assert History.select().where(History.kind == "plan.signed").count() == 1

    def test_an_operator_opens_it_again(self, technician: Visitor, operator: Visitor, finished: Plan) -> None:
        technician.post(at(finished, "/sign-off"), {"version": finished.version})
        sent = {"version": Plan.get().version, "reason": "By phone."}
        technician.post(at(finished, "/sign-off/customer"), sent)
        assert "Open the plan again" not in technician.get(at(finished)).text
        assert operator.get(at(finished)).find(f"a[href='{at(finished, '/reopen')}']")
        assert operator.post(at(finished, "/reopen"), {"reason": ""}).status == 422
        assert operator.post(at(finished, "/reopen"), {"reason": "A domain was forgotten."}).location == at(finished)
        assert Customer.get_by_id(finished.customer_id).status == "in_progress"

    def test_what_the_customer_signed_is_shown(self, technician: Visitor, finished: Plan) -> None:
        sign_off(by_link(finished), finished.customer_id, finished.version, "customer")
        assert "Ines Lead (by link)" in technician.get(at(finished)).find("#signatures")[0].text_content()
