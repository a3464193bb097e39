"""One sync of one account: its resources side by side, each as fast as its own limit allows."""

from __future__ import annotations

import datetime as dt
import gc
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.db import Database, statement
from workbench.errors import DataMissing, WorkbenchError
from workbench.klaviyo.client import KlaviyoClient
from workbench.klaviyo.limits import XS
from workbench.klaviyo.pages import pages
from workbench.klaviyo.records import account_rows
from workbench.sync import ledger
from workbench.sync.definition import Resource
from workbench.sync.merging import merge_page
from workbench.sync.progress import Progress
from workbench.sync.resources import chosen_resources
from workbench.sync.run import Asked, Run, Source, StreamCount

__all__ = ["SyncSummary", "sync_account"]

_ALLOCATIONS_A_COLLECTION = 20_000


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """What a sync did.

    Attributes:
        account_id: the account read.
        as_of: Klaviyo's clock when it began; everything visible before it has been read.
        streams: rows read, new and changed of each stream.
        refused: stream -> why it was left out (a missing scope) or left for later.
        notes: what a person should know and need not act on.
        requests: HTTP requests sent.
        seconds: how long it took.
    """

    run_id: str
    account_id: str
    as_of: dt.datetime
    streams: dict[str, StreamCount]
    refused: dict[str, str]
    notes: list[str]
    requests: int
    seconds: float

    @property
    def total(self) -> StreamCount:
        """Over all streams."""
        return sum(self.streams.values(), StreamCount())


def sync_account(
    database: Database,
    client: KlaviyoClient,
    *,
    progress: Progress,
    clock: Callable[[], float],
    asked: Asked | None = None,
) -> SyncSummary:
    """Bring the database up to what Klaviyo shows of the key's account.

    Args:
        database: migrated.
        client: of the account's key.
        progress: told of rows as they are stored.
        clock: seconds that only go up, for the summary.
        asked: what to read; everything that is new when None.

    Raises:
        InputInvalid: a resource that was asked for does not exist.
        KlaviyoError: the key is refused, or Klaviyo is not to be reached.
        SyncRunning: another sync of this account is at work.
    """
    began = clock()
    asked = asked or Asked()
    resources = chosen_resources(asked.resources)
    page = next(pages(client, "/api/accounts", limit=XS))
    if not page.data:
        raise DataMissing("the key belongs to no account", hint="make a new private key")
    source = _source(page.data[0])
    as_of = client.served_at
    run = Run(
        database=database,
        client=client,
        source=source,
        as_of=as_of,
        asked=asked,
        progress=progress,
        run_id=f"{as_of:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
    )
    with ledger.only_sync(database, source.account_id), _few_collections():
        merge_page(database, account_rows(page, is_simulated=client.is_simulated))
        with _recorded(run):
            _read(run, resources)
            _analyze(run)
            for error in run.failed.values():
                raise error
    return SyncSummary(
        run_id=run.run_id,
        account_id=run.account_id,
        as_of=as_of,
        streams={
            each.name: run.streams[each.name] for each in resources if each.name in run.streams
        },
        refused=run.refused,
        notes=run.notes,
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
def _recorded(run: Run) -> Iterator[None]:
    """Keep ops.sync_run true: running, then succeeded or failed with its reason."""
    ledger.begin_run(run.database, run.run_id, account_id=run.account_id, as_of=run.as_of)
    try:
        yield
    except BaseException as error:
        told = type(error).__name__ if isinstance(error, Exception) else "interrupted"
        ledger.end_run(run, error=error.message if isinstance(error, WorkbenchError) else told)
        raise
    ledger.end_run(run, error=None)


def _read(run: Run, resources: tuple[Resource, ...]) -> None:
    """Read all resources at once, each after those that it needs.

    An endpoint that stays out of order fails its own stream, and the sync when the others are
    done; any other error stops all.
    """
    pool = ThreadPoolExecutor(len(resources), thread_name_prefix="stream")
    begun: dict[str, Future[None]] = {}

    def read(resource: Resource) -> None:
        wait([begun[name] for name in resource.after if name in begun])
        with run.may_fail(resource.name):
            resource.read(run, resource)

    try:
        # in the order of the table, so that what a resource waits for has begun before it
        for resource in resources:
            begun[resource.name] = pool.submit(read, resource)
        wait(begun.values(), return_when=FIRST_EXCEPTION)
        for done in begun.values():
            if done.done():
                done.result()
    except BaseException:
        run.client.close()  # a stream may be waiting minutes for room
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _analyze(run: Run) -> None:
    """Renew the planner's statistics, unless most of what was read was there already."""
    if run.total.new > run.total.read / 2:
        with run.database.connection() as connection:
            connection.execute(statement("writes/analyze_synced"))
