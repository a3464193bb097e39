"""Every request to Klaviyo, counted for its stream and kept in ops.request.

The client tells of a request in the thread that made it; a thread of its own writes what has
gathered every few seconds, so that no stream waits for the log.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from workbench.db import Database, copy_rows
from workbench.klaviyo.requests import RequestRecord

__all__ = ["READING", "RequestLog"]

READING: ContextVar[str] = ContextVar("READING", default="")
"""The stream that this thread reads; a pool of threads sets it as it starts each of them."""

_SECONDS_A_BATCH = 2.0
_COLUMNS = (
    "account_id",
    "run_id",
    "stream",
    "at",
    "method",
    "endpoint",
    "status",
    "milliseconds",
    "attempt",
    "waited_seconds",
    "remaining",
    "allowed",
)


class RequestLog:
    """Counts requests by stream, and writes them while ``kept`` is open.

    Attributes:
        sent: requests of each stream.
        refused: of these, those answered with 429.
    """

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._waiting: list[tuple[str, RequestRecord]] = []
        self._lock = threading.Lock()

    def add(self, record: RequestRecord) -> None:
        """Take note of one request."""
        stream = READING.get()
        with self._lock:
            self.sent[stream] += 1
            self.refused[stream] += record.status == 429
            self._waiting.append((stream, record))

    @contextmanager
    def kept(self, database: Database, *, account_id: str, run_id: str) -> Iterator[None]:
        """Write what is noted, every few seconds and at the end, however that comes.

        Raises:
            DatabaseError: they could not be written.
        """
        ended, failed = threading.Event(), []

        def write_on() -> None:
            try:
                while not ended.wait(_SECONDS_A_BATCH):
                    self._write(database, account_id, run_id)
            except Exception as error:  # noqa: BLE001 - told where the sync ends
                failed.append(error)

        writer = threading.Thread(target=write_on, name="request-log", daemon=True)
        writer.start()
        try:
            yield
        finally:
            ended.set()
            writer.join()
            if not failed:
                self._write(database, account_id, run_id)
        if failed:
            raise failed[0]

    def _write(self, database: Database, account_id: str, run_id: str) -> None:
        with self._lock:
            some, self._waiting = self._waiting, []
        if some:
            rows = [(account_id, run_id, stream, *_cells(record)) for stream, record in some]
            with database.connection() as connection, connection.cursor() as cursor:
                copy_rows(cursor, "ops.request", _COLUMNS, rows)


def _cells(record: RequestRecord) -> tuple[Any, ...]:
    return (
        record.at,
        record.method,
        record.endpoint,
        record.status,
        record.milliseconds,
        record.attempt,
        record.waited_seconds,
        record.remaining,
        record.limit,
    )
