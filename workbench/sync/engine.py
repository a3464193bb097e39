"""One sync of one account: its resources side by side, each as fast as its own limit allows."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.db import Database, statement
from workbench.errors import DataMissing, WorkbenchError
from workbench.klaviyo.accounts import account_rows
from workbench.klaviyo.client import KlaviyoClient
from workbench.klaviyo.endpoints import quota_of
from workbench.klaviyo.pages import Page, pages
from workbench.klaviyo.revisions import retirement_warning
from workbench.sync import ledger
from workbench.sync.definition import Resource
from workbench.sync.findings import quarantine
from workbench.sync.heaps import share_heaps
from workbench.sync.merging import merge_page
from workbench.sync.people import following
from workbench.sync.progress import Progress
from workbench.sync.proof import proving
from workbench.sync.requests import READING
from workbench.sync.resources import chosen_resources
from workbench.sync.run import Asked, Proof, Run, Source, StreamCount, StreamEnd

__all__ = ["Found", "SyncSummary", "find_account", "sync_account"]


@dataclass(frozen=True, slots=True)
class Found:
    """The account of a key, and Klaviyo's clock when it was asked for."""

    page: Page
    source: Source
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """What a sync did.

    Attributes:
        account_id: the account read.
        as_of: Klaviyo's clock when it began; everything visible before it has been read.
        streams: rows read, new and changed of each stream.
        refused: stream -> why it was left out (a missing scope) or left for later.
        failed: stream -> why it could not be read to its end.
        ended: how each stream went.
        notes: what a person should know and need not act on.
        requests: HTTP requests sent.
        seconds: how long it took.
        proof: what comparing with Klaviyo's counts has shown; None where it was not done.
    """

    run_id: str
    account_id: str
    as_of: dt.datetime
    streams: dict[str, StreamCount]
    refused: dict[str, str]
    notes: list[str]
    requests: int
    seconds: float
    failed: dict[str, WorkbenchError] = field(default_factory=dict)
    ended: dict[str, StreamEnd] = field(default_factory=dict)
    proof: Proof | None = None

    @property
    def status(self) -> str:
        """Succeeded; unproven, when Klaviyo counts something else; or failed."""
        if self.failed:
            return "failed"
        return "unproven" if self.proof and self.proof.differing else "succeeded"

    @property
    def total(self) -> StreamCount:
        """Over all streams."""
        return sum(self.streams.values(), StreamCount())


def find_account(client: KlaviyoClient) -> Found:
    """Ask Klaviyo whose key it is.

    Raises:
        DataMissing: the key belongs to no account.
        KlaviyoError: the key is refused, or Klaviyo is not to be reached.
    """
    page = next(pages(client, "/api/accounts"))
    if not page.data:
        raise DataMissing("the key belongs to no account", hint="make a new private key")
    item = page.data[0]
    said = item["attributes"]
    source = Source(item["id"], said["timezone"], said["preferred_currency"])
    return Found(page, source, client.served_at)


def sync_account(
    database: Database,
    client: KlaviyoClient,
    *,
    progress: Progress,
    clock: Callable[[], float],
    asked: Asked | None = None,
    found: Found | None = None,
) -> SyncSummary:
    """Bring the database up to what Klaviyo shows of the key's account.

    Args:
        database: migrated.
        client: of the account's key.
        progress: told of rows as they are stored.
        clock: seconds that only go up, for the summary.
        asked: what to read; everything that is new when None.
        found: the account, where it was asked for already.

    Returns:
        What was done. A stream that Klaviyo did not serve stands in ``failed``; the others were
        read to their end.

    Raises:
        InputInvalid: a resource that was asked for does not exist.
        KlaviyoError: the key or the revision is refused, or Klaviyo is not to be reached at all.
        SyncRunning: another sync of this account is at work.
    """
    share_heaps()
    began = clock()
    asked = asked or Asked()
    resources = chosen_resources(asked.resources)
    found = found or find_account(client)
    run = _run(database, client, found, progress=progress, clock=clock, asked=asked)
    run.quotas = {each.name: quota_of(each.path, each.params).name for each in resources}
    progress.watch(run.pace)
    with ledger.only_sync(database, run.account_id):
        merge_page(database, account_rows(found.page, is_simulated=client.is_simulated))
        with _recorded(run):
            _read(run, resources)
            _step(run, "people", following.follow)
            _step(run, "proof", proving.prove)
            _analyze(run)
    return SyncSummary(
        run_id=run.run_id,
        account_id=run.account_id,
        as_of=run.as_of,
        streams={
            name: run.streams[name] for name in _in_order(run, resources) if name in run.streams
        },
        refused=run.refused,
        notes=[*run.notes, *quarantine.told(run)],
        requests=client.requests,
        seconds=clock() - began,
        failed=dict(run.failed),
        ended={name: run.ended[name] for name in _in_order(run, resources)},
        proof=run.proof,
    )


def _in_order(run: Run, resources: tuple[Resource, ...]) -> list[str]:
    """The streams, then the steps that followed on them."""
    return list(dict.fromkeys([*(each.name for each in resources), *run.ended]))


def _run(
    database: Database,
    client: KlaviyoClient,
    found: Found,
    *,
    progress: Progress,
    clock: Callable[[], float],
    asked: Asked,
) -> Run:
    run = Run(
        database=database,
        client=client,
        source=found.source,
        as_of=found.as_of,
        asked=asked,
        progress=progress,
        run_id=f"{found.as_of:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        clock=clock,
    )
    client.watch(run.log.add)
    if warning := retirement_warning(client.revision, now=found.as_of):
        run.note(warning)
    return run


@contextmanager
def _recorded(run: Run) -> Iterator[None]:
    """Keep ops.sync_run and ops.request true, however the sync ends."""
    ledger.begin_run(run.database, run.run_id, account_id=run.account_id, as_of=run.as_of)
    try:
        with run.log.kept(run.database, account_id=run.account_id, run_id=run.run_id):
            yield
    except BaseException as error:
        told = type(error).__name__ if isinstance(error, Exception) else "interrupted"
        ledger.end_run(run, error=error.message if isinstance(error, WorkbenchError) else told)
        raise
    reasons = [f"{stream}: {error.message}" for stream, error in run.failed.items()]
    ledger.end_run(run, error="; ".join(reasons) or None)


def _read(run: Run, resources: tuple[Resource, ...]) -> None:
    """Read all resources at once, each after those that it needs.

    What Klaviyo does not serve fails its own stream, and the sync when the others are done; any
    other error stops all.
    """
    pool = ThreadPoolExecutor(len(resources), thread_name_prefix="stream")
    begun: dict[str, Future[None]] = {}

    def read(resource: Resource) -> None:
        wait([begun[name] for name in resource.after if name in begun])
        with _ending(run, resource.name), run.may_fail(resource.name, scopes=resource.scopes):
            if not run.lacks_parents(resource.name, resource.after if resource.parents else ()):
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
        run.stopping.set()
        run.client.close()  # a stream may be waiting minutes for room
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _ending(run: Run, stream: str) -> Iterator[None]:
    """Count what is asked within for the stream, and record how it ended."""
    began = run.clock()
    READING.set(stream)
    yield
    if not run.stopping.is_set():
        end = run.end(stream, seconds=run.clock() - began)
        ledger.store_end(run, stream, end)


def _step(run: Run, name: str, work: Callable[[Run], None]) -> None:
    """What follows on all streams; it is told of where it asked Klaviyo for something."""
    began, before = run.clock(), READING.set(name)
    try:
        work(run)
    finally:
        READING.reset(before)
    if run.log.sent[name] or name in run.failed or name in run.refused:
        run.end(name, seconds=run.clock() - began)


def _analyze(run: Run) -> None:
    """Renew the planner's statistics, unless most of what was read was there already."""
    if run.total.new > run.total.read / 2:
        with run.database.connection() as connection:
            connection.execute(statement("writes/analyze_synced"))
