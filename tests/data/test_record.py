"""Saving a record: as Peewee does it, with the statements kept."""

import pytest
from peewee import IntegrityError

from data.attachments import Content
from data.customers import Contact, Customer
from tests.factories import World, a_prospect


def test_a_new_row_reads_back_as_it_was_made(world: World) -> None:
    customer = a_prospect(world.northstar, "Kept")
    lead = Contact.create(customer=customer, first_name="Zoë", email="zoe@kept.example")
    read = Contact.get_by_id(lead.id)
    assert (read.first_name, read.kind, read.phone, read.customer_id) == ("Zoë", "other", "", customer.id)
    assert not lead.dirty_fields


def test_only_what_was_changed_is_written(world: World) -> None:
    mine, theirs = a_prospect(world.northstar, "Twice"), Customer.get(Customer.name == "Twice")
    mine.city, theirs.street = "Bergen", "Quay 4"
    assert (mine.save(), theirs.save()) == (1, 1)
    read = Customer.get_by_id(mine.id)
    assert (read.city, read.street) == ("Bergen", "Quay 4")


def test_nothing_changed_is_nothing_written(world: World) -> None:
    assert Customer.get_by_id(a_prospect(world.northstar).id).save() is False


def test_a_row_that_is_gone_says_that_nothing_was_written(world: World) -> None:
    customer = a_prospect(world.northstar)
    Customer.delete().where(Customer.id == customer.id).execute()
    customer.city = "Nowhere"
    assert customer.save() == 0


def test_an_expression_is_reckoned_by_the_database(world: World) -> None:
    customer = a_prospect(world.northstar)
    Customer.update(version=7).where(Customer.id == customer.id).execute()
    customer.version = Customer.version + 1
    customer.save()
    assert Customer.get_by_id(customer.id).version == 8


def test_a_row_may_come_with_its_key(world: World) -> None:
    customer = a_prospect(world.northstar)
    Contact.create(id=900_001, customer=customer, first_name="Given")
    assert Contact.get_by_id(900_001).first_name == "Given"
    Content.create(sha256="0" * 64, content=b"bytes", size=5)
    assert bytes(Content.get_by_id("0" * 64).content) == b"bytes"


def test_a_row_made_before_what_it_belongs_to_follows_it(world: World) -> None:
    customer = a_prospect(world.northstar)
    unsaved = Customer(**{name: value for name, value in customer.__data__.items() if name != "id"})
    unsaved.primary_domain = "follows.example"
    contact = Contact(customer=unsaved, first_name="First")
    unsaved.save()
    contact.save()
    assert Contact.get_by_id(contact.id).customer_id == unsaved.id


def test_what_the_schema_refuses_is_refused(world: World) -> None:
    with pytest.raises(IntegrityError):
        Contact.create(customer=999_999_999)
