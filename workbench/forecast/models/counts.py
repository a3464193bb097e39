"""Models of demand that is mostly zero: sizes and intervals, or sums over longer buckets.

All say one level for every step ahead: the demand a step. A series that was negative before an
origin is no demand, and gets a reason there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.model import Said, floors, said_from
from workbench.forecast.models.recursion import recursion
from workbench.forecast.panel import Panel

__all__ = ["adida", "croston", "imapa", "sba", "tsb"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_ALPHA = 0.1  # Syntetos & Boylan (2005) tried 0.05 to 0.2
_ALPHAS = (0.1, 0.2, 0.3)  # of buckets, of which there are fewer


def croston(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """The smoothed size of a demand by the smoothed interval between two.

    Source: Croston (1972), Forecasting and stock control for intermittent demands.
    """
    return _demand(panel, origins=origins, rate=_croston)


def sba(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """Croston's forecast without its bias.

    Source: Syntetos & Boylan (2005), The accuracy of intermittent demand estimates, equation 5.
    """
    return _demand(
        panel, origins=origins, rate=lambda y, origins: (1 - _ALPHA / 2) * _croston(y, origins)
    )


def tsb(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """The smoothed size of a demand times the smoothed chance of one, which falls at every zero.

    Source: Teunter, Syntetos & Babai (2011), Intermittent demand: linking forecasting to inventory
    obsolescence, equations 3 and 4.
    """
    return _demand(panel, origins=origins, rate=_tsb)


def adida(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """Sums over buckets as long as the mean interval, smoothed, spread evenly over their steps.

    Source: Nikolopoulos, Syntetos, Boylan, Petropoulos & Assimakopoulos (2011), An aggregate-
    disaggregate intermittent demand approach (ADIDA) to forecasting.
    """
    return _demand(panel, origins=origins, rate=_each_origin(_adida))


def imapa(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """The mean of such forecasts over all lengths of bucket up to the mean interval.

    Source: Petropoulos & Kourentzes (2015), Forecast combinations for intermittent demand.
    """
    return _demand(panel, origins=origins, rate=_each_origin(_imapa))


def _demand(panel: Panel, *, origins: Sequence[int], rate: Callable[..., Floats]) -> Said:
    """What a rate (n, origins) says of every step; nothing where a value is negative."""
    y_hat = np.repeat(rate(panel.y, origins)[:, :, None], panel.h, axis=2)
    said = said_from(panel, y_hat, origins=origins, least=1)
    negative = floors(panel, origins=origins) < 0
    reasons = {
        (int(row), int(at)): "a known value is negative, which no demand is"
        for row, at in np.argwhere(negative)
    }
    return Said(np.where(negative[:, :, None], np.nan, said.y_hat), {**reasons, **said.reasons})


def _croston(y: Floats, origins: Sequence[int]) -> Floats:
    demands, sizes, intervals = _packed(y)
    seen = demands.cumsum(axis=1)[:, _columns(y, origins)]
    interval = _at_demand(_smoothed(intervals), seen)
    size = _at_demand(_smoothed(sizes), seen)
    return np.divide(size, interval, out=np.zeros(size.shape), where=interval > 0)


def _tsb(y: Floats, origins: Sequence[int]) -> Floats:
    demands, sizes, _ = _packed(y)
    at = _columns(y, origins)
    size = _at_demand(_smoothed(sizes), demands.cumsum(axis=1)[:, at])
    chance = _smoothed(np.where(np.isfinite(y), demands, np.nan))[:, at]
    return size * chance


def _packed(y: Floats) -> tuple[Mask, Floats, Floats]:
    """Where demand is, and by demand instead of by step: its size, and the steps it was awaited.

    The first one has been awaited since the step before the series began. 0 after the last one.
    """
    demands = np.isfinite(y) & (y != 0)
    row, column = np.nonzero(demands)
    number = demands.cumsum(axis=1)[row, column] - 1
    age = np.isfinite(y).cumsum(axis=1)[row, column]
    sizes = np.zeros((len(y), int(demands.sum(axis=1).max(initial=0)) + 1))
    ages = np.zeros((len(y), sizes.shape[1] + 1))
    sizes[row, number], ages[row, number + 1] = y[row, column], age
    return demands, sizes, np.diff(ages, axis=1)


def _at_demand(smooth: Floats, seen: NDArray[np.int64]) -> Floats:
    """(n, origins) the level after as many demands as had been seen; 0 after none."""
    level = np.take_along_axis(smooth, np.maximum(seen - 1, 0), axis=1)
    return np.where(seen > 0, level, 0.0)


def _smoothed(x: Floats, *, alpha: float = _ALPHA) -> Floats:
    """The level after each value, beginning on the first; NaN only before it."""
    start = x[np.arange(len(x)), np.argmax(np.isfinite(x), axis=1)][:, None]
    gap = np.where(np.isfinite(x), x - start, 0.0)
    level: Floats = start + recursion([alpha], [1.0, alpha - 1], gap)
    return level


def _each_origin(rate: Callable[[Floats], Floats]) -> Callable[..., Floats]:
    """Buckets end at the origin, so that each origin has its own."""

    def rates(y: Floats, origins: Sequence[int]) -> Floats:
        return np.stack([rate(y[:, : y.shape[1] - back]) for back in origins], axis=1)

    return rates


def _adida(y: Floats) -> Floats:
    longest = _mean_intervals(y)
    rate = np.zeros(len(y))
    for length in np.unique(longest[longest > 0]):
        rows = longest == length
        rate[rows] = _bucket_rate(y[rows], length=int(length))
    return rate


def _imapa(y: Floats) -> Floats:
    longest = _mean_intervals(y)
    total = np.zeros(len(y))
    for length in range(1, int(longest.max(initial=0)) + 1):
        rows = longest >= length
        total[rows] += _bucket_rate(y[rows], length=length)
    return total / np.maximum(longest, 1)


def _mean_intervals(y: Floats) -> NDArray[np.int64]:
    """(n,) whole steps from one demand to the next; 0 where there is none."""
    known = np.isfinite(y)
    demands = known & (y != 0)
    count = demands.sum(axis=1)
    # all intervals together reach from the beginning to the last demand
    last = np.where(demands, known.cumsum(axis=1), 0).max(axis=1, initial=0)
    mean: NDArray[np.int64] = np.rint(last / np.maximum(count, 1)).astype(np.int64)
    return mean


def _bucket_rate(y: Floats, *, length: int) -> Floats:
    """(n,) the smoothed sum of a bucket, a step: buckets end with y, what is left before is lost.

    Of the weights, the one with the smallest squared errors so far: absolute ones would choose
    whatever is nearest to 0.
    """
    count = y.shape[1] // length
    sums = y[:, y.shape[1] - count * length :].reshape(len(y), count, length).sum(axis=2)
    known = np.isfinite(sums)
    best, rate = np.full(len(y), np.inf), np.zeros(len(y))
    for alpha in _ALPHAS:
        level = _smoothed(sums, alpha=alpha)
        error = np.where(known[:, 1:] & known[:, :-1], sums[:, 1:] - level[:, :-1], 0.0)
        size = (error**2).sum(axis=1)
        better = size < best
        best, rate = np.where(better, size, best), np.where(better, level[:, -1] / length, rate)
    return rate


def _columns(y: Floats, origins: Sequence[int]) -> NDArray[np.int64]:
    columns: NDArray[np.int64] = y.shape[1] - 1 - np.asarray(origins, dtype=np.int64)
    return columns
