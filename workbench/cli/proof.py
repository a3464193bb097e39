"""workbench proof: what comparing our events with Klaviyo's own counts has shown."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from workbench.cli.data import JSON, ready_database
from workbench.db import Database, read_frame
from workbench.errors import DataMissing, InputInvalid
from workbench.load import Account, load_account, use_database
from workbench.settings import read_settings
from workbench.sync.windows.tail import MetricTail, metric_tails

__all__ = ["proof"]

_DAY = dt.timedelta(days=1)
_DAYS_SHOWN = 40
_NO_METRIC = "(no metric)"


def proof(
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="Of this account; the one synced last if none.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="From this UTC day on, such as 2026-01-31.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Up to this UTC day, and with it.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Of this metric only: its id or its name.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Show, metric by metric, on how many days our events equal Klaviyo's own counts.

    Below it stand the days that do not, with both counts and the reason. Every sync compares and
    reads again what differs; this command asks the database only. Counted is when both sides were
    last counted, latest how late its latest event was at most in the last 180 days, and tail how
    many days the metric needs each sync to read again.

    Example: workbench proof --since 2026-01-01 --metric "Placed Order"
    """
    first, last = _day(since, option="--since"), _day(until, option="--until")
    settings = read_settings()
    with ready_database(settings) as opened:
        use_database(opened)
        chosen = load_account(account or "")
        compared_at = read_frame(opened, "reads/sync/last_proof", {"account_id": chosen.account_id})
        if pd.isna(compared_at.as_of.iloc[0]):
            raise DataMissing(
                f"no sync of account {chosen.account_id} has compared its events yet",
                hint="workbench sync events, with a key that has events:read and metrics:read",
            )
        wanted = {
            "account_id": chosen.account_id,
            "metric": metric,
            "since": first,
            "until": last,
        }
        metrics = _metrics(opened, chosen, wanted, least=settings.reread_days)
        found = {
            "account_id": chosen.account_id,
            "compared_at": compared_at.as_of.iloc[0].isoformat(),
            "metrics": metrics,
            "not_equal": _not_equal(opened, wanted),
        }
    if not metrics:
        raise InputInvalid(
            "nothing was compared of that metric in that time",
            hint="workbench proof, without --metric, --since and --until, lists all there is",
        )
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _tell(found)


def _metrics(
    opened: Database, account: Account, wanted: dict[str, Any], *, least: int
) -> list[dict[str, Any]]:
    frame = read_frame(opened, "reads/sync/proof_by_metric", wanted)
    tails = metric_tails(opened, account.account_id, as_of=account.as_of)
    none = MetricTail(0, dt.timedelta(), 0)
    return [
        {
            "metric_id": row.metric_id,
            "name": row["name"],
            "days_proven": int(row.days_proven),
            "days_repaired": int(row.days_repaired),
            "days_explained": int(row.days_explained),
            "days_differing": int(row.days_differing),
            "proven_at": row.proven_at.isoformat(),
            # none was ever seen late: that is not known to be zero
            "largest_lateness_days": round(late.longest / _DAY, 2) if late.count_late else None,
            "tail_days": max(least, late.days),
        }
        for _, row in frame.iterrows()
        for late in [tails.get(row.metric_id, none)]
    ]


def _not_equal(opened: Database, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    frame = read_frame(opened, "reads/sync/proof_open", wanted)
    return [
        {
            "day": f"{row.day:%Y-%m-%d}",
            "metric_id": row.metric_id,
            "name": row["name"],
            "our_count": int(row.our_count),
            "their_count": None if pd.isna(row.their_count) else int(row.their_count),
            "our_values": row.our_values,
            "their_values": row.their_values,
            "status": row.status,
            "reason": row.reason,
        }
        for _, row in frame.iterrows()
    ]


def _tell(found: dict[str, Any]) -> None:
    at = dt.datetime.fromisoformat(found["compared_at"])
    title = f"Account {found['account_id']}, compared with Klaviyo up to {at:%Y-%m-%d %H:%M} UTC"
    Console().print(_metric_table(found["metrics"], title=title))
    days = found["not_equal"]
    if not days:
        print("every day of every metric shown is equal to Klaviyo's count")
    for each in days[:_DAYS_SHOWN]:
        print(_line(each))
    if (more := len(days) - _DAYS_SHOWN) > 0:
        print(f"and {more:,} days more: choose with --metric and --since, or take --json")


def _metric_table(metrics: list[dict[str, Any]], *, title: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("metric")
    for heading in ("proven", "repaired", "explained", "differ", "counted", "latest", "tail"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in metrics:
        late = each["largest_lateness_days"]
        counts = (each[f"days_{name}"] for name in ("proven", "repaired", "explained", "differing"))
        table.add_row(
            each["name"] or each["metric_id"] or _NO_METRIC,
            *(f"{count:,}" for count in counts),
            f"{dt.datetime.fromisoformat(each['proven_at']):%Y-%m-%d}",
            "none late" if late is None else f"{late:.1f} d",
            f"{each['tail_days']} d",
        )
    return table


def _line(day: dict[str, Any]) -> str:
    """A day that is not equal: both counts, and why."""
    name = day["name"] or day["metric_id"] or _NO_METRIC
    ours = _figures(day["our_count"], day["our_values"])
    theirs = _figures(day["their_count"], day["their_values"])
    told = f"{day['day']} {name}: ours {ours}, Klaviyo's {theirs}"
    return f"{told}; {day['status']}: {day['reason']}"


def _figures(count: int | None, values: dict[str, str] | None) -> str:
    """A count, and the sum of each currency."""
    if count is None:
        return "not known"
    sums = [f"{value} {currency}".rstrip() for currency, value in sorted((values or {}).items())]
    return f"{count:,} ({', '.join(sums)})" if sums else f"{count:,}"


def _day(text: str | None, *, option: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day such as 2026-01-31", param_hint=option
        ) from None
