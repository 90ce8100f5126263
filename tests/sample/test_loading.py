"""Loading a sample: counts, search and indexes stay true, for the right partners, whole or not at all."""

from collections import Counter as Tally
from typing import Any

import pytest
from peewee import fn

from blueprints.partners.prices import prices_on
from data import sample
from data.accounts import Grant, Person
from data.customers import Customer
from data.database import database, is_sqlite
from data.moments import now
from data.orders import Counter, Order, OrderLine
from data.partners import ContractedPrice, Product
from data.sample import aside
from tests.factories import World, a_partner, a_prospect
from tests.sample.samples import LARGE, SMALL, load, submitted, tally

# --- counts, search, indexes --------------------------------------------------------------------------


def assert_counts_and_search_are_true() -> None:
    kept = database.execute_sql("SELECT partner_id, shelf, letter, n FROM customer_count WHERE n <> 0").fetchall()
    counted = Tally((c.partner_id, c.shelf, c.letter) for c in Customer.select())
    assert {tuple(row[:3]): row[3] for row in kept} == counted
    if is_sqlite():
        database.execute_sql("INSERT INTO customer_search (customer_search, rank) VALUES ('integrity-check', 1)")


def schema() -> list[tuple[Any, ...]]:
    """Tables, indexes and triggers by their own words, and whether triggers are on."""
    if is_sqlite():
        return sorted(database.execute_sql("SELECT type, name, sql FROM sqlite_master WHERE sql <> ''").fetchall())
    indexes = database.execute_sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'").fetchall()
    triggers = database.execute_sql("SELECT tgname, tgenabled::text FROM pg_trigger").fetchall()
    return sorted(indexes) + sorted(triggers)


def page_cache() -> int:
    """Of SQLite's connection, in its own count."""
    return aside.value("PRAGMA cache_size") if is_sqlite() else 0


def test_kept_counts_equal_a_recount_and_search_knows_every_name(large: World) -> None:
    assert_counts_and_search_are_true()
    if is_sqlite():
        for customer in Customer.select().where(fn.LENGTH(Customer.name_key) >= 3).limit(200):
            found = "SELECT 1 FROM customer_search WHERE rowid = ? AND customer_search MATCH ?"
            phrase = '"' + customer.name_key.replace('"', '""') + '"'
            assert database.execute_sql(found, (customer.id, phrase)).fetchone(), customer.name


def test_a_load_that_builds_indexes_anew_leaves_them_as_they_were(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "MANY", 100)
    before = schema()
    load(LARGE)
    assert schema() == before
    assert_counts_and_search_are_true()
    if is_sqlite():
        assert database.execute_sql("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute_sql("PRAGMA foreign_key_check").fetchall() == []


def test_customers_are_counted_found_and_numbered_as_before_afterwards(large: World) -> None:
    added = a_prospect(large.northstar, "Written by hand")
    assert_counts_and_search_are_true()
    Customer.delete().where(Customer.id == added.id).execute()
    assert_counts_and_search_are_true()


def test_loading_twice_adds_more(world: World) -> None:
    load(SMALL, seed=3)
    load(SMALL, seed=3)
    assert Customer.select().count() == 2 * SMALL
    assert max(tally(Customer.select(Customer.primary_domain)).values()) == 1
    numbers = sorted(int(order.addendum_number[5:]) for order in submitted())
    assert numbers == list(range(1, len(numbers) + 1))
    assert_counts_and_search_are_true()


def test_a_load_that_breaks_off_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "MANY", 100)
    before, cache = schema(), page_cache()

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample.load(LARGE, 1, say=stop)
    assert (schema(), page_cache()) == (before, cache)
    assert not Customer.select().exists()
    assert not Order.select().exists()
    assert Counter.get(Counter.name == "addendum").last == 0
    load(SMALL)
    assert_counts_and_search_are_true()


# --- for whom -----------------------------------------------------------------------------------------


def test_a_small_sample_is_for_the_first_partner(small: World) -> None:
    assert set(tally(Customer.select(Customer.partner_id))) == {small.northstar.id}


def test_a_large_one_is_for_all_partners_that_are_open(world: World) -> None:
    a_partner("Closed for good", closed_at=now())
    load(1_000)
    assert set(tally(Customer.select(Customer.partner_id))) == {world.northstar.id, world.harbour.id}


def test_the_partner_can_be_named(world: World) -> None:
    load(1_000, partner=world.harbour)
    assert set(tally(Customer.select(Customer.partner_id))) == {world.harbour.id}
    assert set(tally(Order.select(Order.created_by_id))) == {world.stranger.id}


def test_partners_with_prices_sell_what_they_have(small: World) -> None:
    assert set(tally(OrderLine.select(OrderLine.product_id))) == {small.shield.id, small.vault.id}
    assert Product.select().count() == 3


def test_partners_without_prices_get_sample_products(world: World) -> None:
    bare = a_partner("Bare", currency="JPY", timezone="Asia/Tokyo")
    load(SMALL, partner=bare)
    assert {line.code for line in OrderLine.select() if line.code} == {
        "MAIL-SHIELD",
        "MAIL-VAULT",
        "CONTINUITY",
        "MAILBOX-MOVE",
    }
    prices = prices_on(bare.id, now().date())
    assert all(tier[1] == int(tier[1]) for listed in prices.values() for tier in listed.tiers), "yen have no parts"
    load(SMALL, partner=bare)
    assert ContractedPrice.select().where(ContractedPrice.partner == bare).count() == 8


def test_refuses_what_cannot_be(world: World) -> None:
    for wrong in (0, -5):
        with pytest.raises(ValueError, match="at least one"):
            load(wrong)
    with pytest.raises(ValueError, match="no such partner"):
        sample.load(5, 1, 4_711, say=lambda _: None)
    Grant.delete().execute()
    Person.update(operator=False).execute()
    with pytest.raises(ValueError, match="Nobody may place orders"):
        load(5)
    assert not Customer.select().exists()


def test_progress_is_said(world: World) -> None:
    said: list[str] = []
    sample.load(2_500, 1, say=said.append)
    assert said == ["2,000 of 2,500 sample customers written", "2,500 of 2,500 sample customers written"]
