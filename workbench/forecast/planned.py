"""Columns that are known in advance, series by series: campaign sends, promotions, opening days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.panel import Panel

__all__ = ["Planned", "planned_columns"]

Floats = NDArray[np.float64]

_REACH = 1.0  # ranges beyond what was seen to which a plan is believed


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan, so that 0 is what is usual and 1 the usual size of what is not.

    Attributes:
        names: (columns) as the panel calls them, sorted.
        x: (n, columns, t + h) minus the median, divided by the size; 0 before a series begins.
        size: (n, columns) one of x in the column's own unit; inf where it never changed.
        median: (n, columns) what is usual, in the column's own unit.
    """

    names: tuple[str, ...]
    x: Floats
    size: Floats
    median: Floats


def planned_columns(past: Panel) -> Planned:
    """The plan of a panel that ends at its origin, scaled by what was seen until then.

    A plan that goes beyond what was ever seen by more than the range of it is taken as if it did
    not: nobody knows how the effect goes on.
    """
    n, t = past.y.shape
    names = tuple(sorted(past.known))
    x = np.zeros((n, len(names), t + past.h))
    size, median = np.full((n, len(names)), np.inf), np.zeros((n, len(names)))
    begun = np.ones((n, t + past.h), dtype=bool)
    begun[:, :t] = np.isfinite(past.y)
    for at, name in enumerate(names):
        x[:, at], size[:, at], median[:, at] = _scaled(past.known[name], begun=begun, t=t)
    return Planned(names, x, size, median)


def _scaled(values: Floats, *, begun: NDArray[np.bool_], t: int) -> tuple[Floats, Floats, Floats]:
    seen = np.sort(np.where(begun[:, :t], values[:, :t], np.inf), axis=1)
    count = begun[:, :t].sum(axis=1)
    rows = np.arange(len(values))
    some = count > 0
    median = np.where(some, seen[rows, np.maximum(count - 1, 0) // 2], 0.0)
    low = np.where(some, seen[:, 0], 0.0)
    high = np.where(some, seen[rows, np.maximum(count, 1) - 1], 0.0)
    reach = _REACH * (high - low)
    believed = np.clip(values, (low - reach)[:, None], (high + reach)[:, None])
    away = np.where(begun, believed - median[:, None], 0.0)
    unusual = (away[:, :t] != 0).sum(axis=1)
    squares = (away[:, :t] ** 2).sum(axis=1)
    size = np.full(len(values), np.inf)
    np.sqrt(np.divide(squares, unusual, out=size, where=unusual > 0), out=size)
    return away / size[:, None], size, median
