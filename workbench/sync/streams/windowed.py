"""Long streams, read in windows of time, several in flight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.klaviyo.pages import pages
from workbench.klaviyo.times import instant
from workbench.sync.crew import Crew
from workbench.sync.definition import Resource
from workbench.sync.run import Run
from workbench.sync.windows import planning, tail
from workbench.sync.windows.event_parts import EVENTS
from workbench.sync.windows.parts import ITEMS, Kind
from workbench.sync.windows.planning import Window
from workbench.sync.windows.queue import WindowQueue
from workbench.sync.windows.reading import WindowReading

__all__ = ["read_event_windows", "read_windows"]

# ``updated`` is the moment of the change, so nothing comes days late as events do; a day behind is
# for an index that lags
_SETTLED = dt.timedelta(days=1)
# what is served first need not be the oldest; but a mistyped year must not plan centuries
_UNSORTED = dt.timedelta(days=365)


def read_windows(run: Run, resource: Resource) -> None:
    """Read what earlier syncs left, what is new, and the tail that late rows may fall into."""
    _read(run, resource, ITEMS)


def read_event_windows(run: Run, resource: Resource) -> None:
    """The same for events, whose rows are made from the bytes received."""
    _read(run, resource, EVENTS)


def _read(run: Run, resource: Resource, kind: Kind[Any]) -> None:
    todo = _todo(run, resource)
    with run.progress.stream(resource.name, total=len(todo)) as told:
        queue = WindowQueue(todo, added=told.window_split)
        crew = Crew(run, resource.name, most=run.asked.connections, is_short=lambda: queue.idle > 0)

        def work() -> None:
            try:
                while crew.goes_on() and (window := queue.take()) is not None:
                    for count in WindowReading(run, resource, kind, window, queue, crew).parts():
                        told(run.add(resource.name, count).read)
                    told.window_done()
                    queue.done()
            except BaseException:
                queue.stop()
                raise

        crew.run(work)


def _todo(run: Run, resource: Resource) -> list[Window]:
    """Plan what was asked for, or else what is new and the tail; add what earlier syncs left."""
    cursor = resource.cursor
    assert cursor is not None
    asked = _asked_span(run, resource)
    is_all = run.asked.since is None and run.asked.until is None
    for since, until in [asked] if asked else [*_earlier(run, resource), _new_span(run, resource)]:
        if since < until:
            planning.plan_windows(
                run.database,
                run.account_id,
                stream=resource.name,
                since=since,
                until=until,
                days=cursor.days,
                run_id=run.run_id,
                is_open=until == run.as_of,
            )
    found = planning.planned_windows(run.database, run.account_id, resource.name, run_id=run.run_id)
    return [window for window in found if is_all or window.run_id == run.run_id]


def _asked_span(run: Run, resource: Resource) -> tuple[dt.datetime, dt.datetime] | None:
    """The range that the user wants read, whether it was before or not."""
    asked = run.asked
    if asked.since is None and asked.until is None and not asked.full:
        return None
    first = _first_instant(run, resource) or run.as_of
    since = max(asked.since, first - _UNSORTED) if asked.since else first
    if asked.since is None and not asked.full:
        known = planning.high_water(run.database, run.account_id, resource.name)
        since = known - _reach(run, resource) if known else since
    return _whole_second(since), min(_whole_second(asked.until or run.as_of), run.as_of)


def _earlier(run: Run, resource: Resource) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """What lies before all that was read: a first sync began later, or older rows were imported."""
    known = planning.low_water(run.database, run.account_id, resource.name)
    first = _first_instant(run, resource) if known else None
    if known and first and first < known:
        yield first, known


def _new_span(run: Run, resource: Resource) -> tuple[dt.datetime, dt.datetime]:
    """What came since the last sync, and the tail behind it."""
    known = planning.high_water(run.database, run.account_id, resource.name)
    since = known - _reach(run, resource) if known else _first_instant(run, resource)
    if since is None or since >= run.as_of:
        since = run.as_of - _reach(run, resource)  # an empty or young account: still look
    return since, run.as_of


def _reach(run: Run, resource: Resource) -> dt.timedelta:
    assert resource.cursor is not None
    return tail.reach(run) if resource.cursor.tail else _SETTLED


def _first_instant(run: Run, resource: Resource) -> dt.datetime | None:
    """Time of the stream's oldest row, in whole seconds; None when it has none."""
    assert resource.cursor is not None
    in_order = {**resource.params, "sort": resource.cursor.field}
    # the first page may hold nothing that can be read, and others follow
    for query in ({**in_order, "page[size]": "1"}, in_order):
        for page in pages(run.client, resource.path, query):
            times = [at for item in page.data if (at := _time(item, resource.cursor.field))]
            if times:
                return _whole_second(min(times))
            if query is not in_order:
                break
    return None


def _time(item: Mapping[str, Any], field: str) -> dt.datetime | None:
    try:
        return instant(item["attributes"][field])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # its window tells of it: it goes to quarantine there


def _whole_second(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(microsecond=0)
