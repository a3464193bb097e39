"""Metrics under the names that they have had: a rename is told, and changes nothing else."""

from __future__ import annotations

from workbench.db import statement
from workbench.sync.definition import Resource
from workbench.sync.run import Run
from workbench.sync.streams.whole import read_whole

__all__ = ["read_metrics"]


def read_metrics(run: Run, resource: Resource) -> None:
    """Read the metrics whole, and keep the names of those that were renamed."""
    read_whole(run, resource)
    with run.database.connection() as connection:
        renamed = connection.execute(
            statement("writes/sync/keep_metric_names"),
            {"account_id": run.account_id, "as_of": run.as_of},
        ).fetchall()
    for metric_id, old, new in renamed:
        run.note(f"metric {metric_id}: {old!r} is now called {new!r}; its facts stay as they are")
