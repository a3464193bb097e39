"""How good a backtest was, and which model was best."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from workbench.errors import InputInvalid
from workbench.forecast.conformal import conformal_coverage

__all__ = ["backtest_scores", "champion", "mase", "smape"]

_KEYS = ["unique_id", "model"]


def mase(y: ArrayLike, *, y_hat: ArrayLike, train: ArrayLike, season_length: int) -> float:
    """Mean absolute error as a multiple of the seasonal naive forecast's own, inside ``train``.

    Args:
        y: what happened.
        y_hat: what was forecast, same length.
        train: what the model had seen.
        season_length: days in one season.

    Returns:
        Below 1 is better than repeating the last season was, one day ahead. NaN where ``train``
        repeats itself exactly, because there is nothing to measure against.

    >>> mase([12, 8], y_hat=[10, 10], train=[4, 8, 5, 7], season_length=2)
    2.0

    Source: Hyndman & Koehler (2006), Another look at measures of forecast accuracy, section 3.
    """
    past = np.asarray(train, dtype=float)
    scale = np.abs(past[season_length:] - past[:-season_length]).mean()
    error = np.abs(np.asarray(y, dtype=float) - np.asarray(y_hat, dtype=float)).mean()
    return float(error / scale) if scale > 0 else float("nan")


def smape(y: ArrayLike, *, y_hat: ArrayLike) -> float:
    """Symmetric mean absolute percentage error, as a fraction from 0 to 2.

    A day on which both are 0 counts as no error. The M4 competition prints 100 times this.

    >>> smape([100, 0], y_hat=[50, 0])
    0.3333333333333333

    Source: Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition, section 2.
    """
    return float(_smape_terms(np.asarray(y, dtype=float), np.asarray(y_hat, dtype=float)).mean())


def backtest_scores(
    predictions: pd.DataFrame, *, series: pd.DataFrame, season_length: int
) -> pd.DataFrame:
    """Errors of each model over all origins and steps.

    Args:
        predictions: one row per (unique_id, model, cutoff, ds) with y and y_hat, as in a Backtest.
        series: what was backtested, one row per (unique_id, ds), sorted by ds.
        season_length: days in one season, for MASE.

    Returns:
        One row per (unique_id, model), ``n`` predictions each: ``mae``, ``rmse`` and ``bias``
        (forecast minus actual) in the unit of y; ``mase`` (scaled at each cutoff by what was known
        then; NaN as in ``mase``); ``smape``; ``coverage_80`` and ``coverage_95`` out of sample.
    """
    scales = _naive_errors(series, season_length=season_length)
    table = predictions.merge(scales, on=["unique_id", "cutoff"], how="left")
    error = table["y_hat"] - table["y"]
    table = table.assign(
        mae=error.abs(),
        rmse=error**2,
        mase=error.abs() / table["scale"].where(table["scale"] > 0),
        smape=_smape_terms(table["y"].to_numpy(), table["y_hat"].to_numpy()),
        bias=error,
    )
    scores = table.groupby(_KEYS, as_index=False)[["mae", "rmse", "mase", "smape", "bias"]].mean()
    scores["rmse"] = np.sqrt(scores["rmse"])
    scores = scores.merge(conformal_coverage(predictions), on=_KEYS)
    return scores.merge(table.groupby(_KEYS).size().rename("n").reset_index(), on=_KEYS)


def champion(scores: pd.DataFrame, *, by: str = "mase") -> pd.DataFrame:
    """The best model of each series.

    Args:
        scores: one row per (unique_id, model), as from ``backtest_scores``.
        by: the column that decides, the smaller the better; mae decides where it is NaN or equal,
            and then the model's name.

    Returns:
        One row per unique_id: ``unique_id model``.

    Raises:
        InputInvalid: ``by`` is not an error that can be compared.
    """
    if by not in ("mae", "rmse", "mase", "smape"):
        raise InputInvalid(f"by is {by!r}", hint="pass mae, rmse, mase or smape")
    best = scores.sort_values(["unique_id", by, "mae", "model"], na_position="last")
    return best.drop_duplicates("unique_id", ignore_index=True)[_KEYS]


def _naive_errors(series: pd.DataFrame, *, season_length: int) -> pd.DataFrame:
    """At each day, the mean absolute seasonal difference of all days up to it."""
    ids = series["unique_id"]
    change = series.groupby(ids)["y"].diff(season_length).abs()
    total = change.groupby(ids).cumsum()
    count = change.notna().groupby(ids).cumsum()
    return pd.DataFrame({"unique_id": ids, "cutoff": series["ds"], "scale": total / count})


def _smape_terms(y: NDArray[np.float64], y_hat: NDArray[np.float64]) -> NDArray[np.float64]:
    size = np.abs(y) + np.abs(y_hat)
    terms: NDArray[np.float64] = 2 * np.abs(y - y_hat) / np.where(size > 0, size, 1.0)
    return terms
