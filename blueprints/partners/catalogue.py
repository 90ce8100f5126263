"""The product catalogue: what can be ordered on this installation, kept by the operators."""

import re
from dataclasses import asdict, dataclass

from peewee import IntegrityError

from blueprints.accounts.standing import Standing
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import history
from data.database import locked, transaction
from data.partners import SERVICES, Product

CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,18}[A-Z0-9])?")
SERVICE_NAMES = {service: service.capitalize() for service in SERVICES}


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of a product. `services` are names of SERVICE_NAMES."""

    code: str
    name: str
    description: str = ""
    services: tuple[str, ...] = ()
    active: bool = True


class CodeTaken(Refused):
    sentence = "Another product already has this code."


class WrongCode(Refused):
    sentence = "A code is up to 20 of A–Z, 0–9 and hyphens, such as MAIL-SHIELD."


def products_for(who: Standing) -> list[Product]:
    """The whole catalogue, what is switched off last. Raises MayNot."""
    if not who.may("catalogue.edit"):
        raise MayNot
    return list(Product.select().order_by(Product.active.desc(), Product.name, Product.id))


def offered(who: Standing) -> list[tuple[int, str]]:
    """Id and “name (code)” of each product that can be ordered, by name. Raises MayNot."""
    return [(product.id, f"{product.name} ({product.code})") for product in products_for(who) if product.active]


def find_product(who: Standing, product_id: int, *, for_update: bool = False) -> Product:
    """Raises MayNot, NotThere."""
    if not who.may("catalogue.edit"):
        raise MayNot
    query = Product.select().where(Product.id == product_id)
    product: Product | None = (locked(query) if for_update else query).first()
    if product is None:
        raise NotThere
    return product


def entry_of(product: Product) -> Entry:
    return Entry(product.code, product.name, product.description, product.services, product.active)


def add_product(who: Standing, entry: Entry) -> Product:
    """A new product. Raises MayNot, WrongCode, CodeTaken."""
    if not who.may("catalogue.edit"):
        raise MayNot
    entry = checked(entry)
    try:
        with transaction():
            refuse_taken_code(entry.code)
            product = Product.create(**columns(entry))
            history.record("product.added", who, code=entry.code, name=entry.name)
    except IntegrityError:
        raise CodeTaken(field="code") from None
    return product


def change_product(who: Standing, product_id: int, entry: Entry, version: int) -> tuple[Product, str]:
    """Save what the catalogue says. Orders keep the name, code and price they were submitted with.

    Returns the product and the changes as history tells them, "" when nothing changed. Raises MayNot,
    NotThere, ChangedMeanwhile, WrongCode, CodeTaken.
    """
    entry = checked(entry)
    try:
        with transaction():
            product = find_product(who, product_id, for_update=True)
            if product.version != version:
                raise ChangedMeanwhile
            before = entry_of(product)
            if before == entry:
                return product, ""
            if before.code != entry.code:
                refuse_taken_code(entry.code)
            for name, value in columns(entry).items():
                setattr(product, name, value)
            product.version += 1
            product.save()
            told = changes_told(before, entry)
            history.record("product.changed", who, code=before.code, changes=told)
    except IntegrityError:
        raise CodeTaken(field="code") from None
    return product, told


def checked(entry: Entry) -> Entry:
    """The entry as it is kept. Raises WrongCode, and Refused for a service that nobody knows."""
    code = entry.code.strip().upper()
    if not CODE.fullmatch(code):
        raise WrongCode(field="code")
    if set(entry.services) - set(SERVICES):
        raise Refused("Choose services from the list.", "services")
    services = tuple(service for service in SERVICES if service in entry.services)
    return Entry(code, entry.name, entry.description, services, entry.active)


def columns(entry: Entry) -> dict[str, object]:
    """The entry as columns of Product."""
    facts = asdict(entry)
    chosen = facts.pop("services")
    return facts | {service: service in chosen for service in SERVICES}


def refuse_taken_code(code: str) -> None:
    if Product.select().where(Product.code == code).exists():
        raise CodeTaken(field="code")


def changes_told(before: Entry, after: Entry) -> str:
    """“name Mail shield → Shield; services Security → Security, Archiving; switched off”."""
    told = []
    if before.code != after.code:
        told.append(f"code {before.code} → {after.code}")
    if before.name != after.name:
        told.append(f"name {before.name} → {after.name}")
    if before.description != after.description:
        told.append("description rewritten")
    if before.services != after.services:
        told.append(f"services {services_told(before.services)} → {services_told(after.services)}")
    if before.active != after.active:
        told.append("switched on again" if after.active else "switched off")
    return "; ".join(told)


def services_told(services: tuple[str, ...]) -> str:
    return ", ".join(SERVICE_NAMES[service] for service in services) or "none"
