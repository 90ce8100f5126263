"""One domain, one live record on the installation, whoever asks and however many at once."""

from collections.abc import Callable

import pytest
from flask import Flask

from blueprints.accounts.standing import Standing, standing_of
from blueprints.prospects import rules
from blueprints.prospects.entries import Entry
from data.customers import SHELVES, Customer
from data.history import History
from data.roles import Role
from tests.at_once import at_once, names_of
from tests.factories import World, a_customer, a_grant_over, a_prospect
from tests.prospects.entered import typed
from tests.prospects.test_record import as_shown, wrong
from tests.visits import Visitor

LIVE = sorted(status for status, shelf in SHELVES.items() if shelf != "past")
PAST = sorted(status for status, shelf in SHELVES.items() if shelf == "past")


@pytest.mark.parametrize("status", LIVE)
def test_links_to_the_record_that_has_the_domain(world: World, admin: Visitor, status: str) -> None:
    holder = a_customer(world.northstar, "The <b>Holder</b>", status, primary_domain="mueller.example")
    for htmx in (False, True):
        answer = admin.post("/prospects/new", typed(primary_domain="Mueller.Example."), htmx=htmx)
        assert answer.status == 422
        assert wrong(answer, "primary_domain") == (
            "This domain is on record already as The <b>Holder</b>. Open The <b>Holder</b>"
        )
        assert answer.find("#primary_domain-why a")[0].get("href") == f"/prospects/{holder.id}"
        assert answer.value("name") == "Müller Präzision GmbH"
    assert Customer.select().count() == 1


@pytest.mark.parametrize("status", LIVE)
def test_gives_no_hint_whose_it_is_to_strangers(world: World, stranger: Visitor, status: str) -> None:
    a_customer(world.northstar, "The Holder", status, primary_domain="mueller.example")
    for htmx in (False, True):
        answer = stranger.post("/prospects/new", typed(), htmx=htmx)
        assert answer.status == 422
        assert wrong(answer, "primary_domain") == (
            "This domain is in use on this installation already, and can be on record only once."
        )
        assert not answer.find("#primary_domain-why a")
        assert "Holder" not in answer.html
        assert "Northstar" not in answer.html


def test_gives_no_hint_to_whom_the_record_was_taken_from(world: World, visit_as: object) -> None:
    holder = a_prospect(world.northstar, "The Holder", primary_domain="mueller.example")
    a_grant_over(world.msp_admin, holder, Role.NONE)
    answer = visit_as(world.msp_admin).post("/prospects/new", typed())  # type: ignore[operator]  # it is a function
    assert answer.status == 422
    assert "Holder" not in answer.html


@pytest.mark.parametrize("status", PAST)
def test_past_records_do_not_hold_a_domain(world: World, admin: Visitor, status: str) -> None:
    a_customer(world.northstar, "Past", status, primary_domain="mueller.example")
    assert admin.post("/prospects/new", typed()).status == 303


def test_an_edit_is_refused_the_same(world: World, admin: Visitor) -> None:
    location = admin.post("/prospects/new", typed()).location
    a_prospect(world.harbour, "Hidden", primary_domain="hidden.example")
    answer = admin.post(location, as_shown(admin.get(location), primary_domain="hidden.example"))
    assert answer.status == 422
    assert "in use on this installation" in wrong(answer, "primary_domain")
    assert Customer.get(Customer.name == "Müller Präzision GmbH").primary_domain == "mueller.example"


def test_the_same_domain_in_other_letters_is_the_same(admin: Visitor) -> None:
    assert admin.post("/prospects/new", typed(primary_domain="bücher.example")).status == 303
    assert admin.post("/prospects/new", typed(primary_domain="XN--BCHER-KVA.example")).status == 422


def test_eight_at_once_make_one(app: Flask, world: World) -> None:
    people: list[tuple[Standing, int]] = [
        (standing_of(world.admin), world.northstar.id),
        (standing_of(world.stranger), world.harbour.id),
    ]
    entry = Entry(name="Acme", primary_domain="acme.example")

    def create(place: int) -> Callable[[], object]:
        who, partner_id = people[place % 2]
        return lambda: rules.create_prospect(who, partner_id, entry)

    results = at_once(*(create(place) for place in range(8)))
    assert names_of(results) == ["Customer"] + ["DomainTaken"] * 7
    assert Customer.select().count() == 1
    assert History.select().count() == 1


def test_two_edits_to_one_domain_at_once_make_one(app: Flask, world: World) -> None:
    who = standing_of(world.admin)
    prospects = [a_prospect(world.northstar, f"Acme {n}", lead="") for n in range(4)]

    def edit(prospect: Customer) -> Callable[[], object]:
        entry = Entry(name=prospect.name, primary_domain="acme.example", permitted_users=25)
        return lambda: rules.edit_prospect(who, prospect.id, 1, entry)

    results = at_once(*(edit(prospect) for prospect in prospects))
    assert names_of(results) == ["DomainTaken", "DomainTaken", "DomainTaken", "str"]
    assert Customer.select().where(Customer.primary_domain == "acme.example").count() == 1


def test_the_database_holds_it_when_the_rule_looked_too_early(
    world: World, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the write somebody else may save, so the unique index has the last word."""
    a_prospect(world.northstar, "The Holder", primary_domain="mueller.example")
    looks = iter([(False, None)])
    really = rules.holder_of
    monkeypatch.setattr(rules, "holder_of", lambda *asked, **more: next(looks, None) or really(*asked, **more))
    answer = admin.post("/prospects/new", typed())
    assert answer.status == 422
    assert "on record already as The Holder" in wrong(answer, "primary_domain")
