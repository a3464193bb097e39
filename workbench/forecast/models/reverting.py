"""What a remainder around 0 becomes: it goes on for a while, and back to 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["reverting_path"]

Floats = NDArray[np.float64]

_SHRINK = 0.02  # of the variance, added to it: pulls the path towards 0


def reverting_path(rest: Floats, *, h: int, lags: Sequence[int]) -> Floats:
    """(n, h) the best linear prediction from a few lags, given the autocovariances of each series.

    Args:
        rest: (n, t) without a mean, such as what a regression left; NaN before a series begins.
        h: steps ahead.
        lags: steps back, all below t.

    Source: Hamilton (1994), Time Series Analysis, equation 4.1.14.
    """
    known = np.nan_to_num(rest)
    n, t = known.shape
    covariance = np.stack(
        [np.einsum("nt,nt->n", known[:, : t - lag], known[:, lag:]) for lag in range(max(lags) + 1)]
    )
    at = np.asarray(lags)
    products = covariance[np.abs(at[:, None] - at)].transpose(2, 0, 1)
    variance = np.where(covariance[0] > 0, covariance[0], 1.0)
    products = products + _SHRINK * variance[:, None, None] * np.eye(len(at))
    beta = np.linalg.solve(products, covariance[at].T[:, :, None])[:, :, 0]
    path = np.concatenate([known[:, t - max(lags) :], np.zeros((n, h))], axis=1)
    bound = np.abs(known).max(axis=1)
    for step in range(max(lags), max(lags) + h):
        said = np.einsum("nl,nl->n", beta, path[:, step - at])
        path[:, step] = np.clip(said, -bound, bound)
    return path[:, max(lags) :]
