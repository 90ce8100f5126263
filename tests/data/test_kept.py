"""Queries put together once give what Peewee gives, on either database."""

from collections.abc import Callable
from datetime import date

from flask import Flask

from data.accounts import Person
from data.customers import Customer
from data.kept import EVERY, Kept
from data.notes import Note
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
