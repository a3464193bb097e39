"""What a sync stores is what the shop holds, at its first run and at every later one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from workbench.db import Database
from workbench.klaviyo import KlaviyoClient
from workbench.klaviyo.endpoints import QUERIES
from workbench.sandbox import SandboxServer, Shop, Truth
from workbench.sandbox.api.metric_bodies import MAPPED_METRICS
from workbench.sandbox.shop.events import Kind
from workbench.settings import REVISION
from workbench.sync import StreamCount, SyncSummary

from .conftest import KEY, Edited, synced, unhurried_client, with_body

Sync = Callable[[Database], SyncSummary]
NOTHING_NEW = StreamCount(new=0, changed=0)


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def visible(shop: Shop, now: int) -> np.ndarray:
    return np.flatnonzero(shop.events.visible_at <= now)


def metrics_of_shop(shop: Shop, now: int) -> dict[str, tuple[int, Decimal | None]]:
    """Events and their value by metric, counted from the generator's columns."""
    found = {}
    for kind, metric in enumerate(shop.metrics):
        at = visible(shop, now)
        at = at[shop.events.kind[at] == kind]
        value = Decimal(int(shop.events.value[at].sum())).scaleb(-shop.decimals)
        if len(at):
            found[metric.id] = (len(at), value if metric.is_valued else None)
    return found


def metrics_of(database: Database) -> dict[str, tuple[int, Decimal | None]]:
    query = "select metric_id, count(*), sum(value) from klaviyo.event group by metric_id"
    return {metric: (count, value) for metric, count, value in rows(database, query)}


def ids(database: Database, table: str, name: str) -> set[str]:
    return {row[0] for row in rows(database, f"select {name} from klaviyo.{table}")}


def test_everything_is_stored(database: Database, shop: Shop, sync: Sync) -> None:
    summary = sync(database)
    messages, flows = shop.catalogue.messages, shop.catalogue.flows
    campaigns = {
        row: each.id
        for row, each in enumerate(shop.catalogue.campaigns)
        if each.created_at <= shop.now
    }
    assert rows(
        database, "select account_id, timezone, currency, is_simulated from klaviyo.account"
    ) == [(shop.account.id, shop.account.timezone, shop.account.currency, True)]
    kinds = {*np.unique(shop.events.kind[visible(shop, shop.now)]), *MAPPED_METRICS.values()}
    shown = {shop.metrics[kind].id for kind in kinds - {None}}
    assert ids(database, "metric", "metric_id") == shown
    assert ids(database, "campaign", "campaign_id") == set(campaigns.values())
    assert ids(database, "flow", "flow_id") == {each.id for each in flows}
    by_campaign = {each.id for each in messages if each.campaign in campaigns}
    by_flow = {each.id for each in messages if each.flow >= 0}
    assert ids(database, "campaign_message", "message_id") == by_campaign
    assert ids(database, "flow_message", "message_id") == by_flow
    known = shop.people.created <= shop.now
    assert ids(database, "profile", "profile_id") == set(shop.people.ids[known].astype(str))
    numbers = set(shop.people.external_id[known].astype(str))
    assert ids(database, "profile_personal", "external_id") == numbers
    assert metrics_of(database) == metrics_of_shop(shop, shop.now)
    read = {name: count.read for name, count in summary.streams.items()}
    expected = {
        "metrics": len(shown),
        "mapped_metrics": 7,
        "campaigns": len(campaigns),
        "flows": len(flows),
        "profiles": int(known.sum()),
        "events": len(visible(shop, shop.now)),
    }
    assert {name: read[name] for name in expected} == expected
    assert {summary.streams[name].new for name in expected} == set(expected.values())
    assert summary.as_of == dt.datetime.fromtimestamp(shop.now, dt.UTC)


def test_orders_and_their_credit_equal_the_truth_day_by_day(
    database: Database, shop: Shop, sync: Sync
) -> None:
    sync(database)
    found = rows(
        database,
        """
        select (occurred_at at time zone %s)::date, sum(value), count(*), count(attributions)
        from klaviyo.event where metric_id = %s and currency = %s group by 1 order by 1
        """,
        shop.account.timezone,
        shop.metrics[Kind.PLACED_ORDER].id,
        shop.account.currency,
    )
    truth = Truth(shop).daily_revenue()
    truth = truth[truth.orders > 0]
    expected = list(zip(truth.ds, truth.revenue, truth.orders, strict=True))
    assert [row[:3] for row in found] == expected
    orders = visible(shop, shop.now)
    orders = orders[shop.events.kind[orders] == Kind.PLACED_ORDER]
    orders = orders[shop.events.currency[orders] == 0]
    credited = int((shop.events.touch[orders] >= 0).sum())
    assert 0 < credited == sum(row[3] for row in found)


def test_a_second_sync_adds_nothing(database: Database, shop: Shop, sync: Sync) -> None:
    sync(database)
    touched = rows(database, "select count(*) from ops.touched")
    again = sync(database)
    assert again.total.read > 0
    assert dataclasses.replace(again.total, read=0) == NOTHING_NEW
    assert metrics_of(database) == metrics_of_shop(shop, shop.now)
    assert rows(database, "select count(*) from ops.touched") == touched


def test_a_later_sync_brings_exactly_what_is_new(
    database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    sync(database)
    before = sandbox.now
    for days in (1, 1, 6):
        known = len(visible(shop, sandbox.now))
        sandbox.advance(days=days)
        summary = sync(database)
        assert summary.streams["events"].new == len(visible(shop, sandbox.now)) - known > 0
        assert summary.streams["events"].changed == 0
        assert metrics_of(database) == metrics_of_shop(shop, sandbox.now)
    events = shop.events
    future = (events.at > before) & (events.visible_at <= before)
    assert future.any(), "the shop has no event dated in the future"
    late = (events.at <= before) & (events.visible_at > before)
    assert late.any(), "the shop has no event that showed late"


def test_the_planner_knows_a_first_load(database: Database, sync: Sync) -> None:
    query = """
        select distinct tablename from pg_catalog.pg_stats
        where schemaname = 'klaviyo' and tablename in ('event', 'profile') order by 1
    """
    assert rows(database, query) == []
    sync(database)
    assert rows(database, query) == [("event",), ("profile",)]


def test_windows_are_contiguous_and_none_is_left(database: Database, sync: Sync) -> None:
    summary = sync(database)
    found = rows(
        database,
        """
        select since_at, until_at, status, rows_read from ops.sync_window
        where stream = 'events' order by since_at
        """,
    )
    assert len(found) > 3
    assert [row[1] for row in found[:-1]] == [row[0] for row in found[1:]]
    assert found[-1][1] == summary.as_of
    assert {row[2] for row in found} == {"done"}
    assert sum(row[3] for row in found) == summary.streams["events"].read


def refusing(path: str) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != path:
            return response
        detail = "The API key is missing required scopes."
        return httpx.Response(403, json={"errors": [{"detail": detail}]})

    return edit


def client_through(sandbox: SandboxServer, edited: Edited) -> KlaviyoClient:
    limiter = unhurried_client(sandbox).limiter
    return KlaviyoClient(
        key=sandbox.key,
        url=sandbox.url,
        revision=REVISION,
        limiter=limiter,
        transport=edited,
        sleep=lambda seconds: None,
    )


def sync_of_all_but_events(database: Database, sandbox: SandboxServer) -> SyncSummary:
    return synced(database, client_through(sandbox, Edited(refusing("/api/events"))))


@pytest.mark.parametrize(
    ("name", "also", "behind"),
    [
        ("campaigns", set(), {"campaign_estimates"}),
        ("flows", set(), {"flow_definitions"}),
        ("profiles", {"predictions"}, set()),
        ("events", set(), set()),
    ],
)
def test_a_missing_scope_stops_its_own_stream_only(
    embedded_database: Database,
    sandbox: SandboxServer,
    sync: Sync,
    name: str,
    also: set[str],
    behind: set[str],
) -> None:
    """``also`` is read from the same endpoint; ``behind`` can only follow what was refused."""
    path = f"/api/{name}"
    without = synced(embedded_database, client_through(sandbox, Edited(refusing(path))))
    told = f"{path} answered 403: The API key is missing required scopes. (it needs {name}:read)"
    followed = f"it needs {name}: {told}"
    refused = dict.fromkeys({name} | also, told) | dict.fromkeys(behind, followed)
    assert without.refused == refused
    assert {without.ended[each].status for each in refused} == {"left out"}
    assert rows(embedded_database, "select status, error from ops.sync_run") == [
        ("succeeded", None)
    ]
    whole = sync(embedded_database)
    assert whole.refused == {}
    assert whole.streams[name].new == whole.streams[name].read > 0
    late = {name} | also | behind
    assert {count.new for each, count in whole.streams.items() if each not in late} == {0}


def test_text_that_no_database_stores_does_not_stop_a_sync(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/api/profiles":
            return response
        body = response.content.replace(b'"region":"', rb'"region":"\ud83d \u0000')
        return httpx.Response(200, headers={"Date": response.headers["Date"]}, content=body)

    synced(embedded_database, client_through(sandbox, Edited(edit)))
    ((marked, everything),) = rows(
        embedded_database,
        """
        select count(*) filter (where region like %s), count(region) from klaviyo.profile
        """,
        "\ufffd \ufffd%",
    )
    assert 0 < marked == everything


def test_a_changed_event_is_counted_and_noted_once(
    database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    sync(database)
    ((event_id, metric_id, day, value),) = rows(
        database,
        """
        select event_id, metric_id, (occurred_at at time zone %s)::date, value
        from klaviyo.event where value is not null order by occurred_at desc limit 1
        """,
        shop.account.timezone,
    )

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/api/events":
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            if item["id"] == event_id:
                item["attributes"]["event_properties"]["$value"] = float(value) + 1
        return with_body(response, body)

    rows(database, "delete from ops.touched returning 1")
    for changed in (1, 0):
        summary = synced(database, client_through(sandbox, Edited(edit)))
        count = summary.streams["events"]
        assert (count.new, count.changed) == (0, changed)
        assert rows(database, "select metric_id, day, message_ref from ops.touched") == [
            (metric_id, day, "")
        ]
    query = "select value, changed_at > first_seen_at from klaviyo.event where event_id = %s"
    assert rows(database, query, event_id) == [(value + 1, True)]


def test_a_sync_that_fails_says_why_and_the_next_one_goes_on(
    database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    asked = 0

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        nonlocal asked
        asked += request.url.path == "/api/events"
        is_broken = request.url.path == "/api/events" and asked > 3
        return httpx.Response(500) if is_broken else response

    failed = synced(database, client_through(sandbox, Edited(edit))).failed
    assert failed["events"].message == "/api/events still answers 500"
    ((status, told),) = rows(database, "select status, error from ops.sync_run")
    assert status == "failed"
    assert "events: /api/events still answers 500" in told
    left = "select count(*) > 0 from ops.sync_window where status = 'planned'"
    assert rows(database, left) == [(True,)]
    sync(database)
    assert rows(database, left) == [(False,)]
    assert metrics_of(database) == metrics_of_shop(shop, shop.now)
    statuses = rows(database, "select status from ops.sync_run order by started_at")
    assert statuses == [("failed",), ("succeeded",)]


def test_within_klaviyos_limits_and_by_reading_only(
    embedded_database: Database, shop: Shop
) -> None:
    with SandboxServer(shop, key=KEY) as limited:
        client = KlaviyoClient(key=KEY, url=limited.url, revision=REVISION)
        summary = synced(embedded_database, client)
        assert {request.status for request in limited.requests} == {200}
        queries = {each.path.rstrip("/") for each in limited.requests if each.method != "GET"}
        assert queries <= set(QUERIES)
        assert len(limited.requests) == summary.requests


def test_the_key_is_in_no_table(embedded_database: Database, sync: Sync) -> None:
    sync(embedded_database)
    tables = rows(
        embedded_database,
        """
        select schemaname || '.' || tablename from pg_catalog.pg_tables
        where schemaname in ('klaviyo', 'mart', 'model', 'ops')
        """,
    )
    assert len(tables) > 15
    for (table,) in tables:
        query = f"select count(*) from {table} as t where t::text like %s"
        assert rows(embedded_database, query, f"%{KEY}%") == [(0,)]
