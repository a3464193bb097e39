"""The whole job: backtest every model, crown a champion, forecast with calibrated intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from workbench.errors import ModelFailed
from workbench.forecast.calendar import holiday_frame, with_holidays
from workbench.forecast.conformal import conformal_intervals, conformal_widths
from workbench.forecast.frames import checked_series, floors, future_frame
from workbench.forecast.model import Model, failures, model_predictions, without_models
from workbench.forecast.origins import backtest
from workbench.forecast.registry import MODELS
from workbench.forecast.scores import backtest_scores, champion

__all__ = ["ForecastResult", "forecast"]

_COLUMNS = ["unique_id", "ds", "step", "model", "y_hat", "lo_80", "hi_80", "lo_95", "hi_95"]
_COLUMNS += ["is_champion", "cutoff"]


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """What is expected, how sure that is, and why.

    Attributes:
        predictions: one row per (unique_id, model, ds): ``unique_id ds step model y_hat lo_80
            hi_80 lo_95 hi_95 is_champion cutoff``; bounds NaN where too few errors are at hand.
        scores: one row per (unique_id, model), see ``scores.backtest_scores``.
        dropped: one row per (unique_id, model) that failed: ``unique_id model cutoff reason``.
        champions: one row per series: ``unique_id model``.
        backtest: one row per (unique_id, model, cutoff, ds), see ``origins.Backtest``.
        notes: what a reader should know, one sentence each.
    """

    predictions: pd.DataFrame
    scores: pd.DataFrame
    dropped: pd.DataFrame
    champions: pd.DataFrame
    backtest: pd.DataFrame
    notes: tuple[str, ...]


def forecast(
    series: pd.DataFrame,
    *,
    h: int,
    seed: int,
    models: Mapping[str, Model] = MODELS,
    country: str | None = None,
    future: pd.DataFrame | None = None,
    season_length: int = 7,
    origins: int = 6,
    step: int = 28,
    by: str = "mase",
) -> ForecastResult:
    """Forecast each series with every model, and say which one to read.

    Args:
        series: one row per (unique_id, ds), a row for every day; see ``frames.checked_series``.
        h: days ahead.
        seed: handed to every model; same inputs and seed, same result.
        models: by the name under which they are reported.
        country: name or ISO code; its public holidays enter as the column ``holiday``.
        future: one row per (unique_id, ds) ahead, with the columns known in advance that the
            series has; not needed when it has none.
        season_length: days in one season.
        origins: of the backtest; more of them make the intervals finer.
        step: days between two origins.
        by: the score that crowns the champion.

    Raises:
        ContractBroken, DataMissing: the series or ``future`` cannot be forecast as it is.
        InputInvalid: a number is below 1, or ``by`` is no score.
        ShortHistory: fewer days than the backtest needs.
        ModelFailed: every model failed for every series.
    """
    series = checked_series(series)
    ahead = future_frame(series, h=h, known=future)
    notes: tuple[str, ...] = ()
    if country:
        days = _holidays(country, series=series, ahead=ahead)
        series, ahead = with_holidays(series, days=days), with_holidays(ahead, days=days)
        notes = tuple(days.attrs.values())
    tested = backtest(
        series,
        models=models,
        h=h,
        origins=origins,
        step=step,
        season_length=season_length,
        seed=seed,
    )
    said = model_predictions(
        models, series=series, future=ahead, season_length=season_length, seed=seed
    )
    dropped = pd.concat([tested.dropped, failures(said)]).drop_duplicates(
        ["unique_id", "model"], ignore_index=True
    )
    _check_any_left(said, dropped=dropped)
    past = without_models(tested.predictions, dropped=dropped)
    scores = backtest_scores(past, series=series, season_length=season_length)
    champions = champion(scores, by=by)
    predictions = conformal_intervals(
        without_models(said, dropped=dropped),
        widths=conformal_widths(past),
        floor=floors(series),
    )
    return ForecastResult(
        predictions=_with_champion(predictions, champions=champions),
        scores=scores,
        dropped=dropped,
        champions=champions,
        backtest=past,
        notes=notes,
    )


def _holidays(country: str, *, series: pd.DataFrame, ahead: pd.DataFrame) -> pd.DataFrame:
    first, last = series["ds"].min().year, ahead["ds"].max().year
    return holiday_frame(country, years=range(first, last + 1))


def _check_any_left(said: pd.DataFrame, *, dropped: pd.DataFrame) -> None:
    if without_models(said, dropped=dropped).empty:
        first = dropped.iloc[0]
        raise ModelFailed(
            f"every model failed; {first.model} on {first.unique_id}: {first.reason}",
            hint="pass models= with one that can forecast this series, such as seasonal_naive",
        )


def _with_champion(predictions: pd.DataFrame, *, champions: pd.DataFrame) -> pd.DataFrame:
    best = predictions["unique_id"].map(champions.set_index("unique_id")["model"])
    crowned = predictions.assign(is_champion=predictions["model"] == best)
    return crowned.sort_values(["unique_id", "model", "ds"], ignore_index=True)[_COLUMNS]
