"""The first hour of an installation: nobody is there, then one person sets it up."""

import uuid
from dataclasses import dataclass

from blueprints.accounts.addresses import plain_address
from blueprints.accounts.rules import drop_second_factor
from blueprints.web.choices import known_currency, known_timezone
from blueprints.web.refusals import NotThere
from data import history
from data.accounts import Grant, Person
from data.database import database, is_sqlite, locked, transaction
from data.folding import fold
from data.moments import now
from data.partners import Partner
from data.roles import Role


class AlreadySetUp(NotThere):
    """Somebody is there, so there is no set-up page (any more)."""

    sentence = "This portal is set up. Sign in."


@dataclass(frozen=True)
class Installation:
    """What set-up made: the MSP and its first person."""

    partner_id: int
    person_id: int


def nobody_there() -> bool:
    return not Person.select().exists()


def nobody_there_yet() -> bool:
    """The same, asked outside of requests: leaves no connection open behind it."""
    with database.connection_context():
        return nobody_there()


def set_up(*, partner: str, currency: str, timezone: str, name: str, email: str, password_hash: str) -> Installation:
    """Make the MSP and its first person, who is operator and partner administrator at once.

    Two at once make one installation: the second is refused with AlreadySetUp. Raises Refused with a field for a
    currency or zone that does not exist, ValueError for what is no address.
    """
    with transaction():
        if not is_sqlite():
            database.execute_sql("LOCK TABLE person IN EXCLUSIVE MODE")  # there is no row yet that could be held
        if not nobody_there():
            raise AlreadySetUp
        msp = Partner.create(
            name=partner,
            name_key=fold(partner),
            currency=known_currency(currency),
            timezone=known_timezone(timezone),
            created_at=now(),
        )
        person = Person.create(
            name=name,
            email=plain_address(email),
            password=password_hash,
            operator=True,
            timezone=timezone,
            fs_uniquifier=uuid.uuid4().hex,
            created_at=now(),
        )
        Grant.create(person=person, partner=msp, role=Role.PARTNER_ADMIN, granted_at=now())
        history.record("installation.set_up", person, partner=msp.id, msp=partner)
    return Installation(msp.id, person.id)


def let_in(email: str, *, remove_second_factor: bool) -> str:
    """The uniquifier of who signs in with this address, for a link. Raises NotThere."""
    with transaction():
        person: Person | None = locked(Person.select().where(Person.email == email.strip().lower())).first()
        if person is None:
            raise NotThere("Nobody signs in with this address.")
        if remove_second_factor and person.tf_primary_method is not None:
            drop_second_factor(history.PORTAL, person)
    return person.fs_uniquifier


def database_answers() -> bool:
    """Whether the database is there and has our tables."""
    try:
        database.connect(reuse_if_open=True)
        nobody_there()
    except Exception:  # noqa: BLE001 - whatever it is, the answer is no
        return False
    return True
