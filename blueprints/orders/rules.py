"""Orders from the first tick to the submitted paper: the draft and its price. Submitting is in `submission.py`."""

from collections.abc import Sequence
from dataclasses import dataclass

from peewee import IntegrityError, ModelSelect

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer, implementation_lead
from blueprints.orders.pricing import NoPrice, PricedLine, Quote, quote
from blueprints.partners.prices import PriceList, prices_on
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import history
from data.customers import Contact, Customer, WantedProduct
from data.database import locked, transaction
from data.kept import Kept
from data.moments import now, today
from data.orders import Order, OrderLine
from data.partners import Partner, Product


class NotOrderable(Refused):
    """The order cannot be placed as it stands; the sentence says what is missing."""


class AlreadySubmitted(Refused):
    """The order was submitted before, by this press or another. Carries the order."""

    sentence = "This order was submitted already; there is one order, and no second one was made."

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.order = order


class ChangeInstead(Refused):
    """The order changes a subscription, and is reviewed and submitted on pages of its own. Carries the order."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.order = order


@dataclass(frozen=True)
class Offer:
    """A product as it is offered for an order: with its price list, or with the reason why not."""

    product: Product
    price_list: PriceList | None

    @property
    def orderable(self) -> bool:
        return self.price_list is not None

    @property
    def reason(self) -> str:
        return "" if self.orderable else "No contracted price today; ask the provider for one."


@dataclass(frozen=True)
class Choice:
    """What an order asks for, with its money where every product has a price.

    `problem` says why it cannot be ordered as it stands; "" when it can.
    """

    customer: Customer
    partner: Partner
    order: Order | None
    offers: tuple[Offer, ...]
    product_ids: tuple[int, ...]
    permitted_users: int
    quote: Quote | None
    problem: str

    @property
    def chosen(self) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.offers if offer.product.id in self.product_ids)

    @property
    def priced(self) -> tuple[tuple[Offer, PricedLine], ...]:
        """Each chosen product with its line of the quote; () without a quote."""
        return tuple(zip(self.chosen, self.quote.lines, strict=True)) if self.quote else ()


def offers_for(partner: Partner) -> tuple[Offer, ...]:
    """The active catalogue with today's contracted prices of this partner, by name."""
    prices = prices_on(partner.id, today(partner.timezone))
    products = Product.select().where(Product.active).order_by(Product.name, Product.id)
    return tuple(Offer(product, prices.get(product.id)) for product in products)


def offers_of(partner: Partner, products: Sequence[Product]) -> tuple[Offer, ...]:
    """The same of these products only, in their order; what left the catalogue has no price any more."""
    prices = prices_on(partner.id, today(partner.timezone))
    return tuple(Offer(product, prices.get(product.id) if product.active else None) for product in products)


def draft_of(customer: Customer) -> Order | None:
    found: Order | None = Order.select().where((Order.customer == customer) & (Order.state == "draft")).first()
    return found


def choice_for(who: Standing, customer_id: int) -> Choice:
    """Where provisioning stands: the draft if there is one, else what the prospect wanted.

    Raises NotThere, MayNot, and NotOrderable when the customer is no prospect any more.
    """
    customer = find_customer(who, customer_id, "orders.edit")
    refuse_unless_prospect(customer)
    draft = draft_of(customer)
    if draft is not None:
        return choose(customer, draft, product_ids_of(draft), draft.permitted_users)
    wanted = WantedProduct.select(WantedProduct.product_id).where(WantedProduct.customer == customer)
    return choose(customer, None, [row.product_id for row in wanted], customer.permitted_users)


def choose(
    customer: Customer,
    draft: Order | None,
    product_ids: Sequence[int],
    permitted_users: int,
    offers: tuple[Offer, ...] | None = None,
) -> Choice:
    """Price what is asked for, and say what is in the way. `offers`: what may be chosen; the catalogue if left out."""
    partner = customer.partner
    offers = offers_for(partner) if offers is None else offers
    asked = tuple(offer.product.id for offer in offers if offer.product.id in set(product_ids))
    priced, problem = None, ""
    if not asked:
        problem = "Choose at least one product."
    elif permitted_users < 1:
        problem = "Permitted users must be at least 1."
    else:
        try:
            lists = {offer.product.id: offer.price_list for offer in offers if offer.price_list is not None}
            priced = quote(asked, permitted_users, lists, partner.currency)
        except NoPrice:
            problem = unpriced(offers, asked, permitted_users)
    if partner.closed_at is not None:
        problem = f"{partner.name} is closed, so nothing can be ordered."
    return Choice(customer, partner, draft, offers, asked, permitted_users, priced, problem)


def unpriced(offers: Sequence[Offer], asked: Sequence[int], permitted_users: int) -> str:
    """The sentence that names the products without a price."""
    names = [
        offer.product.name
        for offer in offers
        if offer.product.id in asked
        and (offer.price_list is None or min(start for start, _ in offer.price_list.tiers) > permitted_users)
    ]
    return (
        f"No contracted price today for {', '.join(names)}, so it cannot be ordered. Leave it out or ask the provider."
    )


def save_draft(
    who: Standing, customer_id: int, product_ids: Sequence[int], permitted_users: int, seen_version: int
) -> Choice:
    """Keep the choice as the prospect's one draft. The prospect's status stays as it is.

    `seen_version` is the draft's version the person saw, 0 for none. Saving the same again changes nothing; over a
    colleague's newer draft it raises ChangedMeanwhile (over one's own the last typing wins: an open page saves
    itself while people type). Raises NotThere, MayNot, NotOrderable.
    """
    try:
        with transaction():
            customer = find_customer(who, customer_id, "orders.edit", for_update=True)
            refuse_unless_prospect(customer)
            draft = locked_draft(customer)
            chosen = choose(customer, draft, product_ids, permitted_users)
            if draft is not None and unchanged(draft, chosen):
                return chosen
            if draft is not None and draft.version != seen_version and draft.changed_by_id != who.id:
                raise ChangedMeanwhile
            written = write_draft(who, customer, draft, chosen)
    except IntegrityError:
        # Somebody made the prospect's one draft in the same moment; the index let one of the two in.
        raise ChangedMeanwhile from None
    return choose(customer, written, product_ids, permitted_users)


def locked_draft(customer: Customer) -> Order | None:
    found: Order | None = locked(Order.select().where((Order.customer == customer) & (Order.state == "draft"))).first()
    return found


def unchanged(draft: Order, chosen: Choice) -> bool:
    return draft.permitted_users == chosen.permitted_users and set(product_ids_of(draft)) == set(chosen.product_ids)


def write_draft(who: Standing, customer: Customer, draft: Order | None, chosen: Choice) -> Order:
    draft = draft or Order(
        customer=customer, partner=customer.partner_id, created_at=now(), created_by=who.id, version=0
    )
    draft.permitted_users = chosen.permitted_users
    draft.currency = chosen.partner.currency
    draft.changed_at, draft.changed_by = now(), who.id
    draft.version += 1
    draft.save()
    OrderLine.delete().where(OrderLine.order == draft).execute()
    for position, product_id in enumerate(chosen.product_ids):
        OrderLine.create(order=draft, product=product_id, position=position)
    names = ", ".join(offer.product.name for offer in chosen.chosen) or "no product yet"
    history.record(
        "order.drafted",
        who,
        partner=customer.partner_id,
        customer=customer.id,
        products=names,
        users=chosen.permitted_users,
    )
    return draft


def drop_draft(who: Standing, order_id: int) -> Customer:
    """Throw the draft away. Raises NotThere, MayNot, AlreadySubmitted."""
    with transaction():
        order = find_order(who, order_id, "orders.edit", for_update=True)
        if order.state != "draft":
            raise AlreadySubmitted(order)
        customer: Customer = order.customer
        order.delete_instance()
        history.record("order.dropped", who, partner=customer.partner_id, customer=customer.id)
    return customer


def with_its_customer(order_id: int) -> ModelSelect:
    return Order.select(Order, Customer, Partner).join(Customer).join(Partner).where(Order.id == order_id)


ORDER = Kept(with_its_customer)
HELD_ORDER = Kept(lambda order_id: locked(with_its_customer(order_id), Order, Customer))


def find_order(who: Standing, order_id: int, permission: str = "orders.see", *, for_update: bool = False) -> Order:
    """The order with its customer and its MSP, if this person may see them. Raises NotThere, MayNot.

    `for_update` holds the order and the customer until the transaction ends.
    """
    order: Order | None = (HELD_ORDER if for_update else ORDER).first(order_id)
    if order is None:
        raise NotThere
    customer: Customer = order.customer
    if not who.may_for_customer("orders.see", customer.id, customer.partner_id):
        raise NotThere
    if not who.may_for_customer(permission, customer.id, customer.partner_id):
        raise MayNot
    return order


def find_draft(who: Standing, order_id: int, permission: str, *, for_update: bool = False) -> Order:
    """A new order that is not submitted yet. Raises NotThere, MayNot, AlreadySubmitted, ChangeInstead."""
    order = find_order(who, order_id, permission, for_update=for_update)
    if order.state != "draft":
        raise AlreadySubmitted(order)
    if order.kind == "change":
        raise ChangeInstead(order)
    return order


def product_ids_of(order: Order) -> list[int]:
    lines = OrderLine.select(OrderLine.product).where(OrderLine.order == order).order_by(OrderLine.position)
    return [line.product_id for line in lines]


def review_of(who: Standing, order_id: int) -> tuple[Choice, Contact | None]:
    """The draft as it would be submitted now, and its Implementation Lead. Raises as `find_draft`."""
    order = find_draft(who, order_id, "orders.edit")
    customer = order.customer
    return choose(customer, order, product_ids_of(order), order.permitted_users), implementation_lead(customer)


def refuse_unless_prospect(customer: Customer) -> None:
    if customer.status != "prospect":
        raise NotOrderable(f"{customer.name} is a customer already. Further products come as a change order.")
