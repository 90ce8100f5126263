"""Eligibility: the days are right over all starts of eight years, and every verdict says why and from when."""

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.cancellations.eligibility import (
    NOT_COMPLETE,
    PERMISSION,
    Case,
    Hindrance,
    Reason,
    end_of_day,
    judge,
    last_day_of_service,
    opens_on,
)
from blueprints.orders.submission import last_day_of_commitment
from data.customers import SHELVES
from data.formats import day
from data.moments import day_of
from data.roles import Role, roles_with

FIRST, LAST = date(2024, 1, 1), date(2031, 12, 31)  # eight years, two of them leap years
STARTS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
DAYS = st.dates(FIRST, LAST)
NEVER = st.sampled_from([status for status in SHELVES if status not in ("complete", "pending_cancellation")])


def complete(start: date, **changed: object) -> Case:
    facts = {"subscription_start": start, "commitment_ends": last_day_of_commitment(start)}
    return Case(**{"status": "complete", "role": Role.MSP_ADMIN} | facts | changed)


def eleven_months_after(start: date) -> date:
    """Reckoned by hand: the same number of the day in the month before next year's, or that month's last."""
    year, month = (start.year, 12) if start.month == 1 else (start.year + 1, start.month - 1)
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def test_every_start_of_eight_years_opens_after_eleven_calendar_months():
    for start in STARTS:
        opens, ends = eleven_months_after(start), last_day_of_commitment(start)
        case = complete(start)
        too_early = judge(case, opens - timedelta(days=1))
        assert (too_early.may, too_early.reason, too_early.from_day) == (False, Reason.TOO_EARLY, opens)
        assert day(opens) in too_early.sentence
        assert day(start) in too_early.sentence
        assert judge(case, opens).may
        assert opens < ends, start
        assert judge(case, opens).ends == judge(case, ends).ends == ends
        assert judge(case, ends + timedelta(days=1)).ends == ends + timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "opens"),
    [
        (date(2026, 11, 4), date(2027, 10, 4)),
        (date(2026, 3, 31), date(2027, 2, 28)),  # clamped
        (date(2027, 3, 31), date(2028, 2, 29)),  # into a leap year
        (date(2028, 2, 29), date(2029, 1, 29)),  # out of one
        (date(2026, 1, 31), date(2026, 12, 31)),
        (date(2026, 10, 31), date(2027, 9, 30)),
    ],
)
def test_ends_of_months_are_clamped_and_leap_days_kept(start, opens):
    assert opens_on(start) == opens


def test_a_later_start_never_opens_earlier():
    opened = [opens_on(start) for start in STARTS]
    assert opened == sorted(opened)


@given(DAYS, DAYS)
def test_once_it_may_be_cancelled_it_may_on_every_later_day(start, today):
    verdicts = [judge(complete(start), today + timedelta(days=n)).may for n in range(60)]
    assert verdicts == sorted(verdicts)


@given(DAYS, DAYS)
def test_the_service_never_ends_before_the_request_nor_before_the_commitment(start, today):
    verdict = judge(complete(start), today)
    if not verdict.may:
        assert (verdict.ends, today < verdict.from_day) == (None, True)
        return
    ends = last_day_of_commitment(start)
    assert verdict.ends == max(ends, today)
    assert day(verdict.ends) in verdict.sentence
    assert last_day_of_service(ends, verdict.ends) == verdict.ends


@given(DAYS, DAYS, NEVER, st.sampled_from(Role))
def test_no_other_status_may_be_cancelled_on_any_day(start, today, status, role):
    verdict = judge(complete(start, status=status, role=role), today)
    assert (verdict.may, verdict.reason, verdict.from_day) == (False, Reason.STATUS, None)
    assert verdict.sentence == NOT_COMPLETE[status]


@given(DAYS, DAYS, st.sampled_from(Role))
def test_only_administrators_may_on_whatever_day(start, today, role):
    verdict = judge(complete(start, role=role), today)
    assert (verdict.reason is Reason.ROLE) == (role not in roles_with(PERMISSION))
    if verdict.reason is Reason.ROLE:
        assert (verdict.may, verdict.from_day) == (False, None)
        assert role.label in verdict.sentence


def test_those_who_may_are_the_two_kinds_of_administrators():
    assert roles_with(PERMISSION) == (Role.PARTNER_ADMIN, Role.MSP_ADMIN)


@given(DAYS, DAYS, st.sampled_from(Role))
def test_what_is_pending_is_not_asked_for_again(start, today, role):
    ends = last_day_of_commitment(start)
    verdict = judge(complete(start, status="pending_cancellation", role=role, service_ends=ends), today)
    assert (verdict.may, verdict.reason) == (False, Reason.PENDING)
    assert verdict.sentence == f"The cancellation is pending: the service ends on {day(ends)}."


@given(DAYS, DAYS, st.sampled_from([Hindrance.DRAFT_ORDER, Hindrance.PARTNER_CHANGE]))
def test_what_is_under_way_is_brought_to_an_end_first(start, today, hindrance):
    free, hindered = judge(complete(start), today), judge(complete(start, hindrance=hindrance), today)
    assert not hindered.may
    assert hindered.reason == (hindrance.value if free.may else free.reason)


@given(DAYS)
def test_without_a_start_on_record_nobody_guesses_one(today):
    for facts in ({"subscription_start": None}, {"commitment_ends": None}):
        verdict = judge(complete(FIRST, **facts), today)
        assert (verdict.may, verdict.reason) == (False, Reason.NO_START)


def test_every_verdict_is_one_or_two_whole_sentences():
    statuses, starts = list(SHELVES), (None, date(2026, 3, 31))
    for status, role, start, hindrance in product(statuses, Role, starts, Hindrance):
        for today in (date(2026, 4, 1), date(2027, 3, 1), date(2028, 1, 1)):
            ends = last_day_of_commitment(start) if start else None
            verdict = judge(Case(status, role, start, ends, hindrance), today)
            assert verdict.sentence[0].isupper()
            assert verdict.sentence.endswith(".")
            assert "_" not in verdict.sentence
            assert verdict.may == (not verdict.reason)


# --- the end of a day, in the MSP's zone ----------------------------------------------------------------


@given(DAYS, st.sampled_from(sorted(available_timezones())))
def test_a_day_ends_where_the_next_one_begins_in_its_zone(last, zone):
    end = end_of_day(last, zone)
    assert day_of(end, zone) == last + timedelta(days=1)
    assert day_of(end - timedelta(microseconds=1), zone) == last


@pytest.mark.parametrize(
    ("last", "zone", "end"),
    [
        (date(2027, 11, 3), "Europe/Berlin", datetime(2027, 11, 3, 23, tzinfo=UTC)),
        (date(2027, 7, 3), "Europe/Berlin", datetime(2027, 7, 3, 22, tzinfo=UTC)),
        (date(2027, 11, 3), "Pacific/Kiritimati", datetime(2027, 11, 3, 10, tzinfo=UTC)),
        (date(2027, 11, 3), "Pacific/Niue", datetime(2027, 11, 4, 11, tzinfo=UTC)),
        (date(2025, 4, 24), "Africa/Cairo", datetime(2025, 4, 24, 22, tzinfo=UTC)),  # midnight does not exist
    ],
)
def test_zones_decide_when_a_day_is_over(last, zone, end):
    assert end_of_day(last, zone) == end


def test_the_zone_of_the_msp_decides_which_day_it_is():
    opens = opens_on(date(2026, 11, 4))
    at = datetime(2027, 10, 3, 22, 30, tzinfo=UTC)
    there, here = day_of(at, "Europe/Berlin"), day_of(at, "America/New_York")
    assert (there, here) == (opens, opens - timedelta(days=1))
    assert judge(complete(date(2026, 11, 4)), there).may
    assert not judge(complete(date(2026, 11, 4)), here).may
    assert at.astimezone(ZoneInfo("Europe/Berlin")).date() == opens
