"""The one signature behind which every model stands, and what turns a function into a model.

A new model is one function in one file::

    @per_series
    def last_value(history, *, future, season_length, seed):
        return np.full(len(future), history["y"].iloc[-1])

    forecast(series, h=56, models={**MODELS, "last_value": last_value}, seed=0)
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.frames import floors

__all__ = ["Model", "failures", "model_predictions", "per_series", "without_models"]


class Model(Protocol):
    """Fits on what is known and predicts the days ahead, for all series at once.

    Args of a call:
        series: one row per (unique_id, ds), sorted; see ``frames.checked_series``.
        future: one row per (unique_id, ds) to predict, same columns without y.
        season_length: days in one season.
        seed: for models that draw random numbers; same seed, same predictions.

    A call returns one row per row of ``future`` in its order: ``unique_id ds y_hat`` and, where a
    series could not be forecast, y_hat NaN beside a ``reason``.
    """

    def __call__(
        self, series: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
    ) -> pd.DataFrame:
        """Predict every row of ``future``."""
        ...


class _OneSeries(Protocol):
    def __call__(
        self, history: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
    ) -> NDArray[np.float64]: ...


def per_series(fit_predict: _OneSeries) -> Model:
    """The model that fits each series on its own; one that raises costs only its own series.

    Args:
        fit_predict: from the rows of one series and its days ahead to one number per day ahead.
    """

    def one(
        series: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
    ) -> pd.DataFrame:
        y_hat = fit_predict(series, future=future, season_length=season_length, seed=seed)
        return future[["unique_id", "ds"]].assign(y_hat=y_hat)

    @functools.wraps(fit_predict)
    def model(
        series: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
    ) -> pd.DataFrame:
        ahead = future.groupby("unique_id", sort=False)
        parts = [
            _attempt(one, rows, future=ahead.get_group(uid), season_length=season_length, seed=seed)
            for uid, rows in series.groupby("unique_id", sort=False)
        ]
        return pd.concat(parts).loc[future.index]

    return model


def model_predictions(
    models: Mapping[str, Model],
    *,
    series: pd.DataFrame,
    future: pd.DataFrame,
    season_length: int,
    seed: int,
) -> pd.DataFrame:
    """What each model says about the same days.

    Args:
        models: by the name under which they are reported.
        series: one row per (unique_id, ds), sorted, ending the day before ``future`` begins.
        future: one row per (unique_id, ds) to predict.
        season_length: days in one season.
        seed: handed to every model.

    Returns:
        One row per (model, unique_id, ds): ``unique_id model cutoff ds step y_hat reason``. A
        series that was never negative is not forecast below 0. A model that raised, or said
        something that is no finite number, has its reason; elsewhere reason is "".
    """
    parts = [
        _attempt(model, series, future=future, season_length=season_length, seed=seed).assign(
            model=name, step=future.groupby("unique_id").cumcount() + 1
        )
        for name, model in models.items()
    ]
    said = pd.concat(parts, ignore_index=True)
    said["cutoff"] = said["unique_id"].map(series.groupby("unique_id")["ds"].max())
    said["y_hat"] = said["y_hat"].clip(lower=said["unique_id"].map(floors(series)))
    said["reason"] = said["reason"].fillna("")
    nameless = ~np.isfinite(said["y_hat"]) & (said["reason"] == "")
    said.loc[nameless, "reason"] = "y_hat is not a finite number"
    return said[["unique_id", "model", "cutoff", "ds", "step", "y_hat", "reason"]]


def failures(said: pd.DataFrame) -> pd.DataFrame:
    """The first failure of each model: ``unique_id model cutoff reason``.

    Args:
        said: as from ``model_predictions``, sorted so that the earliest cutoff comes first.
    """
    failed = said.loc[said["reason"] != "", ["unique_id", "model", "cutoff", "reason"]]
    return failed.drop_duplicates(["unique_id", "model"], ignore_index=True)


def without_models(frame: pd.DataFrame, *, dropped: pd.DataFrame) -> pd.DataFrame:
    """The rows whose (unique_id, model) is not in ``dropped``."""
    keys = ["unique_id", "model"]
    gone = pd.MultiIndex.from_frame(dropped[keys])
    return frame[~pd.MultiIndex.from_frame(frame[keys]).isin(gone)].reset_index(drop=True)


def _attempt(
    model: Model, series: pd.DataFrame, *, future: pd.DataFrame, season_length: int, seed: int
) -> pd.DataFrame:
    try:
        said = model(series, future=future, season_length=season_length, seed=seed)
        said = said.set_axis(future.index)
    except Exception as error:  # noqa: BLE001 - a model may fail in any way; the reason is kept
        reason = f"{type(error).__name__}: {error}"
        return future[["unique_id", "ds"]].assign(y_hat=np.nan, reason=reason)
    return said if "reason" in said.columns else said.assign(reason="")
