"""No news for three intervals: unknown. Not while the portal was away, its clock was set, or in maintenance."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from blueprints.monitors import jobs, rules
from blueprints.monitors.maintenance import plan_maintenance
from data.customers import Customer
from data.monitors import MonitorChange, Watch
from tests.monitors.watched import a_watched, again, push, standing

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)


@pytest.fixture
def clock():
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


def listen(clock, whole, step=MINUTE):
    """The portal listens each minute, for so long."""
    for _ in range(whole // step):
        clock.shift(step)
        jobs.listen.call_local()


def test_three_intervals_without_news_are_unknown_and_one_reading_is_news(app, world, clock):
    monitor, token = a_watched(world)
    push(app, token, "value=1")
    jobs.listen.call_local()
    listen(clock, 3 * QUARTER - MINUTE)
    assert again(monitor).state == "good"
    listen(clock, MINUTE)
    assert again(monitor).state == "unknown"
    assert Customer.get_by_id(monitor.customer_id).monitors == "2-u---"
    change = MonitorChange.select().order_by(MonitorChange.id.desc()).get()
    assert (change.before, change.after, change.value, change.at) == ("good", "unknown", None, AT + 3 * QUARTER)
    listen(clock, QUARTER)
    assert MonitorChange.select().count() == 2, "it is told once"
    assert push(app, token, "value=30").json["state"] == "problem"


def test_one_that_was_never_heard_of_is_unknown_anyway(app, world, clock):
    monitor, _ = a_watched(world)
    listen(clock, 4 * QUARTER, QUARTER / 5)
    assert again(monitor).state == "unknown"
    assert not MonitorChange.select().exists()


def test_after_the_portal_was_away_everybody_has_three_intervals_again(app, world, clock):
    monitor, token = a_watched(world)
    push(app, token, "value=1")
    jobs.listen.call_local()
    clock.shift(timedelta(hours=5))
    listen(clock, 3 * QUARTER)
    assert again(monitor).state == "good"
    listen(clock, 2 * MINUTE)
    assert again(monitor).state == "unknown"


def test_a_clock_set_forward_makes_nobody_silent(app, world, clock):
    monitor, token = a_watched(world)
    push(app, token, "value=1")
    jobs.listen.call_local()
    clock.shift(timedelta(days=365))
    jobs.listen.call_local()
    assert again(monitor).state == "good"
    assert Watch.get().since == AT + timedelta(days=365)


def test_a_clock_set_back_makes_nobody_wait_for_the_time_to_come_again(app, world, clock):
    monitor, token = a_watched(world)
    probe, _ = a_watched(world, wish=rules.Wish(probe="smtp", settings={"host": "mx.provider.example"}))
    push(app, token, "value=1")
    jobs.listen.call_local()
    clock.shift(-timedelta(days=30))
    jobs.listen.call_local()
    assert again(probe).due_at == AT - timedelta(days=30), "what is due is due now, not in a month"
    assert push(app, token, "value=30").json["state"] == "good"
    assert push(app, token, "value=30").json["state"] == "problem", "readings count as before"
    listen(clock, 3 * QUARTER + MINUTE)
    assert again(monitor).state == "unknown"


def test_silence_in_maintenance_is_told_only_three_intervals_after_its_end(app, world, clock):
    monitor, token = a_watched(world)
    push(app, token, "value=1")
    who = standing(world.technician)
    plan_maintenance(who, monitor.customer_id, "", AT, AT + 8 * QUARTER, "Move", "UTC")
    jobs.listen.call_local()
    listen(clock, 11 * QUARTER - MINUTE)
    assert again(monitor).state == "good"
    listen(clock, MINUTE)
    assert again(monitor).state == "unknown"


def test_one_that_was_switched_off_is_not_listened_for(app, world, clock):
    monitor, token = a_watched(world)
    push(app, token, "value=1")
    rules.switch_off(standing(world.technician), monitor.customer_id, monitor.service, monitor.version)
    listen(clock, 4 * QUARTER)
    assert again(monitor).state == "off"
