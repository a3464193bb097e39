"""Seasonal ARIMA, fitted by statsmodels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import ModelFailed
from workbench.forecast.frames import regressors
from workbench.forecast.model import per_series

__all__ = ["arima"]

_ORDERS = ((0, 1, 1), (1, 0, 0), (1, 1, 1), (2, 1, 0))  # from step to step
_SEASONAL = ((0, 0, 0), (0, 1, 1))  # from season to season, where there is one
_CYCLES = 3  # of a season that have to be known for it to be looked for
_LONGEST = 24  # steps in a season: one of a year in weeks takes minutes a series
_LEAST = 20  # steps
_RECENT = 400  # steps that are fitted; older ones cost more than they tell
_STEPS = 50  # of the optimiser


@per_series
def arima(
    history: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
) -> NDArray[np.float64]:
    """The seasonal ARIMA with the smallest AICc of a small grid, on the last 400 steps.

    A series that is never negative is fitted as log(1 + y / mean). Columns known in advance enter
    as regressors. AICc is compared only between forms with the same differences, whose data are
    the same; between those, the one whose one-step errors were smallest is taken.

    Args:
        history: one row per step, sorted by ds; y in any unit; numeric columns known in advance.
        future: one row per step ahead, same columns without y.
        season_length: steps in one season; looked for up to 24 steps, with three seasons known.
        seed: unused, nothing is random.

    Raises:
        ModelFailed: fewer than 20 steps, every value is the same, or no form converged.

    Source: Box & Jenkins (1970), Time Series Analysis; Durbin & Koopman (2012), Time Series
    Analysis by State Space Methods; the choice is that of Hyndman & Athanasopoulos, Forecasting 3e,
    section 9.6.
    """
    y = history["y"].to_numpy(dtype=float)[-_RECENT:]
    if len(y) < _LEAST:
        raise ModelFailed(f"{len(y)} steps are known, {_LEAST} are needed", hint="load more steps")
    if np.ptp(y) == 0:
        raise ModelFailed("every value is the same", hint="use naive")
    unit = np.abs(y).mean()
    z = np.log1p(y / unit) if y.min() >= 0 else y / unit
    columns = [name for name in regressors(history) if history[name].iloc[-len(y) :].nunique() > 1]
    known = history[columns].to_numpy(dtype=float)[-len(y) :] if columns else None
    ahead = future[columns].to_numpy(dtype=float) if columns else None
    fit = _best(z, known=known, season=_season(season_length, steps=len(y)))
    path = np.asarray(fit.forecast(len(future), exog=ahead), dtype=float)
    y_hat: NDArray[np.float64] = unit * (np.expm1(path) if y.min() >= 0 else path)
    return y_hat


def _season(season_length: int, *, steps: int) -> int:
    """The steps of the season that is looked for; 1 for none."""
    possible = 1 < season_length <= _LONGEST and steps >= _CYCLES * season_length
    return season_length if possible else 1


def _best(z: NDArray[np.float64], *, known: NDArray[np.float64] | None, season: int) -> Any:
    best: dict[tuple[int, int], Any] = {}
    for order in _ORDERS:
        for seasonal in _SEASONAL if season > 1 else _SEASONAL[:1]:
            fit = _fit(z, known=known, order=order, seasonal=(*seasonal, season))
            alike = (order[1], seasonal[1])
            if fit is not None and (alike not in best or fit.aicc < best[alike].aicc):
                best[alike] = fit
    if not best:
        raise ModelFailed("no form of ARIMA converged", hint="load more steps, or use ets")
    late = 2 * max(season, 2)  # the first errors are those of a filter that has just begun
    return min(best.values(), key=lambda fit: float(np.abs(fit.resid[late:]).mean()))


def _fit(
    z: NDArray[np.float64],
    *,
    known: NDArray[np.float64] | None,
    order: tuple[int, int, int],
    seasonal: tuple[int, int, int, int],
) -> Any:
    """The fit; None where it did not converge."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # read from mle_retvals instead
        warnings.simplefilter("ignore", UserWarning)  # of starting values that are replaced
        model = SARIMAX(
            z,
            exog=known,
            order=order,
            seasonal_order=seasonal if seasonal[3] > 1 else (0, 0, 0, 0),
            trend="c" if order[1] + seasonal[1] == 0 else "n",
            concentrate_scale=True,  # one parameter less to search for: four times as fast
        )
        try:
            fit = model.fit(disp=False, maxiter=_STEPS)
        except np.linalg.LinAlgError:
            return None
    return fit if fit.mle_retvals["converged"] and np.isfinite(fit.aicc) else None
