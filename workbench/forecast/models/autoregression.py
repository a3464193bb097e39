"""Autoregression of each series on a few of its lags, all origins from one set of products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.model import Model, Said, said_from
from workbench.forecast.panel import Panel
from workbench.forecast.scales import on_roots

__all__ = ["autoregression", "autoregression_path"]

Floats = NDArray[np.float64]

_LAGS = (1, 2, 3)
_RIDGE = 0.0005  # of the mean squared size of a lag; pulls towards the last value
_SPAN = 1.0  # how far beyond its own range, in ranges, a path may go


def autoregression(*, lags: Sequence[int], power: float = 0.5) -> Model:
    """The model that continues each series by ridge regression on those lags.

    Args:
        lags: steps back, the first of them 1.
        power: of the root on which it happens, see ``scales.on_roots``.
    """

    def model(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
        def path(part: Panel, origins: Sequence[int]) -> Floats:
            return autoregression_path(part.y, origins=origins, h=part.h, lags=lags)

        y_hat = on_roots(panel, origins=origins, path=path, power=power)
        return said_from(panel, y_hat, origins=origins, least=2 * max(lags) + len(lags))

    return model


def autoregression_path(
    z: Floats, *, origins: Sequence[int], h: int, lags: Sequence[int] = _LAGS
) -> Floats:
    """(n, origins, h) the path of the regression, step by step on its own predictions.

    What is regressed is the change from the last value, on the lags' distances from it and on the
    last value's distance from the mean: the ridge pulls towards the naive forecast.

    Args:
        z: (n, t); NaN before a series begins.
        origins: steps before the end.
        h: steps ahead.
        lags: steps back, the first of them 1.
    """
    n, t = z.shape
    at = t - 1 - np.asarray(origins, dtype=np.int64)
    first = z[np.arange(n), np.argmax(np.isfinite(z), axis=1)]
    x = z - first[:, None]  # any fixed number would do; this one keeps the products small
    beta = _fits(x, at=at, lags=lags)
    longest = max(lags)
    recent = np.stack([_window(x, end, longest) for end in at], axis=1)
    low, high = _range(x, at=at)
    path = np.concatenate([np.nan_to_num(recent), np.zeros((n, len(at), h))], axis=2)
    # a series without a fit has endless coefficients: what comes of it is no number, and told so
    with np.errstate(invalid="ignore"):
        for step in range(h):
            now = longest + step
            last = path[:, :, now - 1]
            said = last + beta[:, :, 0] + beta[:, :, 1] * last
            for which, lag in enumerate(lags[1:], start=2):
                said = said + beta[:, :, which] * (path[:, :, now - lag] - last)
            path[:, :, now] = np.clip(said, low, high)
    ahead: Floats = first[:, None, None] + path[:, :, longest:]
    return ahead


def _fits(x: Floats, *, at: NDArray[np.int64], lags: Sequence[int]) -> Floats:
    """(n, origins, 1 + lags) the coefficients from all steps up to each origin."""
    n = len(x)
    longest, size = max(lags), len(lags) + 1
    order = np.argsort(at)
    gram = np.zeros((n, size + 1, size + 1))
    beta = np.zeros((n, len(at), size))
    begun = longest
    for which in order:
        end = int(at[which]) + 1
        if end > begun:
            rows = _rows(x, begin=begun, end=end, lags=lags)
            gram += rows.transpose(0, 2, 1) @ rows
            begun = end
        beta[:, which] = _ridge(gram)
    return beta


def _rows(x: Floats, *, begin: int, end: int, lags: Sequence[int]) -> Floats:
    """(n, steps, 1 + lags + 1) one row a step: 1, the last value, the other lags, the change."""
    last = x[:, begin - 1 : end - 1]
    others = [x[:, begin - lag : end - lag] - last for lag in lags[1:]]
    rows = np.stack([np.ones_like(last), last, *others, x[:, begin:end] - last], axis=2)
    rows[~np.isfinite(rows).all(axis=2)] = 0.0
    return rows


def _ridge(gram: Floats) -> Floats:
    """(n, 1 + lags) from the products of the regressors and, last, of what is regressed."""
    count = gram[:, 0, 0]
    products, target = gram[:, :-1, :-1].copy(), gram[:, :-1, -1]
    size = products.shape[1]
    # the level is judged by its distance from the mean, the intercept is free
    spread = products[:, 1, 1] - np.divide(
        products[:, 0, 1] ** 2, count, out=np.zeros(len(count)), where=count > 0
    )
    index = np.arange(1, size)
    penalty = np.maximum(products[:, index, index], 0.0)
    penalty[:, 0] = np.maximum(spread, 0.0)
    products[:, index, index] += _RIDGE * penalty
    # to each its own share, so that a change of unit changes nothing; 1 where a lag is always 0
    diagonal = products[:, np.arange(size), np.arange(size)]
    products[:, np.arange(size), np.arange(size)] += np.where(diagonal > 0, 1e-9 * diagonal, 1.0)
    beta = np.linalg.solve(products, target[:, :, None])[:, :, 0]
    return np.asarray(beta, dtype=np.float64)


def _window(x: Floats, end: int, width: int) -> Floats:
    """The ``width`` values up to a step, NaN where there are none."""
    begin = end + 1 - width
    if begin >= 0:
        return x[:, begin : end + 1]
    return np.concatenate([np.full((len(x), -begin), np.nan), x[:, : end + 1]], axis=1)


def _range(x: Floats, *, at: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """(n, origins) bounds of the path: the range so far, and as much again on both sides."""
    low = np.minimum.accumulate(np.nan_to_num(x, nan=np.inf), axis=1)[:, at]
    high = np.maximum.accumulate(np.nan_to_num(x, nan=-np.inf), axis=1)[:, at]
    span = _SPAN * np.where(high > low, high - low, 0.0)
    return low - span, high + span
