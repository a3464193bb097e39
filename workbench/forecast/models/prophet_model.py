"""Prophet, kept quiet and deterministic."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.frames import regressors
from workbench.forecast.model import per_series

__all__ = ["prophet"]

_LOGGERS = ("cmdstanpy", "prophet", "prophet.plot")
_WEEKLY_ORDER = 3
# On NN5 (multiplicative, windows of 420 to 735 days) four pairs beat Prophet's ten and none at all.
_YEARLY_ORDER = 4
_YEAR = 365


@per_series
def prophet(
    history: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
) -> NDArray[np.float64]:
    """Piecewise linear trend, week, year, holidays and regressors, by Prophet.

    The year is fitted once a whole one has been seen. Effects multiply the trend where the series
    is never negative, and add to it otherwise. A holiday reaches one day before and one day after.

    Args:
        history: one row per day, sorted by ds; y in any unit; a column ``holiday`` holds the day's
            name or ""; further columns enter as regressors.
        future: one row per day ahead, same columns without y.
        season_length: unused; the week and the year come from the dates.
        seed: of the optimiser.

    Source: Taylor & Letham (2018), Forecasting at Scale, The American Statistician 72(1).
    """
    named = regressors(history)
    with _silent(_LOGGERS):
        from prophet import Prophet

        model = Prophet(
            weekly_seasonality=_WEEKLY_ORDER,
            yearly_seasonality=_YEARLY_ORDER if len(history) >= _YEAR else 0,
            daily_seasonality=0,
            holidays=_holidays(history, future),
            seasonality_mode="multiplicative" if history["y"].min() >= 0 else "additive",
            uncertainty_samples=0,  # every model gets its intervals from its own backtest
        )
        for column in named:
            model.add_regressor(column)
        model.fit(history[["ds", "y", *named]], seed=seed)
        return model.predict(future[["ds", *named]])["yhat"].to_numpy(dtype=float)


def _holidays(history: pd.DataFrame, future: pd.DataFrame) -> pd.DataFrame | None:
    if "holiday" not in history.columns:
        return None
    seen = set(history["holiday"]) - {""}  # a holiday never seen has no effect to learn
    if not seen:
        return None
    days = pd.concat([history[["ds", "holiday"]], future[["ds", "holiday"]]], ignore_index=True)
    return days[days["holiday"].isin(seen)].assign(lower_window=-1, upper_window=1)


@contextmanager
def _silent(names: tuple[str, ...]) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
