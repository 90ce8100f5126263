"""What the customer's contact does on their own page: their steps, remarks, the cutover, signing off."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from blueprints.plans.arranging import comment
from blueprints.plans.checking import UnderWay
from blueprints.plans.signing import sign_off
from blueprints.plans.working import start
from data.customers import Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.plans import Plan, PlanCheck, PlanStep, StepComment
from data.rfi import RfiLink
from tests.factories import World
from tests.plans.planned import PORTAL_ADDRESS, a_plan, act, finish, proven, step, technician
from tests.plans.welcomed import HERE, a_welcomed_plan, address, card, opened, seen_as
from tests.test_hostile import forms_of, wrong_ways
from tests.visits import Answer, Visitor

BOTH = pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])


@pytest.fixture
def plan(world: World) -> Plan:
    plan = a_welcomed_plan(world, "migration")
    finish(world, plan, "review", "create_mailboxes")
    return plan


def said(visitor: Visitor, answer: Answer) -> str:
    """What is spoken after a press, wherever that leads."""
    page = visitor.get(answer.location) if answer.status == 303 else answer
    return page.find("#said")[0].text_content()


def lines(kind: str) -> list[str]:
    return [line.who_name for line in History.select().where(History.kind == kind)]


class TestSteps:
    @BOTH
    def test_are_done_and_it_says_so(self, nobody: Visitor, plan: Plan, htmx: bool) -> None:
        answer = nobody.post(address(plan, "verify_objects", "done"), seen_as(plan, "verify_objects"), htmx=htmx)
        assert answer.status == (200 if htmx else 303)
        assert said(nobody, answer) == "“Look through the new mailboxes, groups and aliases” is done. Thank you."
        assert step(plan, "verify_objects").state == "done"

    def test_are_history_in_the_name_of_whoever_holds_the_link(self, nobody: Visitor, plan: Plan) -> None:
        nobody.post(address(plan, "verify_objects", "done"), seen_as(plan, "verify_objects"))
        assert lines("plan.step_done") == ["Ines Lead (by link)"]

    @BOTH
    def test_are_started(self, nobody: Visitor, plan: Plan, htmx: bool) -> None:
        answer = nobody.post(address(plan, "lower_ttl", "start"), seen_as(plan, "lower_ttl"), htmx=htmx)
        assert "is started" in said(nobody, answer)
        assert step(plan, "lower_ttl").state == "in_progress"
        assert "In progress" in card(nobody.get(HERE), plan, "lower_ttl")

    @BOTH
    def test_are_refused_where_somebody_changed_them_meanwhile(
        self, nobody: Visitor, world: World, plan: Plan, htmx: bool
    ) -> None:
        seen = seen_as(plan, "lower_ttl")
        act(start, technician(world), plan, "lower_ttl")
        answer = nobody.post(address(plan, "lower_ttl", "done"), seen, htmx=htmx)
        assert answer.status == 409
        assert "Somebody changed this step" in card(answer, plan, "lower_ttl")
        assert step(plan, "lower_ttl").state == "in_progress"

    def test_are_refused_while_locked(self, nobody: Visitor, plan: Plan) -> None:
        answer = nobody.post(address(plan, "webmail", "done"), seen_as(plan, "webmail"))
        assert answer.status == 422
        assert "Other steps come first" in answer.text
        assert step(plan, "webmail").state == "not_started"

    def test_a_second_press_changes_nothing(self, nobody: Visitor, plan: Plan) -> None:
        seen = seen_as(plan, "verify_objects")
        nobody.post(address(plan, "verify_objects", "done"), seen)
        answer = nobody.post(address(plan, "verify_objects", "done"), seen)
        assert answer.status == 422
        assert "settled already" in answer.text
        assert len(lines("plan.step_done")) == 1

    def test_with_a_check_are_done_by_the_check(self, nobody: Visitor, plan: Plan) -> None:
        here = address(plan, "autodiscover", "done")
        assert not nobody.get(HERE).find(f'form[action="{here}"]')
        answer = nobody.post(here, seen_as(plan, "autodiscover"))
        assert answer.status == 422
        assert "it is done when the check has passed" in answer.text
        assert "override" not in answer.text, "that is not theirs to do"

    @pytest.mark.parametrize("act_of", ["start", "done", "check", "remarks"])
    def test_of_the_msp_are_not_there(self, nobody: Visitor, plan: Plan, act_of: str) -> None:
        before = History.select().count()
        for htmx in (False, True):
            here = address(plan, "first_copy", act_of)
            assert nobody.post(here, {"version": 1, "text": "Hello"}, htmx=htmx).status == 404
        assert History.select().where(History.kind != "rfi.link_opened").count() == before

    @pytest.mark.parametrize("act_of", ["start", "done", "check", "remarks"])
    def test_of_other_customers_are_not_there(self, nobody: Visitor, world: World, plan: Plan, act_of: str) -> None:
        other = a_plan(world, "security")
        theirs = step(other, "review")
        assert nobody.post(f"{HERE}/steps/{theirs.id}/{act_of}", {"version": 1, "text": "Hello"}).status == 404
        assert step(other, "review").state == "not_started"

    @pytest.mark.parametrize(
        "ended", [{"revoked_at": now()}, {"token_hash": "of another"}], ids=lambda row: next(iter(row))
    )
    def test_nothing_is_done_once_the_link_has_ended(self, nobody: Visitor, plan: Plan, ended: dict) -> None:
        RfiLink.update(**ended).execute()
        for act_of in ("start", "done", "check", "remarks"):
            assert nobody.post(address(plan, "verify_objects", act_of), {"version": 1}).status == 404
        for where in ("cutover", "sign-off"):
            assert nobody.post(f"{HERE}/{where}", {"version": plan.version}).status == 404
        assert step(plan, "verify_objects").state == "not_started"

    def test_are_read_only_once_the_plan_is_over(self, nobody: Visitor, plan: Plan) -> None:
        Plan.update(state="closed").execute()
        answer = nobody.post(address(plan, "verify_objects", "done"), seen_as(plan, "verify_objects"))
        assert answer.status == 422
        assert step(plan, "verify_objects").state == "not_started"


class TestChecks:
    @BOTH
    def test_are_asked_for_and_it_says_so(self, nobody: Visitor, plan: Plan, htmx: bool) -> None:
        answer = nobody.post(address(plan, "autodiscover", "check"), htmx=htmx)
        assert "is being checked" in said(nobody, answer)
        check = PlanCheck.get()
        assert (check.state, check.kind, check.asked_by_name) == ("due", "autodiscover", "Ines Lead (by link)")
        page = nobody.get(HERE)
        assert "Being checked" in card(page, plan, "autodiscover")
        assert page.find("#project")[0].get("data-looks") == "3"
        assert not page.find(f'form[action="{address(plan, "autodiscover", "check")}"]')

    def test_one_at_a_time(self, nobody: Visitor, plan: Plan) -> None:
        nobody.post(address(plan, "autodiscover", "check"))
        answer = nobody.post(address(plan, "autodiscover", "check"))
        assert answer.status == 422
        assert UnderWay.sentence in card(answer, plan, "autodiscover")
        assert PlanCheck.select().count() == 1

    def test_not_again_and_again(self, nobody: Visitor, plan: Plan) -> None:
        proven(step(plan, "autodiscover"), "failed")
        answer = nobody.post(address(plan, "autodiscover", "check"))
        assert answer.status == 422
        assert "Check it again in" in answer.text

    def test_the_answer_comes_to_the_open_page(self, nobody: Visitor, plan: Plan) -> None:
        nobody.post(address(plan, "autodiscover", "check"))
        looks = nobody.get(HERE).find("#project")[0].get("hx-get")
        assert nobody.get(looks, htmx=True).status == 204
        PlanCheck.update(state="done", outcome="failed", sentence="No such name.", answered_at=now()).execute()
        assert "No such name." in nobody.get(looks, htmx=True).text

    def test_what_has_none_has_nothing_to_check(self, nobody: Visitor, plan: Plan) -> None:
        answer = nobody.post(address(plan, "verify_objects", "check"))
        assert answer.status == 422
        assert not PlanCheck.select().exists()


class TestRemarks:
    @BOTH
    def test_are_sent_and_stand_there(self, nobody: Visitor, plan: Plan, htmx: bool) -> None:
        answer = nobody.post(address(plan, "verify_objects", "remarks"), {"text": "Two are missing."}, htmx=htmx)
        assert said(nobody, answer) == "Your remark is sent to Northstar IT."
        told = card(nobody.get(HERE), plan, "verify_objects")
        assert "One remark" in told
        assert "Two are missing.Ines Lead (by link)" in told
        assert lines("plan.step_commented") == ["Ines Lead (by link)"]

    def test_of_the_msp_stand_beside_them(self, nobody: Visitor, world: World, plan: Plan) -> None:
        comment(technician(world), plan.customer_id, step(plan, "verify_objects").id, "Look at sales@ first.")
        assert "Look at sales@ first.Tom Technician" in card(nobody.get(HERE), plan, "verify_objects")

    @BOTH
    @pytest.mark.parametrize(("typed", "why"), [(" ", "Fill this in."), ("x" * 4_001, "At most 4000 characters.")])
    def test_that_cannot_be_kept_stay_to_be_changed(
        self, nobody: Visitor, plan: Plan, typed: str, why: str, htmx: bool
    ) -> None:
        answer = nobody.post(address(plan, "verify_objects", "remarks"), {"text": typed}, htmx=htmx)
        assert answer.status == 422
        assert why in card(answer, plan, "verify_objects")
        assert answer.find(f"#remarks-{step(plan, 'verify_objects').id}[open]")
        if typed.strip():
            assert answer.find("textarea[aria-invalid=true]")[0].text.strip() == typed
        assert not StepComment.select().exists()

    def test_are_shown_as_they_were_typed(self, nobody: Visitor, plan: Plan) -> None:
        nobody.post(address(plan, "verify_objects", "remarks"), {"text": "<script>alert(1)</script>\n{{ 7 * 7 }}"})
        assert "<script>alert(1)</script>\n{{ 7 * 7 }}" in nobody.get(HERE).find("#project")[0].text_content()

    @pytest.mark.parametrize("typed", ["\x00", "a\x00b\x1b[31m", "\u202etxt.exe"])
    def test_hold_nothing_invisible(self, nobody: Visitor, plan: Plan, typed: str) -> None:
        assert nobody.post(address(plan, "verify_objects", "remarks"), {"text": typed}).status == 422

    def test_go_on_while_a_step_is_done(self, nobody: Visitor, world: World, plan: Plan) -> None:
        comment(technician(world), plan.customer_id, step(plan, "review").id, "Here are the minutes.")
        nobody.post(address(plan, "review", "remarks"), {"text": "Thank you."})
        assert [remark.text for remark in StepComment.select()] == ["Here are the minutes.", "Thank you."]


class TestCutover:
    def far(self, days: int = 20) -> str:
        return (now() + timedelta(days=days)).strftime("%Y-%m-%dT08:00")

    def give(self, nobody: Visitor, plan: Plan, typed: str, *, htmx: bool = False, **more: object) -> Answer:
        version = {"version": Plan.get_by_id(plan.id).version}
        return nobody.post(f"{HERE}/cutover", version | {"cutover_at": typed} | more, htmx=htmx)

    @BOTH
    def test_is_given_on_the_clock_of_the_msp(self, nobody: Visitor, plan: Plan, htmx: bool) -> None:
        answer = self.give(nobody, plan, self.far(), htmx=htmx)
        assert "You change over on" in said(nobody, answer)
        at = Plan.get_by_id(plan.id).cutover_at.astimezone(ZoneInfo("Europe/Berlin"))
        assert f"{at:%Y-%m-%dT%H:%M}" == self.far()
        assert step(plan, "cutover_date").state == "done"
        assert lines("plan.cutover_set") == ["Ines Lead (by link)"]

    @BOTH
    def test_sooner_than_72_hours_after_the_mx_change_is_the_msps_to_decide(
        self, nobody: Visitor, plan: Plan, htmx: bool
    ) -> None:
        answer = self.give(nobody, plan, self.far(2), htmx=htmx)
        assert answer.status == 422
        told = card(answer, plan, "cutover_date")
        assert "72 hours must pass" in told
        assert "write to Northstar IT: they can set it all the same" in told
        assert answer.value("cutover_at") == self.far(2)
        assert Plan.get_by_id(plan.id).cutover_at is None

    def test_a_reason_of_theirs_overrides_nothing(self, nobody: Visitor, plan: Plan) -> None:
        assert self.give(nobody, plan, self.far(2), reason="We are in a hurry").status == 422
        assert Plan.get_by_id(plan.id).cutover_at is None

    @pytest.mark.parametrize(
        "typed", ["", " ", "tomorrow", "2026-02-30T08:00", "0001-01-01T00:00", "9999-12-31T23:59", "2020-01-01T08:00"]
    )
    def test_what_is_no_day_stays_to_be_changed(self, nobody: Visitor, plan: Plan, typed: str) -> None:
        answer = self.give(nobody, plan, typed)
        assert answer.status == 422
        assert answer.find(f"#step-{step(plan, 'cutover_date').id} .why")
        assert Plan.get_by_id(plan.id).cutover_at is None

    def test_may_be_changed_as_long_as_it_lies_ahead(self, nobody: Visitor, plan: Plan) -> None:
        self.give(nobody, plan, self.far())
        page = nobody.get(HERE)
        assert page.find("#cutover form")
        assert page.value("cutover_at") == self.far()
        assert self.give(nobody, plan, self.far(30)).status == 303
        Plan.update(cutover_at=now() - timedelta(days=3)).execute()
        assert not nobody.get(HERE).find("#cutover form")

    def test_is_refused_where_the_plan_changed_meanwhile(self, nobody: Visitor, plan: Plan) -> None:
        answer = self.give(nobody, plan, self.far(), version=0)
        assert answer.status == 409
        assert "Somebody changed this plan" in answer.text
        assert answer.value("cutover_at") == self.far()

    def test_is_not_asked_of_plans_without_one(self, nobody: Visitor, world: World) -> None:
        opened(a_plan(world, "archiving"), "other")
        assert nobody.post("/welcome/other/cutover", {"version": 1, "cutover_at": self.far()}).status == 404


class TestSigningOff:
    @pytest.fixture
    def finished(self, world: World) -> Plan:
        plan = a_welcomed_plan(world, "archiving")
        rows = PlanStep.select().where((PlanStep.plan == plan) & (PlanStep.state == "not_started"))
        finish(world, plan, *[row.key for row in rows.order_by(PlanStep.position) if row.key != "sign_off"])
        return Plan.get_by_id(plan.id)

    @BOTH
    def test_by_them_waits_for_the_msp(self, nobody: Visitor, finished: Plan, htmx: bool) -> None:
        assert nobody.get(HERE).find("#sign-off form")
        answer = nobody.post(f"{HERE}/sign-off", {"version": finished.version}, htmx=htmx)
        assert said(nobody, answer) == "Signed off. Northstar IT is next."
        assert Plan.get_by_id(finished.id).customer_signed_by == "Ines Lead (by link)"
        page = nobody.get(HERE)
        assert "Northstar IT signs off next." in page.text
        assert not page.find("#sign-off form")

    def test_by_them_last_completes_it(self, nobody: Visitor, world: World, finished: Plan) -> None:
        sign_off(technician(world), finished.customer_id, finished.version, "partner", portal=PORTAL_ADDRESS)
        answer = nobody.post(f"{HERE}/sign-off", {"version": finished.version + 1})
        assert said(nobody, answer) == "Everything is complete. Thank you."
        assert Customer.get_by_id(finished.customer_id).status == "complete"
        assert {letter.kind for letter in Email.select()} >= {"plan_complete", "plan_complete_customer"}

    def test_is_refused_before_everything_is_settled(self, nobody: Visitor, plan: Plan) -> None:
        assert not nobody.get(HERE).find("#sign-off")
        answer = nobody.post(f"{HERE}/sign-off", {"version": plan.version})
        assert answer.status in (409, 422)
        assert Plan.get_by_id(plan.id).customer_signed_at is None

    def test_a_second_press_changes_nothing(self, nobody: Visitor, finished: Plan) -> None:
        nobody.post(f"{HERE}/sign-off", {"version": finished.version})
        answer = nobody.post(f"{HERE}/sign-off", {"version": finished.version})
        assert answer.status == 422
        assert "signed off already" in answer.text
        assert len(lines("plan.signed")) == 1


class TestHostile:
    @pytest.mark.parametrize("kind", ["/done", "/start", "/check", "/remarks", "/cutover"])
    def test_no_form_breaks_the_portal(self, app: Flask, nobody: Visitor, plan: Plan, kind: str) -> None:
        """The Visitor fails on any 5xx and on a change without history."""
        app.extensions["limiter_of_quayside"].enabled = False
        try:
            forms = dict(forms_of(nobody.get(HERE)))
            action = next(address for address in forms if address.endswith(kind))
            for typed, _ in wrong_ways(forms[action]):
                answer = nobody.post(action, typed)
                assert answer.status in (200, 303, 400, 409, 422), f"{action} with {typed}"
                if answer.status == 422:
                    assert answer.find(".why, [role=alert]"), f"{action} says nothing about {typed}"
        finally:
            app.extensions["limiter_of_quayside"].enabled = True

    def test_presses_cannot_be_repeated_without_end(self, nobody: Visitor, plan: Plan) -> None:
        data = {"csrf_token": nobody.token, "text": "Again"}
        here = address(plan, "verify_objects", "remarks")
        answers = [nobody.client.post(here, data=data).status_code for _ in range(62)]
        assert answers == [303] * 60 + [429] * 2


class TestOldPages:
    """The form token belongs to a session that the browser may have lost meanwhile."""

    STALE = {"csrf_token": "of another session"}

    @BOTH
    def test_a_remark_comes_again_with_a_new_token(self, nobody: Visitor, plan: Plan, htmx: bool) -> None:
        here = address(plan, "verify_objects", "remarks")
        answer = nobody.post(here, self.STALE | {"text": "Two are missing."}, htmx=htmx)
        assert answer.status == 400
        assert "press once more" in answer.find("#said")[0].text_content()
        fields = [area.text.strip() for area in answer.find("textarea") if (area.text or "").strip()]
        assert fields == ["Two are missing."]
        token = answer.find(f'form[action="{here}"] [name=csrf_token]')[0].get("value")
        assert nobody.post(here, {"csrf_token": token, "text": fields[0]}, htmx=htmx).status in (200, 303)

    def test_so_does_a_cutover(self, nobody: Visitor, plan: Plan) -> None:
        answer = nobody.post(f"{HERE}/cutover", self.STALE | {"cutover_at": "2026-12-24T08:00", "version": 1})
        assert (answer.status, answer.value("cutover_at")) == (400, "2026-12-24T08:00")

    @pytest.mark.parametrize("where", ["/sign-off", "/cutover"])
    def test_a_press_has_to_be_done_again(self, nobody: Visitor, plan: Plan, where: str) -> None:
        assert nobody.post(f"{HERE}{where}", self.STALE).status == 400

    def test_of_a_link_that_has_ended_say_nothing_else(self, nobody: Visitor, plan: Plan) -> None:
        RfiLink.update(revoked_at=now()).execute()
        assert nobody.post(f"{HERE}/sign-off", self.STALE).status == 404

    def test_another_browser_without_any_session_is_asked_to_press_again(self, visit_as: Callable, plan: Plan) -> None:
        answer = visit_as(None).post(address(plan, "lower_ttl", "done"), self.STALE | seen_as(plan, "lower_ttl"))
        assert answer.status == 400
        assert step(plan, "lower_ttl").state == "not_started"


@pytest.mark.parametrize("status", ["cancelled", "transferred"])
class TestCustomersWhoLeft:
    """Their links are ended with them; one that was sent since opens the page to be read, and changes nothing."""

    @BOTH
    def test_change_nothing_by_link(self, nobody: Visitor, plan: Plan, status: str, htmx: bool) -> None:
        Customer.update(status=status, shelf="past").where(Customer.id == plan.customer_id).execute()
        lines_before = History.select().count()
        at = (now() + timedelta(days=20)).strftime("%Y-%m-%dT08:00")
        presses = [
            (address(plan, "verify_objects", "done"), seen_as(plan, "verify_objects")),
            (address(plan, "lower_ttl", "start"), seen_as(plan, "lower_ttl")),
            (address(plan, "autodiscover", "check"), {}),
            (address(plan, "verify_objects", "remarks"), {"text": "Hello?"}),
            (f"{HERE}/cutover", {"version": Plan.get_by_id(plan.id).version, "cutover_at": at}),
            (f"{HERE}/sign-off", {"version": Plan.get_by_id(plan.id).version}),
        ]
        answers = [nobody.post(where, data, htmx=htmx) for where, data in presses]
        assert [answer.status for answer in answers] == [422] * len(presses)
        assert all("This plan is over" in answer.text for answer in answers if htmx)
        assert not PlanCheck.select().exists()
        assert not StepComment.select().exists()
        assert History.select().where(History.kind != "rfi.link_opened").count() == lines_before
        assert "does not look after" in nobody.get(HERE).text

    def test_ask_for_no_check_of_a_plan_that_was_complete(self, nobody: Visitor, plan: Plan, status: str) -> None:
        Plan.update(state="done").where(Plan.id == plan.id).execute()
        Customer.update(status=status, shelf="past").where(Customer.id == plan.customer_id).execute()
        PlanStep.update(state="done", alert="Gone.").where(PlanStep.key == "autodiscover").execute()
        assert nobody.post(address(plan, "autodiscover", "check"), {}).status == 422
        assert "Check again" not in nobody.get(HERE).text
