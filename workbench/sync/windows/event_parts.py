"""Events from their pages into klaviyo.event: by COPY where none can be there already, else merged.

Either way the metrics, account days and messages that changed are noted in ops.touched in the same
transaction, because the facts of these are made anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.db import (
    copy_lines,
    copy_new_lines,
    staging_table,
    statement,
    store_sparing,
)
from workbench.klaviyo.event_fields import NULL, SEPARATOR
from workbench.klaviyo.events import EVENT_COLUMNS, EventPage, escaped, event_page
from workbench.klaviyo.loose_events import Unreadable
from workbench.klaviyo.pages import next_path
from workbench.sync.definition import Resource
from workbench.sync.findings import drift
from workbench.sync.findings.quarantine import quarantine
from workbench.sync.run import Run, StreamCount
from workbench.sync.windows.parts import Kind
from workbench.sync.windows.planning import Window

__all__ = ["EVENTS", "event_pages", "store_events"]

_TABLE = "klaviyo.event"
_WRITTEN = {"separator": SEPARATOR, "null": NULL}


def event_pages(run: Run, resource: Resource, query: Mapping[str, str]) -> Iterator[EventPage]:
    """The pages of events that a query gives, in turn."""

    def read(content: bytes) -> EventPage:
        with run.parsing:
            return event_page(content, account_id=run.account_id, currency=run.source.currency)

    page = run.client.fetch(resource.path, query, read=read)
    while True:
        following = page.following
        if len(page):
            drift.watch_event(run, page.payload(0))
        yield page
        if not following:
            return
        page = run.client.fetch(next_path(resource.path, following), read=read)


def store_events(run: Run, resource: Resource, part: EventPage) -> StreamCount:
    """Merge events in a transaction of their own; bad ones go to quarantine."""
    with run.database.connection() as connection, connection.cursor() as cursor:
        count, refused = _store(cursor, run, part, is_first=False)
    quarantine(run, resource.name, [*part.unreadable, *refused])
    return count


def _store_part(
    cursor: Any, run: Run, resource: Resource, window: Window, part: EventPage
) -> tuple[StreamCount, list[Unreadable]]:
    return _store(cursor, run, part, is_first=window.is_first)


def _store(
    cursor: Any, run: Run, part: EventPage, *, is_first: bool
) -> tuple[StreamCount, list[Unreadable]]:
    part = part.only_last()
    if not len(part):
        return StreamCount(), []

    def store(places: range) -> StreamCount:
        some = part if len(places) == len(part) else part.at(places)
        if is_first and copy_new_lines(cursor, _TABLE, EVENT_COLUMNS, some.lines, **_WRITTEN):
            _touch(cursor, run, some)
            return StreamCount(len(some), new=len(some))
        return _merge(cursor, run, some)

    counts, refused = store_sparing(cursor, range(len(part)), store)
    unreadable = [Unreadable(part.ids[n], reason, part.payload(n)) for n, reason in refused]
    return sum(counts, StreamCount()), unreadable


def _touch(cursor: Any, run: Run, part: EventPage) -> None:
    """Note what a COPY has written."""
    days = _days(cursor, run, sorted(set(part.hours)))
    told = {
        (metric, day, "" if ref == NULL else ref)
        for metric, hour, ref in set(zip(part.metrics, part.hours, part.refs, strict=True))
        for day in days[hour]
    }
    lines = [escaped(SEPARATOR.join((run.account_id, *each)).encode()) for each in told]
    columns = ("account_id", "metric_id", "day", "message_ref")
    copy_lines(cursor, "ops.touched", columns, lines, **_WRITTEN)


def _days(cursor: Any, run: Run, hours: list[str]) -> dict[str, set[str]]:
    """The account days that UTC hours fall on."""
    cursor.execute(
        statement("reads/sync/days_of_hours"), {"hours": hours, "timezone": run.source.timezone}
    )
    return {hour: {first, last} for hour, first, last in cursor}


def _merge(cursor: Any, run: Run, part: EventPage) -> StreamCount:
    """Insert what is new, replace what has changed and keep its old version."""
    staged = staging_table(cursor, _TABLE)
    copy_lines(cursor, staged, EVENT_COLUMNS, part.lines, **_WRITTEN)
    span: dict[str, str | dt.datetime] = {
        "account_id": run.account_id,
        "first": min(part.times),
        "last": max(part.times),
    }
    if "" in part.metrics:
        cursor.execute(statement("writes/sync/resolve_staged_metrics"), span)
    cursor.execute(statement("writes/merge_event"), span | {"timezone": run.source.timezone})
    new, changed = cursor.fetchone()
    return StreamCount(len(part), new, changed)


EVENTS = Kind(EventPage, event_pages, _store_part)
