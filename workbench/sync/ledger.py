"""What ops.sync_run says of a sync, and the lock that keeps two from one account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.db import Database, statement
from workbench.errors import SyncRunning
from workbench.sync.run import Run, StreamCount, StreamEnd

__all__ = ["begin_run", "end_run", "only_sync", "store_end"]


@contextmanager
def only_sync(database: Database, account_id: str) -> Iterator[None]:
    """Hold the account's lock; it falls with the connection, so a crash leaves none behind.

    Raises:
        SyncRunning: another sync holds it.
    """
    with database.connection() as connection:
        row = connection.execute(
            statement("writes/lock_account_sync"), {"account_id": account_id}
        ).fetchone()
        if not row or not row[0]:
            raise SyncRunning(
                f"another sync of account {account_id} is at work",
                hint="wait for it, or stop it; what it has stored stays",
            )
        yield


def begin_run(database: Database, run_id: str, *, account_id: str, as_of: dt.datetime) -> None:
    """Record a sync as running and those that died as failed; forget what is long ago."""
    with database.connection() as connection:
        connection.execute(
            statement("writes/sync/forget_requests"), {"account_id": account_id, "as_of": as_of}
        )
        connection.execute(statement("writes/fail_dead_sync_runs"), {"account_id": account_id})
        connection.execute(
            statement("writes/begin_sync_run"),
            {"run_id": run_id, "account_id": account_id, "as_of": as_of},
        )


def store_end(run: Run, stream: str, end: StreamEnd) -> None:
    """Record how one of its streams ended."""
    count = run.streams.get(stream, StreamCount())
    with run.database.connection() as connection:
        connection.execute(
            statement("writes/sync/end_sync_stream"),
            {
                "run_id": run.run_id,
                "account_id": run.account_id,
                "stream": stream,
                "status": end.status,
                "rows_read": count.read,
                "rows_new": count.new,
                "rows_changed": count.changed,
                "requests": end.requests,
                "requests_refused": end.requests_refused,
                "seconds": end.seconds,
                "reason": end.reason or None,
            },
        )


def end_run(run: Run, *, error: str | None) -> None:
    """Record how a sync ended."""
    proof = run.proof
    with run.database.connection() as connection:
        connection.execute(
            statement("writes/end_sync_run"),
            {
                "run_id": run.run_id,
                "status": "failed" if error else "unproven" if _differs(run) else "succeeded",
                "requests": run.client.requests,
                "rows_read": run.total.read,
                "rows_new": run.total.new,
                "rows_changed": run.total.changed,
                "days_proven": proof and proof.proven,
                "days_repaired": proof and proof.repaired,
                "days_explained": proof and proof.explained,
                "days_differing": proof and proof.differing,
                "error": error,
            },
        )


def _differs(run: Run) -> bool:
    """Whether Klaviyo counts other events than the sync has stored."""
    return run.proof is not None and run.proof.differing > 0
