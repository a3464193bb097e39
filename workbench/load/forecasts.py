"""Forecasts, as stored by the notebooks that make them."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from workbench.db import read_frame
from workbench.load.accounts import Account
from workbench.load.current import current_database

__all__ = ["load_forecast", "load_forecast_scores"]


def load_forecast(
    account: Account, unique_id: str, *, known_until: dt.date | None = None
) -> pd.DataFrame:
    """One row per day ahead in the newest forecast of a series, by its champion.

    Args:
        account: whose series.
        unique_id: the series.
        known_until: last day that the forecast may have known, for a look back; any when None.

    Returns:
        forecast_id, unique_id, model, cutoff, unit, ds, step, y_hat, lo_80, hi_80, lo_95, hi_95,
        is_champion; no row when the series was never forecast.
    """
    wanted = {
        "account_id": account.account_id,
        "unique_id": unique_id,
        "known_until": known_until or dt.date.max,
    }
    return read_frame(current_database(), "reads/latest_forecast", wanted)


def load_forecast_scores(account: Account, forecast_id: str, *, unique_id: str) -> pd.DataFrame:
    """One row per model of a forecast: errors on rolling origins, best first."""
    wanted = {
        "account_id": account.account_id,
        "forecast_id": forecast_id,
        "unique_id": unique_id,
    }
    return read_frame(current_database(), "reads/forecast_scores", wanted)
