"""workbench maintain: look after a database that has been in use for a while."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from workbench.cli.data import JSON, ready_database
from workbench.db import Database, read_frame
from workbench.db.upkeep import (
    TASKS,
    Job,
    Outcome,
    Plan,
    planned_jobs,
    run_job,
    slow_queries,
    upkeep_session,
)
from workbench.errors import InputInvalid
from workbench.settings import read_settings

__all__ = ["maintain"]

_REPORT = "report"
_LARGEST = 15


def maintain(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TASK]...",
            help=f"Only these: {', '.join(TASKS)}; or {_REPORT}.",
            show_default=False,
        ),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Do it; or say only what would be done.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Say what the database needs, and do it with --apply: old rows, leftovers, chunks, vacuum.

    Syncs, refreshes and readers go on beside it. Orders and conversions are kept for ever, and
    other events unless workbench.toml names days for their class:

    [retention]
    engagement = 1100

    report shows the sizes of tables, the use of indexes and the slowest statements.

    Example: workbench maintain --apply
    """
    chosen = tasks or []
    settings, now = read_settings(), dt.datetime.now(dt.UTC)
    with ready_database(settings) as opened:
        if _REPORT in chosen:
            if len(chosen) > 1 or apply:
                raise InputInvalid("report stands alone", hint="workbench maintain report")
            _report(opened, as_json=as_json)
            return
        with upkeep_session(opened) as session:
            plan = planned_jobs(session, opened, settings.retention, now=now, tasks=chosen)
            if not apply:
                _tell_plan(plan, as_json=as_json)
                return
            done = []
            with _progress() as bars:
                for job in plan.jobs:
                    bar = bars.add_task(f"{job.task} {job.subject}", total=job.count_rows)
                    advance = lambda rows, bar=bar: bars.advance(bar, rows)  # noqa: E731
                    done.append((job, run_job(session, job, advance=advance)))
                    bars.remove_task(bar)
        _tell_done(done, plan, as_json=as_json)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _tell_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        _print_json({"jobs": [_facts(job) for job in plan.jobs], "notes": plan.notes})
        return
    rows = [[job.task, job.subject, _number(job.count_rows), job.told] for job in plan.jobs]
    _print_table(["task", "of", "rows", "would"], rows)
    _print_notes(plan)
    print("nothing was changed: workbench maintain --apply does it" if rows else "nothing to do")


def _tell_done(done: list[tuple[Job, Outcome]], plan: Plan, *, as_json: bool) -> None:
    if as_json:
        found = [_facts(job) | asdict(outcome) for job, outcome in done]
        _print_json({"jobs": found, "notes": plan.notes})
        return
    rows = [
        [
            job.task,
            job.subject,
            each.status,
            _number(each.count_rows),
            f"{each.seconds:.1f}",
            each.told,
        ]
        for job, each in done
    ]
    _print_table(["task", "of", "", "rows", "seconds", "what"], rows)
    _print_notes(plan)
    if not rows:
        print("nothing to do")


def _facts(job: Job) -> dict[str, Any]:
    return {
        "task": job.task,
        "subject": job.subject,
        "told": job.told,
        "count_rows": job.count_rows,
    }


def _report(opened: Database, *, as_json: bool) -> None:
    sizes = read_frame(opened, "reads/maintain/relation_sizes")
    indexes = read_frame(opened, "reads/maintain/index_use")
    slow = slow_queries(opened)
    if as_json:
        found = {"tables": sizes, "indexes": indexes, "statements": slow.rows}
        told = {name: json.loads(rows.to_json(orient="records")) for name, rows in found.items()}
        _print_json(told | {"notes": [slow.missing] if slow.missing else []})
        return
    total = int((sizes.table_bytes + sizes.index_bytes).sum())
    print(f"{opened.label}, {opened.edition.value}: {_size(total)} in {len(sizes)} tables")
    _print_table(
        ["table", "rows", "chunks", "data", "indexes", "dead", "empty"],
        [
            [
                f"{row.schema_name}.{row.table_name}",
                _number(row.count_rows),
                str(row.count_chunks or ""),
                _size(row.table_bytes),
                _size(row.index_bytes),
                _share(row.dead_rate),
                _size(row.bloat_bytes),
            ]
            for row in _rows(sizes.head(_LARGEST))
        ],
    )
    largest = indexes.sort_values("bytes", ascending=False).head(_LARGEST)
    _print_table(
        ["index", "of", "size", "reads"],
        [
            [
                row.index_name,
                f"{row.schema_name}.{row.table_name}",
                _size(row.bytes),
                _number(row.count_scans),
            ]
            for row in _rows(largest)
        ],
    )
    if slow.missing:
        print(f"slow statements: {slow.missing}")
        return
    _print_table(
        ["seconds", "calls", "mean ms", "statement"],
        [
            [
                f"{row.total_seconds:.1f}",
                _number(row.calls),
                f"{row.mean_milliseconds:.1f}",
                row.query,
            ]
            for row in _rows(slow.rows)
        ],
    )


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    return iter(frame.itertuples())


def _print_table(headings: list[str], rows: list[list[str]]) -> None:
    if not rows:
        return
    table = Table()
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _print_notes(plan: Plan) -> None:
    for note in plan.notes:
        print(f"note: {note}")


def _print_json(found: dict[str, Any]) -> None:
    print(json.dumps(found, indent=2))


def _number(count: float | None) -> str:
    return "" if count is None or count != count else f"{int(count):,}"


def _share(rate: float) -> str:
    return "" if rate != rate else f"{rate:.0%}"


def _size(count: float) -> str:
    if count != count:
        return ""
    for unit in ("B", "kB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"
