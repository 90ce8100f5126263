"""Consoles for tests: where they are, and to whom access is delegated."""

from typing import Any

from data.accounts import Person
from data.console import Delegation, PartnerConsole
from data.customers import Customer
from data.moments import now
from data.partners import Partner
from tests.factories import World, a_customer

ORIGIN = "https://console.example"


def where_consoles_are(partner: Partner, address: str = f"{ORIGIN}/{{domain}}", **changed: Any) -> PartnerConsole:
    PartnerConsole.delete().where(PartnerConsole.partner == partner).execute()
    return PartnerConsole.create(partner=partner, address=address, **changed)


def delegated(person: Person, customer: Customer) -> Delegation:
    return Delegation.create(
        person=person, customer=customer, partner=customer.partner_id, switched_on_at=now(), switched_on_by=person
    )


def a_customer_of_ada(world: World, **changed: Any) -> Customer:
    """In service, with a console that Ada may open; the same one when asked again."""
    if there := Customer.get_or_none(Customer.primary_domain == "acme.example"):
        return there
    where_consoles_are(world.northstar)
    customer = a_customer(world.northstar, "Acme", "complete", primary_domain="acme.example", **changed)
    delegated(world.admin, customer)
    return customer
