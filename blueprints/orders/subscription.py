"""What a customer has bought as it stands now, and whether it can be changed. A few queries, however many orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from peewee import fn

from blueprints.orders.change_pricing import Bought
from data import formats
from data.customers import Customer
from data.database import database
from data.kept import Kept
from data.moments import day_of, today
from data.orders import Order, OrderLine
from data.partners import Partner, Product

# Why a subscription cannot be changed, by the customer's status.
NOT_NOW = {
    "prospect": "This is a prospect: place an order first.",
    "in_progress": "Possible once onboarding is complete.",
    "pending_cancellation": "A cancellation is pending. Withdraw it first.",
    "cancelled": "This customer is cancelled.",
    "transferred": "This customer has moved to another MSP.",
    "closed": "The project is closed.",
    "archived": "This prospect is archived.",
}
NOTHING_BOUGHT = "Nothing was ordered through this portal, so there is nothing to change."
SUBMIT_FIRST = "An order is not submitted yet."
PARTNER_CHANGE = "A partner change is under way: what moves stays as it was agreed on."


@dataclass(frozen=True)
class Subscription:
    """What the newest order in effect says: `lines` with their products, in the order of its paper."""

    order: Order
    lines: tuple[OrderLine, ...]
    start: date

    @property
    def users(self) -> int:
        return int(self.order.permitted_users)

    @property
    def bought(self) -> dict[int, Bought]:
        return {line.product_id: bought(line) for line in self.lines}

    @property
    def product_ids(self) -> tuple[int, ...]:
        return tuple(line.product_id for line in self.lines)

    @property
    def primary(self) -> OrderLine:
        """The product that most is paid for each month; of several the first on the paper."""
        return max(self.lines, key=lambda line: (line.monthly_total or 0, -line.position))


def bought(line: OrderLine) -> Bought:
    each, total = line.monthly_per_user or Decimal(0), line.monthly_total or Decimal(0)
    return Bought(line.product_id, line.name or line.product.name, each, total)


def subscription_in(orders: Sequence[Order], customer: Customer, partner: Partner) -> Subscription | None:
    """What the customer has now, from the orders `at_hand`; None for one who ordered nothing through the portal."""
    order = next((order for order in orders if in_effect(order)), None)
    if order is None:
        return None
    lines = tuple(lines_with_products(order.id))
    started = order.subscription_start or customer.subscription_start or day_of(order.submitted_at, partner.timezone)
    return Subscription(order, lines, started) if lines else None


def in_effect(order: "Order | AtHand") -> bool:
    return order.state == "submitted" and (order.kind == "new" or order.applied_at is not None)


InEffect = Order.alias("in_effect")
effective = (InEffect.kind == "new") | InEffect.applied_at.is_null(False)
waiting = (Order.kind == "change") & Order.applied_at.is_null()
SHOWN = [field for field in Order._meta.sorted_fields if field.name != "agreed"]

# The draft, the change that waits for its day, and the order in effect: at most one of each, newest first.
at_hand = Kept(
    lambda customer: (
        Order.select(*SHOWN)
        .where(Order.customer == customer)
        .where(
            (Order.state == "draft")
            | ((Order.state == "submitted") & waiting)
            | (
                Order.id
                == InEffect.select(fn.MAX(InEffect.id)).where(
                    (InEffect.customer == customer) & (InEffect.state == "submitted") & effective
                )
            )
        )
        .order_by(Order.id.desc())
    )
)
lines_with_products = Kept(
    lambda order: (
        OrderLine.select(OrderLine, Product).join(Product).where(OrderLine.order == order).order_by(OrderLine.position)
    )
)


# --- whether it can be changed ------------------------------------------------------------------------


class AtHand(NamedTuple):
    """An order at hand, as far as it decides whether another change may begin. `primary`: name of its product that
    most is paid for; `priced`: whether that stands in the price list of today. `moves`: the customer is on the way to
    another MSP."""

    id: int
    state: str
    kind: str
    permitted_users: int
    addendum_number: str | None
    effective_on: date | None
    withdraw_until: date | None
    applied_at: datetime | None
    changed_at: datetime
    primary: str | None
    priced: bool
    moves: bool


@dataclass(frozen=True)
class Opening:
    """Whether a change may be begun or gone on with. `reason`: why not, "" when it may."""

    reason: str
    draft: AtHand | None = None
    waiting: AtHand | None = None


def opening_of(customer: Customer, partner: Partner) -> Opening:
    """One query for a customer whose service runs, none for others."""
    if customer.status != "complete":
        return Opening(NOT_NOW[customer.status])
    orders = orders_at_hand(customer, partner)
    draft = next((order for order in orders if order.state == "draft"), None)
    now = next((order for order in orders if in_effect(order)), None)
    waits = next((order for order in orders if order.state == "submitted" and not in_effect(order)), None)
    return Opening(reason_against(partner, draft, waits, now), draft, waits)


def reason_against(partner: Partner, draft: AtHand | None, waits: AtHand | None, now: AtHand | None) -> str:
    if partner.closed_at is not None:
        return f"{partner.name} is closed, so nothing can be ordered."
    if now is None or now.primary is None:
        return NOTHING_BOUGHT
    if waits is not None and waits.effective_on is not None:
        return f"Change order {waits.addendum_number} takes effect on {formats.day(waits.effective_on)}."
    if draft is not None and draft.kind == "new":
        return SUBMIT_FIRST
    if now.moves:
        return PARTNER_CHANGE
    if not now.priced:
        return f"No contracted price today for {now.primary}, its primary product. Ask the provider for one."
    return ""


# As at_hand, with the primary product beside each; asked with every page of a customer, so the SQL stands here ready.
AT_HAND = """
SELECT held.id, held.state, held.kind, held.permitted_users, held.addendum_number, held.effective_on,
  held.withdraw_until, held.applied_at, held.changed_at, COALESCE(NULLIF(main.name, ''), product.name),
  product.active AND EXISTS (
    SELECT 1 FROM contracted_price AS price
    WHERE price.partner_id = ? AND price.product_id = main.product_id AND price.valid_from <= ?),
  EXISTS (SELECT 1 FROM transfer WHERE transfer.customer_id = held.customer_id
    AND transfer.state IN ('asked', 'accepted', 'confirmed'))
FROM "order" AS held
LEFT JOIN order_line AS main ON main.id = (
  SELECT line.id FROM order_line AS line WHERE line.order_id = held.id
  ORDER BY COALESCE(line.monthly_total, 0) DESC, line.position LIMIT 1)
LEFT JOIN product ON product.id = main.product_id
WHERE held.customer_id = ? AND (
  held.state = 'draft' OR (held.state = 'submitted' AND held.kind = 'change' AND held.applied_at IS NULL)
  OR held.id = (
    SELECT MAX(newest.id) FROM "order" AS newest
    WHERE newest.customer_id = ? AND newest.state = 'submitted'
      AND (newest.kind = 'new' OR newest.applied_at IS NOT NULL)))"""


def orders_at_hand(customer: Customer, partner: Partner) -> list[AtHand]:
    asked = (partner.id, today(partner.timezone).isoformat(), customer.id, customer.id)
    day, moment = Order.effective_on.python_value, Order.applied_at.python_value
    return [
        AtHand(
            key, state, kind, users, number, day(on), day(until), moment(applied), moment(at), name, *map(bool, flags)
        )
        for key, state, kind, users, number, on, until, applied, at, name, *flags in database.execute_sql(
            AT_HAND.replace("?", database.param), asked
        ).fetchall()
    ]
