"""Who is told: added, changed, tried, removed; of one customer and of a whole MSP."""

from typing import Any

import pytest

from blueprints.customers.sealing import unseal
from data.alerts import Subscriber
from data.customers import Customer
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from tests.alerts.alerting import KEY, a_subscriber, complete, post
from tests.alerts.conftest import Receiver
from tests.factories import World
from tests.mailroom.writing import deliver
from tests.plans.checked import handed_in
from tests.plans.planned import a_plan
from tests.services import SmtpSink
from tests.visits import Visitor

HOOK = "https://hooks.msp.example/quayside"
TYPED: dict[str, Any] = {
    "name": "Sven Night",
    "email": "sven@msp.example",
    "services": ["inbound_queue", "outbound_queue"],
    "level": "escalation",
    "silence": "y",
}


@pytest.fixture
def customer(world: World) -> Customer:
    return complete(world, "Acme Corp", primary_domain="acme.example")


@pytest.fixture
def kept(customer: Customer) -> Subscriber:
    return a_subscriber(customer, "Sven Night")


def address(subscriber: Subscriber, deed: str = "") -> str:
    return f"/alerts/subscribers/{subscriber.id}{deed}"


def last_line() -> str:
    line = History.select().order_by(History.id.desc()).first()
    return f"{line.who_name}: {sentence(line)}"


# --- adding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
def test_adds_somebody_of_a_customer_and_says_so(customer: Customer, technician: Visitor, htmx: bool) -> None:
    answer = technician.post(f"/customers/{customer.id}/subscribers/new", TYPED, htmx=htmx)
    assert answer.status == (200 if htmx else 303)
    added = Subscriber.get()
    assert (added.customer_id, added.partner_id, added.level) == (customer.id, customer.partner_id, "escalation")
    assert added.services == ["inbound_queue", "outbound_queue"]
    assert (added.silence, added.warnings, added.again) == (True, False, False)
    assert "Sven Night is told from now on." in technician.get(address(added)).text
    assert last_line() == "Tom Technician: Sven Night is told of alerts, when nobody reacts"


def test_adds_somebody_of_the_whole_msp(world: World, admin: Visitor) -> None:
    admin.post(f"/partner/{world.northstar.id}/subscribers/new", TYPED)
    assert Subscriber.get().customer_id is None
    assert "Sven Night" in admin.get("/alerts/subscribers/").text


WRONG = {
    "no name": ({"name": " "}, "Fill this in."),
    "no way": ({"email": ""}, "Give an email address or a webhook, or nobody is told."),
    "no address": ({"email": "sven"}, "“sven” is not an email address"),
    "no services": ({"services": []}, "Choose at least one service."),
    "second alone": ({"email": "", "webhook": HOOK, "alternative": "a@elsewhere.example"}, "fill that in, too"),
    "the same twice": ({"alternative": "SVEN@msp.example"}, "That is the first address again"),
    "in the domain": ({"alternative": "sven@acme.example"}, "within the domains of a customer"),
    "below the domain": ({"alternative": "sven@mail.acme.example"}, "within the domains of a customer"),
    "http": ({"webhook": "http://hooks.msp.example/"}, "An address such as https://hooks.msp.example/quayside."),
    "no url": ({"webhook": "hooks"}, "An address such as https://hooks.msp.example/quayside."),
    "a password": ({"webhook": "https://a:b@hooks.msp.example/"}, "Without a name and a password in it"),
    "a port": ({"webhook": "https://hooks.msp.example:8443/"}, "Webhooks are reached at port 443 only."),
    "bad port": ({"webhook": "https://hooks.msp.example:x/"}, "An address such as"),
    "an address": ({"webhook": "https://10.0.0.7/"}, "The name of a server is needed"),
    "an odd address": ({"webhook": "https://2130706433/"}, "The name of a server is needed"),
    "brackets": ({"webhook": "https://[::1"}, "An address such as"),
    "local": ({"webhook": "https://localhost/"}, "The name of a server is needed"),
    "a level": ({"level": "never"}, ""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_shows_what_is_wrong_beside_the_field_and_keeps_the_typing(
    customer: Customer, technician: Visitor, wrong: str
) -> None:
    changed, sentence_ = WRONG[wrong]
    for htmx in (False, True):
        answer = technician.post(f"/customers/{customer.id}/subscribers/new", TYPED | changed, htmx=htmx)
        assert answer.status == 422
        assert sentence_ in answer.text
        assert answer.find(".why")
        for name, value in (TYPED | changed).items():
            if name in ("name", "email", "alternative", "webhook"):
                assert answer.value(name) == value.strip()
    assert Subscriber.select().count() == 0


def test_the_alternative_is_outside_of_what_the_rfi_names_and_of_any_customer_of_the_msp(
    world: World, admin: Visitor
) -> None:
    plan = a_plan(world)
    handed_in(plan, mail_domains=["acme-mail.example", "quay-mail.example"])
    new = f"/customers/{plan.customer_id}/subscribers/new"
    assert admin.post(new, TYPED | {"alternative": "sven@mx.quay-mail.example"}).status == 422
    assert admin.post(new, TYPED | {"alternative": "sven@bay-mail.example"}).status == 303
    whole = f"/partner/{world.northstar.id}/subscribers/new"
    own = Customer.get_by_id(plan.customer_id).primary_domain
    assert admin.post(whole, TYPED | {"alternative": f"sven@mx.{own}"}).status == 422
    assert admin.post(whole, TYPED | {"alternative": "sven@elsewhere.example"}).status == 303


def test_takes_fifty_and_no_more(customer: Customer, technician: Visitor) -> None:
    for _ in range(50):
        a_subscriber(customer)
    answer = technician.post(f"/customers/{customer.id}/subscribers/new", TYPED)
    assert answer.status == 422
    assert "There are 50 already." in answer.text


# --- changing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
def test_changes_and_tells_what(kept: Subscriber, technician: Visitor, htmx: bool) -> None:
    page = technician.get(address(kept))
    typed = TYPED | {"version": page.value("version"), "warnings": "y"}
    assert technician.post(address(kept), typed, htmx=htmx).status == (200 if htmx else 303)
    assert last_line() == (
        "Tom Technician: Alerts to Sven Night: email “sven.night@msp.example” → “sven@msp.example”;"
        " when “At once” → “When nobody reacts”; services Inbound queue, Outbound queue, Journal queue,"
        " Journal connector, Directory connector → Inbound queue, Outbound queue; told of warnings no → yes"
    )


def test_refuses_what_somebody_changed_meanwhile(kept: Subscriber, technician: Visitor, admin: Visitor) -> None:
    admin.post(address(kept), TYPED | {"version": "1"})
    for htmx in (False, True):
        answer = technician.post(address(kept), TYPED | {"version": "1", "name": "Mine"}, htmx=htmx)
        assert answer.status == 409
        assert answer.value("name") == "Mine"
        assert "Someone else changed this" in answer.text
    assert technician.post(address(kept), TYPED | {"version": "2", "name": "Mine"}).status == 303


def test_saving_nothing_new_writes_nothing(kept: Subscriber, technician: Visitor) -> None:
    typed = {"name": kept.name, "email": kept.email, "services": kept.services, "level": "first", "silence": "y"}
    before = History.select().count()
    assert technician.post(address(kept), typed | {"version": "1"}).status == 303
    assert History.select().count() == before


def test_a_technician_does_not_change_whom_the_whole_msp_tells(world: World, technician: Visitor) -> None:
    whole = a_subscriber(world.northstar)
    assert technician.get(address(whole)).status == 403
    assert technician.post(address(whole), TYPED | {"version": "1"}).status == 403


def test_removing_forgets_the_addresses(kept: Subscriber, technician: Visitor) -> None:
    answer = technician.post(address(kept, "/remove"))
    assert answer.location == f"/customers/{kept.customer_id}/alerts"
    gone = Subscriber.get_by_id(kept.id)
    assert gone.removed_at is not None
    assert (gone.email, gone.alternative, gone.webhook, gone.sealed) == ("", "", "", "")
    assert technician.get(address(kept)).status == 404
    assert last_line() == "Tom Technician: Sven Night is told of alerts no more"


# --- the webhook --------------------------------------------------------------------------------------


def test_a_webhook_gets_a_key_that_is_shown_when_asked_for(customer: Customer, technician: Visitor) -> None:
    technician.post(f"/customers/{customer.id}/subscribers/new", TYPED | {"webhook": HOOK})
    added = Subscriber.get()
    key = unseal(added.sealed)
    assert added.webhook == HOOK
    assert key not in technician.get(address(added)).html
    for htmx in (False, True):
        assert key in technician.post(address(added, "/key"), htmx=htmx).text
    assert last_line() == "Tom Technician: Key of the webhook of Sven Night shown"
    fresh = technician.post(address(added, "/new-key"), htmx=True)
    assert unseal(Subscriber.get().sealed) in fresh.text
    assert unseal(Subscriber.get().sealed) != key
    assert all(key not in str(line.facts) for line in History.select())


def test_without_a_webhook_there_is_no_key(kept: Subscriber, technician: Visitor) -> None:
    assert technician.post(address(kept, "/key")).status == 409


def test_a_name_in_any_script_is_kept_in_a_labels(customer: Customer, technician: Visitor) -> None:
    typed = TYPED | {"webhook": "https://Häfen.example:443/a?b=c"}
    technician.post(f"/customers/{customer.id}/subscribers/new", typed)
    assert Subscriber.get().webhook == "https://xn--hfen-loa.example/a?b=c"


def test_a_test_goes_every_way_and_shows_what_came_of_it(
    customer: Customer, technician: Visitor, sink: SmtpSink, receiver: Receiver
) -> None:
    kept = a_subscriber(customer, "Robot", alternative="robot@elsewhere.example", webhook=HOOK)
    technician.post(address(kept, "/try-out"))
    assert last_line() == "Tom Technician: Test of alerts to Robot asked for"
    deliver()
    waiting = technician.get(address(kept))
    assert waiting.find("#deliveries[hx-get]"), "it looks again by itself"
    post()
    assert [each.recipients[0] for each in sink.received] == ["robot@msp.example", "robot@elsewhere.example"]
    assert receiver.messages[0]["kind"] == "test"
    shown = technician.get(address(kept) + "?looks=1&part=deliveries", htmx=True)
    assert "hooks.msp.example answered 204." in shown.text
    assert not shown.find("[hx-get]")


def test_a_webhook_that_was_given_up_is_switched_on_by_saving(customer: Customer, technician: Visitor) -> None:
    kept = a_subscriber(
        customer, "Robot", email="", webhook=HOOK, off_at=now(), off_reason="It answered 503.", failing_since=now()
    )
    page = technician.get(address(kept))
    assert "It answered 503. Saving switches it on again." in page.text
    typed = {"name": "Robot", "webhook": HOOK, "services": kept.services, "level": "first", "silence": "y"}
    technician.post(address(kept), typed | {"version": "1"})
    again = Subscriber.get_by_id(kept.id)
    assert (again.off_at, again.failing_since, again.off_reason) == (None, None, "")
    assert last_line().endswith("Alerts to Robot: webhook switched on again")
    assert unseal(again.sealed) == KEY


def test_tests_are_limited(kept: Subscriber, technician: Visitor) -> None:
    answers = [technician.post(address(kept, "/try-out")).status for _ in range(21)]
    assert answers == [303] * 20 + [429]
    assert Email.select().count() == 20
