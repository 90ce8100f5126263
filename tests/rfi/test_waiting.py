"""The clock of an RFI: reminders, the MSP told, the project closed; and an operator who starts it again."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine

from blueprints.customers.at_msp import people_at_msp
from blueprints.customers.sealing import seal
from blueprints.gateways.queue import queue
from blueprints.rfi import jobs, letters, waiting
from blueprints.rfi.waiting import remind, tend
from data.accounts import Grant, Person
from data.customers import Contact, Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.partners import Partner
from data.plans import Plan
from data.rfi import Rfi, RfiAnswer, RfiLink
from tests.at_once import at_once
from tests.factories import World, a_customer
from tests.rfi.waiting_for import an_opened_rfi, of, set_waiting
from tests.visits import Visitor

PORTAL = "https://portal.example"
START = "2026-03-01T09:30:00Z"


@pytest.fixture
def clock():
    """Stands still at START until it is moved: `clock.shift(timedelta(days=3))`."""
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def rfi(clock, world: World) -> Rfi:
    return an_opened_rfi(world)


def days(clock, number: float) -> None:
    clock.move_to(START)
    clock.shift(timedelta(days=number))


def kinds_written() -> list[str]:
    return [letter.kind for letter in Email.select().order_by(Email.id)]


def kinds_told() -> list[str]:
    return [line.kind for line in History.select().order_by(History.id) if line.kind.startswith("rfi.")]


class TestReminders:
    def test_go_out_on_the_days_that_the_msp_set_each_once(self, clock, rfi: Rfi) -> None:
        written = []
        for hour in range(0, 23 * 24, 6):
            days(clock, hour / 24)
            before = Email.select().count()
            tend(PORTAL)
            tend(PORTAL)
            written += [hour / 24] * (Email.select().count() - before)
        assert written == [3, 7, 14, 21]
        assert of(rfi).reminders == 4
        assert set(kinds_written()) == {"rfi_reminder"}

    def test_carries_a_new_link_and_the_earlier_ones_keep_opening(self, clock, nobody: Visitor, rfi: Rfi) -> None:
        for day in (3, 7):
            days(clock, day)
            tend(PORTAL)
        links = [
            next(word for word in letter.text.split() if "/rfi/" in word)
            for letter in Email.select().order_by(Email.id)
        ]
        assert len(set(links)) == 2
        for link in links:
            assert link.startswith(PORTAL + "/rfi/")
            assert nobody.get(link.removeprefix(PORTAL)).status == 200

    def test_says_whom_for_and_when_the_project_is_closed(self, clock, rfi: Rfi) -> None:
        days(clock, 3)
        tend(PORTAL)
        letter = Email.get()
        assert letter.to_email == f"lead@{rfi.customer.primary_domain}"
        assert letter.subject == f"{rfi.customer.name}: Northstar IT still needs your answers"
        for words in (letter.text, letter.html):
            assert "1 March 2026" in words
            assert "closes the project on 31 March 2026" in words

    def test_leaves_a_line_of_history_in_the_name_of_the_portal(self, clock, rfi: Rfi) -> None:
        days(clock, 3)
        tend(PORTAL)
        line = History.get(History.kind == "rfi.reminded")
        assert (line.who_name, line.customer_id) == ("the portal", rfi.customer_id)

    def test_only_the_last_goes_out_when_the_portal_was_off(self, clock, rfi: Rfi) -> None:
        days(clock, 15)
        assert tend(PORTAL) == 1
        assert tend(PORTAL) == 0
        assert of(rfi).reminders == 3
        assert kinds_written() == ["rfi_reminder"]

    @pytest.mark.parametrize("state", ["complete", "not_applicable"])
    def test_stop_when_nothing_is_waited_for(self, clock, world: World, state: str) -> None:
        an_opened_rfi(world, state=state)
        days(clock, 40)
        assert tend(PORTAL) == 0

    @pytest.mark.parametrize("status", ["prospect", "complete", "cancelled", "closed"])
    def test_are_only_for_customers_in_progress(self, clock, world: World, status: str) -> None:
        an_opened_rfi(world, a_customer(world.northstar, status=status))
        days(clock, 40)
        assert tend(PORTAL) == 0

    def test_stop_while_an_msp_is_closed(self, clock, world: World, rfi: Rfi) -> None:
        Partner.update(closed_at=now()).execute()
        days(clock, 40)
        assert tend(PORTAL) == 0

    def test_without_anybody_to_write_to_it_is_said_in_the_history(self, clock, rfi: Rfi) -> None:
        Contact.delete().execute()
        days(clock, 3)
        tend(PORTAL)
        tend(PORTAL)
        assert kinds_told() == ["rfi.not_reminded"]
        assert kinds_written() == []

    def test_a_day_that_is_added_later_counts(self, clock, world: World, rfi: Rfi) -> None:
        set_waiting(world.northstar, "3", 30)
        days(clock, 4)
        tend(PORTAL)
        set_waiting(world.northstar, "3, 5", 30)
        assert tend(PORTAL) == 0
        days(clock, 5)
        assert tend(PORTAL) == 1

    def test_none_where_the_msp_wants_none(self, clock, world: World, rfi: Rfi) -> None:
        set_waiting(world.northstar, "", 0)
        days(clock, 300)
        assert tend(PORTAL) == 0
        assert of(rfi.customer).status == "in_progress"

    def test_one_goes_out_when_two_workers_look_at_once(self, clock, rfi: Rfi) -> None:
        days(clock, 3)
        at_once(*[partial(tend, PORTAL)] * 2)
        assert kinds_written() == ["rfi_reminder"]
        assert RfiLink.select().count() == 2

    def test_a_crash_while_one_is_written_leaves_nothing_and_it_is_written_later(
        self, clock, rfi: Rfi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, world: World
    ) -> None:
        other = an_opened_rfi(world)
        days(clock, 3)

        def crash(*told: object, **more: object) -> None:
            if told[1] == "rfi_reminder" and told[0].rfi == rfi:
                raise OSError

        with monkeypatch.context() as broken:
            before = letters.queue
            broken.setattr(letters, "queue", lambda *told, **more: crash(*told) or before(*told, **more))
            tend(PORTAL)
        assert f"RFI {rfi.id}: could not remind now" in caplog.text
        assert (of(rfi).reminders, of(other).reminders) == (0, 1)
        assert RfiLink.select().where(RfiLink.rfi == rfi).count() == 1
        tend(PORTAL)
        assert (of(rfi).reminders, Email.select().count()) == (1, 2)


class TestClosing:
    def close(self, clock) -> None:
        for day in (3, 7, 14, 21, 26, 27, 29, 30):
            days(clock, day)
            tend(PORTAL)

    def test_tells_the_msp_three_days_before_and_after(self, clock, rfi: Rfi) -> None:
        days(clock, 26.9)
        tend(PORTAL)
        assert "rfi_closing" not in kinds_written()
        days(clock, 27)
        tend(PORTAL)
        tend(PORTAL)
        told = Email.get(Email.kind == "rfi_closing")
        assert told.to_email == "ada.admin@northstar.example"
        assert told.subject == f"{rfi.customer.name}: the project closes on 31 March 2026 unless the RFI is handed in"
        assert of(rfi.customer).status == "in_progress"
        days(clock, 29.9)
        tend(PORTAL)
        assert of(rfi.customer).status == "in_progress"
        days(clock, 30)
        tend(PORTAL)
        tend(PORTAL)
        assert kinds_written().count("rfi_closed") == 1
        assert "was not handed in within 30 days" in Email.get(Email.kind == "rfi_closed").text

    def test_does_all_of_it(self, clock, rfi: Rfi) -> None:
        RfiAnswer.create(rfi=rfi, question="ldap_password", sealed=seal("x"), changed_at=now(), changed_by_name="I")
        self.close(clock)
        customer = of(rfi.customer)
        assert (customer.status, customer.shelf) == ("closed", "past")
        assert (of(rfi).closed_at, of(rfi).state, of(rfi).version) == (now(), "incomplete", 2)
        assert not RfiLink.select().where(RfiLink.revoked_at.is_null()).exists()
        assert RfiAnswer.get().sealed == ""
        assert Plan.get().state == "closed"
        assert kinds_told() == [*["rfi.reminded"] * 4, "rfi.closing_told", "rfi.closed", "rfi.secrets_erased"]
        assert History.get(History.kind == "customer.status_changed").facts == {
            "before": "in progress",
            "after": "closed",
        }

    def test_nobody_is_closed_without_being_told_days_before(self, clock, rfi: Rfi) -> None:
        """The portal was off for two months."""
        days(clock, 60)
        tend(PORTAL)
        assert kinds_written() == ["rfi_reminder", "rfi_closing"]
        assert of(rfi.customer).status == "in_progress"
        assert "closes the project on 3 May 2026" in Email.get(Email.kind == "rfi_reminder").text
        days(clock, 63)
        tend(PORTAL)
        assert of(rfi.customer).status == "closed"

    def test_a_shorter_wait_set_later_still_tells_first(self, clock, world: World, rfi: Rfi) -> None:
        days(clock, 22)
        tend(PORTAL)
        set_waiting(world.northstar, "3", 10)
        tend(PORTAL)
        assert of(rfi.customer).status == "in_progress"
        assert kinds_written()[-1] == "rfi_closing"

    def test_never_where_the_msp_wants_none(self, clock, world: World, rfi: Rfi) -> None:
        set_waiting(world.northstar, "3", 0)
        days(clock, 300)
        tend(PORTAL)
        assert kinds_written() == ["rfi_reminder"]
        assert "closes the project" not in Email.get().text

    def test_a_crash_at_the_end_undoes_all_of_it_and_it_is_done_later(
        self, clock, rfi: Rfi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        days(clock, 27)
        tend(PORTAL)
        days(clock, 30)

        def crash(*_: object, **__: object) -> None:
            raise OSError

        with monkeypatch.context() as broken:
            broken.setattr(waiting, "write_to_msp", crash)
            tend(PORTAL)
        assert (of(rfi.customer).status, of(rfi).closed_at) == ("in_progress", None)
        assert RfiLink.select().where(RfiLink.revoked_at.is_null()).exists()
        tend(PORTAL)
        assert of(rfi.customer).status == "closed"
        assert kinds_written().count("rfi_closed") == 1

    def test_the_reply_to_address_is_told_too_and_nobody_twice(self, clock, world: World, rfi: Rfi) -> None:
        Partner.update(reply_to="desk@northstar.example").execute()
        self.close(clock)
        told = [letter.to_email for letter in Email.select().where(Email.kind == "rfi_closed").order_by(Email.id)]
        assert told == ["ada.admin@northstar.example", "desk@northstar.example"]
        Partner.update(reply_to="ADA.admin@northstar.example").execute()
        partner = Partner.get_by_id(world.northstar.id)
        assert people_at_msp(rfi.customer, partner, rfi.order_id) == [("Ada Admin", "ada.admin@northstar.example")]

    def test_whoever_ordered_and_left_the_msp_is_not_told(self, clock, world: World, rfi: Rfi) -> None:
        Grant.delete().where(Grant.person == world.admin).execute()
        Grant.update(role="partner_admin").where(Grant.person == world.msp_admin).execute()
        self.close(clock)
        told = {letter.to_email for letter in Email.select().where(Email.kind == "rfi_closed")}
        assert told == {"mara.manager@northstar.example"}

    def test_somebody_switched_off_is_not_told(self, clock, world: World, rfi: Rfi) -> None:
        Person.update(active=False).where(Person.id == world.admin).execute()
        Partner.update(reply_to="desk@northstar.example").execute()
        self.close(clock)
        told = {letter.to_email for letter in Email.select().where(Email.kind == "rfi_closed")}
        assert told == {"desk@northstar.example"}

    def test_a_step_taken_too_late_does_nothing(self, clock, rfi: Rfi) -> None:
        """Found unanswered, and handed in before its turn came."""
        days(clock, 30)
        Rfi.update(state="complete").execute()
        assert not remind(rfi.id, PORTAL)
        assert not waiting.close_project(rfi.id, PORTAL)


class TestRestarting:
    @pytest.fixture
    def closed(self, clock, rfi: Rfi) -> Rfi:
        for day in (27, 30):
            days(clock, day)
            tend(PORTAL)
        days(clock, 50)
        return of(rfi)

    def here(self, rfi: Rfi) -> str:
        return f"/customers/{rfi.customer_id}/rfi/restart"

    def test_takes_the_project_up_again(
        self, clock, visit_as: Callable, world: World, closed: Rfi, nobody: Visitor
    ) -> None:
        operator = visit_as(world.operator)
        answer = operator.post(self.here(closed), {"version": closed.version})
        assert answer.location == f"/customers/{closed.customer_id}"
        rfi, customer = of(closed), of(closed.customer)
        assert (customer.status, customer.shelf) == ("in_progress", "in_progress")
        assert (rfi.state, rfi.closed_at, rfi.opened_at, rfi.reminders) == ("incomplete", None, now(), 0)
        assert Plan.get().state == "open"
        letter = Email.get(Email.kind == "rfi_link")
        link = next(word for word in letter.text.split() if "/rfi/" in word)
        assert visit_as(None).get("/rfi/" + link.rpartition("/")[2]).status == 200

    def test_counts_from_the_first_day_again(self, clock, visit_as: Callable, world: World, closed: Rfi) -> None:
        visit_as(world.operator).post(self.here(closed), {"version": closed.version})
        Email.delete().execute()
        for day in (52, 53, 57, 64, 71, 77, 80):
            days(clock, day)
            tend(PORTAL)
        assert kinds_written() == [*["rfi_reminder"] * 4, "rfi_closing", "rfi_closed"]

    def test_works_for_htmx(self, clock, visit_as: Callable, world: World, closed: Rfi) -> None:
        answer = visit_as(world.operator).post(self.here(closed), {"version": closed.version}, htmx=True)
        assert answer.headers["HX-Redirect"] == f"/customers/{closed.customer_id}"

    def test_refuses_everybody_else(self, visit_as: Callable, world: World, closed: Rfi) -> None:
        for person in (world.admin, world.msp_admin, world.technician, world.viewer, world.stranger):
            assert visit_as(person).post(self.here(closed), {"version": closed.version}).status == 403
        assert of(closed.customer).status == "closed"

    def test_an_unknown_customer_is_a_404(self, visit_as: Callable, world: World, closed: Rfi) -> None:
        assert visit_as(world.operator).post("/customers/999999/rfi/restart", {"version": 1}).status == 404

    def test_refuses_what_is_not_closed_and_a_second_press(self, visit_as: Callable, world: World, closed: Rfi) -> None:
        operator = visit_as(world.operator)
        assert operator.post(self.here(closed), {"version": closed.version}).status == 303
        again = operator.post(self.here(closed), {"version": closed.version})
        assert again.status == 409
        assert "not closed" in again.text
        assert Email.select().where(Email.kind == "rfi_link").count() == 1

    def test_refuses_what_was_seen_before_it_changed(self, visit_as: Callable, world: World, closed: Rfi) -> None:
        assert visit_as(world.operator).post(self.here(closed), {"version": closed.version - 1}).status == 409
        assert of(closed.customer).status == "closed"

    def test_refuses_when_another_live_record_has_the_domain(
        self, visit_as: Callable, world: World, closed: Rfi
    ) -> None:
        a_customer(world.harbour, primary_domain=closed.customer.primary_domain)
        answer = visit_as(world.operator).post(self.here(closed), {"version": closed.version})
        assert answer.status == 409
        assert "Another live record has this customer’s domain" in answer.text
        assert of(closed.customer).status == "closed"

    def test_starts_without_a_lead_and_sends_nothing(self, visit_as: Callable, world: World, closed: Rfi) -> None:
        Contact.delete().execute()
        assert visit_as(world.operator).post(self.here(closed), {"version": closed.version}).status == 303
        assert not Email.select().where(Email.kind == "rfi_link").exists()

    def test_leaves_its_lines_of_history(self, visit_as: Callable, world: World, closed: Rfi) -> None:
        visit_as(world.operator).post(self.here(closed), {"version": closed.version})
        lines = History.select().where(History.who_name == "Olga Operator").order_by(History.id)
        assert [line.kind for line in lines] == [
            "rfi.restarted",
            "customer.status_changed",
            "email.queued",
            "rfi.link_sent",
        ]
        assert Customer.get_by_id(closed.customer_id).status == "in_progress"


class TestTheJob:
    def test_tends_each_hour_with_links_to_this_installation(
        self, clock, world: World, rfi: Rfi, portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "can_send", lambda: True)
        days(clock, 3)
        jobs.tend_unanswered.call_local()
        assert portal.config["SETTINGS"].address + "/rfi/" in Email.get().text
        assert "tend_unanswered" in {task.name for task in queue._registry.periodic_tasks}

    def test_closes_nothing_while_no_letter_can_be_sent(self, clock, world: World, rfi: Rfi, portal) -> None:
        days(clock, 300)
        jobs.tend_unanswered.call_local()
        assert (Email.select().count(), Customer.get_by_id(rfi.customer_id).status) == (0, "in_progress")
