"""Series with a known truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

Series = Callable[..., pd.DataFrame]


@pytest.fixture
def series() -> Series:
    """series(y, uid="shop", start="2025-01-06") -> one row per day; that start is a Monday."""

    def make(
        y: Sequence[float] | np.ndarray, uid: str = "shop", start: str = "2025-01-06"
    ) -> pd.DataFrame:
        ds = pd.date_range(start, periods=len(y), freq="D").astype("datetime64[ns]")
        return pd.DataFrame({"unique_id": uid, "ds": ds, "y": np.asarray(y, dtype=float)})

    return make


@pytest.fixture
def revenue(series: Series) -> pd.DataFrame:
    """Sixty weeks of revenue: a level, a strong week, 20 % noise."""
    week = np.array([0.8, 0.7, 0.9, 1.0, 1.1, 1.4, 1.1])
    noise = np.random.default_rng(11).lognormal(0, 0.2, 420)
    return series(4000 * np.tile(week, 60) * noise)
