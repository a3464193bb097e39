"""What became of forecasts made earlier, and an alert where they have become worse."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.db import copy_frame, read_frame, staging_table, statement
from workbench.errors import DataMissing
from workbench.forecast.drift import DRIFT_STEPS, drift
from workbench.load import Account, current_database, load_series
from workbench.load.steps import step_starts
from workbench.periods import DateRange

__all__ = ["Scored", "score_outlooks"]

_ALERT = "forecast_drift"


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scoring of an account's forecasts found.

    Attributes:
        actuals: steps of which the facts said something new.
        scores: rows of model.model_performance that were written.
        drifting: one row per series whose forecasts have become worse, see ``drift``.
        unread: metrics of forecasts of which nothing could be read, with the reason.
    """

    account_id: str
    actuals: int
    scores: int
    drifting: pd.DataFrame
    unread: dict[str, str]


def score_outlooks(account: Account) -> Scored:
    """Hold an account's forecasts against its facts, step by step as they are over.

    Errors and coverage go to model.model_performance by how far ahead the steps were. A series
    whose forecasts have become worse than their backtest has an alert in ops.alert until they are
    as good again.
    """
    known = {"account_id": account.account_id}
    forecast_series = read_frame(current_database(), "reads/forecast_series", known)
    parts, unread = _actuals(account, forecast_series)
    with current_database().connection() as connection, connection.cursor() as cursor:
        (since,) = cursor.execute("select clock_timestamp()").fetchone() or (None,)
        staged = staging_table(cursor, "model.actual")
        for part in parts:
            copy_frame(cursor, staged, part)
        new = cursor.execute(statement("writes/forecast/merge_actuals")).rowcount
        told = known | {"since": since}
        scores = cursor.execute(statement("writes/forecast/score_forecasts"), told).rowcount
    misses = read_frame(current_database(), "reads/forecast_misses", known | {"most": DRIFT_STEPS})
    judged = drift(misses)
    _tell(account, judged)
    drifting = judged[judged["is_drifting"].astype(bool)].reset_index(drop=True)
    return Scored(account.account_id, new, scores, drifting, unread)


def _actuals(
    account: Account, forecast_series: pd.DataFrame
) -> tuple[list[pd.DataFrame], dict[str, str]]:
    """Rows of model.actual for all that was forecast, and of which metrics nothing is known."""
    parts, unread = [], {}
    keys = ["metric", "dimension", "grain"]
    for key, series in forecast_series.groupby(keys, sort=True):
        metric, dimension, grain = (str(part) for part in key)
        # from the first day on: a series begins with its first count
        days = DateRange(account.first_day or account.last_day, account.last_day)
        try:
            rows = load_series(account, metric, days, dimension=dimension, grain=grain).rows
        except DataMissing as error:
            unread[metric] = error.message
            continue
        starts_at, ds = step_starts(rows["ds"], grain=grain, timezone=account.timezone)
        rows = rows.assign(starts_at=starts_at, ds=ds)
        rows = rows.merge(series[["unique_id", "first_at"]], on="unique_id")
        rows = rows[rows["starts_at"] >= rows.pop("first_at")]
        parts.append(rows.assign(account_id=account.account_id, grain=grain))
    return parts, unread


def _tell(account: Account, judged: pd.DataFrame) -> None:
    """Raise an alert for each series that drifts; resolve those of series that can be judged."""
    at = account.as_of
    with current_database().connection() as connection, connection.cursor() as cursor:
        for row in judged[judged["is_drifting"].astype(bool)].itertuples():
            cursor.execute(
                statement("writes/sync/raise_alert"), _alert(account.account_id, row, at=at)
            )
        fine = judged[~judged["is_drifting"].astype(bool) & judged["p_error"].notna()]
        cursor.execute(
            statement("writes/sync/resolve_alerts"),
            {
                "account_id": account.account_id,
                "kind": _ALERT,
                "subjects": [_subject(row) for row in fine.itertuples()],
                "at": at,
            },
        )


def _alert(account_id: str, row: Any, *, at: dt.datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "kind": _ALERT,
        "subject": _subject(row),
        "message": f"forecasts of {row.unique_id} ({row.grain}) have become worse: {row.reason}",
        "details": {
            "steps": int(row.n),
            "mae_ratio": round(row.mae_ratio, 3),
            "coverage_80": None if pd.isna(row.coverage_80) else round(row.coverage_80, 3),
        },
        "at": at,
    }


def _subject(row: Any) -> str:
    return f"{row.unique_id} {row.grain}"
