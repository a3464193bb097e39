"""workbench demo: the whole way, from a simulated account to a report, on one machine."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.analytics import count_text, figure_text, money_text
from workbench.cli.data import ready_database
from workbench.cli.shops import DAYS, PROFILES, SIZE, Size, shop_plan
from workbench.cli.summaries import print_summary
from workbench.cli.syncs import synced
from workbench.db import Database, read_frame
from workbench.errors import (
    DataMissing,
    InputInvalid,
    NotebookFailed,
    WorkbenchError,
)
from workbench.metrics import DEFINITIONS
from workbench.runs import Run, run_notebook
from workbench.settings import Settings, read_settings

__all__ = ["demo"]


def demo(
    orders: Annotated[
        Path | None, typer.Option(help="Replay these orders (UCI Online Retail, parquet or csv).")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated shop.")] = 1,
    size: SIZE = None,
    profiles: PROFILES = None,
    days: DAYS = None,
) -> None:
    """Sync a simulated account, aggregate, forecast, write the weekly report.

    Example: workbench demo --orders Online_Retail.parquet
    """
    if orders is not None and not orders.is_file():
        raise InputInvalid(f"{orders} is not a file", hint="pass a parquet or csv file of orders")
    began, settings = time.monotonic(), read_settings()
    plan = _plan_options(orders, size=size, seed=seed, profiles=profiles, days=days)
    with ready_database(settings) as database:
        before = _rows(database)
        with _sandbox(plan, settings) as (url, key):
            here = replace(settings, klaviyo_url=url)
            summary = synced(database, here, key=key)
        print_summary(summary)
        kept = _reported(database, settings, account_id=summary.account_id)
        _print_totals(kept.result)
        _print_orders(database, summary.account_id, currency=kept.result["currency"])
        added = _rows(database) - before
        print(f"{added:,} rows added" if added else "no row added: everything was there already")
        print(f"report: {kept.report_html}")
    print(f"{time.monotonic() - began:.0f} s; next: make dashboards, or make lab")


def _plan_options(
    orders: Path | None, *, size: Size | None, seed: int, profiles: int | None, days: int | None
) -> list[str]:
    """What the sandbox is told of the shop; a contradiction in it is refused."""
    plan = shop_plan(size=size, seed=seed, profiles=profiles, days=days, orders=orders)
    if orders is not None:
        return ["--seed", str(seed), "--orders", str(orders.resolve())]
    return ["--seed", str(seed), "--profiles", str(plan.profiles), "--days", str(plan.days)]


def _reported(database: Database, settings: Settings, *, account_id: str) -> Run:
    """Aggregate, forecast where the history is long enough for it, and write the report."""

    def run(name: str) -> Run:
        parameters = {"account": account_id}
        kept = run_notebook(name, parameters=parameters, database=database, settings=settings)
        print(f"{name} in {kept.seconds:.1f} s")
        return kept

    run("aggregate_daily_metrics")
    try:
        run("forecast_metric")
    except NotebookFailed as error:
        if error.raised != DataMissing.__name__:
            raise
        print(f"{error.message}; the report goes without a forecast")
    return run("report_weekly")


@contextmanager
def _sandbox(plan: list[str], settings: Settings) -> Iterator[tuple[str, str]]:
    """A sandbox server in a process of its own: its address and its key."""
    key = f"pk_sandbox_{secrets.token_hex(8)}"
    log = settings.data_dir / "sandbox.log"
    log.parent.mkdir(parents=True, exist_ok=True)  # not there yet beside a database of one's own
    with log.open("w", encoding="utf-8") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "workbench", "sandbox", "--port", "0", *plan],
            env=os.environ | {"WORKBENCH_SANDBOX_KEY": key},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()  # printed once it answers
        if " at http" not in line:
            raise WorkbenchError(f"the sandbox did not start: {_last_line(log)}", hint=f"see {log}")
        print(line.strip())
        yield line.split(" at ")[1].split()[0], key
    finally:
        server.terminate()
        server.wait()


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _rows(database: Database) -> int:
    """Rows of everything that was synced, computed from it, or forecast."""
    return int(read_frame(database, "reads/count_rows").iloc[0].count_rows)


def _print_totals(result: Mapping[str, Any]) -> None:
    """The key numbers that the report contains, read from the report."""
    units = {definition.metric: definition for definition in DEFINITIONS}
    print(f"week {result['first']} to {result['last']}:")
    for metric, value in result["key_numbers"].items():
        definition = units[metric]
        shown = figure_text(value, unit=definition.unit, currency=result["currency"])
        print(f"  {definition.label:<24}{shown:>16}")


def _print_orders(database: Database, account_id: str, *, currency: str) -> None:
    """All orders of the account, to be held against what the file or the shop holds."""
    row = read_frame(database, "reads/order_totals", {"account_id": account_id}).iloc[0]
    total = f"{count_text(row.orders)} orders, {money_text(row.revenue, currency)}"
    known = f"{count_text(row.known_orders)}, {money_text(row.known_revenue, currency)}"
    print(f"all time: {total}; of known customers {known}")
