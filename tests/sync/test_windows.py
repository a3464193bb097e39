"""Windows of time: planned, shared, cut where they are dense, read once, and never lost."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
import threading
import zlib
from collections import Counter
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.db import Database
from workbench.errors import CursorExpired, KlaviyoUnavailable
from workbench.sandbox import Limiter as SandboxLimiter
from workbench.sandbox import SandboxServer, Shop, ShopPlan, build_shop
from workbench.sync import Asked
from workbench.sync.windows.planning import (
    Window,
    high_water,
    plan_windows,
    planned_windows,
    shares,
)
from workbench.sync.windows.queue import WindowQueue

from .conftest import Edited, synced, unhurried_client, with_body
from .streams import read_stream, select, stored, visible

_DONE = """
    select since_at, until_at, rows_read, rows_new from ops.sync_window
    where stream = 'events' and status = 'done' order by since_at
"""
_BOUND = re.compile(r"(greater-or-equal|less-than)\(datetime,([^)]+)\)")


def asked_spans(requests: list[Any]) -> list[tuple[dt.datetime, dt.datetime]]:
    """What first pages of events were asked for; the end of an open one is far away."""
    spans = []
    for request in requests:
        params = httpx.QueryParams(request.query)
        is_first = "filter" in params and "page[cursor]" not in params
        if request.path.rstrip("/") != "/api/events" or not is_first:
            continue
        bounds = dict(_BOUND.findall(params["filter"]))
        since = dt.datetime.fromisoformat(bounds["greater-or-equal"])
        until = bounds.get("less-than", "9999-01-01T00:00:00Z")
        spans.append((since, dt.datetime.fromisoformat(until)))
    return spans


def test_row_06_a_dense_window_is_cut_shared_and_loses_nothing(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    begin = int(shop.events.at[shop.events.visible_at <= shop.now].min())
    since = dt.datetime.fromtimestamp(begin, dt.UTC)
    run = read_stream(
        database, sandbox, asked=Asked(since=since, connections=3), page=20, rows=60, days=365
    )
    assert stored(database) == visible(shop, shop.now)
    done = select(database, _DONE)
    assert select(database, "select count(*) from ops.sync_window where status <> 'done'") == [(0,)]
    assert (done[0][0], done[-1][1]) == (since, run.as_of)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(done))
    assert sum(row[2] for row in done) == visible(shop, shop.now).total()
    assert {row[2] for row in done} == {row[3] for row in done}
    # what was read of one second beyond the cut belongs to the part behind it
    per_second = Counter(at for _, at in visible(shop, shop.now).elements())
    most = 60 + 20 + max(per_second.values())
    assert max(row[2] for row in done[:-1]) <= most
    begun = [since for since, _ in asked_spans(sandbox.requests)]
    assert len(begun) == len(set(begun)) > 1, "no part of the only window was given to a thread"


def test_row_06_what_is_done_is_not_read_again_after_a_failure(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    asked = itertools.count()

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        is_broken = request.url.path == "/api/events" and next(asked) > 30
        return httpx.Response(500) if is_broken else response

    with pytest.raises(KlaviyoUnavailable, match="/api/events still answers 500"):
        read_stream(database, sandbox, transport=Edited(edit), page=20, rows=60)
    done = select(database, _DONE)
    assert done, "nothing was done before the failure"
    count = visible(shop, shop.now)
    assert 0 < stored(database).total() < count.total()
    before = len(sandbox.requests)
    run = read_stream(database, sandbox, asked=Asked(reread_days=0), page=20, rows=60)
    spans = asked_spans(sandbox.requests[before:])
    tail = run.as_of - dt.timedelta(days=90)  # the deep pass of a first sync
    for since, until in spans:
        if since < tail:
            assert not [each for each in done if since < each[1] and each[0] < min(until, tail)]
    assert stored(database) == count


def test_row_06_a_second_denser_than_a_part_is_stored_whole(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    """All events of the shop in one second; 40 pages of it."""

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/events":
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            item["attributes"]["datetime"] = "2026-10-01 12:00:00+00:00"
        return with_body(response, body)

    since = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
    run = read_stream(
        database,
        sandbox,
        asked=Asked(since=since, connections=1),
        transport=Edited(edit),
        page=50,
        rows=100,
    )
    count = visible(shop, shop.now).total()
    found = select(database, "select count(*), count(distinct occurred_at) from klaviyo.event")
    # what a window that closed before that second was served does not belong to it
    assert found[0][1] == 1
    assert run.streams["events"].new == found[0][0] <= count


@pytest.mark.parametrize("share", ["0.3", "1"])
def test_row_07_an_expired_cursor_costs_no_row_and_no_cursor_is_kept(
    database: Database, shop: Shop, sandbox: SandboxServer, share: str
) -> None:
    sandbox.fault(f"expired-cursor:path=/api/events,share={share}")
    run = read_stream(database, sandbox, page=40, rows=150)
    assert stored(database) == visible(shop, shop.now)
    assert run.streams["events"].new == visible(shop, shop.now).total()
    assert 400 in {request.status for request in sandbox.requests}
    cursors = {httpx.QueryParams(each.query).get("page[cursor]") for each in sandbox.requests} - {
        None
    }
    assert cursors
    for table in ("ops.sync_window", "ops.sync_run", "ops.request", "ops.quarantine"):
        for (text,) in select(database, f"select t::text from {table} as t"):
            assert not [cursor for cursor in cursors if cursor and cursor in text]


def test_row_07_a_cursor_that_never_holds_within_one_second_is_told(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/events" or response.status_code != 200:
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            item["attributes"]["datetime"] = "2026-10-01 12:00:00+00:00"
        return with_body(response, body)

    sandbox.fault("expired-cursor:path=/api/events,share=1")
    with pytest.raises(CursorExpired, match="Invalid cursor"):
        read_stream(embedded_database, sandbox, transport=Edited(edit), page=10)


def test_row_08_rows_that_come_twice_or_at_the_bound_are_stored_once(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    sandbox.fault("duplicates:share=1", "excluded-bound")
    run = read_stream(database, sandbox, page=40, rows=150)
    assert stored(database) == visible(shop, shop.now)
    assert run.streams["events"].new == visible(shop, shop.now).total()
    profiles = read_stream(database, sandbox, "profiles", page=10, rows=30)
    known = int((shop.people.created <= shop.now).sum())
    assert select(database, "select count(*) from klaviyo.profile") == [(known,)]
    assert profiles.streams["profiles"].new == known
    again = read_stream(database, sandbox, page=40, rows=150)
    assert (again.streams["events"].new, again.streams["events"].changed) == (0, 0)


def test_row_08_pages_in_no_order_are_stored_whole(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    """Each event is told with a time that has nothing to do with its place."""
    begin = dt.datetime.fromtimestamp(shop.events.at.min(), dt.UTC)
    seconds = shop.now - int(begin.timestamp())

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/events" or response.status_code != 200:
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            at = begin + dt.timedelta(seconds=zlib.crc32(item["id"].encode()) % seconds)
            item["attributes"]["datetime"] = str(at)
        return with_body(response, body)

    sandbox.fault("expired-cursor:path=/api/events,times=9,skip=5")
    read_stream(
        database,
        sandbox,
        asked=Asked(since=begin, connections=3),
        transport=Edited(edit),
        page=40,
        rows=100,
        days=365,
    )
    assert stored(database).total() == visible(shop, shop.now).total()


_SPELLINGS = (
    "{at:%Y-%m-%dT%H:%M:%S}+00:00",
    "{at:%Y-%m-%d %H:%M:%S}+0000",
    "{at:%Y-%m-%dT%H:%M:%S}Z",
    "{at:%Y-%m-%d %H:%M:%S}",
    "{at:%Y-%m-%dT%H:%M:%S}.000000+00:00",
)


@pytest.mark.parametrize("spelling", [*_SPELLINGS, "mixed"])
def test_row_24_windows_are_cut_the_same_in_every_spelling_of_time(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer, spelling: str
) -> None:
    spellings = itertools.cycle(_SPELLINGS if spelling == "mixed" else [spelling])
    lock = threading.Lock()

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/events":
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            at = dt.datetime.fromisoformat(item["attributes"]["datetime"])
            with lock:
                item["attributes"]["datetime"] = next(spellings).format(at=at)
        return with_body(response, body)

    read_stream(embedded_database, sandbox, transport=Edited(edit), page=40, rows=150)
    assert stored(embedded_database) == visible(shop, shop.now)
    assert select(embedded_database, "select count(*) > 10 from ops.sync_window") == [(True,)]


def test_only_the_range_asked_for_is_read_and_what_lies_between_comes_later(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    until = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    since = dt.datetime(2026, 9, 20, tzinfo=dt.UTC)
    read_stream(database, sandbox, asked=Asked(since=since, until=until))

    def within(*spans: tuple[dt.datetime, dt.datetime]) -> Counter[tuple[str, int]]:
        return Counter(
            key
            for key in visible(shop, shop.now).elements()
            if any(a.timestamp() <= key[1] < b.timestamp() for a, b in spans)
        )

    assert stored(database) == within((since, until))
    late = (dt.datetime(2026, 10, 20, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, tzinfo=dt.UTC))
    read_stream(database, sandbox, asked=Asked(since=late[0], until=late[1]))
    assert stored(database) == within((since, until), late)
    account = shop.account.id
    assert high_water(database, account, "events") == until
    read_stream(database, sandbox, asked=Asked(reread_days=0))
    latest = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    reach = dt.timedelta(days=90)  # the deep pass, which goes behind what was asked for first
    assert stored(database) == within((min(since, until - reach), latest))
    read_stream(database, sandbox, asked=Asked(full=True))
    assert stored(database) == visible(shop, shop.now)


def test_a_window_that_was_left_is_read_within_a_wider_one(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    database, account = embedded_database, shop.account.id
    read_stream(database, sandbox, asked=Asked(until=dt.datetime(2026, 10, 1, tzinfo=dt.UTC)))
    day = dt.datetime(2026, 9, 10, tzinfo=dt.UTC)
    plan_windows(
        database,
        account,
        stream="events",
        since=day,
        until=day + dt.timedelta(days=1),
        days=14,
        run_id="left",
    )
    (left,) = planned_windows(database, account, "events", run_id="left")
    assert (left.since, left.is_open, left.is_first) == (day, True, False)
    read_stream(database, sandbox, asked=Asked(full=True))
    assert planned_windows(database, account, "events", run_id="left") == []
    assert select(database, "select count(*) from ops.sync_window where run_id = 'left'") == [(0,)]


def test_profiles_are_read_again_from_a_day_before_and_events_from_the_tail(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    first = synced(embedded_database, unhurried_client(sandbox)).as_of
    since = len(sandbox.requests)
    synced(embedded_database, unhurried_client(sandbox), reread_days=40)
    asked = {"/api/profiles": dt.timedelta(days=1), "/api/events": dt.timedelta(days=40)}
    for path, days in asked.items():
        queries = [
            httpx.QueryParams(each.query).get("filter", "")
            for each in sandbox.requests[since:]
            if each.path.rstrip("/") == path
        ]
        bounds = {
            dt.datetime.fromisoformat(bound)
            for query in queries
            for bound in re.findall(
                r"greater-\w+(?:-equal)?\((?:updated|datetime),([^)]+)\)", query
            )
        }
        # the operator of profiles leaves out the second that it names
        assert dt.timedelta() <= first - days - min(bounds) <= dt.timedelta(seconds=1), path


BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@given(
    seconds=st.integers(1, 5000),
    count=st.integers(1, 9),
    rows=st.floats(0, 1e6),
    most=st.integers(1, 10_000),
    settled=st.integers(-10, 6000),
    is_open=st.booleans(),
)
def test_shares_are_the_window_cut_at_whole_seconds(
    seconds: int, count: int, rows: float, most: int, settled: int, is_open: bool
) -> None:
    window = Window("events", BEGIN, BEGIN + dt.timedelta(seconds=seconds), "run", is_open)
    before = BEGIN + dt.timedelta(seconds=settled)
    pieces = shares(window, count=count, rows=rows, most=most, before=before)
    assert (pieces[0].since, pieces[-1].until) == (window.since, window.until)
    assert all(a.until == b.since for a, b in itertools.pairwise(pieces))
    assert all(piece.until - piece.since >= dt.timedelta(seconds=1) for piece in pieces)
    assert all(piece.until.microsecond == 0 for piece in pieces)
    assert [piece.is_open for piece in pieces] == [False] * (len(pieces) - 1) + [is_open]
    assert all(piece.until < before for piece in pieces[:-1])
    assert len(pieces) == 1 or len(pieces) <= min(count, rows / most)


def test_a_queue_ends_when_nothing_waits_and_nobody_can_bring_more() -> None:
    window = Window("events", BEGIN, BEGIN + dt.timedelta(days=1), "run")
    added: list[int] = []
    queue = WindowQueue([window], added=lambda: added.append(1))
    assert queue.take() is window
    taken: list[Window | None] = []
    other = threading.Thread(target=lambda: taken.append(queue.take()))
    other.start()
    while queue.idle < 1:
        other.join(0.001)
    assert other.is_alive(), "it ended while a window was at work that may be shared"
    queue.add([window])
    other.join(60)
    assert (taken, added) == ([window], [1])
    last = threading.Thread(target=lambda: taken.append(queue.take()))
    last.start()
    queue.done()
    queue.done()
    last.join(60)
    assert taken == [window, None]


def test_a_stopped_queue_hands_out_nothing() -> None:
    window = Window("events", BEGIN, BEGIN + dt.timedelta(days=1), "run")
    queue = WindowQueue([window], added=lambda: None)
    queue.stop()
    assert queue.take() is None


def test_a_first_sync_that_began_late_is_completed_by_the_next(embedded_database: Database) -> None:
    shop = build_shop(ShopPlan(profiles=60, days=200))
    since = dt.datetime.fromtimestamp(shop.now, dt.UTC) - dt.timedelta(days=20)
    with SandboxServer(shop, limiter=SandboxLimiter(scale=math.inf)) as sandbox:
        read_stream(embedded_database, sandbox, asked=Asked(since=since))
        assert 0 < stored(embedded_database).total() < visible(shop, shop.now).total()
        read_stream(embedded_database, sandbox)
        assert stored(embedded_database) == visible(shop, shop.now)
        before = len(asked_spans(sandbox.requests))
        read_stream(embedded_database, sandbox)
    oldest = min(begin for begin, _ in asked_spans(sandbox.requests)[before:])
    assert oldest > since - dt.timedelta(days=100)


def test_a_year_mistyped_plans_no_windows_of_centuries(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    since = dt.datetime(206, 1, 1, tzinfo=dt.UTC)
    read_stream(embedded_database, sandbox, asked=Asked(since=since))
    assert stored(embedded_database) == visible(shop, shop.now)
    ((oldest,),) = select(embedded_database, "select min(since_at) from ops.sync_window")
    first = min(key[1] for key in visible(shop, shop.now))
    assert first - 366 * 86_400 < oldest.timestamp() <= first


def test_what_was_hidden_at_the_first_sync_is_read_by_the_next(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    sandbox.fault("hidden-events:share=1.0")
    read_stream(embedded_database, sandbox)
    assert not stored(embedded_database)
    sandbox.withdraw()
    read_stream(embedded_database, sandbox)
    assert stored(embedded_database) == visible(shop, shop.now)
