"""Long streams, read in windows of time, several in flight."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor, as_completed

from workbench.klaviyo.pages import pages
from workbench.sync import windows
from workbench.sync.definition import Resource
from workbench.sync.merging import read_window
from workbench.sync.run import Run

__all__ = ["read_windows"]


def read_windows(run: Run, resource: Resource) -> None:
    """Read what earlier syncs left, what is new, and the tail that late rows may fall into."""
    todo = _todo(run, resource)
    with run.progress.stream(resource.name, total=len(todo)) as told:

        def read(window: windows.Window) -> None:
            for part in read_window(run.database, run.client, resource, window, run.source):
                told(run.add(resource.name, part).read)
            told.window_done()

        pool = ThreadPoolExecutor(run.asked.connections, thread_name_prefix=resource.name)
        try:
            for done in as_completed([pool.submit(read, window) for window in todo]):
                done.result()
        finally:
            # the first error stops those not yet begun
            pool.shutdown(wait=True, cancel_futures=True)


def _todo(run: Run, resource: Resource) -> list[windows.Window]:
    """What an interrupted sync left, then what is new and the tail that is read again."""
    assert resource.cursor is not None
    left = windows.planned_windows(run.database, run.account_id, resource.name)
    reread = dt.timedelta(days=run.asked.reread_days)
    high = windows.high_water(run.database, run.account_id, resource.name)
    since = high - reread if high else _first_instant(run, resource)
    if since is None or since >= run.as_of:
        since = run.as_of - reread  # an empty or young account: still look
    planned = windows.plan_windows(
        run.database,
        run.account_id,
        stream=resource.name,
        since=since,
        until=run.as_of,
        days=resource.cursor.days,
        run_id=run.run_id,
    )
    return left + planned


def _first_instant(run: Run, resource: Resource) -> dt.datetime | None:
    """Time of the stream's oldest row; None when it has none."""
    assert resource.cursor is not None
    field = resource.cursor.field
    query = {**resource.params, "sort": field, "page[size]": "1"}
    page = next(pages(run.client, resource.path, query, limit=resource.limit))
    times = [item["attributes"][field] for item in page.data]
    return dt.datetime.fromisoformat(times[0]).astimezone(dt.UTC) if times else None
