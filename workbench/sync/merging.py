"""Pages into tables, one transaction a unit of work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from workbench.db import Database, Merged, copy_rows, merge_rows, staging_table, statement
from workbench.klaviyo.client import KlaviyoClient
from workbench.klaviyo.pages import Page, pages
from workbench.klaviyo.records import TABLES, Rows
from workbench.sync.definition import Resource
from workbench.sync.run import Source, StreamCount
from workbench.sync.windows import Window, finish_window, split_window

__all__ = ["merge_page", "read_window"]

_EVENT = TABLES["klaviyo.event"]
_PAGES_A_BATCH = 10
# A window denser than this is cut, so that no transaction grows without bound.
_BATCHES_A_WINDOW = 10


def merge_page(database: Database, rows: Rows) -> StreamCount:
    """Merge the rows of one page, each into its table, in one transaction."""
    with database.connection() as connection, connection.cursor() as cursor:
        return _merge(cursor, rows, timezone="UTC")


def read_window(
    database: Database, client: KlaviyoClient, stream: Resource, window: Window, source: Source
) -> Iterator[StreamCount]:
    """Read a window and store it, in as many transactions as its density asks for.

    Yields:
        What each transaction stored.
    """
    rest: Window | None = window
    while rest is not None:
        count, rest = _read_part(database, client, stream, rest, source)
        yield count


def _read_part(
    database: Database, client: KlaviyoClient, stream: Resource, window: Window, source: Source
) -> tuple[StreamCount, Window | None]:
    """One transaction: the window, or as much of its beginning as one should hold."""
    query = stream.window_query(window.since, None if window.is_open else window.until)
    count, rest = StreamCount(), None
    found = pages(client, stream.path, query, limit=stream.limit)
    with database.connection() as connection, connection.cursor() as cursor:
        for number, (rows, newest) in enumerate(_batches(found, stream, source), start=1):
            count += _merge(cursor, rows, timezone=source.timezone)
            at = _cut(newest, window) if number >= _BATCHES_A_WINDOW else None
            if at:
                rest = split_window(cursor, window, account_id=source.account_id, at=at)
                window = replace(window, until=at, is_open=False)
                break
        finish_window(cursor, window, account_id=source.account_id, count=count)
    return count, rest


def _batches(
    found: Iterator[Page], stream: Resource, source: Source
) -> Iterator[tuple[Rows, dt.datetime | None]]:
    """The rows of several pages as those of one, and the time of the newest."""
    while parts := [
        (stream.rows(page, source), _newest(page, stream)) for page in islice(found, _PAGES_A_BATCH)
    ]:
        yield _together([rows for rows, _ in parts]), parts[-1][1]


def _together(parts: list[Rows]) -> Rows:
    whole: Rows = {}
    for part in parts:
        for table, rows in part.items():
            whole.setdefault(table, []).extend(rows)
    return whole


def _merge(cursor: Any, rows: Rows, *, timezone: str) -> StreamCount:
    """Merge rows into their tables; counted are those of the first one, which the others follow."""
    counts = []
    for name, some in rows.items():
        table = TABLES[name]
        if table is _EVENT:
            merged = _merge_events(cursor, some, timezone=timezone)
        else:
            merged = merge_rows(cursor, name, key=table.key, others=table.others, rows=some)
        counts.append(StreamCount(len(some), merged.new, merged.changed))
    return counts[0]


def _merge_events(cursor: Any, rows: list[tuple[Any, ...]], *, timezone: str) -> Merged:
    staged = staging_table(cursor, _EVENT.name)
    copy_rows(cursor, staged, _EVENT.columns, rows)
    cursor.execute(statement("writes/merge_event"), {"timezone": timezone})
    return Merged(*cursor.fetchone())


def _newest(page: Page, stream: Resource) -> dt.datetime | None:
    """Time of the page's last row, in whole seconds; None when it has none."""
    if not page.data:
        return None
    assert stream.cursor is not None
    text = page.data[-1]["attributes"][stream.cursor.field]
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC).replace(microsecond=0)


def _cut(newest: dt.datetime | None, window: Window) -> dt.datetime | None:
    """Where a dense window can be cut: at its newest row, if that is later than its beginning.

    Rows of that same second may stand on the next page, so the second is read again.
    """
    return newest if newest and window.since < newest < window.until else None
