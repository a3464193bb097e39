"""What one sync works with: the account, what was asked for, and what it has found so far."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.db import Database
from workbench.errors import KlaviyoUnavailable, ScopeMissing
from workbench.klaviyo.client import KlaviyoClient
from workbench.sync.progress import Progress

__all__ = ["Asked", "Run", "Source", "StreamCount"]


@dataclass(frozen=True, slots=True)
class StreamCount:
    """Rows read, and of these the new and the changed ones."""

    read: int = 0
    new: int = 0
    changed: int = 0

    def __add__(self, other: StreamCount) -> StreamCount:
        return StreamCount(
            self.read + other.read, self.new + other.new, self.changed + other.changed
        )


@dataclass(frozen=True, slots=True)
class Source:
    """The account that rows belong to, and what rows inherit from it."""

    account_id: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants synced.

    Attributes:
        resources: names of streams; empty for all.
        since: read again from this instant on; None for what is new and the tail.
        until: read up to this instant only; None for now.
        full: read the whole history again, and look for everything that may have gone.
        reread_days: shortest tail behind the last sync that is read again.
        connections: requests in flight at once.
    """

    resources: tuple[str, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    full: bool = False
    reread_days: int = 7
    connections: int = 4


@dataclass(slots=True)
class Run:
    """One sync of one account, shared by the threads of its streams.

    Attributes:
        as_of: Klaviyo's clock when it began; nothing behind it counts as read.
        streams: rows of each stream so far.
        refused: stream -> why it was left out or left for later.
        failed: stream -> why it could not be read to its end.
        notes: what a person should know and need not act on, in order.
    """

    database: Database
    client: KlaviyoClient
    source: Source
    as_of: dt.datetime
    asked: Asked
    progress: Progress
    run_id: str
    streams: dict[str, StreamCount] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, KlaviyoUnavailable] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def account_id(self) -> str:
        """Of every row that it writes."""
        return self.source.account_id

    @property
    def total(self) -> StreamCount:
        """Over all streams."""
        return sum(self.streams.values(), StreamCount())

    def add(self, stream: str, count: StreamCount) -> StreamCount:
        """Count rows of a stream; returns its rows so far."""
        with self.lock:
            self.streams[stream] = self.streams.get(stream, StreamCount()) + count
            return self.streams[stream]

    def note(self, sentence: str) -> None:
        """Tell the person who reads the summary."""
        with self.lock:
            self.notes.append(sentence)

    @contextmanager
    def may_fail(self, stream: str) -> Iterator[None]:
        """A missing scope leaves out its own stream; an endpoint out of order fails its own."""
        try:
            yield
        except ScopeMissing as error:
            with self.lock:
                self.refused[stream] = error.message
        except KlaviyoUnavailable as error:
            with self.lock:
                self.failed[stream] = error
