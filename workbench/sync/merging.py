"""Rows of a page into their tables; what cannot be stored costs nobody else's row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from workbench.db import Database, merge_rows, store_sparing
from workbench.klaviyo.loose_events import Unreadable
from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import TABLES, Rows
from workbench.sync.definition import Resource
from workbench.sync.findings.quarantine import quarantine
from workbench.sync.run import Run, StreamCount

__all__ = ["id_of", "merge_items", "merge_page", "store_page"]

# what making rows of an item raises when the item is not what it should be
_MISSHAPEN = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def merge_page(database: Database, rows: Rows) -> StreamCount:
    """Merge the rows of one page, each into its table, in one transaction."""
    with database.connection() as connection, connection.cursor() as cursor:
        return _merge(cursor, rows)


def store_page(run: Run, resource: Resource, page: Page) -> StreamCount:
    """Make rows of a page and merge them in one transaction; bad items go to quarantine.

    Args:
        run: that received the page.
        resource: whose ``rows`` are made.
        page: items, with what was included.
    """
    if not page.data:
        return StreamCount()
    with run.database.connection() as connection, connection.cursor() as cursor:
        count, refused = merge_items(cursor, run, resource, page)
    quarantine(run, resource.name, refused)
    return count


def merge_items(
    cursor: Any, run: Run, resource: Resource, page: Page
) -> tuple[StreamCount, list[Unreadable]]:
    """Merge the items of a page in the cursor's transaction; returns those that cannot be."""

    def store(items: Sequence[dict[str, Any]]) -> StreamCount:
        return _merge(cursor, resource.rows(Page(list(items), page.included), run.source))

    counts, refused = store_sparing(cursor, page.data, store, also=_MISSHAPEN)
    unreadable = [Unreadable(id_of(item), reason, orjson.dumps(item)) for item, reason in refused]
    return sum(counts, StreamCount()), unreadable


def _merge(cursor: Any, rows: Rows) -> StreamCount:
    """Merge rows into their tables; counted are those of the first one, which the others follow."""
    counts = []
    for name, some in rows.items():
        table = TABLES[name]
        merged = merge_rows(cursor, name, key=table.key, others=table.others, rows=some)
        counts.append(StreamCount(len(some), merged.new, merged.changed))
    return counts[0]


def id_of(item: object) -> str:
    """Id of an item that may be anything; empty where it has none."""
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""
