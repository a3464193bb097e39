"""Exponential smoothing, fitted by statsmodels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import ModelFailed
from workbench.forecast.model import per_series

__all__ = ["ets"]

_TRENDS = (None, "add")  # none, and additive damped
_NOTHING_LEFT = 1e-20  # share of the variance


@per_series
def ets(
    history: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
) -> NDArray[np.float64]:
    """Exponential smoothing with a season, and a damped trend where AICc says it pays.

    A series that is never negative is smoothed as log(1 + y / mean), so that a season is a share of
    the level and a change of unit changes nothing else; a series with negative days as it is.

    Args:
        history: one row per day, sorted by ds; y in any unit.
        future: one row per day ahead; columns known in advance are not used.
        season_length: days in one season.
        seed: unused, nothing is random.

    Raises:
        ModelFailed: every value is 0, or neither form converged.

    Source: Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, models
    ETS(A,N,A) and ETS(A,Ad,A); the choice by AICc is their section 5.5.
    """
    y = history["y"].to_numpy(dtype=float)
    unit = np.abs(y).mean()
    if unit == 0:
        raise ModelFailed("every value is 0", hint="use seasonal_naive")
    z = np.log1p(y / unit) if y.min() >= 0 else y / unit
    fits = [_fit(z, trend, season_length) for trend in _TRENDS]
    # where nothing is left to explain, the likelihood has no top to be reached
    enough = _NOTHING_LEFT * len(z) * z.var()
    converged = [fit for fit in fits if fit.mle_retvals["converged"] or fit.sse <= enough]
    if not converged:
        raise ModelFailed("no form of ETS converged", hint="load more days")
    best = min(converged, key=lambda fit: fit.aicc)
    path: NDArray[np.float64] = np.asarray(best.forecast(len(future)), dtype=float)
    y_hat: NDArray[np.float64] = unit * (np.expm1(path) if y.min() >= 0 else path)
    return y_hat


def _fit(z: NDArray[np.float64], trend: str | None, season_length: int) -> Any:
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    model = ETSModel(
        z,
        error="add",
        trend=trend,
        damped_trend=trend is not None,
        seasonal="add" if season_length > 1 else None,
        seasonal_periods=season_length if season_length > 1 else None,
        initialization_method="heuristic",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # read from mle_retvals instead
        return model.fit(disp=False)
