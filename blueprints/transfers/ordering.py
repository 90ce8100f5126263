"""The receiving MSP's order for what it takes over: its own, at the prices it accepted, with an addendum of its own."""

from datetime import date
from decimal import Decimal

from blueprints.orders.addendum import Addendum, AddendumLine, agreed, hash_of, render
from blueprints.orders.submission import confirmations, frozen_facts, next_addendum_number
from blueprints.transfers.letters import Concern
from data import formats
from data.customers import Customer
from data.moments import now
from data.orders import Order, OrderLine
from data.partners import Product
from data.transfers import Takeover, TakeoverLine


def order_of(concern: Concern, takeover: Takeover, new: Customer) -> tuple[Order, bytes]:
    """The order, submitted, and its paper. The subscription goes on: its start and its commitment are the old ones.

    `order.lines` are laid at it, in the order of the paper.
    """
    lines = list(
        TakeoverLine.select(TakeoverLine, Product)
        .join(Product)
        .where(TakeoverLine.takeover == takeover)
        .order_by(TakeoverLine.position)
    )
    monthly = sum((line.monthly_total for line in lines), Decimal(0))
    began, ends = dates_of(concern, new)
    order = Order(
        customer=new,
        partner=new.partner_id,
        state="submitted",
        permitted_users=concern.transfer.permitted_users,
        order_number=takeover.order_number,
        order_number_not_required=takeover.order_number_not_required,
        currency=takeover.currency,
        monthly_total=monthly,
        one_time_total=Decimal(0),
        first_payment=monthly,
        addendum_number=next_addendum_number(concern.transfer.day),
        subscription_start=began,
        commitment_ends=ends,
        created_at=takeover.at,
        created_by=takeover.by,
        changed_at=now(),
        changed_by=takeover.by,
        submitted_at=takeover.at,
        submitted_by=takeover.by,
        submitted_from=takeover.from_address,
    )
    paper = addendum_of(concern, takeover, order, lines)
    order.agreed = agreed(paper)
    order.agreed_hash = hash_of(order.agreed)
    order.save(force_insert=True)
    for line in lines:
        write_line(order, line)
    return order, render(paper)


def dates_of(concern: Concern, new: Customer) -> tuple[date, date]:
    """Start and end of the commitment. A complete customer has both, or could not have been moved."""
    day = concern.transfer.day
    return new.subscription_start or day, new.commitment_ends or day


def write_line(order: Order, line: TakeoverLine) -> None:
    product: Product = line.product
    OrderLine.create(
        order=order,
        product=product,
        position=line.position,
        code=product.code,
        name=product.name,
        services=",".join(product.services),
        monthly_per_user=line.monthly_per_user,
        monthly_total=line.monthly_total,
        one_time_fee=Decimal(0),
    )


def addendum_of(concern: Concern, takeover: Takeover, order: Order, lines: list[TakeoverLine]) -> Addendum:
    partner, customer, transfer = concern.receiving, order.customer, concern.transfer
    assert partner is not None
    on = formats.day(transfer.day)
    goes_on = f"Taken over from {concern.partner.name} on {on}; the subscription and its commitment go on."
    return Addendum(
        kind="Takeover addendum",
        **frozen_facts(order, partner, customer),
        lines=tuple(
            AddendumLine(
                code=line.product.code,
                name=line.product.name,
                permitted_users=order.permitted_users,
                monthly_per_user=line.monthly_per_user,
                monthly_total=line.monthly_total,
                one_time_fee=Decimal(0),
            )
            for line in lines
        ),
        confirmations=(*confirmations(partner, "takeover"), goes_on),
        submitted_by_name=takeover.by_name,
        submitted_by_email=takeover.by_email,
        submitted_at=takeover.at,
        submitted_from=takeover.from_address,
    )
