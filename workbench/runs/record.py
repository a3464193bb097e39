"""Runs as the database remembers them."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.db import Database, read_frame, statement
from workbench.runs.notebooks import Notebook
from workbench.runs.parameters import Value
from workbench.settings import Settings

__all__ = ["Run", "Start", "finish_run", "latest_run", "list_runs", "start_run"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run that ended well.

    Attributes:
        run_id: short and random; the end of the folder's name and the key of ops.notebook_run.
        notebook: name below notebooks/.
        status: ``"succeeded"``.
        run_dir: folder of the executed notebook, the report and params.json.
        report_html: the report, one file that opens offline.
        started_at: on the database's clock, UTC.
        seconds: from start to end.
        result: what the notebook left with ``store_result``; empty when it left nothing.
    """

    run_id: str
    notebook: str
    status: str
    run_dir: Path
    report_html: Path
    started_at: dt.datetime
    seconds: float
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Start:
    """A run just registered.

    Attributes:
        run_id: short and random.
        run_dir: where it will be kept, relative to the runs directory.
        started_at: on the database's clock, UTC.
        data_as_of: what Klaviyo's clock said when the last good sync began; None before the first.
        account_id: the account reported on, or None.
    """

    run_id: str
    run_dir: str
    started_at: dt.datetime
    data_as_of: dt.datetime | None
    account_id: str | None


def start_run(
    database: Database,
    *,
    notebook: Notebook,
    values: Mapping[str, Value],
    packages: Mapping[str, str],
) -> Start:
    """Register a run as running.

    Args:
        database: where ops.notebook_run is.
        notebook: what will run.
        values: all its parameters; ``account``, if there is one, is the account reported on.
        packages: version by package.
    """
    run_id, account_id = secrets.token_hex(4), str(values.get("account") or "") or None
    row = {
        "run_id": run_id,
        "notebook": notebook.name,
        "parameters": dict(values),
        "account_id": account_id,
        "notebook_sha256": notebook.sha256,
        "packages": dict(packages),
    }
    with database.connection() as connection:
        found = connection.execute(statement("writes/start_notebook_run"), row).fetchone()
    assert found is not None
    run_dir, started_at, data_as_of = found
    return Start(run_id, run_dir, started_at, data_as_of, account_id)


def finish_run(
    database: Database, run_id: str, *, cell: int | None = None, error: str | None = None
) -> float:
    """Record how a run ended, and return how many seconds it took.

    Args:
        database: where the run was registered.
        run_id: the run.
        cell: n of the code cell In [n] that failed.
        error: one line without secrets; None when the run succeeded.
    """
    row = {
        "run_id": run_id,
        "status": "succeeded" if error is None else "failed",
        "failed_cell": cell,
        "error": error,
    }
    with database.connection() as connection:
        found = connection.execute(statement("writes/finish_notebook_run"), row).fetchone()
    assert found is not None
    return float(found[0])


def list_runs(
    database: Database, *, notebook: str | None = None, status: str | None = None, limit: int = 20
) -> pd.DataFrame:
    """One row per run, the newest first.

    Args:
        database: where runs are registered.
        notebook: only this one.
        status: only ``"running"``, ``"succeeded"`` or ``"failed"``.
        limit: rows at most.
    """
    params = {"notebook": notebook, "status": status, "max_rows": limit}
    return read_frame(database, "reads/notebook_runs", params)


def latest_run(database: Database, *, notebook: str, settings: Settings) -> Run | None:
    """The newest run of a notebook that succeeded, or None when there is none.

    Args:
        database: where runs are registered.
        notebook: its name.
        settings: whose runs_dir holds it.
    """
    found = list_runs(database, notebook=notebook, status="succeeded", limit=1)
    if found.empty:
        return None
    row = found.iloc[0]
    run_dir = settings.runs_dir / row["run_dir"]
    return Run(
        run_id=row["run_id"],
        notebook=notebook,
        status=row["status"],
        run_dir=run_dir,
        report_html=run_dir / "report.html",
        started_at=row["started_at"].to_pydatetime(),
        seconds=float(row["seconds"]),
        result=_kept_result(run_dir),
    )


def _kept_result(run_dir: Path) -> dict[str, Any]:
    facts = run_dir / "params.json"
    if not facts.is_file():  # the folder was cleared away; the row stays
        return {}
    kept: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8")).get("result", {})
    return kept
