"""Upkeep beside syncs: what was deleted for its age stays away, and neither stops the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from conftest import unhurried_client

from workbench.db import Database
from workbench.db.upkeep import Outcome, planned_jobs, run_job, upkeep_session
from workbench.load import load_account, use_database
from workbench.refresh import refresh_facts
from workbench.retention import Retention
from workbench.sandbox import SandboxServer
from workbench.settings import Settings
from workbench.sync import SyncSummary

from .conftest import environment, started, synced

OLD = Retention({"engagement": 20, "browsing": 20}, {})
NOW = dt.datetime(2026, 11, 10, tzinfo=dt.UTC)


def upkeep(database: Database) -> list[Outcome]:
    with upkeep_session(database) as session:
        plan = planned_jobs(session, database, OLD, now=NOW, tasks=["retention", "vacuum"])
        return [run_job(session, job) for job in plan.jobs]


def found(database: Database, table: str) -> list[Any]:
    with database.connection() as connection:
        return connection.execute(f"select * from {table} as t order by t::text").fetchall()


def test_a_sync_brings_nothing_back_and_stays_proven(
    database: Database, sandbox: SandboxServer, sync: Callable[[Database], SyncSummary]
) -> None:
    sync(database)
    use_database(database)
    refresh_facts(load_account())
    outcomes = upkeep(database)
    assert sum(each.count_rows or 0 for each in outcomes) > 0
    events, days = found(database, "klaviyo.event"), found(database, "mart.metric_daily")
    summary = synced(database, unhurried_client(sandbox), reread_days=50)
    assert summary.proof is not None
    assert summary.proof.differing == 0
    assert summary.streams["events"].read > len(events)
    assert found(database, "klaviyo.event") == events
    refresh_facts(load_account())
    assert found(database, "mart.metric_daily") == days


def test_upkeep_and_a_sync_of_another_process_do_not_stop_each_other(
    database: Database, database_settings: Settings, sandbox: SandboxServer,
    sync: Callable[[Database], SyncSummary],
) -> None:  # fmt: skip
    sync(database)
    use_database(database)
    refresh_facts(load_account())
    first = found(database, "mart.metric_daily")
    env = environment(database_settings, sandbox)
    outcomes: list[Outcome] = []
    with started("sync", "--since", "2020-01-01", env=env) as process:
        outcomes += upkeep(database)
        while process.poll() is None:
            outcomes += upkeep(database)
        said, complained = process.communicate()
    assert (process.returncode, complained) == (0, ""), said
    assert {each.status for each in outcomes} <= {"done", "skipped"}
    assert sum(each.count_rows or 0 for each in outcomes) > 0
    assert sum(each.count_rows or 0 for each in upkeep(database)) == 0
    refresh_facts(load_account())
    assert found(database, "mart.metric_daily") == first
