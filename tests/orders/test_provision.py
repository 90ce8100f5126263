"""Choosing products and users: totals in place, a draft that is never lost."""

from collections.abc import Callable

import pytest

from data.customers import Customer
from data.history import History
from data.orders import Order, OrderLine
from data.partners import Partner
from tests.factories import World, a_customer, a_prospect
from tests.orders.drafts import a_draft
from tests.visits import Visitor


@pytest.fixture
def prospect(world: World) -> Customer:
    return a_prospect(world.northstar, "Alder & Sons", permitted_users=25)


def address(prospect: Customer) -> str:
    return f"/prospects/{prospect.id}/order"


def choose(world: World, users: str = "25", **more: str) -> dict[str, object]:
    return {"products": [world.shield.id], "permitted_users": users, "version": "0", "do": "totals"} | more


def test_offers_the_catalogue_with_contracted_prices(admin: Visitor, prospect: Customer) -> None:
    page = admin.get(address(prospect))
    assert "Mail shield" in page.text
    assert "€2.50 per user a month, €2 from 100 users" in page.text.replace(".00", "")


def test_says_of_an_unpriced_product_that_it_cannot_be_ordered(
    admin: Visitor, prospect: Customer, world: World
) -> None:
    page = admin.get(address(prospect))
    box = page.find(f"#product-{world.unpriced.id}")[0]
    assert box.get("disabled") is not None
    assert "No contracted price today" in page.text


def test_saves_and_says_so(admin: Visitor, prospect: Customer, world: World) -> None:
    part = admin.post(address(prospect), choose(world), htmx=True)
    assert part.status == 200
    assert not part.find("html")
    assert "€62.50" in part.text
    assert "€162.50" in part.text
    assert "the order is saved" in part.text
    draft = Order.get()
    assert (draft.state, draft.permitted_users, draft.customer_id) == ("draft", 25, prospect.id)
    assert Customer.get_by_id(prospect.id).status == "prospect"


def test_works_without_htmx(admin: Visitor, prospect: Customer, world: World) -> None:
    answer = admin.post(address(prospect), choose(world))
    assert (answer.status, answer.location) == (303, address(prospect))
    assert "€162.50" in admin.get(address(prospect)).text


def test_crosses_the_tier_edge(admin: Visitor, prospect: Customer, world: World) -> None:
    assert "€247.50" in admin.post(address(prospect), choose(world, "99"), htmx=True).text
    assert "€200" in admin.post(address(prospect), choose(world, "100"), htmx=True).text


def test_goes_on_to_the_review(admin: Visitor, prospect: Customer, world: World) -> None:
    answer = admin.post(address(prospect), choose(world, do="review"))
    assert answer.location == f"/orders/{Order.get().id}/review"


def test_keeps_the_draft_on_leaving(admin: Visitor, prospect: Customer, world: World) -> None:
    answer = admin.post(address(prospect), choose(world, do="exit"))
    assert answer.location == f"/prospects/{prospect.id}"
    assert Order.get().permitted_users == 25


@pytest.mark.parametrize("users", ["0", "-3", "1e3", "ten", "", "1000001", "9" * 400, "٣", "2.5"])
def test_shows_what_is_wrong_and_keeps_the_typing(admin: Visitor, prospect: Customer, world: World, users: str) -> None:
    answer = admin.post(address(prospect), choose(world, users, do="review"))
    assert answer.status == 422
    assert "A whole number from 1 to 1,000,000." in answer.text
    assert answer.value("permitted_users") == users
    assert not Order.select().count()


def test_refuses_to_go_on_without_a_product(admin: Visitor, prospect: Customer) -> None:
    answer = admin.post(address(prospect), {"permitted_users": "25", "version": "0", "do": "review"})
    assert answer.status == 422
    assert "Choose at least one product" in answer.text


@pytest.mark.parametrize("product", ["999999", "x", "-1", "1; DROP TABLE", "9" * 40])
def test_refuses_products_nobody_offers(admin: Visitor, prospect: Customer, product: str) -> None:
    answer = admin.post(
        address(prospect), {"products": product, "permitted_users": "25", "version": "0", "do": "review"}
    )
    assert answer.status == 422
    assert "not offered" in answer.text


def test_refuses_an_unpriced_product_by_name(admin: Visitor, prospect: Customer, world: World) -> None:
    data = choose(world, do="review") | {"products": [world.shield.id, world.unpriced.id]}
    answer = admin.post(address(prospect), data)
    assert answer.status == 422
    assert "No contracted price today for Not priced yet" in answer.text


def test_counts_a_product_ticked_twice_once(admin: Visitor, prospect: Customer, world: World) -> None:
    admin.post(address(prospect), choose(world) | {"products": [world.shield.id, world.shield.id]})
    assert OrderLine.select().count() == 1


def test_refuses_what_a_colleague_changed_meanwhile(
    admin: Visitor, visit_as: Callable, prospect: Customer, world: World
) -> None:
    admin.post(address(prospect), choose(world))
    answer = visit_as(world.msp_admin).post(address(prospect), choose(world, "80", do="review"))
    assert answer.status == 409
    assert answer.value("permitted_users") == "80"
    assert Order.get().permitted_users == 25


def test_lets_ones_own_last_typing_win(admin: Visitor, prospect: Customer, world: World) -> None:
    admin.post(address(prospect), choose(world, "10"))
    admin.post(address(prospect), choose(world, "12"))
    assert Order.get().permitted_users == 12


def test_keeps_one_draft(admin: Visitor, prospect: Customer, world: World) -> None:
    for users in ("10", "11", "11"):
        admin.post(address(prospect), choose(world, users))
    assert Order.select().count() == 1


def test_begins_with_what_the_prospect_wanted(admin: Visitor, prospect: Customer, world: World) -> None:
    from data.customers import WantedProduct  # noqa: PLC0415 - only this test needs it

    WantedProduct.create(customer=prospect, product_id=world.vault.id)
    page = admin.get(address(prospect))
    assert page.find(f"#product-{world.vault.id}")[0].get("checked") is not None
    assert page.value("permitted_users") == "25"


def test_hides_prospects_of_others(stranger: Visitor, prospect: Customer, world: World) -> None:
    assert stranger.get(address(prospect)).status == 404
    assert stranger.post(address(prospect), choose(world)).status == 404


def test_refuses_readers(viewer: Visitor, technician: Visitor, prospect: Customer, world: World) -> None:
    for visitor in (viewer, technician):
        assert visitor.get(address(prospect)).status == 403
        assert visitor.post(address(prospect), choose(world)).status == 403


def test_leaves_one_line_of_history(admin: Visitor, prospect: Customer, world: World) -> None:
    admin.post(address(prospect), choose(world))
    admin.post(address(prospect), choose(world))
    lines = list(History.select().where(History.kind == "order.drafted"))
    assert [line.facts for line in lines] == [{"products": "Mail shield", "users": 25}]


def test_sends_customers_to_their_page(admin: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, status="in_progress")
    assert admin.get(address(customer)).location == f"/customers/{customer.id}"


def test_refuses_partners_that_are_closed(admin: Visitor, prospect: Customer, world: World) -> None:
    from data.moments import now  # noqa: PLC0415 - only this test needs it

    Partner.update(closed_at=now()).execute()
    answer = admin.post(address(prospect), choose(world, do="review"))
    assert answer.status == 422
    assert "is closed" in answer.text


class TestDroppingADraft:
    def test_works_and_says_so(self, admin: Visitor, world: World) -> None:
        order = a_draft(world)
        answer = admin.post(f"/orders/{order.id}/drop")
        assert answer.location == f"/prospects/{order.customer_id}"
        assert not Order.select().count()

    def test_hides_orders_of_others(self, stranger: Visitor, world: World) -> None:
        order = a_draft(world)
        assert stranger.post(f"/orders/{order.id}/drop").status == 404
        assert Order.select().count() == 1

    def test_refuses_readers(self, technician: Visitor, world: World) -> None:
        assert technician.post(f"/orders/{a_draft(world).id}/drop").status == 403
