"""What an order costs. Pure: price lists and numbers in, exact Decimals out; no records, no clock.

The one rounding rule: a line's monthly amount (permitted users × price of each) and its one-time fee are rounded
half up to the smallest unit of the currency; every total is the sum of rounded lines. So what the paper lists adds
up to what it says. The first payment is the one-time fees and one month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

from blueprints.partners.prices import PriceList
from blueprints.web.refusals import Refused


class NoPrice(Refused):
    sentence = "There is no contracted price for this product today, so it cannot be ordered yet."


@dataclass(frozen=True)
class PricedLine:
    """One product of a quote. All amounts in the quote's currency; `monthly_per_user` as contracted, unrounded."""

    product_id: int
    permitted_users: int
    monthly_per_user: Decimal
    monthly_total: Decimal
    one_time_fee: Decimal


@dataclass(frozen=True)
class Quote:
    """The money of an order, in one currency (ISO 4217)."""

    currency: str
    lines: tuple[PricedLine, ...]

    @property
    def monthly_total(self) -> Decimal:
        return sum((line.monthly_total for line in self.lines), Decimal(0))

    @property
    def one_time_total(self) -> Decimal:
        return sum((line.one_time_fee for line in self.lines), Decimal(0))

    @property
    def first_payment(self) -> Decimal:
        return self.one_time_total + self.monthly_total


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half up to the currency's smallest unit: 0.005 EUR → 0.01, 0.5 JPY → 1."""
    return amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP)


def price_per_user(price_list: PriceList, permitted_users: int) -> Decimal:
    """The monthly price of each user at this number of them: the tier with the highest start not above it.

    Raises NoPrice when every tier starts above.
    """
    reached = [(start, price) for start, price in price_list.tiers if start <= permitted_users]
    if not reached:
        raise NoPrice
    return max(reached)[1]


def quote(
    product_ids: Sequence[int], permitted_users: int, price_lists: Mapping[int, PriceList], currency: str
) -> Quote:
    """Price the products for this many users. Raises NoPrice for a product without a price list."""
    lines = []
    for product_id in product_ids:
        if product_id not in price_lists:
            raise NoPrice
        each = price_per_user(price_lists[product_id], permitted_users)
        lines.append(
            PricedLine(
                product_id=product_id,
                permitted_users=permitted_users,
                monthly_per_user=each,
                monthly_total=rounded(each * permitted_users, currency),
                one_time_fee=rounded(price_lists[product_id].one_time_fee, currency),
            )
        )
    return Quote(currency=currency, lines=tuple(lines))
