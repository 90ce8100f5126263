"""Sample customers, and among them what only the portal's own rules make: a change order with its addendum."""

from collections.abc import Callable
from contextlib import suppress

from blueprints.accounts.standing import standing_of
from blueprints.orders.change_drafts import save_change
from blueprints.orders.change_rules import Asked, fingerprint
from blueprints.orders.change_submission import submit_change
from blueprints.orders.rules import NotOrderable
from blueprints.orders.submission import Agreement
from data import history
from data.accounts import Person
from data.customers import Customer
from data.database import transaction
from data.emails import Email
from data.moments import now
from data.orders import Order

LOOKED_AT = 40  # complete customers, the newest first
SOMEWHERE = "192.0.2.40"  # kept for documentation (RFC 5737)


def add_sample(
    customers: int, seed: int, portal: str, partner_id: int | None = None, say: Callable[[str], object] = print
) -> int:
    """All of it or nothing; how many. `portal` is the installation's address. Raises ValueError as `load`."""
    from data.sample import load  # noqa: PLC0415 - its tables of words are needed by nobody else

    with transaction():
        before = Customer.select(Customer.id).order_by(Customer.id.desc()).limit(1).scalar() or 0
        loaded = load(customers, seed, partner_id, say=say)
        newest = Customer.select().where((Customer.status == "complete") & (Customer.id > before))
        for customer in newest.order_by(Customer.id.desc()).limit(LOOKED_AT):
            with suppress(NotOrderable):  # a product that has no price today, say
                change_one(customer, portal)
                break
    return loaded


def change_one(customer: Customer, portal: str) -> Order:
    """Some more users for a sample customer, today. Its letter is not sent: nobody asked for one."""
    from data.sample.desks import people_of  # noqa: PLC0415 - as above

    with transaction():
        who = standing_of(Person.get_by_id(people_of(customer.partner)[0].id))
        asked = Asked(customer.permitted_users + customer.permitted_users // 5 + 1)
        change = save_change(who, customer.id, asked, 0)
        assert change.draft is not None, "it was saved just now"
        agreement = Agreement("", True, True, True, fingerprint(change), SOMEWHERE)
        order = submit_change(who, change.draft.id, agreement, portal)
        letter = Email.get(Email.once == f"order_change:{order.id}")
        letter.state, letter.answer, letter.sent_at = "sent", "250 2.0.0 Ok: queued", now()
        letter.save()
        facts = {"partner": customer.partner_id, "customer": customer.id}
        history.record("email.sent", history.PORTAL, **facts, subject=letter.subject, email=letter.to_email)
    return order
