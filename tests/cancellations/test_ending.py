"""The end of a service: on the day it is over where the MSP is, once, and with everything that belongs to it."""

from datetime import date, timedelta
from functools import partial

import pytest
import time_machine
from flask import Flask

from blueprints.accounts.standing import standing_of
from blueprints.cancellations import ending, jobs
from blueprints.cancellations.ending import end_due, end_service
from blueprints.customers.links import follow_link, hashed
from blueprints.customers.sealing import seal
from blueprints.monitors.rules import Wish
from blueprints.web.refusals import NotThere
from data.accounts import Grant, Person
from data.cancellations import Cancellation
from data.console import Delegation
from data.customers import Customer
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from data.monitors import NEVER_SET_UP, Monitor
from data.orders import Order
from data.partners import Partner
from data.plans import Mailbox, Plan, PlanCheck, PlanStep
from data.rfi import Rfi, RfiAnswer, RfiLink
from data.roles import Role
from tests.at_once import at_once
from tests.cancellations.cancelled import PORTAL, begun, old_enough, over, pending
from tests.console.opened import delegated
from tests.factories import World, a_grant_over, a_person
from tests.monitors.watched import again, push, watch
from tests.orders.drafts import a_draft
from tests.visits import Visitor

TOKEN = "a token that nobody guesses"


@pytest.fixture
def clock():
    with time_machine.travel("2026-12-10T09:00:00Z", tick=False) as moved:
        yield moved


def told(customer_id: int, *kinds: str) -> list[str]:
    lines = History.select().where(History.customer_id == customer_id).order_by(History.id)
    return [sentence(line) for line in lines if line.kind.startswith(kinds or ("cancellation.", "customer."))]


def state_of(asked: Cancellation) -> tuple[str, str]:
    return Cancellation.get_by_id(asked.id).state, Customer.get_by_id(asked.customer_id).status


STILL, ENDED = ("pending", "pending_cancellation"), ("ended", "cancelled")


class TestTheDay:
    def test_is_over_at_midnight_where_the_msp_is(self, clock, world: World) -> None:
        asked = pending(world, customer=begun(world, date(2026, 1, 8)))
        assert asked.ends_on == date(2027, 1, 7)
        clock.move_to("2027-01-07T22:59:59Z")
        assert (end_due(PORTAL), state_of(asked)) == (0, STILL)
        clock.move_to("2027-01-07T23:00:00Z")
        assert (end_due(PORTAL), state_of(asked)) == (1, ENDED)
        assert Cancellation.get_by_id(asked.id).ended_at == now()

    @pytest.mark.parametrize(
        ("zone", "before", "after"),
        [
            ("Pacific/Kiritimati", "2027-01-07T09:59:00Z", "2027-01-07T10:00:00Z"),
            ("Asia/Kathmandu", "2027-01-07T18:14:00Z", "2027-01-07T18:15:00Z"),
            ("America/New_York", "2027-01-08T04:59:00Z", "2027-01-08T05:00:00Z"),
            ("Pacific/Niue", "2027-01-08T10:59:00Z", "2027-01-08T11:00:00Z"),
        ],
    )
    def test_of_each_zone(self, zone: str, before: str, after: str, clock, world: World) -> None:
        Partner.update(timezone=zone).where(Partner.id == world.northstar.id).execute()
        asked = pending(world, customer=begun(world, date(2026, 1, 8)))
        clock.move_to(before)
        assert (end_due(PORTAL), state_of(asked)) == (0, STILL)
        clock.move_to(after)
        assert (end_due(PORTAL), state_of(asked)) == (1, ENDED)

    def test_follows_the_msp_into_another_zone(self, clock, world: World) -> None:
        asked = pending(world, customer=begun(world, date(2026, 1, 8)))
        Partner.update(timezone="Pacific/Niue").where(Partner.id == world.northstar.id).execute()
        clock.move_to("2027-01-08T10:59:00Z")
        assert end_due(PORTAL) == 0
        clock.move_to("2027-01-08T11:00:00Z")
        assert (end_due(PORTAL), state_of(asked)) == (1, ENDED)

    def test_that_was_missed_is_made_up_for(self, clock, world: World) -> None:
        several = [pending(world, customer=begun(world, date(2026, 1, day))) for day in (4, 8, 9)]
        clock.move_to("2027-03-01T12:00:00Z")
        assert (end_due(PORTAL), [state_of(asked) for asked in several]) == (3, [ENDED] * 3)

    def test_many_come_in_turn(self, clock, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ending, "AT_ONCE", 2)
        several = [pending(world, customer=begun(world, date(2026, 1, day))) for day in (9, 4, 4, 4, 8)]
        clock.move_to("2027-03-01T12:00:00Z")
        assert (end_due(PORTAL), {state_of(asked) for asked in several}) == (5, {ENDED})


class TestDoingItAgain:
    def test_does_nothing_more(self, world: World) -> None:
        asked = over(pending(world, export=True))
        assert end_due(PORTAL) == 1
        lines, letters = History.select().count(), Email.select().count()
        assert (end_due(PORTAL), end_service(asked.id, PORTAL)) == (0, False)
        assert (History.select().count(), Email.select().count()) == (lines, letters)

    def test_by_two_workers_at_once_ends_it_once(self, world: World) -> None:
        asked = over(pending(world))
        ended = at_once(*[partial(end_service, asked.id, PORTAL)] * 2)
        assert sorted(ended) == [False, True]
        assert told(asked.customer_id, "cancellation.ended") == ["Service ended"]

    def test_one_that_breaks_keeps_no_other_waiting_and_leaves_nothing_half_done(
        self, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken, other = over(pending(world)), over(pending(world))
        write = ending.write_ended

        def fails(concern: object) -> None:
            if concern.cancellation.id == broken.id:
                raise RuntimeError("no ink")
            write(concern)

        monkeypatch.setattr(ending, "write_ended", fails)
        assert end_due(PORTAL) == 1
        assert (state_of(broken), state_of(other)) == (STILL, ENDED)
        assert told(broken.customer_id, "cancellation.ended") == []
        monkeypatch.undo()
        assert (end_due(PORTAL), state_of(broken)) == (1, ENDED)

    def test_a_withdrawn_one_is_left_alone(self, world: World) -> None:
        asked = over(pending(world))
        Cancellation.update(state="withdrawn").where(Cancellation.id == asked.id).execute()
        Customer.update(status="complete").where(Customer.id == asked.customer_id).execute()
        assert (end_due(PORTAL), state_of(asked)) == (0, ("withdrawn", "complete"))

    def test_by_the_job_itself(self, world: World) -> None:
        asked = over(pending(world))
        jobs.links_begin_with(PORTAL)
        jobs.end_services.call_local()
        assert state_of(asked) == ENDED
        assert f"{PORTAL}/customers/{asked.customer_id}" in Email.select().order_by(Email.id.desc()).get().text


class TestWhatEnds:
    def test_is_told_in_the_history_and_in_letters(self, world: World) -> None:
        asked = over(pending(world, export=True))
        before = Email.select().count()
        end_service(asked.id, PORTAL)
        assert told(asked.customer_id)[-2:] == ["Service ended", "Status pending cancellation → cancelled"]
        letters = list(Email.select().order_by(Email.id))[before:]
        assert [letter.kind for letter in letters] == ["cancellation_ended"] * 2
        assert {letter.to_email for letter in letters} == {world.admin.email, world.operator.email}
        assert all(f"/customers/{asked.customer_id}/export" in letter.text for letter in letters)

    def test_personal_links_open_nothing(self, app, world: World) -> None:
        customer = old_enough(world)
        rfi = Rfi.create(customer=customer, order=a_draft(world, customer), opened_at=now())
        a_link(rfi)
        assert follow_link(TOKEN).customer_id == customer.id
        asked = over(pending_with_order(world, customer))
        end_service(asked.id, PORTAL)
        with pytest.raises(NotThere):
            follow_link(TOKEN)
        assert "RFI link of lee@customer.example revoked" in told(customer.id, "rfi.link_revoked")

    def test_roles_for_this_customer_alone_end(self, world: World) -> None:
        customer, other = old_enough(world), old_enough(world)
        for one in (customer, other):
            a_grant_over(world.viewer, one, Role.PARTNER_ADMIN)
        asked = over(pending(world, customer=customer))
        end_service(asked.id, PORTAL)
        viewer = standing_of(world.viewer)
        assert viewer.role_on(customer.id, customer.partner_id) is Role.VIEWER
        assert viewer.role_on(other.id, other.partner_id) is Role.PARTNER_ADMIN
        assert f"Vera Viewer: role on {customer.name} Partner administrator → as over Northstar IT" in told(
            customer.id, "person."
        )
        assert Person.get_by_id(world.viewer.id).version == world.viewer.version + 1

    def test_what_lowers_a_role_stays(self, world: World, visit_as) -> None:
        """Or whoever was kept out of the record would read it from then on."""
        customer = old_enough(world)
        shut_out = a_person("Nora None", world.northstar, Role.PARTNER_ADMIN)
        a_grant_over(shut_out, customer, Role.NONE)
        a_grant_over(world.technician, customer, Role.VIEWER)
        asked = over(pending(world, customer=customer))
        end_service(asked.id, PORTAL)
        assert Grant.select().where(Grant.customer_id == customer.id).count() == 2
        assert visit_as(shut_out).get(f"/customers/{customer.id}").status == 404

    def test_nothing_is_watched_any_more(self, app: Flask, world: World) -> None:
        customer = old_enough(world)
        pushed, token = watch(world, customer, "outbound_queue")
        looked, _ = watch(
            world, customer, "directory_connector", Wish("ldap", {"host": "ldap.example", "base": "dc=x"})
        )
        Monitor.update(state="problem").where(Monitor.id == pushed.id).execute()
        end_service(over(pending(world, customer=customer)).id, PORTAL)
        for monitor in (again(pushed), again(looked)):
            assert (monitor.state, monitor.token_hash, monitor.due_at, monitor.sealed) == ("off", None, None, "")
        assert push(app, token).status_code == 404
        assert told(customer.id, "monitor.switched") == [
            "Monitor of Outbound queue switched off",
            "Monitor of Directory connector switched off",
        ]
        assert Customer.get_by_id(customer.id).monitors == NEVER_SET_UP

    def test_delegated_access_ends(self, world: World) -> None:
        customer = old_enough(world)
        delegated(world.admin, customer)
        end_service(over(pending(world, customer=customer)).id, PORTAL)
        assert not Delegation.select().exists()
        assert told(customer.id, "console.") == [f"Delegated access of {world.admin.name} switched off"]

    def test_secrets_are_erased(self, world: World) -> None:
        customer = old_enough(world)
        order = a_draft(world, customer)
        rfi = Rfi.create(customer=customer, order=order, opened_at=now())
        RfiAnswer.create(rfi=rfi, question="ldap_password", sealed=seal("x"), changed_at=now(), changed_by_name="Lee")
        plan = Plan.create(customer=customer, order=order, opened_at=now())
        Mailbox.create(plan=plan, address="a@b.example", login="a", sealed=seal("y"))
        asked = over(pending_with_order(world, customer))
        end_service(asked.id, PORTAL)
        assert (RfiAnswer.get().sealed, Mailbox.get().sealed) == ("", "")
        assert told(customer.id, "rfi.secrets") == ["Secrets of the RFI erased: 2"]

    def test_open_plans_close_and_nothing_is_watched(self, world: World) -> None:
        customer = old_enough(world)
        plan = Plan.create(customer=customer, order=a_draft(world, customer), opened_at=now())
        facts = {"plan": plan, "phase": "p", "title": "A step", "owner": "partner", "changed_at": now()}
        steps = [PlanStep.create(**facts, key=f"s{n}", position=n) for n in range(2)]
        PlanCheck.create(step=steps[0], kind="mx", not_before=now())
        kept = {"state": "done", "outcome": "passed", "answered_at": now(), "again_at": now() + timedelta(days=1)}
        PlanCheck.create(step=steps[1], kind="mx", not_before=now(), **kept)
        asked = over(pending_with_order(world, customer))
        end_service(asked.id, PORTAL)
        assert Plan.get_by_id(plan.id).state == "closed"
        assert [(check.state, check.again_at) for check in PlanCheck.select()] == [("done", None)]

    def test_the_customer_is_found_among_what_is_past(self, admin: Visitor, world: World) -> None:
        asked = over(pending(world, name="Zebulon"))
        end_service(asked.id, PORTAL)
        assert "Zebulon" in admin.get("/search?q=zebulon").text
        assert "Zebulon" not in admin.get("/customers/complete?q=zebulon").text
        page = admin.get(f"/customers/{asked.customer_id}")
        assert ("Cancelled" in page.text, "The last day of service was" in page.text) == (True, True)

    def test_its_domain_is_free_for_a_new_prospect(self, admin: Visitor, world: World) -> None:
        asked = over(pending(world, primary_domain="zebulon.example"))
        end_service(asked.id, PORTAL)
        begun(world, date(2026, 1, 1), primary_domain="zebulon.example")


def a_link(rfi: Rfi) -> RfiLink:
    return RfiLink.create(
        rfi=rfi,
        token_hash=hashed(TOKEN),
        name="Lee",
        email="lee@customer.example",
        created_at=now(),
        expires_at=now() + timedelta(days=9),
    )


def pending_with_order(world: World, customer: Customer) -> Cancellation:
    """The order that RFI and plan belong to is no draft."""
    Order.update(state="void").where(Order.customer == customer).execute()
    return pending(world, customer=customer)
