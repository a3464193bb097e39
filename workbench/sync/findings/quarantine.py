"""What was received and cannot be stored: kept with its reason, told of, and nobody else's loss."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from workbench.db import statement, store_sparing
from workbench.klaviyo.loose_events import Unreadable
from workbench.sync.run import Run

__all__ = ["Unreadable", "quarantine", "told"]


def quarantine(run: Run, stream: str, items: Sequence[Unreadable]) -> None:
    """Keep items in ops.quarantine, and tell of them at the end of the sync.

    Args:
        run: that received them.
        stream: of which resource.
        items: id, reason and payload of each.
    """
    if not items:
        return

    def keep(some: Sequence[Unreadable]) -> None:
        for item in some:
            cursor.execute(statement("writes/sync/quarantine"), _row(run, stream, item))

    with run.database.connection() as connection, connection.cursor() as cursor:
        _, refused = store_sparing(cursor, items, keep)
        for item, _ in refused:  # no JSON to the database: kept as a text
            row = _row(run, stream, item)
            text = item.payload.decode("utf-8", "replace").replace("\x00", "\ufffd")
            cursor.execute(
                statement("writes/sync/quarantine"), row | {"payload": orjson.dumps(text).decode()}
            )
    with run.lock:
        run.unstored.update((stream, item.reason) for item in items)


def told(run: Run) -> list[str]:
    """A sentence a stream and reason, for the summary."""
    return [
        f"{stream}: {count} could not be stored ({reason}); see ops.quarantine"
        for (stream, reason), count in sorted(run.unstored.items())
    ]


def _row(run: Run, stream: str, item: Unreadable) -> dict[str, Any]:
    return {
        "account_id": run.account_id,
        "stream": stream,
        "item_id": item.item_id or f"sha256:{hashlib.sha256(item.payload).hexdigest()}",
        "reason": item.reason,
        "payload": item.payload.decode("utf-8", "replace"),
        "run_id": run.run_id,
    }
