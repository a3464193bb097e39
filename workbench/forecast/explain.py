"""What the regression makes of a series: its parts step by step, and what one send is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.models.logs import scaled
from workbench.forecast.models.regression import Fit, fitted
from workbench.forecast.panel import Panel

__all__ = ["components", "effects"]

Floats = NDArray[np.float64]


def components(panel: Panel) -> pd.DataFrame:
    """What the regression says of every step, part by part.

    Args:
        panel: the series; its end is the origin.

    Returns:
        One row per (unique_id, ds, part), sorted: ``unique_id ds part value scale``. The parts are
        level, trend, one season each, month, holidays and each planned column, and, behind the
        end, remainder. Values add up to the series on its ``scale``: "log" where it was always
        positive (a value of 0.1 is ten percent more), "fourth root" where it was 0, and "as is"
        where it was negative. A planned column counts from its own usual value.
    """
    frames = []
    for scale, part in scaled(panel):
        fit = fitted(part)
        for name, values in _parts(fit).items():
            frames.append(_long(part, values, part=name, scale=scale))
    whole = pd.concat(frames, ignore_index=True)
    return whole.sort_values(["unique_id", "ds", "part"], ignore_index=True)


def effects(panel: Panel) -> pd.DataFrame:
    """What one unit of each planned column adds, with its standard error.

    Args:
        panel: the series; its end is the origin.

    Returns:
        One row per (unique_id, column), sorted: ``unique_id column scale effect standard_error
        steps``. ``effect`` is what one more unit adds on that scale; "log": 0.1 is ten percent
        more. The error allows for noise that is larger on some days, and that lasts over a season.
        ``steps`` are those on which the column was not at its usual value; where there are none,
        effect and standard_error are NaN.

    Source: Newey & West (1987), A simple, positive semi-definite, heteroskedasticity and
    autocorrelation consistent covariance matrix, equation 5.
    """
    frames = []
    for scale, part in scaled(panel):
        fit = fitted(part)
        t = part.y.shape[1]
        error = _standard_errors(fit, lags=part.season_length)
        unusual = (fit.planned.x[:, :, :t] != 0) & fit.equations.used[:, None]
        for at, name in enumerate(fit.planned.names):
            steps = unusual[:, at].sum(axis=1)
            size = np.where(steps > 0, fit.planned.size[:, at], np.nan)
            frames.append(
                pd.DataFrame(
                    {
                        "unique_id": part.ids,
                        "column": name,
                        "scale": scale,
                        "effect": fit.gamma[:, at] / size,
                        "standard_error": error[:, at] / size,
                        "steps": steps,
                    }
                )
            )
    columns = ["unique_id", "column", "scale", "effect", "standard_error", "steps"]
    whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return whole.sort_values(["unique_id", "column"], ignore_index=True)


def _parts(fit: Fit) -> Mapping[str, Floats]:
    """(n, t + h) by part; the remainder is (n, t)."""
    x, kinds = fit.design.x, fit.design.part
    parts = {}
    for kind in dict.fromkeys(kinds):
        mine = kinds == kind
        parts[str(kind)] = fit.beta[:, mine] @ x[:, mine].T
    parts["level"] = parts["level"] + fit.level
    for at, name in enumerate(fit.planned.names):
        parts[name] = fit.gamma[:, at, None] * fit.planned.x[:, at]
    return {**parts, "remainder": fit.rest}


def _long(panel: Panel, values: Floats, *, part: str, scale: str) -> pd.DataFrame:
    """Without the steps before a series begins."""
    n, steps = values.shape
    begun = np.ones((n, len(panel.ds)), dtype=bool)
    begun[:, : panel.y.shape[1]] = np.isfinite(panel.y)
    row, step = np.nonzero(begun[:, :steps])
    return pd.DataFrame(
        {
            "unique_id": panel.ids[row],
            "ds": panel.ds[step],
            "part": part,
            "value": values[row, step],
            "scale": scale,
        }
    )


def _standard_errors(fit: Fit, *, lags: int) -> Floats:
    """(n, planned) of the coefficients of the planned columns."""
    solver = fit.equations
    # the planned columns without what the shared ones explain, times weight and remainder
    shared = solver.explained(solver.cross) @ solver.x.T
    clipped = np.nan_to_num(np.clip(fit.rest, -fit.bound, fit.bound))
    score = (solver.own - np.where(solver.used[:, None], shared, 0.0)) * clipped[:, None]
    spread = score @ score.transpose(0, 2, 1)
    for lag in range(1, lags + 1):
        across = score[:, :, lag:] @ score[:, :, :-lag].transpose(0, 2, 1)
        spread += (1 - lag / (lags + 1)) * (across + across.transpose(0, 2, 1))
    variance = solver.rest @ spread @ solver.rest
    errors: Floats = np.sqrt(np.maximum(np.einsum("nqq->nq", variance), 0.0))
    return errors
