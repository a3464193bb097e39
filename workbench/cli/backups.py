"""workbench backup, restore: keep what the database holds, and prove that it can be had back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from workbench.cli.data import JSON, ready_database
from workbench.db import open_database
from workbench.db.audit import record_export
from workbench.db.backup import MANIFEST, Told, Verdict, back_up, drill
from workbench.db.backup import restore as restore_backup
from workbench.errors import InputInvalid
from workbench.settings import Settings, read_settings

__all__ = ["backup", "restore"]


def backup(
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="The folder to make; in one that is there, the backup gets a name of its own."
            " Without it: backups/ in the data folder.",
        ),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Write all that the database holds into a folder, while syncs go on.

    Beside the dump stands a manifest with the rows and a checksum of every table. The folder holds
    personal data: keep it as safe as the database.

    Example: workbench backup /mnt/backups
    """
    settings = read_settings()
    with ready_database(settings) as opened, _progress() as told:
        if target is None:
            target = _own_folder(settings)
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
        made, manifest = back_up(opened, target, told=told)
        record_export(opened, "backup", count_rows=manifest.rows)
    facts = {
        "backup": str(made),
        "taken_at": manifest.taken_at,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "bytes": manifest.dump_bytes,
    }
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    print(
        f"{made}: {manifest.rows:,} rows of {len(manifest.tables)} tables,"
        f" {manifest.dump_bytes / 1e6:,.1f} MB\n"
        f"try it: workbench restore --drill {made}"
    )


def restore(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BACKUP]",
            help="A folder that workbench backup wrote. A drill without it takes the newest of"
            " backups/ in the data folder.",
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Create a database of this name on the same server."),
    ] = None,
    is_drill: Annotated[
        bool,
        typer.Option("--drill", help="Restore into a scratch database, compare, and drop it."),
    ] = False,
    as_json: JSON = False,
) -> None:
    """Restore a backup into an empty or a new database, or only try whether it can be restored.

    Every table is compared with the rows and checksums of the backup's manifest. Nothing is ever
    written over data, and a restore that fails leaves nothing behind. A drill prints the verdict
    on each table, and ends with 1 when one differs.

    Example: workbench restore /mnt/backups/workbench-20260131T040000Z --into workbench_restored
    """
    settings = read_settings()
    if is_drill:
        if into is not None:
            raise typer.BadParameter("a drill makes and drops a database of its own")
        _tell(_drilled(settings, source or _newest(settings)), as_json=as_json)
        return
    if source is None:
        raise typer.BadParameter("name the backup to restore")
    with open_database(settings) as opened, _progress() as told:
        manifest = restore_backup(source, database=opened, into=into, told=told)
        place = into or opened.label
    if as_json:
        print(json.dumps({"database": place, "taken_at": manifest.taken_at, "rows": manifest.rows}))
        return
    print(
        f"{place} is {manifest.database} of {manifest.taken_at}: {manifest.rows:,} rows of"
        f" {len(manifest.tables)} tables, each as it was"
    )


def _drilled(settings: Settings, source: Path) -> list[Verdict]:
    with open_database(settings) as opened, _progress() as told:
        return drill(source, database=opened, told=told)


def _tell(found: Sequence[Verdict], *, as_json: bool) -> None:
    differing = [verdict for verdict in found if not verdict.is_same]
    if as_json:
        tables = [asdict(verdict) for verdict in found]
        print(json.dumps({"is_same": not differing, "tables": tables}, indent=2))
    else:
        table = Table("table")
        for heading in ("in the backup", "restored"):
            table.add_column(heading, justify="right")
        table.add_column("verdict")
        for verdict in found:
            numbers = (verdict.expected, verdict.found)
            told = ("" if number is None else f"{number:,}" for number in numbers)
            table.add_row(verdict.table, *told, verdict.verdict)
        Console().print(table)
        said = f"{len(differing)} tables differ" if differing else "each is as it was"
        print(f"{len(found)} tables restored, compared and dropped: {said}")
    if differing:
        raise typer.Exit(1)


def _own_folder(settings: Settings) -> Path:
    return settings.data_dir / "backups"


def _newest(settings: Settings) -> Path:
    found = [path.parent for path in _own_folder(settings).glob(f"*/{MANIFEST}")]
    if not found:
        raise InputInvalid(
            f"there is no backup in {_own_folder(settings)}",
            hint="workbench backup, or name the folder of one",
        )
    return max(found, key=lambda path: path.stat().st_mtime)


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on a terminal, nothing where the output is piped."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bars:
        task = bars.add_task("", total=None)

        def told(what: str, done: int, total: int) -> None:
            bars.update(task, description=what, completed=done, total=total)

        yield told
