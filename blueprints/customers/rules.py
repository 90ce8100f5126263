"""Finding customers through the person who asks, and moving them through their life."""

from collections.abc import Sequence
from functools import cache
from itertools import chain, islice

from peewee import SQL, Expression, ModelSelect

from blueprints.accounts.standing import Standing
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere
from data import history
from data.customers import SHELVES, Contact, Customer
from data.database import locked
from data.kept import STANDING_IN, Kept
from data.moments import now
from data.roles import SEE

MOVED = "transferred"


class MovedAway(MayNot):
    """What the former MSP keeps of a customer is its own papers, as they were."""

    sentence = "This customer has moved to another MSP. What is kept here can be read, and nothing is changed any more."


def customers_for(who: Standing, permission: str = "customers.see") -> ModelSelect:
    """The customers for which this person's role permits it: the only query that customers are found by."""
    return Customer.select().where(reached_by(who, permission))


def reached_by(who: Standing, permission: str = "customers.see") -> Expression:
    """The condition on customers under which this person's role permits it; for queries that join them."""
    if who.operator:
        return SQL("1 = 1")
    return reached_over(who.partners_where(permission), *who.exceptions(permission))


def reached_over(partners: Sequence[int], raised: Sequence[int], lowered: Sequence[int]) -> Expression:
    """Customers of these partners and the `raised` ones, without the `lowered`; all of them ids."""
    reached = Customer.partner_id.in_(partners)
    if lowered:
        reached &= Customer.id.not_in(lowered)
    if raised:
        reached |= Customer.id.in_(raised)
    return reached


def find_customer(
    who: Standing, customer_id: int, permission: str = "customers.see", *, for_update: bool = False
) -> Customer:
    """The customer, if this person may see it. Raises NotThere for strangers, MayNot for readers.

    `for_update` holds the row until the transaction ends.
    """
    if for_update:
        customer: Customer | None = locked(customers_for(who).where(Customer.id == customer_id)).first()
    else:
        customer = seen_by(who, customer_id)
    if customer is None:
        raise NotThere
    if not who.may_for_customer(permission, customer.id, customer.partner_id):
        raise MayNot
    if stays_as_it_is(customer.status, permission):
        raise MovedAway
    return customer


def stays_as_it_is(status: str, permission: str) -> bool:
    """Whether it is the record of a customer who moved to another MSP, and the permission is for more than reading."""
    return status == MOVED and permission not in SEE


def may_on(who: Standing, customer: Customer, permission: str) -> bool:
    """Whether this person may do it with this customer as it stands; for what pages offer."""
    held = who.may_for_customer(permission, customer.id, customer.partner_id)
    return held and not stays_as_it_is(customer.status, permission)


def seen_by(who: Standing, customer_id: int) -> Customer | None:
    """As customers_for() finds it, by a statement kept for people with as many grants: every page asks for it."""
    ids = ((), (), ()) if who.operator else (who.partners_where("customers.see"), *who.exceptions("customers.see"))
    if sum(map(len, ids)) >= len(STANDING_IN):
        found: Customer | None = customers_for(who).where(Customer.id == customer_id).first()
        return found
    return finder(who.operator, *map(len, ids)).first(customer_id, *chain(*ids))


@cache
def finder(operator: bool, partners: int, raised: int, lowered: int) -> Kept:
    """Finds a customer for people with so many partners and exceptions; asked with the customer's id and all theirs."""

    def build(customer: int, *ids: int) -> ModelSelect:
        given = iter(ids)
        lists = [list(islice(given, count)) for count in (partners, raised, lowered)]
        reached = SQL("1 = 1") if operator else reached_over(*lists)
        return Customer.select().where(reached & (Customer.id == customer))

    return Kept(build)


def implementation_lead(customer: Customer) -> Contact | None:
    found: Contact | None = (
        Contact.select().where((Contact.customer == customer) & (Contact.kind == "implementation_lead")).first()
    )
    return found


def lead_with_address(customer: Customer) -> Contact | None:
    """The Implementation Lead, if there is one who can be written to."""
    lead = implementation_lead(customer)
    return lead if lead and lead.email else None


def seen(customer: Customer, version: int) -> None:
    """Raise ChangedMeanwhile unless the person saw the newest version."""
    if customer.version != version:
        raise ChangedMeanwhile


def move_to(customer: Customer, status: str, who: object) -> None:
    """Change the status and the list it stands in, with its line of history. Call inside the transaction."""
    before, customer.status, customer.shelf = customer.status, status, SHELVES[status]
    customer.changed_at = now()
    customer.version += 1
    customer.save()
    history.record(
        "customer.status_changed",
        who,
        partner=customer.partner_id,
        customer=customer.id,
        before=before.replace("_", " "),
        after=status.replace("_", " "),
    )
