"""Submitting an order: all of it happens, or none of it.

One transaction freezes the prices, numbers and prints the addendum, files it, makes the prospect a customer with a
subscription, opens RFI and plan, writes history and queues the two letters. The order's row is locked first and its
state looked at, so pressing twice, reloading, and two people at once make one order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta

from blueprints.accounts.standing import Standing
from blueprints.customers.addresses import address_lines
from blueprints.customers.attachments import file_document
from blueprints.customers.rules import implementation_lead, move_to
from blueprints.mailroom.rules import write_drawn
from blueprints.orders.addendum import Addendum, AddendumLine, Party, agreed, hash_of, render
from blueprints.orders.pricing import Quote
from blueprints.orders.rules import (
    Choice,
    NotOrderable,
    choose,
    find_draft,
    find_order,
    offers_of,
    product_ids_of,
    refuse_unless_prospect,
)
from blueprints.rfi.rules import open_rfi
from blueprints.web.refusals import ChangedMeanwhile
from data import formats, history
from data.attachments import Attachment
from data.customers import Contact, Customer
from data.database import database, transaction
from data.emails import Email
from data.kept import Kept
from data.moments import day_of, now
from data.orders import Order, OrderLine
from data.partners import Partner, Product
from data.plans import Plan

COMMITMENT = relativedelta(months=12)
LINES = Kept(
    lambda order_id: (
        OrderLine.select(OrderLine, Product)
        .join(Product)
        .where(OrderLine.order == order_id)
        .order_by(OrderLine.position)
    )
)


@dataclass(frozen=True)
class Agreement:
    """What the submitting person stated on the review page.

    `seen` is the fingerprint of the money they saw: a price that changed meanwhile is shown before it is agreed to.
    """

    order_number: str
    not_required: bool
    governed: bool
    authorised: bool
    seen: str
    from_address: str  # IP address


def confirmations(partner: Partner, order: str = "order") -> tuple[str, str]:
    """The two statements that are ticked and printed. `order`: what is placed."""
    dated = f" of {formats.day(partner.agreement_date)}" if partner.agreement_date else ""
    return (
        f"This {order} is governed by the {partner.agreement_name}{dated} in effect between the parties.",
        f"I am authorised to place this {order}.",
    )


def fingerprint(choice: Choice) -> str:
    """What the review page shows, in short: users, products and money. Changes when any of them does."""
    if choice.quote is None:
        return ""
    facts = [[line.product_id, f"{line.monthly_per_user:f}", f"{line.one_time_fee:f}"] for line in choice.quote.lines]
    return hash_of({"users": choice.permitted_users, "currency": choice.quote.currency, "lines": facts})[:16]


def note_order_number(who: Standing, order_id: int, order_number: str, not_required: bool) -> Order:
    """Keep what was typed on the review page, for later. Raises as `find_draft`."""
    with transaction():
        order = find_draft(who, order_id, "orders.edit", for_update=True)
        if (order.order_number, order.order_number_not_required) != (order_number, not_required):
            order.order_number, order.order_number_not_required = order_number, not_required
            order.changed_at, order.changed_by = now(), who.id
            order.version += 1
            order.save()
            choice = choose(order.customer, order, product_ids_of(order), order.permitted_users)
            history.record(
                "order.drafted",
                who,
                partner=order.partner_id,
                customer=order.customer_id,
                products=", ".join(offer.product.name for offer in choice.chosen),
                users=order.permitted_users,
            )
    return order


@dataclass(frozen=True)
class Sale:
    """An order on its way through submission, with everything that was looked up for it."""

    who: Standing
    order: Order
    customer: Customer
    partner: Partner
    lines: tuple[OrderLine, ...]  # in the order of the paper, with their products
    quote: Quote
    lead: Contact
    agreement: Agreement
    portal: str

    def record(self, kind: str, **facts: object) -> None:
        history.record(kind, self.who, partner=self.partner.id, customer=self.customer.id, **facts)


def submit_order(who: Standing, order_id: int, agreement: Agreement, portal: str) -> Order:
    """Submit the draft. `portal` is the installation's address, for the link in the letter.

    Raises as `find_draft`, and ChangedMeanwhile (what they saw is not what would be ordered), and
    NotOrderable with the field it concerns.
    """
    with transaction():
        order = find_draft(who, order_id, "orders.submit", for_update=True)
        sale = refuse_unless_ready(who, order, agreement, portal)
        freeze(sale)
        filed = file_addendum(sale)
        become_customer(sale)
        Plan.create(customer=sale.customer, order=order, opened_at=now())
        sale.record("plan.opened")
        write_addendum_letter(sale, filed)
        open_rfi(who, sale.customer, sale.partner, order, sale.lead, portal)
    return order


def refuse_unless_ready(who: Standing, order: Order, agreement: Agreement, portal: str) -> Sale:
    """The sale, when nothing is missing. Raises NotOrderable, ChangedMeanwhile."""
    customer: Customer = order.customer
    lines = lines_of(order)
    products = [line.product for line in lines]
    offers = offers_of(customer.partner, products)
    choice = choose(customer, order, [product.id for product in products], order.permitted_users, offers)
    refuse_unless_prospect(customer)
    if choice.problem or choice.quote is None:
        raise NotOrderable(choice.problem)
    lead = implementation_lead(customer)
    if lead is None or not lead.email:
        raise NotOrderable(
            "The prospect has no Implementation Lead with an email address. The RFI link goes there: add one first."
        )
    refuse_unless_agreed(agreement)
    if agreement.seen != fingerprint(choice):
        raise ChangedMeanwhile("The products, users or prices changed since you opened this page. Look at them again.")
    by_product = {line.product_id: line for line in lines}
    ordered = tuple(by_product[priced.product_id] for priced in choice.quote.lines)
    return Sale(who, order, customer, choice.partner, ordered, choice.quote, lead, agreement, portal)


def refuse_unless_agreed(agreement: Agreement) -> None:
    """Raises NotOrderable with all that is missing, each naming its field of the review page."""
    missing = [NotOrderable(sentence, field) for field, sentence in missing_in(agreement)]
    if missing:
        missing[0].further = tuple(missing[1:])
        raise missing[0]


def missing_in(agreement: Agreement) -> Iterator[tuple[str, str]]:
    """What the person has not stated: field and sentence, in the order of the page."""
    if not agreement.order_number and not agreement.not_required:
        yield "order_number", "Give your order number, or tick that none is required."
    if agreement.order_number and agreement.not_required:
        yield "order_number", "Give an order number or tick that none is required, not both."
    if not agreement.governed:
        yield "governed", "Confirm that the order is governed by the agreement in effect."
    if not agreement.authorised:
        yield "authorised", "Confirm that you are authorised to place the order."


def freeze(sale: Sale) -> None:
    """Write the prices, the number and the dates onto the order; from here on nothing alters them."""
    order, quote = sale.order, sale.quote
    for position, (line, priced) in enumerate(zip(sale.lines, quote.lines, strict=True)):
        product = line.product
        line.position = position
        line.code, line.name, line.services = product.code, product.name, ",".join(product.services)
        line.monthly_per_user, line.monthly_total = priced.monthly_per_user, priced.monthly_total
        line.one_time_fee = priced.one_time_fee
        line.save()
    order.state = "submitted"
    order.order_number = sale.agreement.order_number
    order.order_number_not_required = sale.agreement.not_required
    order.currency = quote.currency
    order.monthly_total, order.one_time_total = quote.monthly_total, quote.one_time_total
    order.first_payment = quote.first_payment
    order.submitted_at, order.submitted_by, order.submitted_from = now(), sale.who.id, sale.agreement.from_address
    order.subscription_start = day_of(order.submitted_at, sale.partner.timezone)
    order.commitment_ends = last_day_of_commitment(order.subscription_start)
    order.addendum_number = next_addendum_number(order.subscription_start)
    order.version += 1


def lines_of(order: Order) -> tuple[OrderLine, ...]:
    """In the order of the paper, with their products."""
    return tuple(LINES(order.id))


def last_day_of_commitment(start: date) -> date:
    """Twelve calendar months, the last day included: 4 Nov 2026 → 3 Nov 2027, 29 Feb 2028 → 27 Feb 2029."""
    return start + COMMITMENT - timedelta(days=1)


def next_addendum_number(day: date) -> str:
    """“2026-000482”: the year, and a number without gaps over the whole installation.

    The counter's row stays locked until the transaction ends, so a number is given out with its order or not at all.
    """
    raised = "UPDATE counter SET last = last + 1 WHERE name = 'addendum' RETURNING last"
    return f"{day.year}-{database.execute_sql(raised).fetchone()[0]:06d}"


def file_addendum(sale: Sale) -> Attachment:
    """Print the paper, keep the agreed data and their hash on the order, and file the paper."""
    addendum = addendum_of(sale)
    sale.order.agreed = agreed(addendum)
    sale.order.agreed_hash = hash_of(sale.order.agreed)
    sale.order.save()
    name = f"Order addendum {sale.order.addendum_number}.pdf"
    return file_document(sale.who, sale.customer, name, render(addendum), order=sale.order)


def frozen_facts(order: Order, partner: Partner, customer: Customer) -> dict[str, Any]:
    """What every addendum says of its parties and of an order that is submitted."""
    return {
        "number": order.addendum_number,
        "partner": Party(partner.name, address_lines(partner)),
        "customer": Party(customer.name, address_lines(customer), (customer.primary_domain,)),
        "permitted_users": order.permitted_users,
        "currency": order.currency,
        "monthly_total": order.monthly_total,
        "one_time_total": order.one_time_total,
        "first_payment": order.first_payment,
        "order_number": order.order_number or None,
        "agreement_name": partner.agreement_name,
        "agreement_date": partner.agreement_date,
        "timezone": partner.timezone,
        "subscription_start": order.subscription_start,
        "commitment_ends": order.commitment_ends,
        "logo": bytes(partner.logo) if partner.logo else None,
    }


def printed(line: OrderLine, permitted_users: int) -> AddendumLine:
    """As it is frozen; what has no name of its own is called as its product, what has no price costs nothing."""
    return AddendumLine(
        code=line.code or line.product.code,
        name=line.name or line.product.name,
        permitted_users=permitted_users,
        monthly_per_user=line.monthly_per_user or Decimal(0),
        monthly_total=line.monthly_total or Decimal(0),
        one_time_fee=line.one_time_fee or Decimal(0),
    )


def addendum_of(sale: Sale) -> Addendum:
    order, partner = sale.order, sale.partner
    return Addendum(
        **frozen_facts(order, partner, sale.customer),
        lines=tuple(printed(line, order.permitted_users) for line in sale.lines),
        confirmations=confirmations(partner),
        submitted_by_name=sale.who.name,
        submitted_by_email=sale.who.email,
        submitted_at=order.submitted_at,
        submitted_from=sale.agreement.from_address,
    )


def become_customer(sale: Sale) -> None:
    order, customer = sale.order, sale.customer
    customer.permitted_users = order.permitted_users
    customer.subscription_start = order.subscription_start
    customer.commitment_ends = order.commitment_ends
    move_to(customer, "in_progress", sale.who)
    sale.record(
        "order.submitted",
        number=order.addendum_number,
        products=", ".join(line.name for line in sale.lines),
        users=order.permitted_users,
        monthly=formats.money(order.monthly_total, order.currency),
    )


def write_addendum_letter(sale: Sale, filed: Attachment) -> None:
    shown = {
        "reader": sale.who.name,
        "customer": sale.customer.name,
        "partner": sale.partner.name,
        "order": sale.order,
        "lines": sale.lines,
        "link": f"{sale.portal}/orders/{sale.order.id}",
    }
    write_drawn(
        sale.who,
        "order_addendum",
        (sale.who.name, sale.who.email),
        f"Order {sale.order.addendum_number}: {sale.customer.name}",
        shown,
        partner=sale.partner,
        customer=sale.customer,
        enclosures=(filed,),
        once=f"order_addendum:{sale.order.id}",
    )


@dataclass(frozen=True)
class SubmittedOrder:
    """A submitted order with everything its page shows."""

    order: Order
    customer: Customer
    lines: tuple[OrderLine, ...]
    addendum: Attachment | None
    submitted_by: str


def submitted_order(who: Standing, order_id: int) -> SubmittedOrder:
    """Raises NotThere, and NotOrderable while it is a draft."""
    order = find_order(who, order_id)
    if order.state == "draft":
        raise NotOrderable("This order is not submitted yet.")
    filed = Attachment.select().where(Attachment.order == order).order_by(Attachment.id).first()
    return SubmittedOrder(order, order.customer, lines_of(order), filed, order.submitted_by.name)


def letters_of(order_id: int) -> list[Email]:
    """The letters of an order (addendum, RFI link, what became of a change) with their states."""
    named = [f"order_addendum:{order_id}", f"rfi_link:{order_id}", f"order_change:{order_id}"]
    for became in ("applied", "withdrawn", "lapsed"):
        named += [f"order_change_{became}:{order_id}:{place}" for place in range(2)]
    return list(Email.select().where(Email.once.in_(named)).order_by(Email.id))
