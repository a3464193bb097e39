"""Prediction intervals from what a backtest got wrong, on the same footing for every model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LEVELS",
    "conformal_bounds",
    "conformal_coverage",
    "conformal_reasons",
    "sizes_and_scores",
]

Floats = NDArray[np.float64]

LEVELS = (50, 80, 90, 95)

# Earned on earlier windows of M4 Weekly, M4 Hourly and NN5, none of them a test window: each halves
# or doubles with under 1 % change of the interval score.
_SIZE_PRIOR = 2.0  # origins that the size of all series' errors counts as, beside a series' own
_GROWTH_PRIOR = 4.0  # the same, for how errors grow over the steps
_SHAPE_PRIOR = 12.0  # the same, for how far the rare errors reach
_LEAN = (
    0.25  # part of a bound that heeds the sign of past errors; above .5 y_hat could fall outside
)
_SMOOTHING = 3  # steps over which the growth is averaged


def conformal_bounds(
    errors: Floats, *, scale: Floats, levels: Sequence[int] = LEVELS
) -> tuple[Floats, Floats]:
    """How far below and above a forecast its intervals reach, two arrays (n, h, levels).

    An error is divided by its usual size: that of the series' other origins at that step, shrunk to
    what is usual in the panel. Quantiles of these scores over all steps and origins, again shrunk
    to those of the panel, times the size at each step, are the bounds. The score of an origin knows
    nothing of that origin, so it is as large as the error of a new origin will be.

    Args:
        errors: (n, k, h) actual minus forecast, of forecasts that had not seen the actuals; NaN
            where there is none.
        scale: (n,) how much each series usually moves, in its own unit, such as the seasonal
            naive's error; speaks for a series with few errors. NaN where it is not known.
        levels: percent of steps that should fall inside, ascending.

    Returns:
        Distances of 0 or more, wider with the level. NaN where ``conformal_reasons`` says why.

    Source: Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, section 4.1;
    normalised scores after Lei, G'Sell, Rinaldo, Tibshirani & Wasserman (2018), Distribution-Free
    Predictive Inference, section 5.2; left-out origins after Barber, Candes, Ramdas & Tibshirani
    (2021), Predictive Inference with the Jackknife+.
    """
    size, scores = sizes_and_scores(errors, scale=scale)
    weight = _weight(np.isfinite(errors).any(axis=2).sum(axis=1), prior=_SHAPE_PRIOR)
    flat = scores.reshape(len(scores), -1)
    either = _reach(np.abs(flat), levels=levels, weight=weight)
    one_sided = [(100 + level) / 2 for level in levels]
    below = (1 - _LEAN) * either + _LEAN * _reach(-flat, levels=one_sided, weight=weight)
    above = (1 - _LEAN) * either + _LEAN * _reach(flat, levels=one_sided, weight=weight)
    return size[:, :, None] * below[:, None], size[:, :, None] * above[:, None]


def conformal_coverage(
    errors: Floats, *, origins: Sequence[int], scale: Floats, levels: Sequence[int] = LEVELS
) -> Floats:
    """(n, levels) share of steps inside, each origin judged by the bounds that could be known then.

    The bounds of an origin are those of the origins whose steps had all happened by then. They are
    fewer than the forecast itself has, so this is rather too low than too high. Leaving out one
    origin at a time would say nothing: it gives about the nominal level whatever the series do.

    Args:
        errors: (n, k, h) as for ``conformal_bounds``.
        origins: (k) how many steps before the end each stands, the farthest first.
        scale: (n,) as for ``conformal_bounds``.
        levels: percent.

    Returns:
        Fractions 0 to 1; NaN where no origin stands behind the steps of another.
    """
    n, _, h = errors.shape
    inside, judged = np.zeros((n, len(levels))), np.zeros((n, len(levels)))
    for at, back in enumerate(origins):
        ended = [earlier for earlier in range(at) if origins[earlier] - back >= h]
        if ended:
            below, above = conformal_bounds(errors[:, ended], scale=scale, levels=levels)
            error = errors[:, at, :, None]
            known = np.isfinite(error) & np.isfinite(below) & np.isfinite(above)
            judged += known.sum(axis=1)
            inside += (known & (-below <= error) & (error <= above)).sum(axis=1)
    return _ratio(inside, judged)


def conformal_reasons(
    errors: Floats, *, reach: Floats, levels: Sequence[int] = LEVELS
) -> list[str]:
    """Why each series lacks a bound; "" where it has them all.

    Args:
        errors: (n, k, h) as for ``conformal_bounds``.
        reach: (n, h, levels) what ``conformal_bounds`` said of them, below or above.
        levels: percent.
    """
    complete = np.asarray(np.isfinite(reach).all(axis=1))
    count = int(np.isfinite(errors).sum())
    told = []
    for row, lost in enumerate(~complete):
        named = ", ".join(f"{level} %" for level in np.array(levels)[lost])
        if not named:
            told.append("")
        elif count == 0:
            told.append(f"no interval of {named}: no series was long enough to be tested")
        elif lost.all() and not np.isfinite(errors[row]).any():
            told.append(f"no interval of {named}: too short to be tested, or to tell how it moves")
        else:
            told.append(f"no interval of {named}: {count} tested steps are too few")
    return told


def sizes_and_scores(errors: Floats, *, scale: Floats) -> tuple[Floats, Floats]:
    """(n, h) usual error at each step, and (n, k, h) errors over that of the other origins."""
    known = np.isfinite(errors)
    absolute = np.where(known, np.abs(errors), 0.0)
    total, count = absolute.sum(axis=1), known.sum(axis=1)
    size = _sizes(total, count, scale=scale)
    scores = np.full(errors.shape, np.nan)
    for origin in range(errors.shape[1]):
        others = size
        if errors.shape[1] > 1:
            others = _sizes(total - absolute[:, origin], count - known[:, origin], scale=scale)
        # where nothing ever moved no error is surprising; one after none at all cannot be scaled
        told = known[:, origin] & ((others > 0) | (absolute[:, origin] == 0))
        unit = np.where(others > 0, others, 1.0)
        scores[:, origin] = np.where(told, errors[:, origin] / unit, np.nan)
    return size, scores


def _sizes(total: Floats, count: NDArray[np.int64], *, scale: Floats) -> Floats:
    """(n, h) the usual error: a series' own level and growth, both shrunk to the panel's."""
    origins = count.max(axis=1)
    own = _ratio(total.sum(axis=1), count.sum(axis=1))
    moves = np.where(scale > 0, scale, np.nan)
    usual = _median(own / moves, where=own > 0) * scale
    level = _blend(own, usual, weight=_weight(origins, prior=_SIZE_PRIOR))
    growth = _ratio(_ratio(total, count), own[:, None])
    known = np.isfinite(growth)
    pooled = _ratio(np.where(known, growth, 0.0).sum(axis=0), known.sum(axis=0))
    shape = _blend(
        _smoothed(growth),
        np.broadcast_to(_smoothed(pooled[None]), growth.shape),
        weight=_weight(origins, prior=_GROWTH_PRIOR)[:, None],
    )
    # a panel that never erred has no growth, and no size
    return level[:, None] * np.where(level[:, None] == 0, 1.0, shape)


def _reach(scores: Floats, *, levels: Sequence[float], weight: Floats) -> Floats:
    """(n, levels) the scores that so many percent stay under, shrunk to those of all series."""
    ordered = np.sort(scores, axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    pool = np.sort(scores[np.isfinite(scores)])
    reach = np.full((len(scores), len(levels)), np.nan)
    for at, level in enumerate(levels):
        rank = int(np.ceil((len(pool) + 1) * level / 100))
        if rank > len(pool):
            continue  # no finite bound keeps the promise
        ranks = np.ceil((count + 1) * level / 100).astype(int)
        last = np.maximum(np.minimum(ranks, count) - 1, 0)
        own = np.where(count > 0, ordered[np.arange(len(ordered)), last], np.nan)
        reach[:, at] = _blend(own, np.full(len(own), pool[rank - 1]), weight=weight)
    return reach


def _weight(origins: NDArray[np.int64], *, prior: float) -> Floats:
    """What a series' own errors count beside the panel's."""
    return origins / (origins + prior)


def _blend(own: Floats, pooled: Floats, *, weight: Floats) -> Floats:
    """The weighted mean of both; either alone where the other is not known."""
    both = np.isfinite(own) & np.isfinite(pooled)
    either = np.where(np.isfinite(own), own, pooled)
    return np.where(both, weight * own + (1 - weight) * pooled, either)


def _smoothed(values: Floats) -> Floats:
    """(n, h) the mean of each step and its neighbours, of what is known."""
    side = _SMOOTHING // 2
    known = np.isfinite(values)
    window = np.lib.stride_tricks.sliding_window_view
    total = window(np.pad(np.where(known, values, 0.0), ((0, 0), (side, side))), _SMOOTHING, axis=1)
    count = window(np.pad(known, ((0, 0), (side, side))), _SMOOTHING, axis=1)
    return _ratio(total.sum(axis=2), count.sum(axis=2))


def _median(values: Floats, *, where: NDArray[np.bool_]) -> float:
    """Of what is known; NaN where nothing is."""
    known = values[where & np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _ratio(total: Floats, count: NDArray[Any]) -> Floats:
    """NaN where there is nothing to divide by."""
    known = np.asarray(count > 0)
    ratio: Floats = np.divide(total, count, out=np.full(np.shape(total), np.nan), where=known)
    return ratio
