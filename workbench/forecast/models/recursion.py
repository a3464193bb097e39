"""Recursions along the steps of many series at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["recursion"]

Floats = NDArray[np.float64]


def recursion(b: Sequence[float], a: Sequence[float], x: Floats) -> Floats:
    """(n, t) each row x as a[0] y[t] = b[0] x[t] + b[1] x[t-1] ... - a[1] y[t-1] ... makes it.

    Source: scipy.signal.lfilter, which is imported here because that takes a second, and everyone
    who only asks the command line for help would wait for it.
    """
    from scipy.signal import lfilter

    filtered: Floats = lfilter(b, a, x, axis=1)
    return filtered
