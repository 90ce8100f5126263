"""The column Cancel of the list: green, or grey with the reason and the date; sorted; and cheap."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from blueprints.cancellations.eligibility import opens_on
from blueprints.cancellations.ending import end_service
from data.customers import Customer
from data.formats import day
from data.orders import Order
from data.roles import Role
from tests.cancellations.cancelled import PORTAL, begun, days_ago, old_enough, over, pending, too_young
from tests.factories import World, a_customer, a_grant_over
from tests.orders.drafts import a_draft
from tests.visits import Answer, Visitor

LIST = "/customers/complete"


def cell(page: Answer, customer: Customer) -> tuple[str, str]:
    """Where the green one leads, or "" and what stands beside the grey one."""
    [found] = page.find(f'tr[data-id="{customer.id}"] td[data-name=Cancel]')
    links = found.cssselect("a")
    return (links[0].get("href"), "") if links else ("", found.cssselect("small")[0].text_content())


class TestTheCell:
    def test_is_green_from_the_day_and_leads_to_the_page(self, admin: Visitor, world: World) -> None:
        today_is_the_day = begun(world, days_ago(0))
        while opens_on(today_is_the_day.subscription_start) > days_ago(0):
            today_is_the_day.subscription_start -= timedelta(days=1)
        today_is_the_day.save()
        page = admin.get(LIST)
        assert cell(page, today_is_the_day) == (f"/customers/{today_is_the_day.id}/cancel", "")
        assert page.find(f'tr[data-id="{today_is_the_day.id}"] a.go')

    def test_is_grey_before_and_says_from_when(self, admin: Visitor, world: World) -> None:
        customer = too_young(world)
        assert cell(admin.get(LIST), customer) == (
            "",
            f"11 months on {day(opens_on(customer.subscription_start))}",
        )

    def test_says_until_when_a_pending_one_runs(self, admin: Visitor, world: World) -> None:
        asked = pending(world)
        assert cell(admin.get(LIST), asked.customer) == ("", f"Pending, ends {day(asked.ends_on)}")

    def test_says_that_an_order_is_in_draft(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        a_draft(world, customer)
        assert cell(admin.get(LIST), customer) == ("", "An order is in draft")
        Order.delete().execute()
        assert cell(admin.get(LIST), customer)[0]

    def test_says_whose_it_is_to_readers_and_to_the_lowered(self, viewer: Visitor, visit_as: Callable, world) -> None:
        customer = old_enough(world)
        assert cell(viewer.get(LIST), customer) == ("", "For administrators of the MSP")
        a_grant_over(world.msp_admin, customer, Role.VIEWER)
        assert cell(visit_as(world.msp_admin).get(LIST), customer) == ("", "For administrators of the MSP")

    def test_says_what_the_record_lacks(self, admin: Visitor, world: World) -> None:
        customer = a_customer(world.northstar, status="complete")
        assert cell(admin.get(LIST), customer) == ("", "No start of the subscription")

    def test_is_reckoned_by_the_zone_of_each_msp(self, operator: Visitor, world: World, time_machine) -> None:
        world.harbour.timezone = "America/New_York"
        world.harbour.save()
        time_machine.move_to("2026-12-03T23:30:00Z", tick=False)
        start = days_ago(0).replace(month=1)
        here, there = begun(world, start), begun(world, start, world.harbour)
        page = operator.get(LIST)
        assert (bool(cell(page, here)[0]), bool(cell(page, there)[0])) == (True, False)

    def test_follows_what_happens(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        assert cell(admin.get(LIST), customer)[0]
        asked = pending(world, customer=customer)
        assert cell(admin.get(LIST), customer)[1].startswith("Pending")
        end_service(over(asked).id, PORTAL)
        assert not admin.get(LIST).find(f'tr[data-id="{customer.id}"]')

    def test_is_on_the_list_of_complete_customers_alone(self, admin: Visitor, world: World) -> None:
        a_customer(world.northstar, status="in_progress")
        assert not admin.get("/customers/in-progress").find("td[data-name=Cancel]")


class TestSorting:
    def test_is_by_the_day_from_which_it_may_be_cancelled_and_back(self, admin: Visitor, world: World) -> None:
        starts = (300, 900, 10, 400, 400)
        made = [begun(world, days_ago(days)).id for days in starts] + [
            a_customer(world.northstar, status="complete").id
        ]
        expected = [made[5], made[1], made[3], made[4], made[0], made[2]]
        assert ids(admin.get(f"{LIST}?sort=cancel")) == expected
        assert ids(admin.get(f"{LIST}?sort=cancel&dir=desc")) == expected[::-1]
        assert admin.get(LIST).find('th a[href*="sort=cancel"]')

    @pytest.mark.parametrize("way", ["asc", "desc"])
    def test_shows_each_once_on_its_pages(self, way: str, admin: Visitor, world: World) -> None:
        for number in range(60):
            if number % 3:
                begun(world, days_ago(number % 7))
            else:
                a_customer(world.northstar, status="complete")
        page, seen = admin.get(f"{LIST}?sort=cancel&dir={way}"), []
        while True:
            seen += ids(page)
            further = page.find("a[rel=next]")
            if not further:
                break
            page = admin.get(further[0].get("href"))
        assert len(seen) == len(set(seen)) == 60

    def test_with_a_search_and_a_letter(self, admin: Visitor, world: World) -> None:
        for days in (5, 900, 30):
            begun(world, days_ago(days), name=f"Company {days}")
        a_customer(world.northstar, "Company nothing", "complete")
        for asked in ("q=comp", "letter=C", "q=comp&letter=C"):
            names = [each.text_content() for each in admin.get(f"{LIST}?{asked}&sort=cancel").find("tbody strong")]
            assert names == ["Company nothing", "Company 900", "Company 30", "Company 5"]


def ids(page: Answer) -> list[int]:
    return [int(row.get("data-id")) for row in page.find("tbody tr")]


def test_asks_as_often_however_many_rows_there_are(admin: Visitor, world: World, statements: Callable) -> None:
    begun(world, days_ago(350))
    pending(world)
    few = statements(lambda: admin.get(LIST))
    for days in range(340, 350):
        begun(world, days_ago(days))
        pending(world)
    assert statements(lambda: admin.get(LIST)) == few
