"""Submitting an order: everything of it, once, or nothing."""

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
import time_machine
from flask import Flask

from blueprints.accounts.standing import standing_of
from blueprints.orders import submission
from blueprints.orders.addendum import hash_of
from blueprints.orders.rules import choose, product_ids_of
from data.attachments import Attachment, Content
from data.customers import Customer
from data.emails import Email, EmailAttachment
from data.history import History
from data.orders import Counter, Order, OrderLine
from data.partners import Partner, PriceTier
from data.plans import Plan
from data.rfi import Rfi, RfiLink
from tests.at_once import at_once, names_of
from tests.factories import World, a_prospect
from tests.orders.drafts import AGREED, a_draft, submit
from tests.visits import Visitor


def everything() -> dict[str, int]:
    """How many of each record a submit makes."""
    records = (Attachment, Content, Email, EmailAttachment, Rfi, RfiLink, Plan)
    counted = {record.__name__: record.select().count() for record in records}
    return counted | {"submitted": Order.select().where(Order.state == "submitted").count()}


WHOLE = dict.fromkeys(("Attachment", "Content", "EmailAttachment", "Rfi", "RfiLink", "Plan", "submitted"), 1) | {
    "Email": 2
}
NOTHING = dict.fromkeys(WHOLE, 0)


def test_does_all_of_it(visit_as: Callable, world: World) -> None:
    order = a_draft(world, users=120, products=(world.shield, world.vault))
    with time_machine.travel("2026-11-03T23:30:00Z", tick=False):
        answer = submit(visit_as(world.admin), order)
    assert answer.location == f"/orders/{order.id}"
    assert everything() == WHOLE
    order = Order.get_by_id(order.id)
    assert (order.monthly_total, order.one_time_total, order.first_payment) == (
        Decimal("390.00"),
        Decimal("100.00"),
        Decimal("490.00"),
    )
    assert order.order_number == "PO-7"
    # Half past midnight in Berlin: the partner's day counts.
    assert (order.subscription_start, order.commitment_ends) == (date(2026, 11, 4), date(2027, 11, 3))
    assert order.addendum_number == "2026-000001"
    customer = Customer.get_by_id(order.customer_id)
    assert (customer.status, customer.shelf, customer.permitted_users) == ("in_progress", "in_progress", 120)
    assert (customer.subscription_start, customer.commitment_ends) == (date(2026, 11, 4), date(2027, 11, 3))
    kinds = [line.kind for line in History.select().order_by(History.id)]
    for kind in (
        "order.submitted",
        "customer.status_changed",
        "attachment.filed",
        "rfi.opened",
        "plan.opened",
    ):
        assert kinds.count(kind) == 1, kind
    assert kinds.count("email.queued") == 2


def test_files_the_paper_with_its_hash(admin: Visitor, world: World) -> None:
    order = a_draft(world)
    submit(admin, order)
    filed = Attachment.get()
    content = bytes(filed.content.content)
    assert filed.name == "Order addendum 2026-000001.pdf".replace("2026", str(Order.get().submitted_at.year))
    assert content.startswith(b"%PDF-")
    assert hashlib.sha256(content).hexdigest() == filed.content.sha256
    order = Order.get_by_id(order.id)
    assert order.agreed_hash == hash_of(order.agreed)
    served = admin.get(f"/customers/{order.customer_id}/attachments/{filed.id}")
    assert served.bytes == content
    assert served.headers["Content-Type"] == "application/pdf"


def test_writes_to_the_submitter_and_to_the_implementation_lead(admin: Visitor, world: World, nobody: Visitor) -> None:
    order = a_draft(world)
    submit(admin, order)
    addendum, link = Email.select().order_by(Email.id)
    assert (addendum.kind, addendum.to_email) == ("order_addendum", world.admin.email)
    assert EmailAttachment.get().email_id == addendum.id
    assert (link.kind, link.to_email) == ("rfi_link", f"lead@{order.customer.primary_domain}")
    address = next(word for word in link.text.split() if "/rfi/" in word)
    assert address.startswith("http://127.0.0.1:8000/rfi/")
    token = address.rpartition("/")[2]
    assert len(token) >= 43, "256 bits in base64"
    assert token not in str(list(RfiLink.select().dicts())), "the token is kept hashed"
    page = nobody.get(f"/rfi/{token}")
    assert page.status == 200
    assert order.customer.name in page.text


def test_freezes_the_prices(admin: Visitor, world: World) -> None:
    order = a_draft(world)
    submit(admin, order)
    PriceTier.update(monthly_per_user=Decimal(99)).execute()
    page = admin.get(f"/orders/{order.id}")
    assert "€62.50" in page.text
    assert OrderLine.get().monthly_per_user == Decimal("2.50")


class TestOnceOnly:
    def test_a_second_press_leads_to_the_same_order(self, admin: Visitor, world: World) -> None:
        order = a_draft(world)
        seen = admin.get(f"/orders/{order.id}/review").value("seen")
        for _ in range(3):
            answer = admin.post(f"/orders/{order.id}/submit", AGREED | {"seen": seen})
            assert answer.location == f"/orders/{order.id}"
        assert everything() == WHOLE
        assert "submitted already" in admin.get(f"/orders/{order.id}").text

    def test_back_and_reload_lead_to_the_order(self, admin: Visitor, world: World) -> None:
        order = a_draft(world)
        submit(admin, order)
        for address in ("review", "submit"):
            answer = admin.get(f"/orders/{order.id}/{address}")
            assert answer.status == 303
        assert admin.post(f"/orders/{order.id}/review", {}).location == f"/orders/{order.id}"
        assert admin.get(f"/prospects/{order.customer_id}/order").location == f"/customers/{order.customer_id}"

    def test_sixteen_at_once_make_one_order(self, app: Flask, world: World) -> None:
        order = a_draft(world)
        choice = choose(order.customer, order, product_ids_of(order), order.permitted_users)
        agreement = submission.Agreement("PO-7", False, True, True, submission.fingerprint(choice), "192.0.2.7")
        people = [standing_of(world.admin), standing_of(world.msp_admin)]
        asked = (order.id, agreement, "https://portal.example")
        gave = at_once(*[partial(submission.submit_order, who, *asked) for who in people * 8])
        assert names_of(gave) == ["AlreadySubmitted"] * 15 + ["Order"]
        assert everything() == WHOLE
        assert Counter.get().last == 1


class TestNumbers:
    def test_have_no_gap(self, admin: Visitor, world: World) -> None:
        for _ in range(3):
            submit(admin, a_draft(world))
            submit(admin, a_draft(world), governed="")
        numbers = [order.addendum_number[-6:] for order in Order.select().where(Order.state == "submitted")]
        assert sorted(numbers) == ["000001", "000002", "000003"]

    def test_go_on_over_the_new_year(self, visit_as: Callable, world: World) -> None:
        for moment in ("2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z"):
            with time_machine.travel(moment, tick=False):
                submit(visit_as(world.admin), a_draft(world))
        assert [order.addendum_number for order in Order.select().order_by(Order.id)] == [
            "2026-000001",
            "2027-000002",
        ]


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        (date(2026, 11, 4), date(2027, 11, 3)),
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2028, 2, 29), date(2029, 2, 27)),
        (date(2027, 3, 1), date(2028, 2, 29)),
    ],
)
def test_commits_for_twelve_months(start: date, ends: date) -> None:
    assert submission.last_day_of_commitment(start) == ends


class TestNotAllowed:
    @pytest.mark.parametrize(
        ("changed", "sentence", "field"),
        [
            ({"governed": ""}, "Confirm that the order is governed", "governed"),
            ({"authorised": ""}, "Confirm that you are authorised", "authorised"),
            ({"order_number": ""}, "Give your order number, or tick", "order_number"),
            ({"not_required": "y"}, "not both", "order_number"),
            ({"order_number": "x" * 61}, "At most 60 characters", "order_number"),
            ({"order_number": "a\x00b"}, "invisible control character", "order_number"),
        ],
    )
    def test_says_what_is_missing_beside_the_field(
        self, admin: Visitor, world: World, changed: dict[str, str], sentence: str, field: str
    ) -> None:
        order = a_draft(world)
        answer = submit(admin, order, **changed)
        assert answer.status == 422
        assert sentence in answer.find(f"#{field}-why")[0].text_content()
        assert everything() == NOTHING
        assert answer.value("order_number").replace("\ufffd", "\x00") == changed.get("order_number", "PO-7")

    def test_says_all_that_is_missing_at_once(self, admin: Visitor, world: World) -> None:
        answer = submit(admin, a_draft(world), order_number="", governed="", authorised="")
        assert answer.status == 422
        said = [why.get("id") for why in answer.find(".why[id]")]
        assert said == ["order_number-why", "governed-why", "authorised-why"]
        assert everything() == NOTHING

    def test_without_an_implementation_lead(self, admin: Visitor, world: World) -> None:
        order = a_draft(world, a_prospect(world.northstar, lead=""))
        answer = submit(admin, order)
        assert answer.status == 422
        assert "no Implementation Lead with an email address" in answer.text
        assert everything() == NOTHING

    def test_without_a_price_any_more(self, admin: Visitor, world: World) -> None:
        order = a_draft(world, products=(world.unpriced,))
        answer = submit(admin, order)
        assert answer.status == 422
        assert "No contracted price today" in answer.text
        assert everything() == NOTHING

    def test_without_a_product(self, admin: Visitor, world: World) -> None:
        order = a_draft(world)
        OrderLine.delete().execute()
        assert "Choose at least one product" in submit(admin, order).text
        assert everything() == NOTHING

    def test_for_nobody(self, admin: Visitor, world: World) -> None:
        order = a_draft(world, users=0)
        assert "must be at least 1" in submit(admin, order).text
        assert everything() == NOTHING


def test_refuses_what_changed_meanwhile(admin: Visitor, world: World) -> None:
    order = a_draft(world)
    seen = admin.get(f"/orders/{order.id}/review").value("seen")
    PriceTier.update(monthly_per_user=Decimal(3)).execute()
    answer = admin.post(f"/orders/{order.id}/submit", AGREED | {"seen": seen})
    assert answer.status == 409
    assert "€75" in answer.text
    assert answer.value("order_number") == "PO-7"
    assert everything() == NOTHING
    assert submit(admin, order).status == 303


def test_works_without_htmx_and_says_so(admin: Visitor, world: World) -> None:
    order = a_draft(world)
    answer = submit(admin, order)
    assert f"Order {Order.get().addendum_number} submitted." in admin.get(answer.location).text


def test_hides_orders_of_others(stranger: Visitor, world: World) -> None:
    order = a_draft(world)
    assert submit(stranger, order).status == 404
    assert stranger.get(f"/orders/{order.id}").status == 404
    assert everything() == NOTHING


def test_refuses_readers(technician: Visitor, viewer: Visitor, world: World) -> None:
    order = a_draft(world)
    for visitor in (technician, viewer):
        assert submit(visitor, order).status == 403
    assert everything() == NOTHING


def test_saves_the_prospect_and_leaves(admin: Visitor, world: World) -> None:
    order = a_draft(world)
    answer = admin.post(f"/orders/{order.id}/review", {"order_number": "PO-9"})
    assert answer.location == f"/prospects/{order.customer_id}"
    assert Customer.get_by_id(order.customer_id).status == "prospect"
    assert admin.get(f"/orders/{order.id}/review").value("order_number") == "PO-9"
    assert everything() == NOTHING


def test_nothing_stays_when_the_paper_cannot_be_made(
    admin: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> bytes:
        raise OSError("no space left on device")

    monkeypatch.setattr(submission, "render", fail)
    order = a_draft(world)
    with pytest.raises(OSError, match="no space"):
        submission.submit_order(
            standing_of(world.admin),
            order.id,
            submission.Agreement(
                "PO",
                False,
                True,
                True,
                submission.fingerprint(choose(order.customer, order, product_ids_of(order), 25)),
                "",
            ),
            "https://portal.example",
        )
    assert everything() == NOTHING
    assert Order.get().state == "draft"
    assert Customer.get_by_id(order.customer_id).status == "prospect"
    assert not History.select().count()


def test_prints_in_the_partners_currency(admin: Visitor, world: World, visit_as: Callable) -> None:
    Partner.update(currency="JPY").where(Partner.id == world.northstar.id).execute()
    order = a_draft(world)
    assert "JP¥63" in admin.get(f"/orders/{order.id}/review").text
    submit(admin, order)
    assert Order.get().monthly_total == Decimal(63)
