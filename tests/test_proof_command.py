"""What ``workbench proof`` tells, and how a sync ends that is not proven."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator

import numpy as np
import pytest
from sync.conftest import KEY, ended, environment

from workbench.db import open_database
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.settings import Settings


@pytest.fixture(scope="module")
def shop() -> Shop:
    return build_shop(ShopPlan(profiles=120, days=40, late_share=0.3, fates_share=0.0))


@pytest.fixture
def sandbox(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as running:
        yield running


def metric_with_most_events(shop: Shop) -> tuple[str, str]:
    kinds, counts = np.unique(shop.events.kind, return_counts=True)
    metric = shop.metrics[kinds[counts.argmax()]]
    return metric.id, metric.name


def test_row_27_lateness_and_last_proof_are_told_and_only_a_proven_sync_is_green(
    embedded_settings: Settings, shop: Shop, sandbox: SandboxServer
) -> None:
    metric_id, name = metric_with_most_events(shop)
    env = environment(embedded_settings, sandbox)
    code, said, complained = ended("proof", env=env)
    assert (code, said) == (1, "")
    assert "workbench sync" in complained

    sandbox.fault(f"hidden-events:metric={metric_id}")
    code, said, complained = ended("sync", "metrics", "events", "--json", env=env)
    (summary,) = json.loads(said)
    assert (code, summary["status"]) == (1, "unproven")
    assert summary["proof"]["differing"] > 0
    assert "workbench proof" in complained
    code, said, complained = ended("proof", "--json", "--metric", name, env=env)
    assert (code, complained) == (0, "")
    told = json.loads(said)
    (metric,) = told["metrics"]
    assert metric["metric_id"] == metric_id
    assert metric["days_differing"] == summary["proof"]["differing"]
    assert metric["days_proven"] == metric["days_repaired"] == 0
    assert len(told["not_equal"]) == metric["days_differing"] + metric["days_explained"]
    hidden = (shop.events.visible_at <= shop.now) & (shop.events.at < shop.now)
    hidden &= np.array([each.id == metric_id for each in shop.metrics])[shop.events.kind]
    assert sum(each["their_count"] for each in told["not_equal"]) == int(hidden.sum())
    assert {each["our_count"] for each in told["not_equal"]} == {0}
    code, said, _ = ended("proof", "--since", told["not_equal"][0]["day"], env=env)
    assert code == 0
    first = told["not_equal"][0]
    line = f"{first['day']} {name}: ours 0, Klaviyo's {first['their_count']}"
    assert any(each.startswith(line) and "than it shows" in each for each in said.splitlines())

    sandbox.withdraw()
    sandbox.advance(days=1)
    code, said, _ = ended("sync", "metrics", "events", env=env)
    assert code == 0
    assert "0 differ" in said
    code, said, _ = ended("proof", env=env)
    assert code == 0
    assert "every day of every metric shown is equal" in said
    code, said, _ = ended("proof", "--json", env=env)
    told = json.loads(said)
    assert told["not_equal"] == []
    now = dt.datetime.fromtimestamp(sandbox.now, dt.UTC)
    assert dt.datetime.fromisoformat(told["compared_at"]) == now
    assert max(each["largest_lateness_days"] or 0 for each in told["metrics"]) > 1
    # what was hidden showed behind the tail, so the tail of its metric is longer from now on
    (metric,) = (each for each in told["metrics"] if each["metric_id"] == metric_id)
    assert metric["days_repaired"] > 0
    assert metric["tail_days"] == 30
    with open_database(embedded_settings) as database, database.connection() as connection:
        found = connection.execute("select kind, subject, resolved_at is null from ops.alert")
        assert set(found.fetchall()) == {
            ("differs", metric_id, False),
            ("late_arrival", metric_id, True),
        }


def test_wrong_words_are_told(embedded_settings: Settings, sandbox: SandboxServer) -> None:
    env = environment(embedded_settings, sandbox)
    code, _, complained = ended("proof", "--since", "yesterday", env=env)
    assert code == 2
    assert "2026-01-31" in complained
    assert ended("sync", "metrics", env=env)[0] == 0
    code, _, complained = ended("proof", env=env)
    assert code == 1
    assert "has compared its events" in complained
    assert ended("sync", "events", env=env)[0] == 0
    code, _, complained = ended("proof", "--metric", "Placed Horder", env=env)
    assert code == 1
    assert "without --metric" in complained
