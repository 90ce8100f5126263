"""What a change costs: kept prices, tiers that are crossed, periods, and the days that are left."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from blueprints.orders.change_pricing import Bought, Period, billing_period, change_quote, payment
from blueprints.orders.pricing import NoPrice, Quote
from blueprints.partners.prices import PriceList

SHIELD, VAULT = 1, 2
TODAY = {
    SHIELD: PriceList(SHIELD, date(2026, 1, 1), Decimal(100), ((1, Decimal("3.00")), (100, Decimal("2.20")))),
    VAULT: PriceList(VAULT, date(2026, 1, 1), Decimal(50), ((1, Decimal("1.25")),)),
}
FROZEN = {SHIELD: Bought(SHIELD, "Mail shield", Decimal("2.50"), Decimal("62.50"))}


def quoted(products: tuple[int, ...], users: tuple[int, int], lists: dict[int, PriceList] | None = None) -> Quote:
    return change_quote(products, FROZEN, users, TODAY if lists is None else lists, "EUR")


class TestPrices:
    def test_what_is_bought_keeps_its_price_within_its_tier(self) -> None:
        [line] = quoted((SHIELD,), (25, 99)).lines
        assert (line.monthly_per_user, line.monthly_total, line.one_time_fee) == (
            Decimal("2.50"),
            Decimal("247.50"),
            Decimal(0),
        )

    def test_another_tier_brings_the_price_of_today(self) -> None:
        [line] = quoted((SHIELD,), (25, 100)).lines
        assert (line.monthly_per_user, line.monthly_total) == (Decimal("2.20"), Decimal("220.00"))

    def test_so_does_a_tier_below(self) -> None:
        many = {SHIELD: Bought(SHIELD, "Mail shield", Decimal("1.90"), Decimal("228.00"))}
        quote = change_quote((SHIELD,), many, (120, 99), TODAY, "EUR")
        assert quote.monthly_total == Decimal("297.00")

    def test_a_product_that_is_new_costs_what_it_costs_today(self) -> None:
        quote = quoted((SHIELD, VAULT), (25, 25))
        assert [line.monthly_total for line in quote.lines] == [Decimal("62.50"), Decimal("31.25")]
        assert quote.one_time_total == Decimal(50)

    def test_nothing_is_priced_anew_while_the_users_stay(self) -> None:
        assert quoted((SHIELD,), (25, 25), {}).monthly_total == Decimal("62.50")

    @pytest.mark.parametrize(("products", "users"), [((SHIELD,), (25, 26)), ((SHIELD, VAULT), (25, 25))])
    def test_without_a_price_of_today(self, products: tuple[int, ...], users: tuple[int, int]) -> None:
        with pytest.raises(NoPrice):
            quoted(products, users, {})


class TestPeriods:
    @pytest.mark.parametrize(
        ("start", "day", "begins", "following"),
        [
            ("2026-01-15", "2026-11-22", "2026-11-15", "2026-12-15"),
            ("2026-01-15", "2026-11-15", "2026-11-15", "2026-12-15"),
            ("2026-01-15", "2026-11-14", "2026-10-15", "2026-11-15"),
            ("2026-01-31", "2026-02-27", "2026-01-31", "2026-02-28"),
            ("2026-01-31", "2026-02-28", "2026-02-28", "2026-03-31"),
            ("2026-01-31", "2026-03-30", "2026-02-28", "2026-03-31"),
            ("2028-02-29", "2029-02-28", "2029-02-28", "2029-03-29"),
            ("2026-11-22", "2026-11-01", "2026-11-22", "2026-12-22"),
        ],
    )
    def test_go_by_the_day_of_the_month(self, start: str, day: str, begins: str, following: str) -> None:
        found = billing_period(date.fromisoformat(start), date.fromisoformat(day))
        assert (found.begins_on.isoformat(), found.next_on.isoformat()) == (begins, following)

    @given(start=some.dates(date(2020, 1, 1), date(2028, 1, 1)), after=some.integers(0, 3_000))
    def test_each_day_lies_in_one(self, start: date, after: int) -> None:
        day = start + timedelta(days=after)
        found = billing_period(start, day)
        assert found.begins_on <= day < found.next_on
        assert 28 <= found.days <= 31
        assert billing_period(start, found.next_on).begins_on == found.next_on, "no day between two periods"
        assert 1 <= found.days_left(day) <= found.days


class TestPayments:
    NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))

    def test_the_days_that_are_left_are_paid_at_once(self) -> None:
        found = payment(
            Decimal("62.50"), quoted((SHIELD, VAULT), (25, 25)), self.NOVEMBER, date(2026, 11, 19), prorate=True
        )
        assert found.difference == Decimal("31.25")
        assert found.prorated == Decimal("12.50"), "12 of 30 days"
        assert (found.due_now, found.next_payment) == (Decimal("62.50"), Decimal("93.75"))

    def test_or_all_from_the_next_billing_date(self) -> None:
        found = payment(
            Decimal("62.50"), quoted((SHIELD, VAULT), (25, 25)), self.NOVEMBER, date(2026, 11, 19), prorate=False
        )
        assert (found.prorated, found.due_now, found.next_payment) == (0, 0, Decimal("143.75"))

    def test_on_a_billing_date_the_whole_month_is_left(self) -> None:
        found = payment(
            Decimal("62.50"), quoted((SHIELD, VAULT), (25, 25)), self.NOVEMBER, date(2026, 11, 1), prorate=True
        )
        assert found.prorated == found.difference

    @given(day=some.integers(1, 30), before=some.integers(0, 100_000))
    def test_nothing_is_ever_paid_back(self, day: int, before: int) -> None:
        quote = quoted((SHIELD,), (25, 120))
        found = payment(Decimal(before) / 100, quote, self.NOVEMBER, date(2026, 11, day), prorate=True)
        assert 0 <= found.prorated <= max(found.difference, Decimal(0))
        assert found.due_now == found.prorated + quote.one_time_total
