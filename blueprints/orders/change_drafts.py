"""The draft of a change order: kept, gone on with, reviewed. Submitting is in `change_submission.py`."""

from dataclasses import replace

from peewee import IntegrityError

from blueprints.accounts.standing import Standing
from blueprints.customers.contacts import checked_contact, values_of
from blueprints.customers.rules import find_customer
from blueprints.orders.change_rules import Asked, Change, asked_in, begin, choose
from blueprints.orders.rules import AlreadySubmitted, NotOrderable, find_order, locked_draft
from blueprints.web.refusals import ChangedMeanwhile, NotThere, Refused
from data import history
from data.customers import Customer
from data.database import transaction
from data.moments import now
from data.orders import Order, OrderLine


def save_change(who: Standing, customer_id: int, asked: Asked, seen_version: int) -> Change:
    """Keep the change as the customer's one draft. Nothing of the customer changes.

    `seen_version`: of the draft the person saw, 0 for none. Saving the same again changes nothing. Raises NotThere,
    MayNot, NotNow, ChangedMeanwhile, and NotOrderable with the field that is in the way.
    """
    try:
        with transaction():
            customer = find_customer(who, customer_id, "orders.edit", for_update=True)
            _, subscription = begin(customer)
            draft = locked_draft(customer)
            change = choose(customer, subscription, draft, checked(asked, customer.country))
            if change.problem:
                raise NotOrderable(change.problem, change.field)
            if (
                draft is not None
                and choose(customer, subscription, draft, asked_in(draft, subscription)).asked == change.asked
            ):
                return change
            if (draft.version if draft else 0) != seen_version:
                raise ChangedMeanwhile
            written = write_draft(who, change)
    except IntegrityError:
        # Somebody began a change in the same moment; the index let one of the two in.
        raise ChangedMeanwhile from None
    return choose(customer, subscription, written, change.asked)


def checked(asked: Asked, region: str) -> Asked:
    """With the new lead's fields as they are kept. Raises NotOrderable naming the field."""
    if asked.lead is None or asked.lead.id:
        return asked
    try:
        return replace(asked, lead=checked_contact(asked.lead, region))
    except Refused as refusal:
        raise NotOrderable(refusal.sentence, refusal.field) from None


def write_draft(who: Standing, change: Change) -> Order:
    customer, lead = change.customer, change.asked.lead
    draft = change.draft or Order(
        customer=customer,
        partner=customer.partner_id,
        kind="change",
        created_at=now(),
        created_by=who.id,
        version=0,
    )
    draft.changes = change.subscription.order.id
    draft.permitted_users = change.asked.permitted_users
    draft.currency = change.subscription.order.currency
    draft.lead = None if lead is None else {"contact": lead.id} if lead.id else values_of(lead)
    draft.changed_at, draft.changed_by = now(), who.id
    draft.version += 1
    draft.save()
    OrderLine.delete().where(OrderLine.order == draft).execute()
    for position, product_id in enumerate(change.product_ids):
        OrderLine.create(order=draft, product=product_id, position=position)
    history.record("order.change_saved", who, partner=customer.partner_id, customer=customer.id, changes=change.told)
    return draft


# --- the review ---------------------------------------------------------------------------------------


def reviewed_change(who: Standing, order_id: int) -> Change:
    """The draft as it would be submitted now. Raises NotThere, MayNot, AlreadySubmitted, NotNow."""
    return change_in(find_change(who, order_id, "orders.edit"))


def find_change(who: Standing, order_id: int, permission: str, *, for_update: bool = False) -> Order:
    """A change in draft. Raises NotThere, MayNot, AlreadySubmitted."""
    order = find_order(who, order_id, permission, for_update=for_update)
    if order.kind != "change":
        raise NotThere
    if order.state != "draft":
        raise AlreadySubmitted(order)
    return order


def change_in(draft: Order) -> Change:
    """What a draft would change now. Raises NotNow."""
    customer: Customer = draft.customer
    _, subscription = begin(customer)
    return choose(customer, subscription, draft, asked_in(draft, subscription))


def note_order_number(who: Standing, order_id: int, order_number: str, *, not_required: bool) -> Order:
    """Keep what was typed on the review page, for later. Raises NotThere, MayNot, AlreadySubmitted, NotNow."""
    with transaction():
        draft = find_change(who, order_id, "orders.edit", for_update=True)
        if (draft.order_number, draft.order_number_not_required) != (order_number, not_required):
            draft.order_number, draft.order_number_not_required = order_number, not_required
            draft.changed_at, draft.changed_by = now(), who.id
            draft.version += 1
            draft.save()
            customer = draft.customer
            facts = {"partner": customer.partner_id, "customer": customer.id}
            history.record("order.change_saved", who, **facts, changes=change_in(draft).told)
    return draft
