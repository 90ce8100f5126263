"""Monitors, alerts and consoles of the sample: in every state, true to the portal's own rules, and quiet."""

from datetime import timedelta

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.alerts import counting, messages, raising
from blueprints.console.rules import door_of
from blueprints.monitors import probing, silence
from blueprints.monitors.judging import state_after
from blueprints.monitors.views import PERIODS, Past
from data.alerts import Alert, AlertMessage, Subscriber
from data.console import Delegation
from data.customers import Customer
from data.emails import Email
from data.moments import now
from data.monitors import SERVICES, STATES, Maintenance, Monitor, MonitorChange, Reading
from data.sample.watched import CASES
from tests.factories import World
from tests.sample.samples import load, tally

pytestmark = pytest.mark.alike("what a sample says is made up before a database keeps it; loading it is tested on both")


def test_complete_customers_show_every_state_and_every_way_to_look(watched: World) -> None:
    assert set(tally(Monitor.select(Monitor.state))) == set(STATES)
    assert set(tally(Monitor.select(Monitor.service))) == set(SERVICES)
    assert set(tally(Monitor.select(Monitor.probe))) == {"", "smtp", "imap", "ldap", "certificate", "dns"}
    customers = list(Customer.select().where(Customer.monitors != "4-----"))
    assert {customer.status for customer in customers} == {"complete"}
    assert {customer.monitors[0] for customer in customers} == {"0", "1", "2", "3"}
    assert Customer.select().where((Customer.shelf == "complete") & (Customer.monitors == "4-----")).exists()
    assert Maintenance.select().where((Maintenance.begins_at <= now()) & (Maintenance.ends_at > now())).exists()


def test_charts_have_readings_in_every_period(watched: World) -> None:
    old = now() - timedelta(days=89)
    seasoned = list(Monitor.select().where((Monitor.made_at < old) & (Monitor.state == "good")))
    assert seasoned
    for monitor in seasoned:
        counts = [len(Past(monitor, period, now(), "UTC").points) for period in PERIODS.values()]
        assert counts[0] > 0
        assert counts[1] > 6
        assert counts[2] in range(29, 32)
        assert counts[3] in range(88, 92)


def test_states_follow_from_the_last_readings_and_changes(watched: World) -> None:
    for monitor in Monitor.select().where(Monitor.state.in_(("good", "warning", "problem"))):
        newest = list(Reading.select().where(Reading.monitor == monitor).order_by(Reading.at.desc()).limit(2))
        levels = "".join(reading.level for reading in reversed(newest))
        assert state_after("good", levels, 2) == monitor.state
        assert (newest[0].value, newest[0].oldest) == (monitor.value, monitor.oldest)
        assert now() - newest[0].at <= timedelta(seconds=monitor.every)
    for monitor in Monitor.select():
        changes = list(MonitorChange.select().where(MonitorChange.monitor == monitor).order_by(MonitorChange.at))
        assert not changes or changes[-1].after == monitor.state
        assert [each.before for each in changes[1:]] == [each.after for each in changes[:-1]]


def test_every_service_that_is_not_well_has_its_alert_and_no_other(watched: World) -> None:
    bad = Monitor.select(Monitor.id).where(Monitor.state.in_(("warning", "problem", "unknown")))
    alerts = list(Alert.select().where(Alert.ended_at.is_null()))
    assert {alert.monitor_id for alert in alerts} == {monitor.id for monitor in bad}
    opened = [alert.opened_at for alert in Alert.select().order_by(Alert.id)]
    assert opened == sorted(opened)
    assert {alert.monitor.state == alert.state for alert in alerts} == {True}
    assert {alert.acknowledged_at is None for alert in alerts} == {True, False}
    assert any(alert.escalated_at for alert in alerts)
    assert Alert.select().where(Alert.ended_at.is_null(False)).exists()
    assert set(tally(Subscriber.select(Subscriber.level))) == {"first", "escalation"}
    assert AlertMessage.select().count() == Email.select().where(Email.once.startswith("alert:")).count() > 0


def test_nobody_is_told_of_what_was_made_up_and_nothing_is_looked_at(watched: World) -> None:
    states = sorted(Monitor.select(Monitor.id, Monitor.state).tuples())
    letters = Email.select().count()
    silence.fall_silent(silence.listen())
    raising.take_up_changes()
    assert counting.count_due() == messages.write_due("https://portal.example") == 0
    assert probing.claim(100) == []
    assert sorted(Monitor.select(Monitor.id, Monitor.state).tuples()) == states
    assert Email.select().count() == letters


def test_some_consoles_open_for_who_administrates_the_msp(watched: World) -> None:
    delegations = list(Delegation.select())
    assert {each.person_id for each in delegations} == {watched.admin.id}
    who = standing_of(watched.admin)
    assert {door_of(who, each.customer).way for each in delegations} == {"signed", "address"}


def test_a_larger_sample_shows_as_many_and_a_second_one_adds_more(world: World) -> None:
    load(200)
    assert Customer.select().where(Customer.monitors != "4-----").count() == len(CASES)
    load(200)
    assert Customer.select().where(Customer.monitors != "4-----").count() == 2 * len(CASES)
    assert Subscriber.select().count() == 2
