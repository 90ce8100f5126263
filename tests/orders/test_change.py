"""Upgrade options: what is offered, what it would cost, the draft, and why the button is grey."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from data.customers import Contact, Customer
from data.history import History
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import ContractedPrice, Partner, PriceTier, Product
from tests.factories import World, a_customer, a_price
from tests.orders.changing import a_change, a_complete_customer, changed, here, typed
from tests.orders.drafts import a_draft
from tests.visits import Answer, Visitor


@pytest.fixture
def customer(admin: Visitor, world: World) -> Customer:
    return a_complete_customer(world, admin)


def draft() -> Order:
    return Order.get(Order.state == "draft")


def drafts() -> int:
    return Order.select().where(Order.state == "draft").count()


def why(answer: Answer, field: str) -> str:
    return answer.find(f"#{field}-why")[0].text_content().strip()


class TestThePage:
    def test_shows_what_is_bought_and_offers_the_rest(self, admin: Visitor, customer: Customer) -> None:
        page = admin.get(here(customer))
        assert "Mail shield 25 × €2.50" in page.text
        assert "Keep Mail shield" in page.text
        assert "Mail vault in its place" in page.text
        assert "not offered: Not priced yet" in page.text
        assert page.value("permitted_users") == "25"

    def test_reckons_without_keeping_anything(self, admin: Visitor, customer: Customer, world: World) -> None:
        lines = History.select().count()
        part = admin.post(here(customer), typed(permitted_users="40", add=[world.vault.id], do="totals"), htmx=True)
        assert part.status == 200
        assert not part.find("html")
        for told in ("25 users", "€62.50", "40 users", "€150.00", "+€87.50"):
            assert told in part.text
        assert (drafts(), History.select().count()) == (0, lines)

    def test_so_too_without_htmx(self, admin: Visitor, customer: Customer) -> None:
        page = admin.post(here(customer), typed(permitted_users="40", do="totals"))
        assert page.value("permitted_users") == "40"
        assert "€100.00" in page.text

    def test_says_from_when_a_decrease_counts(self, admin: Visitor, customer: Customer) -> None:
        part = admin.post(here(customer), typed(permitted_users="20", do="totals"), htmx=True)
        assert "A decrease takes effect on" in part.text
        assert "can be withdrawn until" in part.text


class TestTheDraft:
    def test_is_kept_for_the_review(self, admin: Visitor, customer: Customer, world: World) -> None:
        answer = admin.post(here(customer), typed(permitted_users="40", add=[world.vault.id]))
        assert answer.location == f"/orders/{draft().id}/change"
        assert (draft().kind, draft().permitted_users, draft().changes_id) == ("change", 40, Order.get().id)
        lines = OrderLine.select().where(OrderLine.order == draft()).order_by(OrderLine.position)
        assert [line.product_id for line in lines] == [world.shield.id, world.vault.id]
        assert Customer.get_by_id(customer.id).permitted_users == 25

    def test_is_kept_on_leaving(self, admin: Visitor, customer: Customer) -> None:
        answer = admin.post(here(customer), typed(permitted_users="40", do="exit"))
        assert answer.location == f"/customers/{customer.id}"
        page = admin.get(f"/customers/{customer.id}")
        assert "Change saved, not submitted." in page.text
        assert "Go on with the change" in page.find("#upgrade")[0].text_content()
        assert admin.get(here(customer)).value("permitted_users") == "40"

    def test_remembers_which_product_takes_the_place(self, admin: Visitor, customer: Customer, world: World) -> None:
        a_price(world.northstar, world.unpriced, monthly="5")
        a_change(admin, customer, replace_with=str(world.vault.id), add=[world.unpriced.id])
        page = admin.get(here(customer))
        [chosen] = page.find("input[name=replace_with][checked]")
        [added] = page.find("input[name=add][checked]")
        assert (chosen.get("value"), added.get("value")) == (str(world.vault.id), str(world.unpriced.id))

    def test_leaves_one_line_of_history(self, admin: Visitor, customer: Customer, world: World) -> None:
        for _ in range(2):
            admin.post(here(customer), typed(permitted_users="40", add=[world.vault.id], version=str(drafts())))
        [line] = History.select().where(History.kind == "order.change_saved")
        assert line.facts == {"changes": "25 → 40 permitted users, Mail vault added"}

    def test_refuses_what_a_colleague_changed_meanwhile(
        self, admin: Visitor, visit_as: Callable, customer: Customer, world: World
    ) -> None:
        a_change(admin, customer)
        answer = visit_as(world.msp_admin).post(here(customer), typed(permitted_users="80"))
        assert answer.status == 409
        assert "Saved meanwhile: 25 → 40 permitted users." in answer.text
        assert answer.value("permitted_users") == "80"
        assert draft().permitted_users == 40
        again = typed(permitted_users="80", version=answer.value("version"))
        assert visit_as(world.msp_admin).post(here(customer), again).status == 303
        assert draft().permitted_users == 80

    def test_is_thrown_away(self, admin: Visitor, customer: Customer) -> None:
        order = a_change(admin, customer)
        assert admin.post(f"/orders/{order.id}/drop").location == f"/customers/{customer.id}"
        assert drafts() == 0

    def test_is_reviewed_on_its_own_pages(self, admin: Visitor, customer: Customer) -> None:
        order = a_change(admin, customer)
        review = f"/orders/{order.id}/change"
        for address in ("", "/review"):
            answer = admin.get(f"/orders/{order.id}{address}")
            while answer.location.endswith("/review"):
                answer = admin.get(answer.location)
            assert answer.location == review
        for address in ("review", "submit"):
            assert admin.post(f"/orders/{order.id}/{address}", {"order_number": "PO"}).location == review
        assert draft().order_number == ""


class TestRefused:
    @pytest.mark.parametrize(
        ("asked", "field", "sentence"),
        [
            ({"permitted_users": "0"}, "permitted_users", "At least one user stays"),
            ({"permitted_users": "-4"}, "permitted_users", "At least one user stays"),
            ({"permitted_users": "1000001"}, "permitted_users", "A whole number from 1"),
            ({"permitted_users": "ten"}, "permitted_users", "A whole number from 1"),
            ({"permitted_users": ""}, "permitted_users", "A whole number from 1"),
            ({"permitted_users": "10", "add": "vault"}, "permitted_users", "cannot be changed in one order with fewer"),
            ({"permitted_users": "10", "replace_with": "vault"}, "permitted_users", "cannot be changed in one order"),
            ({"replace_with": "vault", "add": "vault"}, "replace_with", "ticked as added, too"),
            ({"replace_with": "999"}, "replace_with", "Not a valid choice"),
            ({"add": "999"}, "add", "not offered"),
            ({"add": "newer"}, "add", "not offered"),
            ({"lead": "new"}, "email", "needs an email address"),
            ({"lead": "new", "email": "x"}, "email", "is not an email address"),
            ({"lead": "new", "email": "a@b.example", "phone": "12"}, "phone", "phone"),
            ({"lead": "9999"}, "lead", "Choose one from the list"),
            ({"email": "a@b.example"}, "lead", "Choose “Somebody else”"),
        ],
    )
    def test_says_why_beside_the_field_and_keeps_the_typing(
        self, admin: Visitor, customer: Customer, world: World, asked: dict[str, str], field: str, sentence: str
    ) -> None:
        ids = {"vault": str(world.vault.id), "newer": str(world.unpriced.id)}
        asked = {name: ids.get(value, value) for name, value in asked.items()}
        answer = admin.post(here(customer), typed(**asked))
        assert answer.status == 422
        assert sentence.lower() in why(answer, field).lower()
        assert answer.value("permitted_users") == asked.get("permitted_users", "25")
        assert answer.value("email") == asked.get("email", "")
        assert drafts() == 0

    def test_nothing_changed(self, admin: Visitor, customer: Customer) -> None:
        for goal in ("review", "exit"):
            answer = admin.post(here(customer), typed(do=goal))
            assert (answer.status, drafts()) == (422, 0)
            assert "Nothing is changed yet" in answer.text

    def test_to_another_tier_without_a_price_of_today(self, admin: Visitor, world: World) -> None:
        customer = a_complete_customer(world, admin, products=(world.shield, world.vault))
        PriceTier.delete().where(
            PriceTier.contracted_price.in_(ContractedPrice.select().where(ContractedPrice.product == world.vault))
        ).execute()
        ContractedPrice.delete().where(ContractedPrice.product == world.vault).execute()
        answer = admin.post(here(customer), typed(permitted_users="40"))
        assert answer.status == 422
        assert "No contracted price today for Mail vault" in answer.text

    def test_a_contact_of_somebody_else(self, admin: Visitor, customer: Customer, world: World) -> None:
        other = Contact.create(customer=a_customer(world.northstar), email="x@other.example")
        assert admin.post(here(customer), typed(lead=str(other.id))).status == 422

    def test_hides_customers_of_others(self, stranger: Visitor, customer: Customer) -> None:
        assert stranger.get(here(customer)).status == 404
        assert stranger.post(here(customer), typed(permitted_users="40")).status == 404

    def test_refuses_readers(self, viewer: Visitor, technician: Visitor, customer: Customer) -> None:
        for visitor in (viewer, technician):
            assert visitor.get(here(customer)).status == 403
            assert visitor.post(here(customer), typed(permitted_users="40")).status == 403
            assert "Your role does not allow change orders" in visitor.get(f"/customers/{customer.id}").text


def close(world: World, _: Customer, __: Visitor) -> None:
    Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()


def status(name: str) -> Callable[[World, Customer, Visitor], None]:
    shelf = {"in_progress": "in_progress", "pending_cancellation": "complete"}.get(name, "past")
    return lambda _, customer, __: Customer.update(status=name, shelf=shelf).where(Customer.id == customer.id).execute()


def unprice(world: World, _: Customer, __: Visitor) -> None:
    ContractedPrice.delete().execute()


def retire(world: World, _: Customer, __: Visitor) -> None:
    Product.update(active=False).where(Product.id == world.shield.id).execute()


def forget(_: World, customer: Customer, __: Visitor) -> None:
    Order.update(state="void").where(Order.customer == customer).execute()


def order_again(world: World, customer: Customer, _: Visitor) -> None:
    a_draft(world, customer)


def decrease(_: World, customer: Customer, admin: Visitor) -> None:
    changed(admin, customer, permitted_users="10")


class TestGrey:
    @pytest.mark.parametrize(
        ("happens", "sentence"),
        [
            (close, "Northstar IT is closed"),
            (status("in_progress"), "once onboarding is complete"),
            (status("pending_cancellation"), "A cancellation is pending"),
            (status("cancelled"), "is cancelled"),
            (status("closed"), "project is closed"),
            (unprice, "No contracted price today for Mail shield"),
            (retire, "No contracted price today for Mail shield"),
            (forget, "Nothing was ordered through this portal"),
            (order_again, "An order is not submitted yet"),
            (decrease, "takes effect on"),
        ],
    )
    def test_says_why(
        self, admin: Visitor, customer: Customer, world: World, happens: Callable[..., Any], sentence: str
    ) -> None:
        happens(world, customer, admin)
        panel = admin.get(f"/customers/{customer.id}").find("#upgrade")[0]
        assert sentence in panel.cssselect("[aria-disabled=true]")[0].text_content()
        for answer in (admin.get(here(customer)), admin.post(here(customer), typed(permitted_users="40"))):
            assert answer.location == f"/customers/{customer.id}"
        assert sentence in admin.get(f"/customers/{customer.id}").find("#said")[0].text_content()

    def test_a_draft_can_be_gone_on_with_only_while_it_may(self, admin: Visitor, customer: Customer) -> None:
        order = a_change(admin, customer)
        Customer.update(status="pending_cancellation").where(Customer.id == customer.id).execute()
        for answer in (admin.get(f"/orders/{order.id}/change"), admin.post(f"/orders/{order.id}/change/submit")):
            assert answer.location == f"/customers/{customer.id}"
        assert draft().state == "draft"


def test_what_is_bought_keeps_its_price_until_the_tier_changes(
    admin: Visitor, customer: Customer, world: World
) -> None:
    dearer = ContractedPrice.get(
        (ContractedPrice.product == world.shield) & (ContractedPrice.partner == world.northstar)
    )
    PriceTier.update(monthly_per_user=Decimal(3)).where(PriceTier.contracted_price == dearer).execute()
    within = admin.post(here(customer), typed(permitted_users="99", do="totals"), htmx=True)
    beyond = admin.post(here(customer), typed(permitted_users="100", do="totals"), htmx=True)
    assert "€247.50" in within.text
    assert "€300.00" in beyond.text
