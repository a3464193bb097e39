"""The upkeep of a database that others use meanwhile."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import REPOSITORY, Server

from workbench.db import Database, open_database, statement
from workbench.db.upkeep import (
    Plan,
    index_findings,
    planned_jobs,
    run_job,
    slow_queries,
    upkeep_session,
)
from workbench.errors import InputInvalid, MaintenanceRunning, SettingsInvalid
from workbench.load import load_account, use_database
from workbench.refresh import rebuild_facts, refresh_facts
from workbench.retention import LEAST_DAYS, LOG_DAYS, Retention, retention_of
from workbench.settings import Settings, read_settings

HUNDRED = Retention({"engagement": 100, "browsing": 100}, {})
EVENTS = "select count(*) from klaviyo.event"
CONVERSIONS = """
select count(*), sum(value), min(occurred_at) from klaviyo.event
where attributions is not null or metric_id in (
    select metric_id from klaviyo.mapped_metric where mapping <> 'viewed_product'
)
"""


def rows(database: Database, query: str, params: Any = None) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        cursor = connection.execute(query, params)
        return cursor.fetchall() if cursor.description else []


def now(database: Database) -> dt.datetime:
    """The latest instant that the database knows: the sandbox has a clock of its own."""
    ((at,),) = rows(database, "select max(finished_at) from ops.sync_run")
    return at if at is not None else dt.datetime(2026, 11, 10, tzinfo=dt.UTC)


def upkeep(
    database: Database, retention: Retention = HUNDRED, *, tasks: tuple[str, ...] = ()
) -> dict[tuple[str, str], int | None]:
    """Do all there is; returns rows by task and subject."""
    with upkeep_session(database) as session:
        plan = planned_jobs(session, database, retention, now=now(database), tasks=tasks)
        return {(job.task, job.subject): run_job(session, job).count_rows for job in plan.jobs}


def planned(
    database: Database, retention: Retention = HUNDRED, *, tasks: tuple[str, ...] = ()
) -> Plan:
    with upkeep_session(database) as session:
        return planned_jobs(session, database, retention, now=now(database), tasks=tasks)


def digests(database: Database, *schemas: str) -> dict[str, str]:
    """A hash of the rows of every table and of their definitions."""
    found = rows(
        database,
        "select format('%%I.%%I', schemaname, tablename) from pg_catalog.pg_tables"
        " where schemaname = any(%s) order by 1",
        [list(schemas)],
    )
    digests = {}
    for (table,) in found:
        ((text,),) = rows(
            database,
            "select md5(coalesce(string_agg(md5(t::text), '' order by t::text), ''))"
            f" from {table} as t",
        )
        digests[table] = text
    ((catalog,),) = rows(
        database,
        "select string_agg(concat(relname, relkind, relfilenode, reloptions), ' ' order by oid)"
        " from pg_catalog.pg_class where relnamespace <> 'pg_toast'::regnamespace"
        " and relpersistence <> 't'",
    )
    return digests | {"": hashlib.sha256(catalog.encode()).hexdigest()}


ALL = ("klaviyo", "mart", "model", "ops", "_timescaledb_catalog")


def test_a_dry_run_changes_nothing(synced_database_everywhere: Database) -> None:
    database = synced_database_everywhere
    before = digests(database, *ALL)
    plan = planned(database)
    assert {job.task for job in plan.jobs} >= {"retention"}
    assert digests(database, *ALL) == before


def test_what_was_planned_is_what_is_done(synced_database_everywhere: Database) -> None:
    database = synced_database_everywhere
    use_database(database)
    (all_events,), conversions = rows(database, EVENTS)[0], rows(database, CONVERSIONS)
    facts = digests(database, "mart")
    told = {(job.task, job.subject): job.count_rows for job in planned(database).jobs}
    done = upkeep(database)
    assert {key: done[key] for key in told} == told
    deleted = sum(count or 0 for (task, _), count in done.items() if task == "retention")
    assert 0.3 * all_events < deleted < all_events
    assert rows(database, EVENTS) == [(all_events - deleted,)]
    assert rows(database, CONVERSIONS) == conversions
    refresh_facts(load_account())
    facts.pop("")
    assert {name: digests(database, "mart")[name] for name in facts} == facts
    rebuild_facts(load_account())
    assert {name: digests(database, "mart")[name] for name in facts} == facts
    recorded = rows(
        database,
        "select sum(count_rows) from ops.maintenance where task = 'retention' and status = 'done'"
        " and finished_at >= started_at and told <> ''",
    )
    assert recorded == [(deleted,)]
    assert planned(database, tasks=("retention",)) == Plan()


class TestSettings:
    @pytest.mark.parametrize("name", ["orders", "conversions", "revenue", "events", "Orders"])
    def test_orders_and_conversions_are_refused(self, name: str) -> None:
        with pytest.raises(SettingsInvalid, match="orders and conversions are kept for ever"):
            retention_of({name: 5000})

    @pytest.mark.parametrize(
        ("entries", "told"),
        [
            ({"engagement": LEAST_DAYS - 1}, "retention.engagement is 99"),
            ({"engagement": True}, "retention.engagement is True"),
            ({"requests": 0}, "retention.requests is 0"),
            ({"clicks": 400}, "retention.clicks is no class"),
            (30, "retention is no table"),
        ],
    )
    def test_what_cannot_be_is_refused(self, entries: object, told: str) -> None:
        with pytest.raises(SettingsInvalid, match=told):
            retention_of(entries)

    def test_nothing_of_klaviyo_goes_where_nothing_is_said(self, tmp_path: Any) -> None:
        found = read_settings({}, project_dir=tmp_path).retention
        assert found.events == {}
        assert found.logs == {name: days for name, days in LOG_DAYS.items() if days}

    def test_workbench_toml_names_days(self, tmp_path: Any) -> None:
        (tmp_path / "workbench.toml").write_text("[retention]\nengagement = 800\nrequests = 7\n")
        found = read_settings({}, project_dir=tmp_path).retention
        assert (found.events, found.logs["requests"]) == ({"engagement": 800}, 7)


def test_by_default_no_event_and_no_fact_goes(synced_database_everywhere: Database) -> None:
    database = synced_database_everywhere
    before = digests(database, "klaviyo", "mart", "model")
    upkeep(database, Retention())
    after = digests(database, "klaviyo", "mart", "model")
    assert {name: text for name, text in after.items() if name} == {
        name: text for name, text in before.items() if name
    }


@contextmanager
def command(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    env |= {
        "WORKBENCH_PROJECT_DIR": str(settings.project_dir),
        "WORKBENCH_DATA_DIR": str(settings.data_dir),
        "WORKBENCH_DATABASE_URL": str(settings.database_url),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "workbench", *arguments],
        cwd=REPOSITORY,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_a_killed_upkeep_has_begun_the_next_one_ends(synced_database: Database) -> None:
    database = synced_database
    use_database(database)
    facts = digests(database, "mart")
    facts.pop("")
    conversions = rows(database, CONVERSIONS)
    ((planned_rows,),) = [
        [sum(job.count_rows or 0 for job in planned(database, tasks=("retention",)).jobs)]
    ]
    with upkeep_session(database) as session:
        plan = planned_jobs(session, database, HUNDRED, now=now(database), tasks=["retention"])
        steps = plan.jobs[0].work(session)
        session.execute(
            "insert into ops.maintenance (task, subject, status) values ('x', 'y', 'running')"
        )
        first = next(steps)
        steps.close()  # type: ignore[attr-defined]
    assert 0 < first < planned_rows
    # half is gone: a refresh, a rebuild and the facts do not notice
    refresh_facts(load_account())
    rebuild_facts(load_account())
    assert {name: digests(database, "mart")[name] for name in facts} == facts
    done = upkeep(database, tasks=("retention",))
    assert first + sum(count or 0 for count in done.values()) == planned_rows
    assert rows(database, CONVERSIONS) == conversions
    assert rows(database, "select told from ops.maintenance where status = 'failed'") == [
        ("interrupted",)
    ]


def test_only_one_upkeep_works_at_a_time(embedded_database: Database) -> None:
    with (
        upkeep_session(embedded_database),
        pytest.raises(MaintenanceRunning, match="another upkeep"),
        upkeep_session(embedded_database),
    ):
        pass
    with upkeep_session(embedded_database):
        pass


def test_an_unknown_task_is_refused(embedded_database: Database) -> None:
    with pytest.raises(InputInvalid, match=r"no task 'sweep'.*vacuum.*or report"):
        planned(embedded_database, tasks=("sweep",))


def test_what_others_hold_is_skipped(synced_database_everywhere: Database) -> None:
    database = synced_database_everywhere
    (before,) = rows(database, EVENTS)
    with database.connection() as other:
        other.execute("select count(*) from klaviyo.event")
        other.execute("lock table klaviyo.event in share row exclusive mode")
        began = time.monotonic()
        done = upkeep(database, tasks=("retention",))
        assert time.monotonic() - began < 60
    assert set(done.values()) <= {0}
    statuses = rows(database, "select distinct status, told from ops.maintenance")
    assert statuses == [("skipped", "something else is at work on it: run it again later")]
    assert rows(database, EVENTS) == [before]
    assert sum(count or 0 for count in upkeep(database, tasks=("retention",)).values()) > 0


def test_what_died_is_cleaned_up_and_what_lives_is_not(embedded_database: Database) -> None:
    database = embedded_database
    for account_id in ("dead", "alive"):
        rows(
            database,
            "insert into klaviyo.account (account_id, name, timezone, currency, is_simulated,"
            " payload) values (%s, 'A', 'UTC', 'USD', true, '{}')",
            [account_id],
        )
        rows(
            database,
            "insert into ops.sync_run (run_id, account_id, status, as_of)"
            " values (%s, %s, 'running', now())",
            [account_id, account_id],
        )
        rows(
            database,
            "insert into ops.group_member values (%s, 'list', 'L', 'P', now())",
            [account_id],
        )
    with database.connection() as sync:
        held = "select pg_advisory_xact_lock(hashtext('workbench sync'), hashtext('alive'))"
        sync.execute(held)
        assert upkeep(database, tasks=("leftovers",)) == {("leftovers", "dead syncs"): 2}
    found = rows(database, "select run_id, status, error from ops.sync_run order by 1")
    assert found == [("alive", "running", None), ("dead", "failed", "interrupted")]
    assert rows(database, "select account_id from ops.group_member") == [("alive",)]


def test_noted_changes_are_added_up_and_no_result_is_the_worse_for_it(
    embedded_database: Database,
) -> None:
    database = embedded_database
    asked = {"relations": ["mart.orders"]}
    rows(
        database,
        "insert into ops.data_change (relation, transaction_id)"
        " select 'mart.orders', n::text::xid8 from generate_series(1, 600) as n",
    )
    before = rows(database, statement("reads/cache/data_version"), asked)
    assert upkeep(database, tasks=("leftovers",)) == {("leftovers", "ops.data_change"): None}
    assert rows(database, "select count(*) from ops.data_change") == [(0,)]
    assert rows(database, statement("reads/cache/data_version"), asked) == before
    assert not planned(database, tasks=("leftovers",)).jobs


def test_logs_go_by_their_age_and_orders_in_quarantine_never(embedded_database: Database) -> None:
    database = embedded_database
    rows(
        database,
        "insert into klaviyo.account (account_id, name, timezone, currency, is_simulated,"
        " payload) values ('A', 'A', 'UTC', 'USD', true, '{}')",
    )
    for days in (29, 31):
        at = now(database) - dt.timedelta(days=days)
        rows(
            database,
            "insert into ops.request (account_id, run_id, stream, at, method, endpoint,"
            " milliseconds, attempt, waited_seconds)"
            " values ('A', 'R', '', %s, 'GET', '/', 1, 1, 0)",
            [at],
        )
        for stream in ("events", "profiles"):
            rows(
                database,
                "insert into ops.quarantine (account_id, stream, item_id, reason, payload,"
                " last_seen_at, run_id) values ('A', %s, %s, 'bad', '{}', %s, 'R')",
                [stream, str(days), at],
            )
    logs = Retention({}, {"requests": 30, "quarantine": 30})
    done = upkeep(database, logs, tasks=("logs",))
    assert done == {("logs", "ops.request"): 1, ("logs", "ops.quarantine"): 1}
    left = rows(database, "select stream, item_id from ops.quarantine order by 1, 2")
    assert left == [("events", "29"), ("events", "31"), ("profiles", "29")]
    assert upkeep(database, logs, tasks=("logs",)) == {}


def test_a_table_that_churned_is_vacuumed(embedded_database: Database) -> None:
    database = embedded_database
    rows(database, "create table mart.churned as select n from generate_series(1, 5000) as n")
    rows(database, "delete from mart.churned where n > 2000")
    rows(database, "select pg_stat_force_next_flush()")
    done = upkeep(database, tasks=("vacuum",))
    assert ("vacuum", "mart.churned") in done
    ((dead, at),) = rows(
        database,
        "select n_dead_tup, last_vacuum from pg_stat_user_tables where relname = 'churned'",
    )
    assert dead == 0
    assert at is not None
    assert ("vacuum", "mart.churned") not in upkeep(database, tasks=("vacuum",))


INDEXES = {
    "unused": "create index seldom on klaviyo.flow (account_id, trigger_type)",
    "same": "create index again on klaviyo.flow (account_id, flow_id)",
    "prefix": "create index shorter on mart.orders (account_id, profile_id)",
}


def test_indexes_that_do_not_serve_are_named(database: Database) -> None:
    before = {each.index for each in index_findings(database, now=now(database))}
    for query in INDEXES.values():
        rows(database, query)
    rows(database, "create table mart.parent (a text, b text, primary key (a, b))")
    rows(
        database,
        "create table mart.child (x text, y text, foreign key (x, y) references mart.parent)",
    )
    found = {
        each.index: each
        for each in index_findings(database, now=now(database))
        if each.index not in before
    }
    assert {(each.index, each.kind) for each in found.values()} >= {("x, y", "missing")}
    kinds = {(each.index, each.kind) for each in index_findings(database, now=now(database))}
    assert kinds >= {
        ("seldom", "unused"), ("again", "redundant"), ("shorter", "redundant"), ("x, y", "missing"),
    }  # fmt: skip
    assert not any(name.endswith("_pkey") for name, _ in kinds)
    told = {(each.index, each.kind): each for each in index_findings(database, now=now(database))}
    assert told["again", "redundant"].told.startswith("has the same columns as flow_pkey")
    assert "orders_by_profile" in told["shorter", "redundant"].told
    assert told["again", "redundant"].mend == "drop index concurrently klaviyo.again"
    assert (told["seldom", "unused"].bytes or 0) > 0
    rows(database, "create index on mart.child (y, x)")
    after = {each.index for each in index_findings(database, now=now(database))}
    assert "x, y" not in after


def test_an_index_that_is_read_is_not_unused(embedded_database: Database) -> None:
    database = embedded_database
    rows(database, "create table mart.asked as select n from generate_series(1, 20000) as n")
    rows(database, "create index asked_by_n on mart.asked (n)")
    rows(database, "analyze mart.asked")
    rows(database, "select * from mart.asked where n = 7")
    rows(database, "select pg_stat_force_next_flush()")
    assert "asked_by_n" not in {each.index for each in index_findings(database, now=now(database))}


def test_a_large_table_that_is_read_whole_again_and_again_is_named(
    embedded_database: Database,
) -> None:
    database = embedded_database
    rows(database, "create table mart.scanned as select n from generate_series(1, 20000) as n")
    rows(database, "analyze mart.scanned")
    for _ in range(60):
        rows(database, "select count(*) from mart.scanned where n = 7")
    rows(database, "select pg_stat_force_next_flush()")
    (found,) = (
        each for each in index_findings(database, now=now(database)) if each.table == "mart.scanned"
    )
    assert found.kind == "missing"
    assert "read from end to end 60 times and by an index 0 times" in found.told


def test_an_index_that_was_not_built_to_its_end_is_named(embedded_database: Database) -> None:
    database = embedded_database
    rows(database, "create table mart.twice as select 1 as n from generate_series(1, 2)")
    with database.apart() as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("create unique index concurrently broken on mart.twice (n)")
    (found,) = (
        each for each in index_findings(database, now=now(database)) if each.index == "broken"
    )
    assert (found.kind, found.mend) == ("invalid", "reindex index concurrently mart.broken")


def test_slow_statements_come_without_their_values(embedded_database: Database) -> None:
    database = embedded_database
    found = slow_queries(database)
    assert found.rows.empty
    assert found.missing == "as a superuser: create extension pg_stat_statements"
    rows(database, "create schema apart")
    rows(database, "create extension pg_stat_statements schema apart")
    rows(database, "select 'secret' as word, pg_sleep(0.2)")
    found = slow_queries(database, most=50)
    assert found.missing == ""
    assert "select $1 as word, pg_sleep($2)" in found.rows["query"].tolist()
    assert found.rows.total_seconds[0] > 0.1


def test_a_server_without_statistics_of_statements_is_told_how_to_have_them(
    timescaledb_server: Server, tmp_path: Path
) -> None:
    with timescaledb_server.copy(tmp_path) as settings, open_database(settings) as database:
        found = slow_queries(database)
    assert found.rows.empty
    assert "shared_preload_libraries, restart it" in found.missing
    assert "create extension pg_stat_statements" in found.missing


def test_on_the_command_line(synced_settings: Settings, tmp_path: Any) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "workbench.toml").write_text("[retention]\nengagement = 100\n")
    own = dataclasses.replace(synced_settings, project_dir=tmp_path)
    with command(own, "maintain", "retention", "--json") as process:
        said, complained = process.communicate()
    assert complained == ""
    (job,) = json.loads(said)["jobs"]
    assert job["task"] == "retention"
    with command(own, "maintain", "retention") as process:
        said, complained = process.communicate()
    assert complained == ""
    assert f"{job['count_rows']:,}" in said
    assert "nothing was changed: workbench maintain --apply does it" in said
    with command(own, "maintain", "retention", "--apply", "--json") as process:
        said, complained = process.communicate()
    (done,) = json.loads(said)["jobs"]
    assert (done["status"], done["count_rows"]) == ("done", job["count_rows"])
    assert complained == ""
    with command(own, "maintain", "report", "--json") as process:
        said, _ = process.communicate()
    report = json.loads(said)
    assert "klaviyo.event" in {f"{t['schema_name']}.{t['table_name']}" for t in report["tables"]}
    with command(own, "maintain", "report") as process:
        said, _ = process.communicate()
    assert process.returncode == 0
    assert "slow statements: as a superuser" in said
    with command(own, "doctor", "--indexes") as process:
        said, _ = process.communicate()
    assert process.returncode == 0
