"""Cells run by papermill, in a kernel of their own."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.runs.kernel import KERNEL, KERNEL_LOG, kernel_class
from workbench.runs.notebooks import Notebook
from workbench.runs.parameters import Value

__all__ = ["Failure", "executed", "prepared"]

_START_SECONDS = 120
_IOPUB_SECONDS = 60  # how long outputs may lag behind their cell on a busy machine


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a notebook stopped before its end.

    Attributes:
        error: one line.
        cell: n of the code cell In [n] that was running; None before the first.
        cause: what to raise again, such as KeyboardInterrupt.
        raised: class of what the cell raised; empty when it did not get so far.
    """

    error: str
    cell: int | None = None
    cause: BaseException | None = None
    raised: str = ""


def prepared(notebook: Notebook, *, values: Mapping[str, Value]) -> Any:
    """The notebook as papermill wants it, with a cell that sets all parameters."""
    from papermill.iorw import load_notebook_node  # papermill takes seconds to import
    from papermill.parameterize import parameterize_notebook

    document = load_notebook_node(str(notebook.path))
    if not values:
        return document
    return parameterize_notebook(document, dict(values), kernel_name=KERNEL, language="python")


def executed(
    document: Any, *, folder: Path, environment: Mapping[str, str], cell_timeout: int
) -> Failure | None:
    """Run the cells of a document in place, up to its end or to the first that fails.

    Args:
        document: from ``prepared``; holds the outputs afterwards, as far as it came.
        folder: working directory of the kernel.
        environment: of the kernel process.
        cell_timeout: longest time for one cell, in seconds.
    """
    from papermill.engines import papermill_engines
    from papermill.log import logger

    if not logger.handlers:  # else logging prints, beside our error, papermill's word for it
        logger.addHandler(logging.NullHandler())
    begun: list[int] = []
    with tempfile.TemporaryDirectory(prefix="workbench-") as scratch:
        try:
            papermill_engines.execute_notebook_with_engine(
                None,
                document,
                KERNEL,
                progress_bar={"disable": None},  # tqdm: a bar on a terminal only
                autosave_cell_every=0,
                start_timeout=_START_SECONDS,
                execution_timeout=cell_timeout,
                iopub_timeout=_IOPUB_SECONDS,
                coalesce_streams=True,
                store_widget_state=False,
                kernel_manager_class=kernel_class(environment, scratch=Path(scratch)),
                extra_arguments=["--HistoryManager.hist_file=:memory:"],
                resources={"metadata": {"path": str(folder)}},
                on_cell_execute=lambda cell, cell_index: begun.append(cell_index),
            )
        except (KeyboardInterrupt, SystemExit) as stop:
            return Failure("interrupted", len(begun) or None, stop)
        except TimeoutError as error:
            return Failure(f"the cell took longer than {cell_timeout} s", len(begun), error)
        except RuntimeError as error:  # nbclient's DeadKernelError, or a kernel that never answered
            said = _last_line(Path(scratch) / KERNEL_LOG)
            if not begun:
                return Failure(_line(f"no kernel started: {said or error}"), None, error)
            return Failure(f"the kernel died: {said or 'out of memory?'}", len(begun), error)
    if not document.metadata.papermill.exception:
        return None
    outputs = document.cells[begun[-1]].outputs
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors:
        return Failure("the cell failed", len(begun))
    last = errors[-1]
    return Failure(_line(f"{last.ename}: {last.evalue}"), len(begun), raised=last.ename)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((_line(line) for line in reversed(lines) if line.strip()), "")


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
