"""Series that are too short to be tested: who forecasts them, and what is said about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.origins import Backtest

__all__ = ["fallback_champions", "fallback_notes", "fallback_weights", "untested"]

Floats = NDArray[np.float64]

_SEASONS = 2  # that a series must have for its last one to be worth repeating


def untested(tested: Backtest) -> NDArray[np.bool_]:
    """(n,) the series that no origin could test."""
    return np.asarray(~np.isfinite(tested.y).any(axis=(1, 2)))


def fallback_weights(tested: Backtest, *, shares: Floats) -> Floats:
    """(n, models) the shares, where a series that was not tested is left to one simple model.

    seasonal_naive with two seasons known, else naive. Where other series of the panel were tested,
    or neither is among the models, the shares stay as they are.

    Args:
        tested: the backtest.
        shares: (n, models) as from ``combine.weights``.
    """
    if not untested(tested).all():
        return shares
    settled = shares.copy()
    said = np.asarray(np.isfinite(tested.ahead).all(axis=2))
    enough = tested.panel.lengths >= _SEASONS * tested.panel.season_length
    for name, able in (("naive", ~enough), ("seasonal_naive", enough)):
        if name in tested.models:
            at = tested.models.index(name)
            rows = np.flatnonzero(able & said[:, at])
            settled[rows] = np.eye(len(tested.models))[at]
    return settled


def fallback_champions(tested: Backtest, *, shares: Floats) -> pd.DataFrame:
    """For each series that was not tested, the model with the largest share: unique_id, model."""
    rows = untested(tested)
    names = np.array(tested.models, dtype=object)
    said = np.where(np.isfinite(tested.ahead).all(axis=2), shares, -1.0)
    best = names[said[rows].argmax(axis=1)]
    return pd.DataFrame({"unique_id": tested.panel.ids[rows], "model": best})


def fallback_notes(tested: Backtest, *, shares: Floats) -> list[str]:
    """One sentence for each way in which series that were not tested are forecast."""
    named: dict[str, list[str]] = {}
    for row in np.flatnonzero(untested(tested)):
        if shares[row].max() == 1:
            who = tested.models[int(shares[row].argmax())]
        else:
            who = "models weighted by their skill on other series"
        named.setdefault(who, []).append(str(tested.panel.ids[row]))
    most = tested.panel.lengths[untested(tested)].max(initial=0)
    return [
        f"{len(ids)} series, such as {min(ids)}: {who}, because {most} steps are too few to test"
        for who, ids in named.items()
    ]
