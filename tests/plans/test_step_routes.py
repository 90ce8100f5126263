"""The page of one step: what stands there, and each act from it; the list of what is stuck."""

from datetime import timedelta

import pytest

from blueprints.plans.arranging import comment, set_due
from blueprints.plans.deeds import DEEDS
from blueprints.plans.proving import hear
from blueprints.plans.working import fail
from data.emails import Email
from data.history import History
from data.moments import now
from data.plans import Plan, PlanStep, StepComment
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over
from tests.plans.planned import WHY, a_plan, act, finish, proven, step, technician, told
from tests.visits import Answer, Visitor

STUCK = "/customers/stuck"


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan(world)


def at(plan: Plan, key: str, rest: str = "") -> str:
    return f"/customers/{plan.customer_id}/plan/{step(plan, key).id}{rest}"


def pressed(visitor: Visitor, plan: Plan, key: str, name: str, htmx: bool = True, **typed: object) -> Answer:
    """Press the button of an act, having seen the step as it is."""
    return visitor.post(at(plan, key, f"/{name}"), {"version": step(plan, key).version} | typed, htmx=htmx)


def forms(answer: Answer) -> set[str]:
    return {form.get("action").rsplit("/", 1)[1] for form in answer.find("main form")}


SOON = f"{now() + timedelta(days=2):%Y-%m-%dT08:00}"
# Act → what is typed, and the state of the step after it.
TYPED: dict[str, tuple[dict[str, object], str]] = {
    "start": ({}, "in_progress"),
    "done": ({}, "done"),
    "wait": ({"until": SOON}, "waiting"),
    "fail": ({"reason": WHY}, "failed"),
    "override": ({"reason": WHY}, "done"),
    "not-applicable": ({"reason": WHY, "overriding": "y"}, "not_applicable"),
    "drop": ({"reason": WHY}, "not_started"),
    "undo": ({"reason": WHY}, "not_started"),
    "assign": ({"person": "0"}, "not_started"),
    "due": ({"due_on": "2027-01-05"}, "not_started"),
    "comment": ({"text": "Called <them>."}, "not_started"),
    "remind": ({}, "not_started"),
}


def ready(world: World, plan: Plan, name: str) -> None:
    """The step is as it must be for the act."""
    if name == "undo":
        act(fail, technician(world), plan, "configure", WHY)


class TestEachAct:
    @pytest.mark.parametrize("name", DEEDS)
    def test_works_in_place_says_so_and_leaves_one_line_of_history(
        self, technician: Visitor, world: World, plan: Plan, name: str
    ) -> None:
        ready(world, plan, name)
        before = History.select().count()
        typed, state = TYPED[name]
        answer = pressed(technician, plan, "configure", name, **typed)
        assert answer.status == 200
        assert answer.find("#step")
        assert answer.find("#said")[0].text_content()
        assert answer.headers["HX-Trigger"] == "plan-changed, recent-changed"
        assert step(plan, "configure").state == state
        letters = Email.select().count()  # a letter is a line, too
        assert History.select().count() == before + 1 + letters

    @pytest.mark.parametrize("name", DEEDS)
    def test_works_without_javascript(self, technician: Visitor, world: World, plan: Plan, name: str) -> None:
        ready(world, plan, name)
        here = at(plan, "configure")
        assert f"{here}/{name}" in {form.get("action") for form in technician.get(here).find("form")}
        answer = pressed(technician, plan, "configure", name, htmx=False, **TYPED[name][0])
        assert (answer.status, answer.location) == (303, here)
        assert technician.get(here).find("#said")[0].text_content()

    @pytest.mark.parametrize("name", ["wait", "fail", "override", "not-applicable", "drop", "undo", "comment"])
    def test_shows_what_is_missing_beside_its_field(
        self, technician: Visitor, world: World, plan: Plan, name: str
    ) -> None:
        ready(world, plan, name)
        before = told()
        answer = pressed(technician, plan, "configure", name)
        assert answer.status == 422
        assert answer.find(f"form[action$='/{name}'] .why")
        if name != "comment":
            assert answer.find(f"#act-{name}[open]"), "what is wrong is unfolded"
        assert told() == before

    @pytest.mark.parametrize("name", [name for name in DEEDS if name not in ("comment", "remind")])
    def test_refuses_what_changed_meanwhile_and_keeps_the_typing(
        self, technician: Visitor, world: World, plan: Plan, name: str
    ) -> None:
        ready(world, plan, name)
        before, seen = told(), step(plan, "configure").version
        typed = TYPED[name][0]
        answer = pressed(technician, plan, "configure", name, version=seen - 1, **typed)
        assert answer.status == 409
        assert "Somebody changed this step" in answer.text
        form = answer.find(f"form[action$='/{name}']")[0]
        assert form.cssselect("[name=version]")[0].get("value") == str(seen), "it can be pressed again"
        if "reason" in typed:
            assert form.cssselect("textarea")[0].text.strip() == WHY
        assert told() == before

    @pytest.mark.parametrize("name", DEEDS)
    def test_is_not_for_readers_and_hidden_from_strangers(
        self, viewer: Visitor, stranger: Visitor, plan: Plan, name: str
    ) -> None:
        for visitor, status in ((viewer, 403), (stranger, 404)):
            for typed in ({}, TYPED[name][0]):
                assert pressed(visitor, plan, "configure", name, **typed).status == status
        assert told() == []


class TestRefusals:
    def test_what_is_locked_says_what_it_waits_for(self, technician: Visitor, plan: Plan) -> None:
        answer = pressed(technician, plan, "outbound", "done")
        assert answer.status == 422
        assert "This step waits for “Publish the new SPF record”." in answer.find("[role=alert]")[0].text_content()

    def test_what_is_not_proven(self, technician: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "configure")
        answer = pressed(technician, plan, "domains", "done")
        assert answer.status == 422
        assert "has not been seen yet" in answer.text

    def test_a_required_step_is_not_applicable_only_on_purpose(self, technician: Visitor, plan: Plan) -> None:
        answer = pressed(technician, plan, "outbound", "not-applicable", reason=WHY)
        assert answer.status == 422
        assert "This step is required" in answer.text
        assert pressed(technician, plan, "outbound", "not-applicable", reason=WHY, overriding="y").status == 200

    @pytest.mark.parametrize("person", ["-1", "x", "99999", ""])
    def test_nobody_else_is_given_a_step(self, technician: Visitor, world: World, plan: Plan, person: str) -> None:
        person = person.replace("99999", str(world.stranger.id))
        answer = pressed(technician, plan, "configure", "assign", person=person)
        assert answer.status in (200, 422)
        assert step(plan, "configure").assigned_to_id is None

    def test_a_step_of_another_customer_is_not_there(self, technician: Visitor, world: World, plan: Plan) -> None:
        other = a_plan(world)
        address = f"/customers/{other.customer_id}/plan/{step(plan, 'configure').id}"
        assert technician.get(address).status == 404
        assert technician.post(f"{address}/start", {"version": 1}).status == 404

    @pytest.mark.parametrize("name", ["destroy", "not_applicable", "check%00", "Start"])
    def test_made_up_acts_are_not_there(self, technician: Visitor, plan: Plan, name: str) -> None:
        assert technician.post(at(plan, "configure", f"/{name}"), {"version": 1}).status in (404, 405)

    def test_a_customer_without_a_plan_has_no_steps(self, technician: Visitor, world: World) -> None:
        customer = a_customer(world.northstar, status="complete")
        assert technician.get(f"/customers/{customer.id}/plan/1").status == 404


class TestShowing:
    def test_help_locks_and_what_waits_for_it(self, viewer: Visitor, plan: Plan) -> None:
        page = viewer.get(at(plan, "domains"))
        assert "A TXT record at each domain." in page.text
        assert page.find(f".held a[href='{at(plan, 'configure')}']")[0].text == "Configure the account"
        assert page.find(f"aside a[href='{at(plan, 'spf')}']")
        assert page.find("a[href='https://www.rfc-editor.org/rfc/rfc1464']")

    def test_remarks_oldest_first_as_text(self, viewer: Visitor, world: World, plan: Plan) -> None:
        for text in ("First <b>one</b>", "Second"):
            comment(technician(world), plan.customer_id, step(plan, "configure").id, text)
        remarks = viewer.get(at(plan, "configure")).find("#remarks .note .words")
        assert [remark.text_content() for remark in remarks] == ["First <b>one</b>", "Second"]

    def test_readers_find_nothing_to_press(self, viewer: Visitor, plan: Plan) -> None:
        assert forms(viewer.get(at(plan, "configure"))) == set()

    def test_a_settled_step_offers_to_be_taken_up_again(self, technician: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "configure")
        page = technician.get(at(plan, "configure"))
        assert forms(page) == {"undo", "comment"}
        assert f"Done by override: “{WHY}”" in page.text

    def test_what_its_check_found(self, viewer: Visitor, world: World, plan: Plan) -> None:
        proven(step(plan, "domains"), "failed")
        assert "Seen." in viewer.get(at(plan, "domains")).find("#evidence")[0].text_content()

    def test_the_date_of_the_cutover_and_the_mailboxes_have_pages_of_their_own(
        self, technician: Visitor, world: World
    ) -> None:
        plan = a_plan(world, "migration")
        here = f"/customers/{plan.customer_id}/plan"
        assert technician.get(at(plan, "cutover_date")).find(f"a[href='{here}/cutover']")
        assert technician.get(at(plan, "imap_test")).find(f"a[href='{here}/mailboxes']")

    def test_the_last_step_shows_who_signed(self, technician: Visitor, plan: Plan) -> None:
        page = technician.get(at(plan, "sign_off"))
        assert "not yet" in page.find("#signatures")[0].text_content()
        assert "override" not in forms(page)

    def test_looks_again_and_says_nothing_when_nothing_changed(self, viewer: Visitor, world: World, plan: Plan) -> None:
        part = viewer.get(at(plan, "configure")).find("#step")[0].get("hx-get")
        assert viewer.get(part, htmx=True).status == 204
        finish(world, plan, "review")
        answer = viewer.get(part, htmx=True)
        assert answer.status == 200, "another step may unlock this one"
        assert answer.find("#step")


class TestReminding:
    def test_reminds_the_customer_now_and_once_a_day(self, technician: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "configure")
        answer = pressed(technician, plan, "domains", "remind")
        assert "A reminder goes to lead@" in answer.find("#said")[0].text_content()
        assert Email.select().where(Email.kind == "plan_reminder_customer").count() == 1
        again = pressed(technician, plan, "domains", "remind")
        assert again.status == 422
        assert "today already" in again.text

    def test_is_not_offered_for_what_is_locked_or_settled(self, technician: Visitor, plan: Plan) -> None:
        assert "remind" not in forms(technician.get(at(plan, "outbound")))
        assert "remind" not in forms(technician.get(at(plan, "rfi")))


class TestStuck:
    def rows(self, answer: Answer) -> list[str]:
        return [" ".join(each.text_content().split()) for each in answer.find("tbody tr")]

    @pytest.fixture
    def failed(self, world: World, plan: Plan) -> PlanStep:
        return act(fail, technician(world), plan, "configure", "No licence.")

    def test_says_what_to_expect_when_nothing_is(self, viewer: Visitor, plan: Plan) -> None:
        assert "Nothing is stuck" in viewer.get(STUCK).text

    def test_lists_why_since_when_and_whose(self, viewer: Visitor, plan: Plan, failed: PlanStep) -> None:
        (row,) = self.rows(viewer.get(STUCK))
        for part in ("Configure the account", "No licence.", "Failed", "MSP"):
            assert part in row
        assert viewer.get(STUCK).find(f"tbody a[href='{at(plan, 'configure')}']")

    def test_narrows_to_a_reason_in_place(self, viewer: Visitor, world: World, plan: Plan, failed: PlanStep) -> None:
        finish(world, plan, "spf")
        proven(step(plan, "spf"), "failed")
        hear(plan.customer_id, step(plan, "spf").id, "failed", "The record is gone.")
        assert len(self.rows(viewer.get(STUCK))) == 2
        answer = viewer.get(f"{STUCK}?reason=drifted", htmx=True)
        assert len(self.rows(answer)) == 1
        assert answer.find("#reason-drifted[aria-current]")
        assert "1 stuck step" in answer.find("#said")[0].text_content()
        assert len(self.rows(viewer.get(f"{STUCK}?reason=made-up"))) == 2

    def test_goes_on_page_by_page(self, viewer: Visitor, world: World, plan: Plan) -> None:
        PlanStep.update(state="failed").where(PlanStep.plan == plan).execute()
        other = a_plan(world)
        PlanStep.update(state="failed").where(PlanStep.plan == other).execute()
        seen, address = [], STUCK
        while address:
            page = viewer.get(address)
            seen += [row.get("data-id") for row in page.find("tbody tr")]
            following = page.find("#found-after")
            address = following[0].get("href") if following else ""
        assert len(seen) == len(set(seen)) == PlanStep.select().where(PlanStep.state == "failed").count() > 25

    def test_reminds_from_the_list(self, technician: Visitor, plan: Plan, failed: PlanStep) -> None:
        form = technician.get(STUCK).find("tbody form")[0]
        answer = technician.post(form.get("action"), {"back": "stuck"}, htmx=True)
        assert answer.status == 200
        assert "A reminder goes to" in answer.text
        again = technician.post(form.get("action"), {"back": "stuck"}, htmx=True)
        assert again.status == 422
        assert "today already" in again.find("#found [role=alert]")[0].text_content()
        assert technician.post(form.get("action"), {"back": "stuck"}).status == 422

    def test_readers_remind_nobody(self, viewer: Visitor, plan: Plan, failed: PlanStep) -> None:
        assert viewer.get(STUCK).find("tbody form") == []

    def test_has_what_the_person_reaches_only(
        self, stranger: Visitor, viewer: Visitor, world: World, plan: Plan, failed: PlanStep
    ) -> None:
        assert self.rows(stranger.get(STUCK)) == []
        a_grant_over(world.viewer, plan.customer, Role.NONE)
        assert self.rows(viewer.get(STUCK)) == []

    @pytest.mark.parametrize("after", ["x", "%00", "20260101-", "9" * 60, "20260231000000000000-1"])
    def test_made_up_places_show_the_first_page(
        self, viewer: Visitor, plan: Plan, failed: PlanStep, after: str
    ) -> None:
        assert len(self.rows(viewer.get(f"{STUCK}?after={after}"))) == 1

    def test_overdue_says_the_day(self, viewer: Visitor, world: World, plan: Plan) -> None:
        act(set_due, technician(world), plan, "configure", now().date() - timedelta(days=9))
        assert "Overdue" in self.rows(viewer.get(STUCK))[0]


def test_remarks_are_never_lost_to_a_step_that_moved_on(technician: Visitor, world: World, plan: Plan) -> None:
    finish(world, plan, "configure")
    assert pressed(technician, plan, "configure", "comment", text="Late word", version=1).status == 200
    assert StepComment.get().text == "Late word"
