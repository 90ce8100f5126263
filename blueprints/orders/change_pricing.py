"""What a change order costs. Pure: what is bought, price lists, numbers and days in; exact Decimals out.

The rule of prices. A product that is bought already keeps the price of each user that was frozen with it, as long as
the number of users stays in its tier; when the number of users moves to another tier of today's contracted prices, the
product is priced anew from there, as an order of today would be. A product that is added, or takes the place of
another, costs what it costs today. One-time fees are those of new products only.

The rule of periods. The billing period begins each month on the day of the month on which the subscription began (the
31st: the last day of shorter months). A decrease is never paid back: it takes effect on the next billing date. Any
other change takes effect at once; the MSP's setting says whether the difference is due for the days that are left, the
day of the change counted, or only from the next billing date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from blueprints.orders.pricing import NoPrice, PricedLine, Quote, price_per_user, rounded
from blueprints.partners.prices import PriceList


@dataclass(frozen=True)
class Bought:
    """A product as it is bought: its name and price of each user a month were frozen with an order."""

    product_id: int
    name: str
    monthly_per_user: Decimal
    monthly_total: Decimal


@dataclass(frozen=True)
class Period:
    """One month of billing. `next_on`: the first day of the one after."""

    begins_on: date
    next_on: date

    @property
    def days(self) -> int:
        return (self.next_on - self.begins_on).days

    def days_left(self, day: date) -> int:
        """From this day on, itself counted."""
        return (self.next_on - day).days


def billing_period(start: date, day: date) -> Period:
    """The month of billing in which `day` lies, for a subscription that began on `start`.

    A day before the start counts as the start. 31 January → 28 February → 31 March.
    """
    day = max(start, day)
    months = (day.year - start.year) * 12 + day.month - start.month
    if start + relativedelta(months=months) > day:
        months -= 1
    return Period(start + relativedelta(months=months), start + relativedelta(months=months + 1))


def tier_of(price_list: PriceList, permitted_users: int) -> int:
    """How many users the tier begins with that this number lies in; 0 below all of them."""
    return max((start for start, _ in price_list.tiers if start <= permitted_users), default=0)


def kept_price(bought: Bought, users: tuple[int, int], price_list: PriceList | None) -> Decimal:
    """The price of each user of a product that stays, with `users` before and after. Raises NoPrice.

    Without a price list of today nobody knows its tiers, so the number of users cannot change.
    """
    before, after = users
    if before == after:
        return bought.monthly_per_user
    if price_list is None:
        raise NoPrice
    if tier_of(price_list, before) == tier_of(price_list, after):
        return bought.monthly_per_user
    return price_per_user(price_list, after)


def change_quote(
    product_ids: Sequence[int],
    bought: Mapping[int, Bought],
    users: tuple[int, int],
    price_lists: Mapping[int, PriceList],
    currency: str,
) -> Quote:
    """Price all products as they are after the change. `bought`: by product; `users`: before and after.

    Raises NoPrice.
    """
    lines = []
    for product_id in product_ids:
        price_list = price_lists.get(product_id)
        fee = Decimal(0)
        if product_id in bought:
            each = kept_price(bought[product_id], users, price_list)
        elif price_list is None:
            raise NoPrice
        else:
            each, fee = price_per_user(price_list, users[1]), rounded(price_list.one_time_fee, currency)
        same = product_id in bought and users[0] == users[1]
        total = bought[product_id].monthly_total if same else rounded(each * users[1], currency)
        lines.append(PricedLine(product_id, users[1], each, total, fee))
    return Quote(currency, tuple(lines))


@dataclass(frozen=True)
class Payment:
    """What a change means for payments. All amounts in the quote's currency.

    `prorated`: the difference for the days that are left of the period. `due_now`: that and the one-time fees, or
    nothing. `next_payment`: on the next billing date, one-time fees in it if they are not due now.
    """

    before: Decimal
    after: Decimal
    prorated: Decimal
    due_now: Decimal
    next_payment: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


def payment(before: Decimal, quote: Quote, period: Period, day: date, *, prorate: bool) -> Payment:
    """`before`: what was paid each month; `prorate`: whether the difference is due for the days that are left.

    The part for those days is rounded half up, as all amounts are; a period that is paid is never paid back.
    """
    after, fees = quote.monthly_total, quote.one_time_total
    if not prorate:
        return Payment(before, after, Decimal(0), Decimal(0), after + fees)
    share = Decimal(period.days_left(day)) / Decimal(period.days)
    part = rounded(max(after - before, Decimal(0)) * share, quote.currency)
    return Payment(before, after, part, part + fees, after)
