"""Opening a console: who may, who may not (any more), what is said and written down."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.accounts.standing import standing_of
from blueprints.console.rules import Shut, open_console
from blueprints.web.refusals import MayNot, NotThere
from data.accounts import Grant, Person
from data.console import ConsoleUse, CustomerConsole, Delegation, PartnerConsole
from data.customers import Customer
from data.history import History, sentence
from data.moments import now
from data.partners import Partner
from data.roles import Role
from tests.console.opened import ORIGIN, a_customer_of_ada, delegated, where_consoles_are
from tests.factories import World, a_customer, a_grant_over
from tests.visits import Answer, Visitor


def press(visitor: Visitor, customer: Customer) -> Answer:
    return visitor.post(f"/customers/{customer.id}/console")


def goes_on(answer: Answer) -> bool:
    return bool(answer.status == 200 and answer.find('form[data-go] [name="assertion"]'))


def test_goes_on_to_the_console_and_says_so(admin: Visitor, world: World) -> None:
    answer = press(admin, a_customer_of_ada(world))
    assert goes_on(answer)
    assert "You go on to https://console.example, signed in as Ada Admin" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_button_of_a_row_does_the_same(admin: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    assert goes_on(admin.post("/customers/console", {"customer": customer.id}))
    for nobodys in ("", "x", "0", 2**40, "9" * 30):
        assert admin.post("/customers/console", {"customer": nobodys}).status == 404


def test_only_this_answer_may_post_there_and_only_to_that_origin(admin: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    assert f"form-action 'self' {ORIGIN};" in press(admin, customer).headers["Content-Security-Policy"]
    for address in (f"/customers/{customer.id}/console", f"/customers/{customer.id}", "/customers/complete", "/"):
        assert "form-action 'self';" in admin.get(address).headers["Content-Security-Policy"]


def test_leaves_a_line_in_the_history_of_the_customer_and_one_in_the_persons_log(
    admin: Visitor, world: World, technician: Visitor
) -> None:
    customer = a_customer_of_ada(world)
    before = History.select().count()
    press(admin, customer)
    assert History.select().count() == before + 1
    line = History.select().order_by(History.id.desc()).first()
    assert (line.customer_id, line.who_id) == (customer.id, world.admin.id)
    assert sentence(line) == "Console opened, signed in as partner administrator: https://console.example/acme.example"
    log = admin.get("/account/consoles")
    assert [row.get("data-id") for row in log.find("tbody tr")] == [str(ConsoleUse.get().id)]
    assert "Acme" in log.text
    assert "signed in" in log.text
    assert "Acme" not in technician.get("/account/consoles").text, "each sees their own"


def test_the_log_goes_on(admin: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    for number in range(60):
        ConsoleUse.create(person=world.admin, customer=customer, at=now(), address=ORIGIN, jti=str(number))
    page = admin.get("/account/consoles")
    assert len(page.find("tbody tr")) == 50
    further = admin.get(page.find(".pager a")[0].get("href"))
    assert len(further.find("tbody tr")) == 10
    assert not further.find(".pager a")


# --- who may not --------------------------------------------------------------------------------------


def lowered(world: World, _: Customer) -> None:
    Grant.update(role=Role.MSP_ADMIN).where(Grant.person == world.admin.id).execute()


def lowered_here(world: World, customer: Customer) -> None:
    a_grant_over(world.admin, customer, Role.TECHNICIAN)


def grant_gone(world: World, _: Customer) -> None:
    Grant.delete().where(Grant.person == world.admin.id).execute()


def switched_off(_: World, customer: Customer) -> None:
    Delegation.delete().where(Delegation.customer == customer).execute()


def closed(world: World, _: Customer) -> None:
    Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()


def cancelled(_: World, customer: Customer) -> None:
    Customer.update(status="cancelled", shelf="past").where(Customer.id == customer.id).execute()


def moved(_: World, customer: Customer) -> None:
    Customer.update(status="transferred", shelf="past").where(Customer.id == customer.id).execute()


def address_gone(world: World, _: Customer) -> None:
    PartnerConsole.delete().execute()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lowered, 403),
        (lowered_here, 403),
        (grant_gone, 403),
        (switched_off, 403),
        (closed, 403),
        (cancelled, 403),
        (moved, 403),
        (address_gone, 409),
    ],
)
def test_what_changed_a_second_ago_counts(
    admin: Visitor, world: World, change: Callable[[World, Customer], None], status: int
) -> None:
    customer = a_customer_of_ada(world)
    assert goes_on(press(admin, customer))
    change(world, customer)
    answer = press(admin, customer)
    assert answer.status == status
    assert not answer.find("[name=assertion]")
    assert ConsoleUse.select().count() == 1


@pytest.mark.parametrize("change", [lowered, lowered_here, grant_gone, switched_off])
def test_what_changes_while_the_button_is_pressed_counts(
    app: Flask, world: World, change: Callable[[World, Customer], None]
) -> None:
    """The person was looked up, and then the role was lowered: what decides is read anew."""
    customer = a_customer_of_ada(world)
    looked_up = standing_of(world.admin)
    change(world, customer)
    with pytest.raises((MayNot, NotThere)):
        open_console(looked_up, customer.id, "https://portal.example")
    assert ConsoleUse.select().count() == 0


def test_who_was_switched_off_meanwhile_is_nobody(app: Flask, world: World) -> None:
    customer = a_customer_of_ada(world)
    looked_up = standing_of(world.admin)
    Person.update(active=False).where(Person.id == world.admin.id).execute()
    with pytest.raises(NotThere):
        open_console(looked_up, customer.id, "https://portal.example")


def test_an_operator_is_let_into_no_console_by_office(operator: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    delegated(world.operator, customer)  # as no page would: the database keeps it away from nobody without a grant
    answer = press(operator, customer)
    assert answer.status == 403
    assert "Only who holds partner administrator" in answer.text
    a_grant_over(world.operator, customer, Role.PARTNER_ADMIN)
    assert goes_on(press(operator, customer))


def test_a_raised_role_opens_a_single_customer(technician: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    a_grant_over(world.technician, customer, Role.PARTNER_ADMIN)
    assert press(technician, customer).status == 403
    delegated(world.technician, customer)
    assert goes_on(press(technician, customer))
    other = a_customer(world.northstar, status="complete")
    assert press(technician, other).status == 403


@pytest.mark.parametrize("way", [lowered, lowered_here, grant_gone])
def test_lowering_the_role_takes_delegated_access_away_for_good(
    admin: Visitor, world: World, way: Callable[[World, Customer], None]
) -> None:
    customer = a_customer_of_ada(world)
    way(world, customer)
    assert Delegation.select().count() == 0
    Grant.delete().where(Grant.person == world.admin.id).execute()
    Grant.create(person=world.admin, partner=world.northstar, role=Role.PARTNER_ADMIN, granted_at=now())
    answer = press(admin, customer)
    assert answer.status == 403
    assert "Your delegated access to this customer is off" in answer.text


def test_lowering_it_over_the_msp_leaves_what_is_held_over_a_single_customer(app: Flask, world: World) -> None:
    kept, gone = a_customer_of_ada(world), a_customer(world.northstar, status="complete")
    delegated(world.admin, gone)
    a_grant_over(world.admin, kept, Role.PARTNER_ADMIN)
    lowered_over_msp = (Grant.person == world.admin.id) & Grant.customer_id.is_null()
    Grant.update(role=Role.VIEWER).where(lowered_over_msp).execute()
    assert [each.customer_id for each in Delegation.select()] == [kept.id]


def test_another_persons_delegation_opens_nothing(admin: Visitor, world: World) -> None:
    where_consoles_are(world.northstar)
    customer = a_customer(world.northstar, status="complete")
    a_grant_over(world.technician, customer, Role.PARTNER_ADMIN)
    delegated(world.technician, customer)
    assert press(admin, customer).status == 403


def test_a_prospect_has_no_console(admin: Visitor, world: World) -> None:
    prospect = a_customer(world.northstar)
    assert press(admin, prospect).status == 404
    assert admin.get(f"/customers/{prospect.id}/console").status == 404


# --- a sign-in that is too old ------------------------------------------------------------------------


@pytest.fixture
def signed_in_at(admin: Visitor) -> Iterator[Callable[[timedelta], None]]:
    def age(ago: timedelta) -> None:
        with admin.client.session_transaction() as session:
            session["fs_paa"] = (now() - ago).timestamp()

    return age


def test_asks_for_the_password_when_the_sign_in_is_older_than_the_msps_limit(
    admin: Visitor, world: World, signed_in_at: Callable[[timedelta], None]
) -> None:
    customer = a_customer_of_ada(world)
    PartnerConsole.update(fresh_minutes=10).execute()
    signed_in_at(timedelta(minutes=9))
    assert goes_on(press(admin, customer))
    signed_in_at(timedelta(minutes=11))
    answer = press(admin, customer)
    assert answer.status == 303
    assert answer.location.startswith("/account/confirm?next=")
    assert ConsoleUse.select().count() == 1, "nothing was opened yet"


@pytest.mark.parametrize("ahead", [timedelta(seconds=5), timedelta(days=400)])
def test_a_sign_in_of_the_future_proves_nothing(
    admin: Visitor, world: World, signed_in_at: Callable[[timedelta], None], ahead: timedelta
) -> None:
    """The clock was set back since, or was wrong then."""
    customer = a_customer_of_ada(world)
    signed_in_at(-ahead)
    answer = press(admin, customer)
    assert answer.status == 303
    assert answer.location.startswith("/account/confirm?next=")
    assert not ConsoleUse.select().exists()


def test_after_the_password_the_button_is_there_again(
    app: Flask, admin: Visitor, world: World, signed_in_at: Callable[[timedelta], None]
) -> None:
    from blueprints.accounts.passwords import hashed  # noqa: PLC0415 - needs the app

    customer = a_customer_of_ada(world)
    with app.test_request_context():
        Person.update(password=hashed("harbour cranes at dawn")).where(Person.id == world.admin.id).execute()
    signed_in_at(timedelta(hours=1))
    asked = admin.get(press(admin, customer).location)
    sent = {"next": asked.value("next"), "password": "harbour cranes at dawn"}
    back = admin.client.post("/account/confirm", data={"csrf_token": admin.token} | sent)
    assert back.location.endswith(f"/customers/{customer.id}/console")
    assert admin.get(back.location).find(f'form[action="/customers/{customer.id}/console"]')
    assert goes_on(press(admin, customer))


def test_who_never_proved_themselves_is_asked(admin: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    with admin.client.session_transaction() as session:
        del session["fs_paa"]
    assert press(admin, customer).status == 303


# --- consoles without it ------------------------------------------------------------------------------


def test_a_console_that_knows_no_sign_in_is_opened_and_that_is_said(admin: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    PartnerConsole.update(signs_in=False).execute()
    answer = press(admin, customer)
    assert answer.status == 200
    assert "sign in there with your own account" in answer.text
    assert answer.find("a[data-go]")[0].get("href") == "https://console.example/acme.example"
    assert not answer.find("[name=assertion]")
    assert "form-action 'self';" in answer.headers["Content-Security-Policy"]
    line = History.select().order_by(History.id.desc()).first()
    assert sentence(line) == "Address of the console opened: https://console.example/acme.example"
    assert "address opened" in admin.get("/account/consoles").text
    assert "asks you to sign in" in admin.get(f"/customers/{customer.id}").text


def test_the_customers_own_console_comes_before_that_of_all(admin: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    CustomerConsole.create(customer=customer, address="https://own.example:8443/{id}?d={domain}", signs_in=True)
    PartnerConsole.update(signs_in=False).execute()
    answer = press(admin, customer)
    action = answer.find("form[data-go]")[0].get("action")
    assert action == f"https://own.example:8443/{customer.id}?d=acme.example"
    assert "form-action 'self' https://own.example:8443;" in answer.headers["Content-Security-Policy"]


# --- the buttons --------------------------------------------------------------------------------------


def test_both_lists_and_the_page_of_the_customer_have_the_button(admin: Visitor, world: World) -> None:
    customer = a_customer_of_ada(world)
    other = a_customer(world.northstar, "Begun", "in_progress")
    delegated(world.admin, other)
    for shelf, listed in (("complete", customer), ("in-progress", other)):
        page = admin.get(f"/customers/{shelf}")
        [button] = page.find('main button[form="console"]')
        assert (button.get("name"), button.get("value")) == ("customer", str(listed.id))
        assert page.find('form#console[action="/customers/console"] [name=csrf_token]')
        shown = admin.get(f"/customers/{listed.id}")
        assert shown.find(f'#heading form[action="/customers/{listed.id}/console"] button')


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (switched_off, "Delegated access is off"),
        (address_gone, "No console address yet"),
        (closed, "The MSP is closed"),
        (lowered_here, "For partner administrators"),
    ],
)
def test_a_grey_button_says_why(
    admin: Visitor, world: World, change: Callable[[World, Customer], None], why: str
) -> None:
    customer = a_customer_of_ada(world)
    change(world, customer)
    for address in ("/customers/complete", f"/customers/{customer.id}"):
        page = admin.get(address)
        assert not page.find('main button[form="console"], #heading button')
        grey = [each.text_content() for each in page.find(".grey")]
        assert [each for each in grey if "Admin console" in each and why in each], (address, grey)


def test_a_list_asks_one_question_however_many_rows(admin: Visitor, world: World, statements: Any) -> None:
    a_customer_of_ada(world)
    admin.get("/customers/complete")
    few = statements(lambda: admin.get("/customers/complete"))
    for _ in range(20):
        delegated(world.admin, a_customer(world.northstar, status="complete"))
    assert statements(lambda: admin.get("/customers/complete")) == few


def test_refuses_in_words(app: Flask, world: World) -> None:
    customer = a_customer_of_ada(world)
    switched_off(world, customer)
    with pytest.raises(Shut, match="A partner administrator switches it on"):
        open_console(standing_of(world.admin), customer.id, "https://portal.example")
