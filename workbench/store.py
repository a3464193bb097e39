"""Frames to database: what notebooks write."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd
from IPython.display import display

from workbench.db import insert_frame, statement
from workbench.load import Account, current_database

__all__ = [
    "RESULT_TYPE",
    "store_forecast",
    "store_holidays",
    "store_result",
]

# media type of the output in which a notebook leaves its result
RESULT_TYPE = "application/vnd.workbench.result+json"


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
    *,
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    dropped: pd.DataFrame,
    unit: str,
    parameters: dict[str, Any],
) -> str:
    """Register a forecast with its scores, in one transaction; returns its id.

    A forecast is known by what it says: the same one again adds no row.

    Args:
        account: whose series.
        predictions: one row per (unique_id, model, ds), as ``forecast.forecast`` returns.
        scores: one row per (unique_id, model).
        dropped: one row per (unique_id, model) that failed, with its reason.
        unit: ISO 4217 currency of a money series, else the thing counted.
        parameters: what the forecast was asked with, to repeat it.
    """
    champions = predictions[predictions.is_champion]
    series = champions.groupby("unique_id", as_index=False).agg(
        champion=("model", "first"), cutoff=("cutoff", "first"), horizon_days=("step", "max")
    )
    reasons: dict[object, list[Any]] = {
        uid: some[["model", "reason"]].to_dict("records")
        for uid, some in dropped.groupby("unique_id")
    }
    forecast_id = _digest(account.account_id, unit, parameters, predictions)
    series = series.assign(
        account_id=account.account_id,
        unit=unit,
        parameters=pd.Series([parameters] * len(series), dtype="object"),
        dropped=pd.Series([reasons.get(uid, []) for uid in series.unique_id], dtype="object"),
    )
    known = {"account_id": account.account_id, "forecast_id": forecast_id}
    with current_database().connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement("writes/renew_forecast"), known)
        if cursor.rowcount:
            return forecast_id
        for table, frame in (
            ("model.forecast_model", series),
            ("model.forecast_prediction", predictions.drop(columns="cutoff")),
            ("model.model_performance", scores),
        ):
            insert_frame(cursor, table, frame.assign(forecast_id=forecast_id))
    return forecast_id


def _digest(*parts: object) -> str:
    told = hashlib.sha256()
    for part in parts:
        text = part.to_csv(index=False) if isinstance(part, pd.DataFrame) else repr(part)
        told.update(text.encode())
    return told.hexdigest()[:16]


def store_result(result: dict[str, Any]) -> None:
    """Leave what a notebook found in its last cell, where the run that executes it picks it up.

    Args:
        result: names and JSON values; a number that is not known is None, never NaN.
    """
    # a reader sees nothing of it
    display({RESULT_TYPE: result, "text/html": ""}, raw=True)  # type: ignore[no-untyped-call]
