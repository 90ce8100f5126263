"""Reminders of steps: to whoever does them, when it is time, once."""

from datetime import date, timedelta
from functools import partial

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.mailroom.rules import NoAddress
from blueprints.plans.arranging import assign, set_due
from blueprints.plans.held import NotTheirs
from blueprints.plans.reminding import RemindedAlready, remind_of, tend
from blueprints.plans.working import AlreadyDone, StillLocked, wait_until
from blueprints.web.refusals import MayNot
from data.customers import Contact, Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.partners import Partner
from data.plans import Plan
from tests.at_once import at_once
from tests.factories import World
from tests.plans.planned import PORTAL_ADDRESS, a_plan, act, by_link, finish, step, technician, told


@pytest.fixture
def plan(clock, world: World) -> Plan:
    """It is the customer’s turn since now."""
    made = a_plan(world)
    finish(world, made, "review", "configure")
    return made


def letters() -> list[tuple[str, str]]:
    return [(letter.kind, letter.to_email) for letter in Email.select().order_by(Email.id)]


class TestTheCustomer:
    def test_is_reminded_after_some_days_and_then_each_week(self, clock, world: World, plan: Plan) -> None:
        sent = []
        for day in range(20):
            before = Email.select().count()
            tend(PORTAL_ADDRESS)
            tend(PORTAL_ADDRESS)
            sent += [day] * (Email.select().count() - before)
            clock.shift(timedelta(days=1))
        assert sent == [3, 10, 17]

    def test_reads_what_is_theirs_behind_a_link(self, clock, world: World, plan: Plan) -> None:
        clock.shift(timedelta(days=3))
        tend(PORTAL_ADDRESS)
        letter = Email.get()
        assert letter.kind == "plan_reminder_customer"
        assert letter.to_email == f"lead@{Customer.get().primary_domain}"
        for words in (letter.text, letter.html):
            assert "Prove that the domains are yours" in words
            assert "Import the people" not in words, "the MSP’s"
            assert "Publish the new SPF record" not in words, "locked"
            assert f"{PORTAL_ADDRESS}/welcome/" in words
        assert told()[-1] == f"Reminder of “Prove that the domains are yours” sent to {letter.to_email}"

    def test_is_not_reminded_of_what_waits_for_a_moment(self, clock, world: World, plan: Plan) -> None:
        act(wait_until, technician(world), plan, "domains", now() + timedelta(days=5))
        clock.shift(timedelta(days=4))
        assert tend(PORTAL_ADDRESS) == 0
        clock.shift(timedelta(days=2))
        assert tend(PORTAL_ADDRESS) == 1

    def test_is_reminded_at_once_of_what_is_overdue(self, clock, world: World, plan: Plan) -> None:
        act(set_due, technician(world), plan, "domains", date(2026, 3, 2))
        clock.shift(timedelta(days=1))
        assert tend(PORTAL_ADDRESS) == 1

    def test_without_an_address_nobody_is(self, clock, world: World, plan: Plan) -> None:
        Contact.delete().execute()
        clock.shift(timedelta(days=3))
        assert tend(PORTAL_ADDRESS) == 0
        assert (letters(), step(plan, "domains").reminded_at) == ([], None)


class TestTheMsp:
    def test_whoever_was_given_an_overdue_step_is_reminded(self, clock, world: World, plan: Plan) -> None:
        act(assign, technician(world), plan, "users", world.technician.id)
        act(set_due, technician(world), plan, "users", date(2026, 3, 2))
        clock.shift(timedelta(days=1))
        assert (tend(PORTAL_ADDRESS), tend(PORTAL_ADDRESS)) == (1, 0)
        assert letters() == [("plan_reminder", "tom.technician@northstar.example")]
        assert "2 March 2026" in Email.get().text

    def test_nobody_given_those_who_are_told_of_the_order(self, clock, world: World, plan: Plan) -> None:
        act(set_due, technician(world), plan, "users", date(2026, 3, 2))
        clock.shift(timedelta(days=1))
        tend(PORTAL_ADDRESS)
        assert letters() == [("plan_reminder", "ada.admin@northstar.example")]

    def test_not_of_what_is_locked(self, clock, world: World, plan: Plan) -> None:
        act(set_due, technician(world), plan, "outbound_observed", date(2026, 3, 2))
        clock.shift(timedelta(days=1))
        assert tend(PORTAL_ADDRESS) == 0


class TestNobody:
    @pytest.mark.parametrize("status", ["complete", "cancelled", "closed"])
    def test_of_a_customer_who_is_not_in_progress(self, clock, world: World, plan: Plan, status: str) -> None:
        Customer.update(status=status, shelf="past" if status != "complete" else "complete").execute()
        clock.shift(timedelta(days=9))
        assert tend(PORTAL_ADDRESS) == 0

    def test_while_an_msp_is_closed(self, clock, world: World, plan: Plan) -> None:
        Partner.update(closed_at=now()).execute()
        clock.shift(timedelta(days=9))
        assert tend(PORTAL_ADDRESS) == 0

    def test_twice_when_two_workers_look_at_once(self, clock, world: World, plan: Plan) -> None:
        clock.shift(timedelta(days=3))
        at_once(*[partial(tend, PORTAL_ADDRESS)] * 2)
        assert len(letters()) == 1

    def test_else_when_one_goes_wrong(
        self, clock, world: World, plan: Plan, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = a_plan(world)
        finish(world, other, "review", "configure")
        Plan.update(template=None).where(Plan.id == plan.id).execute()
        monkeypatch.setattr(
            "blueprints.plans.reminding.customers_waiting", lambda: [plan.customer_id, other.customer_id]
        )
        clock.shift(timedelta(days=3))
        assert tend(PORTAL_ADDRESS) == 1
        assert f"Customer {plan.customer_id}: could not be reminded" in caplog.text


class TestByHand:
    def test_writes_at_once_and_once_a_day(self, clock, world: World, plan: Plan) -> None:
        row = step(plan, "domains")
        email = remind_of(technician(world), plan.customer_id, row.id, PORTAL_ADDRESS)
        assert letters() == [("plan_reminder_customer", email)]
        with pytest.raises(RemindedAlready):
            remind_of(technician(world), plan.customer_id, row.id, PORTAL_ADDRESS)
        clock.shift(timedelta(days=1))
        remind_of(technician(world), plan.customer_id, row.id, PORTAL_ADDRESS)
        assert History.select().where(History.kind == "plan.reminded").count() == 2

    def test_is_refused_where_there_is_nothing_to_remind_of(self, clock, world: World, plan: Plan) -> None:
        who = technician(world)
        for key, refusal in (("configure", AlreadyDone), ("outbound", StillLocked)):
            with pytest.raises(refusal):
                remind_of(who, plan.customer_id, step(plan, key).id, PORTAL_ADDRESS)
        Contact.delete().execute()
        with pytest.raises(NoAddress):
            remind_of(who, plan.customer_id, step(plan, "domains").id, PORTAL_ADDRESS)

    def test_is_for_the_msp(self, clock, world: World, plan: Plan) -> None:
        row = step(plan, "domains")
        with pytest.raises(NotTheirs):
            remind_of(by_link(plan), plan.customer_id, row.id, PORTAL_ADDRESS)  # type: ignore[arg-type]  # on purpose
        with pytest.raises(MayNot):
            remind_of(standing_of(world.viewer), plan.customer_id, row.id, PORTAL_ADDRESS)
