"""Backtests: what each model would have said at earlier days, beside what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from workbench.errors import InputInvalid, ShortHistory
from workbench.forecast.frames import checked_series
from workbench.forecast.model import Model, failures, model_predictions, without_models

__all__ = ["Backtest", "backtest"]

_COLUMNS = ["unique_id", "model", "cutoff", "ds", "step", "y", "y_hat"]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a backtest found.

    Attributes:
        predictions: one row per (unique_id, model, cutoff, ds):
            ``unique_id model cutoff ds step y y_hat``; cutoff is the last day the model had seen.
        dropped: one row per (unique_id, model) that failed at some cutoff, absent from
            ``predictions``: ``unique_id model cutoff reason``, of its first failure.
    """

    predictions: pd.DataFrame
    dropped: pd.DataFrame


def backtest(
    series: pd.DataFrame,
    *,
    models: Mapping[str, Model],
    h: int,
    origins: int,
    step: int,
    season_length: int,
    seed: int,
) -> Backtest:
    """Refit every model at rolling origins and predict the h days that followed.

    The last origin lies h days before the end of each series, the others ``step`` days apart before
    it; a model sees no day after its origin, except in the columns known in advance.

    Args:
        series: one row per (unique_id, ds); see ``frames.checked_series``.
        models: by the name under which they are reported.
        h: days ahead, at least 1.
        origins: how many, at least 1.
        step: days between two origins, at least 1.
        season_length: days in one season.
        seed: handed to every model.

    Raises:
        InputInvalid: h, origins, step or season_length is below 1, or there is no model.
        ShortHistory: the earliest origin would leave less than two seasons to learn from.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.10.
    """
    series = checked_series(series)
    _check_plan(series, models=models, h=h, origins=origins, step=step, season_length=season_length)
    from_end = series.groupby("unique_id").cumcount(ascending=False)
    parts = []
    for end in range((origins - 1) * step, -1, -step):
        test = series[(from_end >= end) & (from_end < end + h)]
        said = model_predictions(
            models,
            series=series[from_end >= end + h],
            future=test.drop(columns="y"),
            season_length=season_length,
            seed=seed,
        )
        parts.append(said.merge(test[["unique_id", "ds", "y"]], on=["unique_id", "ds"]))
    said = pd.concat(parts).sort_values(["unique_id", "model", "cutoff", "ds"], ignore_index=True)
    dropped = failures(said)
    predictions = without_models(said, dropped=dropped)[_COLUMNS]
    return Backtest(predictions=predictions, dropped=dropped)


def _check_plan(
    series: pd.DataFrame,
    *,
    models: Mapping[str, Model],
    h: int,
    origins: int,
    step: int,
    season_length: int,
) -> None:
    plan = {"h": h, "origins": origins, "step": step, "season_length": season_length}
    for name, value in plan.items():
        if value < 1:
            raise InputInvalid(f"{name} is {value}", hint=f"pass {name}=1 or more")
    if not models:
        raise InputInvalid("there is no model to backtest", hint="pass models=MODELS")
    needed = 2 * season_length + h + (origins - 1) * step
    days = series.groupby("unique_id").size()
    if days.min() < needed:
        raise ShortHistory(
            f"{days.idxmin()} has {days.min()} days; {origins} origins {step} days apart with "
            f"h={h} need {needed}",
            hint=f"load {needed} days, or pass a smaller h, origins or step",
        )
