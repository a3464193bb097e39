"""One notebook, from its name to a run that is kept and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.db import Database, require_schema
from workbench.errors import NotebookFailed
from workbench.runs.arguments import checked_parameters
from workbench.runs.execute import Failure, executed, prepared
from workbench.runs.keep import (
    kept_folder,
    notebook_result,
    package_versions,
    page_name,
    run_facts,
    write_run,
)
from workbench.runs.kernel import kernel_environment
from workbench.runs.notebooks import find_notebook
from workbench.runs.record import Run, finish_run, start_run
from workbench.runs.redaction import redacted, redaction, secret_values
from workbench.settings import Settings

__all__ = ["run_notebook"]

_CELL_SECONDS = 3600


def run_notebook(
    name: str,
    *,
    parameters: Mapping[str, object],
    database: Database,
    settings: Settings,
    cell_timeout: int = _CELL_SECONDS,
) -> Run:
    """Run a notebook in a kernel of its own, and keep it with its report.

    The run's folder appears at the end and whole: the executed notebook, report.html (failed.html
    when a cell failed, so that nobody mails it) and params.json. Klaviyo's keys do not reach the
    kernel; neither a secret nor a path of this machine reaches the folder or the table.

    Args:
        name: notebook below notebooks/, such as ``"report_weekly"``.
        parameters: value by name; the rest keep the notebook's defaults.
        database: where the run is registered; must be the one that settings name.
        settings: of this process; the kernel gets the same.
        cell_timeout: longest time for one cell, in seconds.

    Raises:
        NotebookMissing: no notebook of that name; nothing was written.
        ParameterInvalid: a parameter is unknown or of the wrong type; nothing was written.
        DatabaseError: the database cannot be used; before the start, nothing was written.
        NotebookFailed: a cell raised or took too long, or the kernel died; the run is kept.
        RunError: the run's folder cannot be written.
    """
    notebook = find_notebook(name, project_dir=settings.project_dir)
    values = checked_parameters(notebook, parameters)
    require_schema(database)
    redact = _redaction(database, settings=settings)
    document, packages = prepared(notebook, values=values), package_versions()
    start = start_run(database, notebook=notebook, values=values, packages=packages)
    run_dir = settings.runs_dir / start.run_dir
    with (
        _ended(database, start.run_id, redact=redact),
        kept_folder(run_dir, run_id=start.run_id) as folder,
    ):
        failure = executed(
            document,
            folder=notebook.path.parent,
            environment=kernel_environment(settings),
            cell_timeout=cell_timeout,
        )
        facts = run_facts(notebook, start, values=values, packages=packages)
        facts |= _outcome(failure, redact=redact) | {"result": notebook_result(document)}
        write_run(redacted(document, redact=redact), folder=folder, notebook=notebook, facts=facts)
    seconds = finish_run(database, start.run_id, cell=facts["failed_cell"], error=facts["error"])
    page = run_dir / page_name(facts["status"])
    if failure:
        raise _stopped(failure, facts=facts, page=page)
    return Run(
        run_id=start.run_id,
        notebook=notebook.name,
        status=facts["status"],
        run_dir=run_dir,
        report_html=page,
        started_at=start.started_at,
        seconds=seconds,
        result=facts["result"],
    )


def _redaction(database: Database, *, settings: Settings) -> Callable[[str], str]:
    with database.connection() as connection:
        password = connection.info.password
    secrets = secret_values(settings, password=password)
    return redaction(secrets=secrets, project_dir=settings.project_dir)


@contextmanager
def _ended(database: Database, run_id: str, *, redact: Callable[[str], str]) -> Iterator[None]:
    """Whatever happens inside, the run does not stay "running"."""
    try:
        yield
    except BaseException as stop:
        said = str(stop) or type(stop).__name__
        finish_run(database, run_id, error=redact(" ".join(said.split())))
        raise


def _outcome(failure: Failure | None, *, redact: Callable[[str], str]) -> dict[str, Any]:
    if failure is None:
        return {"status": "succeeded", "failed_cell": None, "error": None}
    return {"status": "failed", "failed_cell": failure.cell, "error": redact(failure.error)}


def _stopped(failure: Failure, *, facts: dict[str, Any], page: Path) -> BaseException:
    if isinstance(failure.cause, (KeyboardInterrupt, SystemExit)):
        return failure.cause
    where = f" in cell {failure.cell}" if failure.cell else ""
    return NotebookFailed(
        f"{facts['notebook']} failed{where}: {facts['error']}",
        hint=f"see {page}",
        raised=failure.raised,
    )
