"""What the verdict on a customer is drawn from: what the records say of them, and the day it is at their MSP."""

from dataclasses import replace

from blueprints.accounts.standing import Standing
from blueprints.cancellations.eligibility import Case, Hindrance, Verdict, judge
from data.cancellations import Cancellation
from data.customers import Customer
from data.kept import Kept
from data.moments import today
from data.orders import Order
from data.transfers import under_way

newest = Kept(
    lambda customer: (
        Cancellation.select().where(Cancellation.customer == customer).order_by(Cancellation.id.desc()).limit(1)
    )
)
draft_of = Kept(lambda customer: Order.select(Order.id).where((Order.customer == customer) & (Order.state == "draft")))


def cancellation_of(customer: Customer) -> Cancellation | None:
    """The newest cancellation of the customer, whatever became of it."""
    found: Cancellation | None = newest.first(customer.id)
    return found


def pending_of(customer: Customer) -> Cancellation | None:
    """The one that is pending."""
    found = cancellation_of(customer) if customer.status == "pending_cancellation" else None
    return found if found and found.state == "pending" else None


def hindrance_at(customer: Customer) -> Hindrance:
    """What is under way and must end first."""
    if draft_of.first(customer.id):
        return Hindrance.DRAFT_ORDER
    return Hindrance.PARTNER_CHANGE if under_way(customer.id) else Hindrance.NONE


def case_of(who: Standing, customer: Customer) -> Case:
    """The customer as this person may or may not cancel them, as far as nothing is under way there."""
    pending = pending_of(customer)
    return Case(
        status=customer.status,
        role=who.role_on(customer.id, customer.partner_id),
        subscription_start=customer.subscription_start,
        commitment_ends=customer.commitment_ends,
        service_ends=pending.ends_on if pending else None,
    )


def verdict_on(who: Standing, customer: Customer) -> Verdict:
    """Whether this person may cancel the customer, or move them to another MSP, today."""
    case, at = case_of(who, customer), today(customer.partner.timezone)
    verdict = judge(case, at)
    if verdict.may and (hindrance := hindrance_at(customer)):
        return judge(replace(case, hindrance=hindrance), at)
    return verdict
