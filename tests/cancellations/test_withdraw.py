"""Withdrawing a cancellation, and the provider's part: until when, by whom, and what is written down."""

from collections.abc import Callable

import pytest

from blueprints.cancellations import rules
from blueprints.cancellations.ending import end_service
from data.cancellations import Cancellation
from data.customers import Customer
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from tests.cancellations.cancelled import PORTAL, days_ago, over, past_commitment, pending
from tests.factories import World, a_customer
from tests.visits import Answer, Visitor

WHY = "They stay, after a call."


def withdraw(visitor: Visitor, asked: Cancellation, *, htmx: bool = False, **changed: object) -> Answer:
    form = {"reason": WHY, "version": Cancellation.get_by_id(asked.id).version} | changed
    return visitor.post(f"/customers/{asked.customer_id}/cancel/withdraw", form, htmx=htmx)


def press(visitor: Visitor, asked: Cancellation, what: str, *, htmx: bool = False, version: int = 0) -> Answer:
    seen = version or Cancellation.get_by_id(asked.id).version
    return visitor.post(f"/customers/{asked.customer_id}/{what}", {"version": seen}, htmx=htmx)


def newest_line(asked: Cancellation, *skipped: str) -> str:
    lines = History.select().where(History.customer_id == asked.customer_id).order_by(History.id.desc())
    return next(sentence(line) for line in lines if not line.kind.startswith(("email.", "customer.", *skipped)))


def status_of(asked: Cancellation) -> str:
    return Customer.get_by_id(asked.customer_id).status


class TestWithdrawing:
    def test_brings_the_customer_back_and_tells_everybody(self, admin: Visitor, world: World) -> None:
        asked = pending(world)
        before = Email.select().count()
        answer = withdraw(admin, asked)
        assert (answer.status, answer.location) == (303, f"/customers/{asked.customer_id}")
        now_ = Cancellation.get_by_id(asked.id)
        assert (now_.state, now_.reason, now_.withdrawn_by_id) == ("withdrawn", WHY, world.admin.id)
        assert status_of(asked) == "complete"
        assert newest_line(asked) == f"Cancellation withdrawn: {WHY}"
        letters = list(Email.select().order_by(Email.id))[before:]
        assert {letter.to_email for letter in letters} == {world.admin.email, world.operator.email}
        assert all(WHY in letter.text and WHY in letter.html for letter in letters)
        page = admin.get(answer.location)
        assert "The cancellation is withdrawn." in page.text
        assert page.find(f'#cancellation a[href="/customers/{asked.customer_id}/cancel"]')

    def test_works_by_htmx_too(self, admin: Visitor, world: World) -> None:
        asked = pending(world)
        assert withdraw(admin, asked, htmx=True).headers["HX-Redirect"] == f"/customers/{asked.customer_id}"
        assert status_of(asked) == "complete"

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b"])
    def test_needs_a_reason_and_keeps_the_typing(self, reason: str, admin: Visitor, world: World) -> None:
        asked = pending(world)
        answer = withdraw(admin, asked, reason=reason)
        assert answer.status == 422
        assert answer.find(".why")
        assert answer.value("reason").replace("\ufffd", "\x00").strip() == reason.strip()
        assert status_of(asked) == "pending_cancellation"

    def test_refuses_what_changed_meanwhile(self, admin: Visitor, operator: Visitor, world: World) -> None:
        asked = pending(world, export=True)
        press(operator, asked, "cancel/quoted")
        answer = withdraw(admin, asked, version=1)
        assert (answer.status, answer.value("reason")) == (409, WHY)
        assert answer.value("version") == "2"
        assert status_of(asked) == "pending_cancellation"

    def test_twice_is_once(self, admin: Visitor, world: World) -> None:
        asked = pending(world)
        withdraw(admin, asked)
        lines = History.select().count()
        again = withdraw(admin, asked)
        assert (again.status, again.location) == (303, f"/customers/{asked.customer_id}")
        assert rules.NothingPending.sentence in admin.get(again.location).text
        assert History.select().count() == lines

    def test_afterwards_it_can_be_asked_for_anew(self, admin: Visitor, world: World) -> None:
        asked = pending(world)
        withdraw(admin, asked)
        again = pending(world, customer=Customer.get_by_id(asked.customer_id))
        assert (again.state, Cancellation.select().count()) == ("pending", 2)
        assert withdraw(admin, again).status == 303

    def test_is_hidden_from_others_and_refused_to_readers(
        self, stranger: Visitor, viewer: Visitor, technician: Visitor, world: World
    ) -> None:
        asked = pending(world)
        assert [withdraw(person, asked).status for person in (stranger, viewer, technician)] == [404, 403, 403]
        assert status_of(asked) == "pending_cancellation"

    @pytest.mark.parametrize("status", ["complete", "in_progress", "cancelled", "prospect"])
    def test_without_one_that_is_pending_there_is_nothing_to_withdraw(
        self, status: str, admin: Visitor, world: World
    ) -> None:
        here = f"/customers/{a_customer(world.northstar, status=status).id}/cancel/withdraw"
        assert admin.get(here).status == 303
        assert admin.post(here, {"reason": WHY, "version": 1}).status == 303

    def test_what_only_says_so_has_nothing_to_withdraw(self, admin: Visitor, world: World) -> None:
        """A status without its cancellation, as another application may have left it."""
        customer = a_customer(world.northstar, status="pending_cancellation")
        assert admin.get(f"/customers/{customer.id}").status == 200
        assert admin.get(f"/customers/{customer.id}/cancel/withdraw").status == 303


class TestOnceItIsProcessed:
    def test_the_msp_no_longer_withdraws_it_and_reads_why(
        self, admin: Visitor, operator: Visitor, world: World
    ) -> None:
        asked = pending(world)
        assert press(operator, asked, "cancel/process").status == 303
        assert newest_line(asked) == "The provider began to process the cancellation"
        answer = withdraw(admin, asked)
        assert (answer.status, rules.InProcess.sentence in answer.text) == (409, True)
        page = admin.get(f"/customers/{asked.customer_id}")
        assert rules.InProcess.sentence in page.find("#cancellation .grey")[0].text_content()
        assert rules.InProcess.sentence in admin.get(f"/customers/{asked.customer_id}/cancel/withdraw").text
        assert status_of(asked) == "pending_cancellation"

    def test_the_provider_still_does(self, operator: Visitor, world: World) -> None:
        asked = pending(world)
        press(operator, asked, "cancel/process")
        assert withdraw(operator, asked).status == 303
        assert status_of(asked) == "complete"


class TestAfterTheLastDay:
    def test_nobody_withdraws_it_even_before_the_job_came_by(
        self, admin: Visitor, operator: Visitor, world: World
    ) -> None:
        asked = over(pending(world, customer=past_commitment(world)))
        for visitor in (admin, operator):
            answer = withdraw(visitor, asked)
            assert (answer.status, rules.ServiceEnded.sentence in answer.text) == (409, True)
        assert status_of(asked) == "pending_cancellation"

    def test_and_once_it_has_ended_there_is_nothing_pending(self, operator: Visitor, world: World) -> None:
        asked = over(pending(world))
        end_service(asked.id, PORTAL)
        assert withdraw(operator, asked).status == 303
        assert status_of(asked) == "cancelled"


class TestTheProvidersPart:
    def test_the_list_says_what_is_to_do_and_what_ends_first(self, operator: Visitor, world: World) -> None:
        late, soon = pending(world, name="Late", export=True), pending(world, name="Soon")
        Cancellation.update(ends_on=days_ago(-1)).where(Cancellation.id == soon.id).execute()
        Cancellation.update(ends_on=days_ago(-9)).where(Cancellation.id == late.id).execute()
        rows = [row.text_content() for row in operator.get("/cancellations/").find("tbody tr")]
        assert ["Soon" in rows[0], "Late" in rows[1]] == [True, True]
        assert ("Quote the data export" in rows[1], "Quote the data export" in rows[0]) == (True, False)
        press(operator, late, "cancel/quoted")
        press(operator, late, "cancel/process")
        assert "Nothing" in operator.get("/cancellations/").find("tbody tr")[1].text_content()

    def test_goes_on_page_by_page_and_shows_each_once(self, operator: Visitor, world: World) -> None:
        asked = pending(world)
        copied = {name: value for name, value in asked.__data__.items() if name != "id"}
        for number in range(60):
            customer = a_customer(world.northstar, f"Number {number}", "pending_cancellation")
            Cancellation.create(**copied | {"customer": customer, "ends_on": days_ago(-(number % 7))})
        seen, page = [], operator.get("/cancellations/")
        while True:
            seen += [row.get("data-id") for row in page.find("tbody tr")]
            further = page.find("a[rel=next]")
            if not further:
                break
            page = operator.get(further[0].get("href"))
        assert len(seen) == len(set(seen)) == 61
        for wrong in ("x", "٣", "2027-01-01", "2027-01-01.x", "9999-12-31.1", "%00", "2027-13-01.5"):
            assert operator.get(f"/cancellations/?after={wrong}").status == 200

    def test_a_quote_is_noted_once(self, operator: Visitor, world: World) -> None:
        asked = pending(world, export=True)
        answer = press(operator, asked, "cancel/quoted", htmx=True)
        assert (answer.status, answer.headers["HX-Trigger"]) == (200, "cancellation-changed, recent-changed")
        assert newest_line(asked) == "Quote for the data export sent"
        assert rules.AlreadyDone.sentence in press(operator, asked, "cancel/quoted", htmx=True).text
        assert Cancellation.get().quoted_by_id == world.operator.id

    def test_there_is_no_quote_where_no_export_is_wanted(self, operator: Visitor, world: World) -> None:
        asked = pending(world)
        press(operator, asked, "cancel/quoted")
        assert Cancellation.get_by_id(asked.id).quoted_at is None

    def test_what_changed_meanwhile_is_looked_at_again(self, operator: Visitor, world: World) -> None:
        asked = pending(world)
        assert "Look at it again" in press(operator, asked, "cancel/process", htmx=True, version=7).text
        assert Cancellation.get_by_id(asked.id).processed_at is None

    @pytest.mark.parametrize("what", ["cancel/process", "cancel/quoted", "export/again"])
    def test_is_not_the_msps(self, what: str, visit_as: Callable, world: World) -> None:
        asked = pending(world, export=True)
        for person in (world.admin, world.technician, world.stranger):
            assert press(visit_as(person), asked, what).status == 403

    def test_an_export_that_ran_out_is_opened_again(self, admin: Visitor, operator: Visitor, world: World) -> None:
        asked = over(pending(world, export=True))
        end_service(asked.id, PORTAL)
        Cancellation.update(export_until=now()).where(Cancellation.id == asked.id).execute()
        here = f"/customers/{asked.customer_id}/export"
        assert "The time for taking this export is over" in admin.get(here).text
        assert admin.get(here + "/file").status == 303
        assert press(operator, asked, "export/again").status == 303
        assert admin.get(here + "/file").status == 200
