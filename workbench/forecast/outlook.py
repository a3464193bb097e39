"""The whole job: backtest every model, combine by skill, forecast with calibrated intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import ModelFailed
from workbench.forecast.calendar import special_days, with_holidays
from workbench.forecast.combine import combined, skill_errors, weights
from workbench.forecast.conformal import (
    LEVELS,
    conformal_bounds,
    conformal_coverage,
    conformal_reasons,
)
from workbench.forecast.fallback import fallback_champions, fallback_notes, fallback_weights
from workbench.forecast.frames import checked_series, future_frame, seasons_of
from workbench.forecast.model import Model, floors
from workbench.forecast.origins import Backtest, backtest, rolling_origins
from workbench.forecast.panel import Panel, panels
from workbench.forecast.registry import SPARSE_MODELS, models_for
from workbench.forecast.scores import backtest_scores, champion, naive_errors
from workbench.forecast.sparse import mostly_zero, with_sparse_models
from workbench.forecast.walks import naive_parts

__all__ = [
    "COMBINATION",
    "ForecastResult",
    "PanelForecast",
    "forecast",
    "forecast_panel",
    "revised",
]

Floats = NDArray[np.float64]

COMBINATION = "combination"  # the name under which the weighted mean of the models is reported


@dataclass(frozen=True, slots=True)
class PanelForecast:
    """The forecast of one panel, as arrays: n series, m models, k origins, h steps.

    Attributes:
        tested: what each model said at the origins and says of the steps ahead.
        weights: (n, m) share of each model in the combination; a row sums to 1.
        y_hat: (n, h) the combination.
        past: (n, k, h) what the combination would have said at the origins, at each with weights
            that know nothing of that origin; NaN where nothing could be tested.
        lower, upper: (n, h, levels) the bounds; NaN where too few errors are at hand.
        coverage: (n, levels) fraction of tested steps inside, each origin judged by earlier ones.
        scale: (n,) the seasonal naive's usual error, by which bounds know how much a series moves.
        unbounded: (n) why a series lacks a bound; "" where it has them all.
    """

    tested: Backtest
    weights: Floats
    y_hat: Floats
    past: Floats
    lower: Floats
    upper: Floats
    coverage: Floats
    scale: Floats
    unbounded: tuple[str, ...]


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


def forecast(
    series: pd.DataFrame,
    *,
    h: int,
    seed: int,
    freq: str = "D",
    seasons: Sequence[float] | None = None,
    models: Mapping[str, Model] | None = None,
    country: str | None = None,
    future: pd.DataFrame | None = None,
    origins: int = 6,
    step: int | None = None,
    by: str = "mase",
) -> ForecastResult:
    """Forecast each series by a combination of models, weighted by their skill on its past.

    Args:
        series: one row per (unique_id, ds), a row for every step; see ``frames.checked_series``.
        h: steps ahead.
        seed: handed to every model; same inputs and seed, same result.
        freq: of the steps: h, D, W or MS.
        seasons: their lengths in steps, the shortest first; those of ``freq`` when not given.
        models: by the name under which they are reported; those of ``freq`` when not given, and
            then those for demand that is mostly zero are tried on series of that kind.
        country: name or ISO code; its public holidays and the days that shops live by enter as
            the column ``holiday``.
        future: one row per (unique_id, ds) ahead, with the columns known in advance that the
            series has; not needed when it has none.
        origins: of the backtest; more of them make weights and intervals finer.
        step: steps between two origins; half of h when not given.
        by: the score that crowns the champion; of a series that is mostly zero it is rmse, because
            a forecast of 0 has the smallest absolute error.

    Raises:
        ContractBroken, DataMissing: the series or ``future`` cannot be forecast as it is.
        InputInvalid: a number is below 1, ``by`` is no score, or ``freq`` no frequency.
        ModelFailed: every model failed for some series.
    """
    series = checked_series(series, freq=freq)
    ahead = future_frame(series, h=h, freq=freq, known=future)
    notes: tuple[str, ...] = ()
    if country and series["ds"].dtype.kind != "M":
        notes = (f"no holidays of {country}: the steps have no dates",)
    elif country:
        days = _holidays(country, series=series, ahead=ahead)
        series = with_holidays(series, days=days, freq=freq)
        ahead = with_holidays(ahead, days=days, freq=freq)
        notes = tuple(days.attrs.values())
    backs = rolling_origins(h=h, origins=origins, step=step or max(1, h // 2))
    done = tuple(
        forecast_panel(
            panel,
            models=models_for(freq) if models is None else models,
            sparse_models=SPARSE_MODELS if models is None else {},
            origins=backs,
            seed=seed,
        )
        for panel in panels(series, future=ahead, seasons=seasons or seasons_of(freq))
    )
    return _result(done, notes=notes, by=by)


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


def forecast_panel(
    panel: Panel,
    *,
    models: Mapping[str, Model],
    origins: Sequence[int],
    seed: int,
    sparse_models: Mapping[str, Model] = MappingProxyType({}),
) -> PanelForecast:
    """The same job for one panel, arrays in, arrays out.

    ``sparse_models`` are tried beside ``models`` on the series that are mostly zero.

    Raises:
        ModelFailed: every model failed for some series.
    """
    tested = backtest(panel, models=models, origins=origins, seed=seed)
    tested = with_sparse_models(tested, models=sparse_models, seed=seed)
    _check_all_said(tested)
    shares, past = _shares(tested)
    y_hat = combined(tested.ahead, weights=shares)
    errors = tested.y - past
    scale = naive_errors(panel, origins=(0,))[:, 0]
    below, above = conformal_bounds(errors, scale=scale)
    floor = floors(panel, origins=(0,))[:, :, None]
    return PanelForecast(
        tested=tested,
        weights=shares,
        y_hat=y_hat,
        past=past,
        lower=np.maximum(y_hat[:, :, None] - below, floor),
        upper=y_hat[:, :, None] + above,
        coverage=conformal_coverage(errors, origins=tested.origins, scale=scale),
        scale=scale,
        unbounded=tuple(conformal_reasons(errors, reach=above)),
    )


def _shares(tested: Backtest) -> tuple[Floats, Floats]:
    """(n, m) the weights, and (n, k, h) what the combination would have said at the origins."""
    sparse = mostly_zero(tested.panel)
    errors = skill_errors(tested.y, y_hat=tested.y_hat, recent=tested.recent, sparse=sparse)
    shares = fallback_weights(tested, shares=weights(errors))
    past = _out_of_sample(tested, sparse=sparse)
    part = naive_parts(tested, past=past)
    if part.any():
        naive = tested.models.index("naive")
        shares = (1 - part[:, None]) * shares
        shares[:, naive] += part
        # the intervals are those of what is said, so the past is moved alike
        part = part[:, None, None]
        past = np.where(part > 0, (1 - part) * past + part * tested.y_hat[:, naive], past)
    return shares, past


def _out_of_sample(tested: Backtest, *, sparse: NDArray[np.bool_]) -> Floats:
    """(n, k, h) the combination at each origin, with weights of the other origins."""
    past = np.full(tested.y.shape, np.nan)
    for at in range(len(tested.origins)):
        others = np.arange(len(tested.origins)) != at
        errors = skill_errors(tested.y[:, others], y_hat=tested.y_hat[:, :, others], sparse=sparse)
        past[:, at] = combined(tested.y_hat[:, :, at], weights=weights(errors))
    return np.where(np.isfinite(tested.y), past, np.nan)


def _check_all_said(tested: Backtest) -> None:
    silent = ~np.isfinite(tested.ahead).any(axis=(1, 2))
    if silent.any():
        uid = tested.panel.ids[silent][0]
        why = tested.dropped[tested.dropped["unique_id"] == uid].iloc[0]
        raise ModelFailed(
            f"every model failed for {uid}; {why.model}: {why.reason}",
            hint="leave models= out, or add seasonal_naive to them",
        )


def _holidays(country: str, *, series: pd.DataFrame, ahead: pd.DataFrame) -> pd.DataFrame:
    first, last = series["ds"].min().year, ahead["ds"].max().year
    return special_days(country, years=range(first, last + 1))


def _result(done: tuple[PanelForecast, ...], *, notes: tuple[str, ...], by: str) -> ForecastResult:
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
