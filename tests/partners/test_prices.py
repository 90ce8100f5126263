"""Contracted prices: which are in force, adding, removing, and orders that keep theirs."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.partners.prices import PriceList, WrongTiers, check_tiers, prices_on
from data.database import database
from data.history import History, sentence
from data.orders import Order, OrderLine
from data.partners import ContractedPrice, PriceTier, Product
from tests.factories import World, a_price, a_product
from tests.partners.orders import a_submitted_order
from tests.visits import Answer, Visitor

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEW = {
    "valid_from": "2027-01-01",
    "one_time_fee": "50",
    "users_1": "1",
    "monthly_1": "2,75",
    "users_2": "100",
    "monthly_2": "2.4005",
}


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(TODAY, tick=False):
        yield


def here(world: World) -> str:
    return f"/partner/{world.northstar.id}/prices"


def add(visitor: Visitor, world: World, typed: dict[str, str] | None = None, htmx: bool = False) -> Answer:
    return visitor.post(f"{here(world)}/new", {"product": world.shield.id} | NEW | (typed or {}), htmx=htmx)


class TestPricesOn:
    def test_the_newest_list_in_force_counts(self, world: World) -> None:
        a_price(world.northstar, world.shield, monthly="3.00", one_time="0", valid_from=date(2026, 1, 1))
        a_price(world.northstar, world.shield, monthly="4.00", one_time="0", valid_from=date(2027, 1, 1))
        shield = world.shield.id

        def monthly(day: date) -> Decimal:
            return prices_on(world.northstar.id, day)[shield].tiers[0][1]

        assert monthly(date(2024, 1, 1)) == monthly(date(2025, 12, 31)) == Decimal("2.50")
        assert monthly(date(2026, 1, 1)) == monthly(date(2026, 12, 31)) == Decimal("3.00")
        assert monthly(date(2027, 1, 1)) == monthly(date(2100, 1, 1)) == Decimal("4.00")
        assert shield not in prices_on(world.northstar.id, date(2023, 12, 31))

    def test_tells_everything_of_a_list(self, world: World) -> None:
        assert prices_on(world.northstar.id, date(2026, 1, 1))[world.shield.id] == PriceList(
            product_id=world.shield.id,
            valid_from=date(2024, 1, 1),
            one_time_fee=Decimal(100),
            tiers=((1, Decimal("2.50")), (100, Decimal("2.00"))),
        )

    def test_knows_nothing_of_other_partners(self, world: World) -> None:
        a_price(world.harbour, world.shield, monthly="9.99", one_time="0", valid_from=date(2026, 1, 1))
        a_price(world.harbour, world.unpriced, monthly="9.99", one_time="0", valid_from=date(2024, 1, 1))
        found = prices_on(world.northstar.id, date(2026, 6, 1))
        assert set(found) == {world.shield.id, world.vault.id}
        assert found[world.shield.id].tiers[0][1] == Decimal("2.50")

    def test_takes_one_query_however_many_there_are(self, world: World, monkeypatch) -> None:
        for place in range(20):
            product = a_product()
            for year in (2020, 2021, 2022):
                a_price(world.northstar, product, valid_from=date(year, 1, 1 + place), tiers={1: "2", 10: "1"})
        asked = []
        run = database.obj.execute_sql
        monkeypatch.setattr(
            database.obj, "execute_sql", lambda sql, *rest, **more: asked.append(sql) or run(sql, *rest, **more)
        )
        assert len(prices_on(world.northstar.id, date(2026, 1, 1))) == 22
        assert len(asked) == 1

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        days=st.lists(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=6, unique=True),
        asked=st.dates(date(2019, 1, 1), date(2031, 1, 1)),
    )
    def test_agrees_with_looking_at_every_list(self, world: World, days: list[date], asked: date) -> None:
        PriceTier.delete().execute()
        ContractedPrice.delete().execute()
        for day in days:
            a_price(world.northstar, world.shield, valid_from=day)
        found = prices_on(world.northstar.id, asked).get(world.shield.id)
        expected = max((day for day in days if day <= asked), default=None)
        assert (found.valid_from if found else None) == expected


class TestTiers:
    @pytest.mark.parametrize(
        ("starts", "place", "words"),
        [
            ([], 0, "at least one price"),
            ([2], 0, "begins at 1"),
            ([0, 5], 0, "begins at 1"),
            ([1, 10, 10], 2, "Two tiers begin at 10"),
            ([1, 10, 5], 2, "5 stands after 10"),
            ([1, 1], 1, "Two tiers begin at 1"),
        ],
    )
    def test_begin_at_one_and_rise(self, starts: list[int], place: int, words: str) -> None:
        with pytest.raises(WrongTiers, match=words) as refusal:
            check_tiers([(start, Decimal(1)) for start in starts])
        assert refusal.value.place == place

    @given(st.sets(st.integers(2, 1_000_000), max_size=5))
    def test_any_rising_row_from_one_is_good(self, starts: set[int]) -> None:
        tiers = tuple((start, Decimal(1)) for start in [1, *sorted(starts)])
        assert check_tiers(tiers) == tiers


class TestPriceLists:
    def test_shows_what_is_in_force_what_comes_and_what_was(self, admin: Visitor, world: World) -> None:
        a_price(world.northstar, world.shield, monthly="3.00", one_time="0", valid_from=date(2026, 1, 1))
        a_price(world.northstar, world.shield, monthly="4.00", one_time="0", valid_from=date(2027, 1, 1))
        answer = admin.get(here(world))
        rows = [" ".join(row.text_content().split()) for row in answer.find("section")[0].cssselect("tbody tr")]
        assert rows == [
            "from 1 January 2027 €4.00 €0.00 Not yet",
            "from 1 January 2026until 31 December 2026 €3.00 €0.00 In force",
            "from 1 January 2024until 31 December 2025 €2.50 from 1, €2.00 from 100 €100.00 Past",
        ]
        assert not answer.find("main form")

    def test_says_which_product_cannot_be_ordered(self, admin: Visitor, world: World) -> None:
        a_price(world.northstar, world.unpriced, valid_from=date(2027, 1, 1))
        assert "No price today" in admin.get(here(world)).text

    def test_keeps_prices_of_products_that_are_switched_off(self, admin: Visitor, world: World) -> None:
        Product.update(active=False).execute()
        answer = admin.get(here(world))
        assert "Mail shield" in answer.text
        assert "Not priced yet" not in answer.text

    def test_today_is_the_partners_own(self, world: World, operator: Visitor) -> None:
        a_price(world.northstar, world.shield, valid_from=date(2026, 11, 22))
        with time_machine.travel(datetime(2026, 11, 21, 22, 30, tzinfo=UTC)):
            assert "Not yet" in operator.get(here(world)).text  # 23:30 in Berlin
        with time_machine.travel(datetime(2026, 11, 21, 23, 30, tzinfo=UTC)):
            assert "Not yet" not in operator.get(here(world)).text  # 0:30 in Berlin

    def test_hides_those_of_others(self, stranger: Visitor, viewer: Visitor, world: World) -> None:
        assert stranger.get(here(world)).status == 404
        assert viewer.get(here(world)).status == 403

    def test_takes_as_many_queries_for_many_as_for_one(self, admin: Visitor, world: World, monkeypatch) -> None:
        asked: list[str] = []
        run = database.obj.execute_sql
        monkeypatch.setattr(
            database.obj, "execute_sql", lambda sql, *rest, **more: asked.append(sql) or run(sql, *rest, **more)
        )
        admin.get(here(world))
        few = len(asked)
        for _ in range(10):
            a_price(world.northstar, a_product())
        asked.clear()
        admin.get(here(world))
        assert len(asked) == few


class TestAddPrice:
    def test_adds_and_says_so(self, operator: Visitor, world: World) -> None:
        answer = add(operator, world, htmx=True)
        assert answer.headers["HX-Redirect"] == here(world)
        page = operator.get(here(world))
        assert "Price list added." in page.text
        assert "€2.75 from 1, €2.4005 from 100" in page.text
        found = prices_on(world.northstar.id, date(2027, 1, 1))[world.shield.id]
        assert found == PriceList(
            world.shield.id, date(2027, 1, 1), Decimal(50), ((1, Decimal("2.75")), (100, Decimal("2.4005")))
        )

    def test_works_without_htmx(self, operator: Visitor, world: World) -> None:
        assert add(operator, world).location == here(world)

    def test_an_empty_row_between_tiers_does_not_count(self, operator: Visitor, world: World) -> None:
        typed = {"users_2": "", "monthly_2": " ", "users_6": "500", "monthly_6": "1"}
        assert add(operator, world, typed).status == 303
        assert [tier.users_from for tier in PriceTier.select().order_by(PriceTier.id.desc()).limit(2)] == [500, 1]

    def test_a_price_may_be_nothing(self, operator: Visitor, world: World) -> None:
        assert add(operator, world, {"monthly_1": "0", "one_time_fee": "0"}).status == 303

    @pytest.mark.parametrize(
        ("typed", "name", "words"),
        [
            ({"product": ""}, "product", "Choose one"),
            ({"product": "999"}, "product", "Choose one"),
            ({"product": "x"}, "product", "Choose one"),
            ({"product": "9" * 30}, "product", "Choose one"),
            ({"valid_from": ""}, "valid_from", "Choose a day"),
            ({"valid_from": "  "}, "valid_from", "Choose a day"),
            ({"valid_from": "2027-02-29"}, "valid_from", "A day such as"),
            ({"valid_from": "1989-12-31"}, "valid_from", "from 1990 to 2100"),
            ({"valid_from": "2101-01-01"}, "valid_from", "from 1990 to 2100"),
            ({"valid_from": "2024-01-01"}, "valid_from", "SHIELD has a price list from 1 January 2024 already"),
            ({"one_time_fee": ""}, "one_time_fee", "An amount such as"),
            ({"one_time_fee": "-1"}, "one_time_fee", "An amount such as"),
            ({"one_time_fee": "1e9"}, "one_time_fee", "An amount such as"),
            ({"one_time_fee": "NaN"}, "one_time_fee", "An amount such as"),
            ({"one_time_fee": "10000000"}, "one_time_fee", "At most 9,999,999.9999"),
            ({"one_time_fee": "1.00005"}, "one_time_fee", "four decimals"),
            ({"one_time_fee": "9" * 5_000}, "one_time_fee", "An amount such as"),
            ({"users_1": "2"}, "users_1", "begins at 1 user"),
            ({"users_1": "0"}, "users_1", "A whole number from 1"),
            ({"users_1": "-5"}, "users_1", "A whole number from 1"),
            ({"users_1": "1000001"}, "users_1", "A whole number from 1"),
            ({"users_1": "9" * 400}, "users_1", "A whole number from 1"),
            ({"users_1": "٢"}, "users_1", "A whole number from 1"),
            ({"users_2": "1"}, "users_2", "Two tiers begin at 1"),
            ({"users_3": "50", "monthly_3": "1"}, "users_3", "50 stands after 100"),
            ({"users_2": ""}, "users_2", "This half of the tier is missing"),
            ({"monthly_2": ""}, "monthly_2", "This half of the tier is missing"),
            ({"monthly_1": "abc"}, "monthly_1", "An amount such as"),
            ({"monthly_1": "1\x00"}, "monthly_1", "An amount such as"),
            ({"users_1": "", "monthly_1": "", "users_2": "", "monthly_2": ""}, "users_1", "at least one price"),
        ],
    )
    def test_shows_what_is_wrong_and_keeps_the_typing(
        self, operator: Visitor, world: World, typed: dict[str, str], name: str, words: str
    ) -> None:
        answer = add(operator, world, typed)
        assert answer.status == 422
        assert words in answer.find(f"#{name}-why")[0].text_content()
        for field in ("users_2", "monthly_2"):
            assert answer.value(field) == (NEW | typed)[field]
        assert ContractedPrice.select().count() == 4
        assert History.select().count() == 0

    def test_missing_fields_are_refused(self, operator: Visitor, world: World) -> None:
        assert operator.post(f"{here(world)}/new", {}).status == 422

    def test_two_presses_make_one(self, operator: Visitor, world: World) -> None:
        assert [add(operator, world).status for _ in range(2)] == [303, 422]
        assert ContractedPrice.select().count() == 5

    def test_a_product_that_is_switched_off_is_not_offered(self, operator: Visitor, world: World) -> None:
        Product.update(active=False).where(Product.id == world.shield.id).execute()
        assert add(operator, world).status == 422

    def test_is_for_operators(self, admin: Visitor, stranger: Visitor, world: World) -> None:
        for visitor in (admin, stranger):
            assert visitor.get(f"{here(world)}/new").status == 403
            assert add(visitor, world).status == 403

    def test_an_unknown_partner_is_a_404(self, operator: Visitor, world: World) -> None:
        assert operator.get("/partner/999/prices/new").status == 404
        assert operator.post("/partner/999/prices/new", {"product": world.shield.id} | NEW).status == 404
        assert operator.post("/partner/999/prices/new", {}).status == 404

    def test_leaves_one_line_of_history(self, operator: Visitor, world: World) -> None:
        add(operator, world)
        line = History.get()
        assert (History.select().count(), line.partner_id) == (1, world.northstar.id)
        assert sentence(line) == (
            "Contracted price of SHIELD from 1 January 2027: from 1 €2.75, from 100 €2.4005; one-time fee €50.00"
        )


class TestRemovePrice:
    def price(self, world: World, valid_from: date = date(2027, 1, 1)) -> ContractedPrice:
        return a_price(world.northstar, world.shield, valid_from=valid_from)

    def remove(self, visitor: Visitor, world: World, price: ContractedPrice, htmx: bool = False) -> Answer:
        return visitor.post(f"{here(world)}/{price.id}/remove", htmx=htmx)

    def test_removes_and_says_so(self, operator: Visitor, world: World) -> None:
        price = self.price(world)
        assert operator.get(here(world)).find(f"form[action$='/{price.id}/remove']")
        answer = self.remove(operator, world, price, htmx=True)
        assert (answer.status, "Price list of Mail shield removed." in answer.text) == (200, True)
        assert "2027" not in answer.find("#prices")[0].text_content()
        assert ContractedPrice.select().count() == 4
        assert PriceTier.select().where(PriceTier.contracted_price == price.id).count() == 0

    def test_works_without_htmx(self, operator: Visitor, world: World) -> None:
        assert self.remove(operator, world, self.price(world)).location == here(world)

    @pytest.mark.parametrize("valid_from", [date(2026, 11, 21), date(2025, 1, 1)])
    def test_what_is_in_force_or_was_stays(self, operator: Visitor, world: World, valid_from: date) -> None:
        price = self.price(world, valid_from)
        assert not operator.get(here(world)).find("form[action$=remove]")
        answer = self.remove(operator, world, price)
        assert (answer.status, "so it stays" in answer.text) == (409, True)
        assert ContractedPrice.select().where(ContractedPrice.id == price.id).exists()

    def test_a_second_press_finds_none(self, operator: Visitor, world: World) -> None:
        price = self.price(world)
        assert [self.remove(operator, world, price).status for _ in range(2)] == [303, 404]

    def test_a_price_of_another_partner_is_not_found_under_this_one(self, operator: Visitor, world: World) -> None:
        price = a_price(world.harbour, world.shield, valid_from=date(2027, 1, 1))
        assert self.remove(operator, world, price).status == 404

    def test_is_for_operators(self, admin: Visitor, world: World) -> None:
        assert self.remove(admin, world, self.price(world)).status == 403

    def test_leaves_one_line_of_history(self, operator: Visitor, world: World) -> None:
        self.remove(operator, world, self.price(world))
        told = [sentence(line) for line in History.select()]
        assert told == ["Contracted price of SHIELD from 1 January 2027 removed"]


def test_no_change_of_prices_alters_a_submitted_order(operator: Visitor, world: World) -> None:
    order = a_submitted_order(world)

    def as_kept() -> tuple[object, ...]:
        kept = Order.get_by_id(order.id)
        lines = list(OrderLine.select().where(OrderLine.order == order).dicts())
        return kept.__data__, lines

    before = as_kept()
    add(operator, world, {"valid_from": "2026-11-21"})
    add(operator, world, {"valid_from": "2020-01-01"})
    coming = a_price(world.northstar, world.shield, monthly="9.99", valid_from=date(2027, 1, 1))
    operator.post(f"{here(world)}/{coming.id}/remove")
    assert ContractedPrice.select().count() == 6
    assert as_kept() == before
