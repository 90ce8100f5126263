"""Records for tests, made by plain functions: `a_prospect(partner, name="Acme", permitted_users=12)`."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from data.accounts import Grant, Person
from data.customers import SHELVES, Contact, Customer
from data.folding import first_letter, fold
from data.moments import now
from data.partners import ContractedPrice, Partner, PriceTier, Product
from data.roles import Role

number = itertools.count(1)


def a_partner(name: str = "", **changed: Any) -> Partner:
    name = name or f"Partner {next(number)}"
    facts = {
        "name": name,
        "name_key": fold(name),
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "created_at": now(),
    }
    return Partner.create(**facts | changed)


def a_person(name: str = "", partner: Partner | None = None, role: Role | None = None, **changed: Any) -> Person:
    """With `partner` and `role`: holding that role over that partner. No password: tests sign in by session."""
    name = name or f"Person {next(number)}"
    facts = {
        "name": name,
        "email": f"{fold(name).replace(' ', '.')}@northstar.example",
        "timezone": "Europe/Berlin",
        "created_at": now(),
        "fs_uniquifier": uuid.uuid4().hex,
    }
    person = Person.create(**facts | changed)
    if partner is not None and role is not None:
        Grant.create(person=person, partner=partner, role=role, granted_at=now())
    return person


def a_grant_over(person: Person, customer: Customer, role: Role) -> Grant:
    return Grant.create(
        person=person, partner=customer.partner_id, customer_id=customer.id, role=role, granted_at=now()
    )


def a_product(code: str = "", **changed: Any) -> Product:
    code = code or f"P{next(number)}"
    return Product.create(**{"code": code, "name": f"Product {code}", "security": True} | changed)


def a_price(
    partner: Partner,
    product: Product,
    *,
    monthly: str = "2.50",
    one_time: str = "100",
    valid_from: date = date(2024, 1, 1),
    tiers: dict[int, str] | None = None,
) -> ContractedPrice:
    """`tiers`: users from → monthly price of each; by default one tier from 1 user at `monthly`."""
    price = ContractedPrice.create(
        partner=partner,
        product=product,
        valid_from=valid_from,
        one_time_fee=Decimal(one_time),
        created_at=now(),
    )
    for users_from, each in (tiers or {1: monthly}).items():
        PriceTier.create(contracted_price=price, users_from=users_from, monthly_per_user=Decimal(each))
    return price


def a_customer(
    partner: Partner, name: str = "", status: str = "prospect", lead: str = "auto", **changed: Any
) -> Customer:
    """A customer in any status. `lead`: the Implementation Lead's address; "" for a customer without one."""
    name = name or f"Company {next(number)}"
    facts = {
        "partner": partner,
        "name": name,
        "name_key": fold(name),
        "letter": first_letter(fold(name)),
        "primary_domain": f"company-{next(number)}.example",
        "permitted_users": 25,
        "status": status,
        "shelf": SHELVES[status],
        "created_at": now(),
        "changed_at": now(),
    }
    customer = Customer.create(**facts | changed)
    if lead:
        address = f"lead@{customer.primary_domain}" if lead == "auto" else lead
        Contact.create(
            customer=customer, kind="implementation_lead", first_name="Ines", last_name="Lead", email=address
        )
    return customer


def a_prospect(partner: Partner, name: str = "", **changed: Any) -> Customer:
    return a_customer(partner, name, "prospect", **changed)


@dataclass(frozen=True)
class World:
    """What every test database begins with: two MSPs that must never see one another, and everybody's roles."""

    northstar: Partner
    harbour: Partner  # the strangers
    operator: Person
    admin: Person  # partner administrator of Northstar
    msp_admin: Person
    technician: Person
    viewer: Person
    stranger: Person  # partner administrator of Harbour
    shield: Product  # security, priced for both: 2.50 from 1 user, 2.00 from 100; one-time 100
    vault: Product  # archiving, priced for both: 1.25; one-time 0
    unpriced: Product

    @classmethod
    def read(cls) -> Self:
        people = {person.email.split("@")[0]: person for person in Person.select()}
        products = {product.code: product for product in Product.select()}
        partners = {partner.name: partner for partner in Partner.select()}
        return cls(
            northstar=partners["Northstar IT"],
            harbour=partners["Harbour Lights"],
            operator=people["olga.operator"],
            admin=people["ada.admin"],
            msp_admin=people["mara.manager"],
            technician=people["tom.technician"],
            viewer=people["vera.viewer"],
            stranger=people["sten.stranger"],
            shield=products["SHIELD"],
            vault=products["VAULT"],
            unpriced=products["NEWER"],
        )


def make_world() -> None:
    northstar, harbour = a_partner("Northstar IT"), a_partner("Harbour Lights")
    a_person("Olga Operator", operator=True)
    a_person("Ada Admin", northstar, Role.PARTNER_ADMIN)
    a_person("Mara Manager", northstar, Role.MSP_ADMIN)
    a_person("Tom Technician", northstar, Role.TECHNICIAN)
    a_person("Vera Viewer", northstar, Role.VIEWER)
    a_person("Sten Stranger", harbour, Role.PARTNER_ADMIN)
    shield = a_product("SHIELD", name="Mail shield", security=True)
    vault = a_product("VAULT", name="Mail vault", security=False, archiving=True)
    a_product("NEWER", name="Not priced yet")
    for partner in (northstar, harbour):
        a_price(partner, shield, one_time="100", tiers={1: "2.50", 100: "2.00"})
        a_price(partner, vault, monthly="1.25", one_time="0")
