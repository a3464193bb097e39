"""Members of lists and segments: who joined, who left, who came back.

Klaviyo tells when a member joined, and of those who left nothing. Each sync reads those who joined
since the last one; from time to time it reads all members, and whoever is not met has left.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.db import copy_rows, statement, store_sparing
from workbench.errors import KlaviyoRefused
from workbench.klaviyo.pages import Page
from workbench.sync.definition import Resource
from workbench.sync.findings.quarantine import Unreadable, quarantine
from workbench.sync.merging import id_of
from workbench.sync.run import Run, StreamCount
from workbench.sync.side_by_side import side_by_side
from workbench.sync.streams.whole import whole_pages

__all__ = ["read_list_members", "read_segment_members"]

SWEEP = dt.timedelta(days=7)
# those who joined just before the last sync may not have shown yet
_OVERLAP = dt.timedelta(days=1)
_PAGES_A_BATCH = 20
_MANY = 1_000  # members read; from here on, as for all of a group, a plan for a few takes hours
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class _Group:
    """A list or segment, and from when on its members are read; all of them when None."""

    group_type: str
    group_id: str
    since: dt.datetime | None

    def key(self, run: Run) -> dict[str, Any]:
        return {
            "account_id": run.account_id,
            "group_type": self.group_type,
            "group_id": self.group_id,
        }


def read_list_members(run: Run, resource: Resource) -> None:
    """Read the members of every list."""
    _read(run, resource, group_type="list")


def read_segment_members(run: Run, resource: Resource) -> None:
    """Read the members of every segment that Klaviyo is not working out anew."""
    _read(run, resource, group_type="segment")


def _read(run: Run, resource: Resource, *, group_type: str) -> None:
    groups = _groups(run, resource, group_type)
    with run.progress.stream(resource.name, total=len(groups)) as told:
        run.add(resource.name, StreamCount())

        def read(group: _Group) -> StreamCount:
            return _read_group(run, resource, group)

        for count in side_by_side(run, resource.name, read, groups):
            told(run.add(resource.name, count).read)
            told.window_done()


def _groups(run: Run, resource: Resource, group_type: str) -> list[_Group]:
    with run.database.connection() as connection:
        found = connection.execute(
            statement(resource.parents), {"account_id": run.account_id}
        ).fetchall()
    return [
        _Group(group_type, group_id, None if _is_due(run, swept_at) else read_at - _OVERLAP)
        for group_id, read_at, swept_at in found
    ]


def _is_due(run: Run, swept_at: dt.datetime | None) -> bool:
    """Whether all members are to be read, so that those who left are found."""
    return run.asked.full or swept_at is None or run.as_of - swept_at >= SWEEP


def _read_group(run: Run, resource: Resource, group: _Group) -> StreamCount:
    """Read a group and compare it with what is known; nothing where it is gone by now."""
    _forget(run, group)
    read = 0
    try:
        for items in _batches(run, resource, group):
            _note(run, resource, group, items)
            read += len(items)
    except KlaviyoRefused as error:
        if error.status != _NOT_FOUND:
            raise
        return StreamCount()
    new, changed = _compared(run, group, read=read)
    return StreamCount(read, new, changed)


def _batches(run: Run, resource: Resource, group: _Group) -> Iterator[list[dict[str, Any]]]:
    """Members, several pages of them at a time; some twice where a cursor has expired."""
    since = group.since
    wanted = f"greater-or-equal(joined_group_at,{since:%Y-%m-%dT%H:%M:%SZ})" if since else ""
    found = whole_pages(run, resource, resource.path.format(id=group.group_id), wanted)
    while some := list(itertools.islice(found, _PAGES_A_BATCH)):
        yield [item for page in some for item in page.data]


def _forget(run: Run, group: _Group) -> None:
    with run.database.connection() as connection:
        connection.execute(statement("writes/sync/clear_group_member"), group.key(run))


def _note(run: Run, resource: Resource, group: _Group, items: list[dict[str, Any]]) -> None:
    """Keep what was read until all is; what is no member as it should be goes to quarantine."""
    if not items:
        return
    key = group.key(run)
    columns = (*key, "profile_id", "joined_at")

    def store(some: list[dict[str, Any]]) -> None:
        rows = resource.rows(Page(some, []), run.source)["ops.group_member"]
        copy_rows(cursor, "ops.group_member", columns, [(*key.values(), *row) for row in rows])

    with run.database.connection() as connection, connection.cursor() as cursor:
        _, refused = store_sparing(cursor, items, store, also=(KeyError, TypeError))
    bad = [Unreadable(id_of(item), reason, orjson.dumps(item)) for item, reason in refused]
    quarantine(run, resource.name, bad)


def _compared(run: Run, group: _Group, *, read: int) -> tuple[int, int]:
    """Store who joined and who left, in one transaction; returns how many of each."""
    told = {
        **group.key(run),
        "since": group.since,
        "is_sweep": group.since is None,
        "as_of": run.as_of,
        "read_at": run.client.served_at,
    }
    with run.database.connection() as connection, connection.cursor() as cursor:
        if group.since is None or read >= _MANY:
            cursor.execute(statement("writes/sync/plan_without_loops"))
        cursor.execute(statement("writes/sync/merge_membership"), told)
        new, changed = cursor.fetchone() or (0, 0)
        cursor.execute(statement("writes/sync/record_group_read"), told)
        cursor.execute(statement("writes/sync/clear_group_member"), told)
    return new, changed
