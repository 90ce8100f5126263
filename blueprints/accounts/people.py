"""Finding people through the person who asks, and what their pages show."""

from dataclasses import dataclass

from peewee import ModelSelect, fn

from blueprints.accounts.standing import Standing
from blueprints.web.refusals import NotThere
from data.accounts import Grant, Person
from data.customers import Customer
from data.database import locked
from data.folding import fold
from data.partners import Partner
from data.roles import Role

ON_A_PAGE = 50
CUSTOMERS_FOUND = 10
MANAGE = "people.manage"


@dataclass(frozen=True)
class Held:
    """A role over a partner."""

    partner: Partner
    role: Role


@dataclass(frozen=True)
class Listed:
    """A line of the list: a person, and the roles that the reader may know of."""

    person: Person
    roles: list[Held]
    state: str


@dataclass(frozen=True)
class Found:
    people: list[Listed]
    page: int
    total: int

    @property
    def first(self) -> int:
        return (self.page - 1) * ON_A_PAGE + 1

    @property
    def last(self) -> int:
        return self.first - 1 + len(self.people)


@dataclass(frozen=True)
class ForCustomer:
    """A role raised or lowered for one customer."""

    customer: Customer
    role: Role


@dataclass(frozen=True)
class Portrait:
    """What the page of one person shows. `ours`: the reader may change the person, not only their roles."""

    person: Person
    state: str
    roles: list[Held]
    exceptions: list[ForCustomer]
    ours: bool
    invited_by: str


def state_of(person: Person) -> str:
    """active, invited (no password yet) or off."""
    if not person.active:
        return "off"
    return "active" if person.password else "invited"


def people_for(who: Standing) -> ModelSelect:
    """The people whom this person manages: everybody for operators."""
    if who.operator:
        return Person.select()
    return Person.select().where(Person.id.in_(managed(Grant.select(Grant.person), who)))


def find_person(who: Standing, person_id: int, *, for_update: bool = False) -> Person:
    """The person, if this one manages them. Raises NotThere. `for_update`: held until the transaction ends."""
    query = people_for(who).where(Person.id == person_id)
    person: Person | None = (locked(query) if for_update else query).first()
    if person is None:
        raise NotThere
    return person


def list_people(who: Standing, wanted: str = "", page: int = 1) -> Found:
    """One page of the people whom this person manages, by name; `wanted`: part of a name or an address."""
    query = people_for(who)
    if wanted:
        query = query.where(Person.name.contains(wanted) | Person.email.contains(wanted))
    total = query.count()
    page = min(page, max(1, -(-total // ON_A_PAGE)))
    people = list(query.order_by(fn.LOWER(Person.name), Person.id).paginate(page, ON_A_PAGE))
    roles = roles_of(who, [person.id for person in people])
    return Found([Listed(person, roles.get(person.id, []), state_of(person)) for person in people], page, total)


def roles_of(who: Standing, people: list[int]) -> dict[int, list[Held]]:
    """Person id → their roles over the partners that the reader manages, by name of the partner."""
    held: dict[int, list[Held]] = {}
    query = (
        Grant.select(Grant, Partner)
        .join(Partner)
        .where(Grant.person.in_(people) & Grant.customer_id.is_null())
        .order_by(Partner.name_key)
    )
    for grant in managed(query, who):
        held.setdefault(grant.person_id, []).append(Held(grant.partner, Role(grant.role)))
    return held


def managed(query: ModelSelect, who: Standing) -> ModelSelect:
    """Of grants, those over the partners whose people this person manages."""
    return query if who.operator else query.where(Grant.partner.in_(who.partners_where(MANAGE)))


def portrait(who: Standing, person_id: int) -> Portrait:
    """Everything on the page of one person. Raises NotThere."""
    person = find_person(who, person_id)
    exceptions = (
        Grant.select(Grant, Customer)
        .join(Customer, on=(Grant.customer_id == Customer.id), attr="customer")
        .where(Grant.person == person.id)
        .order_by(Customer.name_key)
    )
    inviter = Person.get_or_none(Person.id == person.invited_by_id) if person.invited_by_id else None
    return Portrait(
        person=person,
        state=state_of(person),
        roles=roles_of(who, [person.id]).get(person.id, []),
        exceptions=[ForCustomer(grant.customer, Role(grant.role)) for grant in managed(exceptions, who)],
        ours=is_ours(who, person),
        invited_by=inviter.name if inviter else "",
    )


def is_ours(who: Standing, person: Person) -> bool:
    """Whether the person works only for partners whose people `who` manages.

    Of anybody else, `who` may change the role over their own partner and nothing that reaches further.
    A grant counts whatever its role: it may be raised again.
    """
    if who.operator:
        return True
    elsewhere = Grant.select().where((Grant.person == person.id) & Grant.partner.not_in(who.partners_where(MANAGE)))
    return not person.operator and not elsewhere.exists()


def partners_to_invite_to(who: Standing) -> list[Partner]:
    """Open partners for which this person may invite, by name."""
    query = Partner.select().where(Partner.closed_at.is_null()).order_by(Partner.name_key)
    if not who.operator:
        query = query.where(Partner.id.in_(who.partners_where(MANAGE)))
    return list(query)


def find_customers(who: Standing, person_id: int, wanted: str) -> list[Customer]:
    """The first customers with this in their name, of the person's partners whose people `who` manages."""
    roles = roles_of(who, [find_person(who, person_id).id]).get(person_id, [])
    if not fold(wanted):
        return []
    query = Customer.select().where(
        Customer.partner.in_([held.partner.id for held in roles]) & Customer.name_key.contains(fold(wanted))
    )
    return list(query.order_by(Customer.name_key, Customer.id).limit(CUSTOMERS_FOUND))


def still_manages(who: Standing) -> bool:
    """Whether the person may manage people after a change of their own role."""
    administers = (Grant.person == who.id) & Grant.customer_id.is_null() & (Grant.role == Role.PARTNER_ADMIN)
    return who.operator or Grant.select().where(administers).exists()


@dataclass(frozen=True)
class OwnAccount:
    """What a person sees of themselves."""

    person: Person
    roles: list[Held]
    second_factor: bool
    codes_left: int


def own_account(who: Standing) -> OwnAccount:
    person = Person.get_by_id(who.id)
    grants = (
        Grant.select(Grant, Partner)
        .join(Partner)
        .where((Grant.person == person.id) & Grant.customer_id.is_null())
        .order_by(Partner.name_key)
    )
    return OwnAccount(
        person=person,
        roles=[Held(grant.partner, Role(grant.role)) for grant in grants],
        second_factor=person.tf_primary_method is not None,
        codes_left=len(person.mf_recovery_codes or []),
    )
