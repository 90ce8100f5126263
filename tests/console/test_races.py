"""Several at the same moment, on connections of their own."""

from flask import Flask

from blueprints.accounts.rules import change_role
from blueprints.accounts.standing import standing_of
from blueprints.console import keys
from blueprints.console.delegating import delegate
from blueprints.console.rules import open_console
from data.accounts import Person
from data.console import ConsoleUse, Delegation, SigningKey
from data.history import History
from data.roles import Role
from tests.at_once import at_once
from tests.console.opened import a_customer_of_ada, delegated
from tests.factories import World, a_customer, a_person

ISSUER = "https://portal.example"


def test_the_first_presses_of_all_make_one_key(app: Flask, world: World) -> None:
    customer = a_customer_of_ada(world)
    others = [a_person(f"Boss {number}", world.northstar, Role.PARTNER_ADMIN) for number in range(4)]
    for other in others:
        delegated(other, customer)
    people = [standing_of(person) for person in (world.admin, *others)]
    at_once(*[lambda who=who: open_console(who, customer.id, ISSUER) for who in people])
    assert SigningKey.select().count() == 1
    assert len({use.jti for use in ConsoleUse.select()}) == 5


def test_rotating_twice_at_once_leaves_one_key_that_signs(app: Flask, world: World) -> None:
    keys.rotate()
    at_once(keys.rotate, keys.rotate)
    assert SigningKey.select().where(SigningKey.retired_at.is_null()).count() == 1


def test_nobody_comes_in_after_the_role_was_lowered(app: Flask, world: World) -> None:
    """Whichever is first: the use stands before the lowering in the history, or there is none."""
    for number in range(6):
        boss = a_person(f"Boss {number}", world.northstar, Role.PARTNER_ADMIN)
        customer = a_customer_of_ada(world)
        delegated(boss, customer)
        who, admin = standing_of(boss), standing_of(world.admin)
        at_once(
            lambda who=who, customer=customer: open_console(who, customer.id, ISSUER),
            lambda boss=boss, admin=admin: change_role(admin, boss.id, world.northstar.id, Role.VIEWER, boss.version),
        )
        lines = History.select(History.kind).order_by(History.id.desc()).limit(2)
        kinds = [line.kind for line in lines]
        used = ConsoleUse.select().where(ConsoleUse.person == boss).count()
        assert kinds[0] == "person.role_changed"
        assert (kinds[1:] == ["console.opened"]) == bool(used)
        assert Delegation.select().where(Delegation.person == boss).count() == 0


def test_two_who_tick_the_same_switch_it_on_once(app: Flask, world: World) -> None:
    customers = [a_customer(world.northstar, status="complete").id for _ in range(5)]
    operator, admin, ada = standing_of(world.operator), standing_of(world.admin), Person.get_by_id(world.admin.id)
    gave = at_once(
        lambda: delegate(operator, ada.id, [], customers), lambda: delegate(admin, ada.id, [], customers[::-1])
    )
    assert sum(on for on, _ in gave) == Delegation.select().count() == 5
    assert History.select().where(History.kind == "console.delegated").count() == 5
