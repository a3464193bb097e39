"""Recursions along the steps of many series at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["recursion"]

Floats = NDArray[np.float64]


def recursion(b: Sequence[float], a: Sequence[float], x: Floats) -> Floats:
    """Along axis 1, what y[t] = b[0] x[t] + b[1] x[t-1] ... - a[1] y[t-1] ... makes of x.

    It is a triangular system with few bands, and no scipy.signal.lfilter: that import takes three
    times as long as forecasting a hundred series. This one waits until somebody forecasts, too.

    Args:
        b: of the input.
        a: of the output; the first is 1.
        x: of two dimensions or more.
    """
    if not x.size:
        return x.copy()
    from scipy.linalg.lapack import dtbtrs

    driven = b[0] * x
    for lag, share in enumerate(b[1:], start=1):
        driven[:, lag:] += share * x[:, :-lag]
    rows = np.moveaxis(driven, 1, -1)
    bands = np.repeat(np.array(a)[:, None], x.shape[1], axis=1)
    y, _ = dtbtrs(bands, rows.reshape(-1, x.shape[1]).T, uplo="L", diag="U", overwrite_b=True)
    filtered: Floats = np.moveaxis(y.T.reshape(rows.shape), -1, 1)
    return filtered
