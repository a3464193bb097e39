"""The folder of a run: the executed notebook, its page, and what it was made from."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import workbench
from workbench.errors import RunError
from workbench.runs.notebooks import Notebook
from workbench.runs.parameters import Value
from workbench.runs.record import Start
from workbench.runs.report import report_html
from workbench.store import RESULT_TYPE

__all__ = [
    "kept_folder",
    "notebook_result",
    "package_versions",
    "page_name",
    "run_facts",
    "write_run",
]

_PACKAGES = (
    "altair",
    "ipykernel",
    "numpy",
    "pandas",
    "papermill",
    "prophet",
    "psycopg",
    "statsmodels",
)


@contextmanager
def kept_folder(run_dir: Path, *, run_id: str) -> Iterator[Path]:
    """A hidden folder that becomes run_dir when the block ends well, and goes when it does not.

    Raises:
        RunError: a file could not be written.
    """
    partial = run_dir.parent / f".{run_id}.partial"
    try:
        partial.mkdir(parents=True)
        yield partial
        partial.rename(run_dir)
    except OSError as error:
        raise RunError(
            f"the run cannot be kept in {run_dir}: {error.strerror or error}",
            hint="make room there, or set WORKBENCH_RUNS_DIR",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # gone already when all went well


def run_facts(
    notebook: Notebook,
    start: Start,
    *,
    values: Mapping[str, Value],
    packages: Mapping[str, str],
) -> dict[str, Any]:
    """What a run is made from: enough to repeat it."""
    return {
        "run_id": start.run_id,
        "notebook": notebook.name,
        "notebook_sha256": notebook.sha256,
        "parameters": dict(values),
        "account_id": start.account_id,
        "data_as_of": start.data_as_of.isoformat() if start.data_as_of else None,
        "started_at": start.started_at.isoformat(),
        "packages": dict(packages),
    }


def write_run(document: Any, *, folder: Path, notebook: Notebook, facts: dict[str, Any]) -> None:
    """Write the three files of a run.

    Args:
        document: the executed notebook, redacted.
        folder: where to.
        notebook: what ran.
        facts: from ``run_facts``, with how it ended: status, failed_cell, error.
    """
    import nbformat  # takes a second to import

    for cell in document.cells:
        cell.metadata.pop("papermill", None)  # it calls cells completed that never ran
    document.metadata.papermill.exception = facts["status"] == "failed"
    nbformat.write(document, folder / notebook.path.name)  # type: ignore[no-untyped-call]
    page = report_html(document, title=notebook.title, facts=facts)
    (folder / page_name(facts["status"])).write_text(page, encoding="utf-8")
    text = json.dumps(facts, indent=2, ensure_ascii=False)
    (folder / "params.json").write_text(f"{text}\n", encoding="utf-8")


def notebook_result(document: Any) -> dict[str, Any]:
    """What the cells of an executed notebook left with ``store.store_result``; the last word wins.

    Args:
        document: the executed notebook.
    """
    result: dict[str, Any] = {}
    for cell in document.cells:
        for output in cell.get("outputs", ()):
            result |= output.get("data", {}).get(RESULT_TYPE, {})
    return result


def page_name(status: str) -> str:
    """File name of a run's page: a failed run has no report that somebody could mail."""
    return "report.html" if status == "succeeded" else "failed.html"


def package_versions() -> dict[str, str]:
    """Version by package, of those that a number may depend on."""
    own = {"python": platform.python_version(), "workbench": workbench.__version__}
    return own | {name: importlib.metadata.version(name) for name in _PACKAGES}
