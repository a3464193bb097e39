"""Series that are mostly zero: which they are, and the models that are tried on them besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.model import Model
from workbench.forecast.origins import Backtest, backtest
from workbench.forecast.panel import Panel

__all__ = ["mostly_zero", "with_sparse_models"]

Floats = NDArray[np.float64]

_MOSTLY = 0.5  # of the known steps


def mostly_zero(panel: Panel) -> NDArray[np.bool_]:
    """(n,) the series of which at least half of the known steps are 0."""
    zeros: NDArray[np.bool_] = (panel.y == 0).sum(axis=1) >= _MOSTLY * panel.lengths
    return zeros


def with_sparse_models(tested: Backtest, *, models: Mapping[str, Model], seed: int) -> Backtest:
    """The backtest, and beside it that of models asked only of series that are mostly zero.

    What the others say of those series stays: all are judged alike. Where no series is mostly
    zero, nothing is added.

    Args:
        tested: the backtest of the whole panel.
        models: by name; one that the backtest has already is left out.
        seed: handed to every model.
    """
    rows = mostly_zero(tested.panel)
    fresh = {name: model for name, model in models.items() if name not in tested.models}
    if not rows.any() or not fresh:
        return tested
    more = backtest(tested.panel.rows(rows), models=fresh, origins=tested.origins, seed=seed)
    dropped = [frame for frame in (tested.dropped, more.dropped) if len(frame)]
    return replace(
        tested,
        models=(*tested.models, *more.models),
        y_hat=_beside(tested.y_hat, more.y_hat, rows=rows),
        ahead=_beside(tested.ahead, more.ahead, rows=rows),
        recent=_beside(tested.recent, more.recent, rows=rows),
        dropped=pd.concat(dropped, ignore_index=True) if dropped else tested.dropped,
    )


def _beside(whole: Floats, part: Floats, *, rows: NDArray[np.bool_]) -> Floats:
    """(n, m + models of the part, ...) NaN in the rows that the part does not have."""
    wide = np.full((len(whole), *part.shape[1:]), np.nan)
    wide[rows] = part
    return np.concatenate([whole, wide], axis=1)
