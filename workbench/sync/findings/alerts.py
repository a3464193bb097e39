"""Alerts: what a person should look at, kept in ops.alert until it is resolved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from workbench.db import statement
from workbench.sync.run import Run

__all__ = ["open_alerts", "raise_alert", "resolve_alerts"]


def raise_alert(
    run: Run, kind: str, subject: str, *, message: str, details: Mapping[str, Any]
) -> None:
    """Raise an alert; one of its kind and subject that is open is told anew."""
    with run.database.connection() as connection:
        connection.execute(
            statement("writes/sync/raise_alert"),
            {
                "account_id": run.account_id,
                "kind": kind,
                "subject": subject,
                "message": message,
                "details": dict(details),
                "at": run.as_of,
            },
        )


def open_alerts(run: Run, kind: str) -> list[tuple[str, dict[str, Any], Any]]:
    """Subject, details, and when it was last found to be so, of each open alert of a kind."""
    with run.database.connection() as connection:
        return connection.execute(
            statement("reads/sync/open_alerts"), {"account_id": run.account_id, "kind": kind}
        ).fetchall()


def resolve_alerts(run: Run, kind: str, subjects: Collection[str]) -> None:
    """Resolve the open alerts of a kind about some subjects."""
    if not subjects:
        return
    with run.database.connection() as connection:
        connection.execute(
            statement("writes/sync/resolve_alerts"),
            {
                "account_id": run.account_id,
                "kind": kind,
                "subjects": list(subjects),
                "at": run.as_of,
            },
        )
