"""Logs of the workbench that are older than they are kept, and what died left behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from workbench.db.statements import statement
from workbench.db.upkeep.jobs import Job, Plan, in_batch, value_of
from workbench.retention import Retention

__all__ = ["plan_leftovers", "plan_logs"]

_Connection = psycopg.Connection[tuple[Any, ...]]
_BATCH = 10_000
_LONGEST_RUN = dt.timedelta(days=2)  # of a notebook
_MOST_CHANGES = 500  # of tables, kept singly: as many as a cache of results leaves


@dataclass(frozen=True, slots=True)
class _Log:
    """A table of log rows: when one was written, and which may go."""

    table: str
    column: str
    may_go: str = "true"


# class as in workbench.retention -> its table
_LOGS = {
    "requests": _Log("ops.request", "at"),
    # what could not be stored of events may be an order
    "quarantine": _Log("ops.quarantine", "last_seen_at", "stream <> 'events'"),
    "drift": _Log("ops.drift", "last_seen_at"),
    "lateness": _Log("ops.lateness", "as_of"),
    "refreshes": _Log("ops.refresh", "finished_at"),
    "maintenance": _Log("ops.maintenance", "started_at", "status <> 'running'"),
    "notebook_runs": _Log("ops.notebook_run", "started_at", "status <> 'running'"),
}


def plan_logs(connection: _Connection, retention: Retention, *, now: dt.datetime) -> Plan:
    """A job a log that has rows older than it is kept.

    Args:
        connection: of an upkeep_session.
        retention: days by class; a log that it does not name is kept.
        now: what days are counted back from.
    """
    jobs = []
    for name, days in retention.logs.items():
        log, before = _LOGS[name], now - dt.timedelta(days=days)
        query = sql.SQL("select count(*) from {table} where {old}").format(
            table=sql.Identifier(*log.table.split(".")), old=_old(log)
        )
        row = connection.execute(query, (before,)).fetchone()
        if row and row[0]:
            told = f"delete rows older than {days} days"
            work = partial(_delete, log=log, before=before)
            jobs.append(Job("logs", log.table, told, row[0], work))
    return Plan(tuple(jobs))


def plan_leftovers(connection: _Connection, *, now: dt.datetime) -> Plan:
    """Jobs for what nobody else cleans up: what dead syncs and notebook runs left, noted changes.

    Args:
        connection: of an upkeep_session.
        now: runs that began two days before are dead.
    """
    jobs = []
    for account_id, runs, members in connection.execute(
        statement("reads/maintain/dead_runs")
    ).fetchall():
        if runs or members:
            told = f"mark {runs} dead syncs as failed, clear {members:,} members they had read"
            work = partial(_clear_syncs, account_id=account_id)
            jobs.append(Job("leftovers", f"{account_id} syncs", told, runs + members, work))
    before = {"before": now - _LONGEST_RUN}
    if runs := value_of(connection, "reads/maintain/dead_notebook_runs", before):
        told = f"mark {runs} dead runs as failed"
        jobs.append(
            Job("leftovers", "ops.notebook_run", told, runs, partial(_fail_notebooks, before))
        )
    # whoever keeps a result adds them up; where nobody does they would grow without end
    changes = value_of(connection, "reads/maintain/count_noted_changes")
    if changes > _MOST_CHANGES:
        told = f"add up {changes:,} changes of tables that are noted singly"
        jobs.append(Job("leftovers", "ops.data_change", told, None, _add_up_changes))
    return Plan(tuple(jobs))


def _old(log: _Log) -> sql.Composed:
    return sql.SQL("{column} < %s and {may_go}").format(
        column=sql.Identifier(log.column), may_go=sql.SQL(log.may_go)
    )


def _delete(connection: _Connection, *, log: _Log, before: dt.datetime) -> Iterator[int]:
    query = sql.SQL(
        "delete from {table} where ctid = any(array(select ctid from {table} where {old} limit %s))"
    ).format(table=sql.Identifier(*log.table.split(".")), old=_old(log))

    def batch() -> int:
        return connection.execute(query, (before, _BATCH)).rowcount

    while count := in_batch(connection, batch):
        yield count


def _clear_syncs(connection: _Connection, *, account_id: str) -> Iterator[int]:
    params = {"account_id": account_id}

    def clear() -> int:
        # a sync that has begun since holds the lock, and cleans up itself
        if not value_of(connection, "writes/lock_account_sync", params):
            return 0
        return sum(
            connection.execute(statement(path), params).rowcount
            for path in ("writes/fail_dead_sync_runs", "writes/maintain/clear_group_members")
        )

    yield in_batch(connection, clear)


def _fail_notebooks(before: dict[str, Any], connection: _Connection) -> Iterator[int]:
    yield connection.execute(statement("writes/maintain/fail_dead_notebook_runs"), before).rowcount


def _add_up_changes(connection: _Connection) -> Iterator[int]:
    def add_up() -> int:
        added = connection.execute(
            statement("writes/cache/add_up_changes"), {"most": _MOST_CHANGES}
        )
        return added.rowcount

    yield in_batch(connection, add_up)
