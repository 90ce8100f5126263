"""Where a person stands: what their grants let them do, asked once per request and then only read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from data.accounts import Grant, Person
from data.database import database
from data.roles import PERMISSIONS, Role


@dataclass(frozen=True)
class Standing:
    """A person asking, with all their grants. Rules take it as `who`.

    `over_partners`: partner id → role. `over_customers`: customer id → (partner id, role), where a grant raises
    or lowers the partner's role for that one customer. Operators may everything, everywhere.
    """

    id: int
    name: str
    email: str
    timezone: str
    operator: bool
    over_partners: dict[int, Role] = field(default_factory=dict)
    over_customers: dict[int, tuple[int, Role]] = field(default_factory=dict)

    def may(self, permission: str) -> bool:
        """Whether any grant permits it somewhere."""
        if self.operator:
            return True
        held = [*self.over_partners.values(), *(role for _, role in self.over_customers.values())]
        return any(permission in PERMISSIONS[role] for role in held)

    def may_for_partner(self, permission: str, partner_id: int) -> bool:
        role = self.over_partners.get(partner_id, Role.NONE)
        return self.operator or permission in PERMISSIONS[role]

    def role_on(self, customer_id: int, partner_id: int) -> Role:
        """The role that counts for one customer; operators hold the highest."""
        if self.operator:
            return Role.PARTNER_ADMIN
        if customer_id in self.over_customers:
            return self.over_customers[customer_id][1]
        return self.over_partners.get(partner_id, Role.NONE)

    def may_for_customer(self, permission: str, customer_id: int, partner_id: int) -> bool:
        return permission in PERMISSIONS[self.role_on(customer_id, partner_id)]

    def partners_where(self, permission: str) -> list[int]:
        """Ids of partners over which the person's role permits it. Operators: see `partners.rules.partners_for`."""
        return [partner for partner, role in self.over_partners.items() if permission in PERMISSIONS[role]]

    def exceptions(self, permission: str) -> tuple[list[int], list[int]]:
        """Customer ids (raised, lowered): permitted though the partner's role does not, and the reverse."""
        raised, lowered = [], []
        for customer, (partner, role) in self.over_customers.items():
            by_partner = permission in PERMISSIONS[self.over_partners.get(partner, Role.NONE)]
            by_customer = permission in PERMISSIONS[role]
            if by_customer and not by_partner:
                raised.append(customer)
            elif by_partner and not by_customer:
                lowered.append(customer)
        return raised, lowered


# Asked before every page, so the SQL stands here ready: putting it together from Peewee's parts takes ten times as
# long as the answer.
BY_SESSION = """
SELECT person.id, person.name, person.email, person.timezone, person.operator,
  held.partner_id, held.customer_id, held.role
FROM person LEFT JOIN "grant" AS held ON held.person_id = person.id
WHERE person.fs_uniquifier = ? AND person.active"""


def standing_by(fs_uniquifier: str) -> Standing | None:
    """Who is signed in by this session, and where they stand; None for nobody, or somebody switched off."""
    rows = database.execute_sql(BY_SESSION.replace("?", database.param), (fs_uniquifier,)).fetchall()
    if not rows:
        return None
    person_id, name, email, timezone, operator = rows[0][:5]
    return standing(person_id, name, email, timezone, bool(operator), (row[5:] for row in rows if row[5] is not None))


def standing_of(person: Any) -> Standing:
    """Read the grants of a person (record): one query."""
    held = Grant.select(Grant.partner, Grant.customer_id, Grant.role).where(Grant.person == person.id).tuples()
    return standing(person.id, person.name, person.email, person.timezone, person.operator, held)


def standing(
    person_id: int, name: str, email: str, timezone: str, operator: bool, held: Iterable[tuple[int, int | None, str]]
) -> Standing:
    """`held`: partner, customer (None: the role is over the whole partner) and role of each grant."""
    over_partners: dict[int, Role] = {}
    over_customers: dict[int, tuple[int, Role]] = {}
    for partner_id, customer_id, role in held:
        if customer_id is None:
            over_partners[partner_id] = Role(role)
        else:
            over_customers[customer_id] = (partner_id, Role(role))
    return Standing(person_id, name, email, timezone, operator, over_partners, over_customers)


def active_person(person_id: int) -> Person | None:
    return Person.get_or_none((Person.id == person_id) & Person.active)
