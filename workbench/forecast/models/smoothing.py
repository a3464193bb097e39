"""Exponential smoothing of many series at once: simple, theta and with a damped trend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.models.recursion import recursion

__all__ = ["damped_path", "drift_path", "last_path", "ses_path", "theta_path"]

Floats = NDArray[np.float64]

_ALPHAS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
# alpha, beta, phi
_TRENDS = tuple(
    (alpha, beta * alpha, phi)
    for alpha in (0.1, 0.3, 0.6, 0.9)
    for beta in (0.05, 0.2)
    for phi in (0.9, 0.98)
)


def last_path(z: Floats, *, origins: Sequence[int], h: int) -> Floats:
    """(n, origins, h) the last value, for every step."""
    at = z[:, _columns(z, origins)]
    return np.repeat(at[:, :, None], h, axis=2)


def drift_path(z: Floats, *, origins: Sequence[int], h: int) -> Floats:
    """(n, origins, h) the line through the first and the last value.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.2.
    """
    at = _columns(z, origins)
    first = _first_values(z)
    steps = np.isfinite(z).cumsum(axis=1)[:, at] - 1
    slope = (z[:, at] - first[:, None]) / np.maximum(steps, 1)
    path: Floats = z[:, at, None] + slope[:, :, None] * np.arange(1, h + 1)
    return path


def ses_path(z: Floats, *, origins: Sequence[int], h: int) -> Floats:
    """(n, origins, h) the level of simple exponential smoothing.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 8.1.
    """
    level, _ = _levels(z, origins=origins)
    return np.repeat(level[:, :, None], h, axis=2)


def theta_path(z: Floats, *, origins: Sequence[int], h: int) -> Floats:
    """(n, origins, h) the level, and half of the slope of the line through all values.

    Source: Hyndman & Billah (2003), Unmasking the Theta method, equations 6 and 9.
    """
    level, alpha = _levels(z, origins=origins)
    steps = np.isfinite(z).cumsum(axis=1)[:, _columns(z, origins)]
    lag = (1 - (1 - alpha) ** steps) / alpha
    slope = _slopes(z, origins=origins)
    path: Floats = level[:, :, None] + slope[:, :, None] / 2 * (np.arange(h) + lag[:, :, None])
    return path


def damped_path(z: Floats, *, origins: Sequence[int], h: int) -> Floats:
    """(n, origins, h) level and damped trend by Holt's method.

    The errors of the recursion are a linear filter of the series, so the whole grid of parameters
    is tried in one pass and the best at each origin is taken.

    Source: Gardner & McKenzie (1985); Hyndman & Athanasopoulos, Forecasting 3e, section 8.2.
    """
    start = _first_values(z)[:, None]
    x = np.where(np.isfinite(z), z - start, 0.0)
    at = _columns(z, origins)
    best = np.full((len(z), len(at)), np.inf)
    level, trend, kept = np.zeros_like(best), np.zeros_like(best), np.ones_like(best)
    for alpha, beta, phi in _TRENDS:
        poles = [1.0, alpha + phi * beta - 1 - phi, phi * (1 - alpha)]
        error = recursion([1.0, -1 - phi, phi], poles, x)
        size = _sizes(error, origins=origins)
        slope = recursion([beta], [1.0, -phi], error)[:, at]
        better = size < best
        best = np.where(better, size, best)
        level = np.where(better, (x - (1 - alpha) * error)[:, at], level)
        trend, kept = np.where(better, slope, trend), np.where(better, phi, kept)
    reach = np.cumsum(kept[:, :, None] ** np.arange(1, h + 1), axis=2)
    return start[:, :, None] + level[:, :, None] + trend[:, :, None] * reach


def _levels(z: Floats, *, origins: Sequence[int]) -> tuple[Floats, Floats]:
    """(n, origins) the smoothed level, and the share of the last error that did best so far."""
    start = _first_values(z)[:, None]
    x = np.where(np.isfinite(z), z - start, 0.0)
    at = _columns(z, origins)
    best = np.full((len(z), len(at)), np.inf)
    level, chosen = np.zeros_like(best), np.ones_like(best)
    for alpha in _ALPHAS:
        smooth = recursion([alpha], [1.0, alpha - 1], x)
        error = x.copy()
        error[:, 1:] -= smooth[:, :-1]
        size = _sizes(error, origins=origins)
        better = size < best
        best, chosen = np.where(better, size, best), np.where(better, alpha, chosen)
        level = np.where(better, smooth[:, at], level)
    return start + level, chosen


def _sizes(error: Floats, *, origins: Sequence[int]) -> Floats:
    """(n, origins) the sum of the absolute errors up to each origin."""
    ends, where = np.unique(_columns(error, origins), return_inverse=True)
    starts = np.concatenate([[0], ends + 1])
    parts = np.add.reduceat(np.abs(error), starts[starts < error.shape[1]], axis=1)
    sums: Floats = np.cumsum(parts, axis=1)[:, where]
    return sums


def _slopes(z: Floats, *, origins: Sequence[int]) -> Floats:
    """(n, origins) the slope of the line through all values up to each origin."""
    known = np.isfinite(z)
    at = _columns(z, origins)
    x = np.where(known, z - _first_values(z)[:, None], 0.0)
    time = np.where(known, known.cumsum(axis=1), 0.0)
    n = time[:, at]
    sums = np.cumsum(x, axis=1)[:, at]
    moments = np.cumsum(x * time, axis=1)[:, at]
    spread = n * (n**2 - 1) / 12
    return np.where(spread > 0, (moments - (n + 1) / 2 * sums) / np.maximum(spread, 1), 0.0)


def _first_values(z: Floats) -> Floats:
    """(n,) the value with which each series begins."""
    first = np.argmax(np.isfinite(z), axis=1)
    values: Floats = z[np.arange(len(z)), first]
    return values


def _columns(z: Floats, origins: Sequence[int]) -> NDArray[np.int64]:
    columns: NDArray[np.int64] = z.shape[1] - 1 - np.asarray(origins, dtype=np.int64)
    return columns
