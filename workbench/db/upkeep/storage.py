"""How tables lie on disk: vacuum and statistics, the length of chunks, old chunks by column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from workbench.db.connect import Database, Edition
from workbench.db.editions import chunk_plan, set_chunk_interval
from workbench.db.statements import statement
from workbench.db.upkeep.jobs import Job, Plan, in_batch

__all__ = ["plan_chunks", "plan_compression", "plan_vacuum"]

_Connection = psycopg.Connection[tuple[Any, ...]]
_CHURN = {"share": 0.1, "least": 1_000}
_REREAD = dt.timedelta(days=100)  # the policy of the columnstore leaves as much alone


def plan_vacuum(connection: _Connection) -> Plan:
    """A job a table, or chunk, of which a tenth of the rows was changed since the last time."""
    rows = connection.execute(statement("reads/maintain/churned_tables"), _CHURN).fetchall()
    jobs = []
    for schema, table, live, dead, changed in rows:
        told = f"vacuum and analyze: {live:,} rows, {dead:,} dead, {changed:,} changed"
        work = partial(_vacuum, table=(schema, table))
        jobs.append(Job("vacuum", f"{schema}.{table}", told, None, work))
    return Plan(tuple(jobs))


def plan_chunks(database: Database) -> Plan:
    """A job where new chunks of events should be of another length than they are."""
    plan = chunk_plan(database)
    if plan is None or plan.days == plan.wanted_days:
        return Plan()
    told = (
        f"let new chunks last {plan.wanted_days} days instead of {plan.days}:"
        f" {plan.events_a_month:,.0f} events a month"
    )
    work = partial(_set_interval, database=database, days=plan.wanted_days)
    return Plan((Job("chunks", "klaviyo.event", told, None, work),))


def plan_compression(connection: _Connection, *, edition: Edition, now: dt.datetime) -> Plan:
    """A job a chunk that no sync reads again and that is still kept by row; on Community only.

    Args:
        connection: of an upkeep_session.
        edition: of the database.
        now: what days are counted back from.
    """
    if edition is not Edition.TIMESCALEDB_COMMUNITY:
        return Plan()
    rows = connection.execute(
        statement("reads/maintain/uncompressed_chunks"), {"before": now - _REREAD}
    ).fetchall()
    jobs = []
    for schema, chunk, since, until in rows:
        told = f"keep events from {since:%Y-%m-%d} to {until:%Y-%m-%d} by column"
        work = partial(_compress, chunk=f"{schema}.{chunk}")
        jobs.append(Job("compression", f"{schema}.{chunk}", told, None, work))
    return Plan(tuple(jobs))


def _vacuum(connection: _Connection, *, table: tuple[str, str]) -> Iterator[int]:
    # without cutting off empty pages at the end, which would lock readers out
    query = sql.SQL("vacuum (analyze, truncate false) {}").format(sql.Identifier(*table))
    connection.execute(query)
    yield 0


def _set_interval(_: _Connection, *, database: Database, days: int) -> Iterator[int]:
    set_chunk_interval(database, days=days)
    yield 0


def _compress(connection: _Connection, *, chunk: str) -> Iterator[int]:
    def compress() -> None:
        connection.execute(statement("writes/maintain/compress_chunk"), {"chunk": chunk})

    in_batch(connection, compress)
    yield 0
