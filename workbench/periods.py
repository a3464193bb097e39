"""Date ranges, account days and weeks.

A day, a week and a month are the account's own: they begin at midnight of the account's time zone,
so a day is 23, 24 or 25 hours long and never the same everywhere as a day in UTC. Instants are
aware datetimes in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbench.errors import InputInvalid

__all__ = [
    "DateRange",
    "account_day",
    "day_start",
    "iso_week",
    "last_complete_week",
    "parse_day",
    "zone",
]

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, order=True, slots=True)
class DateRange:
    """Account days from first to last, both included.

    >>> DateRange(dt.date(2026, 3, 2), dt.date(2026, 3, 8)).days
    7
    """

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InputInvalid(
                f"the range ends on {self.last}, before it begins on {self.first}",
                hint="swap the two dates",
            )

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    def __iter__(self) -> Iterator[dt.date]:
        return (self.first + _DAY * n for n in range(self.days))

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        """How many days, both ends counted."""
        return (self.last - self.first).days + 1

    def before(self) -> DateRange:
        """The range of the same length that ends the day before this one begins."""
        return self.shifted(days=-self.days)

    def year_before(self) -> DateRange:
        """The same weekdays a year earlier: 364 days back, so that Mondays meet Mondays."""
        return self.shifted(days=-364)

    def shifted(self, *, days: int) -> DateRange:
        """This range moved by whole days."""
        return DateRange(self.first + _DAY * days, self.last + _DAY * days)

    def instants(self, timezone: str) -> tuple[dt.datetime, dt.datetime]:
        """First instant counted and first instant no longer counted, in UTC."""
        return day_start(self.first, timezone), day_start(self.last + _DAY, timezone)


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name.

    Raises:
        InputInvalid: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InputInvalid(
            f"{name!r} is not an IANA time zone", hint="for example Europe/Berlin"
        ) from None


def day_start(day: dt.date, timezone: str) -> dt.datetime:
    """The UTC instant at which an account day begins.

    >>> day_start(dt.date(2026, 7, 1), "Europe/Berlin").isoformat()
    '2026-06-30T22:00:00+00:00'
    """
    return dt.datetime.combine(day, dt.time(), zone(timezone)).astimezone(dt.UTC)


def account_day(instant: dt.datetime, timezone: str) -> dt.date:
    """The account day that an aware instant falls on."""
    return instant.astimezone(zone(timezone)).date()


def parse_day(text: str) -> dt.date:
    """The day an ISO string names.

    Raises:
        InputInvalid: it names none.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputInvalid(
            f"{text!r} is not a date", hint="write it as 2026-03-31 (year-month-day)"
        ) from None


def iso_week(text: str) -> DateRange:
    """The Monday to Sunday that an ISO week, or any day of it, names.

    >>> str(iso_week("2026-W44"))
    '2026-10-26 to 2026-11-01'
    >>> iso_week("2026-10-28") == iso_week("2026-W44")
    True

    Raises:
        InputInvalid: the text is neither an ISO week nor a date.
    """
    try:
        day = dt.date.fromisoformat(text)  # Python 3.11 reads 2026-W44 as that week's Monday
    except ValueError:
        raise InputInvalid(
            f"{text!r} is not a week", hint="write it as 2026-W44, or as any day of that week"
        ) from None
    monday = day - _DAY * day.weekday()
    return DateRange(monday, monday + _DAY * 6)


def last_complete_week(last_day: dt.date) -> DateRange:
    """The last Monday to Sunday that had ended by the end of that day.

    >>> str(last_complete_week(dt.date(2026, 11, 1)))
    '2026-10-26 to 2026-11-01'
    >>> str(last_complete_week(dt.date(2026, 10, 31)))
    '2026-10-19 to 2026-10-25'
    """
    sunday = last_day - _DAY * ((last_day.weekday() + 1) % 7)
    return DateRange(sunday - _DAY * 6, sunday)
