"""workbench upgrade-edition: the way to TimescaleDB, in place or to another server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from workbench.cli.data import JSON, ready_database
from workbench.db import (
    CopiedTable,
    Database,
    Told,
    copy_database,
    count_rows,
    move_up,
    open_database,
)
from workbench.errors import SettingsInvalid
from workbench.settings import Settings, read_settings

__all__ = ["upgrade_edition"]

_VARIABLE = "WORKBENCH_TARGET_URL"


def upgrade_edition(
    context: typer.Context,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="URL",
            envvar=_VARIABLE,
            help="Copy to this server's empty database; without it, move up in place.",
        ),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Move the database up: PostgreSQL to TimescaleDB Apache to TimescaleDB Community.

    In place it takes what its server offers now. With --to, every table is copied to another server
    and compared; this database stays as it is. Stop it at any moment, and run it again to go on.

    Example: workbench upgrade-edition --to postgresql://user@host/name
    """
    settings = read_settings()
    if to is None:
        _in_place(settings, as_json=as_json)
        return
    given = context.get_parameter_source("to")
    if given is not None and given.name == "COMMANDLINE" and urlsplit(to).password:
        raise SettingsInvalid(
            "a command line is no place for a password: every user of this machine can read it",
            hint=f"give the URL in {_VARIABLE} instead of --to",
        )
    _copied(settings, replace(settings, database_url=to), as_json=as_json)


def _in_place(settings: Settings, *, as_json: bool) -> None:
    with open_database(settings) as opened:
        moved = move_up(opened)
        label = opened.label
    if as_json:
        print(json.dumps(asdict(moved), indent=2))
        return
    stays = moved.before == moved.after
    print(f"{label}: {moved.before}" + ("" if stays else f" -> {moved.after}"))
    print(f"applied {', '.join(moved.applied)}" if moved.applied else "nothing to do")
    if moved.next_step:
        print(f"  to move further up: {moved.next_step}")


def _copied(settings: Settings, there: Settings, *, as_json: bool) -> None:
    with ready_database(settings) as source, open_database(there) as target:
        with _shown(source) as told:
            copied = copy_database(source, target, told=told)
        if as_json:
            tables = [asdict(table) for table in copied]
            print(json.dumps({"edition": target.edition.value, "tables": tables}, indent=2))
            return
        _print(copied)
        rows = sum(table.rows for table in copied)
        print(f"{target.label} ({target.edition.value}) is complete: {rows:,} rows, all equal")
    print("  to use it: set WORKBENCH_DATABASE_URL to it")


@contextmanager
def _shown(source: Database) -> Iterator[Told]:
    """Two bars on a terminal, nothing where the output is piped."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<40}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    total = count_rows(source) if console.is_terminal else 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {step: bars.add_task(step, total=total) for step in ("copy", "compare")}

        def told(step: str, table: str, rows: int) -> None:
            bars.update(tasks[step], advance=rows, description=f"{step} {table}")

        yield told


def _print(copied: Sequence[CopiedTable]) -> None:
    table = Table("table", "rows", "checksum")
    for column in table.columns[1:]:
        column.justify = "right"
    for each in copied:
        if each.rows:
            table.add_row(each.name, f"{each.rows:,}", f"{each.checksum % 2**64:016x}")
    Console().print(table)
