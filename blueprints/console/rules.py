"""Where the console of a customer is, and opening it: only who holds the role, by delegated access, and recently
signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from blueprints.accounts.standing import Standing, standing_of
from blueprints.console.addresses import console_address, filled, origin_of
from blueprints.console.assertions import make_assertion
from blueprints.console.doors import HOLDER, NOT_THEIRS, Door, Facts, Reason, held_role, judge
from blueprints.customers.rules import find_customer
from blueprints.partners.rules import PartnerClosed, find_partner
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import history
from data.accounts import Person
from data.console import FRESH_MINUTES, ConsoleUse, CustomerConsole, PartnerConsole
from data.customers import Customer
from data.database import database, locked, transaction
from data.moments import now
from data.partners import Partner

OPEN, DELEGATE = "console.open", "console.delegate"
LEAST_MINUTES, MOST_MINUTES = 1, 1_440


class Shut(MayNot):
    """The button is grey: for whom it is not, or not yet."""


class NoConsole(Refused):
    sentence = Reason.ADDRESS.sentence


class Console(NamedTuple):
    """Of one customer, for one person: the address with the customer's name in it, "" without one.

    `closed`: its MSP is. `delegated`: the person's delegated access is on.
    """

    address: str
    signs_in: bool
    fresh_minutes: int
    closed: bool
    delegated: bool

    @property
    def origin(self) -> str:
        return origin_of(self.address)

    def asks_again(self, proven: datetime) -> bool:
        """Whether a person who proved themselves then has to do it again; a time yet to come proves nothing."""
        return not timedelta() <= now() - proven <= timedelta(minutes=self.fresh_minutes)


@dataclass(frozen=True)
class Opened:
    """`token`: the assertion to be posted to `address`; "" where the console knows no sign-in from here."""

    customer: Customer
    address: str
    origin: str
    token: str


CONSOLE = """
SELECT own.address, own.signs_in, theirs.address, theirs.signs_in, theirs.fresh_minutes, partner.closed_at,
  delegation.id
FROM partner LEFT JOIN partner_console AS theirs ON theirs.partner_id = partner.id
LEFT JOIN customer_console AS own ON own.customer_id = ? AND own.address <> ''
LEFT JOIN delegation ON delegation.customer_id = ? AND delegation.person_id = ?
WHERE partner.id = ?"""


def console_of(customer: Customer, person_id: int) -> Console:
    """What is said for it alone, or else for all customers of its MSP: one query."""
    own, own_signs, theirs, signs, minutes, closed, delegation = database.execute_sql(
        CONSOLE.replace("?", database.param), (customer.id, customer.id, person_id, customer.partner_id)
    ).fetchone()
    return Console(
        address=filled(own or theirs or "", customer),
        signs_in=bool(own_signs if own else signs),
        fresh_minutes=minutes or FRESH_MINUTES,
        closed=closed is not None,
        delegated=delegation is not None,
    )


def door_of(who: Standing, customer: Customer, console: Console | None = None) -> Door:
    """What the button on a customer's page says; for nobody without the role is looked any further."""
    role = held_role(who, customer.id, customer.partner_id)
    if role != HOLDER:
        return NOT_THEIRS
    found = console or console_of(customer, who.id)
    return judge(role, Facts(customer.shelf, found.closed, found.address, found.signs_in, found.delegated))


def find_console(who: Standing, customer_id: int) -> tuple[Customer, Console]:
    """Raises NotThere for strangers, MayNot for who may never open it."""
    customer = find_customer(who, customer_id, OPEN)
    if customer.shelf == "prospects":
        raise NotThere
    return customer, console_of(customer, who.id)


def open_console(who: Standing, customer_id: int, issuer: str) -> Opened:
    """Let the person in, with a line in the customer's history and one in the person's own log.

    What decides is read anew while nobody can change it: a role that was lowered a second ago is lowered. Raises
    NotThere, MayNot, Shut, NoConsole, Unreadable.
    """
    with transaction():
        person: Person | None = locked(Person.select().where((Person.id == who.id) & Person.active)).first()
        if person is None:
            raise NotThere
        now_held = standing_of(person)
        customer, console = find_console(now_held, customer_id)
        door = door_of(now_held, customer, console)
        if door.reason is Reason.ADDRESS:
            raise NoConsole
        if door.reason:
            raise Shut(door.reason.sentence)
        return let_in(person, now_held, customer, console, issuer)


def let_in(person: Person, standing: Standing, customer: Customer, console: Console, issuer: str) -> Opened:
    """Sign where the console reads it, and write down that it was opened."""
    at, said = now(), {"partner": customer.partner_id, "customer": customer.id, "address": console.address}
    if not console.signs_in:
        ConsoleUse.create(person=person, customer=customer, at=at, address=console.address)
        history.record("console.address_opened", person, **said)
        return Opened(customer, console.address, console.origin, "")
    role = held_role(standing, customer.id, customer.partner_id)
    made = make_assertion(issuer, console.origin, person, customer, role, at)
    ConsoleUse.create(person=person, customer=customer, at=at, address=console.address, jti=made.jti)
    history.record("console.opened", person, role=role.label.lower(), **said)
    return Opened(customer, console.address, console.origin, made.token)


# --- where consoles are -------------------------------------------------------------------------------


def settings_of(partner_id: int) -> PartnerConsole:
    """What the MSP says for all its customers; while it has said nothing, a row that is not kept (version 0)."""
    found: PartnerConsole | None = PartnerConsole.get_or_none(PartnerConsole.partner == partner_id)
    return found or PartnerConsole(partner_id=partner_id, version=0)


def own_settings_of(customer_id: int) -> CustomerConsole:
    found: CustomerConsole | None = CustomerConsole.get_or_none(CustomerConsole.customer == customer_id)
    return found or CustomerConsole(customer_id=customer_id, version=0)


def change_settings(who: Standing, partner_id: int, typed: dict[str, Any], version: int) -> str:
    """For all customers of an MSP: address, signs_in, fresh_minutes. What changed, in words; "" for nothing.

    Raises NotThere, MayNot, ChangedMeanwhile, Refused beside its field.
    """
    with transaction():
        partner = find_partner(who, partner_id, "partner.edit", for_update=True)
        kept = settings_of(partner.id)
        if not LEAST_MINUTES <= typed["fresh_minutes"] <= MOST_MINUTES:
            raise Refused(f"From {LEAST_MINUTES} to {MOST_MINUTES:,} minutes.", "fresh_minutes")
        changes = put(kept, typed, version)
        if changes:
            history.record("console.settings_changed", who, partner=partner.id, changes=changes)
    return changes


def change_own_settings(who: Standing, customer_id: int, typed: dict[str, Any], version: int) -> str:
    """For one customer: address, signs_in. As above."""
    with transaction():
        customer = find_customer(who, customer_id, DELEGATE, for_update=True)
        if customer.shelf == "prospects":
            raise NotThere
        if Partner.get_by_id(customer.partner_id).closed_at is not None:
            raise PartnerClosed(Reason.CLOSED.sentence)
        changes = put(own_settings_of(customer.id), typed, version)
        if changes:
            history.record(
                "console.address_changed", who, partner=customer.partner_id, customer=customer.id, changes=changes
            )
    return changes


WORDS = {"address": "address", "signs_in": "sign-in from the portal", "fresh_minutes": "sign-in at most, in minutes"}


def put(kept: Any, typed: dict[str, Any], version: int) -> str:
    """Put what was typed into the row and keep it; what changed, in words."""
    if kept.version != version:
        raise ChangedMeanwhile
    try:
        typed = typed | {"address": console_address(typed["address"])}
    except Refused as refusal:
        raise Refused(refusal.sentence, "address") from None
    changes = []
    for name, value in typed.items():
        before = getattr(kept, name)
        if before != value:
            changes.append(f"{WORDS[name]} {told(before)} → {told(value)}")
            setattr(kept, name, value)
    if changes:
        kept.version += 1
        kept.save()
    return ", ".join(changes)


def told(value: Any) -> str:
    """A setting as a line of history has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"
