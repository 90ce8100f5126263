"""Contracted prices: what a product costs a partner from a day on. A newer list takes over; old ones stay."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from peewee import IntegrityError

from blueprints.accounts.standing import Standing
from blueprints.partners.rules import find_partner
from blueprints.web.refusals import NotThere, Refused
from data import formats, history
from data.database import database, transaction
from data.moments import now, today
from data.partners import ContractedPrice, Partner, PriceTier, Product

Tiers = tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True)
class PriceList:
    """One product's prices from `valid_from` on, in the partner's currency.

    `tiers`: (users from, monthly price of each user), lowest first, the first from 1 user.
    The one-time fee is per order line.
    """

    product_id: int
    valid_from: date
    one_time_fee: Decimal
    tiers: Tiers


@dataclass(frozen=True)
class Listed:
    """A price list as shown. `state`: coming, in force or past; `until` is its last day, if one is known."""

    id: int
    prices: PriceList
    state: str
    until: date | None


class WrongTiers(Refused):
    """The tiers do not make one price for every number of users. `place`: the first tier that is wrong, from 0."""

    def __init__(self, sentence: str, place: int = 0) -> None:
        super().__init__(sentence, "tiers")
        self.place = place


class AlreadyPriced(Refused):
    """The product has a price list from that very day."""


class AlreadyInForce(Refused):
    sentence = "This price list is in force or was, so it stays. Add a newer one that takes over."


# Asked with every order, so the SQL stands here ready.
IN_FORCE = """
SELECT price.product_id, price.valid_from, price.one_time_fee, tier.users_from, tier.monthly_per_user
FROM contracted_price AS price JOIN price_tier AS tier ON tier.contracted_price_id = price.id
WHERE price.partner_id = ? AND price.valid_from = (
  SELECT MAX(newest.valid_from) FROM contracted_price AS newest
  WHERE newest.partner_id = price.partner_id AND newest.product_id = price.product_id AND newest.valid_from <= ?)
ORDER BY price.product_id, tier.users_from"""


def prices_on(partner_id: int, day: date) -> dict[int, PriceList]:
    """The price list in force on `day` for each product that has one, by product id. One query."""
    day_read, money_read = ContractedPrice.valid_from.python_value, PriceTier.monthly_per_user.python_value
    lists: dict[int, PriceList] = {}
    found = database.execute_sql(IN_FORCE.replace("?", database.param), (partner_id, day.isoformat()))
    for product_id, valid_from, one_time_fee, users_from, each in found:
        tier = (users_from, money_read(each))
        if product_id in lists:
            lists[product_id] = replace(lists[product_id], tiers=(*lists[product_id].tiers, tier))
        else:
            lists[product_id] = PriceList(product_id, day_read(valid_from), money_read(one_time_fee), (tier,))
    return lists


def with_tiers(lists: Iterable[ContractedPrice]) -> list[tuple[ContractedPrice, PriceList]]:
    """The rows with their tiers: one query for all of them."""
    rows = list(lists)
    tiers: defaultdict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    wanted = PriceTier.select().where(PriceTier.contracted_price.in_([row.id for row in rows]))
    for tier in wanted.order_by(PriceTier.users_from):
        tiers[tier.contracted_price_id].append((tier.users_from, tier.monthly_per_user))
    return [(row, PriceList(row.product_id, row.valid_from, row.one_time_fee, tuple(tiers[row.id]))) for row in rows]


def price_lists(who: Standing, partner_id: int) -> list[tuple[Product, list[Listed]]]:
    """Each product with its price lists, newest first; products out of the catalogue only if they have any.

    Raises NotThere, MayNot.
    """
    partner = find_partner(who, partner_id, "partner.see")
    day = today(partner.timezone)
    of_product: defaultdict[int, list[Listed]] = defaultdict(list)
    newest_first = ContractedPrice.select().where(ContractedPrice.partner == partner)
    for row, prices in with_tiers(newest_first.order_by(ContractedPrice.valid_from.desc())):
        newer = of_product[row.product_id]
        until = newer[-1].prices.valid_from - timedelta(days=1) if newer else None
        state = "coming" if row.valid_from > day else "past" if until and until < day else "in force"
        newer.append(Listed(row.id, prices, state, until))
    products = Product.select().order_by(Product.active.desc(), Product.name, Product.id)
    return [(product, of_product[product.id]) for product in products if product.active or of_product[product.id]]


def check_tiers(tiers: Sequence[tuple[int, Decimal]]) -> Tiers:
    """The same tiers. Raises WrongTiers unless they begin at 1 and rise."""
    if not tiers:
        raise WrongTiers("Give at least one price, from 1 user.")
    if tiers[0][0] != 1:
        raise WrongTiers("The first tier begins at 1 user.")
    for place, ((below, _), (users_from, _)) in enumerate(pairwise(tiers), 1):
        if users_from == below:
            raise WrongTiers(f"Two tiers begin at {below}. Leave one out.", place)
        if users_from < below:
            raise WrongTiers(f"Tiers rise, and {users_from} stands after {below}.", place)
    return tuple(tiers)


def contract_price(who: Standing, partner_id: int, prices: PriceList) -> ContractedPrice:
    """A new price list. Orders submitted before keep theirs: they carry their own copy of every price.

    Raises NotThere (partner or product), MayNot, WrongTiers, AlreadyPriced.
    """
    check_tiers(prices.tiers)
    try:
        with transaction():
            partner = find_partner(who, partner_id, "prices.edit", for_update=True)
            product = find_product_to_price(prices.product_id)
            refuse_second(partner, product, prices.valid_from)
            written = write_prices(partner, prices)
            history.record(
                "price.contracted",
                who,
                partner=partner.id,
                product=product.code,
                valid_from=formats.day(prices.valid_from),
                tiers=tiers_told(prices.tiers, partner.currency),
                one_time_fee=formats.money(prices.one_time_fee, partner.currency),
            )
    except IntegrityError:
        raise AlreadyPriced("Someone else has just added a price list from that day.", "valid_from") from None
    return written


def find_product_to_price(product_id: int) -> Product:
    product: Product | None = Product.get_or_none(Product.id == product_id)
    if product is None:
        raise NotThere
    return product


def refuse_second(partner: Partner, product: Product, valid_from: date) -> None:
    same = (ContractedPrice.partner == partner) & (ContractedPrice.product == product)
    if ContractedPrice.select().where(same & (ContractedPrice.valid_from == valid_from)).exists():
        raise AlreadyPriced(
            f"{product.code} has a price list from {formats.day(valid_from)} already. Choose another day.",
            "valid_from",
        )


def write_prices(partner: Partner, prices: PriceList) -> ContractedPrice:
    """The rows of a checked price list. Call inside the transaction."""
    row = ContractedPrice.create(
        partner=partner,
        product=prices.product_id,
        valid_from=prices.valid_from,
        one_time_fee=prices.one_time_fee,
        created_at=now(),
    )
    PriceTier.insert_many(
        [
            {"contracted_price": row.id, "users_from": users_from, "monthly_per_user": monthly}
            for users_from, monthly in prices.tiers
        ]
    ).execute()
    return row


def tiers_told(tiers: Tiers, currency: str) -> str:
    """“from 1 €2.50, from 100 €2.00”."""
    return ", ".join(
        f"from {formats.number(users_from)} {formats.money(monthly, currency)}" for users_from, monthly in tiers
    )


def remove_price(who: Standing, partner_id: int, price_id: int) -> ContractedPrice:
    """Take back a price list that is not in force yet. Raises NotThere, MayNot, AlreadyInForce."""
    with transaction():
        partner = find_partner(who, partner_id, "prices.edit", for_update=True)
        price: ContractedPrice | None = ContractedPrice.get_or_none(
            (ContractedPrice.id == price_id) & (ContractedPrice.partner == partner)
        )
        if price is None:
            raise NotThere
        if price.valid_from <= today(partner.timezone):
            raise AlreadyInForce
        PriceTier.delete().where(PriceTier.contracted_price == price).execute()
        price.delete_instance()
        history.record(
            "price.removed",
            who,
            partner=partner.id,
            product=price.product.code,
            valid_from=formats.day(price.valid_from),
        )
    return price
