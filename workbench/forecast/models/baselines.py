"""The forecasts that every other model has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.model import Model, Said, said_from
from workbench.forecast.panel import Panel

__all__ = ["drift", "naive", "season_means", "seasonal_naive"]

Floats = NDArray[np.float64]


def naive(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """Repeat the last value of each series.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.2.
    """
    return season_means(count=1, season=1)(panel, origins=origins, seed=seed)


def seasonal_naive(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """Repeat the last season of each series, the shortest one that the panel has.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.2.
    """
    return season_means(count=1, season=panel.season_length)(panel, origins=origins, seed=seed)


def season_means(*, count: int, season: int) -> Model:
    """The model that repeats the mean of the last few seasons, step by step.

    Args:
        count: seasons.
        season: whole steps in one; 1 gives the mean of the last values.
    """
    least = count * season

    def model(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
        y_hat = np.full((len(panel.ids), len(origins), panel.h), np.nan)
        for at, back in enumerate(origins):
            end = panel.y.shape[1] - back
            if end >= least:
                mean = panel.y[:, end - least : end].reshape(-1, count, season).mean(axis=1)
                y_hat[:, at] = mean[:, np.arange(panel.h) % season]
        return said_from(panel, y_hat, origins=origins, least=least)

    return model


def drift(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """Go on along the line through the first and the last value.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.2.
    """
    at = panel.y.shape[1] - 1 - np.asarray(origins)
    steps = panel.lengths[:, None] - np.asarray(origins) - 1
    first = panel.y[np.arange(len(panel.ids)), np.argmax(np.isfinite(panel.y), axis=1)]
    last = panel.y[:, at]
    slope = (last - first[:, None]) / np.maximum(steps, 1)
    y_hat = last[:, :, None] + slope[:, :, None] * np.arange(1, panel.h + 1)
    return said_from(panel, y_hat, origins=origins, least=2)
