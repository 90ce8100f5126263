"""What the search looks through is what the records say, however they were written."""

from typing import Any

import pytest

from data import findable, sample
from data.customers import Contact, Customer
from data.database import database, is_sqlite, transaction
from data.moments import now
from data.notes import Note
from data.orders import Order, OrderLine
from data.sample import finding
from tests.factories import World, a_customer
from tests.orders.drafts import a_draft


def kept() -> set[tuple[Any, ...]]:
    found = database.execute_sql(f"SELECT {findable.COLUMNS} FROM findable").fetchall()
    return {tuple(row) for row in found}


def as_it_should_be() -> set[tuple[Any, ...]]:
    """Every row told anew from the records, one by one."""
    rows = set()
    for record in (Customer, Contact, Order, Note):
        source = findable.SOURCES[record._meta.table_name]
        for each in record.select():
            customer = each if record is Customer else each.customer
            keys = source.keys(*(getattr(each, field) for field in source.fields))
            place = source.place + findable.PAST * (customer.shelf == "past")
            if keys.text:
                ids = (place, place << findable.RECORD_BITS | findable.LAST - each.id, customer.partner_id, customer.id)
                rows.add((*ids, *keys[:3], keys.text))
    return rows


def assert_true() -> None:
    assert kept() == as_it_should_be()
    if is_sqlite():
        database.execute_sql("INSERT INTO findable_search (findable_search, rank) VALUES ('integrity-check', 1)")


@pytest.fixture
def customer(world: World) -> Customer:
    """With a contact, an order and two notes."""
    customer = a_customer(world.northstar, "Müller", "in_progress", primary_domain="xn--mller-kva.example")
    order = a_draft(world, customer)
    order.order_number = "PO 7"
    order.save()
    for text in ("First", "Second ﬁne\n\ntext"):
        Note.create(customer=customer, text=text, author=world.admin, created_at=now())
    return customer


def test_each_record_has_its_row(customer: Customer) -> None:
    assert_true()
    assert len(kept()) == 5
    texts = {row[-1] for row in kept()}
    assert {"\n muller\n xn--mller-kva.example\n muller.example\n", " second fine text", "\n po 7\n"} <= texts


def test_what_changes_hands_or_shelf_takes_everything_along(world: World, customer: Customer) -> None:
    customer.status, customer.shelf = "transferred", "past"
    customer.save()
    assert_true()
    customer.partner = world.harbour
    customer.save()
    assert_true()
    customer.status, customer.shelf = "complete", "complete"
    customer.save()
    assert_true()
    assert {row[2] for row in kept()} == {world.harbour.id}


def test_every_way_of_writing_is_seen(world: World, customer: Customer) -> None:
    note = Note.get(Note.text == "First")
    assert Note.update(text="Rewritten", version=Note.version + 1).where(Note.id == note.id).execute() == 1
    assert Note.update(text="Not there").where(Note.id == 0).execute() == 0
    assert Contact.update(phone="+4930123").execute() == 1
    assert_true()
    contact = Contact.get()
    contact.first_name = contact.last_name = contact.email = contact.phone = ""
    contact.save()
    Order.update(order_number="").execute()
    assert_true()
    assert len(kept()) == 3
    Customer.update(permitted_users=9).execute()
    assert_true()


def test_rows_leave_with_their_records(customer: Customer) -> None:
    Note.delete().where(Note.text == "First").execute()
    Contact.delete().execute()
    assert_true()
    OrderLine.delete().execute()
    Order.get().delete_instance()
    assert_true()
    customer.delete_instance()
    assert kept() == set()


def test_a_transaction_that_breaks_off_leaves_the_row_as_it_was(customer: Customer) -> None:
    before = kept()
    with pytest.raises(RuntimeError), transaction():  # noqa: PT012 - what breaks off is what was begun
        Note.update(text="Never").execute()
        raise RuntimeError
    assert kept() == before
    assert_true()


def test_writing_many_past_the_search_is_refused(world: World, customer: Customer) -> None:
    with pytest.raises(TypeError, match="findable.fill"):
        Note.insert_many([{"customer": customer, "text": "Unseen", "author": world.admin, "created_at": now()}])


def test_saving_what_is_not_searched_costs_nothing(customer: Customer, statements: Any) -> None:
    customer.permitted_users += 1
    assert statements(customer.save) == 1
    customer.name = "Möller"
    assert statements(customer.save) == 2


@pytest.mark.parametrize("many", [1, 100_000], ids=["indexes-built-anew", "row-by-row"])
def test_a_sample_is_found_too(world: World, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(finding, "MANY", many)
    sample.load(60, 1, say=lambda _: None)
    assert_true()
    assert len(kept()) > 200
    customer = Customer.select().where(Customer.shelf == "complete").first()
    customer.name = "Renamed by hand"
    customer.save()
    assert_true()


def test_filling_again_changes_nothing(customer: Customer) -> None:
    before = kept()
    findable.fill()
    assert kept() == before
    database.execute_sql("DELETE FROM findable")
    findable.fill()
    assert kept() == before
    assert_true()
