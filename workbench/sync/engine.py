"""One sync of one account: snapshots first, then windows, several in flight."""

from __future__ import annotations

import datetime as dt
import gc
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench.db import Database, statement
from workbench.errors import DataMissing, ScopeMissing, WorkbenchError
from workbench.klaviyo.client import KlaviyoClient
from workbench.klaviyo.limits import XS
from workbench.klaviyo.pages import pages
from workbench.klaviyo.records import account_rows
from workbench.sync import ledger, windows
from workbench.sync.merging import merge_snapshot, read_window
from workbench.sync.progress import Progress
from workbench.sync.resources import SNAPSHOTS, WINDOWED, Snapshot, Source, Windowed
from workbench.sync.windows import StreamCount

__all__ = ["SyncSummary", "sync_account"]

_ALLOCATIONS_A_COLLECTION = 20_000


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """What a sync did.

    Attributes:
        account_id: the account read.
        as_of: Klaviyo's clock when it began; everything visible before it has been read.
        streams: rows read, new and changed of each stream.
        refused: stream -> why it was left out (a missing scope).
        requests: HTTP requests sent.
        seconds: how long it took.
    """

    run_id: str
    account_id: str
    as_of: dt.datetime
    streams: dict[str, StreamCount]
    refused: dict[str, str]
    requests: int
    seconds: float

    @property
    def total(self) -> StreamCount:
        """Over all streams."""
        return sum(self.streams.values(), StreamCount())


@dataclass(slots=True)
class _Run:
    database: Database
    client: KlaviyoClient
    source: Source
    as_of: dt.datetime
    connections: int
    reread: dt.timedelta
    progress: Progress
    run_id: str
    streams: dict[str, StreamCount] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def sync_account(
    database: Database,
    client: KlaviyoClient,
    *,
    progress: Progress,
    connections: int = 4,
    reread_days: int = 7,
    clock: Callable[[], float],
) -> SyncSummary:
    """Bring the database up to what Klaviyo shows of the key's account.

    Args:
        database: migrated.
        client: of the account's key.
        progress: told of rows as they are stored.
        connections: windows in flight.
        reread_days: how far behind the last sync to read again, for rows that came late.
        clock: seconds that only go up, for the summary.

    Raises:
        KlaviyoError: the key is refused, or Klaviyo is not to be reached.
        SyncRunning: another sync of this account is at work.
    """
    began = clock()
    page = next(pages(client, "/api/accounts", limit=XS))
    if not page.data:
        raise DataMissing("the key belongs to no account", hint="make a new private key")
    source = _source(page.data[0])
    as_of = client.served_at
    run_id = f"{as_of:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    with ledger.only_sync(database, source.account_id), _few_collections():
        merge_snapshot(database, account_rows(page, is_simulated=client.is_simulated))
        run = _Run(
            database=database,
            client=client,
            source=source,
            as_of=as_of,
            connections=connections,
            reread=dt.timedelta(days=reread_days),
            progress=progress,
            run_id=run_id,
        )
        with _recorded(run):
            for snapshot in SNAPSHOTS:
                with _unless_scope_missing(run, snapshot.name):
                    _read_snapshot(run, snapshot)
            for stream in WINDOWED:
                with _unless_scope_missing(run, stream.name):
                    _read_stream(run, stream)
            _analyze(run)
    return SyncSummary(
        run_id=run_id,
        account_id=source.account_id,
        as_of=as_of,
        streams=run.streams,
        refused=run.refused,
        requests=client.requests,
        seconds=clock() - began,
    )


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for garbage in cycles seldom.

    A page of events is some 25,000 dicts that hold no cycle and are gone with the page; looking
    for one after each 700 of them took longer than parsing them.
    """
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS_A_COLLECTION, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _source(account: dict[str, Any]) -> Source:
    said = account["attributes"]
    return Source(account["id"], said["timezone"], said["preferred_currency"])


@contextmanager
def _recorded(run: _Run) -> Iterator[None]:
    """Keep ops.sync_run true: running, then succeeded or failed with its reason."""
    ledger.begin_run(run.database, run.run_id, account_id=run.source.account_id, as_of=run.as_of)
    try:
        yield
    except BaseException as error:
        told = type(error).__name__ if isinstance(error, Exception) else "interrupted"
        told = error.message if isinstance(error, WorkbenchError) else told
        ledger.end_run(
            run.database, run.run_id, streams=run.streams, requests=run.client.requests, error=told
        )
        raise
    ledger.end_run(
        run.database, run.run_id, streams=run.streams, requests=run.client.requests, error=None
    )


@contextmanager
def _unless_scope_missing(run: _Run, stream: str) -> Iterator[None]:
    """A missing scope stops its own stream only."""
    try:
        yield
    except ScopeMissing as error:
        run.refused[stream] = error.message


def _read_snapshot(run: _Run, snapshot: Snapshot) -> None:
    with run.progress.stream(snapshot.name, total=None) as told:
        count = StreamCount()
        for page in snapshot.read(run.client):
            count += merge_snapshot(run.database, snapshot.rows(page, run.source))
            told(count.read)
    run.streams[snapshot.name] = count


def _read_stream(run: _Run, stream: Windowed) -> None:
    todo = _todo(run, stream)
    count = StreamCount()
    lock = threading.Lock()
    with run.progress.stream(stream.name, total=len(todo)) as told:

        def read(window: windows.Window) -> None:
            nonlocal count
            for part in read_window(run.database, run.client, stream, window, run.source):
                with lock:
                    count += part
                    told(count.read)
            told.window_done()

        try:
            _in_flight(run, read, todo)
        finally:
            run.streams[stream.name] = count


def _analyze(run: _Run) -> None:
    """Renew the planner's statistics, unless most of what was read was there already."""
    total = sum(run.streams.values(), StreamCount())
    if total.new > total.read / 2:
        with run.database.connection() as connection:
            connection.execute(statement("writes/analyze_synced"))


def _in_flight(
    run: _Run, read: Callable[[windows.Window], None], todo: list[windows.Window]
) -> None:
    """Read several windows at a time; the first error stops those not yet begun."""
    pool = ThreadPoolExecutor(run.connections, thread_name_prefix="sync")
    try:
        for done in as_completed([pool.submit(read, window) for window in todo]):
            done.result()
    except (KeyboardInterrupt, SystemExit):
        run.client.close()  # a window may be waiting minutes for room
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _todo(run: _Run, stream: Windowed) -> list[windows.Window]:
    """What an interrupted sync left, then what is new and the tail that is read again."""
    account_id = run.source.account_id
    left = windows.planned_windows(run.database, account_id, stream.name)
    high = windows.high_water(run.database, account_id, stream.name)
    since = high - run.reread if high else _first_instant(run, stream)
    if since is None or since >= run.as_of:
        since = run.as_of - run.reread  # an empty or young account: still look
    planned = windows.plan_windows(
        run.database,
        account_id,
        stream=stream.name,
        since=since,
        until=run.as_of,
        days=stream.days,
        run_id=run.run_id,
    )
    return left + planned


def _first_instant(run: _Run, stream: Windowed) -> dt.datetime | None:
    """Time of the stream's oldest row; None when it has none."""
    for page in pages(run.client, stream.path, stream.first_query(), limit=stream.limit):
        for item in page.data:
            return dt.datetime.fromisoformat(item["attributes"][stream.field]).astimezone(dt.UTC)
        break
    return None
