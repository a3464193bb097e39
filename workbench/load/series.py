"""Series to be forecast: any measure or metric, whole or split, at any grain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from workbench.db import read_frame
from workbench.errors import DataMissing, InputInvalid
from workbench.load.accounts import Account, within
from workbench.load.current import current_database
from workbench.load.missing import require_revenue
from workbench.load.steps import last_days, whole_steps
from workbench.periods import DateRange

__all__ = [
    "DIMENSIONS",
    "SERIES_MEASURES",
    "Series",
    "load_series",
    "load_series_of_accounts",
]

_ORDERS = ("", "channel", "source", "flow", "campaign")
_MESSAGES = ("", "channel", "source")
DIMENSIONS = _ORDERS

# measure -> its unit (money is the account's currency), and what it can be split by
SERIES_MEASURES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "revenue": ("money", _ORDERS),
        "orders": ("orders", _ORDERS),
        "attributed_revenue": ("money", _ORDERS),
        "received": ("messages", _MESSAGES),
        "opens": ("opens", _MESSAGES),
        "human_opens": ("opens", _MESSAGES),
        "clicks": ("clicks", _MESSAGES),
        "human_clicks": ("clicks", _MESSAGES),
        "bounces": ("bounces", _MESSAGES),
        "unsubscribes": ("unsubscribes", _MESSAGES),
        "spam_complaints": ("complaints", _MESSAGES),
    }
)
_MONEY = tuple(name for name, (unit, _) in SERIES_MEASURES.items() if unit == "money")
_OF_ORDERS = ("revenue", "orders", "attributed_revenue")
# grain -> as pandas writes it, and what a step is called
_STEPS = {"h": ("h", "hour"), "D": ("D", "day"), "W": ("W-MON", "week"), "MS": ("MS", "month")}


@dataclass(frozen=True, slots=True)
class Series:
    """What a metric did.

    Attributes:
        metric: the measure, or the name of a metric of Klaviyo.
        dimension: what it is split by; empty for the whole account.
        grain: length of a step.
        unit: ISO 4217 currency of money, else the thing counted.
        rows: one row per (unique_id, ds), sorted: ``unique_id ds y``, every step from a series'
            first that is not 0 to the last whole one, so fit to be forecast. unique_id is the
            metric, or metric/dimension/member; a member none is what belongs to no other.
    """

    metric: str
    dimension: str
    grain: str
    unit: str
    rows: pd.DataFrame

    @property
    def step(self) -> str:
        """What a step is called."""
        return _STEPS[self.grain][1]

    @property
    def title(self) -> str:
        """What a step of the series measures, such as "Revenue per day"."""
        name = self.metric.replace("_", " ")
        return f"{name[:1].upper()}{name[1:]} per {self.step}"

    @property
    def currency(self) -> str | None:
        """Of money; None of what is counted."""
        return self.unit if self.metric in _MONEY else None


def load_series(
    account: Account, metric: str, days: DateRange, *, dimension: str = "", grain: str = "D"
) -> Series:
    """A metric that adds up over time, step by step.

    Args:
        account: whose.
        metric: one of ``SERIES_MEASURES``, else the name or id of a metric of Klaviyo, whose
            events are counted. Money is in the account's currency; orders in others are left out.
        days: account days that may be used; weeks and months only if they are whole.
        dimension: channel or source, of orders also flow or campaign; empty for the whole account.
        grain: h (hours of UTC, of the whole account only), D, W (weeks from Monday) or MS.

    Raises:
        InputInvalid: there is no such metric, or it cannot be split so.
        DataMissing: nothing of it was counted on these days.
    """
    if grain not in _STEPS:
        raise InputInvalid(f"grain is {grain!r}", hint="pass h, D, W or MS")
    column, unit, counted = _counted(
        account, metric, _known(account, days), dimension=dimension, grain=grain
    )
    counted = counted.rename(columns={column: "y"}).astype({"y": float})
    counted = counted[counted.y.ne(0)]
    if counted.empty:
        if metric in _OF_ORDERS:
            require_revenue(account)
        raise DataMissing(
            f"account {account.account_id} has no {metric} from {days.first} to {days.last}",
            hint="workbench status shows what was synced",
        )
    name = metric if column != "events" else str(counted.pop("name").iloc[0])
    parts = f"{name}/{dimension}/" if dimension else name
    rows = counted.assign(unique_id=parts + counted["member"])[["unique_id", "ds", "y"]]
    rows = _filled(rows, account=account, days=_known(account, days), grain=grain)
    return Series(
        metric=name,
        dimension=dimension,
        grain=grain,
        unit=account.currency if unit == "money" else unit,
        rows=rows,
    )


def load_series_of_accounts(
    accounts: Sequence[Account], metric: str, *, history_days: int, grain: str = "D"
) -> tuple[list[tuple[Account, Series]], dict[str, str]]:
    """A metric of several accounts, each up to its own last day and in its own currency.

    Args:
        accounts: whose.
        metric: as for ``load_series``.
        history_days: how many days, at most.
        grain: h, D, W or MS.

    Returns:
        The accounts that have it with their series, and why the others, by id, have none.

    Raises:
        InputInvalid: there is no such metric.
        DataMissing: no account has any of it.
    """
    found, missing = [], {}
    for account in accounts:
        first = account.last_day - dt.timedelta(days=history_days - 1)
        try:
            series = load_series(account, metric, DateRange(first, account.last_day), grain=grain)
        except DataMissing as error:
            missing[account.account_id] = error.message
            continue
        found.append((account, series))
    if not found:
        raise DataMissing(
            "; ".join(missing.values()) or "no account is synced",
            hint="workbench status shows what was synced",
        )
    return found, missing


def _known(account: Account, days: DateRange) -> DateRange:
    """Those of the days on which something could be counted.

    Raises:
        DataMissing: there is none.
    """
    first = days.first if account.first_day is None else max(days.first, account.first_day)
    last = min(days.last, account.last_day)
    if account.first_day is None or last < first:
        raise DataMissing(
            f"account {account.account_id} has no facts from {days.first} to {days.last}",
            hint="workbench sync, or other days",
        )
    return DateRange(first, last)


def _counted(
    account: Account, metric: str, days: DateRange, *, dimension: str, grain: str
) -> tuple[str, str, pd.DataFrame]:
    """The column that counts, its unit, and one row per (member, step) with something counted."""
    since, until = days.instants(account.timezone)
    wanted: dict[str, Any] = within(account, days)
    wanted |= {"dimension": dimension, "since": since, "until": until}
    unit, splits = SERIES_MEASURES.get(metric, ("events", ("",)))
    if dimension not in splits or (grain == "h" and dimension):
        can = ", ".join(split for split in splits if split and grain != "h") or "nothing"
        raise InputInvalid(
            f"{metric} by {'hours' if grain == 'h' else 'days'} cannot be split by {dimension!r}",
            hint=f"it can be split by: {can}",
        )
    if metric in SERIES_MEASURES:
        return metric, unit, _read(_statement(metric, dimension, grain), wanted)
    metric_id, name = _klaviyo_metric(account, metric)
    path = "metric_hours" if grain == "h" else "metric_days"
    return "events", unit, _read(path, wanted | {"metric_id": metric_id}).assign(name=name)


def _statement(measure: str, dimension: str, grain: str) -> str:
    if measure not in _OF_ORDERS:
        if grain == "h":
            raise InputInvalid(
                f"{measure} is not counted by hours", hint="name the metric of Klaviyo instead"
            )
        return "engagement_days"
    if grain == "h":
        return "revenue_hours"
    return "message_revenue_days" if dimension in ("flow", "campaign") else "revenue_days"


def _read(name: str, wanted: Mapping[str, Any]) -> pd.DataFrame:
    return read_frame(current_database(), f"reads/series/{name}", wanted)


def _klaviyo_metric(account: Account, named: str) -> tuple[str, str]:
    """Id of a metric, and the name of its series: its own where no other has it."""
    found = _read("metrics_named", {"account_id": account.account_id, "named": named})
    if found.empty:
        measures = ", ".join(SERIES_MEASURES)
        raise InputInvalid(
            f"account {account.account_id} has no metric {named!r}",
            hint=f"one of {measures}, or the name or id of a metric of Klaviyo",
        )
    if len(found) > 1:
        ids = ", ".join(f"{row.metric_id} ({row.integration_name})" for row in found.itertuples())
        raise InputInvalid(
            f"account {account.account_id} has {len(found)} metrics {named!r}",
            hint=f"pass the id of one: {ids}",
        )
    is_id = found.metric_id[0] == named
    return str(found.metric_id[0]), named if is_id else str(found["name"][0])


def _filled(rows: pd.DataFrame, *, account: Account, days: DateRange, grain: str) -> pd.DataFrame:
    """Every step of each series from its first to the last whole one, 0 where nothing is counted.

    Raises:
        DataMissing: no step is whole.
    """
    first, last = pd.Timestamp(days.first), pd.Timestamp(days.last)
    rows = whole_steps(rows, grain=grain, first=first, last=last) if grain != "h" else rows
    steps = _steps(account, days=days, grain=grain)
    if rows.empty or steps.empty:
        raise DataMissing(
            f"no whole step ({grain}) lies from {days.first} to {days.last}",
            hint="take more days, or a shorter grain",
        )
    wide = rows.pivot(index="unique_id", columns="ds", values="y").reindex(columns=steps)
    known = wide.notna().to_numpy().cumsum(axis=1) > 0
    row, column = np.nonzero(known)
    return pd.DataFrame(
        {
            "unique_id": wide.index.to_numpy(dtype=object)[row],
            "ds": steps[column],
            "y": np.nan_to_num(wide.to_numpy())[row, column],
        }
    )


def _steps(account: Account, *, days: DateRange, grain: str) -> pd.DatetimeIndex:
    """The starts of all whole steps of those days."""
    if grain == "h":
        since, until = (
            pd.Timestamp(instant).tz_convert("UTC").tz_localize(None)
            for instant in days.instants(account.timezone)
        )
        steps = pd.date_range(since.ceil("h"), until.floor("h"), freq="h", inclusive="left")
    else:
        steps = pd.date_range(days.first, days.last, freq=_STEPS[grain][0])
        ends = last_days(steps.to_series(), grain=grain, timezone=account.timezone)
        steps = steps[(ends <= pd.Timestamp(days.last)).to_numpy()]
    return pd.DatetimeIndex(steps.astype("datetime64[ns]"), name="ds")
