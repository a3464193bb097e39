"""The application: its commands, and how a failure is told."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from workbench import __version__
from workbench.cli import (
    backups,
    data,
    demo,
    dictionary,
    doctor,
    editions,
    forecasts,
    maintain,
    notebooks,
    proof,
    refreshes,
    roles,
    servers,
    status,
    syncs,
)
from workbench.errors import WorkbenchError

__all__ = ["app", "main"]

app = typer.Typer(
    name="workbench",
    help="Analytics workbench for Klaviyo accounts: sync, metrics, forecasts, reports, dashboards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command()(doctor.doctor)
app.command()(demo.demo)
app.command()(syncs.sync)
app.command()(status.status)
app.command()(proof.proof)
app.command()(refreshes.refresh)
app.command(name="forecast")(forecasts.forecast)
app.command()(data.migrate)
app.command()(editions.upgrade_edition)
app.command()(data.database)
app.command()(roles.roles)
app.command()(maintain.maintain)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(dictionary.dictionary)
app.command(cls=notebooks.PairedParameters)(notebooks.run)
app.command(name="notebooks")(notebooks.list_notebooks)
app.command()(notebooks.runs)
app.command()(servers.dashboards)
app.command()(servers.lab)
app.command()(servers.sandbox)


@app.callback(invoke_without_command=True)
def version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Analytics workbench for Klaviyo accounts: sync, metrics, forecasts, reports, dashboards."""
    if version:
        print(f"workbench {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line of this process."""
    # a terminated command ends like an interrupted one: what it began is recorded and cleared
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app()
    except WorkbenchError as error:
        if "--debug" in sys.argv:
            raise
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  try: {error.hint}", file=sys.stderr)
        sys.exit(1)
