"""Queries put together once give what Peewee gives, on either database."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from flask import Flask
from peewee import JOIN

from data.accounts import Person
from data.customers import Customer
from data.kept import EVERY, Kept
from data.notes import Note
from data.partners import PriceTier
from tests.customers.writing import a_note
from tests.factories import World, a_customer

Editor = Person.alias("editor")


def written(customer: int, before: int) -> object:
    mine = (Note.customer == customer) & (Note.id < before) & (Note.text != "nothing")
    joined = Note.select(Note, Person.id, Person.name).join(Person, on=(Note.author == Person.id), attr="author")
    return joined.where(mine).order_by(Note.id.desc()).limit(2)


def test_gives_the_rows_of_the_query_with_what_it_joins(app: Flask, world: World) -> None:
    kept = Kept(written)
    first, second = (a_customer(world.northstar, status="complete") for _ in range(2))
    notes = [a_note(first, author, "100 %s ?") for author in (world.admin, world.technician, world.viewer)]
    for _ in range(2):
        assert [(note.id, note.text, note.author.name) for note in kept(first.id, EVERY)] == [
            (note.id, "100 %s ?", note.author.name) for note in (notes[2], notes[1])
        ]
        assert kept(second.id, EVERY) == []
        assert [note.id for note in kept(first.id, notes[1].id)] == [notes[0].id]
    assert kept.first(first.id, notes[0].id) is None
    assert kept.first(first.id, EVERY).created_at.tzinfo is not None


def test_asks_the_database_each_time(app: Flask, world: World, statements: Callable) -> None:
    kept, customer = Kept(written), a_customer(world.northstar, status="complete")
    assert kept(customer.id, EVERY) == []
    a_note(customer, world.admin)
    assert len(kept(customer.id, EVERY)) == 1
    assert statements(lambda: kept(customer.id, EVERY)) == 1


def test_a_plain_row_is_the_record_that_peewee_makes(app: Flask, world: World) -> None:
    customer = a_customer(world.northstar, status="complete", subscription_start=date(2026, 2, 28))
    [found] = Kept(lambda number: Customer.select().where(Customer.id == number))(customer.id)
    assert found.__data__ == Customer.get_by_id(customer.id).__data__
    assert (found.partner.name, found.dirty_fields) == ("Northstar IT", [])
    found.city = "Gent"
    found.save()
    assert Customer.get_by_id(customer.id).city == "Gent"
    [few] = Kept(lambda number: Customer.select(Customer.id, Customer.name).where(Customer.id == number))(customer.id)
    assert (few.name, few.city) == (customer.name, None)


def test_what_never_changes_is_written_into_the_statement_as_it_is(app: Flask, world: World) -> None:
    for odd in ("it's “so” 100 % of \\ %s", "really?"):
        customer = a_customer(world.northstar, status="complete", city=odd)
        kept = Kept(lambda number, odd=odd: Customer.select().where((Customer.id == number) & (Customer.city == odd)))
        assert [found.id for found in kept(customer.id)] == [customer.id]


def test_what_may_be_missing_is_none(app: Flask, world: World) -> None:
    note = a_note(a_customer(world.northstar, status="complete"), world.admin)
    joined = Note.select(Note, Person.id, Person.name, Editor.id, Editor.name)
    joined = joined.join(Person, on=(Note.author == Person.id), attr="author")
    joined = joined.join(Editor, JOIN.LEFT_OUTER, on=(Note.edited_by == Editor.id), src=Note, attr="edited_by")
    kept = Kept(lambda number: joined.where(Note.id == number))
    [found] = kept(note.id)
    assert (found.author.name, found.author_id, found.edited_by) == (world.admin.name, world.admin.id, None)
    assert found.dirty_fields == found.author.dirty_fields == []
    Note.update(edited_by=world.viewer.id).execute()
    assert kept(note.id)[0].edited_by.name == world.viewer.name


def test_money_is_as_exact_as_peewee_gives_it(app: Flask, world: World) -> None:
    by_peewee = PriceTier.select().order_by(PriceTier.id)
    kept = Kept(lambda least: PriceTier.select().where(PriceTier.id >= least).order_by(PriceTier.id))(1)
    assert [tier.monthly_per_user for tier in kept] == [tier.monthly_per_user for tier in by_peewee]
    assert isinstance(kept[0].monthly_per_user, Decimal)
