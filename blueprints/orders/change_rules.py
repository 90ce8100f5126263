"""What a change order asks for, what that costs, and what is in its way. Its draft is kept in `change_drafts.py`.

One change at a time: while one is in draft (one for each customer, an index holds it) everybody goes on with that one,
and while one waits for its day there is none. What can be changed: the number of users, one more product or several,
another product in place of the primary one (the one that most is paid for), the Implementation Lead. Products and fewer
users are changed one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from blueprints.accounts.standing import Standing
from blueprints.customers.contacts import ContactEntry, as_entry
from blueprints.customers.leads import LEAD, NEEDS_ADDRESS
from blueprints.customers.rules import find_customer
from blueprints.orders.addendum import hash_of
from blueprints.orders.change_pricing import Payment, Period, billing_period, change_quote, payment
from blueprints.orders.pricing import NoPrice, Quote
from blueprints.orders.rules import NotOrderable, Offer, offers_for
from blueprints.orders.subscription import Subscription, at_hand, lines_with_products, opening_of, subscription_in
from data import formats
from data.customers import Contact, Customer
from data.moments import today
from data.orders import Order
from data.partners import Partner

LEAST_ONE = "At least one user stays. To end the service, cancel the customer instead."
ONE_AFTER_THE_OTHER = (
    "Products cannot be changed in one order with fewer users. Submit one of the two, and then the other."
)
NOTHING_CHANGED = "Nothing is changed yet."
NOT_OFFERED = "One of these products is not offered (any more). Choose again."
UPGRADE, DOWNGRADE, CHANGE = "Upgrade", "Downgrade", "Change"


class NotNow(NotOrderable):
    """The subscription cannot be changed as things stand. Carries the customer, whose page says why, too."""

    def __init__(self, customer: Customer, sentence: str = "") -> None:
        super().__init__(sentence)
        self.customer = customer


@dataclass(frozen=True)
class Asked:
    """What somebody asks for. `replace_with`: a product in place of the primary one, 0 to keep it.

    `lead`: a ContactEntry whose `id` is a contact there is, or 0 for somebody new; None to keep the lead.
    """

    permitted_users: int
    replace_with: int = 0
    add: tuple[int, ...] = ()
    lead: ContactEntry | None = None


@dataclass(frozen=True)
class Change:
    """A change as it would be ordered now. `problem` says what is in its way, beside `field`; "" when nothing is."""

    customer: Customer
    partner: Partner
    subscription: Subscription
    draft: Order | None
    offers: tuple[Offer, ...]  # what is not bought yet
    contacts: tuple[Contact, ...]
    asked: Asked
    names: dict[int, str]  # of products
    day: date  # today where the MSP is
    product_ids: tuple[int, ...] = ()  # all of them afterwards
    quote: Quote | None = None
    payment: Payment | None = None
    problem: str = ""
    field: str = ""

    @property
    def lead_now(self) -> Contact | None:
        return next((contact for contact in self.contacts if contact.kind == LEAD), None)

    @property
    def added(self) -> tuple[int, ...]:
        return tuple(each for each in self.product_ids if each not in self.subscription.product_ids)

    @property
    def removed(self) -> tuple[int, ...]:
        return tuple(each for each in self.subscription.product_ids if each not in self.product_ids)

    @property
    def fewer_users(self) -> bool:
        return self.asked.permitted_users < self.subscription.users

    @property
    def costs(self) -> bool:
        """Whether anything but the Implementation Lead changes."""
        return bool(self.added or self.removed or self.asked.permitted_users != self.subscription.users)

    @property
    def direction(self) -> str:
        """A decrease is fewer users, or cheaper products for no more users than before."""
        if not self.costs:
            return CHANGE
        cheaper = self.payment is not None and self.payment.difference < 0
        more_users = self.asked.permitted_users > self.subscription.users
        return DOWNGRADE if self.fewer_users or (cheaper and not more_users) else UPGRADE

    @property
    def period(self) -> Period:
        return billing_period(self.subscription.start, self.day)

    @property
    def effective_on(self) -> date:
        return self.period.next_on if self.direction == DOWNGRADE else self.day

    @property
    def withdraw_until(self) -> date | None:
        return self.effective_on - timedelta(days=1) if self.direction == DOWNGRADE else None

    @property
    def lead_told(self) -> str:
        """The new Implementation Lead as people read it; "" when there is none."""
        entry = self.asked.lead
        return entry.addressed if entry else ""

    @property
    def lead_before(self) -> str:
        now = self.lead_now
        return (now.full_name or now.email) if now else "nobody"

    @property
    def told(self) -> str:
        """“25 → 40 permitted users, Mail vault added”."""
        parts = []
        if self.asked.permitted_users != self.subscription.users:
            before, after = formats.number(self.subscription.users), formats.number(self.asked.permitted_users)
            parts.append(f"{before} → {after} permitted users")
        if self.removed:
            parts.append(f"{self.named(self.removed)} replaced by {self.names[self.asked.replace_with]}")
        added = [each for each in self.added if each != self.asked.replace_with]
        if added:
            parts.append(f"{self.named(added)} added")
        if self.asked.lead:
            parts.append(f"Implementation Lead {self.lead_before} → {self.lead_told}")
        return ", ".join(parts) or "nothing"

    def named(self, product_ids: Sequence[int]) -> str:
        return ", ".join(self.names[each] for each in product_ids)


# --- what is asked for --------------------------------------------------------------------------------


def change_for(who: Standing, customer_id: int) -> Change:
    """Where the change stands: the draft if there is one, else nothing changed. Raises NotThere, MayNot, NotNow."""
    customer = find_customer(who, customer_id, "orders.edit")
    draft, subscription = begin(customer)
    return choose(customer, subscription, draft, asked_in(draft, subscription))


def begin(customer: Customer) -> tuple[Order | None, Subscription]:
    """The draft and the subscription that it changes. Raises NotNow with the reason against it."""
    partner = customer.partner
    opening = opening_of(customer, partner)
    if opening.reason:
        raise NotNow(customer, opening.reason)
    orders = at_hand(customer.id)
    subscription = subscription_in(orders, customer, partner)
    if subscription is None:
        raise NotNow(customer)
    return next((order for order in orders if order.state == "draft"), None), subscription


def asked_in(draft: Order | None, subscription: Subscription) -> Asked:
    """What a draft asks for. The product that takes the place of the primary one stands in its place."""
    if draft is None:
        return Asked(subscription.users)
    there = {line.position: line.product_id for line in lines_with_products(draft.id)}
    primary = subscription.primary.product_id
    replacing = 0 if primary in there.values() else there.get(place_of(subscription), 0)
    add = tuple(each for _, each in sorted(there.items()) if each not in subscription.product_ids and each != replacing)
    return Asked(draft.permitted_users, replacing, add, lead_in(draft))


def place_of(subscription: Subscription) -> int:
    return subscription.product_ids.index(subscription.primary.product_id)


def lead_in(draft: Order) -> ContactEntry | None:
    if not draft.lead:
        return None
    contact_id = draft.lead.get("contact")
    return ContactEntry(id=contact_id) if contact_id else ContactEntry(**draft.lead)


def choose(customer: Customer, subscription: Subscription, draft: Order | None, asked: Asked) -> Change:
    """Price what is asked for, and say what is in the way."""
    partner = customer.partner
    everything = offers_for(partner)
    offers = tuple(offer for offer in everything if offer.product.id not in subscription.product_ids)
    contacts = tuple(Contact.select().where(Contact.customer == customer).order_by(Contact.id))
    names = {offer.product.id: offer.product.name for offer in offers}
    names |= {product_id: each.name for product_id, each in subscription.bought.items()}
    offered = {offer.product.id for offer in offers}
    wanted = Asked(
        asked.permitted_users,
        asked.replace_with if asked.replace_with in offered else 0,
        tuple(each for each in dict.fromkeys(asked.add) if each in offered and each != asked.replace_with),
        known_lead(asked.lead, contacts),
    )
    change = Change(
        customer,
        partner,
        subscription,
        draft,
        offers,
        contacts,
        wanted,
        names,
        today(partner.timezone),
        products_after(subscription, wanted),
    )
    change = priced(change, everything)
    gone = {asked.replace_with, *asked.add} - {0} - offered
    return replace(change, problem=NOT_OFFERED, field="add") if gone else change


def asked_instead(change: Change, asked: Asked) -> Change:
    """The same subscription with something else asked for."""
    return choose(change.customer, change.subscription, change.draft, asked)


def known_lead(lead: ContactEntry | None, contacts: Sequence[Contact]) -> ContactEntry | None:
    """A contact there is with all that is known of them."""
    found = next((contact for contact in contacts if lead and contact.id == lead.id), None)
    return as_entry(found) if found else lead


def products_after(subscription: Subscription, asked: Asked) -> tuple[int, ...]:
    """What is bought in its order, the new one in the place of the primary one, and what is added."""
    primary = subscription.primary.product_id
    kept = [asked.replace_with if asked.replace_with and each == primary else each for each in subscription.product_ids]
    return (*kept, *asked.add)


def priced(change: Change, everything: Sequence[Offer]) -> Change:
    """The same with its money, or with the problem that keeps it from having any."""
    problem, wrong = what_is_wrong(change)
    quote, cost = None, None
    users = (change.subscription.users, change.asked.permitted_users)
    currency = change.subscription.order.currency
    lists = {offer.product.id: offer.price_list for offer in everything if offer.price_list is not None}
    if users[1] >= 1:
        try:
            quote = change_quote(change.product_ids, change.subscription.bought, users, lists, currency)
        except NoPrice:
            unpriced = [each for each in change.product_ids if each not in lists]
            sentence = f"No contracted price today for {change.named(unpriced)}. Ask the provider for one."
            problem, wrong = problem or sentence, wrong or "permitted_users"
    if quote is not None:
        before = change.subscription.order.monthly_total
        bare = replace(change, payment=payment(before, quote, change.period, change.day, prorate=False))
        prorate = change.partner.change_billing == "prorated" and bare.direction == UPGRADE
        cost = payment(before, quote, change.period, change.day, prorate=prorate)
    return replace(change, quote=quote, payment=cost, problem=problem, field=wrong)


def what_is_wrong(change: Change) -> tuple[str, str]:
    """The first thing in the way that is not money: its sentence, and the field."""
    if change.asked.permitted_users < 1:
        return LEAST_ONE, "permitted_users"
    if change.fewer_users and (change.added or change.removed):
        return ONE_AFTER_THE_OTHER, "permitted_users"
    lead = change.asked.lead
    if lead is not None and lead.id and lead.id not in {contact.id for contact in change.contacts}:
        return "This contact is not there any more. Choose another.", "lead"
    if lead is not None and not lead.email:
        return NEEDS_ADDRESS, "lead" if lead.id else "email"
    lead_stays = lead is None or (change.lead_now is not None and lead.id == change.lead_now.id)
    if not change.costs and lead_stays:
        return NOTHING_CHANGED, ""
    return "", ""


def fingerprint(change: Change) -> str:
    """What the review page shows, in short; changes when any of it does."""
    if change.quote is None or change.payment is None:
        return ""
    lines = [[line.product_id, f"{line.monthly_total:f}", f"{line.one_time_fee:f}"] for line in change.quote.lines]
    facts = {
        "changes": change.subscription.order.id,
        "users": change.asked.permitted_users,
        "lines": lines,
        "due": f"{change.payment.due_now:f}",
        "from": change.effective_on.isoformat(),
        "lead": change.lead_told,
    }
    return hash_of(facts)[:16]
