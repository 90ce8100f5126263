"""Manage delegated access: customers are ticked for one person, and updated."""

from typing import Any

import pytest

from data.accounts import Grant
from data.console import Delegation
from data.customers import Customer
from data.history import History, sentence
from data.moments import now
from data.partners import Partner
from data.roles import Role
from tests.console.opened import delegated, where_consoles_are
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.visits import Answer, Visitor


@pytest.fixture
def two(world: World) -> list[Customer]:
    where_consoles_are(world.northstar)
    return [a_customer(world.northstar, name, "complete") for name in ("Acme", "Bolt")]


def page_of(world: World) -> str:
    return f"/people/{world.admin.id}/delegated-access/complete"


def ticked(answer: Answer) -> dict[str, bool]:
    return {box.get("value"): box.get("checked") is not None for box in answer.find('[name="on"]')}


def update(visitor: Visitor, world: World, before: Any, on: Any, **options: Any) -> Answer:
    ids = " ".join(str(each.id) for each in before)
    return visitor.post(page_of(world), {"before": ids, "on": [each.id for each in on]}, **options)


def on_for(world: World) -> set[int]:
    return {each.customer_id for each in Delegation.select().where(Delegation.person == world.admin)}


def test_ticks_switch_on_and_off_and_it_is_said(admin: Visitor, world: World, two: list[Customer]) -> None:
    assert ticked(admin.get(page_of(world))) == {str(each.id): False for each in two}
    answer = update(admin, world, [], two)
    assert answer.status == 303
    assert "Ada Admin: 2 switched on." in admin.get(answer.location).text
    assert on_for(world) == {each.id for each in two}
    assert ticked(admin.get(page_of(world))) == {str(each.id): True for each in two}
    answer = update(admin, world, two, two[:1])
    assert "Ada Admin: 1 switched off." in admin.get(answer.location).text
    assert on_for(world) == {two[0].id}


def test_answers_in_place(admin: Visitor, world: World, two: list[Customer]) -> None:
    answer = update(admin, world, [], two[:1], htmx=True)
    assert answer.find("#found")
    assert "1 switched on" in answer.text
    assert ticked(answer) == {str(two[0].id): True, str(two[1].id): False}


def test_leaves_a_line_of_history_for_each(admin: Visitor, world: World, two: list[Customer]) -> None:
    update(admin, world, [], two)
    update(admin, world, two, [])
    lines = list(History.select().order_by(History.id.desc()).limit(4))
    assert [sentence(line) for line in lines] == [
        *["Delegated access of Ada Admin switched off"] * 2,
        *["Delegated access of Ada Admin switched on"] * 2,
    ]
    assert {line.customer_id for line in lines} == {each.id for each in two}


def test_nothing_changed_is_nothing_written(admin: Visitor, world: World, two: list[Customer]) -> None:
    delegated(world.admin, two[0])
    before = History.select().count()
    answer = update(admin, world, two[:1], two[:1])
    assert "Nothing was changed." in admin.get(answer.location).text
    update(admin, world, [], two[:1])
    assert History.select().count() == before, "it was on already"


def test_what_others_changed_meanwhile_stays(admin: Visitor, world: World, two: list[Customer]) -> None:
    """The page was made while both were off; then somebody switched the second on."""
    delegated(world.admin, two[1])
    update(admin, world, [], two[:1])
    assert on_for(world) == {each.id for each in two}


def test_only_where_the_person_holds_partner_administrator(admin: Visitor, world: World, two: list[Customer]) -> None:
    a_grant_over(world.admin, two[1], Role.TECHNICIAN)
    operator_may = update(admin, world, [], [two[0]])
    assert operator_may.status == 303
    answer = admin.get(page_of(world))
    assert ticked(answer) == {str(two[0].id): True}


def test_a_role_lowered_since_the_page_was_made_is_refused_with_the_ticks_kept(
    operator: Visitor, world: World, two: list[Customer]
) -> None:
    a_grant_over(world.admin, two[1], Role.MSP_ADMIN)
    for htmx in (False, True):
        answer = update(operator, world, [], two, htmx=htmx)
        assert answer.status == 422
        assert "Ada Admin does not hold partner administrator on Bolt." in answer.text
        assert ticked(answer)[str(two[0].id)] is True, "what was ticked is still ticked"
        assert "Role there: MSP administrator" in answer.text
    assert on_for(world) == set(), "all or nothing"


def test_hides_others_customers_and_people(
    admin: Visitor, stranger: Visitor, world: World, two: list[Customer]
) -> None:
    theirs = a_customer(world.harbour, "Theirs", "complete")
    assert "Theirs" not in admin.get(page_of(world)).text
    assert update(admin, world, [], [theirs]).status == 404
    assert update(admin, world, [theirs], []).status == 404
    assert stranger.get(page_of(world)).status == 404
    assert update(stranger, world, [], two).status == 404
    assert Delegation.select().count() == 0


def test_refuses_who_is_no_partner_administrator(msp: Visitor, viewer: Visitor, world: World) -> None:
    for visitor in (msp, viewer):
        assert visitor.get("/people/delegated-access").status == 403
        assert update(visitor, world, [], []).status == 403


@pytest.fixture
def msp(world: World, visit_as: Any) -> Visitor:
    return visit_as(world.msp_admin)


def test_switching_off_works_at_once(admin: Visitor, world: World, two: list[Customer], visit_as: Any) -> None:
    other = a_person("Ben Boss", world.northstar, Role.PARTNER_ADMIN)
    delegated(other, two[0])
    ben = visit_as(other)
    assert ben.post(f"/customers/{two[0].id}/console").find("[name=assertion]")
    admin.post(f"/people/{other.id}/delegated-access/complete", {"before": two[0].id})
    assert ben.post(f"/customers/{two[0].id}/console").status == 403


def test_a_closed_msp_changes_nothing(admin: Visitor, world: World, two: list[Customer]) -> None:
    Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
    assert update(admin, world, [], two).status == 403


def test_a_customer_who_left_is_not_switched_on(admin: Visitor, world: World) -> None:
    for status in ("prospect", "cancelled", "transferred"):
        gone = a_customer(world.northstar, status=status)
        assert update(admin, world, [], [gone]).status == 422
    assert Delegation.select().count() == 0


def test_finds_customers_as_lists_do(admin: Visitor, world: World, two: list[Customer]) -> None:
    begun = a_customer(world.northstar, "Begun", "in_progress")
    for number in range(30):
        a_customer(world.northstar, f"Many {number:02}", "complete")
    first = admin.get(page_of(world))
    assert len(ticked(first)) == 25
    second = admin.get(first.find(".pager a")[-1].get("href"))
    assert len(ticked(second)) == 7
    assert set(ticked(admin.get(page_of(world) + "?q=bol"))) == {str(two[1].id)}
    assert set(ticked(admin.get(page_of(world) + "?letter=A"))) == {str(two[0].id)}
    assert set(ticked(admin.get(page_of(world).replace("complete", "in-progress")))) == {str(begun.id)}
    assert admin.get(page_of(world).replace("complete", "past")).status == 404


def test_the_list_of_people_counts_what_is_on(admin: Visitor, operator: Visitor, world: World, two: Any) -> None:
    delegated(world.admin, two[0])
    for visitor in (admin, operator):
        [row] = visitor.get("/people/delegated-access").find(f'tr[data-id="{world.admin.id}"]')
        assert row.cssselect(".n")[0].text == "1"
    page = admin.get("/people/delegated-access")
    assert "Tom Technician" not in page.text
    assert "Sten Stranger" not in page.text
    Grant.delete().where(Grant.role == Role.PARTNER_ADMIN).execute()
    assert "Nobody holds partner administrator" in operator.get("/people/delegated-access").text


def test_says_who_has_access_on_the_page_of_the_console(admin: Visitor, world: World, two: list[Customer]) -> None:
    assert "It is on for nobody." in admin.get(f"/customers/{two[0].id}/console").text
    delegated(world.admin, two[0])
    assert "It is on for nobody." not in admin.get(f"/customers/{two[0].id}/console").text
