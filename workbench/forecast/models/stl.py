"""A season that changes slowly, taken away by loess; what remains goes on by itself."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import ModelFailed
from workbench.forecast.model import per_series

__all__ = ["stl_drift", "stl_ets"]

Floats = NDArray[np.float64]

_CYCLES = 2  # of a season that have to be known


@per_series
def stl_ets(
    history: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
) -> NDArray[np.float64]:
    """Season by loess, the rest by exponential smoothing with a damped trend.

    A series that is never negative is taken as log(1 + y / mean), and its outliers count less.

    Args:
        history: one row per step, sorted by ds; y in any unit.
        future: one row per step ahead; columns known in advance are not used.
        season_length: steps in one season.
        seed: unused, nothing is random.

    Raises:
        ModelFailed: there is no season, fewer than two of them are known, every value is the same,
            or the smoothing did not converge.

    Source: Cleveland, Cleveland, McRae & Terpenning (1990), STL; Hyndman & Athanasopoulos,
    Forecasting 3e, section 5.7.
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    options = {"trend": "add", "damped_trend": True, "initialization_method": "heuristic"}
    return _continued(
        history, h=len(future), season_length=season_length, rest=ETSModel, options=options
    )


@per_series
def stl_drift(
    history: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
) -> NDArray[np.float64]:
    """Season by loess, the rest along the line through its first and its last value.

    Args, Raises and Source are those of ``stl_ets``.
    """
    return _continued(history, h=len(future), season_length=season_length, rest=_Line, options={})


class _Line:
    """The line through the first and the last value, as statsmodels asks for a model."""

    def __init__(self, z: Floats) -> None:
        self.z = z

    def fit(self, **_: Any) -> _Line:
        return self

    def forecast(self, steps: int) -> Floats:
        slope = (self.z[-1] - self.z[0]) / (len(self.z) - 1)
        path: Floats = self.z[-1] + slope * np.arange(1, steps + 1)
        return path


def _continued(
    history: pd.DataFrame, *, h: int, season_length: int, rest: Any, options: dict[str, Any]
) -> Floats:
    y = history["y"].to_numpy(dtype=float)
    if season_length < 2:
        raise ModelFailed("there is no season to take away", hint="use ets or arima")
    if len(y) < (least := _CYCLES * season_length + 1):
        raise ModelFailed(f"{len(y)} steps are known, {least} are needed", hint="use naive")
    if np.ptp(y) == 0:
        raise ModelFailed("every value is the same", hint="use naive")
    unit = np.abs(y).mean()
    z = np.log1p(y / unit) if y.min() >= 0 else y / unit
    path = _path(z, h=h, season_length=season_length, rest=rest, options=options)
    y_hat: Floats = unit * (np.expm1(path) if y.min() >= 0 else path)
    return y_hat


def _path(z: Floats, *, h: int, season_length: int, rest: Any, options: dict[str, Any]) -> Floats:
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.forecasting.stl import STLForecast

    model = STLForecast(z, rest, model_kwargs=options, period=season_length, robust=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # read from mle_retvals instead
        fit = model.fit(fit_kwargs={"disp": False})
    # a line searches for nothing
    if not getattr(fit.model_result, "mle_retvals", {"converged": True})["converged"]:
        raise ModelFailed("what STL leaves could not be fitted", hint="use seasonal_naive")
    path: Floats = np.asarray(fit.forecast(h), dtype=float)
    return path
