"""One forecast of many: weights by what each model got wrong, and the champion among them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["combined", "skill_errors", "weights"]

Floats = NDArray[np.float64]

# Chosen on rolling origins inside the training parts of M4 Weekly and Hourly, NN5 and US births,
# and on planted random walks and level shifts: of powers 2 to 6, shrinkage 0 to 0.5, five, eight
# and twelve models the mean error moves by 1 % around these.
_POWER = 6.0  # weights are error^-6
_SHRINK = 0.1  # towards the skill over all series
_KEPT = 8  # models at the most
_LATELY = 0.3  # power of the recent error; with it every set gained, 0.2 to 0.4 were alike
_LUCK = 0.05  # of the usual recent error, added to it


def skill_errors(
    y: Floats,
    *,
    y_hat: Floats,
    recent: Floats | None = None,
    sparse: NDArray[np.bool_] | None = None,
) -> Floats:
    """(n, m) mean absolute error of each model over the origins at hand; NaN where it has none.

    A model that said nothing at some origins is compared with the others on the origins where it
    did, so that it neither gains nor loses by an easy one. What it got wrong lately moves its error
    towards that: after a level has shifted, the models that have followed it count.

    Args:
        y: (n, k, h) what happened.
        y_hat: (n, m, k, h) what was said.
        recent: (n, m) the error of the last few steps; NaN, where it is not known, moves nothing.
        sparse: (n,) the series that are mostly zero. By absolute errors a forecast of 0 would win:
            theirs are squared, of the steps and of their sum, and what was wrong lately moves
            nothing.
    """
    gap = y_hat - y[:, None]
    errors = _means(np.abs(gap), axis=3)
    if sparse is not None and sparse.any():
        errors[sparse] = _sparse_errors(gap[sparse])
    usual = _medians(errors, axis=1)
    known = np.isfinite(errors)
    own = np.where(known, errors, 0.0).sum(axis=2)
    there = np.where(known, np.nan_to_num(usual)[:, None], 0.0).sum(axis=2)
    ratio = np.divide(own, there, out=np.ones(own.shape), where=there > 0)
    size = _means(usual, axis=1)[:, None]
    # where the usual error is 0, only an error of its own tells a model apart
    mean = np.where(there > 0, ratio * size, own / np.maximum(known.sum(axis=2), 1))
    whole = np.where(known.any(axis=2), mean, np.nan)
    if recent is None:
        return whole
    moved = whole * _lately(recent, tested=np.isfinite(whole))
    return moved if sparse is None else np.where(sparse[:, None], whole, moved)


def weights(errors: Floats, *, power: float = _POWER, shrink: float = _SHRINK) -> Floats:
    """(n, m) the share of each model in the combination of each series; a row sums to 1.

    Shares go with error^-power; part of them is that of the models' skill over all series, so that
    a lucky window decides less. The best eight are kept. A series without any error at hand gets
    the pooled shares, equal ones where no series has any; a model without an error gets none.

    Args:
        errors: (n, m) as from ``skill_errors``, in the unit of each series.
        power: the higher, the more the best models count.
        shrink: part of the shares that is that of the skill over all series, 0 to 1.
    """
    known = np.isfinite(errors)
    best = np.where(known, errors, np.inf).min(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        relative = np.where(best > 0, errors / best, np.where(errors > 0, np.inf, 1.0))
        relative = np.where(known, relative, np.nan)
        own = np.where(known, relative**-power, 0.0)
        pooled = np.nan_to_num(_medians(relative, axis=0) ** -power)
    if not pooled.any():
        pooled = np.ones(errors.shape[1])
    untested = ~known.any(axis=1, keepdims=True)
    shared = _normal(np.where(known | untested, pooled, 0.0))
    shares = np.where(untested, shared, (1 - shrink) * _normal(own) + shrink * shared)
    least = -np.sort(-shares, axis=1)[:, min(_KEPT, shares.shape[1]) - 1]
    return _normal(np.where(shares >= least[:, None], shares, 0.0))


def combined(y_hat: Floats, *, weights: Floats) -> Floats:
    """(n, ...) the weighted mean of what the models say.

    Args:
        y_hat: (n, m, ...) what each says; NaN where one is dropped, its share goes to the others.
        weights: (n, m).
    """
    shares = weights.reshape(*weights.shape, *([1] * (y_hat.ndim - 2)))
    shares = np.where(np.isfinite(y_hat), shares, 0.0)
    total = shares.sum(axis=1)
    mean = (np.nan_to_num(y_hat) * shares).sum(axis=1)
    blend: Floats = np.divide(mean, total, out=np.full(total.shape, np.nan), where=total > 0)
    return blend


def _sparse_errors(gap: Floats) -> Floats:
    """(n, m, k) the geometric mean of the error of a step and of the mean of all steps, both as
    root mean squares.

    Squares of steps hardly tell models apart where most of the error is chance; of the mean they
    see a bias. What chance alone leaves of it is added, or a lucky hit would count like skill. On
    planted demand of one step in twenty to two in five, bias went from -83 % to -7 %.
    """
    step = _means(gap**2, axis=3)
    total = _means(gap, axis=3) ** 2 + step / gap.shape[3]
    errors: Floats = np.sqrt(np.sqrt(step * total))
    return errors


def _lately(recent: Floats, *, tested: NDArray[np.bool_]) -> Floats:
    """(n, m) by how much the recent error of a model is out of the ordinary."""
    usual = _medians(np.where(tested, recent, np.nan), axis=1)[:, None]
    relative = np.divide(recent, usual, out=np.ones(recent.shape), where=usual > 0)
    # a lucky hit on a few steps must not count like skill
    return np.where(np.isfinite(relative), relative + _LUCK, 1 + _LUCK) ** _LATELY


def _normal(shares: Floats) -> Floats:
    total = shares.sum(axis=1, keepdims=True)
    normal: Floats = np.divide(shares, total, out=np.zeros(shares.shape), where=total > 0)
    return normal


def _means(values: Floats, *, axis: int) -> Floats:
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    means: Floats = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return means


def _medians(values: Floats, *, axis: int) -> Floats:
    """Of what is not NaN; NaN where nothing is."""
    ordered = np.sort(values, axis=axis)  # NaN last
    count = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=axis)
    high = np.take_along_axis(ordered, count // 2, axis=axis)
    median: Floats = np.squeeze((low + high) / 2, axis=axis)
    return median
