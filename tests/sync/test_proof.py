"""A sync is done when Klaviyo counts what was stored; what differs is read again, and told."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
import orjson
import pytest

from workbench import klaviyo
from workbench.db import Database
from workbench.klaviyo import KlaviyoClient
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.settings import REVISION
from workbench.sync import Asked, Progress, Proof, SyncSummary, sync_account
from workbench.sync.proof import rereading

from .conftest import KEY, Edited, synced, unhurried_client, with_body

Sync = Callable[[Database], SyncSummary]


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def status_of_last_run(database: Database) -> tuple[Any, ...]:
    query = """
        select status, days_proven, days_repaired, days_explained, days_differing
        from ops.sync_run order by started_at desc limit 1
    """
    return rows(database, query)[0]


def days_with_events(shop: Shop, now: int) -> set[tuple[str, dt.date]]:
    """Metric and UTC day of each event that shows and lies before the sync."""
    events = shop.events
    at = np.flatnonzero((events.visible_at <= now) & (events.at < now))
    return {
        (
            shop.metrics[events.kind[row]].id,
            dt.datetime.fromtimestamp(events.at[row], dt.UTC).date(),
        )
        for row in at.tolist()
    }


def asked_of(sandbox: SandboxServer, path: str) -> list[str]:
    """Queries sent to an endpoint, in order."""
    return [unquote(each.query) for each in sandbox.requests if each.path.rstrip("/") == path]


def test_a_first_sync_proves_every_day_of_every_metric(
    database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    summary = sync(database)
    days = days_with_events(shop, sandbox.now)
    assert summary.proof == Proof(proven=len(days))
    assert status_of_last_run(database) == ("succeeded", len(days), 0, 0, 0)
    kept = rows(database, "select metric_id, day from ops.proof where status = 'proven'")
    assert set(kept) == days
    assert rows(
        database,
        """
        select count(*) from ops.proof
        where our_count <> their_count or (our_values <> '{}') <> (their_values <> '{}')
        """,
    ) == [(0,)]
    metrics = rows(database, "select count(*) from klaviyo.metric")[0][0]
    asked = """
        select status, attempt, count(*) from ops.request
        where endpoint = '/api/metric-aggregates' group by status, attempt
    """
    assert rows(database, asked) == [(200, 1, metrics)]


def test_row_04_hidden_events_are_found_by_klaviyos_counts_and_only_their_days_read_again(
    database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    sandbox.fault("hidden-events:share=0.002")
    first = sync(database)
    assert first.proof is not None
    missing = rows(
        database,
        """
        select metric_id, day, their_count - our_count, status
        from ops.proof where status <> 'proven'
        """,
    )
    hidden = sum(row[2] for row in missing)
    assert 3 <= hidden < 30
    assert first.proof.differing > 0
    assert first.proof.differing + first.proof.explained == len(missing)
    assert status_of_last_run(database)[0] == "unproven"

    sandbox.withdraw()
    asked = len(asked_of(sandbox, "/api/events"))
    second = sync(database)
    read_again = [
        query for query in asked_of(sandbox, "/api/events")[asked:] if "metric_id" in query
    ]
    behind_tail = [row for row in missing if row[1] < (second.as_of - dt.timedelta(days=8)).date()]
    assert len(behind_tail) >= 3
    assert len(read_again) == len(behind_tail)
    for (metric, day, *_), query in zip(sorted(behind_tail), sorted(read_again), strict=True):
        assert f'equals(metric_id,["{metric}"])' in query
        assert f"greater-or-equal(datetime,{day}T00:00:00Z)" in query
    assert second.proof == Proof(
        proven=first.proof.proven + len(missing) - len(behind_tail), repaired=len(behind_tail)
    )
    assert second.total.new >= hidden
    assert second.streams["proof"].new == sum(row[2] for row in behind_tail)
    assert status_of_last_run(database)[0] == "succeeded"
    assert rows(database, "select count(*) from ops.proof where our_count <> their_count") == [(0,)]
    assert rows(database, "select count(*) from klaviyo.event") == [
        (int((shop.events.visible_at <= sandbox.now).sum()),)
    ]


def store_withdrawn(database: Database) -> tuple[str, dt.date]:
    """An event that Klaviyo showed to an earlier sync, as far as the database can tell.

    It stands beside others of its metric and day, which are returned.
    """
    with database.connection() as connection:
        connection.execute("delete from ops.touched")
        row = connection.execute("""
            with busiest as (
                select metric_id, day from ops.proof
                where day between '2026-10-28' and '2026-10-31' order by our_count desc limit 1
            )

            insert into klaviyo.event
            select (jsonb_populate_record(e, '{"event_id": "withdrawn"}')).*
            from klaviyo.event as e inner join busiest as b on e.metric_id = b.metric_id
            where (e.occurred_at at time zone 'UTC')::date = b.day limit 1
            returning metric_id, (occurred_at at time zone 'UTC')::date
        """).fetchone()
    assert row is not None
    return str(row[0]), row[1]


def test_what_klaviyo_no_longer_has_is_kept_apart(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    database = embedded_database
    first = sync(database)
    before = rows(database, "select count(*) from klaviyo.event")
    key = store_withdrawn(database)
    summary = sync(database)
    assert first.proof is not None
    assert summary.proof == Proof(proven=first.proof.proven - 1, repaired=1)
    assert rows(database, "select count(*) from klaviyo.event") == before
    assert rows(
        database,
        """
        select metric_id, (occurred_at at time zone 'UTC')::date
        from klaviyo.event_version where event_id = 'withdrawn'
        """,
    ) == [key]
    assert rows(database, "select metric_id, day, status from ops.proof where count_gone = 1") == [
        (*key, "repaired")
    ]
    # the facts of that metric are made anew
    assert {key[0]} == {row[0] for row in rows(database, "select metric_id from ops.touched")}
    assert sync(database).proof == first.proof


def test_nothing_is_taken_for_gone_while_klaviyo_counts_what_it_does_not_show(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    database = embedded_database
    first = sync(database)
    assert first.proof is not None
    key = store_withdrawn(database)
    known = rows(database, "select count(*) from klaviyo.event")
    sandbox.fault(f"hidden-events:metric={key[0]}")
    summary = sync(database)
    assert rows(database, "select count(*) from klaviyo.event") == known
    # the other days are equal, although nothing of them is shown either
    assert summary.proof == Proof(proven=first.proof.proven - 1, differing=1)
    ((found, reason),) = rows(
        database, "select day, reason from ops.proof where status = 'differs'"
    )
    assert found == key[1]
    assert "counts 1 fewer" in reason
    sandbox.withdraw()
    assert sync(database).proof == Proof(proven=first.proof.proven - 1, repaired=1)


def test_a_key_that_may_not_ask_for_counts_leaves_out_the_proof_alone(
    embedded_database: Database, shop: Shop
) -> None:
    server = SandboxServer(
        shop, key=KEY, scopes={"accounts:read", "events:read"}, limiter=Limiter(scale=math.inf)
    )
    with server as sandbox:
        summary = synced(embedded_database, unhurried_client(sandbox))
        assert len(rows(embedded_database, "select 1 from klaviyo.event")) == int(
            (shop.events.visible_at <= sandbox.now).sum()
        )
    assert summary.proof is None
    assert "metrics:read" in summary.refused["proof"]
    assert status_of_last_run(embedded_database) == ("succeeded", None, None, None, None)


def test_what_could_not_be_compared_is_compared_by_the_next_sync(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    sandbox.fault("503:share=1,path=/api/metric-aggregates")
    first = sync(embedded_database)
    assert first.proof is None
    assert list(first.failed) == ["proof"]
    assert rows(embedded_database, "select count(*) from ops.proof") == [(0,)]
    sandbox.withdraw()
    second = sync(embedded_database)
    assert second.proof == Proof(proven=len(days_with_events(shop, sandbox.now)))


def synced_as(database: Database, client: KlaviyoClient, asked: Asked) -> SyncSummary:
    with Progress() as progress:
        return sync_account(database, client, progress=progress, clock=time.monotonic, asked=asked)


def edited_client(
    sandbox: SandboxServer, edit: Callable[[httpx.Request, httpx.Response], httpx.Response]
) -> KlaviyoClient:
    limiter = klaviyo.Limiter(clock=itertools.count(step=60).__next__)
    return KlaviyoClient(
        key=KEY, url=sandbox.url, revision=REVISION, limiter=limiter, transport=Edited(edit)
    )


def asked_metric(request: httpx.Request) -> str:
    """The metric that a request for aggregates is about; "" for any other request."""
    if request.url.path != "/api/metric-aggregates":
        return ""
    return str(orjson.loads(request.read())["data"]["attributes"]["metric_id"])


def test_a_metric_that_klaviyo_does_not_count_is_explained(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    metric = shop.metrics[shop.events.kind[0]].id

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if asked_metric(request) != metric:
            return response
        error = {"id": "1", "code": "invalid", "title": "Invalid", "detail": "no such metric"}
        body = orjson.dumps({"errors": [error]})
        return httpx.Response(400, headers={"Date": response.headers["Date"]}, content=body)

    summary = synced(embedded_database, edited_client(sandbox, edit))
    days = {each for each in days_with_events(shop, sandbox.now) if each[0] == metric}
    assert summary.proof is not None
    assert (summary.proof.explained, summary.proof.differing) == (len(days), 0)
    found = rows(
        embedded_database,
        "select metric_id, day, their_count, reason from ops.proof where status = 'explained'",
    )
    assert {row[:2] for row in found} == days
    assert {row[2] for row in found} == {None}
    assert all("does not count this metric" in row[3] for row in found)


def test_a_surplus_that_is_explained_is_not_read_again_and_again(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    kind = shop.events.kind[0]
    metric = shop.metrics[kind].id

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """Klaviyo counts one event fewer on the first day than it shows."""
        if asked_metric(request) != metric:
            return response
        body = orjson.loads(response.content)
        body["data"]["attributes"]["data"][0]["measurements"]["count"][0] -= 1
        return with_body(response, body)

    asked = []
    for _ in range(2):
        before = len(asked_of(sandbox, "/api/events"))
        summary = synced(embedded_database, edited_client(sandbox, edit))
        asked.append(sum("metric_id" in each for each in asked_of(sandbox, "/api/events")[before:]))
        assert summary.proof is not None
        assert (summary.proof.explained, summary.proof.differing) == (1, 0)
        assert status_of_last_run(embedded_database)[0] == "succeeded"
    assert asked == [1, 0]
    ((reason,),) = rows(
        embedded_database, "select reason from ops.proof where status = 'explained'"
    )
    assert reason == "Klaviyo shows 1 more than it counts; all are stored"


def test_events_without_their_metric_are_explained_and_missed_nowhere(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer, sync: Sync
) -> None:
    nameless = "select count(*) from klaviyo.event where metric_id = ''"
    sandbox.fault("nulls:share=0.05,path=/api/events")
    first = sync(embedded_database)
    assert first.proof is not None
    assert first.proof.explained > 0
    assert first.proof.differing == 0
    sandbox.withdraw()
    second = sync(embedded_database)
    assert second.proof is not None
    assert second.proof.differing == 0
    behind_tail = (second.as_of - dt.timedelta(days=8)).date()
    explained = rows(
        embedded_database, "select metric_id, day from ops.proof where status = 'explained'"
    )
    assert explained
    assert all(day <= behind_tail for _, day in explained)

    with unhurried_client(sandbox) as client:
        everything = Asked(since=dt.datetime.fromtimestamp(0, dt.UTC), full=True)
        third = synced_as(embedded_database, client, everything)
    assert third.proof is not None
    assert third.proof.explained == third.proof.differing == 0
    assert rows(embedded_database, nameless) == [(0,)]


PROVEN = "select metric_id, day from ops.proof where status in ('proven', 'repaired')"
COUNTED_WRONGLY = """
    with counted as (
        select
            metric_id,
            (occurred_at at time zone 'UTC')::date as day,
            count(*) as count_events
        from klaviyo.event
        group by metric_id, day
    )

    select p.metric_id, p.day, p.our_count, c.count_events
    from ops.proof as p
    left join counted as c using (metric_id, day)
    where p.our_count is distinct from coalesce(c.count_events, 0)
"""


def test_row_04_what_is_too_much_for_one_sync_is_read_by_the_next_ones(
    embedded_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = embedded_database
    monkeypatch.setattr(rereading, "_MOST_A_SYNC", 50)
    plan = ShopPlan(profiles=40, days=500, late_share=0.0, very_late_share=0.0, fates_share=0.0)
    proven, differing = set[tuple[Any, ...]](), list[int]()
    with SandboxServer(build_shop(plan), key=KEY, limiter=Limiter(scale=math.inf)) as sandbox:
        for_good = "nulls:share=0.01,path=/api/events"
        sandbox.fault(for_good, "hidden-events:share=0.01")
        synced(database, unhurried_client(sandbox))
        sandbox.withdraw()
        sandbox.fault(for_good)
        for _ in range(8):
            asked = len(asked_of(sandbox, "/api/events"))
            summary = synced(database, unhurried_client(sandbox))
            assert summary.proof is not None
            assert rows(database, COUNTED_WRONGLY) == []
            before, proven = proven, set(rows(database, PROVEN))
            assert before <= proven
            differing.append(summary.proof.differing)
        queries = asked_of(sandbox, "/api/events")[asked:]
    assert differing == sorted(differing, reverse=True)
    assert differing[1] > 0
    assert differing[-1] == 0
    # what is explained for good costs nothing behind the tail
    explained = "select min(day) from ops.proof where status = 'explained' and metric_id <> ''"
    ((first_explained,),) = rows(database, explained)
    windows = [query for query in queries if "datetime," in query and "metric_id" not in query]
    tail = min(_first_day(query) for query in windows)
    read_again = [_first_day(query) for query in queries if "metric_id" in query]
    assert first_explained < tail <= min(read_again)


def _first_day(query: str) -> dt.date:
    return dt.date.fromisoformat(query.partition("greater-or-equal(datetime,")[2][:10])


def test_a_range_that_was_asked_for_is_all_that_is_claimed(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    since = dt.datetime.fromtimestamp(shop.now - 20 * 86400, dt.UTC)
    until = dt.datetime.fromtimestamp(shop.now - 10 * 86400, dt.UTC)
    with unhurried_client(sandbox) as client:
        summary = synced_as(embedded_database, client, Asked(since=since, until=until))
    days = {
        each
        for each in days_with_events(shop, sandbox.now)
        if since.date() < each[1] < until.date()
    }
    assert summary.proof == Proof(proven=len(days))
    with unhurried_client(sandbox) as client:
        nothing = synced_as(embedded_database, client, Asked(resources=("metrics",)))
    assert nothing.proof is None


def test_once_a_month_all_history_is_counted_anew(embedded_database: Database) -> None:
    database = embedded_database
    plan = ShopPlan(profiles=60, days=120, tail_days=31, late_share=0.0, fates_share=0.0)
    shop = build_shop(plan)
    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as sandbox:
        synced(database, unhurried_client(sandbox))
        with database.connection() as connection:
            # what no sync of ours does: rows are lost that no deep pass reads again
            lost = connection.execute("""
                delete from klaviyo.event
                where occurred_at < (select max(as_of) from ops.sync_run) - interval '100 days'
            """).rowcount
        assert lost > 0
        sandbox.advance(days=30)
        summary = synced(database, unhurried_client(sandbox))
        shown = int((shop.events.visible_at <= sandbox.now).sum())
    assert rows(database, "select count(*) from klaviyo.event") == [(shown,)]
    assert rows(database, "select sum(count_found) from ops.proof") == [(lost,)]
    assert summary.proof is not None
    assert summary.proof.differing == 0


def test_an_event_that_is_found_without_its_metric_is_explained(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    # the same events in both syncs: it is for good that Klaviyo does not say of which metric
    nameless, hidden = "nulls:share=0.3,path=/api/events", "hidden-events:share=0.3"
    sandbox.fault(nameless, hidden)
    synced(embedded_database, unhurried_client(sandbox))
    sandbox.withdraw()
    sandbox.fault(nameless)
    summary = synced(embedded_database, unhurried_client(sandbox))
    assert summary.proof is not None
    assert summary.proof.differing == 0
    assert summary.proof.explained > 0
    found = "select count(*) from klaviyo.event where metric_id = '' and first_seen_at = changed_at"
    assert rows(embedded_database, found) != [(0,)]
    empty = "select count(*) from ops.proof where metric_id = '' and our_count = 0"
    assert rows(embedded_database, empty) == [(0,)]
