"""The customer's own page: what it shows of a plan, to whom, and what it keeps to itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from blueprints.plans.arranging import assign, comment, set_due
from blueprints.plans.proving import hear
from blueprints.plans.signing import sign_off
from blueprints.plans.working import fail, not_applicable, undo
from data.customers import Customer
from data.history import History
from data.moments import now
from data.partners import Partner
from data.plans import Plan, PlanCheck, PlanStep
from data.rfi import Rfi, RfiLink
from tests.factories import World
from tests.plans.planned import PORTAL_ADDRESS, WHY, a_plan, act, by_link, finish, proven, step, technician
from tests.plans.welcomed import HERE, TOKEN, a_welcomed_plan, called, card, opened
from tests.rfi.waiting_for import an_opened_rfi
from tests.visits import Visitor


@pytest.fixture
def plan(world: World) -> Plan:
    """A move of mailboxes that both sides have gone through."""
    plan = a_welcomed_plan(world, "migration")
    finish(world, plan, "review", "create_mailboxes")
    return plan


def settle_all(world: World, plan: Plan) -> None:
    left = PlanStep.select().where((PlanStep.plan == plan) & (PlanStep.state == "not_started"))
    finish(world, plan, *[row.key for row in left.order_by(PlanStep.position) if row.key != "sign_off"])


class TestOpening:
    def test_speaks_for_the_msp_to_whom_it_was_written(self, nobody: Visitor, plan: Plan) -> None:
        page = nobody.get(HERE)
        assert page.find("header .name")[0].text_content() == "Northstar IT"
        assert "Hello Ines Lead" in page.text
        assert not page.find("nav[aria-label=Main]")

    def test_leaves_nothing_behind_and_tells_nobody_its_address(self, nobody: Visitor, plan: Plan) -> None:
        headers = nobody.get(HERE).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"

    def test_that_it_was_opened_is_history_once_an_hour(self, nobody: Visitor, plan: Plan) -> None:
        nobody.get(HERE)
        nobody.get(HERE)
        lines = History.select().where(History.kind == "rfi.link_opened")
        assert [line.who_name for line in lines] == ["Ines Lead (by link)"]

    def test_asks_the_same_of_the_database_however_long_the_plan_is(
        self, nobody: Visitor, world: World, statements: Callable[..., int], plan: Plan
    ) -> None:
        nobody.get(HERE)
        few = statements(lambda: nobody.get(HERE))
        for row in PlanStep.select().where(PlanStep.plan == plan):
            for text in ("One", "Two"):
                comment(technician(world), plan.customer_id, row.id, text)
            proven(row)
        assert statements(lambda: nobody.get(HERE)) <= few + 1, "the remarks are asked for once there are some"


class TestRefused:
    @pytest.mark.parametrize(
        "spoilt", [{"revoked_at": True}, {"expires_at": True}, {"token_hash": "of another"}], ids=str
    )
    def test_what_does_not_open_looks_like_a_guess(self, nobody: Visitor, plan: Plan, spoilt: dict) -> None:
        RfiLink.update(**{name: now() if value is True else value for name, value in spoilt.items()}).execute()
        guess = nobody.get("/welcome/a-guess")
        assert nobody.get(HERE).text == guess.text
        assert guess.status == 404

    @pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 5000, "%00", "ünï", "..%2f..%2fsetup"])
    def test_a_guess_gets_the_same_404(self, nobody: Visitor, plan: Plan, token: str) -> None:
        assert nobody.get(f"/welcome/{token}").status == 404

    def test_guesses_cannot_be_tried_quickly(self, nobody: Visitor) -> None:
        for where in ("", "/documents/1"):
            asked = [nobody.client.get(f"/welcome/guess-{number}{where}").status_code for number in range(61)]
            assert asked == [404] * 60 + [429]

    def test_a_page_that_looks_again_is_not_taken_for_guesses(self, nobody: Visitor, plan: Plan) -> None:
        look = nobody.get(HERE).find("#project")[0].get("hx-get")
        asked = [nobody.client.get(look, headers={"HX-Request": "true"}).status_code for _ in range(244)]
        assert asked == [204] * 239 + [429] * 5

    def test_it_opens_nothing_of_the_msp(self, nobody: Visitor, plan: Plan) -> None:
        nobody.get(HERE)
        assert nobody.get(f"/customers/{plan.customer_id}/plan").status == 303, "to the sign-in page"
        assert nobody.get(f"/customers/{plan.customer_id}").status == 303

    def test_it_shows_no_other_customer(self, nobody: Visitor, world: World, plan: Plan) -> None:
        other = a_welcomed_plan_of_another(world)
        called(other, "Zebulon")
        assert "Zebulon" not in nobody.get(HERE).text


def a_welcomed_plan_of_another(world: World) -> Plan:
    return opened(a_plan(world, "security"), "another-token")


class TestTasks:
    def test_stand_first_with_what_to_do(self, nobody: Visitor, plan: Plan) -> None:
        page = nobody.get(HERE)
        assert "3 tasks wait for you." in page.text, "the time to live is optional"
        told = card(page, plan, "verify_objects")
        assert "Is everybody there, with the right name and every address they use?" in told
        assert "Your turn" in told
        assert "Yes, everything is right" in told

    def test_locked_ones_say_what_they_wait_for(self, nobody: Visitor, plan: Plan) -> None:
        told = card(nobody.get(HERE), plan, "webmail")
        assert "Waits for “Copy all mail for the first time”" in told
        assert not nobody.get(HERE).find(f"#step-{step(plan, 'webmail').id} button")

    def test_done_ones_say_when_and_who(self, nobody: Visitor, plan: Plan) -> None:
        told = nobody.get(HERE).find(f"#step-{step(plan, 'review').id}")[0].text_content()
        assert "Done" in told
        assert "Tom Technician" in told

    def test_of_both_sides_say_so(self, nobody: Visitor, world: World) -> None:
        plan = a_welcomed_plan(world, "migration")
        assert "you, together with Northstar IT" in card(nobody.get(HERE), plan, "review")

    def test_say_until_when_and_who_helps(self, nobody: Visitor, world: World, plan: Plan) -> None:
        act(assign, technician(world), plan, "verify_objects", world.technician.id)
        act(set_due, technician(world), plan, "verify_objects", (now() - timedelta(days=2)).date())
        told = card(nobody.get(HERE), plan, "verify_objects")
        assert "Overdue" in told
        assert "Helps you Tom Technician" in told

    def test_failed_ones_say_why(self, nobody: Visitor, world: World, plan: Plan) -> None:
        act(fail, technician(world), plan, "verify_objects", "Two groups are missing.")
        told = card(nobody.get(HERE), plan, "verify_objects")
        assert "Not right yet" in told
        assert "Two groups are missing." in told

    def test_taken_up_again_say_why(self, nobody: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "verify_objects")
        act(undo, technician(world), plan, "verify_objects", "A new list came.")
        assert "Northstar IT: A new list came." in card(nobody.get(HERE), plan, "verify_objects")

    def test_not_needed_ones_say_why(self, nobody: Visitor, world: World, plan: Plan) -> None:
        act(not_applicable, technician(world), plan, "lower_ttl", "It is low already.")
        assert "It is low already." in card(nobody.get(HERE), plan, "lower_ttl")

    def test_drifted_ones_come_again(self, nobody: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "autodiscover")
        hear(plan.customer_id, proven(step(plan, "autodiscover")).step_id, "failed", "It leads elsewhere now.")
        told = card(nobody.get(HERE), plan, "autodiscover")
        assert "Not as it was" in told
        assert "It leads elsewhere now." in told
        assert nobody.get(HERE).find(f'form[action$="/steps/{step(plan, "autodiscover").id}/check"]')

    def test_say_what_the_check_has_seen_in_plain_words(self, nobody: Visitor, plan: Plan) -> None:
        check = proven(step(plan, "autodiscover"), "failed")
        PlanCheck.update(sentence="There is no such name.", evidence={"raw": ["SECRET-BANNER"]}).execute()
        hear(plan.customer_id, check.step_id, "failed", "There is no such name.")
        page = nobody.get(HERE)
        told = card(page, plan, "autodiscover")
        assert told.count("There is no such name.") == 1, "the reason is what the check said"
        assert "Not there yet" in told
        assert "SECRET-BANNER" not in page.html

    @pytest.mark.parametrize("outcome", ["undetermined", "could_not_run"])
    def test_never_say_wrong_for_what_nobody_can_know(self, nobody: Visitor, plan: Plan, outcome: str) -> None:
        proven(step(plan, "autodiscover"), outcome)
        told = card(nobody.get(HERE), plan, "autodiscover")
        assert "Northstar IT looks at it" in told
        assert "Not there yet" not in told
        assert "Not right yet" not in told


class TestRecords:
    def test_to_publish_stand_exactly_with_a_button_that_copies(self, nobody: Visitor, world: World) -> None:
        expected = {"autodiscover": ["autodiscover.northstar-mail.example"]}
        Partner.update(expected=expected).where(Partner.id == world.northstar.id).execute()
        plan = a_welcomed_plan(world, "migration")
        finish(world, plan, "review", "create_mailboxes")
        row, page = step(plan, "autodiscover"), nobody.get(HERE)
        assert page.find(f"#record-{row.id}-1-name")[0].text == f"autodiscover.{plan.customer.primary_domain}"
        assert page.find(f"#record-{row.id}-1-value")[0].text == "autodiscover.northstar-mail.example"
        assert page.find(f'button[data-copy="#record-{row.id}-1-value"][hidden]'), "without a script nothing copies"

    def test_nobody_has_said_yet_are_not_made_up(self, nobody: Visitor, plan: Plan) -> None:
        row, page = step(plan, "autodiscover"), nobody.get(HERE)
        assert "It is not said yet what this record should be." in card(page, plan, "autodiscover")
        assert not page.find(f"#record-{row.id}-1-value")

    def test_of_locked_steps_are_not_shown_too_early(self, nobody: Visitor, world: World) -> None:
        expected = {"mx": ["10 mx1.northstar-mail.example"]}
        Partner.update(expected=expected).where(Partner.id == world.northstar.id).execute()
        a_welcomed_plan(world, "migration")
        assert "mx1.northstar-mail.example" not in nobody.get(HERE).html


class TestOurProgress:
    def test_counts_and_names_the_steps_of_both_sides(self, nobody: Visitor, plan: Plan) -> None:
        page = nobody.get(HERE)
        told = " ".join(page.find("#progress")[0].text_content().split())
        assert "Creating the account" in told
        assert "Copy all mail for the first time" in told
        assert page.find("progress")[0].get("aria-label") == f"{page.find('progress')[0].get('value')} of 20 steps done"

    def test_keeps_to_itself_what_the_msp_wrote_about_its_own_steps(
        self, nobody: Visitor, world: World, plan: Plan
    ) -> None:
        row = step(plan, "imap_test")
        comment(technician(world), plan.customer_id, row.id, "Their server is a mess.")
        act(fail, technician(world), plan, "imap_test", "Wrong password, again.")
        PlanCheck.update(sentence="Sign-in refused for boss@.").where(PlanCheck.id == proven(row).id).execute()
        page = nobody.get(HERE)
        for kept in ("a mess", "Wrong password", "boss@", WHY):
            assert kept not in page.html
        assert "Test the connection to the IMAP server" in page.text

    def test_dropped_steps_are_gone(self, nobody: Visitor, plan: Plan) -> None:
        PlanStep.update(dropped_at=now()).where(PlanStep.id == step(plan, "lower_ttl").id).execute()
        assert "Lower the time to live" not in nobody.get(HERE).text

    def test_says_whose_turn_it_is_when_it_is_not_theirs(self, nobody: Visitor, world: World) -> None:
        plan = a_welcomed_plan(world, "migration")
        finish(world, plan, "review", "cutover_date")
        assert "Nothing waits for you just now: Northstar IT goes on with" in nobody.get(HERE).text


class TestOtherTimes:
    def test_before_the_rfi_is_handed_in_the_questions_are_the_task(self, nobody: Visitor, world: World) -> None:
        rfi = an_opened_rfi(world)
        opened(Plan.get(Plan.order == rfi.order_id))
        page = nobody.get(HERE)
        assert "One task waits for you." in page.text
        assert page.find(f'#questions a[href="/rfi/{TOKEN}"]')

    def test_flagged_answers_are_a_task(self, nobody: Visitor, plan: Plan) -> None:
        Rfi.update(state="error").execute()
        assert "Look at some answers again" in nobody.get(HERE).text

    def test_a_complete_one_stays_to_be_read(self, nobody: Visitor, world: World, plan: Plan) -> None:
        settle_all(world, plan)
        for side, who in (("partner", technician(world)), ("customer", by_link(plan))):
            sign_off(who, plan.customer_id, Plan.get_by_id(plan.id).version, side, portal=PORTAL_ADDRESS)
        page = nobody.get(HERE)
        assert page.find("h1")[0].text_content() == "Your mail is set up"
        assert "Complete" in page.text
        assert not page.find("#project[hx-trigger]"), "nothing comes any more"
        assert [form.get("action") for form in page.find("main form")] == []

    def test_a_closed_one_says_so(self, nobody: Visitor, plan: Plan) -> None:
        Plan.update(state="closed").execute()
        Customer.update(status="closed", shelf="past").where(Customer.id == plan.customer_id).execute()
        page = nobody.get(HERE)
        assert "This project was closed." in page.text
        assert not page.find("main form")

    @pytest.mark.parametrize("status", ["cancelled", "transferred"])
    def test_one_that_ended_says_so_and_takes_nothing_more(self, nobody: Visitor, plan: Plan, status: str) -> None:
        Customer.update(status=status, shelf="past").where(Customer.id == plan.customer_id).execute()
        page = nobody.get(HERE)
        assert "does not look after" in page.text
        assert not page.find("main form")

    def test_an_open_page_is_told_only_what_changed(self, nobody: Visitor, world: World, plan: Plan) -> None:
        looks = nobody.get(HERE).find("#project")[0].get("hx-get")
        assert nobody.get(looks, htmx=True).status == 204
        finish(world, plan, "mail_back")
        assert "Pass new mail on" in nobody.get(looks, htmx=True).text

    def test_weeks_later_the_link_still_opens_and_then_ends(self, visit_as: Callable, plan: Plan) -> None:
        with time_machine.travel(now() + timedelta(days=59)):
            assert visit_as(None).get(HERE).status == 200
        with time_machine.travel(now() + timedelta(days=61)):
            assert visit_as(None).get(HERE).status == 404


class TestWhoToAsk:
    def test_names_who_works_on_it_who_ordered_and_the_address(self, nobody: Visitor, world: World, plan: Plan) -> None:
        partner = {"reply_to": "help@northstar.example", "street": "Speicherstadt 4", "city": "Hamburg"}
        Partner.update(**partner).where(Partner.id == world.northstar.id).execute()
        act(assign, technician(world), plan, "imap_test", world.technician.id)
        told = nobody.get(HERE).find("#people")[0]
        links = [link.get("href") for link in told.cssselect("a")]
        assert links == [
            "mailto:tom.technician@northstar.example",
            "mailto:ada.admin@northstar.example",
            "mailto:help@northstar.example",
        ]
        assert "Speicherstadt 4" in told.text_content()

    def test_names_nobody_twice(self, nobody: Visitor, world: World, plan: Plan) -> None:
        act(assign, technician(world), plan, "imap_test", world.admin.id)
        assert len(nobody.get(HERE).find("#people li")) == 1
