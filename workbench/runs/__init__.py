"""Notebooks run, recorded and kept.

The only room that knows papermill and nbconvert. A notebook is named, its parameters are checked
before a kernel starts, and the run ends as a folder under runs/ and a row of ops.notebook_run:

    with open_database(settings) as database:
        run = run_notebook(
            "report_weekly", parameters={"week": "2026-W44"}, database=database, settings=settings
        )
    print(run.report_html)
"""

from workbench.runs.arguments import checked_parameters
from workbench.runs.kernel import jupyter_dir, kernel_environment
from workbench.runs.notebooks import Notebook, find_notebook, notebook_list
from workbench.runs.parameters import Parameter
from workbench.runs.record import Run, latest_run, list_runs
from workbench.runs.run import run_notebook

__all__ = [
    "Notebook",
    "Parameter",
    "Run",
    "checked_parameters",
    "find_notebook",
    "jupyter_dir",
    "kernel_environment",
    "latest_run",
    "list_runs",
    "notebook_list",
    "run_notebook",
]
