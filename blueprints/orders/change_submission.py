"""Submitting a change order: all of it happens, or none of it; and what comes after: its day, or its withdrawal.

One transaction freezes the prices, numbers, prints and files the addendum, puts the new Implementation Lead in place,
writes history and queues the letters. An upgrade takes effect in the same transaction. A decrease waits for the next
billing date: until the day before it can be withdrawn, then a job applies it, once. A new Implementation Lead is in
place at once whatever else waits, and stays when a decrease is withdrawn.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.attachments import file_document
from blueprints.customers.leads import replace_lead
from blueprints.orders.addendum import hash_of
from blueprints.orders.change_addendum import ChangeAddendum, agreed_change, render_change
from blueprints.orders.change_drafts import change_in, find_change
from blueprints.orders.change_letters import write_change_letter
from blueprints.orders.change_pricing import Payment
from blueprints.orders.change_rules import CHANGE, DOWNGRADE, UPGRADE, Change, fingerprint
from blueprints.orders.pricing import Quote
from blueprints.orders.rules import NotOrderable
from blueprints.orders.submission import (
    Agreement,
    confirmations,
    frozen_facts,
    last_day_of_commitment,
    lines_of,
    next_addendum_number,
    printed,
    refuse_unless_agreed,
)
from blueprints.plans.ending import end_steps
from blueprints.plans.extending import plan_new_services
from blueprints.rfi.opening import ask_for_new_services
from blueprints.web.refusals import ChangedMeanwhile
from data import formats, history
from data.attachments import Attachment
from data.customers import Customer
from data.database import transaction
from data.moments import day_of, now
from data.orders import Order, OrderLine
from data.partners import Product

PAPERS = {UPGRADE: "Upgrade addendum", DOWNGRADE: "Downgrade addendum", CHANGE: "Change addendum"}


@dataclass(frozen=True)
class ChangeSale:
    """A change order on its way through submission, with everything that was looked up for it."""

    who: Standing
    order: Order
    change: Change
    quote: Quote
    payment: Payment
    lines: tuple[OrderLine, ...]  # in the order of the paper, with their products
    agreement: Agreement
    portal: str

    @property
    def customer(self) -> Customer:
        return self.change.customer

    def record(self, kind: str, **facts: object) -> None:
        history.record(kind, self.who, partner=self.change.partner.id, customer=self.customer.id, **facts)


def submit_change(who: Standing, order_id: int, agreement: Agreement, portal: str) -> Order:
    """Submit the draft. `portal` is the installation's address, for the links in letters.

    Raises NotThere, MayNot, AlreadySubmitted, NotNow, ChangedMeanwhile (what they saw is not what would be ordered),
    and NotOrderable with the field it concerns.
    """
    with transaction():
        order = find_change(who, order_id, "orders.submit", for_update=True)
        sale = refuse_unless_ready(who, order, agreement, portal)
        freeze(sale)
        filed = file_addendum(sale)
        tell_submitted(sale)
        write_change_letter(who, sale.change, order, sale.lines, filed, portal)
        if sale.change.asked.lead is not None:
            replace_lead(who, sale.customer, sale.change.asked.lead, portal)
        if order.effective_on == sale.change.day:
            take_effect(who, order, sale.customer, portal)
    return order


def refuse_unless_ready(who: Standing, order: Order, agreement: Agreement, portal: str) -> ChangeSale:
    """The sale, when nothing is missing. Raises NotNow, NotOrderable, ChangedMeanwhile."""
    change = change_in(order)
    if change.problem or change.quote is None or change.payment is None:
        raise NotOrderable(change.problem)
    refuse_unless_agreed(agreement)
    if agreement.seen != fingerprint(change):
        raise ChangedMeanwhile("The prices, amounts or days changed since you opened this page. Look at them again.")
    return ChangeSale(who, order, change, change.quote, change.payment, lines_of(order), agreement, portal)


def freeze(sale: ChangeSale) -> None:
    """Write the prices, the number and the dates onto the order; from here on nothing alters them."""
    order, change, quote, payment = sale.order, sale.change, sale.quote, sale.payment
    kept = {line.product_id: line for line in change.subscription.lines}
    for line, priced in zip(sale.lines, quote.lines, strict=True):
        line.code, line.name, line.services = frozen(kept.get(line.product_id), line.product)
        line.monthly_per_user, line.monthly_total = priced.monthly_per_user, priced.monthly_total
        line.one_time_fee = priced.one_time_fee
        line.save()
    order.state = "submitted"
    order.order_number = sale.agreement.order_number
    order.order_number_not_required = sale.agreement.not_required
    order.monthly_before, order.monthly_total = payment.before, payment.after
    order.one_time_total, order.prorated = quote.one_time_total, payment.prorated
    order.first_payment = payment.due_now
    order.billing = change.partner.change_billing
    order.submitted_at, order.submitted_by, order.submitted_from = now(), sale.who.id, sale.agreement.from_address
    order.subscription_start, order.commitment_ends = change.subscription.start, commitment_ends(change)
    order.next_billing_on, order.effective_on = change.period.next_on, change.effective_on
    order.withdraw_until = change.withdraw_until
    order.addendum_number = next_addendum_number(day_of(order.submitted_at, change.partner.timezone))
    order.version += 1


def frozen(kept: OrderLine | None, product: Product) -> tuple[str, str, str]:
    """Code, name and services: of what is bought already as they were then."""
    if kept is not None and kept.code:
        return kept.code, kept.name, kept.services
    return product.code, product.name, ",".join(product.services)


def commitment_ends(change: Change) -> date:
    """A change moves neither the start of the subscription nor the end of its commitment."""
    agreed = change.subscription.order.commitment_ends or change.customer.commitment_ends
    return agreed or last_day_of_commitment(change.subscription.start)


def file_addendum(sale: ChangeSale) -> Attachment:
    """Print the paper, keep the agreed data and their hash on the order, and file the paper."""
    addendum = addendum_of(sale)
    sale.order.agreed = agreed_change(addendum)
    sale.order.agreed_hash = hash_of(sale.order.agreed)
    sale.order.save()
    name = f"{addendum.kind} {sale.order.addendum_number}.pdf"
    return file_document(sale.who, sale.customer, name, render_change(addendum), order=sale.order)


def addendum_of(sale: ChangeSale) -> ChangeAddendum:
    order, change, partner = sale.order, sale.change, sale.change.partner
    return ChangeAddendum(
        **frozen_facts(order, partner, sale.customer),
        lines=tuple(printed(line, order.permitted_users) for line in sale.lines),
        confirmations=confirmations(partner, "change order"),
        submitted_by_name=sale.who.name,
        submitted_by_email=sale.who.email,
        submitted_at=order.submitted_at,
        submitted_from=sale.agreement.from_address,
        kind=PAPERS[change.direction],
        lines_before=tuple(printed(line, change.subscription.users) for line in change.subscription.lines),
        users_before=change.subscription.users,
        monthly_before=order.monthly_before,
        changes=change.told,
        effective_on=order.effective_on,
        withdraw_until=order.withdraw_until,
        days_left=change.period.days_left(change.day),
        days=change.period.days,
        prorated=order.prorated,
        next_billing_on=order.next_billing_on,
        next_payment=sale.payment.next_payment,
    )


def tell_submitted(sale: ChangeSale) -> None:
    order = sale.order
    sale.record(
        "order.change_submitted",
        number=order.addendum_number,
        changes=sale.change.told,
        before=formats.money(order.monthly_before, order.currency),
        after=formats.money(order.monthly_total, order.currency),
        day=formats.day(order.next_billing_on),
    )


def take_effect(who: Any, order: Order, customer: Customer, portal: str) -> None:
    """The customer has what was ordered, is asked what that calls for, and the plan has its steps or waits for answers.

    `who` has .id and .name.
    """
    order.applied_at = now()
    order.save()
    customer.permitted_users = order.permitted_users
    customer.changed_at = now()
    customer.version += 1
    customer.save()
    end_steps(who, customer, order)
    asked = ask_for_new_services(who, customer, order, portal)
    plan_new_services(who, customer, order, answers_come=asked is not None)
