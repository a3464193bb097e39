"""workbench run, notebooks, runs: notebooks by name, and what became of them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperCommand

from workbench.cli.data import JSON, ready_database
from workbench.errors import ParameterInvalid
from workbench.runs import list_runs, notebook_list, run_notebook
from workbench.settings import read_settings

__all__ = ["PairedParameters", "list_notebooks", "run", "runs"]


class PairedParameters(TyperCommand):
    """A command whose -p takes two words, a name and a value, as papermill's does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the two words, because typer's lists hold one word each."""
        joined, words = [], iter(args)
        for word in words:
            joined.append(word)
            named = next(words, None) if word in {"-p", "--parameter"} else None
            if named is not None and "=" not in named:
                value = next(words, None)
                if value is None:
                    raise typer.BadParameter(f"{named} has no value", ctx=ctx, param_hint=word)
                named = f"{named}={value}"
            joined += [] if named is None else [named]
        return super().parse_args(ctx, joined)


def run(
    notebook: Annotated[str, typer.Argument(help="Name below notebooks/, without .ipynb.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="NAME VALUE", help="One parameter; repeatable."),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Run a notebook, keep it under runs/ and record it.

    Example: workbench run forecast_metric -p horizon 56
    """
    settings = read_settings()
    given: dict[str, object] = {}
    for pair in parameter or []:
        name, _, value = pair.partition("=")
        if name in given:
            raise ParameterInvalid(f"parameter {name} is given twice", hint="give it once")
        given[name] = value
    with ready_database(settings) as database:
        kept = run_notebook(notebook, parameters=given, database=database, settings=settings)
    if as_json:
        print(json.dumps({"run_id": kept.run_id, "report": str(kept.report_html)}))
    else:
        print(f"{notebook} succeeded in {kept.seconds:.1f} s: {kept.report_html}")


def list_notebooks() -> None:
    """List the notebooks, the question each answers, and its parameters.

    Example: workbench notebooks
    """
    table = Table()
    for heading in ("notebook", "question", "parameters"):
        table.add_column(heading)
    for notebook in notebook_list(read_settings().project_dir):
        asked = ", ".join(f"{p.name} ({p.default!r})" for p in notebook.parameters)
        table.add_row(notebook.name, notebook.title, asked)
    Console().print(table)


def runs(
    notebook: Annotated[str | None, typer.Argument(help="Only runs of this notebook.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    as_json: JSON = False,
) -> None:
    """List the latest runs of notebooks.

    Example: workbench runs report_weekly --limit 5
    """
    with ready_database(read_settings()) as database:
        found = list_runs(database, notebook=notebook, limit=limit)
    if as_json:
        print(found.to_json(orient="records", date_format="iso"))
        return
    if found.empty:
        print("no run so far: try workbench notebooks, then workbench run NAME")
        return
    table = Table()
    shown = [
        name for name in ("started_at", "notebook", "status", "run_dir", "error") if name in found
    ]
    for heading in shown:
        table.add_column(heading)
    for row in found[shown].astype(object).where(found[shown].notna(), "").itertuples(index=False):
        table.add_row(*(str(value) for value in row))
    Console().print(table)
