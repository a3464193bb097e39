"""Windows of time: the unit of work of a sync, and of what a crash can cost.

A window is [since, until). It is planned in ops.sync_window before anything is read, and done in
the transaction that stores its rows. What an interrupted sync left planned is read first by the
next one; what is done is not read again, but for the tail that late rows may still fall into.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from workbench.db import Database, statement
from workbench.sync.run import StreamCount

__all__ = [
    "Window",
    "finish_window",
    "high_water",
    "plan_windows",
    "planned_windows",
    "split_window",
]


@dataclass(frozen=True, slots=True)
class Window:
    """[since, until) of one stream; an open one is read to the end of what there is.

    The last window of a sync is open, so that rows dated in the future come with it while the
    next sync still begins at this one's ``until``.
    """

    stream: str
    since: dt.datetime
    until: dt.datetime
    run_id: str
    is_open: bool = False

    def key(self, account_id: str) -> dict[str, Any]:
        """Its key in ops.sync_window."""
        return {
            "account_id": account_id,
            "stream": self.stream,
            "since_at": self.since,
            "until_at": self.until,
            "run_id": self.run_id,
        }


def slices(since: dt.datetime, until: dt.datetime, *, days: int) -> Iterator[tuple[Any, Any]]:
    """[since, until) cut into pieces of that many days, the last one shorter."""
    step = dt.timedelta(days=days)
    while since < until:
        yield since, min(since + step, until)
        since += step


def planned_windows(database: Database, account_id: str, stream: str) -> list[Window]:
    """What earlier syncs planned and did not finish, oldest first."""
    with database.connection() as connection:
        rows = connection.execute(
            statement("reads/sync_window_planned"), {"account_id": account_id, "stream": stream}
        ).fetchall()
    return [Window(stream, since, until, run_id) for since, until, run_id in rows]


def high_water(database: Database, account_id: str, stream: str) -> dt.datetime | None:
    """Up to where the stream has been planned; None when it never was."""
    with database.connection() as connection:
        row = connection.execute(
            statement("reads/sync_window_high_water"),
            {"account_id": account_id, "stream": stream},
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
) -> list[Window]:
    """Plan [since, until) in pieces and return them; the last one is open."""
    planned = [Window(stream, a, b, run_id) for a, b in slices(since, until, days=days)]
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.executemany(
            statement("writes/plan_sync_window"), [window.key(account_id) for window in planned]
        )
    return [*planned[:-1], *(replace(last, is_open=True) for last in planned[-1:])]


def finish_window(cursor: Any, window: Window, *, account_id: str, count: StreamCount) -> None:
    """Mark a window done, in the transaction that stores its rows."""
    counts = {"rows_read": count.read, "rows_new": count.new, "rows_changed": count.changed}
    cursor.execute(statement("writes/finish_sync_window"), window.key(account_id) | counts)


def split_window(cursor: Any, window: Window, *, account_id: str, at: dt.datetime) -> Window:
    """Cut a window that turned out dense: [since, at) stays, and [at, until) is planned.

    Returns:
        The rest, still to be read.
    """
    rest = replace(window, since=at)
    cursor.execute(statement("writes/shorten_sync_window"), window.key(account_id) | {"at": at})
    cursor.execute(statement("writes/plan_sync_window"), rest.key(account_id))
    return rest
