"""Which periods of a report are read, and when each is read again.

    period                                   asked for            read
    -------------------------------------------------------------------------------------------
    the month that lasts                     its days so far      once an account day
    a month over                             all of it            when it is over, and again 7, 14,
                                                                  28, 60 and 90 days later
    before that: months of a daily series,   all of it            once
    calendar quarters of everything else

Periods never overlap, begin and end with an account day, and end with the last one that is over.
The numbers of a period move while messages sent in it still earn opens and orders: those of 90 days
ago no longer do.

A sync that reads everything reads at most two periods of a report on an account day, which never
waits for Klaviyo's two calls a minute and is more than a month needs; so history fills up by and
by. A sync of the report by name reads all that is due.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workbench.db import Database, statement
from workbench.klaviyo.reports import Report
from workbench.periods import account_day

__all__ = ["Period", "due_periods", "periods", "planned_periods"]

_DAY = dt.timedelta(days=1)
_SETTLED = 90  # days after which nothing more is credited to what was sent
_READ_AGAIN = (7, 14, 28, 60, _SETTLED)  # days after the end of a period
_A_DAY = 2


@dataclass(frozen=True, slots=True)
class Period:
    """Account days of one report, both ends included.

    Attributes:
        through: its last day that was over when it was read last; None before the first time.
        read_on: account day on which that was.
        conversion_metric_id: the metric whose events were the conversions then.
    """

    first: dt.date
    last: dt.date
    through: dt.date | None = None
    read_on: dt.date | None = None
    conversion_metric_id: str | None = None

    def over_by(self, today: dt.date) -> dt.date:
        """Its last day that is over."""
        return min(self.last, today - _DAY)

    def is_due(self, today: dt.date, *, conversion_metric_id: str | None) -> bool:
        """Whether its numbers are not known yet, or may have moved."""
        if self.first >= today:
            return False
        if self.read_on is None or self.through is None:
            return True
        if self.through < self.over_by(today) or self.conversion_metric_id != conversion_metric_id:
            return True
        again = (self.last + _DAY * days for days in _READ_AGAIN)
        return any(self.read_on < day <= today for day in again)


def periods(first: dt.date, last: dt.date, *, today: dt.date, is_series: bool) -> Iterator[Period]:
    """The periods that hold the days from first to last, as they are planned on a day.

    >>> found = periods(
    ...     dt.date(2025, 12, 30), dt.date(2026, 5, 2), today=dt.date(2026, 5, 2), is_series=False
    ... )
    >>> [str(each.first) for each in found]
    ['2025-12-01', '2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01']
    """
    settled = _month(today - _DAY * _SETTLED)
    begin = _month(first)
    while begin <= last:
        following = _month(begin, back=(begin.month - 1) % 3 - 3)
        if is_series or following > settled:
            following = _month(begin, back=-1)
        yield Period(begin, following - _DAY)
        begin = following


def planned_periods(
    database: Database,
    account_id: str,
    report: Report,
    *,
    timezone: str,
    began_on: dt.date,
    today: dt.date,
    run_id: str,
) -> list[Period]:
    """Every period of a report from its beginning to today, the newest first.

    What was planned before stays as it was; new months are added.
    """
    known = {"account_id": account_id, "report": report.name}
    found = _planned(database, known, timezone=timezone)
    begin = found[0].last + _DAY if found else max(began_on, report.earliest)
    added = periods(begin, today - _DAY, today=today, is_series=bool(report.interval))
    new = [Period(max(each.first, report.earliest), each.last) for each in added]
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.executemany(
            statement("writes/sync/plan_report_window"),
            [known | {"first_on": p.first, "last_on": p.last, "run_id": run_id} for p in new],
        )
    return [*reversed(new), *found]


def due_periods(
    known: Iterable[Period],
    *,
    today: dt.date,
    conversion_metric_id: str | None,
    asked_first: dt.date | None,
    asked_last: dt.date | None,
    is_by_name: bool,
    is_full: bool,
) -> tuple[list[Period], int]:
    """What a sync reads now, in order, and how many due periods it leaves.

    Args:
        known: every period, the newest first.
        today: the account's.
        conversion_metric_id: the metric whose events are the conversions now.
        asked_first: first account day that the user wants again; None for no bound.
        asked_last: last one.
        is_by_name: whether the user asked for this report.
        is_full: whether the user wants the whole history again.
    """
    known = list(known)
    begun = [period for period in known if period.first < today]
    if is_by_name and (is_full or asked_first or asked_last):
        first, last = asked_first or dt.date.min, asked_last or dt.date.max
        return [period for period in begun if period.first <= last and period.last >= first], 0
    due = [p for p in begun if p.is_due(today, conversion_metric_id=conversion_metric_id)]
    # the newest, then what was read before is what people look at: current before history goes on
    due.sort(key=lambda period: period.read_on is None and period is not begun[0])
    if is_by_name:
        return due, 0
    read_on = [period.read_on for period in known if period.read_on]
    is_rare = bool(read_on) and today - max(read_on) > _DAY
    most = _A_DAY * 2 if is_rare else _A_DAY  # syncs further apart have more to catch up with
    room = max(most - sum(day == today for day in read_on), 0)
    return due[:room], len(due[room:])


def _planned(database: Database, known: dict[str, str], *, timezone: str) -> list[Period]:
    with database.connection() as connection:
        rows = connection.execute(statement("reads/sync/report_windows"), known).fetchall()
    return [
        Period(first, last, through, account_day(read_at, timezone) if read_at else None, metric)
        for first, last, through, read_at, metric in rows
    ]


def _month(day: dt.date, *, back: int = 0) -> dt.date:
    """The first day of the month so many months before that of a day."""
    index = day.year * 12 + day.month - 1 - back
    return dt.date(index // 12, index % 12 + 1, 1)
