"""People: giving and taking roles, switching off and on; and what people change about themselves."""

import uuid

from blueprints.accounts.addresses import plain_address
from blueprints.accounts.people import find_person, is_ours
from blueprints.accounts.standing import Standing
from blueprints.mailroom.letters import drawn
from blueprints.mailroom.rules import write
from blueprints.web.choices import known_timezone
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import history
from data.accounts import Grant, Person
from data.customers import Customer
from data.database import locked, transaction
from data.moments import now
from data.partners import Partner
from data.roles import ROLE_LABELS, Role

ROLE_CHOICES = tuple((role.value, label) for role, label in ROLE_LABELS.items())
USUAL_ROLE = Role.TECHNICIAN.value


class LastAdministrator(Refused):
    """A partner keeps somebody who can let people in."""

    def __init__(self, partner: str, name: str) -> None:
        super().__init__(
            f"{name} is the last partner administrator of {partner} who can sign in. "
            "Make somebody else partner administrator first.",
            "role",
        )


class LastOperator(Refused):
    sentence = "This is the last operator who can sign in. Make somebody else operator first."


class NotYourself(Refused):
    sentence = "You cannot switch yourself off. Another administrator can."


class WorksElsewhere(Refused):
    sentence = (
        "This person works for others on this installation too, so only an operator can change the person. "
        "You decide about the role here: “No access” takes it away."
    )


class PartnerClosed(Refused):
    sentence = "This partner is closed. Open it again first."


class AddressTaken(Refused):
    sentence = "Somebody else signs in with this address."


def change_person(who: Standing, person_id: int, version: int, name: str, email: str) -> Person:
    """Correct a name; for operators an address too. Raises WorksElsewhere, AddressTaken, ChangedMeanwhile, NotThere."""
    with transaction():
        person = find_person(who, person_id, for_update=True)
        seen(person, version)
        if not is_ours(who, person):
            raise WorksElsewhere
        changes = []
        if name != person.name:
            changes.append(f"name {person.name} → {name}")
        if who.operator and email and (email := plain_address(email)) != person.email:
            if Person.select().where(Person.email == email).exists():
                raise AddressTaken(field="email")
            changes.append(f"address {person.email} → {email}")
            tell_old_address(who, person, email)
            person.email, person.fs_uniquifier = email, uuid.uuid4().hex
        person.name = name
        if changes:
            changed(person)
            record_changes(who, person, changes)
    return person


def tell_old_address(who: Standing, person: Person, email: str) -> None:
    text, html = drawn("accounts_address_changed", reader=person.name, email=email, changed_by=who.name)
    write(
        who,
        kind="address_changed",
        to_email=person.email,
        to_name=person.name,
        subject="You sign in to Quayside with another address now",
        text=text,
        html=html,
    )


def change_role(who: Standing, person_id: int, partner_id: int, role: Role, version: int) -> Person:
    """Another role over a partner, down to none. Raises LastAdministrator, ChangedMeanwhile, NotThere."""
    with transaction():
        partner = hold_partner(who, partner_id)
        person = find_person(who, person_id, for_update=True)
        seen(person, version)
        grant = over_partner(person, partner)
        if grant is None:
            raise NotThere
        before = Role(grant.role)
        if before == role:
            return person
        if before == Role.PARTNER_ADMIN:
            keep_an_administrator(who, partner, person)
        grant.role = role
        grant.save()
        changed(person)
        history.record(
            "person.role_changed",
            who,
            partner=partner.id,
            name=person.name,
            before=ROLE_LABELS[before],
            after=ROLE_LABELS[role],
        )
    return person


def change_customer_role(who: Standing, person_id: int, customer_id: int, role: Role | None, version: int) -> Person:
    """Raise or lower for one customer; None: as over the partner again. Raises ChangedMeanwhile, NotThere."""
    with transaction():
        customer: Customer | None = Customer.get_or_none(Customer.id == customer_id)
        if customer is None:
            raise NotThere
        partner = hold_partner(who, customer.partner_id)
        person = find_person(who, person_id, for_update=True)
        seen(person, version)
        usual = over_partner(person, partner)
        if usual is None:
            raise NotThere
        this = (Grant.person == person.id) & (Grant.customer_id == customer.id)
        before = Grant.get_or_none(this)
        Grant.delete().where(this).execute()
        if role is not None:
            Grant.create(person=person, partner=partner, customer_id=customer.id, role=role, granted_at=now())
        changed(person)
        as_usual = f"as over {partner.name}"
        history.record(
            "person.customer_role_changed",
            who,
            partner=partner.id,
            customer=customer.id,
            company=customer.name,
            name=person.name,
            before=ROLE_LABELS[Role(before.role)] if before else as_usual,
            after=ROLE_LABELS[role] if role is not None else as_usual,
        )
    return person


def switch_off(who: Standing, person_id: int, version: int) -> Person:
    """No access from the next request on. Raises NotYourself, WorksElsewhere, LastAdministrator, LastOperator."""
    with transaction():
        if person_id == who.id:
            raise NotYourself
        partners = hold_partners_of(find_person(who, person_id))
        hold_operators()
        person = find_person(who, person_id, for_update=True)
        seen(person, version)
        if not is_ours(who, person):
            raise WorksElsewhere
        for partner in partners:
            if is_administrator(person, partner):
                keep_an_administrator(who, partner, person)
        if person.operator:
            keep_an_operator(who, person)
        person.active = False
        person.fs_uniquifier = uuid.uuid4().hex
        changed(person)
        history.record("person.switched_off", who, partner=only_partner(person), name=person.name)
    return person


def switch_on(who: Standing, person_id: int, version: int) -> Person:
    with transaction():
        person = find_person(who, person_id, for_update=True)
        seen(person, version)
        if not is_ours(who, person):
            raise WorksElsewhere
        person.active = True
        changed(person)
        history.record("person.switched_on", who, partner=only_partner(person), name=person.name)
    return person


def remove_second_factor(who: Standing, person_id: int, version: int) -> Person:
    """For who lost the device and the recovery codes: the password alone opens again. Raises WorksElsewhere."""
    with transaction():
        person = find_person(who, person_id, for_update=True)
        seen(person, version)
        if not is_ours(who, person):
            raise WorksElsewhere
        drop_second_factor(who, person)
    return person


def drop_second_factor(who: object, person: Person) -> None:
    person.tf_primary_method = person.tf_totp_secret = person.tf_last_counter = person.mf_recovery_codes = None
    changed(person)
    history.record("person.second_factor_removed", who, partner=only_partner(person), name=person.name)


def set_operator(who: Standing, person_id: int, operator: bool, version: int) -> Person:
    """Operators make operators, and unmake them down to the last. Raises MayNot, LastOperator, ChangedMeanwhile."""
    if not who.operator:
        raise MayNot
    with transaction():
        hold_operators()
        person = find_person(who, person_id, for_update=True)
        seen(person, version)
        if person.operator and not operator:
            keep_an_operator(who, person)
        person.operator = operator
        changed(person)
        told = "now an operator" if operator else "no longer an operator"
        history.record("person.changed", who, name=person.name, changes=told)
    return person


def change_own(who: Standing, version: int, name: str, timezone: str) -> None:
    """A person's own name and time zone. Raises ChangedMeanwhile, Refused for an unknown zone."""
    with transaction():
        person = locked(Person.select().where(Person.id == who.id)).get()
        seen(person, version)
        changes = []
        if name != person.name:
            changes.append(f"name {person.name} → {name}")
        if timezone != person.timezone:
            changes.append(f"time zone {person.timezone} → {known_timezone(timezone)}")
        if changes:
            person.name, person.timezone = name, timezone
            changed(person)
            record_changes(who, person, changes)


def sign_out_everywhere(who: Standing) -> str:
    """End every session of the person, and every link sent to them; the new uniquifier, for a session to stay."""
    with transaction():
        person = locked(Person.select().where(Person.id == who.id)).get()
        person.fs_uniquifier = uuid.uuid4().hex
        person.save()
        history.record("person.signed_out_everywhere", who, partner=only_partner(person), name=person.name)
    return person.fs_uniquifier


def record_changes(who: Standing, person: Person, changes: list[str]) -> None:
    told = "; ".join(changes)
    history.record("person.changed", who, partner=only_partner(person), name=person.name, changes=told)


def seen(person: Person, version: int) -> None:
    if person.version != version:
        raise ChangedMeanwhile


def changed(person: Person) -> None:
    person.version += 1
    person.save()


def hold_partner(who: Standing, partner_id: int) -> Partner:
    """The partner, held: changes to its people wait for one another. Raises NotThere, PartnerClosed."""
    partner: Partner | None = locked(Partner.select().where(Partner.id == partner_id)).first()
    if partner is None or not who.may_for_partner("people.manage", partner_id):
        raise NotThere
    if partner.closed_at is not None:
        raise PartnerClosed
    return partner


def hold_partners_of(person: Person) -> list[Partner]:
    """The partners the person works for, held, in the order of their ids so that two never wait for each other."""
    theirs = Grant.select(Grant.partner).where((Grant.person == person.id) & Grant.customer_id.is_null())
    return list(locked(Partner.select().where(Partner.id.in_(theirs)).order_by(Partner.id)))


def hold_operators() -> None:
    list(locked(Person.select(Person.id).where(Person.operator).order_by(Person.id)))


def over_partner(person: Person, partner: Partner) -> Grant | None:
    found: Grant | None = Grant.get_or_none(
        (Grant.person == person.id) & (Grant.partner == partner.id) & Grant.customer_id.is_null()
    )
    return found


def is_administrator(person: Person, partner: Partner) -> bool:
    grant = over_partner(person, partner)
    return grant is not None and Role(grant.role) == Role.PARTNER_ADMIN


def can_sign_in() -> object:
    return Person.active & Person.password.is_null(False)


def keep_an_administrator(who: Standing, partner: Partner, person: Person) -> None:
    """Call with the partner held. Raises LastAdministrator unless somebody else can manage its people.

    Who was invited and never came counts for nothing, so such a person may always go.
    """
    if person.id != who.id and (person.password is None or not person.active):
        return
    others = (
        Grant.select()
        .join(Person)
        .where(
            (Grant.partner == partner.id)
            & Grant.customer_id.is_null()
            & (Grant.role == Role.PARTNER_ADMIN)
            & (Person.id != person.id)
            & can_sign_in()
        )
    )
    if not others.exists():
        raise LastAdministrator(partner.name, person.name)


def keep_an_operator(who: Standing, person: Person) -> None:
    """Call with the operators held. Raises LastOperator unless another operator can sign in."""
    if person.id != who.id and (person.password is None or not person.active):
        return
    if not Person.select().where(Person.operator & (Person.id != person.id) & can_sign_in()).exists():
        raise LastOperator


def partners_of(who: Standing, person: Person) -> list[Partner]:
    """The partners for which the person works and `who` manages people, by name."""
    theirs = Grant.select(Grant.partner).where((Grant.person == person.id) & Grant.customer_id.is_null())
    query = Partner.select().where(Partner.id.in_(theirs)).order_by(Partner.name_key)
    return [partner for partner in query if who.may_for_partner("people.manage", partner.id)]


def only_partner(person: Person) -> int | None:
    """The partner in whose history a line about the person stands: the only one they work for, if it is one."""
    grants = Grant.select(Grant.partner).where(Grant.person == person.id).distinct().limit(2)
    partners = [grant.partner_id for grant in grants]
    return partners[0] if len(partners) == 1 else None
