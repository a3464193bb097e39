"""What a forecast says, as frames: predictions, members, weights, scores, coverage, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.conformal import LEVELS
from workbench.forecast.fallback import fallback_champions, fallback_notes
from workbench.forecast.panel import Panel
from workbench.forecast.panel_forecast import PanelForecast
from workbench.forecast.scores import backtest_scores, champion
from workbench.forecast.sparse import mostly_zero

__all__ = ["COMBINATION", "ForecastResult", "result_of", "revised"]

COMBINATION = "combination"  # the name under which the weighted mean of the models is reported


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """What is expected, how sure that is, and why.

    Attributes:
        predictions: one row per (unique_id, ds): ``unique_id cutoff ds step model y_hat`` and
            ``lo_50 hi_50`` to ``lo_95 hi_95``; bounds NaN where too few errors are at hand.
        members: the same columns up to y_hat, one row per (unique_id, model, ds) of every model.
        weights: one row per (unique_id, model): ``unique_id model weight``.
        scores: one row per (unique_id, model), see ``scores.backtest_scores``.
        coverage: one row per (unique_id, level): ``unique_id level coverage``; level in percent,
            coverage a fraction.
        champions: one row per series: ``unique_id model``, the best single model.
        dropped: one row per (unique_id, model) that failed: ``unique_id model cutoff reason``.
        notes: what a reader should know, one sentence each.
        panels: the arrays behind it all.
    """

    predictions: pd.DataFrame
    members: pd.DataFrame
    weights: pd.DataFrame
    scores: pd.DataFrame
    coverage: pd.DataFrame
    champions: pd.DataFrame
    dropped: pd.DataFrame
    notes: tuple[str, ...]
    panels: tuple[PanelForecast, ...]


def result_of(
    done: tuple[PanelForecast, ...], *, notes: tuple[str, ...], by: str
) -> ForecastResult:
    """All frames of the forecasts of some panels; ``by`` is the score that crowns champions."""
    scores = _whole(
        [backtest_scores(one.tested, combination=one.past) for one in done], ["unique_id", "model"]
    )
    fallbacks = [fallback_champions(one.tested, shares=one.weights) for one in done]
    return ForecastResult(
        predictions=_whole([_predictions(one) for one in done], ["unique_id", "ds"]),
        members=_whole([_members(one) for one in done], ["unique_id", "model", "ds"]),
        weights=_whole([_weights(one) for one in done], ["unique_id", "model"]),
        scores=scores,
        coverage=_whole([_coverage(one) for one in done], ["unique_id", "level"]),
        champions=_whole([*_champions(scores, done, by=by), *fallbacks], ["unique_id"]),
        dropped=_whole([one.tested.dropped for one in done], ["unique_id", "model"]),
        notes=(*notes, *_short_notes(done), *_unbounded_notes(done)),
        panels=done,
    )


def revised(
    result: ForecastResult, *, panels: tuple[PanelForecast, ...], notes: tuple[str, ...]
) -> ForecastResult:
    """The same forecast with other numbers ahead: predictions and coverage are those of ``panels``.

    Args:
        result: a forecast; its members, weights, scores and champions stay.
        panels: those of ``result``, with another ``y_hat``, bounds or coverage.
        notes: what a reader should know now.
    """
    return replace(
        result,
        predictions=_whole([_predictions(one) for one in panels], ["unique_id", "ds"]),
        coverage=_whole([_coverage(one) for one in panels], ["unique_id", "level"]),
        notes=notes,
        panels=panels,
    )


def _champions(
    scores: pd.DataFrame, done: tuple[PanelForecast, ...], *, by: str
) -> list[pd.DataFrame]:
    """The best single models of the series that are not mostly zero, and of those that are."""
    sparse = np.concatenate([one.tested.panel.ids[mostly_zero(one.tested.panel)] for one in done])
    of_sparse = scores["unique_id"].isin(sparse)
    return [champion(scores[~of_sparse], by=by), champion(scores[of_sparse], by="rmse")]


def _whole(frames: Sequence[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    some = [frame for frame in frames if len(frame)] or list(frames[:1])
    return pd.concat(some).sort_values(keys, ignore_index=True)


def _short_notes(done: tuple[PanelForecast, ...]) -> list[str]:
    return [note for one in done for note in fallback_notes(one.tested, shares=one.weights)]


def _unbounded_notes(done: tuple[PanelForecast, ...]) -> list[str]:
    named: dict[str, list[str]] = {}
    for one in done:
        for uid, reason in zip(one.tested.panel.ids, one.unbounded, strict=True):
            named.setdefault(reason, []).append(str(uid))
    return [
        f"{len(ids)} series, such as {min(ids)}: {reason}"
        for reason, ids in sorted(named.items())
        if reason
    ]


def _steps(panel: Panel, *, repeats: int) -> dict[str, NDArray[np.generic]]:
    """unique_id, cutoff, ds and step of ``repeats`` forecasts of every series."""
    rows, h, t = len(panel.ids) * repeats, panel.h, panel.y.shape[1]
    return {
        "unique_id": np.repeat(panel.ids, repeats * h),
        "cutoff": np.repeat(panel.ds[t - 1 : t], rows * h),
        "ds": np.tile(panel.ds[t:], rows),
        "step": np.tile(np.arange(1, h + 1), rows),
    }


def _predictions(done: PanelForecast) -> pd.DataFrame:
    bounds = {}
    for at, level in enumerate(LEVELS):
        bounds[f"lo_{level}"] = done.lower[:, :, at].ravel()
        bounds[f"hi_{level}"] = done.upper[:, :, at].ravel()
    steps = _steps(done.tested.panel, repeats=1)
    return pd.DataFrame({**steps, "model": COMBINATION, "y_hat": done.y_hat.ravel(), **bounds})


def _members(done: PanelForecast) -> pd.DataFrame:
    names = np.array(done.tested.models, dtype=object)
    panel = done.tested.panel
    steps = _steps(panel, repeats=len(names))
    model = np.tile(np.repeat(names, panel.h), len(panel.ids))
    frame = pd.DataFrame({**steps, "model": model, "y_hat": done.tested.ahead.ravel()})
    return frame.dropna(subset=["y_hat"], ignore_index=True)


def _weights(done: PanelForecast) -> pd.DataFrame:
    ids, names = done.tested.panel.ids, np.array(done.tested.models, dtype=object)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(ids, len(names)),
            "model": np.tile(names, len(ids)),
            "weight": done.weights.ravel(),
        }
    )


def _coverage(done: PanelForecast) -> pd.DataFrame:
    ids = done.tested.panel.ids
    return pd.DataFrame(
        {
            "unique_id": np.repeat(ids, len(LEVELS)),
            "level": np.tile(LEVELS, len(ids)),
            "coverage": done.coverage.ravel(),
        }
    )
