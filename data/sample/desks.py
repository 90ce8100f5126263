"""A partner as the sample needs it: who acts there, what it sells, and when it works."""

from dataclasses import dataclass
from functools import cache

from data import formats
from data.accounts import Grant, Person
from data.moments import today
from data.partners import Partner
from data.roles import roles_with
from data.sample.cases import OLDEST
from data.sample.catalogue import PriceBook, contract_prices
from data.sample.dates import WorkingDays

country_name = cache(formats.country)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of the portal, as orders and history name them."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Desk:
    """`people`: those who place its orders; nobody who signs in is made for a sample."""

    id: int
    partner: Partner
    currency: str
    people: tuple[Actor, ...]
    prices: PriceBook
    days: WorkingDays
    address_lines: tuple[str, ...]
    confirmations: tuple[str, ...]


def desks(partner_id: int | None, several: bool) -> list[Desk]:
    """The desk of that partner, or of the first; with `several`, of every partner that is not closed.

    Contracts sample prices for partners without any. Raises ValueError with a sentence when there is no such
    partner, or nobody who could have placed an order.
    """
    query = Partner.select().order_by(Partner.id)
    query = query.where(Partner.closed_at.is_null() if partner_id is None else Partner.id == partner_id)
    partners = list(query if several and partner_id is None else query.limit(1))
    if not partners:
        raise ValueError("There is no such partner to load a sample for. Set the portal up first.")
    return [desk(partner) for partner in partners]


def desk(partner: Partner) -> Desk:
    day = today(partner.timezone)
    contract_prices(partner, day, since=day.year - OLDEST // 365 - 1)
    return Desk(
        partner.id,
        partner,
        partner.currency,
        people_of(partner),
        PriceBook(partner),
        WorkingDays(partner.timezone, day),
        address_lines(partner.street, partner.postcode, partner.city, partner.region, partner.country),
        confirmations(partner),
    )


def people_of(partner: Partner) -> tuple[Actor, ...]:
    """Those who may submit this partner's orders, else the operators."""
    active = Person.select().where(Person.active).order_by(Person.id)
    selling = (Grant.partner == partner) & Grant.customer_id.is_null() & Grant.role.in_(roles_with("orders.submit"))
    people = list(active.join(Grant).where(selling)) or list(active.where(Person.operator))
    if not people:
        raise ValueError(f"Nobody may place orders for {partner.name}. Set the portal up first, or invite somebody.")
    return tuple(Actor(person.id, person.name, person.email) for person in people)


def address_lines(street: str, postcode: str, city: str, region: str, country: str) -> tuple[str, ...]:
    """As the addendum prints an address; empty lines left out."""
    lines = (street, f"{postcode} {city}".strip(), region, country_name(country))
    return tuple(line for line in lines if line)


def confirmations(partner: Partner) -> tuple[str, ...]:
    """The two statements that whoever submits an order ticks."""
    dated = f" of {formats.day(partner.agreement_date)}" if partner.agreement_date else ""
    return (
        f"This order is governed by the {partner.agreement_name}{dated} in effect between the parties.",
        "I am authorised to place this order.",
    )
