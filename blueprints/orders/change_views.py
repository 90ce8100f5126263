"""A change order as its pages show it: what is bought before and after, and what is paid when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from blueprints.accounts.standing import Standing
from blueprints.orders.change_pricing import Bought, billing_period
from blueprints.orders.change_rules import Change
from blueprints.orders.change_waiting import withdrawable
from blueprints.orders.submission import SubmittedOrder
from blueprints.orders.subscription import bought, lines_with_products
from data.moments import day_of
from data.orders import Order, OrderLine


@dataclass(frozen=True)
class Row:
    """A product; amounts are None where it is not bought."""

    name: str
    each: Decimal
    before: Decimal | None
    after: Decimal | None
    once: Decimal


@dataclass(frozen=True)
class ChangeView:
    """All amounts in `currency`. `days_left` and `days`: of the billing period in which it was ordered."""

    direction: str
    told: str
    currency: str
    users_before: int
    users_after: int
    rows: tuple[Row, ...]
    monthly_before: Decimal
    monthly_after: Decimal
    prorated: Decimal
    days_left: int
    days: int
    one_time: Decimal
    due_now: Decimal
    next_on: date
    next_payment: Decimal
    effective_on: date
    withdraw_until: date | None

    @property
    def costs(self) -> bool:
        same = all(row.before is not None and row.after is not None for row in self.rows)
        return not same or self.users_before != self.users_after

    @property
    def difference(self) -> Decimal:
        return self.monthly_after - self.monthly_before


def view_of(change: Change) -> ChangeView | None:
    """The change as it would be ordered now; None while it has no price."""
    quote, payment = change.quote, change.payment
    if quote is None or payment is None:
        return None
    after = {line.product_id: line for line in quote.lines}
    priced = {
        key: Bought(key, change.names[key], line.monthly_per_user, line.monthly_total) for key, line in after.items()
    }
    fees = {key: line.one_time_fee for key, line in after.items()}
    return ChangeView(
        direction=change.direction,
        told=change.told,
        currency=quote.currency,
        users_before=change.subscription.users,
        users_after=change.asked.permitted_users,
        rows=tuple(rows(change.subscription.bought, priced, fees)),
        monthly_before=payment.before,
        monthly_after=payment.after,
        prorated=payment.prorated,
        days_left=change.period.days_left(change.day),
        days=change.period.days,
        one_time=quote.one_time_total,
        due_now=payment.due_now,
        next_on=change.period.next_on,
        next_payment=payment.next_payment,
        effective_on=change.effective_on,
        withdraw_until=change.withdraw_until,
    )


def view_of_order(order: Order, timezone: str) -> ChangeView:
    """A submitted change, as it was agreed."""
    before = {line.product_id: bought(line) for line in lines_with_products(order.changes_id)}
    lines: list[OrderLine] = lines_with_products(order.id)
    after = {line.product_id: bought(line) for line in lines}
    day = day_of(order.submitted_at, timezone)
    period = billing_period(order.subscription_start, day)
    next_payment = order.monthly_total + (Decimal(0) if order.first_payment else order.one_time_total)
    return ChangeView(
        direction=str(order.agreed["kind"]).removesuffix(" addendum"),
        told=str(order.agreed["changes"]),
        currency=order.currency,
        users_before=order.changes.permitted_users,
        users_after=order.permitted_users,
        rows=tuple(rows(before, after, {line.product_id: line.one_time_fee for line in lines})),
        monthly_before=order.monthly_before,
        monthly_after=order.monthly_total,
        prorated=order.prorated,
        days_left=period.days_left(day),
        days=period.days,
        one_time=order.one_time_total,
        due_now=order.first_payment,
        next_on=order.next_billing_on,
        next_payment=next_payment,
        effective_on=order.effective_on,
        withdraw_until=order.withdraw_until,
    )


def rows(before: dict[int, Bought], after: dict[int, Bought], fees: dict[int, Decimal]) -> Iterator[Row]:
    """All products afterwards, then those that are replaced."""
    for key, now in after.items():
        was = before[key].monthly_total if key in before else None
        yield Row(now.name, now.monthly_per_user, was, now.monthly_total, fees[key])
    for key, was_bought in before.items():
        if key not in after:
            yield Row(was_bought.name, was_bought.monthly_per_user, was_bought.monthly_total, None, Decimal(0))


@dataclass(frozen=True)
class SubmittedChange:
    """A submitted change order with what its page shows besides."""

    view: ChangeView
    state: str  # void, waiting, in effect
    may_withdraw: bool


def submitted_change(who: Standing, submitted: SubmittedOrder) -> SubmittedChange:
    order, customer = submitted.order, submitted.customer
    state = "void" if order.state == "void" else "in effect" if order.applied_at else "waiting"
    may = who.may_for_customer("orders.submit", customer.id, customer.partner_id) and withdrawable(order)
    return SubmittedChange(view_of_order(order, customer.partner.timezone), state, may)
