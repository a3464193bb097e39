"""The forecasts that every other model has to beat."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import ShortHistory
from workbench.forecast.model import per_series

__all__ = ["seasonal_naive"]


@per_series
def seasonal_naive(
    history: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
) -> NDArray[np.float64]:
    """Repeat the last full season of each series.

    Args:
        history: one row per day, sorted by ds; y in any unit.
        future: one row per day ahead.
        season_length: days in one season; 1 gives the plain naive forecast.
        seed: unused, nothing is random.

    Raises:
        ShortHistory: there are fewer than ``season_length`` rows.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.2.
    """
    if len(history) < season_length:
        raise ShortHistory(
            f"{len(history)} days, season_length is {season_length}",
            hint=f"load {season_length} days or pass season_length=1",
        )
    season = history["y"].to_numpy(dtype=float)[-season_length:]
    return np.resize(season, len(future))
