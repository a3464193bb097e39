"""Events that Klaviyo shows late, or that lie ahead: none is lost, and lateness is known."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from workbench.db import Database
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.sandbox.shop.days import DAY

from .conftest import KEY, synced, unhurried_client

YEAR = 365 * DAY


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def event_ids(database: Database) -> set[str]:
    return {row[0] for row in rows(database, "select event_id from klaviyo.event")}


def sandbox_of(shop: Shop) -> SandboxServer:
    return SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf))


def events_shown(shop: Shop, now: int) -> int:
    return int((shop.events.visible_at <= now).sum())


def changed(shop: Shop, row: int, *, at: int | None = None, visible_at: int) -> Shop:
    """The shop with one event that happens, or shows, at another time."""
    times, seen = shop.events.at.copy(), shop.events.visible_at.copy()
    times[row], seen[row] = times[row] if at is None else at, visible_at
    assert np.all(np.diff(times) >= 0)
    return replace(
        shop,
        events=replace(shop.events, at=times, visible_at=seen),
        delayed=np.union1d(shop.delayed, [row]).astype(np.int32),
    )


@pytest.fixture(scope="module")
def punctual() -> Shop:
    """A shop whose events all show when they happen."""
    plan = ShopPlan(profiles=80, days=60, late_share=0.0, very_late_share=0.0, fates_share=0.0)
    return build_shop(plan)


def row_at(shop: Shop, since: int) -> int:
    """The first event from an instant on."""
    return int(np.searchsorted(shop.events.at, since))


def test_row_01_an_event_that_shows_six_days_late_is_there_after_the_next_sync(
    database: Database, punctual: Shop
) -> None:
    row = row_at(punctual, punctual.now - 5 * DAY)
    shop = changed(punctual, row, visible_at=int(punctual.events.at[row]) + 6 * DAY)
    with sandbox_of(shop) as sandbox:
        synced(database, unhurried_client(sandbox))
        assert len(event_ids(database)) == events_shown(shop, sandbox.now)
        sandbox.advance(days=1)
        known = events_shown(shop, sandbox.now)
        assert shop.events.visible_at[row] > sandbox.now
        synced(database, unhurried_client(sandbox))
        assert len(event_ids(database)) == known
        sandbox.advance(days=1)
        summary = synced(database, unhurried_client(sandbox))
        assert shop.events.visible_at[row] <= sandbox.now
    assert len(event_ids(database)) == events_shown(shop, sandbox.now)
    assert summary.proof is not None
    assert summary.proof.repaired == summary.proof.differing == 0  # the tail has found it
    assert rows(database, "select count(*) from ops.alert") == [(0,)]


def with_one_17_days_late(shop: Shop, *, days_ago: int) -> tuple[Shop, int]:
    row = row_at(shop, shop.now - days_ago * DAY)
    return changed(shop, row, visible_at=int(shop.events.at[row]) + 17 * DAY), row


@pytest.mark.parametrize(
    ("days_on", "repaired"),
    [
        pytest.param(3, 1, id="the proof finds it"),
        pytest.param(8, 0, id="the weekly deep pass finds it"),
    ],
)
def test_row_02_an_event_17_days_late_is_found_and_alerted(
    database: Database, punctual: Shop, days_on: int, repaired: int
) -> None:
    shop, row = with_one_17_days_late(punctual, days_ago=15)
    with sandbox_of(shop) as sandbox:
        synced(database, unhurried_client(sandbox))
        sandbox.advance(days=days_on)
        summary = synced(database, unhurried_client(sandbox))
        metric = shop.metrics[shop.events.kind[row]].id
        assert len(event_ids(database)) == events_shown(shop, sandbox.now)
        assert summary.proof is not None
        assert (summary.proof.repaired, summary.proof.differing) == (repaired, 0)
        ((kind, subject, details, at, resolved_at),) = rows(
            database, "select kind, subject, details, raised_at, resolved_at from ops.alert"
        )
        assert (kind, subject, at, resolved_at) == ("late_arrival", metric, summary.as_of, None)
        needed = math.ceil((shop.now - int(shop.events.at[row])) / DAY)
        assert details == {
            "count_events": 1,
            "days": needed,
            "tail_days": 7,
            "longest_seconds": sandbox.now - int(shop.events.at[row]),
        }
        assert any("days late" in note for note in summary.notes)

        # from now on the tail reaches as far, so the alert needs nobody any more
        asked = len(sandbox.requests)
        sandbox.advance(days=1)
        following = synced(database, unhurried_client(sandbox))
    first_day = following.as_of - dt.timedelta(days=1 + needed + 1)
    windows = [
        unquote(each.query)
        for each in sandbox.requests[asked:]
        if each.path.rstrip("/") == "/api/events"
    ]
    assert any(f"greater-or-equal(datetime,{first_day:%Y-%m-%dT%H:%M:%SZ})" in w for w in windows)
    ((resolved_at,),) = rows(database, "select resolved_at from ops.alert")
    assert resolved_at == following.as_of


def test_lateness_is_that_of_events_whose_time_was_read_before(database: Database) -> None:
    plan = ShopPlan(profiles=300, days=30, late_share=0.5, very_late_share=0.0, fates_share=0.0)
    shop = build_shop(plan)
    with sandbox_of(shop) as sandbox:
        synced(database, unhurried_client(sandbox))
        assert rows(database, "select count(*) from ops.lateness") == [(0,)]  # nothing known yet
        before = sandbox.now
        sandbox.advance(days=2)
        summary = synced(database, unhurried_client(sandbox))
    events = shop.events
    late = (events.visible_at > before) & (events.visible_at <= sandbox.now) & (events.at < before)
    expected = Counter(
        (shop.metrics[events.kind[row]].id, math.ceil((before - int(events.at[row])) / DAY))
        for row in np.flatnonzero(late).tolist()
    )
    assert len(expected) > 5
    found = rows(database, "select metric_id, days, count_events, longest, as_of from ops.lateness")
    assert {row[:2]: row[2] for row in found} == expected
    longest = dt.timedelta(seconds=int(sandbox.now - events.at[late].min()))
    assert max(row[3] for row in found) == longest
    assert {row[4] for row in found} == {summary.as_of}


def test_deep_passes_are_weekly_and_monthly_on_klaviyos_clock(
    database: Database, punctual: Shop
) -> None:
    reached = []
    with sandbox_of(punctual) as sandbox:
        for _ in range(6):
            asked = len(sandbox.requests)
            synced(database, unhurried_client(sandbox))
            windows = [
                unquote(each.query).split("datetime,")[1][:10]
                for each in sandbox.requests[asked:]
                if each.path.rstrip("/") == "/api/events"
                and "greater" in each.query
                and "metric_id" not in each.query  # what the proof has read again
            ]
            today = dt.datetime.fromtimestamp(sandbox.now, dt.UTC).date()
            reached.append((today - dt.date.fromisoformat(min(windows))).days)
            sandbox.advance(days=2)
    # all history, the tail behind the sync two days before, and 30 days once a week is over
    assert reached[0] >= 58
    assert reached[1:] == [9, 9, 9, 32, 9]
    passes = rows(database, "select days, as_of from ops.deep_pass order by as_of")
    assert [days for days, _ in passes] == [90, 32]
    assert passes[1][1] - passes[0][1] == dt.timedelta(days=8)


def test_row_03_an_event_a_year_ahead_neither_stops_the_sync_nor_is_lost(
    database: Database, punctual: Shop
) -> None:
    row = len(punctual.events.at) - 1
    shop = changed(punctual, row, at=punctual.now + YEAR, visible_at=punctual.now - DAY)
    with sandbox_of(shop) as sandbox:
        for _ in range(3):
            summary = synced(database, unhurried_client(sandbox))
            assert len(event_ids(database)) == events_shown(shop, sandbox.now)
            today = summary.as_of - dt.timedelta(days=1)
            ((count,),) = rows(
                database,
                "select count(*) from klaviyo.event where occurred_at between %s and %s",
                today,
                summary.as_of,
            )
            assert count > 0
            ((until,),) = rows(
                database, "select max(until_at) from ops.sync_window where stream = 'events'"
            )
            assert until <= summary.as_of
            assert summary.proof is not None
            assert (summary.proof.repaired, summary.proof.differing) == (0, 0)
            sandbox.advance(days=1)
    ahead = dt.datetime.fromtimestamp(punctual.now + YEAR, dt.UTC)
    stored = rows(database, "select count(*) from klaviyo.event where occurred_at = %s", ahead)
    assert stored == [(1,)]
