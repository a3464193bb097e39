"""One ridge regression for all series: the next h values from the last few, both relative."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workbench.forecast.model import Model, Said, said_from
from workbench.forecast.panel import Panel
from workbench.forecast.scales import on_roots

__all__ = ["pooled_ridge"]

Floats = NDArray[np.float64]

_RIDGE = 0.02  # of the mean squared size of a value
_ROWS = 2000  # that are multiplied at once
_MANY = 100  # series; with more of them, so many times fewer windows are enough


def pooled_ridge(*, width: int, centre: int, stride: int = 1, power: float = 0.5) -> Model:
    """The model that learns from all series together how the last values go on.

    Args:
        width: values from which is predicted.
        centre: the mean of so many last values is taken from both sides; 1 is the last value.
        stride: steps between two windows from which is learnt.
        power: of the root on which it happens, see ``scales.on_roots``.
    """

    def model(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
        def path(part: Panel, origins: Sequence[int]) -> Floats:
            apart = max(stride, len(part.ids) // _MANY)
            return _path(
                part.y, origins=origins, h=part.h, width=width, centre=centre, stride=apart
            )

        y_hat = on_roots(panel, origins=origins, path=path, power=power)
        return said_from(panel, y_hat, origins=origins, least=width)

    return model


def _path(
    z: Floats, *, origins: Sequence[int], h: int, width: int, centre: int, stride: int
) -> Floats:
    n, t = z.shape
    ends = t - 1 - np.asarray(origins, dtype=np.int64)
    y_hat = np.full((n, len(ends), h), np.nan)
    products = np.zeros((width, width + h))
    begun = width - 1  # windows are counted from the first step, so every origin has the same
    for at in np.argsort(ends, kind="stable"):
        end = int(ends[at])
        lasts = np.arange(begun, end - h + 1, stride)
        for part in np.array_split(lasts, max(1, len(lasts) * n // _ROWS)) if len(lasts) else []:
            products += _products(z, lasts=part, h=h, width=width, centre=centre)
        begun += stride * len(lasts)
        if products.any() and end + 1 >= width:
            inputs = z[:, end + 1 - width : end + 1]
            level = inputs[:, -centre:].mean(axis=1, keepdims=True)
            y_hat[:, at] = level + (inputs - level) @ _solved(products)
    return y_hat


def _products(z: Floats, *, lasts: NDArray[np.int64], h: int, width: int, centre: int) -> Floats:
    """(width, width + h) products of the windows whose inputs end with the steps ``lasts``."""
    windows = sliding_window_view(z, width + h, axis=1)[:, lasts + 1 - width].reshape(-1, width + h)
    windows = windows[np.isfinite(windows[:, 0])]
    rows = windows - windows[:, width - centre : width].mean(axis=1, keepdims=True)
    products: Floats = rows[:, :width].T @ rows
    return products


def _solved(products: Floats) -> Floats:
    """(width, h) the coefficients."""
    width = len(products)
    scale = np.trace(products) / width
    shrunk = products[:, :width] + _RIDGE * scale * np.eye(width)
    beta: Floats = np.linalg.solve(shrunk, products[:, width:])
    return beta
