"""What one sync works with: the account, what was asked for, and what it has found so far."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.db import Database
from workbench.errors import (
    KeyRejected,
    KlaviyoError,
    QuotaExhausted,
    RevisionRetired,
    ScopeMissing,
)
from workbench.klaviyo.client import KlaviyoClient
from workbench.sync.progress import Pace, Progress
from workbench.sync.requests import RequestLog

__all__ = ["Asked", "Proof", "Run", "Source", "StreamCount", "StreamEnd"]


_PARSING = 2  # pages at once: one processor parses, more would only hold memory
_STORING = 8  # windows at once: half of the connections to the database


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
class StreamEnd:
    """How a stream came to its end.

    Attributes:
        status: "done", "left out" (the key lacks a scope), "later" (a daily quota is used up) or
            "failed" (Klaviyo did not serve it).
        reason: why it is not done; "" when it is.
        requests: HTTP requests sent for it.
        requests_refused: of these, those answered with 429.
        seconds: from its beginning to its end.
    """

    status: str
    reason: str
    requests: int
    requests_refused: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What comparing our events with Klaviyo's own counts has shown, in days of a metric.

    Attributes:
        proven: equal.
        repaired: equal since this sync has read them again.
        explained: not equal, for a reason that is known and needs nothing done.
        differing: not equal.
    """

    proven: int = 0
    repaired: int = 0
    explained: int = 0
    differing: int = 0


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
        connections: requests of a stream in flight at once, at the most.
    """

    resources: tuple[str, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    full: bool = False
    reread_days: int = 7
    connections: int = 32


@dataclass(slots=True)
class Run:
    """One sync of one account, shared by the threads of its streams.

    Attributes:
        as_of: Klaviyo's clock when it began; nothing behind it counts as read.
        clock: seconds that only go up, for how long things took.
        streams: rows of each stream so far.
        refused: stream -> why it was left out or left for later.
        later: names of those in ``refused`` that the next sync goes on with.
        failed: stream -> why it could not be read to its end.
        ended: how the streams went that have come to their end.
        notes: what a person should know and need not act on, in order.
        proof: what comparing with Klaviyo's counts has shown; None where it was not done.
        unstored: (stream, reason) -> things received that could not be stored.
        quotas: stream -> name of the limit that its requests count against.
        log: its requests.
        stopping: set when the sync ends before its streams do.
        parsing: held while a page of events is parsed, which takes ten times its bytes.
        storing: held while a window's rows are stored: others wait there for a connection.
    """

    database: Database
    client: KlaviyoClient
    source: Source
    as_of: dt.datetime
    asked: Asked
    progress: Progress
    run_id: str
    clock: Callable[[], float]
    streams: dict[str, StreamCount] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    failed: dict[str, KlaviyoError] = field(default_factory=dict)
    ended: dict[str, StreamEnd] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    proof: Proof | None = None
    unstored: Counter[tuple[str, str]] = field(default_factory=Counter)
    quotas: Mapping[str, str] = field(default_factory=dict)
    log: RequestLog = field(default_factory=RequestLog)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    parsing: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_PARSING))
    storing: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_STORING))

    def pace(self, stream: str) -> Pace:
        """How the stream stands to its limit now."""
        usage = self.client.limiter.usage().get(self.quotas.get(stream, ""))
        return Pace(usage.share, usage.waits) if usage else Pace()

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

    def end(self, stream: str, *, seconds: float) -> StreamEnd:
        """Take down how a stream, or a step after them all, has ended."""
        status, reason = "done", ""
        if stream in self.failed:
            status, reason = "failed", self.failed[stream].message
        elif stream in self.refused:
            status = "later" if stream in self.later else "left out"
            reason = self.refused[stream]
        end = StreamEnd(status, reason, self.log.sent[stream], self.log.refused[stream], seconds)
        self.ended[stream] = end
        return end

    def note(self, sentence: str) -> None:
        """Tell the person who reads the summary."""
        with self.lock:
            self.notes.append(sentence)

    def lacks_parents(self, stream: str, parents: Iterable[str]) -> bool:
        """Whether a stream is left out because one that lists its parents was."""
        with self.lock:
            failed = {name: error.message for name, error in self.failed.items()}
            told = {**failed, **self.refused}
            lost = [f"it needs {name}: {told[name]}" for name in parents if name in told]
            if lost:
                self.refused[stream] = "; ".join(lost)
        return bool(lost)

    @contextmanager
    def may_fail(self, stream: str, *, scopes: str = "") -> Iterator[None]:
        """What one stream's end may be told by; a key or a revision that is refused ends all.

        Args:
            stream: its name.
            scopes: what the key must be allowed, told where Klaviyo does not say what it lacks.
        """
        try:
            yield
        except (KeyRejected, RevisionRetired):
            raise
        except ScopeMissing as error:
            needs = "" if error.scopes or not scopes else f" (it needs {scopes})"
            with self.lock:
                self.refused[stream] = error.message + needs
        except QuotaExhausted as error:
            with self.lock:
                self.refused[stream] = error.message
                self.later.add(stream)
        except KlaviyoError as error:
            with self.lock:
                self.failed[stream] = error
