"""Time frames of reports, and the hours, days, weeks and months that series are cut into.

Everything is wall clock of a time zone: a day begins at its midnight, an hour when its clock shows
a full hour, also where the zone is half an hour off or changes its offset.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.periods import day_start, zone
from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.shop.days import HOUR

__all__ = [
    "PRESETS",
    "Timeframe",
    "asked_timeframe",
    "bucket_starts",
    "is_longer_than_a_year",
    "is_time_zone",
    "local_text",
]

_DAY = dt.timedelta(days=1)
_POINTER = "/data/attributes/timeframe"
_UNKNOWN_ZONES = {"Factory", "Europe/Kyiv", "Pacific/Kanton"}  # by Klaviyo's specification


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A time frame, both as instants and on the clock of the account.

    Attributes:
        since: first UTC second counted.
        until: first UTC second no longer counted.
        length: from start to end as they were asked, on the clock.
    """

    since: int
    until: int
    length: dt.timedelta


def _month(day: dt.date, back: int = 0) -> dt.date:
    """The first day of the month so many months before that of a day."""
    index = day.year * 12 + day.month - 1 - back
    return dt.date(index // 12, index % 12 + 1, 1)


def _year(day: dt.date, back: int = 0) -> dt.date:
    return dt.date(day.year - back, 1, 1)


def _monday(day: dt.date) -> dt.date:
    return day - day.weekday() * _DAY


def _last_days(count: int) -> Callable[[dt.date], tuple[dt.date, dt.date]]:
    return lambda today: (today - count * _DAY, today - _DAY)


# first and last day of each, from the day that is today; a "last" one ends before today
PRESETS: Mapping[str, Callable[[dt.date], tuple[dt.date, dt.date]]] = {
    "today": lambda today: (today, today),
    "yesterday": _last_days(1),
    "this_week": lambda today: (_monday(today), today),
    "last_week": lambda today: (_monday(today) - 7 * _DAY, _monday(today) - _DAY),
    "this_month": lambda today: (_month(today), today),
    "last_month": lambda today: (_month(today, 1), _month(today) - _DAY),
    "this_year": lambda today: (_year(today), today),
    "last_year": lambda today: (_year(today, 1), _year(today) - _DAY),
    "last_7_days": _last_days(7),
    "last_30_days": _last_days(30),
    "last_90_days": _last_days(90),
    "last_365_days": _last_days(365),
    "last_3_months": lambda today: (_month(today, 3), _month(today) - _DAY),
    "last_12_months": lambda today: (_month(today, 12), _month(today) - _DAY),
}


def asked_timeframe(asked: Any, *, now: int, timezone: str) -> Timeframe:
    """The time frame that a report asks for: a key, or a start and an end.

    The offsets of start and end are ignored, both are clock of the account, both are included, and
    the end runs to the last second of its hour.

    Args:
        asked: as it stands in the body.
        now: UTC second.
        timezone: of the account.

    Raises:
        Refusal: it is neither, or ends before it begins, or is longer than a year.

    Source: Klaviyo's OpenAPI specification 2026-07-15; github.com/airbytehq/airbyte/pull/75495.
    """
    if not isinstance(asked, dict) or not ({"key"} <= set(asked) or {"start", "end"} <= set(asked)):
        raise _refused("A timeframe has a key, or a start and an end.")
    if "key" in asked:
        if str(asked["key"]) not in PRESETS:
            raise _refused(f"{asked['key']!r} is not a timeframe: {', '.join(sorted(PRESETS))}.")
        today = dt.datetime.fromtimestamp(now, zone(timezone)).date()
        first, last = PRESETS[asked["key"]](today)
        start = dt.datetime.combine(first, dt.time())
        end = dt.datetime.combine(last, dt.time(23, 59, 59))
    else:
        start, end = _clock(asked["start"]), _clock(asked["end"])
    if end < start:
        raise _refused("The timeframe ends before it starts.")
    if is_longer_than_a_year(start, end):
        raise _refused("The timeframe cannot be longer than 1 year.")
    return Timeframe(
        since=_instant(start, timezone, fold=0),
        until=_instant(end.replace(minute=59, second=59), timezone, fold=1) + 1,
        length=end - start,
    )


def is_longer_than_a_year(start: dt.datetime, end: dt.datetime) -> bool:
    """Whether the same date of the next year is passed."""
    try:
        return end > start.replace(year=start.year + 1)
    except ValueError:  # the 29th of February
        return end > start.replace(year=start.year + 1, day=28)


def bucket_starts(since: int, until: int, *, interval: str, timezone: str) -> npt.NDArray[np.int64]:
    """UTC seconds at which the hours, days, weeks or months begin that a range touches.

    The first may begin before the range. Weeks begin on Monday.

    Args:
        since: first UTC second of the range.
        until: first UTC second after it.
        interval: hour, day, week or month.
        timezone: whose clock counts.
    """
    first = dt.datetime.fromtimestamp(since, zone(timezone)).date()
    last = dt.datetime.fromtimestamp(until - 1, zone(timezone)).date()
    begin = _beginning(first, interval)
    days = []
    while begin <= last:
        days.append(begin)
        begin = _following(begin, interval)
    if interval != "hour":
        return np.array([_midnight(day, timezone) for day in days], dtype=np.int64)
    edges = [_midnight(day, timezone) for day in (*days, last + _DAY)]
    hours = [np.arange(*pair, HOUR) for pair in pairwise(edges)]
    starts = np.concatenate(hours)
    inside = starts[(starts > since) & (starts < until)]
    return np.concatenate((starts[starts <= since][-1:], inside))


def local_text(starts: npt.NDArray[np.int64], timezone: str) -> list[str]:
    """Instants with the offset of a time zone, so that their first ten characters are its day."""
    here = zone(timezone)
    return [dt.datetime.fromtimestamp(start, here).isoformat() for start in starts.tolist()]


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - _UNKNOWN_ZONES)


def is_time_zone(name: object) -> bool:
    """Whether the API takes a name, case included, as a time zone."""
    return isinstance(name, str) and name in _zones()


def _beginning(day: dt.date, interval: str) -> dt.date:
    """The first day of the week or month of a day; the day itself for shorter intervals."""
    if interval == "month":
        return _month(day)
    return _monday(day) if interval == "week" else day


def _following(day: dt.date, interval: str) -> dt.date:
    """The day on which the week, month or day after one begins."""
    if interval == "month":
        return _month(day, -1)
    return day + _DAY * (7 if interval == "week" else 1)


def _midnight(day: dt.date, timezone: str) -> int:
    return int(day_start(day, timezone).timestamp())


def _clock(text: object) -> dt.datetime:
    """What a clock shows, whatever offset is written behind it."""
    try:
        return dt.datetime.fromisoformat(str(text)).replace(tzinfo=None, microsecond=0)
    except ValueError:
        raise _refused(f"{text!r} is not a datetime.") from None


def _instant(clock: dt.datetime, timezone: str, *, fold: int) -> int:
    """The instant a clock shows that; the first of two when ``fold`` is 0, else the second."""
    return int(clock.replace(tzinfo=zone(timezone), fold=fold).timestamp())


def _refused(detail: str) -> Refusal:
    return Refusal(
        400, code="invalid", title="Invalid input.", detail=detail, source={"pointer": _POINTER}
    )
