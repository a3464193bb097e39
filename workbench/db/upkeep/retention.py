"""Events that are older than their class is kept; orders and conversions have no class.

First it is noted in ops.retention from when on the events of a metric are kept. From then on no
refresh writes facts of earlier days and no sync brings their events back, so that the deletion may
be killed between any two batches and go on another day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from workbench.db.connect import Edition
from workbench.db.statements import statement
from workbench.db.upkeep.jobs import Job, Plan, in_batch, value_of
from workbench.retention import EVENT_CLASSES, Retention

__all__ = ["plan_retention"]

_Connection = psycopg.Connection[tuple[Any, ...]]
_BATCH = 10_000
_INSTANT = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Going:
    """Events that go: of some metrics of an account, before an instant."""

    account_id: str
    event_class: str
    kept_from_on: dt.date
    kept_from: dt.datetime
    metric_ids: list[str]

    @property
    def params(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_class": self.event_class,
            "kept_from_on": self.kept_from_on,
            "kept_from": self.kept_from,
            "metric_ids": self.metric_ids,
        }


def plan_retention(connection: _Connection, retention: Retention, *, edition: Edition) -> Plan:
    """A job an account and class that has events to go.

    Args:
        connection: of an upkeep_session.
        retention: days by class; a class that it does not name is kept.
        edition: whether chunks can be dropped.
    """
    if not retention.events:
        return Plan()
    classes = [
        {"event_class": name, "roles": EVENT_CLASSES[name], "days": days}
        for name, days in retention.events.items()
    ]
    rows = connection.execute(
        statement("reads/maintain/metrics_to_go"), {"classes": json.dumps(classes)}
    ).fetchall()
    found = [_Going(*row) for row in rows]
    _note_credited(connection, found)
    plans = [_plan(connection, going, edition=edition) for going in found]
    return sum(plans, Plan())


def _note_credited(connection: _Connection, found: list[_Going]) -> None:
    for account_id in sorted({going.account_id for going in found}):
        metrics = [m for going in found if going.account_id == account_id for m in going.metric_ids]
        connection.execute(
            statement("writes/maintain/fill_credited_event"),
            {"account_id": account_id, "metric_ids": metrics},
        )


def _plan(connection: _Connection, going: _Going, *, edition: Edition) -> Plan:
    count = value_of(connection, "reads/maintain/count_events_to_go", going.params)
    if not count:
        return Plan()
    before = f"before {going.kept_from_on}"
    told = f"delete events {before}; facts of these days stay as they are"
    if days := value_of(connection, "reads/maintain/unrefreshed_days", going.params):
        return Plan(
            notes=(
                f"{going.account_id} {going.event_class}: {count:,} events {before} wait, because"
                f" {days} of their days have yet to get into the facts: workbench refresh",
            )
        )
    work = partial(_delete, going=going, edition=edition)
    return Plan((Job("retention", f"{going.account_id} {going.event_class}", told, count, work),))


def _delete(connection: _Connection, *, going: _Going, edition: Edition) -> Iterator[int]:
    with connection.transaction():
        # with the lock of the refresh, so that none is half way through the facts of these days
        connection.execute(statement("writes/refresh/lock_refresh"), going.params)
        if value_of(connection, "reads/maintain/unrefreshed_days", going.params):
            return  # a sync has touched them since they were planned
        connection.execute(statement("writes/maintain/keep_from"), going.params)
        connection.execute(statement("writes/maintain/explain_proof"), going.params)
    if edition is not Edition.POSTGRESQL:
        yield from _drop_chunks(connection, going)
    for metric_id in going.metric_ids:
        yield from _delete_metric(connection, going.params | {"metric_id": metric_id})


def _drop_chunks(connection: _Connection, going: _Going) -> Iterator[int]:
    """Chunks that hold nothing but what goes: a moment each, where deleting takes minutes."""
    chunks = connection.execute(statement("reads/maintain/old_chunks"), going.params).fetchall()
    for _, _, since, until in chunks:
        span = {"since": since, "until": until}
        yield in_batch(connection, partial(_drop_chunk, connection, span))


def _drop_chunk(connection: _Connection, span: dict[str, Any]) -> int:
    if value_of(connection, "reads/maintain/chunk_holds_kept", span) is not None:
        return 0
    count = value_of(connection, "reads/maintain/count_events_in", span)
    connection.execute(statement("writes/maintain/drop_chunk"), span)
    connection.execute(statement("writes/maintain/delete_versions"), span)
    return int(count)


def _delete_metric(connection: _Connection, params: dict[str, Any]) -> Iterator[int]:
    since = value_of(connection, "reads/maintain/first_event_to_go", params)
    while since is not None and since < params["kept_from"]:
        found = value_of(
            connection,
            "reads/maintain/next_events_to_go",
            params | {"since": since, "most": _BATCH},
        )
        # many may happen at the same instant
        until = max(found, since + _INSTANT) if found else params["kept_from"]
        batch = params | {"since": since, "until": until}
        yield in_batch(
            connection, partial(value_of, connection, "writes/maintain/delete_events", batch)
        )
        since = until
