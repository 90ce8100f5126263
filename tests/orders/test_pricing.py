"""What an order costs: tier edges, rounding, and sums that add up."""

from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from blueprints.orders.pricing import NoPrice, Quote, price_per_user, quote, rounded
from blueprints.partners.prices import PriceList


def a_price_list(product_id: int = 1, one_time: str = "0", **tiers: str) -> PriceList:
    """`a_price_list(t1="2.50", t100="2.00")`."""
    return PriceList(
        product_id=product_id,
        valid_from=date(2026, 1, 1),
        one_time_fee=Decimal(one_time),
        tiers=tuple((int(start[1:]), Decimal(price)) for start, price in tiers.items()),
    )


@pytest.mark.parametrize(("users", "price"), [(1, "2.50"), (99, "2.50"), (100, "2.00"), (101, "2.00"), (10**6, "1.50")])
def test_takes_the_tier_that_the_users_reach(users: int, price: str) -> None:
    assert price_per_user(a_price_list(t1="2.50", t100="2.00", t1000="1.50"), users) == Decimal(price)


def test_takes_the_right_tier_whatever_order_they_stand_in() -> None:
    assert price_per_user(a_price_list(t100="2.00", t1="2.50"), 50) == Decimal("2.50")


def test_refuses_fewer_users_than_the_first_tier_starts_with() -> None:
    with pytest.raises(NoPrice):
        price_per_user(a_price_list(t10="2.50"), 9)


def test_refuses_a_product_without_a_price_list() -> None:
    with pytest.raises(NoPrice):
        quote([1, 2], 10, {1: a_price_list(t1="1")}, "EUR")


def test_adds_one_time_fees_and_one_month_to_the_first_payment() -> None:
    lists = {1: a_price_list(1, "100", t1="2.50"), 2: a_price_list(2, "20", t1="1.25")}
    made = quote([1, 2], 25, lists, "EUR")
    assert (made.monthly_total, made.one_time_total, made.first_payment) == (
        Decimal("93.75"),
        Decimal("120.00"),
        Decimal("213.75"),
    )


@pytest.mark.parametrize(
    ("amount", "currency", "result"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.0049", "EUR", "0.00"),
        ("2.675", "EUR", "2.68"),
        ("0.5", "JPY", "1"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_rounds_half_up_to_the_smallest_unit_of_the_currency(amount: str, currency: str, result: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == result


PRICES = st.decimals(min_value=0, max_value=99_999, places=4)
CURRENCIES = st.sampled_from(["EUR", "USD", "GBP", "JPY", "KWD", "CHF"])


@st.composite
def price_lists(draw: st.DrawFn, product_id: int) -> PriceList:
    starts = sorted({1, *draw(st.lists(st.integers(2, 10_000), max_size=5))})
    prices = draw(st.lists(PRICES, min_size=len(starts), max_size=len(starts)))
    return PriceList(product_id, date(2026, 1, 1), draw(PRICES), tuple(zip(starts, prices, strict=True)))


@st.composite
def quotes(draw: st.DrawFn) -> tuple[Quote, dict[int, PriceList], int]:
    count = draw(st.integers(1, 6))
    lists = {product_id: draw(price_lists(product_id)) for product_id in range(count)}
    users = draw(st.integers(1, 1_000_000))
    return quote(list(lists), users, lists, draw(CURRENCIES)), lists, users


@given(quotes())
def test_every_total_is_the_sum_of_what_the_paper_lists(
    made: tuple[Quote, dict[int, PriceList], int],
) -> None:
    priced, lists, users = made
    unit = Decimal(1).scaleb(-get_currency_precision(priced.currency))
    assert priced.monthly_total == sum(line.monthly_total for line in priced.lines)
    assert priced.first_payment == priced.monthly_total + priced.one_time_total
    for line in priced.lines:
        exact = line.monthly_per_user * users
        assert line.monthly_total % unit == 0
        assert abs(line.monthly_total - exact) <= unit / 2
        assert (users, line.monthly_per_user) in [
            (users, price) for start, price in lists[line.product_id].tiers if start <= users
        ]


@given(price_lists(1), st.integers(1, 20_000))
def test_the_tier_is_the_last_one_reached(price_list: PriceList, users: int) -> None:
    reached = [price for start, price in price_list.tiers if start <= users]
    assert price_per_user(price_list, users) == reached[-1]


@given(quotes())
def test_amounts_are_decimals_and_never_negative(made: tuple[Quote, dict[int, PriceList], int]) -> None:
    for line in made[0].lines:
        for amount in (line.monthly_per_user, line.monthly_total, line.one_time_fee):
            assert type(amount) is Decimal
            assert amount >= 0
