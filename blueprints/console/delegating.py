"""Delegated access: switched on and off per person and customer, by who administrates the customer's MSP."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, fn

from blueprints.accounts.people import MANAGE, find_person, people_for
from blueprints.accounts.standing import Standing, standing_of
from blueprints.console.doors import HOLDER, LISTED, held_role
from blueprints.console.rules import DELEGATE
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing, list_customers
from blueprints.customers.rules import customers_for
from blueprints.customers.wanted import Wanted
from blueprints.web.refusals import MayNot, NotThere, Refused
from data import history
from data.accounts import Grant, Person
from data.console import ConsoleUse, Delegation
from data.customers import Customer
from data.database import transaction
from data.moments import now
from data.partners import Partner

PEOPLE, USES = 200, 50


class NotAdministrator(Refused):
    """The person does not hold partner administrator on a customer, or not any more."""


@dataclass(frozen=True)
class Holder:
    """Somebody who holds partner administrator somewhere, and on how many customers delegated access is on."""

    person: Person
    switched_on: int


@dataclass(frozen=True)
class Choice:
    """A customer on the page of one person. `why`: why it cannot be switched on; "" when it can."""

    row: Row
    on: bool
    why: str


def holders(who: Standing) -> list[Holder]:
    """The people to whom `who` may delegate, by name; the first PEOPLE of them."""
    if not who.may(DELEGATE):
        return []
    held = Grant.select(Grant.person).where(Grant.role == HOLDER)
    counted = Delegation.select(Delegation.person, fn.COUNT(Delegation.id).alias("n")).group_by(Delegation.person)
    if not who.operator:
        ours = who.partners_where(MANAGE)
        held = held.where(Grant.partner.in_(ours))
        counted = counted.where(Delegation.partner.in_(ours))
    query = (
        people_for(who)
        .select(Person, counted.c.n)
        .join(counted, JOIN.LEFT_OUTER, on=(counted.c.person_id == Person.id))
        .where(Person.id.in_(held) & Person.active)
        .order_by(fn.LOWER(Person.name), Person.id)
        .limit(PEOPLE)
    )
    return [Holder(person, person.n or 0) for person in query.objects()]


def find_holder(who: Standing, person_id: int) -> Person:
    """Raises NotThere, MayNot."""
    if not who.may(DELEGATE):
        raise MayNot
    return find_person(who, person_id)


def choices(who: Standing, person: Person, wanted: Wanted) -> tuple[Listing, list[Choice]]:
    """A page of the customers whose MSP `who` administrates, and how it stands with this person's access to each."""
    listing = list_customers(who, wanted, DELEGATE)
    ids = [row.id for row in listing.rows]
    query = Delegation.select(Delegation.customer).where(
        (Delegation.person == person.id) & Delegation.customer.in_(ids)
    )
    on = {customer_id for (customer_id,) in query.tuples()}
    standing = standing_of(person)
    found = []
    for row in listing.rows:
        role = held_role(standing, row.id, row.partner_id)
        found.append(Choice(row, row.id in on, "" if role == HOLDER else f"Role there: {role.label}"))
    return listing, found


def delegate(who: Standing, person_id: int, before: Collection[int], after: Collection[int]) -> tuple[int, int]:
    """Switch on what was ticked and off what was unticked; how many of each.

    `before`: ids of customers where it was on when the page was made; `after`: those ticked now. What others changed
    elsewhere on the page meanwhile stays as they left it. Raises NotThere, MayNot, NotAdministrator.
    """
    switched_on, switched_off = set(after) - set(before), set(before) - set(after)
    with transaction():
        find_holder(who, person_id)
        person = find_person(who, person_id, for_update=True)
        customers = administrated(who, switched_on | switched_off)
        standing = standing_of(person)
        for each in switched_on:
            may_be_delegated(person, standing, customers[each])
        on = [switch_on(who, person, customers[each]) for each in sorted(switched_on)]
        off = [switch_off(who, person, customers[each]) for each in sorted(switched_off)]
    return sum(on), sum(off)


def administrated(who: Standing, ids: Collection[int]) -> dict[int, Customer]:
    """These customers. Raises NotThere unless `who` administrates the MSPs of all, MayNot where one is closed."""
    if not ids:
        return {}
    query = customers_for(who, DELEGATE).where(Customer.id.in_(list(ids)))
    found = {customer.id: customer for customer in query}
    if len(found) < len(ids):
        raise NotThere
    partners = {customer.partner_id for customer in found.values()}
    if Partner.select().where(Partner.id.in_(list(partners)) & Partner.closed_at.is_null(False)).exists():
        raise MayNot("The provider closed this MSP: nothing is changed any more.")
    return found


def may_be_delegated(person: Person, standing: Standing, customer: Customer) -> None:
    """Raises NotAdministrator unless the person holds the role, and the customer has a console to open."""
    if held_role(standing, customer.id, customer.partner_id) != HOLDER:
        raise NotAdministrator(f"{person.name} does not hold partner administrator on {customer.name}.")
    if customer.shelf not in LISTED:
        raise NotAdministrator(f"{customer.name} is neither in progress nor in service.")


def switch_on(who: Standing, person: Person, customer: Customer) -> int:
    """1, or 0 when it was on already."""
    this = (Delegation.person == person.id) & (Delegation.customer == customer.id)
    if Delegation.select().where(this).exists():
        return 0
    Delegation.create(
        person=person, customer=customer, partner=customer.partner_id, switched_on_at=now(), switched_on_by_id=who.id
    )
    tell("console.delegated", who, person, customer)
    return 1


def switch_off(who: Any, person: Person, customer: Customer) -> int:
    this = (Delegation.person == person.id) & (Delegation.customer == customer.id)
    gone: int = Delegation.delete().where(this).execute()
    if gone:
        tell("console.withdrawn", who, person, customer)
    return gone


def end_access(who: Any, customer: Customer) -> None:
    """Switch off everybody's access to the console of a customer who leaves. Call inside the transaction.

    Before their roles end: the database takes the access of whoever holds no role any more, and tells nobody.
    """
    for delegation in those_with_access(customer):
        switch_off(who, delegation.person, customer)


def tell(kind: str, who: Any, person: Person, customer: Customer) -> None:
    history.record(kind, who, partner=customer.partner_id, customer=customer.id, name=person.name)


def those_with_access(customer: Customer) -> list[Delegation]:
    """Whose delegated access to this customer is on, by name."""
    query = Delegation.select(Delegation, Person).join(Person, on=(Delegation.person == Person.id), attr="person")
    return list(query.where(Delegation.customer == customer.id).order_by(fn.LOWER(Person.name)))


def own_log(who: Standing, before: int = 0) -> tuple[list[ConsoleUse], int]:
    """The consoles that this person opened, newest first, and the key to go on with (0: there are no more)."""
    query = ConsoleUse.select(ConsoleUse, Customer.id, Customer.name).join(Customer).where(ConsoleUse.person == who.id)
    if before:
        query = query.where(ConsoleUse.id < before)
    found = list(query.order_by(ConsoleUse.id.desc()).limit(USES + 1))
    return found[:USES], found[USES - 1].id if len(found) > USES else 0
