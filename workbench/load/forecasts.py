"""Forecasts, as they were registered."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from workbench.db import read_frame
from workbench.load.accounts import Account, within
from workbench.load.current import current_database
from workbench.periods import DateRange

__all__ = [
    "load_forecast",
    "load_forecast_coverage",
    "load_forecast_performance",
    "load_forecast_scores",
]

_ALWAYS = DateRange(dt.date(1, 1, 1), dt.date.max)


def load_forecast(
    account: Account,
    unique_id: str,
    *,
    grain: str = "D",
    known_until: dt.date | None = None,
    made_before: dt.datetime | None = None,
    for_days: DateRange | None = None,
) -> pd.DataFrame:
    """One row per step ahead in the newest forecast of a series.

    What was forecast in March for June::

        load_forecast(account, "revenue", made_before=april, for_days=june)

    Args:
        account: whose series.
        unique_id: the series.
        grain: length of a step: h, D, W or MS.
        known_until: last day that the forecast may have known, for a look back; any when None.
        made_before: aware instant before which it was made; any when None.
        for_days: steps that begin on these days, of a forecast that has some; all when None.

    Returns:
        forecast_id, unique_id, model, champion, cutoff, made_at, unit, ds, starts_at, step, y_hat,
        and lo_50, hi_50 to lo_95, hi_95; no row when the series was never forecast. ds is the
        account day on which a step begins.
    """
    days = for_days or _ALWAYS
    wanted = {
        "account_id": account.account_id,
        "unique_id": unique_id,
        "grain": grain,
        "known_until": known_until or dt.date.max,
        "made_before": made_before or dt.datetime.max.replace(tzinfo=dt.UTC),
        "first": days.first,
        "last": days.last,
    }
    return read_frame(current_database(), "reads/latest_forecast", wanted)


def load_forecast_scores(account: Account, forecast_id: str, *, unique_id: str) -> pd.DataFrame:
    """One row per model of a forecast: its weight, and errors on rolling origins, best first."""
    wanted = _of_forecast(account, forecast_id, unique_id)
    return read_frame(current_database(), "reads/forecast_scores", wanted)


def load_forecast_coverage(account: Account, forecast_id: str, *, unique_id: str) -> pd.DataFrame:
    """One row per level of a forecast, in percent: the share of past values that it held."""
    wanted = _of_forecast(account, forecast_id, unique_id)
    return read_frame(current_database(), "reads/forecast_coverage", wanted)


def load_forecast_performance(account: Account, days: DateRange) -> pd.DataFrame:
    """How forecasts did on the steps of some days, beside the naive ones.

    Args:
        account: whose forecasts.
        days: account days; scores whose steps all lie within count.

    Returns:
        One row per (metric, unit, grain, step_from, model), sorted: count_series, count_forecasts,
        n (steps compared), mae, bias, mase, coverage_50 to coverage_95. ``model`` is "forecast" for
        what was stated; step_from as in model.model_performance. Empty before the first scoring.
    """
    return read_frame(current_database(), "reads/forecast_performance", within(account, days))


def _of_forecast(account: Account, forecast_id: str, unique_id: str) -> dict[str, str]:
    return {
        "account_id": account.account_id,
        "forecast_id": forecast_id,
        "unique_id": unique_id,
    }
