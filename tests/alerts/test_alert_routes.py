"""Pages of alerts: the lists, one alert, acknowledging it signed in, or by the link of a letter."""

import re
from collections.abc import Callable

import pytest

from data.accounts import Person
from data.alerts import Alert, AlertMessage
from data.history import History, sentence
from data.roles import Role
from tests.alerts.alerting import Clock, a_monitor, a_subscriber, an_alert, becomes, complete, work
from tests.factories import World, a_grant_over
from tests.services import SmtpSink
from tests.visits import Visitor


def link_in(sink: SmtpSink, place: int = -1) -> str:
    """The path of the link by which a letter is acknowledged."""
    text = sink.received[place].email.get_body(("plain",)).get_content()
    found = re.search(r"https://portal\.example(/alerts/acknowledge/\S+)", text)
    assert found, text
    return found[1]


@pytest.fixture
def told(world: World, clock: Clock, sink: SmtpSink) -> Alert:
    """An alert of Acme Corp, of which Night shift was told by a letter."""
    customer = complete(world, "Acme Corp")
    a_subscriber(customer)
    becomes(a_monitor(customer), "problem")
    work()
    clock.on(minutes=1)
    work()
    return Alert.get()


def last_line() -> str:
    line = History.select().order_by(History.id.desc()).first()
    return f"{line.who_name}: {sentence(line)}"


# --- lists --------------------------------------------------------------------------------------------


def test_lists_open_alerts_and_on_demand_all(world: World, viewer: Visitor, clock: Clock) -> None:
    over = an_alert(complete(world, "Brook Ltd"))
    becomes(over.monitor, "good")
    work()
    an_alert(complete(world, "Acme Corp"), "unknown")
    page = viewer.get("/alerts/")
    assert "Acme Corp" in page.text
    assert "No news" in page.text
    assert "Brook Ltd" not in page.text
    everything = viewer.get("/alerts/?shown=all")
    assert "Brook Ltd" in everything.text
    assert "Over" in everything.text


def test_searches_by_customer_and_says_how_many(world: World, viewer: Visitor) -> None:
    for name in ("Acme Corp", "Brook Ltd"):
        an_alert(complete(world, name))
    part = viewer.get("/alerts/?q=acm", htmx=True)
    assert "Acme Corp" in part.text
    assert "Brook Ltd" not in part.text
    assert "1 open alert" in part.text
    assert "No alert is like that" in viewer.get("/alerts/?q=zzz").text


def test_pages_on_without_skipping(world: World, viewer: Visitor) -> None:
    names = [f"Company {n:02}" for n in range(30)]
    for name in names:
        an_alert(complete(world, name))
    first = viewer.get("/alerts/")
    older = first.find("a[href*='before=']")[0].get("href")
    second = viewer.get(older)
    shown = [link.text for page in (first, second) for link in page.find("td:first-child strong a")]
    assert shown == names[::-1]


def test_an_msp_with_nothing_is_told_what_to_do(viewer: Visitor) -> None:
    assert "No open alerts" in viewer.get("/alerts/").text
    assert "Monitors are set up on the page of a customer" in viewer.get("/alerts/?shown=all").text


def test_hides_what_is_lowered_and_shows_what_is_raised(
    world: World, visit_as: Callable[[Person | None], Visitor]
) -> None:
    hidden, raised = complete(world, "Hidden Ltd"), complete(world, "Raised Ltd")
    an_alert(hidden)
    an_alert(raised)
    a_grant_over(world.viewer, hidden, Role.NONE)
    a_grant_over(world.stranger, raised, Role.VIEWER)
    assert "Hidden" not in visit_as(world.viewer).get("/alerts/").text
    assert "Raised Ltd" in visit_as(world.viewer).get("/alerts/").text
    strangers = visit_as(world.stranger).get("/alerts/").text
    assert "Raised Ltd" in strangers
    assert "Hidden" not in strangers


def test_the_page_of_a_customer_shows_alerts_and_who_is_told(world: World, told: Alert, viewer: Visitor) -> None:
    a_subscriber(world.northstar, "The boss", level="escalation")
    page = viewer.get(f"/customers/{told.customer_id}/alerts")
    assert "137 letters wait" in page.text
    assert "Night shift at once" in page.text
    assert "The boss when nobody reacts, for all customers" in page.text
    assert not page.find("aside a[href*='subscribers']"), "a viewer changes nothing"


# --- one of them --------------------------------------------------------------------------------------


def test_shows_who_was_told_and_what_became_of_it(told: Alert, viewer: Visitor) -> None:
    page = viewer.get(f"/alerts/{told.id}")
    assert "Night shift" in page.text
    assert "email sent" in page.text
    assert "Acknowledge Your role does not allow this." in page.text


@pytest.mark.parametrize("htmx", [False, True])
def test_acknowledges_with_a_remark_and_leaves_a_line(told: Alert, technician: Visitor, htmx: bool) -> None:
    answer = technician.post(f"/alerts/{told.id}/acknowledge", {"remark": "The disk is full."}, htmx=htmx)
    assert answer.status == (200 if htmx else 303)
    page = technician.get(f"/alerts/{told.id}")
    assert "The disk is full." in page.text
    assert "Acknowledged. Nobody is told again until it is over." in page.text
    assert last_line() == "Tom Technician: Outbound queue: alert acknowledged: The disk is full."
    assert Alert.get().next_at is None


def test_shows_what_is_wrong_and_keeps_the_typing(told: Alert, technician: Visitor) -> None:
    answer = technician.post(f"/alerts/{told.id}/acknowledge", {"remark": "x" * 501}, htmx=True)
    assert answer.status == 422
    assert answer.value("remark") == "x" * 501
    assert "At most 500 characters." in answer.text


def test_refuses_what_somebody_acknowledged_meanwhile(told: Alert, technician: Visitor, admin: Visitor) -> None:
    admin.post(f"/alerts/{told.id}/acknowledge")
    for htmx in (False, True):
        answer = technician.post(f"/alerts/{told.id}/acknowledge", {"remark": "Me"}, htmx=htmx)
        assert answer.status == 409
        assert "Ada Admin has acknowledged this alert already." in answer.text
    assert History.select().where(History.kind == "alert.acknowledged").count() == 1


def test_refuses_what_is_over(told: Alert, technician: Visitor) -> None:
    becomes(told.monitor, "good")
    work()
    answer = technician.post(f"/alerts/{told.id}/acknowledge")
    assert answer.status == 409
    assert "over" in answer.text


def test_what_stays_of_a_moved_customer_is_only_read(told: Alert, technician: Visitor) -> None:
    customer = told.customer
    customer.status, customer.shelf = "transferred", "past"
    customer.save()
    assert technician.get(f"/alerts/{told.id}").status == 200
    assert technician.post(f"/alerts/{told.id}/acknowledge").status == 403


# --- by the link of a letter --------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
def test_the_link_of_a_letter_acknowledges(told: Alert, sink: SmtpSink, nobody: Visitor, htmx: bool) -> None:
    link = link_in(sink)
    page = nobody.get(link)
    assert page.find("h1")[0].text == "Alerts for Night shift"
    assert "Acme Corp" in page.text
    assert Alert.get().acknowledged_at is None, "mail programs look at links by themselves"
    answer = nobody.post(link, {"remark": "On it"}, htmx=htmx)
    assert answer.status == (200 if htmx else 303)
    assert last_line() == "Night shift: Outbound queue: alert acknowledged: On it"
    after = nobody.get(link)
    assert "Nothing is left to acknowledge." in after.text
    assert "Night shift, " in after.text
    second = nobody.post(link, {"remark": "Again"}, htmx=htmx)
    assert second.status == 409
    assert History.select().where(History.kind == "alert.acknowledged").count() == 1


def test_one_link_acknowledges_all_that_the_letter_told_of(
    world: World, clock: Clock, sink: SmtpSink, nobody: Visitor
) -> None:
    a_subscriber(world.northstar)
    monitors = [a_monitor(complete(world, f"Company {n}")) for n in range(3)]
    for monitor in monitors:
        becomes(monitor, "problem")
    work()
    clock.on(minutes=1)
    work()
    becomes(monitors[0], "good")
    work()
    link = link_in(sink)
    assert "these 2" in nobody.get(link).text
    nobody.post(link)
    assert Alert.select().where(Alert.acknowledged_at.is_null(False)).count() == 2
    clock.on(hours=5)
    work()
    assert Alert.select().where(Alert.count > 1).count() == 0


def test_a_link_of_nobody_opens_nothing(told: Alert, sink: SmtpSink, nobody: Visitor) -> None:
    subscriber = AlertMessage.get().subscriber
    link = link_in(sink)
    unknown = nobody.get("/alerts/acknowledge/" + "x" * 43)
    assert nobody.get("/alerts/acknowledge/" + "x" * 5000).status == 404
    subscriber.removed_at = told.opened_at
    subscriber.save()
    for answer in (nobody.get(link), nobody.post(link)):
        assert answer.status == unknown.status == 404
        assert answer.text == unknown.text
    assert Alert.get().acknowledged_at is None


def test_the_token_is_kept_nowhere(told: Alert, sink: SmtpSink) -> None:
    token = link_in(sink).rsplit("/", maxsplit=1)[1]
    assert AlertMessage.get().token_hash != token
    assert len(token) == 43


def test_a_letter_that_only_says_it_is_over_has_no_such_link(told: Alert, sink: SmtpSink, clock: Clock) -> None:
    becomes(told.monitor, "good")
    clock.on(minutes=6)
    work()
    clock.on(minutes=1)
    work()
    text = sink.received[-1].email.get_body(("plain",)).get_content()
    assert "acknowledge/" not in text
    assert "https://portal.example/alerts/" in text
