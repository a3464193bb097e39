"""workbench refresh: the facts written anew, where syncs touched them or all of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from workbench.cli.data import JSON, ready_database
from workbench.load import Account, load_account, load_accounts, use_database
from workbench.refresh import FACTS, RefreshSummary, rebuild_facts, refresh_facts
from workbench.settings import read_settings

__all__ = ["refresh", "refresh_bar"]


def refresh(
    full: Annotated[
        bool, typer.Option("--full", help="Every fact anew, not only what syncs touched.")
    ] = False,
    account: Annotated[
        str, typer.Option(metavar="ID", help="This account only; all where none is named.")
    ] = "",
    as_json: JSON = False,
) -> None:
    """Write the facts anew that syncs touched; a sync does so at its end.

    With --full, every fact is made anew from what was synced, one transaction an account: until
    it ends, readers see the facts as they were. The rows are the same, but for what went wrong.

    Example: workbench refresh --full
    """
    with ready_database(read_settings()) as opened:
        use_database(opened)
        found = [_refreshed(each, full=full) for each in _accounts(account)]
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for each in found:
        rows = each["rows"]
        print(f"{each['account_id']}: {sum(rows.values()):,} rows in {each['seconds']:.1f} s")
        for table, count in rows.items():
            print(f"  mart.{table:<24}{count:>12,}")
    if not found:
        print("nothing was synced yet: workbench sync, or workbench demo")


def _accounts(account_id: str) -> list[Account]:
    """The account named, else all whose first sync has finished."""
    if account_id:
        return [load_account(account_id)]
    accounts = load_accounts()
    return [load_account(each) for each in accounts[accounts.as_of.notna()].account_id]


def _refreshed(account: Account, *, full: bool) -> dict[str, Any]:
    began = time.monotonic()
    with refresh_bar(account) as told:
        make = rebuild_facts if full else refresh_facts
        summary: RefreshSummary = make(account, told=told)
    return {
        "account_id": account.account_id,
        "rows": dict(summary.rows),
        "seconds": round(time.monotonic() - began, 3),
    }


@contextmanager
def refresh_bar(account: Account) -> Iterator[Callable[[str], None]]:
    """A bar that moves on with each fact; nothing where the output is piped."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(f"{account.account_id} facts", total=len(FACTS))

        def told(table: str) -> None:
            bars.update(task, advance=1, description=f"{account.account_id} mart.{table}")

        yield told
