"""Series that move like a random walk: nothing is known to beat their last value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.origins import Backtest
from workbench.forecast.panel import Panel

__all__ = ["naive_parts", "random_walks"]

Floats = NDArray[np.float64]

# What the models seem to gain on a walk is luck, so part of their weight goes back. Over 1,800
# walks the error above naive's fell from 1.3 % to 0.4 %; on rolling origins inside the training
# parts M4 Weekly moved by 0.1 %, NN5 and US births not at all. A level that reverts very slowly
# looks like a walk and loses: 2 % with an autocorrelation of 0.97 from day to day, none with 0.9.
_PART = 0.7
_SURE = 2.0  # standard errors of an advantage that is no luck
_UNIT_ROOT = -2.86  # Dickey-Fuller's t with a constant, at 5 %
_LIMIT = 0.05  # significance of an autocorrelation of the changes
_LEAST = 50  # steps without which nothing can be told


def naive_parts(tested: Backtest, *, past: Floats) -> Floats:
    """(n,) the part of the combination that goes to the naive forecast: 0 but for random walks.

    Also 0 where the combination beat the naive forecast at the origins by two standard errors: it
    may know something in advance.

    Args:
        tested: the backtest.
        past: (n, k, h) what the combination would have said at its origins.
    """
    if "naive" not in tested.models:
        return np.zeros(len(past))
    naive = tested.y_hat[:, tested.models.index("naive")]
    gain = (np.abs(naive - tested.y) - np.abs(past - tested.y)).mean(axis=2)
    known = np.isfinite(gain)
    count = known.sum(axis=1)
    mean = np.where(known, gain, 0.0).sum(axis=1) / np.maximum(count, 1)
    spread = np.where(known, gain - mean[:, None], 0.0)
    error = np.sqrt((spread**2).sum(axis=1) / np.maximum(count * (count - 1), 1))
    lucky = (count >= 2) & (mean < _SURE * error)
    return np.where(lucky & random_walks(tested.panel), _PART, 0.0)


def random_walks(panel: Panel) -> NDArray[np.bool_]:
    """(n,) the series whose changes show neither a direction nor a memory, nor a way back.

    A mean change within two standard errors of 0; no autocorrelation at the first steps and around
    a season; no return to a level.

    Source: Dickey & Fuller (1979), Distribution of the estimators for autoregressive time series
    with a unit root; Ljung & Box (1978), On a measure of lack of fit in time series models.
    """
    change = np.diff(panel.y, axis=1)
    known = np.isfinite(change)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, change, 0.0).sum(axis=1) / count
    centred = np.where(known, change - mean[:, None], 0.0)
    variance = (centred**2).sum(axis=1)
    moves = (panel.lengths >= _LEAST) & (variance > 0)
    aimless = mean**2 * count * np.maximum(count - 1, 1) < 4 * variance
    walks: NDArray[np.bool_] = (
        moves
        & aimless
        & (_returns(panel.y[:, :-1], change=centred, known=known) > _UNIT_ROOT)
        & (_memory(centred, count=count, season=panel.season_length) > _LIMIT)
    )
    return walks


def _returns(before: Floats, *, change: Floats, known: NDArray[np.bool_]) -> Floats:
    """(n,) the t value of the regression of a change on the level before it."""
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, before, 0.0).sum(axis=1) / count
    level = np.where(known, before - mean[:, None], 0.0)
    size = (level**2).sum(axis=1)
    size = np.where(size > 0, size, 1.0)
    slope = (level * change).sum(axis=1) / size
    rest = ((change - slope[:, None] * level) ** 2).sum(axis=1)
    error = np.sqrt(rest / np.maximum(count - 2, 1) / size)
    t: Floats = np.divide(slope, error, out=np.full(len(slope), -np.inf), where=error > 0)
    return t


def _memory(change: Floats, *, count: NDArray[np.int64], season: int) -> Floats:
    """(n,) how likely autocorrelations like these are where there are none."""
    from scipy.special import chdtrc  # takes long to import, see models/recursion.py

    lags = sorted({1, 2, 3} | ({season - 1, season, season + 1} if season > 1 else set()))
    variance = np.where((change**2).sum(axis=1) > 0, (change**2).sum(axis=1), 1.0)
    total, used = np.zeros(len(change)), np.zeros(len(change))
    for lag in (lag for lag in lags if 0 < lag < change.shape[1]):
        r = (change[:, lag:] * change[:, :-lag]).sum(axis=1) / variance
        told = count > 2 * lag
        total += np.where(told, r**2 / np.maximum(count - lag, 1), 0.0)
        used += told
    return np.asarray(chdtrc(np.maximum(used, 1), count * (count + 2) * total))
