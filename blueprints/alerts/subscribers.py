"""Who is told of alerts: somebody of one customer, or of all customers of an MSP. Added, changed, tried, removed."""

import secrets
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from blueprints.accounts.standing import Standing
from blueprints.alerts.deliveries import queue_delivery
from blueprints.customers.rules import find_customer
from blueprints.customers.sealing import seal, unseal
from blueprints.mailroom.rules import write_drawn
from blueprints.partners.addresses import email_address, host_name
from blueprints.partners.rules import find_partner
from blueprints.web.refusals import ChangedMeanwhile, NotThere, Refused
from data import history
from data.alerts import LEVELS, Subscriber, WebhookDelivery
from data.customers import Customer
from data.database import locked, transaction
from data.history import PORTAL
from data.moments import now
from data.monitors import SERVICES
from data.partners import Partner
from data.rfi import HandedIn, Rfi

OF_CUSTOMER, OF_MSP = "customers.edit", "alerts.edit"
MOST = 50  # over one customer, or over one MSP
MOST_ID = 2**63 - 1
HTTPS_PORT = 443
DELIVERIES = 10  # shown

# field of the record → what people call it, in the order in which a change is told
TOLD = {
    "name": "name",
    "email": "email",
    "alternative": "alternative email",
    "webhook": "webhook",
    "level": "when",
    "services": "services",
    "warnings": "told of warnings",
    "silence": "told when no news comes",
    "again": "told again",
}


class TooMany(Refused):
    sentence = f"There are {MOST} already. Remove one first, or write to a list of your own."


class NoWebhook(Refused):
    sentence = "There is no webhook here, so there is no key."


@dataclass(frozen=True)
class Entry:
    """A subscriber as it was typed; checked() makes it one that is kept."""

    name: str
    email: str = ""
    alternative: str = ""
    webhook: str = ""
    level: str = "first"
    services: tuple[str, ...] = tuple(SERVICES)
    warnings: bool = False
    silence: bool = True
    again: bool = False


# --- checking -----------------------------------------------------------------------------------------


def checked(entry: Entry, partner_id: int, customer: Customer | None) -> dict[str, Any]:
    """The fields as they are kept. Raises Refused, which names the field."""
    kept = {each.name: getattr(entry, each.name) for each in fields(entry)}
    kept["email"] = addressed("email", entry.email)
    kept["alternative"] = addressed("alternative", entry.alternative)
    kept["webhook"] = webhook_address(entry.webhook)
    kept["services"] = [service for service in SERVICES if service in entry.services]
    if not kept["services"]:
        raise Refused("Choose at least one service.", "services")
    if not kept["email"] and not kept["webhook"]:
        raise Refused("Give an email address or a webhook, or nobody is told.", "email")
    if kept["alternative"] and not kept["email"]:
        raise Refused("This one is beside the first address: fill that in, too.", "alternative")
    if kept["alternative"] and kept["alternative"].casefold() == kept["email"].casefold():
        raise Refused("That is the first address again: it is as far out of reach as that one.", "alternative")
    domain = kept["alternative"].rpartition("@")[2].lower()
    if domain and is_customers(domain, partner_id, customer):
        raise Refused(
            "This address is within the domains of a customer. When their mail does not flow, it gets nothing:"
            " choose one elsewhere.",
            "alternative",
        )
    if entry.level not in LEVELS:
        raise Refused("Choose one from the list.", "level")
    return kept


def addressed(field: str, typed: str) -> str:
    try:
        return email_address(typed)
    except Refused as refusal:
        raise Refused(refusal.sentence, field) from None


def webhook_address(typed: str) -> str:
    """An https address with a name, at the usual port, without a password in it."""
    written = typed.strip()
    if not written:
        return ""
    wrong = Refused("An address such as https://hooks.msp.example/quayside.", "webhook")
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme.lower() != "https" or not parts.hostname:
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise Refused("Without a name and a password in it: messages are signed instead.", "webhook")
    if port not in (None, HTTPS_PORT):
        raise Refused(f"Webhooks are reached at port {HTTPS_PORT} only.", "webhook")
    if parts.fragment or any(character.isspace() for character in written) or not written.isprintable():
        raise wrong
    try:
        name = host_name(parts.hostname)
    except Refused:
        raise Refused(
            "The name of a server is needed, such as hooks.msp.example, not an IP address.", "webhook"
        ) from None
    return f"https://{name}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")


def is_customers(domain: str, partner_id: int, customer: Customer | None) -> bool:
    """Whether mail to this domain goes to the customer; with None: to a live customer of the MSP."""
    around = [domain.split(".", count)[count] for count in range(domain.count(".") + 1)]
    if customer is not None:
        return any(each in domains_of(customer) for each in around)
    live = (Customer.partner == partner_id) & (Customer.shelf != "past")
    return bool(Customer.select().where(live & Customer.primary_domain.in_(around)).exists())


def domains_of(customer: Customer) -> set[str]:
    """The primary one, and those that the RFI names."""
    query = HandedIn.select().join(Rfi).where(Rfi.customer == customer).order_by(HandedIn.id.desc())
    newest = query.first()
    named = newest.answers.get("mail_domains") if newest else None
    answered = [each.strip().lower() for each in named if isinstance(each, str)] if isinstance(named, list) else []
    return {customer.primary_domain, *answered}


# --- finding ------------------------------------------------------------------------------------------


def of_customer(customer: Customer) -> list[Subscriber]:
    """Those of the customer first, then those of the whole MSP."""
    of_msp = Subscriber.customer.is_null() & (Subscriber.partner == customer.partner_id)
    over = (Subscriber.customer == customer) | of_msp
    query = Subscriber.select().where(over & Subscriber.removed_at.is_null())
    return sorted(query, key=lambda each: (each.customer_id is None, each.level != "first", each.id))


def of_partners(partners: list[Partner]) -> dict[int, list[Subscriber]]:
    """Partner id → those who are told of all of its customers."""
    found: dict[int, list[Subscriber]] = {partner.id: [] for partner in partners}
    here = Subscriber.customer.is_null() & Subscriber.removed_at.is_null() & Subscriber.partner.in_(list(found))
    for subscriber in Subscriber.select().where(here).order_by(Subscriber.id):
        found[subscriber.partner_id].append(subscriber)
    return found


def find_subscriber(who: Standing, subscriber_id: int, *, for_update: bool = False) -> Subscriber:
    """One that this person may change, with its customer or MSP at it. Raises NotThere, MayNot."""
    there = (Subscriber.id == min(subscriber_id, MOST_ID)) & Subscriber.removed_at.is_null()
    query = Subscriber.select().where(there)
    found: Subscriber | None = (locked(query) if for_update else query).first()
    if found is None:
        raise NotThere
    if found.customer_id is not None:
        found.customer = find_customer(who, found.customer_id, OF_CUSTOMER)
    else:
        found.partner = find_partner(who, found.partner_id, OF_MSP)
    return found


def deliveries_of(subscriber: Subscriber) -> list[WebhookDelivery]:
    """The newest few."""
    query = WebhookDelivery.select().where(WebhookDelivery.subscriber == subscriber)
    return list(query.order_by(WebhookDelivery.id.desc()).limit(DELIVERIES))


# --- changing -----------------------------------------------------------------------------------------


def add_for_customer(who: Standing, customer_id: int, entry: Entry) -> Subscriber:
    """Raises NotThere, MayNot, TooMany, Refused."""
    with transaction():
        customer = find_customer(who, customer_id, OF_CUSTOMER, for_update=True)
        kept = checked(entry, customer.partner_id, customer)
        return add(who, kept, customer.partner_id, customer.id)


def add_for_partner(who: Standing, partner_id: int, entry: Entry) -> Subscriber:
    """Raises NotThere, MayNot, PartnerClosed, TooMany, Refused."""
    with transaction():
        partner = find_partner(who, partner_id, OF_MSP, for_update=True)
        return add(who, checked(entry, partner.id, None), partner.id, None)


def add(who: Standing, kept: dict[str, Any], partner_id: int, customer_id: int | None) -> Subscriber:
    of = Subscriber.customer == customer_id if customer_id else Subscriber.customer.is_null()
    if (
        Subscriber.select().where(of & (Subscriber.partner == partner_id) & Subscriber.removed_at.is_null()).count()
        >= MOST
    ):
        raise TooMany
    key = seal(new_key()) if kept["webhook"] else ""
    subscriber: Subscriber = Subscriber.create(
        partner=partner_id, customer=customer_id, sealed=key, added_at=now(), **kept
    )
    tell(subscriber, "alert.subscriber_added", who, level=LEVELS[subscriber.level].lower())
    return subscriber


def change(who: Standing, subscriber_id: int, version: int, entry: Entry) -> Subscriber:
    """Saving also switches a webhook on again that was given up. Raises NotThere, MayNot, ChangedMeanwhile, Refused."""
    with transaction():
        subscriber = find_subscriber(who, subscriber_id, for_update=True)
        if subscriber.version != version:
            raise ChangedMeanwhile
        customer = subscriber.customer if subscriber.customer_id is not None else None
        kept = checked(entry, subscriber.partner_id, customer)
        changes = told_changes(subscriber, kept)
        if subscriber.off_at is not None and kept["webhook"]:
            changes.append("webhook switched on again")
        if not changes:
            return subscriber
        if kept["webhook"] and not subscriber.sealed:
            subscriber.sealed = seal(new_key())
        if kept["webhook"] != subscriber.webhook:
            subscriber.failing_since = None
        if subscriber.off_at is not None:
            subscriber.failing_since, subscriber.off_at, subscriber.off_reason = None, None, ""
        for name, value in kept.items():
            setattr(subscriber, name, value)
        subscriber.version += 1
        subscriber.save()
        tell(subscriber, "alert.subscriber_changed", who, changes="; ".join(changes))
    return subscriber


def told_changes(subscriber: Subscriber, kept: dict[str, Any]) -> list[str]:
    return [
        f"{label} {said(getattr(subscriber, name))} → {said(kept[name])}"
        for name, label in TOLD.items()
        if getattr(subscriber, name) != kept[name]
    ]


def said(value: Any) -> str:
    """As a line of history tells it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(SERVICES[each] for each in value)
    return f"“{LEVELS.get(value, value)}”"


def remove(who: Standing, subscriber_id: int) -> Subscriber:
    """They are told nothing from now on, the links in their letters open nothing, and their addresses are forgotten.

    Raises NotThere, MayNot.
    """
    with transaction():
        subscriber = find_subscriber(who, subscriber_id, for_update=True)
        subscriber.removed_at = now()
        subscriber.email = subscriber.alternative = subscriber.webhook = subscriber.sealed = ""
        subscriber.version += 1
        subscriber.save()
        tell(subscriber, "alert.subscriber_removed", who)
    return subscriber


# --- the key, and trying it ---------------------------------------------------------------------------


def new_key() -> str:
    return secrets.token_urlsafe(32)


def show_key(who: Standing, subscriber_id: int) -> str:
    """The key that messages are signed with; that it was looked at is told. Raises NoWebhook, Unreadable."""
    with transaction():
        subscriber = find_subscriber(who, subscriber_id, for_update=True)
        if not subscriber.webhook:
            raise NoWebhook
        key = unseal(subscriber.sealed)
        tell(subscriber, "alert.key_shown", who)
    return key


def change_key(who: Standing, subscriber_id: int) -> str:
    """A new one in place of the old; from the next try on it signs. Raises NoWebhook."""
    with transaction():
        subscriber = find_subscriber(who, subscriber_id, for_update=True)
        if not subscriber.webhook:
            raise NoWebhook
        key = new_key()
        subscriber.sealed = seal(key)
        subscriber.version += 1
        subscriber.save()
        tell(subscriber, "alert.key_changed", who)
    return key


def try_out(who: Standing, subscriber_id: int, portal: str) -> Subscriber:
    """A message that says it is none, by every way to them. Raises NotThere, MayNot."""
    with transaction():
        subscriber = find_subscriber(who, subscriber_id, for_update=True)
        partner: Partner = subscriber.partner
        over = subscriber.customer.name if subscriber.customer_id is not None else partner.name
        subject = f"Test: alerts of {over}"
        shown = {"reader": subscriber.name, "speaks": partner.name, "over": over, "asked_by": who.name}
        about = {"partner": partner, "customer": subscriber.customer_id}
        for address in filter(None, (subscriber.email, subscriber.alternative)):
            write_drawn(PORTAL, "alert_test", (subscriber.name, address), subject, shown, **about)
        if subscriber.webhook and subscriber.off_at is None:
            payload = {"kind": "test", "at": now().isoformat(timespec="seconds"), "msp": partner.name, "portal": portal}
            queue_delivery(subscriber, None, payload)
        tell(subscriber, "alert.subscriber_tried", who)
    return subscriber


def tell(subscriber: Subscriber, kind: str, who: object, **facts: object) -> None:
    history.record(
        kind, who, partner=subscriber.partner_id, customer=subscriber.customer_id, name=subscriber.name, **facts
    )
