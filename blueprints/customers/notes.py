"""Notes on a customer: written by those who work on it, edited by any of them, removed by author or administrator."""

from dataclasses import dataclass

from peewee import JOIN

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer, may_on
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere
from data import history
from data.accounts import Person
from data.customers import Customer
from data.database import transaction
from data.kept import EVERY, Kept
from data.moments import now
from data.notes import Note, NoteVersion
from data.roles import Role

PAGE = 10
LONGEST = 10_000  # characters
ADMINISTRATORS = (Role.PARTNER_ADMIN, Role.MSP_ADMIN)


class EditedMeanwhile(ChangedMeanwhile):
    sentence = (
        "Someone else edited this note while you were writing. Both texts are here; nothing of yours is saved yet."
    )


class NotTheirNote(MayNot):
    sentence = "A note is removed by its author or by an administrator."


@dataclass(frozen=True)
class Shown:
    """A note as one person sees it."""

    note: Note
    may_edit: bool
    may_remove: bool


@dataclass(frozen=True)
class Notes:
    """Some notes of a customer, newest first. `older`: the key to go on with, if there are more."""

    notes: tuple[Shown, ...]
    older: int | None
    may_write: bool


# --- reading ------------------------------------------------------------------------------------------

Editor = Person.alias("editor")
WITH_PEOPLE = (
    Note.select(Note, Person.id, Person.name, Editor.id, Editor.name)
    .join(Person, on=(Note.author == Person.id), attr="author")
    .join(Editor, JOIN.LEFT_OUTER, on=(Note.edited_by == Editor.id), src=Note, attr="edited_by")
)

notes_before = Kept(
    lambda customer, key, most: (
        WITH_PEOPLE.where((Note.customer == customer) & (Note.id < key)).order_by(Note.id.desc()).limit(most)
    )
)


def may_write(who: Standing, customer: Customer) -> bool:
    return may_on(who, customer, "customers.edit")


def shown_to(who: Standing, customer: Customer, note: Note) -> Shown:
    """The note with what this person may do to it. Asks the database nothing."""
    writes = may_write(who, customer)
    administers = who.role_on(customer.id, customer.partner_id) in ADMINISTRATORS
    return Shown(note, writes, writes and (administers or note.author_id == who.id))


def notes_of(who: Standing, customer: Customer, before: int = 0, most: int = PAGE) -> Notes:
    """The newest notes, or those older than the note `before`, at most so many: one query."""
    found = notes_before(customer.id, before or EVERY, most + 1)
    older = found[most - 1].id if len(found) > most else None
    return Notes(tuple(shown_to(who, customer, note) for note in found[:most]), older, may_write(who, customer))


def find_note(
    who: Standing, customer_id: int, note_id: int, permission: str = "customers.see"
) -> tuple[Customer, Shown]:
    """The note and its customer. Raises NotThere, for notes of other customers too; MayNot for readers."""
    customer = find_customer(who, customer_id, permission)
    note = WITH_PEOPLE.where((Note.id == note_id) & (Note.customer == customer)).first()
    if note is None:
        raise NotThere
    return customer, shown_to(who, customer, note)


def earlier_versions(note: Note) -> list[NoteVersion]:
    """What the note said before, newest first, each with its writer."""
    versions = NoteVersion.select(NoteVersion, Person.id, Person.name).join(Person)
    return list(versions.where(NoteVersion.note == note).order_by(NoteVersion.version.desc()))


# --- writing ------------------------------------------------------------------------------------------


def add_note(who: Standing, customer_id: int, text: str) -> Note:
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit")
        note: Note = Note.create(customer=customer, text=text, author=who.id, created_at=now())
        history.record("note.added", who, partner=customer.partner_id, customer=customer.id)
    return note


def edit_note(who: Standing, customer_id: int, note_id: int, version: int, text: str) -> bool:
    """Keep what it said as an earlier version. False when the text is the same, so that nothing was saved.

    `version`: the one the person saw. Raises EditedMeanwhile when there is a newer one.
    """
    with transaction():
        customer, shown = find_note(who, customer_id, note_id, "customers.edit")
        note = shown.note
        if note.text == text:
            return False
        changed = Note.update(text=text, edited_at=now(), edited_by=who.id, version=Note.version + 1).where(
            (Note.id == note.id) & (Note.version == version)
        )
        if not changed.execute():
            raise EditedMeanwhile
        NoteVersion.create(
            note=note,
            version=version,
            text=note.text,
            written_at=note.edited_at or note.created_at,
            written_by=note.edited_by_id or note.author_id,
        )
        history.record("note.edited", who, partner=customer.partner_id, customer=customer.id)
    return True


def remove_note(who: Standing, customer_id: int, note_id: int, version: int) -> None:
    """Take the note and its earlier versions away for good; the history says that it was there.

    Raises NotTheirNote, and EditedMeanwhile when it says something newer than the person saw.
    """
    with transaction():
        customer, shown = find_note(who, customer_id, note_id, "customers.edit")
        if not shown.may_remove:
            raise NotTheirNote
        if not Note.delete().where((Note.id == note_id) & (Note.version == version)).execute():
            raise EditedMeanwhile("Someone edited this note meanwhile. Read it again before you remove it.")
        author = shown.note.author.name
        history.record("note.removed", who, partner=customer.partner_id, customer=customer.id, author=author)
