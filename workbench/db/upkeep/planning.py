"""What an upkeep would do now, task by task."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import psycopg

from workbench.db.connect import Database
from workbench.db.upkeep.jobs import Plan
from workbench.db.upkeep.logs import plan_leftovers, plan_logs
from workbench.db.upkeep.retention import plan_retention
from workbench.db.upkeep.storage import plan_chunks, plan_compression, plan_vacuum
from workbench.errors import InputInvalid
from workbench.retention import Retention

__all__ = ["TASKS", "planned_jobs"]

_Connection = psycopg.Connection[tuple[Any, ...]]

# in the order in which they are done: what was deleted is vacuumed
TASKS: Mapping[str, str] = MappingProxyType(
    {
        "retention": "delete events that are older than workbench.toml lets them be",
        "logs": "delete old rows of the workbench's own logs",
        "leftovers": "clean up after what died, add up what is noted singly",
        "chunks": "fit the length of chunks to the number of events",
        "compression": "keep by column what no sync reads again (TimescaleDB Community)",
        "vacuum": "vacuum and analyze what has changed a lot",
    }
)


def planned_jobs(
    connection: _Connection,
    database: Database,
    retention: Retention,
    *,
    now: dt.datetime,
    tasks: Collection[str] = (),
) -> Plan:
    """What there is to do; nothing is changed.

    Args:
        connection: of an upkeep_session of the database.
        database: migrated.
        retention: days that things are kept.
        now: what the days of logs are counted back from; those of events are counted back from
            the account's last sync.
        tasks: names of TASKS; all where none is named.

    Raises:
        InputInvalid: a task is unknown.
    """
    if unknown := set(tasks) - TASKS.keys():
        raise InputInvalid(
            f"there is no task {min(unknown)!r}",
            hint=f"one of: {', '.join(TASKS)}; or report, which stands alone",
        )
    edition = database.edition
    plans: dict[str, Callable[[], Plan]] = {
        "retention": lambda: plan_retention(connection, retention, edition=edition),
        "logs": lambda: plan_logs(connection, retention, now=now),
        "leftovers": lambda: plan_leftovers(connection, now=now),
        "chunks": lambda: plan_chunks(database),
        "compression": lambda: plan_compression(connection, edition=edition, now=now),
        "vacuum": lambda: plan_vacuum(connection),
    }
    return sum((plans[name]() for name in TASKS if not tasks or name in tasks), Plan())
