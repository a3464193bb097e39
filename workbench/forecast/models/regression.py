"""Regression of each series on trend, seasons, calendar, holidays and what is planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.model import Said, said_from
from workbench.forecast.models.features import Design, shared_design
from workbench.forecast.models.logs import on_logs
from workbench.forecast.models.reverting import reverting_path
from workbench.forecast.models.ridge import Equations, equations
from workbench.forecast.panel import Panel
from workbench.forecast.planned import Planned, planned_columns

__all__ = ["Fit", "fitted", "regression", "regression_with_lags"]

Floats = NDArray[np.float64]

# Chosen on rolling origins inside the training parts of US births and NN5.
_CLIP = 1.5  # standard errors; what lies further off counts as if it did not
_ROUNDS = 2  # of calling outliers to order
_NORMAL = 1.2533  # standard deviation of a normal variable by its mean absolute value
_RARE = 0.2  # of its own fit that a step decides: a holiday seen once, no outlier
_STRENGTHS = (1.0, 10.0, 100.0)  # by which the shrinkage of holidays is multiplied, to choose from
_RECENT = 14  # steps whose mean tells that the level has shifted
_FAR = 6.0  # usual means of so many steps, beyond which it has; 4 cost NN5 2 % of its error
_LEAST = 14  # steps without which there is nothing to fit
_LAGS = (1, 2, 3)
_CYCLES = 4  # seasons back whose remainder counts as well
_LONGEST = 31  # steps of a season for which it does


@dataclass(frozen=True, slots=True)
class Fit:
    """What the regression found in every series of a panel, on the scale of the panel.

    n series, t steps behind the origin, h ahead.

    Attributes:
        design: the columns that all series share.
        planned: the columns known in advance.
        equations: what was solved.
        level: (n, 1) what was taken off each series before the fit.
        beta: (n, columns) coefficients of the design.
        gamma: (n, planned) coefficients of the planned columns.
        said: (n, t + h) the fit and its continuation.
        rest: (n, t) each value minus the fit; NaN before a series begins.
        bound: (n, 1) from which on a part of ``rest`` was taken for an outlier.
    """

    design: Design
    planned: Planned
    equations: Equations
    level: Floats
    beta: Floats
    gamma: Floats
    said: Floats
    rest: Floats
    bound: Floats


def regression(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """What the calendar and the plan say, and nothing of the last days' own."""

    def ahead(past: Panel) -> Floats:
        return _once(past)[0]

    y_hat = on_logs(panel, origins=origins, path=_each(ahead))
    return said_from(panel, y_hat, origins=origins, least=_LEAST)


def regression_with_lags(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """The regression, and an autoregression that continues what it left."""

    def ahead(past: Panel) -> Floats:
        said, rest = _once(past)
        return said + reverting_path(rest, h=past.h, lags=_lags(past))

    y_hat = on_logs(panel, origins=origins, path=_each(ahead))
    return said_from(panel, y_hat, origins=origins, least=_LEAST)


def fitted(past: Panel) -> Fit:
    """Fit every series of a panel that ends at its origin.

    Where holidays are known there are three fits, which shrink their effects differently: what is
    noise beside a quiet series is a signal beside none. The one that says best what each step was,
    had it not been seen, is kept, for all series of the panel.

    Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, equation 7.64
    (each step left out once).
    """
    design, planned = shared_design(past), planned_columns(past)
    solvers = equations(
        design,
        planned,
        lengths=past.lengths,
        t=past.y.shape[1],
        strengths=_STRENGTHS if "holidays" in design.part else (1.0,),
    )
    fits = [_fitted(past, solver, design=design, planned=planned) for solver in solvers]
    if len(fits) == 1:
        return fits[0]
    errors = np.stack([_errors_unseen(fit) for fit in fits])
    least = errors.min(axis=0)
    relative = np.divide(errors, least, out=np.ones(errors.shape), where=least > 0)
    return fits[int(relative.mean(axis=1).argmin())]


def _fitted(past: Panel, solver: Equations, *, design: Design, planned: Planned) -> Fit:
    """Weighted ridge regression, repeated with outliers drawn towards the fit.

    The repetition needs no new matrix. A step that decides much of its own fit, such as a holiday
    seen once, is left as it is.

    Source: Huber (1981), Robust Statistics, section 7.8 (pseudo-values).
    """
    t = past.y.shape[1]
    used = solver.used
    count = np.maximum(used.sum(axis=1, keepdims=True), 1)
    level = np.where(used, past.y, 0.0).sum(axis=1, keepdims=True) / count
    z = np.where(used, past.y - level, 0.0)
    target = z
    for turn in range(_ROUNDS + 1):
        beta, gamma = solver.solved(target)
        said = beta @ design.x.T
        if planned.names:
            said += np.einsum("nq,nqt->nt", gamma, planned.x)
        rest = np.where(used, z - said[:, :t], 0.0)
        bound = _CLIP * _NORMAL * np.abs(rest).sum(axis=1, keepdims=True) / count
        if turn < _ROUNDS:
            target = z - np.where(solver.leverage > _RARE, 0.0, rest - np.clip(rest, -bound, bound))
    rest = np.where(np.isfinite(past.y), past.y - level - said[:, :t], np.nan)
    return Fit(design, planned, solver, level, beta, gamma, said + level, rest, bound)


def _errors_unseen(fit: Fit) -> Floats:
    """(n) the mean absolute error of each step by a fit that had not seen it."""
    unseen = np.abs(fit.rest) / np.maximum(1.0 - fit.equations.leverage, 0.01)
    count = np.maximum(fit.equations.used.sum(axis=1), 1)
    errors: Floats = np.where(fit.equations.used, unseen, 0.0).sum(axis=1) / count
    return errors


def _each(ahead: Callable[[Panel], Floats]) -> Callable[[Panel, Sequence[int]], Floats]:
    """The path that asks for every origin what is said ahead of it."""

    def at_origin(part: Panel, back: int) -> Floats:
        return ahead(part.once(("until", back), lambda: part.until(back)))

    def path(part: Panel, origins: Sequence[int]) -> Floats:
        return np.stack([at_origin(part, back) for back in origins], axis=1)

    return path


def _once(past: Panel) -> tuple[Floats, Floats]:
    """(n, h) the continuation, (n, t) the remainder without outliers, for both models."""

    def made() -> tuple[Floats, Floats]:
        fit = fitted(past)
        shift = _shifts(fit.rest)
        rest = np.clip(fit.rest - shift, -fit.bound, fit.bound)
        return fit.said[:, past.y.shape[1] :] + shift, rest

    return past.once("regression", made)


def _shifts(rest: Floats) -> Floats:
    """(n, 1) the mean of the last steps of the remainder where it lies far from all before, or 0.

    A level that shifted a short while ago is not in the trend yet.
    """
    known = np.nan_to_num(rest)
    total = np.cumsum(known, axis=1)
    means = (total[:, _RECENT:] - total[:, :-_RECENT]) / _RECENT
    if means.shape[1] <= _RECENT:
        return np.zeros((len(rest), 1))
    last = means[:, -1:]
    usual = _NORMAL * np.abs(means[:, :-_RECENT]).mean(axis=1, keepdims=True)
    return np.where(np.abs(last) > _FAR * usual, last, 0.0)


def _lags(past: Panel) -> tuple[int, ...]:
    """As many as a panel is long enough for."""
    season = past.season_length
    seasonal = [season * cycle for cycle in range(1, _CYCLES + 1)]
    lags = [*_LAGS, *(seasonal if max(_LAGS) < season <= _LONGEST else [])]
    return tuple(lag for lag in lags if lag == 1 or 2 * lag < past.y.shape[1])
