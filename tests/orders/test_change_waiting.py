"""Decreases: they wait for their day, take effect on it, and can be withdrawn until then."""

from datetime import date

import pytest
from flask import Flask

from blueprints.orders import change_submission, change_waiting
from data.customers import Customer
from data.emails import Email
from data.orders import Order
from tests.factories import World
from tests.orders.changing import a_change, a_complete_customer, changed, here, now_of, submit_change, told_of
from tests.visits import Visitor


class TestDecrease:
    def test_waits_for_the_next_billing_date(self, ada: Visitor, customer: Customer) -> None:
        order = a_change(ada, customer, permitted_users="10")
        review = ada.get(f"/orders/{order.id}/change").text
        for told_there in ("Next billing date: 5 December 2026", "Last day to withdraw it: 4 December 2026"):
            assert told_there in review
        submit_change(ada, order)
        order = Order.get_by_id(order.id)
        assert (order.effective_on, order.withdraw_until, order.applied_at) == (
            date(2026, 12, 5),
            date(2026, 12, 4),
            None,
        )
        assert (order.prorated, order.first_payment) == (0, 0)
        assert now_of(customer).permitted_users == 25
        panel = ada.get(f"/customers/{customer.id}").find("#upgrade")[0].text_content()
        assert "10 users from 5 December 2026" in panel

    def test_takes_effect_on_its_day_where_the_msp_is_and_once(self, clock, ada: Visitor, customer: Customer) -> None:
        order = changed(ada, customer, permitted_users="10")
        applied = []
        for moment in ("2026-12-04T22:59:00Z", "2026-12-04T23:00:00Z", "2026-12-05T10:00:00Z", "2027-01-01T00:00:00Z"):
            clock.move_to(moment)
            applied.append(change_waiting.apply_due("https://portal.example"))
        assert applied == [0, 1, 0, 0]
        assert now_of(customer).permitted_users == 10
        assert told_of("order.change_applied") == [
            "Change order 2026-000002 in effect: 10 permitted users of Mail shield"
        ]
        assert Order.get_by_id(order.id).applied_at.isoformat() == "2026-12-04T23:00:00+00:00"
        letter = Email.get(Email.kind == "order_change_applied")
        assert (letter.to_email, letter.subject) == (
            ada.person.email,
            f"{customer.name}: change order 2026-000002 is in effect",
        )
        for said in ("5 December 2026", "Mail shield: 10 users", "Ongoing monthly payment: €25.00"):
            assert said in letter.text
        assert f"https://portal.example/orders/{order.id}" in letter.text
        assert Email.select().where(Email.kind == "order_change_applied").count() == 1

    def test_lapses_when_the_customer_has_left(self, clock, ada: Visitor, customer: Customer) -> None:
        order = changed(ada, customer, permitted_users="10")
        Customer.update(status="cancelled", shelf="past").where(Customer.id == customer.id).execute()
        clock.move_to("2026-12-06T00:00:00Z")
        assert change_waiting.apply_due("https://portal.example") == 1
        assert Order.get_by_id(order.id).state == "void"
        assert now_of(customer).permitted_users == 25
        assert told_of("order.change_lapsed") == ["Change order 2026-000002 lapsed: the customer is cancelled"]
        letter = Email.get(Email.kind == "order_change_lapsed")
        assert "5 December 2026 does not: the customer is cancelled." in letter.text

    def test_one_that_cannot_be_applied_keeps_no_other_waiting(
        self, clock, ada: Visitor, customer: Customer, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = a_complete_customer(world, ada)
        changed(ada, customer, permitted_users="10")
        changed(ada, other, permitted_users="10")
        clock.move_to("2027-01-06T00:00:00Z")
        real = change_submission.take_effect

        def fail_for_one(who: object, order: Order, theirs: Customer, portal: str) -> None:
            if theirs.id == customer.id:
                raise OSError("no space left on device")
            real(who, order, theirs, portal)

        monkeypatch.setattr(change_submission, "take_effect", fail_for_one)
        assert change_waiting.apply_due("https://portal.example") == 1
        assert (now_of(customer).permitted_users, now_of(other).permitted_users) == (25, 10)


class TestWithdrawing:
    def test_until_the_last_day(self, clock, app: Flask, ada: Visitor, customer: Customer, world: World) -> None:
        order = changed(ada, customer, permitted_users="10")
        clock.move_to("2026-12-04T22:59:00Z")
        ada = Visitor(app, world.admin)
        assert "Withdraw this change order" in ada.get(f"/orders/{order.id}").text
        assert ada.post(f"/orders/{order.id}/withdraw").location == f"/orders/{order.id}"
        assert Order.get_by_id(order.id).state == "void"
        assert told_of("order.change_withdrawn") == ["Change order 2026-000002 withdrawn"]
        letter = Email.get(Email.kind == "order_change_withdrawn")
        assert letter.to_email == world.admin.email
        assert f"{world.admin.name} has withdrawn the change order 2026-000002" in letter.text
        assert "The subscription stays as it is" in letter.text
        clock.move_to("2026-12-06T00:00:00Z")
        assert change_waiting.apply_due("https://portal.example") == 0
        assert now_of(customer).permitted_users == 25
        page = Visitor(app, world.admin).get(f"/orders/{order.id}")
        assert "Withdrawn" in page.text
        assert Visitor(app, world.admin).get(here(customer)).status == 200, "another change may begin"

    def test_not_after_it_and_not_twice(
        self, clock, app: Flask, ada: Visitor, customer: Customer, world: World
    ) -> None:
        first = changed(ada, customer, permitted_users="20")
        ada.post(f"/orders/{first.id}/withdraw")
        ada.post(f"/orders/{first.id}/withdraw")
        assert "withdrawn already" in ada.get(f"/orders/{first.id}").text
        second = changed(ada, customer, permitted_users="10")
        clock.move_to("2026-12-04T23:00:00Z")
        ada = Visitor(app, world.admin)
        ada.post(f"/orders/{second.id}/withdraw")
        assert "It could be withdrawn until 4 December 2026" in ada.get(f"/orders/{second.id}").text
        assert Order.get_by_id(second.id).state == "submitted"

    def test_not_what_is_in_effect(self, ada: Visitor, customer: Customer) -> None:
        order = changed(ada, customer, permitted_users="40")
        ada.post(f"/orders/{order.id}/withdraw")
        assert "took effect when it was submitted" in ada.get(f"/orders/{order.id}").text
        assert Order.get_by_id(order.id).state == "submitted"

    def test_not_by_readers_and_not_what_is_no_change(
        self, ada: Visitor, customer: Customer, app: Flask, world: World
    ) -> None:
        order = changed(ada, customer, permitted_users="10")
        assert Visitor(app, world.technician).post(f"/orders/{order.id}/withdraw").status == 403
        assert ada.post(f"/orders/{order.changes_id}/withdraw").status == 404
