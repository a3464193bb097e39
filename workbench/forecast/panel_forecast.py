"""The job for one panel, as arrays: test every model, combine by skill, forecast with bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from workbench.errors import ModelFailed
from workbench.forecast.combine import combined, skill_errors, weights
from workbench.forecast.conformal import conformal_bounds, conformal_coverage, conformal_reasons
from workbench.forecast.fallback import fallback_weights
from workbench.forecast.model import Model, floors
from workbench.forecast.origins import Backtest, backtest
from workbench.forecast.panel import Panel
from workbench.forecast.scores import naive_errors
from workbench.forecast.sparse import mostly_zero, with_sparse_models
from workbench.forecast.walks import naive_parts

__all__ = ["PanelForecast", "forecast_panel"]

Floats = NDArray[np.float64]


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


def forecast_panel(
    panel: Panel,
    *,
    models: Mapping[str, Model],
    origins: Sequence[int],
    seed: int,
    sparse_models: Mapping[str, Model] = MappingProxyType({}),
) -> PanelForecast:
    """Forecast the series of a panel by models weighted by their skill on the past.

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
