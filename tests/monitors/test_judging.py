"""What readings mean, without a database: levels, damping, silence, uptime."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.monitors.judging import (
    LEVELS,
    OF_STATE,
    Stretch,
    Thresholds,
    is_worse,
    level_of,
    state_after,
    stretches,
    uptime,
    was_away,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUEUE = Thresholds(warning=50, problem=200, warning_age=600, problem_age=3600)


@pytest.mark.parametrize(
    ("value", "oldest", "said", "level"),
    [
        (0, None, "", "g"),
        (49.9, 599, "", "g"),
        (50, None, "", "w"),
        (200, 0, "", "p"),
        (1, 600, "", "w"),
        (1, 3600, "", "p"),
        (60, 3600, "", "p"),
        (None, None, "w", "w"),
        (0, 0, "p", "p"),
        (300, None, "g", "p"),
    ],
)
def test_the_worst_of_value_age_and_sender_is_the_level(value, oldest, said, level):
    assert level_of(QUEUE, value, oldest, said) == level


def test_days_of_a_certificate_get_worse_as_they_fall():
    days = Thresholds(warning=21, problem=7, falling=True)
    assert [level_of(days, value, None) for value in (90, 22, 21, 8, 7, 0)] == ["g", "g", "w", "w", "p", "p"]


def test_without_thresholds_only_the_sender_decides():
    assert level_of(Thresholds(), 10**9, 10**9) == "g"


@pytest.mark.parametrize(
    ("state", "recent", "damping", "after"),
    [
        ("unknown", "p", 3, "problem"),
        ("unknown", "g", 3, "good"),
        ("good", "p", 2, "good"),
        ("good", "pp", 2, "problem"),
        ("good", "wp", 2, "warning"),
        ("good", "pwp", 3, "warning"),
        ("problem", "ppg", 2, "problem"),
        ("problem", "pgg", 2, "good"),
        ("problem", "pwg", 2, "warning"),
        ("warning", "gp", 2, "warning"),
        ("good", "p", 1, "problem"),
        ("good", "", 2, "good"),
    ],
)
def test_as_many_readings_as_damping_says_change_the_state(state, recent, damping, after):
    assert state_after(state, recent, damping) == after


@given(st.sampled_from(sorted(OF_STATE)), st.integers(2, 10), st.integers(0, 40))
def test_what_goes_to_and_fro_changes_nothing(state, damping, length):
    recent = ("gp" * length)[:length]
    assert state_after(state, recent, damping) == state


@given(st.text(LEVELS, min_size=10, max_size=10), st.sampled_from(sorted(OF_STATE)), st.integers(1, 10))
def test_the_same_readings_again_change_nothing_more(recent, state, damping):
    once = state_after(state, recent, damping)
    assert state_after(once, recent, damping) == once


def test_to_be_unknown_is_what_maintenance_keeps_quiet_and_to_be_known_good_is_not():
    assert is_worse("good", "unknown")
    assert is_worse("warning", "problem")
    assert is_worse("unknown", "problem")
    assert not is_worse("unknown", "good")
    assert not is_worse("problem", "good")


def test_a_gap_or_a_clock_that_was_set_means_the_portal_was_away():
    assert not was_away(AT, AT + timedelta(seconds=90))
    assert was_away(AT, AT + timedelta(minutes=6))
    assert was_away(AT, AT - timedelta(seconds=1))


def test_uptime_counts_what_is_known_and_is_no_maintenance():
    hour = timedelta(hours=1)
    changes = [(AT + hour, "good", "problem"), (AT + 2 * hour, "problem", "good"), (AT + 3 * hour, "good", "unknown")]
    cut = stretches(AT, AT + 5 * hour, "unknown", changes)
    assert [(each.state, each.seconds / 3600) for each in cut] == [
        ("good", 1),
        ("problem", 1),
        ("good", 1),
        ("unknown", 2),
    ]
    assert uptime(cut) == pytest.approx(2 / 3)
    half = (AT + hour * 1.5, AT + hour * 4)
    assert uptime(cut, [half]) == pytest.approx(1 / 1.5)
    assert uptime(cut, [half, half]) == pytest.approx(1 / 1.5), "maintenance twice at once counts once"
    assert uptime([Stretch("unknown", AT, AT + hour)]) is None
    assert uptime([]) is None


def test_without_changes_a_period_is_in_the_present_state():
    assert stretches(AT, AT + timedelta(1), "good", []) == [Stretch("good", AT, AT + timedelta(1))]
