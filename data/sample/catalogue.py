"""What a partner sells in the sample: its contracted prices, or four sample products where it has none."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision

from data import formats, history
from data.fields import MONEY_UNIT
from data.moments import now
from data.partners import ContractedPrice, Partner, PriceTier, Product
from data.sample.chance import Chance


@dataclass(frozen=True)
class SampleProduct:
    """Prices in euro; `raised` is the monthly price by tier that took over this year."""

    code: str
    name: str
    description: str
    service: str
    one_time_fee: str
    tiers: dict[int, str]
    raised: dict[int, str]


PRODUCTS = (
    SampleProduct(
        "MAIL-SHIELD", "Mail shield", "Keeps spam, malware and forged senders out.", "security",
        "120", {1: "2.60", 50: "2.20", 250: "1.80"}, {1: "2.75", 50: "2.35", 250: "1.90"},
    ),
    SampleProduct(
        "MAIL-VAULT", "Mail vault", "Keeps every message, unaltered and searchable.", "archiving",
        "90", {1: "1.80", 50: "1.50", 250: "1.25"}, {1: "1.90", 50: "1.60", 250: "1.30"},
    ),
    SampleProduct(
        "CONTINUITY", "Continuity", "Mail goes on while the mail server does not.", "continuity",
        "0", {1: "0.95", 100: "0.80"}, {1: "1.00", 100: "0.85"},
    ),
    SampleProduct(
        "MAILBOX-MOVE", "Mailbox move", "Mailboxes brought over, and a hosted home for them.", "migration",
        "250", {1: "3.90", 100: "3.40"}, {1: "4.10", 100: "3.60"},
    ),
)  # fmt: skip

# What a euro is roughly worth, for believable figures; currencies left out are taken at par.
PER_EURO = {
    "BRL": 6, "CNY": 8, "CZK": 25, "DKK": 7, "HKD": 9, "HUF": 400, "ILS": 4, "INR": 90, "JPY": 160, "KRW": 1500,
    "MXN": 20, "NOK": 11, "PLN": 4, "RON": 5, "SEK": 11, "THB": 38, "TRY": 40, "TWD": 35, "UAH": 45, "ZAR": 20,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Priced:
    """A line of a sample order. Amounts as they are stored: whole ten-thousandths (data.fields.Money)."""

    product_id: int
    code: str
    name: str
    services: str
    monthly_per_user: int
    monthly_total: int
    one_time_fee: int


@dataclass(frozen=True, slots=True)
class PriceList:
    """From `valid_from` (an ordinal) on: the monthly price `monthly[i]` from `users_from[i]` users."""

    valid_from: int
    one_time_fee: int
    users_from: tuple[int, ...]
    monthly: tuple[int, ...]


class PriceBook:
    """The products a partner can order, by name, with all their price lists."""

    def __init__(self, partner: Partner) -> None:
        self._unit = 10 ** (4 - get_currency_precision(partner.currency))
        self._lists: defaultdict[int, list[PriceList]] = defaultdict(list)
        of_partner = ContractedPrice.select().where(ContractedPrice.partner == partner)
        for row in of_partner.order_by(ContractedPrice.valid_from):
            tiers = sorted((tier.users_from, stored(tier.monthly_per_user)) for tier in row.tiers)
            if tiers:
                starts, prices = zip(*tiers, strict=True)
                priced = PriceList(row.valid_from.toordinal(), stored(row.one_time_fee), starts, prices)
                self._lists[row.product_id].append(priced)
        active = Product.select().where(Product.active).order_by(Product.name, Product.id)
        self._products = [product for product in active if self._lists[product.id]]
        self.product_ids = [product.id for product in self._products]
        self.names = {product.id: product.name for product in self._products}
        self._services = {product.id: ",".join(product.services) for product in self._products}

    def choice(self, chance: Chance) -> list[int]:
        """Some products, mostly one or two, in the order of the paper."""
        chosen = {chance.pick(self.product_ids)}
        chosen |= {product_id for product_id in self.product_ids if chance.random() < 0.3}
        return [product_id for product_id in self.product_ids if product_id in chosen]

    def with_service(self, product_ids: list[int], service: str) -> list[int] | None:
        """The same with a product that has the service; None where there is none."""
        having = next((each for each in self.product_ids if service in self._services[each].split(",")), None)
        return having and [each for each in self.product_ids if each == having or each in product_ids]

    def least_users(self, product_ids: list[int], day: int) -> int:
        """The number of users from which all of these have a price."""
        return max(self._list_on(product_id, day).users_from[0] for product_id in product_ids)

    def quote(self, product_ids: list[int], users: int, day: int) -> list[Priced]:
        """What they cost on that day: users × price, rounded half up to the currency's smallest unit."""
        lines = []
        for product in self._products:
            if product.id in product_ids:
                prices = self._list_on(product.id, day)
                each = prices.monthly[bisect_right(prices.users_from, users) - 1]
                total, fee = self._rounded(each * users), self._rounded(prices.one_time_fee)
                services = self._services[product.id]
                lines.append(Priced(product.id, product.code, product.name, services, each, total, fee))
        return lines

    def _list_on(self, product_id: int, day: int) -> PriceList:
        """The price list in force, or the first there ever was: sample orders may be older than the prices."""
        lists = self._lists[product_id]
        in_force = [prices for prices in lists if prices.valid_from <= day]
        return in_force[-1] if in_force else lists[0]

    def _rounded(self, amount: int) -> int:
        return (amount + self._unit // 2) // self._unit * self._unit


def stored(amount: Decimal) -> int:
    return int((amount / MONEY_UNIT).to_integral_value(ROUND_HALF_UP))


@lru_cache(20_000)
def shown(amount: int, currency: str) -> str:
    """A stored amount as history tells it."""
    return formats.money(Decimal(amount) * MONEY_UNIT, currency)


@lru_cache(20_000)
def plain(amount: int) -> str:
    """A stored amount as agreed data write it: no trailing zeros, so that equal amounts look equal."""
    whole, part = divmod(amount, 10_000)
    return f"{whole}.{part:04}".rstrip("0").rstrip(".")


def contract_prices(partner: Partner, today: date, since: int) -> None:
    """Give a partner without any contracted price the sample products, priced since that year and raised this year."""
    if ContractedPrice.select().where(ContractedPrice.partner == partner).exists():
        return
    for sample in PRODUCTS:
        product = Product.get_or_none(Product.code == sample.code) or add_product(sample)
        contract(partner, product, sample, date(since, 1, 1), sample.tiers)
        contract(partner, product, sample, date(today.year, 1, 1), sample.raised)


def add_product(sample: SampleProduct) -> Product:
    switched_on = {sample.service: True}
    product = Product.create(code=sample.code, name=sample.name, description=sample.description, **switched_on)
    history.record("product.added", history.PORTAL, code=sample.code, name=sample.name)
    return product


def contract(
    partner: Partner, product: Product, sample: SampleProduct, valid_from: date, tiers: dict[int, str]
) -> None:
    rate = PER_EURO.get(partner.currency, 1)
    fee = Decimal(sample.one_time_fee) * rate
    row = ContractedPrice.create(
        partner=partner, product=product, valid_from=valid_from, one_time_fee=fee, created_at=now()
    )
    prices = {users_from: Decimal(monthly) * rate for users_from, monthly in tiers.items()}
    for users_from, monthly in prices.items():
        PriceTier.create(contracted_price=row, users_from=users_from, monthly_per_user=monthly)
    history.record(
        "price.contracted",
        history.PORTAL,
        partner=partner.id,
        product=product.code,
        valid_from=formats.day(valid_from),
        tiers=", ".join(
            f"from {formats.number(start)} {formats.money(price, partner.currency)}" for start, price in prices.items()
        ),
        one_time_fee=formats.money(fee, partner.currency),
    )
