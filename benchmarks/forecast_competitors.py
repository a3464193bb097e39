"""Who the forecasts are compared with, as set up by its authors: Prophet, four of statsforecast.

statsforecast is needed here alone, so nothing else of the project depends on it:

    pip install statsforecast
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from forecast_data import TestSet, seasonal_naive_of
from numpy.typing import NDArray

__all__ = ["COMPETITORS", "FOUR", "MEAN_OF_FOUR"]

Floats = NDArray[np.float64]
Competitor = Callable[[TestSet], Floats]

FOUR = ("AutoETS", "AutoARIMA", "DynamicOptimizedTheta", "AutoCES")
MEAN_OF_FOUR = "mean of the four"
_LAST = "2017-01-01"  # a date for the last step of series that have none; Prophet needs dates


def _seasonal_naive(chosen: TestSet) -> Floats:
    season_length = {"W": 52, "h": 24, "D": 7}[chosen.freq]
    return seasonal_naive_of(chosen.train, h=chosen.h, season_length=season_length)


def _prophet(chosen: TestSet) -> Floats:
    """With the defaults of its authors, without samples for intervals, which cost it more."""
    for name in ("cmdstanpy", "prophet.plot"):  # a line for every fit, and one of a chart library
        logging.getLogger(name).disabled = True
    from prophet import Prophet

    said = []
    for uid, rows in chosen.series.groupby("unique_id", sort=True):
        model = Prophet(uncertainty_samples=0)
        if chosen.country:
            model.add_country_holidays(chosen.country)
        ds = _dates(rows["ds"], chosen=chosen)
        model.fit(pd.DataFrame({"ds": ds[: len(rows)], "y": rows["y"].to_numpy()}), seed=0)
        y_hat = model.predict(pd.DataFrame({"ds": ds[len(rows) :]}))["yhat"].to_numpy()
        if not np.isfinite(y_hat).all():
            raise ValueError(f"Prophet says nothing of {uid}")
        said.append(y_hat)
    return np.stack(said)


def _dates(ds: pd.Series, *, chosen: TestSet) -> pd.DatetimeIndex:
    """Of the steps of a series, and of those ahead."""
    first = ds.iloc[0]
    if ds.dtype.kind != "M":
        first = pd.date_range(end=_LAST, periods=len(ds), freq=chosen.freq)[0]
    return pd.date_range(first, periods=len(ds) + chosen.h, freq=chosen.freq)


def _of_statsforecast(name: str) -> Competitor:
    def said(chosen: TestSet) -> Floats:
        try:
            from statsforecast import StatsForecast, models
        except ImportError:
            raise SystemExit(f"{name} needs statsforecast: pip install statsforecast") from None
        failed = 0

        class Naive(models.Naive):
            def forecast(self, *given: Any, **named: Any) -> Any:
                nonlocal failed
                failed += 1
                return super().forecast(*given, **named)

        model = getattr(models, name)(season_length=chosen.season_length)
        # the steps are numbered: their dates mean nothing to these models
        ds = chosen.series.groupby("unique_id").cumcount()
        ahead = StatsForecast([model], freq=1, fallback_model=Naive()).forecast(
            h=chosen.h, df=chosen.series[["unique_id", "y"]].assign(ds=ds)
        )
        if failed:
            print(f"{name} failed for {failed} series: naive instead")
        return ahead.sort_values(["unique_id", "ds"]).iloc[:, -1].to_numpy().reshape(-1, chosen.h)

    return said


# by name: from a set to (n, h), in the order of its series
COMPETITORS: Mapping[str, Competitor] = {
    "seasonal naive": _seasonal_naive,
    "Prophet": _prophet,
    "AutoETS": _of_statsforecast("AutoETS"),
    "AutoARIMA": _of_statsforecast("AutoARIMA"),
    "DynamicOptimizedTheta": _of_statsforecast("DynamicOptimizedTheta"),
    "AutoCES": _of_statsforecast("AutoCES"),
}
