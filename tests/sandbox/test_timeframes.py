"""Time frames and buckets against the clock, day by day."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.timeframes import (
    PRESETS,
    asked_timeframe,
    bucket_starts,
    is_time_zone,
    local_text,
)

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Adelaide",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # changes its clock by half an hour
    "America/Santiago",  # changes it at midnight
]
NOW = int(dt.datetime(2026, 3, 4, 15, 30, tzinfo=dt.UTC).timestamp())  # a Wednesday


def _clock(second: int, timezone: str) -> str:
    return dt.datetime.fromtimestamp(second, ZoneInfo(timezone)).isoformat()


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("today", "2026-03-04", "2026-03-04"),
        ("yesterday", "2026-03-03", "2026-03-03"),
        ("this_week", "2026-03-02", "2026-03-04"),
        ("last_week", "2026-02-23", "2026-03-01"),
        ("this_month", "2026-03-01", "2026-03-04"),
        ("last_month", "2026-02-01", "2026-02-28"),
        ("this_year", "2026-01-01", "2026-03-04"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("last_7_days", "2026-02-25", "2026-03-03"),
        ("last_30_days", "2026-02-02", "2026-03-03"),
        ("last_90_days", "2025-12-04", "2026-03-03"),
        ("last_365_days", "2025-03-04", "2026-03-03"),
        ("last_3_months", "2025-12-01", "2026-02-28"),
        ("last_12_months", "2025-03-01", "2026-02-28"),
    ],
)
def test_presets_are_whole_days_of_the_account(key: str, first: str, last: str) -> None:
    named = asked_timeframe({"key": key}, now=NOW, timezone="Europe/Berlin")
    spelled = asked_timeframe(
        {"start": f"{first}T00:00:00", "end": f"{last}T23:00:00"}, now=NOW, timezone="Europe/Berlin"
    )
    assert (named.since, named.until) == (spelled.since, spelled.until)
    assert set(PRESETS) >= {key}


def test_today_is_the_day_of_the_account() -> None:
    late = int(dt.datetime(2026, 3, 4, 23, 30, tzinfo=dt.UTC).timestamp())
    frame = asked_timeframe({"key": "today"}, now=late, timezone="Europe/Berlin")
    assert _clock(frame.since, "Europe/Berlin") == "2026-03-05T00:00:00+01:00"


@pytest.mark.parametrize("offset", ["", "Z", "+00:00", "-11:00", "+05:30"])
def test_offsets_are_ignored(offset: str) -> None:
    frame = asked_timeframe(
        {"start": f"2026-07-01T06:20:00{offset}", "end": f"2026-07-02T09:20:30{offset}"},
        now=NOW,
        timezone="Australia/Adelaide",
    )
    assert _clock(frame.since, "Australia/Adelaide") == "2026-07-01T06:20:00+09:30"
    assert _clock(frame.until, "Australia/Adelaide") == "2026-07-02T10:00:00+09:30"


@pytest.mark.parametrize(
    ("timezone", "start", "end", "hours"),
    [
        ("Europe/Berlin", "2025-10-26T00:00", "2025-10-26T23:00", 25.0),
        ("Europe/Berlin", "2026-03-29T00:00", "2026-03-29T23:00", 23.0),
        ("Europe/Berlin", "2025-10-26T02:00", "2025-10-26T02:00", 2.0),  # it comes twice
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T02:59", 0.0),  # it never comes
        ("America/New_York", "2025-11-02T00:00", "2025-11-02T23:00", 25.0),
        ("America/New_York", "2026-03-08T00:00", "2026-03-08T23:00", 23.0),
        ("Australia/Adelaide", "2026-04-05T00:00", "2026-04-05T23:00", 25.0),
        ("Australia/Adelaide", "2025-10-05T00:00", "2025-10-05T23:00", 23.0),
        ("Australia/Lord_Howe", "2026-04-05T00:00", "2026-04-05T23:00", 24.5),
    ],
)
def test_the_clock_decides_how_long_a_day_is(
    timezone: str, start: str, end: str, hours: float
) -> None:
    frame = asked_timeframe({"start": start, "end": end}, now=NOW, timezone=timezone)
    assert (frame.until - frame.since) / 3600 == hours


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (None, "has a key"),
        ({"start": "2026-01-01"}, "has a key"),
        ({"key": "last_decade"}, "not a timeframe"),
        ({"key": ["today"]}, "not a timeframe"),
        ({"start": "2026-01-02", "end": "2026-01-01"}, "ends before"),
        ({"start": "2025-01-01", "end": "2026-01-01T00:00:01"}, "longer than 1 year"),
        ({"start": "2024-02-29", "end": "2025-03-01"}, "longer than 1 year"),
        ({"start": "yesterday", "end": "2026-01-01"}, "not a datetime"),
    ],
)
def test_what_is_no_timeframe_is_refused(asked: object, match: str) -> None:
    with pytest.raises(Refusal, match=match) as refused:
        asked_timeframe(asked, now=NOW, timezone="UTC")
    assert refused.value.source == {"pointer": "/data/attributes/timeframe"}


def test_a_year_is_allowed() -> None:
    asked = {"start": "2025-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}
    assert asked_timeframe(asked, now=NOW, timezone="UTC").length == dt.timedelta(days=365)


SECONDS = st.integers(1_700_000_000, 1_790_000_000)


@given(SECONDS, st.integers(1, 120 * 86_400), st.sampled_from(ZONES))
def test_days_begin_where_the_date_changes(since: int, length: int, timezone: str) -> None:
    starts = bucket_starts(since, since + length, interval="day", timezone=timezone)
    here = ZoneInfo(timezone)
    dates = [dt.datetime.fromtimestamp(each, here).date() for each in starts.tolist()]
    before = [dt.datetime.fromtimestamp(each - 1, here).date() for each in starts.tolist()]
    day = dt.timedelta(days=1)
    assert dates == [dates[0] + day * place for place in range(len(dates))]
    assert all(date - each == day for date, each in zip(dates, before, strict=True))
    assert dates[0] == dt.datetime.fromtimestamp(since, here).date()
    assert dates[-1] == dt.datetime.fromtimestamp(since + length - 1, here).date()


@given(SECONDS, st.integers(1, 20 * 86_400), st.sampled_from(ZONES))
def test_hours_follow_each_other_on_the_full_hour(since: int, length: int, timezone: str) -> None:
    starts = bucket_starts(since, since + length, interval="hour", timezone=timezone)
    assert starts[0] <= since
    assert starts[-1] < since + length
    assert since + length - starts[-1] <= 3600
    steps = np.diff(starts)
    assert set(steps.tolist()) <= ({3600} if timezone != "Australia/Lord_Howe" else {3600, 1800})
    if timezone != "Australia/Lord_Howe":
        assert all(text[14:19] == "00:00" for text in local_text(starts, timezone))


@given(SECONDS, st.integers(1, 365 * 86_400), st.sampled_from(ZONES))
def test_weeks_begin_on_monday_and_months_on_the_first(
    since: int, length: int, timezone: str
) -> None:
    for interval in ("week", "month"):
        starts = bucket_starts(since, since + length, interval=interval, timezone=timezone)
        here = ZoneInfo(timezone)
        dates = [dt.datetime.fromtimestamp(each, here).date() for each in starts.tolist()]
        assert all(date.day == 1 if interval == "month" else date.weekday() == 0 for date in dates)
        longest = 7 if interval == "week" else 31
        assert all(1 <= (later - date).days <= longest for date, later in pairwise(dates))
        assert starts[0] <= since < (starts[1] if len(starts) > 1 else since + 1)
        assert starts[-1] < since + length


def test_some_names_are_no_time_zones() -> None:
    assert is_time_zone("America/New_York")
    assert is_time_zone("US/Eastern")
    unknown = (
        "america/new_york",
        "Europe/Kyiv",
        "Factory",
        "Mars/Olympus",
        "",
        None,
        "America",
        ["UTC"],
    )
    assert not any(is_time_zone(name) for name in unknown)
