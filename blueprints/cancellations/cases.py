"""What the verdict on a customer is drawn from: what the records say of them, and the day it is at their MSP."""

from dataclasses import dataclass

from blueprints.accounts.standing import Standing
from blueprints.cancellations.eligibility import Case, Hindrance, Verdict, judge
from data.cancellations import Cancellation
from data.customers import Customer
from data.kept import Kept
from data.moments import today
from data.orders import Order
from data.partners import Partner

newest = Kept(
    lambda customer: (
        Cancellation.select().where(Cancellation.customer == customer).order_by(Cancellation.id.desc()).limit(1)
    )
)
draft_of = Kept(lambda customer: Order.select(Order.id).where((Order.customer == customer) & (Order.state == "draft")))
zone_of = Kept(lambda partner: Partner.select(Partner.timezone).where(Partner.id == partner))


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
    return Hindrance.DRAFT_ORDER if draft_of.first(customer.id) else Hindrance.NONE


def case_of(who: Standing, customer: Customer) -> Case:
    """The customer as this person may or may not cancel them."""
    pending = pending_of(customer)
    return Case(
        status=customer.status,
        role=who.role_on(customer.id, customer.partner_id),
        subscription_start=customer.subscription_start,
        commitment_ends=customer.commitment_ends,
        hindrance=hindrance_at(customer) if customer.status == "complete" else Hindrance.NONE,
        service_ends=pending.ends_on if pending else None,
    )


def verdict_on(who: Standing, customer: Customer) -> Verdict:
    """Whether this person may cancel the customer, or move them to another MSP, today."""
    return judge(case_of(who, customer), today(zone_at(customer)))


def zone_at(customer: Customer) -> str:
    """The zone of their MSP."""
    [partner] = zone_of(customer.partner_id)
    zone: str = partner.timezone
    return zone


@dataclass(frozen=True)
class Ending:
    """How the service of a customer ends, for the panel on their page. `cancellation`: the newest, if any."""

    who: Standing
    customer: Customer
    cancellation: Cancellation | None
    verdict: Verdict

    @property
    def pending(self) -> Cancellation | None:
        found = self.cancellation
        return found if found and found.state == "pending" else None

    @property
    def may_cancel(self) -> bool:
        return self.verdict.may

    @property
    def may_process(self) -> bool:
        """Whether the provider's part is this person's."""
        return self.pending is not None and self.who.may("cancellations.process")
