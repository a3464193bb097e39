"""Days of an account: their lengths, their weeks, and what holds in every time zone."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputInvalid
from workbench.periods import (
    DateRange,
    account_day,
    day_start,
    iso_week,
    last_complete_week,
    parse_day,
    zone,
)

# half hours, quarter hours, both hemispheres' daylight saving, one of half an hour, one at midnight
ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "America/Santiago",
    "Pacific/Kiritimati",
]
days = st.dates(dt.date(2005, 1, 1), dt.date(2035, 12, 31))
zones = st.sampled_from(ZONES)
DAY = dt.timedelta(days=1)


@st.composite
def ranges(draw: st.DrawFn) -> DateRange:
    first = draw(days)
    return DateRange(first, first + DAY * draw(st.integers(min_value=0, max_value=400)))


@given(days, zones)
def test_a_day_is_that_of_its_first_and_of_its_last_instant(day: dt.date, timezone: str) -> None:
    since, until = DateRange(day, day).instants(timezone)
    assert account_day(since, timezone) == day
    assert account_day(until - dt.timedelta(microseconds=1), timezone) == day
    assert account_day(until, timezone) == day + DAY


@given(st.datetimes(dt.datetime(2005, 1, 1), dt.datetime(2035, 12, 31)), zones)
def test_every_instant_falls_in_its_day(instant: dt.datetime, timezone: str) -> None:
    aware = instant.replace(tzinfo=dt.UTC)
    day = account_day(aware, timezone)
    assert day_start(day, timezone) <= aware < day_start(day + DAY, timezone)


@given(ranges(), zones)
def test_the_days_of_a_range_follow_each_other_without_a_gap(
    period: DateRange, timezone: str
) -> None:
    instants = [DateRange(day, day).instants(timezone) for day in period]
    assert len(instants) == period.days
    assert all(until == since for (_, until), (since, _) in pairwise(instants))
    assert (instants[0][0], instants[-1][1]) == period.instants(timezone)


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        ("2026-03-08", "America/New_York", 23),
        ("2026-11-01", "America/New_York", 25),
        ("2026-03-29", "Europe/London", 23),
        ("2026-10-25", "Europe/London", 25),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2026-09-06", "America/Santiago", 23),
        ("2026-03-08", "Asia/Kolkata", 24),
    ],
)
def test_days_are_as_long_as_the_account_s_clock_makes_them(
    day: str, timezone: str, hours: float
) -> None:
    period = DateRange(parse_day(day), parse_day(day))
    since, until = period.instants(timezone)
    assert until - since == dt.timedelta(hours=hours)


@given(ranges())
def test_the_range_before_ends_where_this_one_begins(period: DateRange) -> None:
    before = period.before()
    assert before.days == period.days
    assert before.last + DAY == period.first
    assert not any(day in period for day in before)


@given(ranges())
def test_a_year_before_weekdays_meet(period: DateRange) -> None:
    before = period.year_before()
    assert before.days == period.days
    assert before.first.weekday() == period.first.weekday()
    assert period.first - before.first == 52 * 7 * DAY


@given(days)
def test_a_week_is_named_by_any_of_its_days(day: dt.date) -> None:
    week = iso_week(day.isoformat())
    year, number, _ = day.isocalendar()
    assert week == iso_week(f"{year}-W{number:02}")
    assert day in week
    assert (week.first.weekday(), week.days) == (0, 7)


@given(days)
def test_the_last_complete_week_is_over_and_the_next_is_not(last_day: dt.date) -> None:
    week = last_complete_week(last_day)
    assert week == iso_week(week.first.isoformat())
    assert week.last <= last_day < week.last + 7 * DAY


def test_a_range_is_told_and_compared_as_a_value() -> None:
    period = DateRange(dt.date(2026, 1, 30), dt.date(2026, 2, 2))
    assert str(period) == "2026-01-30 to 2026-02-02"
    assert list(period) == [dt.date(2026, 1, 30) + DAY * n for n in range(4)]
    assert period == DateRange(dt.date(2026, 1, 30), dt.date(2026, 2, 2))


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputInvalid, match="ends on 2026-01-01, before it begins on 2026-01-02"):
        DateRange(dt.date(2026, 1, 2), dt.date(2026, 1, 1))


@pytest.mark.parametrize("text", ["2026-W60", "last week", "", "2026-02-30"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid, match="is not a week") as refused:
        iso_week(text)
    assert "2026-W44" in refused.value.hint


@pytest.mark.parametrize("text", ["2026-02-30", "yesterday", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid, match="is not a date"):
        parse_day(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(InputInvalid, match="is not an IANA time zone"):
        zone(name)
