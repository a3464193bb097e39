"""workbench forecast: forecast metrics of accounts, register them, and see what became of them."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from workbench.analytics import money_text, rate_text
from workbench.cli.data import JSON, ready_database
from workbench.errors import AccountMissing, InputInvalid
from workbench.executor import Workers
from workbench.load import Account, load_account, load_accounts, use_database
from workbench.outlooks import Asked, Outlook, Scored, make_outlooks, score_outlooks
from workbench.periods import parse_day
from workbench.settings import read_settings

__all__ = ["forecast"]

_SHOWN = 20  # series of a metric in the table; --json has them all
_WIDTH = 112  # of the table


class Grain(StrEnum):
    """Length of a step."""

    hour = "h"
    day = "D"
    week = "W"
    month = "MS"


class Dimension(StrEnum):
    """What a metric is split by."""

    channel = "channel"
    source = "source"
    flow = "flow"
    campaign = "campaign"


def forecast(
    metric: Annotated[
        list[str] | None,
        typer.Argument(help="revenue, orders, clicks, ..., or a metric of Klaviyo by name or id."),
    ] = None,
    account: Annotated[
        str, typer.Option(metavar="ID", help="This account; the one synced last if none is named.")
    ] = "",
    all_accounts: Annotated[bool, typer.Option("--all-accounts", help="Every account.")] = False,
    grain: Annotated[
        Grain, typer.Option(help="Length of a step: hour (of UTC), day, week or month.")
    ] = Grain.day,
    horizon: Annotated[int, typer.Option(min=1, help="Steps ahead.")] = 56,
    by: Annotated[
        Dimension | None, typer.Option(help="One series for each of these, not one in all.")
    ] = None,
    as_of: Annotated[
        str, typer.Option(metavar="DAY", help="Last day that is known, as 2026-03-31.")
    ] = "",
    history_days: Annotated[int, typer.Option(min=2, help="Of history used, at most.")] = 1096,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same forecast.")] = 1,
    processes: Annotated[
        int, typer.Option(min=1, help="That compute; Dask's where a scheduler is set.")
    ] = 2,
    score: Annotated[
        bool, typer.Option("--score", help="Hold earlier forecasts against what happened instead.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Forecast metrics of accounts and register what was said; revenue where none is named.

    With --score, forecasts made earlier are held against what happened since: their errors go to
    model.model_performance, and where they have become worse than promised, an alert is raised.

    MASE is the error in the backtest, beside that of the (seasonal) naive forecast: below 1 is
    better than repeating the last season was. "held" is the share of past values that the 80 %
    interval held.

    Where WORKBENCH_DASK_SCHEDULER names a Dask scheduler, its workers compute instead of processes
    of this machine; the forecasts are the same.

    Example: workbench forecast revenue orders --by channel --horizon 28
    """
    settings = read_settings()
    asked = Asked(
        horizon=horizon,
        grain=grain.value,
        dimension=by.value if by else "",
        as_of=parse_day(as_of) if as_of else None,
        history_days=history_days,
        seed=seed,
    )
    if score and metric:
        raise InputInvalid("--score scores every forecast", hint="leave the metrics out")
    with ready_database(settings) as opened:
        use_database(opened)
        accounts = _accounts(account, every=all_accounts)
        if score:
            _show_scores([score_outlooks(each) for each in accounts], as_json=as_json)
            return
        made = make_outlooks(
            accounts,
            metric or ["revenue"],
            asked=asked,
            workers=Workers(processes, scheduler=settings.dask_scheduler),
        )
    _show(made, asked=asked, as_json=as_json)
    if not any(outlook.forecast_id for outlook in made):
        raise typer.Exit(1)


def _accounts(account_id: str, *, every: bool) -> list[Account]:
    if every and account_id:
        raise InputInvalid("--account and --all-accounts contradict each other", hint="pass one")
    if not every:
        return [load_account(account_id)]
    accounts = load_accounts()
    found = [load_account(each) for each in accounts[accounts.as_of.notna()].account_id]
    if not found:
        raise AccountMissing("no account is synced", hint="workbench sync, or workbench demo")
    return found


def _show(made: list[Outlook], *, asked: Asked, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_plain(outlook) for outlook in made], indent=2))
        return
    for outlook in made:
        title = f"{outlook.account_id} {outlook.metric}"
        if outlook.reason:
            print(f"{title}: not forecast: {outlook.reason}")
            continue
        _print_table(outlook, title=f"{title}, next {asked.horizon} ({asked.grain})")


def _print_table(outlook: Outlook, *, title: str) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("series", overflow="fold")
    table.add_column("expected", justify="right")
    table.add_column("80 % from", justify="right")
    table.add_column("to", justify="right")
    table.add_column("champion")
    table.add_column("MASE", justify="right")
    table.add_column("naive", justify="right")
    table.add_column("held", justify="right")
    most = outlook.series.sort_values("expected", ascending=False)
    for row in most.head(_SHOWN).to_dict("records"):
        table.add_row(
            str(row["unique_id"]),
            _amount(row["expected"], outlook.unit),
            _amount(row["lo_80"], outlook.unit),
            _amount(row["hi_80"], outlook.unit),
            str(row["champion"]),
            _score(row["mase"]),
            _score(row["naive_mase"]),
            rate_text(row["coverage_80"]),
        )
    console = Console()
    # names cut short cannot be typed: rather wider than a narrow terminal
    console.width = max(console.width, _WIDTH)
    console.print(table)
    for note in outlook.notes:
        print(f"note: {note}")
    if len(most) > _SHOWN:
        print(f"and {len(most) - _SHOWN:,} more series; all with --json")
    print(f"registered as {outlook.forecast_id}: {len(most):,} series")


def _amount(amount: float, unit: str) -> str:
    # currencies are written in capitals, what is counted is not
    if unit.isupper():
        return money_text(amount, unit)
    return "n/a" if math.isnan(amount) else f"{amount:,.0f}"


def _score(value: Any) -> str:
    return "n/a" if math.isnan(value) else f"{value:.2f}"


def _plain(outlook: Outlook) -> dict[str, Any]:
    found: dict[str, Any] = {
        "account_id": outlook.account_id,
        "metric": outlook.metric,
        "unit": outlook.unit,
        "forecast_id": outlook.forecast_id or None,
        "reason": outlook.reason or None,
        "notes": list(outlook.notes),
    }
    text = outlook.series.to_json(orient="records", date_format="iso", date_unit="s")
    return found | {"series": json.loads(text) if len(outlook.series) else []}


def _show_scores(scored: list[Scored], *, as_json: bool) -> None:
    if as_json:
        found = [
            {
                "account_id": each.account_id,
                "actuals": each.actuals,
                "scores": each.scores,
                "drifting": json.loads(each.drifting.to_json(orient="records")),
                "unread": each.unread,
            }
            for each in scored
        ]
        print(json.dumps(found, indent=2))
        return
    for each in scored:
        print(
            f"{each.account_id}: {each.actuals:,} steps are over that were not known,"
            f" {each.scores:,} scores written"
        )
        for row in each.drifting.itertuples():
            print(f"  alert: {row.unique_id} ({row.grain}): {row.reason}")
        for metric, reason in each.unread.items():
            print(f"  not scored: {metric}: {reason}")
