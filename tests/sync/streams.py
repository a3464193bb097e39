"""One stream read alone, without what a sync does before and after it."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections import Counter
from typing import Any

import httpx
import numpy as np

from workbench import klaviyo
from workbench.db import Database
from workbench.klaviyo import KlaviyoClient
from workbench.klaviyo.accounts import account_rows
from workbench.sandbox import SandboxServer, Shop
from workbench.settings import REVISION
from workbench.sync import Asked, Progress
from workbench.sync.definition import Resource
from workbench.sync.engine import find_account
from workbench.sync.merging import merge_page
from workbench.sync.resources import RESOURCES
from workbench.sync.run import Run

_NUMBERS = itertools.count()


def resource_of(name: str, *, page: int, rows: int, days: int | None = None) -> Resource:
    """A stream with another page size and other parts than a sync has."""
    (found,) = [each for each in RESOURCES if each.name == name]
    assert found.cursor is not None
    cursor = dataclasses.replace(found.cursor, rows=rows, days=days or found.cursor.days)
    return dataclasses.replace(
        found, cursor=cursor, params={**found.params, "page[size]": str(page)}
    )


def read_stream(
    database: Database,
    sandbox: SandboxServer,
    name: str = "events",
    *,
    asked: Asked | None = None,
    transport: httpx.BaseTransport | None = None,
    page: int = 1000,
    rows: int = 10_000,
    days: int | None = None,
) -> Run:
    """Read one stream of the account that the sandbox serves."""
    limiter = klaviyo.Limiter(clock=itertools.count(step=60).__next__)
    client = KlaviyoClient(
        key=sandbox.key,
        url=sandbox.url,
        revision=REVISION,
        limiter=limiter,
        transport=transport,
        sleep=lambda seconds: None,
    )
    resource = resource_of(name, page=page, rows=rows, days=days)
    with client, Progress() as progress:
        found = find_account(client)
        merge_page(database, account_rows(found.page, is_simulated=client.is_simulated))
        run = Run(
            database=database,
            client=client,
            source=found.source,
            as_of=found.as_of,
            asked=asked or Asked(),
            progress=progress,
            run_id=f"run-{next(_NUMBERS)}",
            clock=time.monotonic,
        )
        resource.read(run, resource)
    return run


def select(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def stored(database: Database) -> Counter[tuple[str, int]]:
    """How many events are stored of each metric and second."""
    query = "select metric_id, extract(epoch from occurred_at)::bigint from klaviyo.event"
    return Counter(select(database, query))


def visible(shop: Shop, now: int) -> Counter[tuple[str, int]]:
    """The same of what the shop shows, from its columns."""
    rows = np.flatnonzero(shop.events.visible_at <= now)
    kinds, times = shop.events.kind[rows].tolist(), shop.events.at[rows].tolist()
    return Counter((shop.metrics[kind].id, at) for kind, at in zip(kinds, times, strict=True))
