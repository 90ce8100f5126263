"""Letting people in: an invitation by letter, whose link lets them set their password once."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from blueprints.accounts.addresses import plain_address
from blueprints.accounts.people import find_person
from blueprints.accounts.rules import changed, hold_partner, only_partner, over_partner, partners_of
from blueprints.accounts.standing import Standing
from blueprints.mailroom.letters import drawn
from blueprints.mailroom.rules import write
from blueprints.web.refusals import NotThere, Refused
from data import history
from data.accounts import Grant, Person
from data.database import locked, transaction
from data.moments import now
from data.roles import ROLE_LABELS, Role


class AlreadyHere(Refused):
    sentence = "Somebody with this address is among your people already."


class AlreadyAccepted(Refused):
    sentence = "This invitation was accepted already."


class InvitationEnded(NotThere):
    sentence = "This invitation has ended: it was used, a newer one was sent, or seven days have gone by."


@dataclass(frozen=True)
class Doors:
    """Addresses for letters. `invitation`: uniquifier → where the person sets a password; `portal`: the front."""

    invitation: Callable[[str], str]
    portal: str


def invite(who: Standing, partner_id: int, name: str, email: str, role: Role, doors: Doors) -> None:
    """Let somebody in: a new person gets an invitation, a known one a grant more. Nothing tells the two apart.

    Raises AlreadyHere for who holds a grant over the partner; NotThere, PartnerClosed.
    """
    with transaction():
        partner = hold_partner(who, partner_id)
        person = person_with(plain_address(email), name, partner.timezone, who)
        if over_partner(person, partner):
            raise AlreadyHere(field="email")
        Grant.create(person=person, partner=partner, role=role, granted_at=now())
        history.record("person.invited", who, partner=partner.id, name=name, email=person.email, role=ROLE_LABELS[role])
        if person.password is None:
            write_invitation(who, person, partner.name, doors)
        elif person.active:
            write_welcome(who, person, partner.name, doors)


def person_with(email: str, name: str, timezone: str, who: Standing) -> Person:
    """The person with this address, made if there is none; two at once make one."""
    Person.insert(
        email=email,
        name=name,
        timezone=timezone,
        created_at=now(),
        invited_by_id=who.id,
        fs_uniquifier=uuid.uuid4().hex,
    ).on_conflict_ignore().execute()
    return locked(Person.select().where(Person.email == email)).get()


def write_invitation(who: Standing, person: Person, partner: str, doors: Doors) -> None:
    """A new link in a letter; earlier links end. No partner on the letter: whoever reads the link can use it."""
    person.fs_uniquifier = uuid.uuid4().hex
    person.save()
    text, html = drawn(
        "accounts_invitation",
        reader=person.name,
        inviter=who.name,
        partner=partner,
        link=doors.invitation(person.fs_uniquifier),
    )
    write(
        who,
        kind="invitation",
        to_email=person.email,
        to_name=person.name,
        subject=f"{who.name} invites you to {partner or 'Quayside'}",
        text=text,
        html=html,
    )


def write_welcome(who: Standing, person: Person, partner: str, doors: Doors) -> None:
    """To somebody who signs in already: there is more to see now."""
    text, html = drawn("accounts_access", reader=person.name, inviter=who.name, partner=partner, link=doors.portal)
    write(
        who,
        kind="access_given",
        to_email=person.email,
        to_name=person.name,
        subject=f"You can now work for {partner}",
        text=text,
        html=html,
    )


def invite_again(who: Standing, person_id: int, doors: Doors) -> Person:
    """Another letter with a new link. Raises AlreadyAccepted; NotThere."""
    with transaction():
        person = find_person(who, person_id, for_update=True)
        if person.password is not None or not person.active:
            raise AlreadyAccepted
        partners = partners_of(who, person)
        write_invitation(who, person, ", ".join(partner.name for partner in partners), doors)
        history.record(
            "person.invited_again",
            who,
            partner=partners[0].id if partners else None,
            name=person.name,
            email=person.email,
        )
    return person


def invited_person(uniquifier: str, *, for_update: bool = False) -> Person:
    """Who may accept with this uniquifier. Raises InvitationEnded."""
    may_accept = (Person.fs_uniquifier == uniquifier) & Person.password.is_null() & Person.active
    query = Person.select().where(may_accept)
    person: Person | None = (locked(query) if for_update else query).first()
    if person is None:
        raise InvitationEnded
    return person


def accept(uniquifier: str, password_hash: str) -> Person:
    """The invited person has a password from now on. Raises InvitationEnded, also for the second of two at once."""
    with transaction():
        person = invited_person(uniquifier, for_update=True)
        person.password = password_hash
        person.fs_uniquifier = uuid.uuid4().hex
        changed(person)
        history.record("person.accepted", person, partner=only_partner(person), name=person.name)
    return person
