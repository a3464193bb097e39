"""workbench status: how fresh each stream of each account is, and what is left of its budgets."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from workbench.cli.caches import show_cache
from workbench.cli.data import JSON, ready_database
from workbench.db import Database, read_frame
from workbench.errors import AccountMissing
from workbench.settings import read_settings

__all__ = ["status"]

_WIDTH = 112  # of the table of streams


def status(
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="This account only; all where none is named.")
    ] = None,
    cache: Annotated[
        bool, typer.Option("--cache", help="Where the results of the last 30 days came from.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Show up to when each stream is complete, how its last reading went, and what is left to read.

    It asks the database only. SQL users find the same in ops.stream_freshness and ops.budget_left,
    and of --cache in ops.cache_hit_rate.

    Example: workbench status --json
    """
    if cache:
        show_cache(as_json=as_json)
        return
    with ready_database(read_settings()) as opened:
        found = _accounts(opened, account)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    if not found:
        print("nothing was synced yet: workbench sync, or workbench demo")
    for each in found:
        _print_account(each)


def _accounts(opened: Database, account: str | None) -> list[dict[str, Any]]:
    """What is known of each account, or of one.

    Raises:
        AccountMissing: there is no account of that id.
    """
    accounts = read_frame(opened, "reads/accounts")
    if account is not None and account not in set(accounts.account_id):
        raise AccountMissing(
            f"account {account} is not in the database",
            hint="workbench status, without --account, lists those that are",
        )
    return [
        {
            "account_id": row.account_id,
            "name": row["name"],
            "is_simulated": bool(row.is_simulated),
            "last_sync": next(iter(_read(opened, "last_sync", row.account_id)), None),
            "streams": _read(opened, "stream_freshness", row.account_id),
            "budgets": _read(opened, "budget_left", row.account_id),
        }
        for _, row in accounts.iterrows()
        if account is None or row.account_id == account
    ]


def _read(opened: Database, name: str, account_id: str) -> list[dict[str, Any]]:
    """Rows of a statement as JSON knows them: instants as text, and what is not known as None."""
    frame = read_frame(opened, f"reads/sync/{name}", {"account_id": account_id})
    return [
        {str(column): _plain(value) for column, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _print_account(found: dict[str, Any]) -> None:
    simulated = " (simulated)" if found["is_simulated"] else ""
    title = f"{found['account_id']} {found['name']}"
    # a name cut short cannot be typed: rather wider than a narrow terminal
    console = Console(width=max(Console().width, _WIDTH))
    console.print(_streams(found["streams"], title=title))
    last = found["last_sync"]
    if last is not None:
        told = f": {last['error']}" if last["error"] else ""
        print(f"last sync {last['status']}, up to {_minute(last['as_of'])} UTC{simulated}{told}")
    for stream in found["streams"]:
        if stream["last_reason"]:
            print(f"{stream['last_status']}: {stream['stream']}: {stream['last_reason']}")
        if stream["proven_at"]:
            print(
                f"{stream['stream']} compared with Klaviyo's counts {_minute(stream['proven_at'])}"
                f" UTC: {stream['days_differing']:,} metric-days differ"
            )
        if stream["longest_late_seconds"]:
            print(
                f"{stream['stream']} were seen up to {stream['longest_late_seconds'] / 86400:.1f}"
                " days late"
            )
    for budget in found["budgets"]:
        again = f", again {_minute(budget['refused_until'])} UTC" if budget["refused_until"] else ""
        print(
            f"{budget['endpoint']}: {budget['calls_left']} of {budget['allowed']} calls left{again}"
        )


def _streams(streams: list[dict[str, Any]], *, title: str) -> Table:
    table = Table(title=title)
    for heading in (
        "stream",
        "complete until",
        "last",
        "read",
        "new",
        "changed",
        "refused",
        "left",
    ):
        is_text = heading in {"stream", "complete until", "last"}
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    for each in streams:
        table.add_row(
            each["stream"],
            _minute(each["complete_until"]),
            each["last_status"],
            f"{each['rows_read']:,}",
            f"{each['rows_new']:,}",
            f"{each['rows_changed']:,}",
            "" if each["refused_rate"] is None else f"{each['refused_rate']:.1%}",
            f"{each['windows_left']:,}",
        )
    return table


def _minute(instant: str | None) -> str:
    return "" if instant is None else f"{pd.Timestamp(instant):%Y-%m-%d %H:%M}"
