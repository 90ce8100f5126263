"""The page of one customer."""

from collections.abc import Callable

from data.customers import Customer
from data.database import database
from tests.factories import World, a_customer, a_prospect
from tests.orders.drafts import a_draft, submit
from tests.visits import Visitor


def a_sold_customer(admin: Visitor, world: World, **order: object) -> Customer:
    draft = a_draft(world, **order)
    submit(admin, draft)
    return Customer.get_by_id(draft.customer_id)


def test_shows_what_was_sold_and_filed(admin: Visitor, viewer: Visitor, world: World) -> None:
    customer = a_sold_customer(admin, world, users=40)
    page = viewer.get(f"/customers/{customer.id}")
    assert page.status == 200
    for told in (customer.name, "In progress", "Mail shield", "€100", "Order addendum", "Ines Lead", "Incomplete"):
        assert told in page.text
    assert "Status prospect → in progress" in page.text


def test_offers_readers_nothing_they_may_not_do(admin: Visitor, viewer: Visitor, world: World) -> None:
    customer = a_sold_customer(admin, world)
    assert viewer.get(f"/customers/{customer.id}").find("#rfi form") == []
    assert admin.get(f"/customers/{customer.id}").find("#rfi form")


def test_sends_prospects_to_their_page(admin: Visitor, world: World) -> None:
    prospect = a_prospect(world.northstar)
    assert admin.get(f"/customers/{prospect.id}").location == f"/prospects/{prospect.id}"


def test_hides_customers_of_others(stranger: Visitor, world: World) -> None:
    assert stranger.get(f"/customers/{a_customer(world.northstar, status='complete').id}").status == 404


def test_asks_the_database_as_often_however_much_there_is(
    visit_as: Callable, world: World, admin: Visitor, statements: Callable
) -> None:
    few, many = a_sold_customer(admin, world), a_sold_customer(admin, world)
    for _ in range(8):
        admin.post(f"/customers/{many.id}/rfi/link")
    asked = [statements(lambda: admin.get(f"/customers/{customer.id}")) for customer in (few, many)]  # noqa: B023 - called at once
    assert asked[0] == asked[1]
    assert not database.in_transaction()
