"""Submitting a change order: everything of it, once, or nothing."""

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
import time_machine
from flask import Flask

from blueprints.accounts.standing import standing_of
from blueprints.orders import change_submission
from blueprints.orders.addendum import hash_of
from blueprints.orders.change_drafts import reviewed_change, save_change
from blueprints.orders.change_rules import Asked, fingerprint
from blueprints.orders.submission import Agreement
from data.attachments import Attachment
from data.customers import Contact, Customer
from data.emails import Email, EmailAttachment
from data.history import History
from data.orders import Order, OrderLine
from data.partners import Partner, PriceTier
from data.rfi import RfiLink
from tests.at_once import at_once, names_of
from tests.factories import World
from tests.orders.changing import (
    CHANGED,
    a_change,
    a_complete_customer,
    changed,
    here,
    now_of,
    submit_change,
    told_of,
    typed,
)
from tests.orders.drafts import AGREED
from tests.visits import Visitor


def test_does_all_of_it(ada: Visitor, customer: Customer, world: World) -> None:
    order = changed(ada, customer, permitted_users="40", add=[world.vault.id])
    assert (order.kind, order.state, order.addendum_number, order.order_number) == (
        "change",
        "submitted",
        "2026-000002",
        "PO-7",
    )
    assert (order.monthly_before, order.monthly_total) == (Decimal("62.50"), Decimal("150.00"))
    # 12 of 30 days are left: 23 November to 4 December.
    assert (order.prorated, order.one_time_total, order.first_payment) == (Decimal("35.00"), 0, Decimal("35.00"))
    assert (order.effective_on, order.next_billing_on) == (date(2026, 11, 23), date(2026, 12, 5))
    assert (order.withdraw_until, order.billing) == (None, "prorated")
    assert order.applied_at is not None
    lines = list(OrderLine.select().where(OrderLine.order == order).order_by(OrderLine.position))
    assert [(line.name, line.services, line.monthly_total, line.one_time_fee) for line in lines] == [
        ("Mail shield", "security", Decimal("100.00"), 0),
        ("Mail vault", "archiving", Decimal("50.00"), 0),
    ]
    changed_customer = now_of(customer)
    assert (changed_customer.permitted_users, changed_customer.status) == (40, "complete")
    assert changed_customer.subscription_start == customer.subscription_start
    assert (order.commitment_ends, changed_customer.commitment_ends) == (customer.commitment_ends,) * 2
    assert told_of("order.change_submitted") == [
        "Change order 2026-000002 submitted: 25 → 40 permitted users, Mail vault added; "
        "€62.50 → €150.00 a month from 5 December 2026"
    ]


def test_files_the_upgrade_addendum_and_sends_it(ada: Visitor, customer: Customer, world: World) -> None:
    order = changed(ada, customer, permitted_users="40")
    filed = Attachment.get(Attachment.order == order)
    content = bytes(filed.content.content)
    assert filed.name == "Upgrade addendum 2026-000002.pdf"
    assert content.startswith(b"%PDF-")
    assert hashlib.sha256(content).hexdigest() == filed.content.sha256
    assert order.agreed_hash == hash_of(order.agreed)
    assert order.agreed["before"]["permitted_users"] == 25
    letter = Email.get(Email.kind == "order_change")
    assert (letter.to_email, letter.subject) == (world.admin.email, f"Upgrade 2026-000002: {customer.name}")
    assert EmailAttachment.get(EmailAttachment.email == letter).attachment_id == filed.id
    for text in ("25 → 40 permitted users", "Due now: €15.00", "Next payment: €100.00 on 5 December 2026"):
        assert text in letter.text


def test_a_downgrade_has_an_addendum_of_its_own(ada: Visitor, customer: Customer) -> None:
    order = changed(ada, customer, permitted_users="10")
    assert Attachment.get(Attachment.order == order).name == "Downgrade addendum 2026-000002.pdf"
    letter = Email.get(Email.kind == "order_change")
    assert "Until 4 December 2026 it can be withdrawn" in letter.text


def test_one_time_fees_are_those_of_new_products(ada: Visitor, world: World) -> None:
    with time_machine.travel(CHANGED, tick=False):
        customer = a_complete_customer(world, ada, products=(world.vault,))
        order = changed(ada, customer, add=[world.shield.id], permitted_users="25")
    assert (order.one_time_total, order.first_payment) == (Decimal(100), Decimal("162.50"))


def test_from_the_next_billing_date_where_the_msp_pays_so(ada: Visitor, customer: Customer, world: World) -> None:
    Partner.update(change_billing="next_billing").where(Partner.id == world.northstar.id).execute()
    order = changed(ada, customer, permitted_users="40")
    assert (order.prorated, order.first_payment, order.billing) == (0, 0, "next_billing")
    assert order.applied_at is not None, "the service does not wait for the bill"
    assert "Next payment on 5 December 2026 €100.00" in ada.get(f"/orders/{order.id}").text.replace("2026€", "2026 €")


def test_replaces_the_primary_product(ada: Visitor, world: World) -> None:
    with time_machine.travel(CHANGED, tick=False):
        customer = a_complete_customer(world, ada, products=(world.vault,))
        order = changed(ada, customer, replace_with=str(world.shield.id), permitted_users="25")
    [line] = OrderLine.select().where(OrderLine.order == order)
    assert (line.product_id, line.one_time_fee) == (world.shield.id, Decimal(100))
    assert order.agreed["changes"] == "Mail vault replaced by Mail shield"
    page = ada.get(f"/orders/{order.id}")
    assert "Mail shieldnew" in page.text
    assert "Mail vaultreplaced" in page.text


def test_a_cheaper_product_is_a_decrease(ada: Visitor, customer: Customer, world: World) -> None:
    order = changed(ada, customer, replace_with=str(world.vault.id), permitted_users="25")
    assert (order.applied_at, order.withdraw_until) == (None, date(2026, 12, 4))
    assert Attachment.get(Attachment.order == order).name.startswith("Downgrade addendum")


def test_the_next_change_begins_where_the_last_one_ended(ada: Visitor, customer: Customer, world: World) -> None:
    first = changed(ada, customer, permitted_users="40", add=[world.vault.id])
    second = changed(ada, customer, permitted_users="50")
    assert (second.changes_id, second.monthly_before, second.monthly_total) == (
        first.id,
        Decimal("150.00"),
        Decimal("187.50"),
    )


class TestOnceOnly:
    def test_a_second_press_leads_to_the_same_order(self, ada: Visitor, customer: Customer) -> None:
        order = a_change(ada, customer)
        seen = ada.get(f"/orders/{order.id}/change").value("seen")
        for _ in range(3):
            answer = ada.post(f"/orders/{order.id}/change/submit", AGREED | {"seen": seen})
            assert answer.location == f"/orders/{order.id}"
        assert Attachment.select().where(Attachment.order == order).count() == 1
        assert Email.select().where(Email.kind == "order_change").count() == 1
        assert "submitted already" in ada.get(f"/orders/{order.id}").text
        for address in ("change", "change/submit"):
            answer = ada.get(f"/orders/{order.id}/{address}")
            assert answer.status == 303

    def test_eight_at_once_make_one_change(self, ada: Visitor, customer: Customer, world: World) -> None:
        order = a_change(ada, customer)
        people = [standing_of(world.admin), standing_of(world.msp_admin)]
        agreement = Agreement("PO-7", False, True, True, fingerprint(reviewed_change(people[0], order.id)), "192.0.2.7")
        asked = (order.id, agreement, "https://portal.example")
        gave = at_once(*[partial(change_submission.submit_change, who, *asked) for who in people * 4])
        assert names_of(gave) == ["AlreadySubmitted"] * 7 + ["Order"]
        assert Attachment.select().where(Attachment.order == order).count() == 1
        assert now_of(customer).permitted_users == 40

    def test_four_who_begin_at_once_begin_one_change(self, ada: Visitor, customer: Customer, world: World) -> None:
        people = [standing_of(world.admin), standing_of(world.msp_admin)]
        asked = [partial(save_change, who, customer.id, Asked(40 + number), 0) for number, who in enumerate(people * 2)]
        gave = at_once(*asked)
        assert names_of(gave) == ["Change"] + ["ChangedMeanwhile"] * 3
        assert Order.select().where(Order.state == "draft").count() == 1


class TestNotAllowed:
    def test_says_all_that_is_missing_at_once(self, ada: Visitor, customer: Customer) -> None:
        answer = submit_change(ada, a_change(ada, customer), order_number="", governed="", authorised="")
        assert answer.status == 422
        said = [why.get("id") for why in answer.find(".why[id]")]
        assert said == ["order_number-why", "governed-why", "authorised-why"]

    @pytest.mark.parametrize(
        ("missing", "sentence", "field"),
        [
            ({"governed": ""}, "Confirm that the order is governed", "governed"),
            ({"authorised": ""}, "Confirm that you are authorised", "authorised"),
            ({"order_number": ""}, "Give your order number, or tick", "order_number"),
            ({"not_required": "y"}, "not both", "order_number"),
            ({"order_number": "x" * 61}, "At most 60 characters", "order_number"),
        ],
    )
    def test_says_what_is_missing_beside_the_field(
        self, ada: Visitor, customer: Customer, missing: dict[str, str], sentence: str, field: str
    ) -> None:
        order = a_change(ada, customer)
        answer = submit_change(ada, order, **missing)
        assert answer.status == 422
        assert sentence in answer.find(f"#{field}-why")[0].text_content()
        assert answer.value("order_number") == missing.get("order_number", "PO-7")
        assert Order.get_by_id(order.id).state == "draft"
        assert now_of(customer).permitted_users == 25

    def test_refuses_what_changed_meanwhile(self, ada: Visitor, customer: Customer, world: World) -> None:
        order = a_change(ada, customer, permitted_users="120")
        seen = ada.get(f"/orders/{order.id}/change").value("seen")
        PriceTier.update(monthly_per_user=Decimal(9)).execute()
        answer = ada.post(f"/orders/{order.id}/change/submit", AGREED | {"seen": seen})
        assert answer.status == 409
        assert "€1,080" in answer.text
        assert answer.value("order_number") == "PO-7"
        assert submit_change(ada, order).status == 303

    def test_another_day_is_another_amount(self, clock, app: Flask, customer: Customer, world: World) -> None:
        ada = Visitor(app, world.admin)
        order = a_change(ada, customer)
        seen = ada.get(f"/orders/{order.id}/change").value("seen")
        clock.move_to("2026-11-24T09:00:00Z")
        assert ada.post(f"/orders/{order.id}/change/submit", AGREED | {"seen": seen}).status == 409

    def test_hides_orders_of_others(self, ada: Visitor, customer: Customer, app: Flask, world: World) -> None:
        order = a_change(ada, customer)
        theirs = Visitor(app, world.stranger)
        assert submit_change(theirs, order).status == 404
        assert theirs.post(f"/orders/{order.id}/change").status == 404

    def test_refuses_readers(self, ada: Visitor, customer: Customer, app: Flask, world: World) -> None:
        order = a_change(ada, customer)
        for reader in (world.technician, world.viewer):
            assert submit_change(Visitor(app, reader), order).status == 403

    def test_nothing_stays_when_the_paper_cannot_be_made(
        self, ada: Visitor, customer: Customer, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = a_change(ada, customer, lead="new", email="new@company.example")
        who = standing_of(world.admin)
        agreement = Agreement("PO", False, True, True, fingerprint(reviewed_change(who, order.id)), "")

        def fail(_: object) -> bytes:
            raise OSError("no space left on device")

        monkeypatch.setattr(change_submission, "render_change", fail)
        lines = History.select().count()
        with pytest.raises(OSError, match="no space"):
            change_submission.submit_change(who, order.id, agreement, "https://portal.example")
        assert Order.get_by_id(order.id).state == "draft"
        assert (now_of(customer).permitted_users, History.select().count()) == (25, lines)
        assert Contact.select().where(Contact.email == "new@company.example").count() == 0


def test_saves_and_exits(ada: Visitor, customer: Customer) -> None:
    order = a_change(ada, customer)
    answer = ada.post(f"/orders/{order.id}/change", {"order_number": "PO-9"})
    assert answer.location == f"/customers/{customer.id}"
    assert ada.get(f"/orders/{order.id}/change").value("order_number") == "PO-9"
    assert Order.get_by_id(order.id).state == "draft"


class TestLead:
    PERSON = {"lead": "new", "first_name": "Noa", "last_name": "New", "email": "noa@company.example"}

    def test_somebody_new_is_put_in_place(self, ada: Visitor, customer: Customer, world: World) -> None:
        link = RfiLink.get()
        order = changed(ada, customer, permitted_users="25", **self.PERSON)
        leads = Contact.select().where((Contact.customer == customer) & (Contact.kind == "implementation_lead"))
        assert [lead.email for lead in leads] == ["noa@company.example"]
        assert Contact.select().where((Contact.customer == customer) & (Contact.kind == "other")).count() == 1
        assert told_of("customer.lead_changed") == [
            f"Implementation Lead Ines Lead <lead@{customer.primary_domain}> → Noa New <noa@company.example>"
        ]
        assert (order.monthly_total, order.first_payment) == (Decimal("62.50"), 0)
        assert Attachment.get(Attachment.order == order).name == "Change addendum 2026-000002.pdf"
        assert RfiLink.get_by_id(link.id).revoked_at is not None, "that was the other's"
        letter = Email.get(Email.kind == "new_lead")
        assert letter.to_email == "noa@company.example"
        assert "http://127.0.0.1:8000/welcome/" in letter.text
        assert "Implementation Lead Ines Lead → Noa New" in Email.get(Email.kind == "order_change").text

    def test_one_of_the_contacts_is(self, ada: Visitor, customer: Customer) -> None:
        contact = Contact.create(customer=customer, first_name="Ola", email="ola@company.example")
        changed(ada, customer, permitted_users="25", lead=str(contact.id))
        assert Contact.get_by_id(contact.id).kind == "implementation_lead"
        assert Contact.select().where(Contact.customer == customer).count() == 2

    def test_not_a_contact_without_an_address(self, ada: Visitor, customer: Customer) -> None:
        contact = Contact.create(customer=customer, first_name="Ola")
        answer = ada.post(here(customer), typed(lead=str(contact.id)))
        assert answer.status == 422
        assert "needs an email address" in answer.find("#lead-why")[0].text_content()

    def test_is_in_place_at_once_with_a_decrease_and_stays_when_that_is_withdrawn(
        self, ada: Visitor, customer: Customer
    ) -> None:
        order = changed(ada, customer, permitted_users="10", **self.PERSON)
        ada.post(f"/orders/{order.id}/withdraw")
        lead = Contact.get((Contact.customer == customer) & (Contact.kind == "implementation_lead"))
        assert (lead.email, now_of(customer).permitted_users) == ("noa@company.example", 25)

    def test_a_contact_that_is_gone_is_said(self, ada: Visitor, customer: Customer) -> None:
        contact = Contact.create(customer=customer, first_name="Ola", email="ola@company.example")
        order = a_change(ada, customer, permitted_users="25", lead=str(contact.id))
        contact.delete_instance()
        assert "This contact is not there any more" in ada.get(f"/orders/{order.id}/change").text
        assert submit_change(ada, order).status == 422


def test_the_customers_page_shows_both_orders(ada: Visitor, customer: Customer, visit_as: Callable) -> None:
    changed(ada, customer, permitted_users="40")
    products = ada.get(f"/customers/{customer.id}").find("#products")[0].text_content()
    assert "Change order 2026-000002" in products
    assert "Order 2026-000001" in products
