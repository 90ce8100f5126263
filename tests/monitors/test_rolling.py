"""What is left of readings as they age, and that pages show the same of it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from blueprints.monitors import jobs
from blueprints.monitors.views import PERIODS, Past
from data.monitors import MonitorChange, Reading, Rollup
from tests.monitors.watched import a_watched, again, push

AT = datetime(2026, 11, 21, 12, 34, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def read(monitor, at, value, level="g"):
    Reading.create(monitor=monitor, at=at, value=value, oldest=None if value is None else int(value), level=level)


@pytest.fixture
def filled(app, world):
    """Ninety-five days with a reading every six hours, the value being the age in days."""
    monitor, _ = a_watched(world)
    rows = [
        (monitor.id, AT - 6 * HOUR * step, step // 4, step // 4, "p" if step == 200 else "g", "")
        for step in range(95 * 4)
    ]
    fields = (Reading.monitor, Reading.at, Reading.value, Reading.oldest, Reading.level, Reading.message)
    for start in range(0, len(rows), 50):
        Reading.insert_many(rows[start : start + 50], fields).execute()
    return monitor


def spans():
    return {span: Rollup.select().where(Rollup.span == span).count() for span in ("hour", "day")}


def test_raw_for_a_week_then_hours_then_days_then_nothing(filled):
    with time_machine.travel(AT, tick=False):
        jobs.roll_up.call_local()
        assert Reading.select().where(Reading.at < AT - 7 * DAY - HOUR).count() == 0
        assert Reading.select().count() in (28, 29)
        kept = spans()
        assert kept["hour"] in range(23 * 4, 24 * 4 + 1)
        assert kept["day"] in (60, 61)
        assert Rollup.select().where(Rollup.begins_at < AT - 91 * DAY).count() == 0
        before = list(Rollup.select().order_by(Rollup.id).tuples())
        jobs.roll_up.call_local()
        assert list(Rollup.select().order_by(Rollup.id).tuples()) == before, "a second time changes nothing"
    day = Rollup.get((Rollup.span == "day") & (Rollup.problems == 1))
    assert (day.readings, day.valued, day.oldest) == (4, 4, day.most)
    assert 4 * day.least <= day.total <= 4 * day.most


def test_pages_show_the_same_before_and_after(filled):
    with time_machine.travel(AT, tick=False):
        seen = [Past(again(filled), period, AT, "UTC").points for period in PERIODS.values()]
        jobs.roll_up.call_local()
        assert [Past(again(filled), period, AT, "UTC").points for period in PERIODS.values()] == seen
    assert [len(points) for points in seen] == [5, 29, 31, 91]


def test_what_comes_again_after_the_clock_was_set_back_is_added(app, world):
    monitor, _ = a_watched(world)
    for value in (1, 5):
        read(monitor, AT - 8 * DAY, value)
        with time_machine.travel(AT, tick=False):
            jobs.roll_up.call_local()
    row = Rollup.get()
    assert (row.readings, row.valued, row.least, row.most, row.total, row.oldest) == (2, 2, 1, 5, 6, 5)


def test_readings_without_a_value_are_counted_all_the_same(app, world):
    monitor, _ = a_watched(world)
    read(monitor, AT - 8 * DAY, None, "p")
    with time_machine.travel(AT, tick=False):
        jobs.roll_up.call_local()
        [point] = Past(again(monitor), PERIODS["month"], AT, "UTC").points
    assert (point.readings, point.mean, point.problems) == (1, None, 1)


def test_changes_that_nobody_was_told_of_yet_are_not_forgotten(app, world):
    _, token = a_watched(world)
    push(app, token, "value=1")
    MonitorChange.update(at=AT - 100 * DAY).execute()
    with time_machine.travel(AT, tick=False):
        jobs.roll_up.call_local()
        assert MonitorChange.select().count() == 1
        MonitorChange.update(told_at=AT).execute()
        jobs.roll_up.call_local()
    assert not MonitorChange.select().exists()
