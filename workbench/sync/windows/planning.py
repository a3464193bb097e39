"""Windows of time: the unit of work of a sync, and of what a crash can cost.

A window is [since, until). It is planned in ops.sync_window before anything is read, and done in
the transaction that stores its rows. What an interrupted sync left planned is read first by the
next one; what is done is not read again, but for the tail that late rows may still fall into.

A window that holds more rows than one transaction should is cut where it was read to: the part
before is done, the rest is planned, and when other threads have nothing to do they get some of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from workbench.db import Database, statement
from workbench.sync.run import StreamCount

__all__ = [
    "Window",
    "cut_window",
    "finish_window",
    "high_water",
    "low_water",
    "plan_windows",
    "planned_windows",
    "shares",
]

_SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """[since, until) of one stream; an open one is read to the end of what there is.

    The last window of a sync is open, so that rows dated in the future come with it while the
    next sync still begins at this one's ``until``.

    Attributes:
        is_first: nothing in it was ever read, so that none of its rows can be there already.
    """

    stream: str
    since: dt.datetime
    until: dt.datetime
    run_id: str
    is_open: bool = False
    is_first: bool = False

    def key(self, account_id: str) -> dict[str, Any]:
        """Its key in ops.sync_window."""
        return {
            "account_id": account_id,
            "stream": self.stream,
            "since_at": self.since,
            "until_at": self.until,
            "run_id": self.run_id,
        }

    def holds(self, at: dt.datetime) -> bool:
        """Whether an instant that was not before it belongs to it."""
        return self.is_open or at < self.until


def slices(since: dt.datetime, until: dt.datetime, *, days: int) -> Iterator[tuple[Any, Any]]:
    """[since, until) cut into pieces of that many days, the last one shorter."""
    step = dt.timedelta(days=days)
    while since < until:
        yield since, min(since + step, until)
        since += step


def planned_windows(
    database: Database, account_id: str, stream: str, *, run_id: str
) -> list[Window]:
    """What this sync has planned and earlier ones did not finish, oldest first.

    The last window of an earlier sync is open no more: what came after it is this one's.
    """
    with database.connection() as connection:
        rows = connection.execute(
            statement("reads/sync_window_planned"), {"account_id": account_id, "stream": stream}
        ).fetchall()
    return [
        Window(stream, since, until, of, is_open and of == run_id, is_first)
        for since, until, of, is_open, is_first in rows
    ]


def high_water(database: Database, account_id: str, stream: str) -> dt.datetime | None:
    """Up to where the stream has been planned without a gap; None when it never was."""
    with database.connection() as connection:
        row = connection.execute(
            statement("reads/sync_window_high_water"),
            {"account_id": account_id, "stream": stream},
        ).fetchone()
    return row[0] if row else None


def low_water(database: Database, account_id: str, stream: str) -> dt.datetime | None:
    """From where on the stream has been planned; None when it never was."""
    with database.connection() as connection:
        row = connection.execute(
            statement("reads/sync_window_low_water"), {"account_id": account_id, "stream": stream}
        ).fetchone()
    return row[0] if row else None


def plan_windows(
    database: Database,
    account_id: str,
    *,
    stream: str,
    since: dt.datetime,
    until: dt.datetime,
    days: int,
    run_id: str,
    is_open: bool = True,
) -> None:
    """Plan [since, until) in pieces, of which the last one may be open.

    What was planned within and never read is not read for its own sake any more.
    """
    whole = Window(stream, since, until, run_id)
    planned = [Window(stream, a, b, run_id) for a, b in slices(since, until, days=days)]
    planned[-1:] = [replace(last, is_open=is_open) for last in planned[-1:]]
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement("writes/drop_sync_windows"), whole.key(account_id))
        _plan(cursor, planned, account_id=account_id)


def finish_window(
    cursor: Any,
    window: Window,
    *,
    account_id: str,
    count: StreamCount,
    until: dt.datetime | None = None,
) -> None:
    """Mark a window done up to where it was read, in the transaction that stores its rows."""
    told = {
        "read_until": until or window.until,
        "rows_read": count.read,
        "rows_new": count.new,
        "rows_changed": count.changed,
    }
    cursor.execute(statement("writes/finish_sync_window"), window.key(account_id) | told)


def cut_window(
    cursor: Any,
    window: Window,
    *,
    account_id: str,
    count: StreamCount,
    at: dt.datetime,
    rest: Iterable[Window],
) -> None:
    """Mark [since, at) of a window done, and plan the rest of it."""
    finish_window(cursor, window, account_id=account_id, count=count, until=at)
    _plan(cursor, rest, account_id=account_id)


def shares(
    window: Window, *, count: int, rows: float, most: int, before: dt.datetime
) -> list[Window]:
    """A window in at most that many pieces of about equal length, none shorter than a second.

    Args:
        window: to be divided among threads.
        count: pieces wanted.
        rows: expected in it.
        most: rows that one transaction stores; a piece is not made to hold less.
        before: no piece but the last ends later: Klaviyo takes no bound close to its present.
    """
    length = window.until - window.since
    count = min(count, int(rows // most), length // _SECOND)
    if count < 2:
        return [window]
    step = dt.timedelta(seconds=length // _SECOND // count)
    ends = [end for n in range(1, count) if (end := window.since + n * step) < before]
    edges = [window.since, *ends, window.until]
    pieces = [
        replace(window, since=since, until=until, is_open=False) for since, until in pairwise(edges)
    ]
    pieces[-1] = replace(pieces[-1], is_open=window.is_open)
    return pieces


def _plan(cursor: Any, planned: Iterable[Window], *, account_id: str) -> None:
    cursor.executemany(
        statement("writes/plan_sync_window"),
        [window.key(account_id) | {"is_open": window.is_open} for window in planned],
    )
