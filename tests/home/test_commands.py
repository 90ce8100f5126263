"""`flask setup` and `flask load-sample`, as scripts call them."""

import pytest
from click.testing import Result
from flask import Flask

from data.accounts import Person
from data.attachments import Attachment
from data.customers import Customer
from data.emails import Email
from data.history import History, sentence
from data.orders import Order
from data.partners import Partner
from tests.factories import World
from tests.visits import Visitor

OPTIONS = {
    "--partner": "Kestrel IT",
    "--name": "Kim Kestrel",
    "--email": "kim@kestrel.example",
    "--currency": "EUR",
    "--timezone": "Europe/Berlin",
}


def setup(app: Flask, password: str = "four words and a boat\n", *more: str, **changed: str) -> Result:
    options = OPTIONS | {f"--{name}": value for name, value in changed.items()}
    arguments = [part for pair in options.items() for part in pair]
    return app.test_cli_runner().invoke(args=["setup", *arguments, "--password-stdin", *more], input=password)


def test_sets_up_as_the_page_does(new_portal: Flask) -> None:
    done = setup(new_portal)
    assert done.exit_code == 0, done.output
    assert "Set up. Sign in at http://127.0.0.1:8000 as kim@kestrel.example." in done.output
    assert [sentence(line) for line in History.select()] == ["Portal set up for Kestrel IT"]
    visitor = Visitor(new_portal, None)
    assert visitor.post("/sign-in", {"email": "kim@kestrel.example", "password": "four words and a boat"}).status == 303


def test_brings_a_sample_when_asked(new_portal: Flask) -> None:
    assert setup(new_portal, "four words and a boat\n", "--sample").exit_code == 0
    assert Customer.select().count() == 40


def test_the_sample_has_a_change_order_with_its_addendum_and_sends_nobody_a_letter(new_portal: Flask) -> None:
    setup(new_portal, "four words and a boat\n", "--sample")
    order = Order.get(Order.kind == "change")
    assert (order.state, order.customer.permitted_users) == ("submitted", order.permitted_users)
    assert order.monthly_total > order.monthly_before
    (filed,) = Attachment.select()
    assert (filed.order_id, filed.media_type) == (order.id, "application/pdf")
    assert order.addendum_number in filed.name
    assert not Email.select().where(Email.state.in_(("waiting", "sending"))).exists()
    visitor = Visitor(new_portal, None)
    visitor.post("/sign-in", {"email": "kim@kestrel.example", "password": "four words and a boat"})
    assert order.addendum_number in visitor.get(f"/orders/{order.id}").text
    assert filed.name in visitor.get(f"/customers/{order.customer_id}").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "nobody"}, "--email: An email address"),
        ({"currency": "EURO"}, "--currency:"),
        ({"timezone": "Berlin"}, "--timezone:"),
        ({"partner": " "}, "--partner: Fill this in."),
        ({"name": "a\x1bb"}, "--name:"),
        ({"password": "short\n"}, "--password: Use at least 12 characters"),
        ({"password": ""}, "--password: Fill this in."),
    ],
)
def test_says_which_option_is_wrong_and_does_nothing(new_portal: Flask, changed: dict[str, str], said: str) -> None:
    password = changed.pop("password", "four words and a boat\n")
    refused = setup(new_portal, password, **changed)
    assert refused.exit_code == 1
    assert said in refused.output
    assert (Person.select().count(), Partner.select().count()) == (0, 0)


def test_refuses_a_portal_that_is_set_up(app: Flask, world: World) -> None:
    refused = setup(app)
    assert refused.exit_code == 1
    assert "This portal is set up." in refused.output
    assert Partner.select().count() == 2


def test_takes_no_password_from_the_command_line(new_portal: Flask) -> None:
    assert new_portal.test_cli_runner().invoke(args=["setup", "--password", "x"]).exit_code == 2


def test_loads_a_sample(app: Flask, world: World) -> None:
    done = app.test_cli_runner().invoke(args=["load-sample", "--customers", "30", "--seed", "7"])
    assert done.exit_code == 0, done.output
    assert "30 sample customers loaded." in done.output
    assert Customer.select().count() == 30


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_loads_no_such_number(app: Flask, number: str) -> None:
    assert app.test_cli_runner().invoke(args=["load-sample", "--customers", number]).exit_code == 2


def test_says_what_is_missing_for_a_sample(new_portal: Flask) -> None:
    refused = new_portal.test_cli_runner().invoke(args=["load-sample", "--customers", "3"])
    assert refused.exit_code == 1
    assert "Error:" in refused.output


# --- when nobody can sign in any more ------------------------------------------------------------------


def test_prints_a_link_that_sets_a_new_password(app: Flask, world: World, nobody: Visitor) -> None:
    done = app.test_cli_runner().invoke(args=["password-link", " Olga.Operator@northstar.example"])
    assert done.exit_code == 0, done.output
    link = done.output.strip().removeprefix("http://127.0.0.1:8000")
    password = "found again in time"
    assert nobody.post(link, {"password": password, "password_confirm": password}).status == 303
    assert nobody.post("/sign-in", {"email": world.operator.email, "password": password}).location == "/"


def test_removes_a_lost_second_factor_when_told_to(app: Flask, world: World) -> None:
    Person.update(tf_primary_method="authenticator", tf_totp_secret="x").where(Person.id == world.operator.id).execute()
    command = ["password-link", world.operator.email]
    app.test_cli_runner().invoke(args=command)
    assert Person.get_by_id(world.operator.id).tf_primary_method == "authenticator"
    assert app.test_cli_runner().invoke(args=[*command, "--remove-second-factor"]).exit_code == 0
    assert Person.get_by_id(world.operator.id).tf_primary_method is None
    assert [sentence(line) for line in History.select()] == ["Second factor of Olga Operator removed"]


def test_knows_no_link_for_a_stranger(app: Flask, world: World) -> None:
    refused = app.test_cli_runner().invoke(args=["password-link", "x@x.example"])
    assert refused.exit_code == 1
    assert "Nobody signs in with this address." in refused.output
