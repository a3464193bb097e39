"""Frames to database: what notebooks write."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from workbench.db import insert_frame, statement
from workbench.forecast import ForecastResult
from workbench.forecast.panel_forecast import PanelForecast
from workbench.forecast.scores import naive_errors
from workbench.load import Account, current_database
from workbench.load.steps import last_days, step_starts

__all__ = [
    "RESULT_TYPE",
    "YARDSTICKS",
    "store_forecast",
    "store_holidays",
    "store_result",
]

# media type of the output in which a notebook leaves its result
RESULT_TYPE = "application/vnd.workbench.result+json"

# what forecasts are measured against: the first of these that is among the models
YARDSTICKS = ("seasonal_naive", "naive")
_COMPUTES = ("workbench", "numpy", "pandas", "scipy", "statsmodels", "prophet", "statsforecast")


def store_holidays(account: Account, calendar: pd.DataFrame) -> int:
    """Write the holidays of the account's country into its days; returns how many days have one.

    Args:
        account: whose days.
        calendar: one row per holiday: ds (date), holiday (name). Days not in it have none.
    """
    with current_database().connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            statement("writes/store_holidays"),
            {
                "account_id": account.account_id,
                "days": [day.date() for day in calendar.ds],
                "names": list(calendar.holiday),
            },
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def store_forecast(
    account: Account,
    result: ForecastResult,
    *,
    metric: str,
    unit: str,
    parameters: Mapping[str, Any],
    dimension: str = "",
    grain: str = "D",
) -> str:
    """Register a forecast with what it was made of, in one transaction; returns its id.

    Kept are the predictions of the combination, of each series' champion, and of seasonal_naive
    (by weeks, naive), which they are measured against later. A forecast is known by what it says:
    the same one again adds no row, and is the newest from then on.

    Args:
        account: whose series.
        result: of series of one metric; as ``forecast.forecast`` returns it.
        metric: what the series measure.
        unit: ISO 4217 currency of a money series, else the thing counted.
        parameters: what the forecast was asked with, to repeat it.
        dimension: what the metric is split by; a series that is called as the metric is the whole
            account all the same.
        grain: length of a step: h (hours of UTC), D, W or MS (days, weeks, months of the account).
    """
    predictions = _kept(result, account=account, grain=grain)
    asked = {"metric": metric, "dimension": dimension, "grain": grain, "unit": unit}
    forecast_id = _digest(account.account_id, asked, dict(parameters), predictions)
    series = _register(result, account=account, grain=grain).assign(**asked)
    series.loc[series["unique_id"] == metric, "dimension"] = ""
    series["parameters"] = pd.Series([dict(parameters)] * len(series), dtype="object")
    known = {"account_id": account.account_id, "forecast_id": forecast_id}
    with current_database().connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement("writes/forecast/confirm_forecast"), known)
        if cursor.rowcount:
            return forecast_id
        for table, frame in (
            ("model.forecast_model", series),
            ("model.forecast_prediction", predictions),
            ("model.backtest_score", _weighed_scores(result)),
            ("model.backtest_coverage", result.coverage),
        ):
            insert_frame(cursor, table, frame.assign(forecast_id=forecast_id))
    return forecast_id


def _kept(result: ForecastResult, *, account: Account, grain: str) -> pd.DataFrame:
    """Rows of model.forecast_prediction: the forecast, the champion, and the seasonal naive."""
    said = set(result.members["model"])
    yardstick = [name for name in YARDSTICKS if name in said][:1]
    others = [result.champions.assign(model=name) for name in yardstick]
    wanted = pd.concat([result.champions, *others], ignore_index=True).drop_duplicates()
    single = result.members.merge(wanted, on=["unique_id", "model"])
    rows = pd.concat([result.predictions, single], ignore_index=True)
    starts_at, days = step_starts(rows["ds"], grain=grain, timezone=account.timezone)
    return rows.drop(columns="cutoff").assign(ds=days, starts_at=starts_at)


def _register(result: ForecastResult, *, account: Account, grain: str) -> pd.DataFrame:
    """Rows of model.forecast_model, as far as the result tells them."""
    series = result.predictions.groupby("unique_id", as_index=False).agg(
        cutoff=("cutoff", "first"), horizon=("step", "max"), stated=("model", "first")
    )
    champions = result.champions.rename(columns={"model": "champion"})
    begun = pd.concat([_first_steps(one) for one in result.panels], ignore_index=True)
    series = series.merge(champions, on="unique_id").merge(begun, on="unique_id")
    reasons: dict[object, list[Any]] = {
        uid: some[["model", "reason"]].to_dict("records")
        for uid, some in result.dropped.groupby("unique_id")
    }
    _, first = step_starts(series.pop("first_step"), grain=grain, timezone=account.timezone)
    return series.assign(
        account_id=account.account_id,
        cutoff=last_days(series["cutoff"], grain=grain, timezone=account.timezone),
        history_from=first,
        dropped=pd.Series([reasons.get(uid, []) for uid in series.unique_id], dtype="object"),
        notes=pd.Series([list(result.notes)] * len(series), dtype="object"),
        packages=pd.Series([_versions()] * len(series), dtype="object"),
        data_as_of=account.as_of,
    )


def _first_steps(done: PanelForecast) -> pd.DataFrame:
    panel = done.tested.panel
    first = panel.ds[panel.y.shape[1] - panel.lengths]
    usual = naive_errors(panel, origins=(0,))[:, 0]
    return pd.DataFrame({"unique_id": panel.ids, "first_step": first, "naive_error": usual})


def _weighed_scores(result: ForecastResult) -> pd.DataFrame:
    """Rows of model.backtest_score; a model that could not be tested has its weight only."""
    rows = result.weights.merge(result.scores, on=["unique_id", "model"], how="outer")
    return rows.assign(n=rows["n"].fillna(0).astype("int64"))


def _versions() -> dict[str, str]:
    """What computed a forecast; a package that is not installed cannot have."""
    found = {}
    for package in _COMPUTES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _digest(*parts: object) -> str:
    told = hashlib.sha256()
    for part in parts:
        if isinstance(part, pd.DataFrame):
            told.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
        else:
            told.update(repr(part).encode())
    return told.hexdigest()[:16]


def store_result(result: dict[str, Any]) -> None:
    """Leave what a notebook found in its last cell, where the run that executes it picks it up.

    Args:
        result: names and JSON values; a number that is not known is None, never NaN.
    """
    from IPython.display import display  # half a second, for whoever has no notebook

    # a reader sees nothing of it
    display({RESULT_TYPE: result, "text/html": ""}, raw=True)  # type: ignore[no-untyped-call]
