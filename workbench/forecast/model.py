"""The one signature behind which every model stands, and what turns a function into a model.

A new model is one function in one file, for one series or for all at once::

    @per_series
    def last_value(history, *, future, season_length, seed):
        return np.full(len(future), history["y"].iloc[-1])

    @per_panel
    def last_values(past, *, seed):
        return np.repeat(past.y[:, -1:], past.h, axis=1)

    forecast(series, h=56, models={**models("D"), "last_value": last_value}, seed=0)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.panel import Panel

__all__ = ["Model", "Said", "ask", "per_panel", "per_series", "said_from"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says.

    Attributes:
        y_hat: (n, origins, h); NaN where a series could not be forecast.
        reasons: (row, origin's position) -> why there is NaN.
    """

    y_hat: Floats
    reasons: Mapping[tuple[int, int], str] = field(default_factory=dict)


class Model(Protocol):
    """Fits on what is known at each origin and predicts the h steps after it, for all series.

    Args of a call:
        panel: the series; see ``panel.Panel``.
        origins: how many steps before the end of the panel each forecast stands, the farthest
            first; 0 is the end itself. What lies behind an origin must not change what is said
            there, except through what is known in advance.
        seed: for models that draw random numbers; same seed, same predictions.

    A model that can serve all origins in one pass over the data does; ``per_panel`` and
    ``per_series`` make models of functions that know nothing of origins.
    """

    def __call__(self, panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
        """Predict h steps of every series from every origin."""
        ...


def said_from(panel: Panel, y_hat: Floats, *, origins: Sequence[int], least: int) -> Said:
    """What a model says, where a series has ``least`` steps before the origin, and why not else."""
    steps = panel.lengths[:, None] - np.asarray(origins)
    short = steps < least
    reasons = {
        (int(row), int(at)): f"{max(0, steps[row, at])} steps are known, {least} are needed"
        for row, at in np.argwhere(short)
    }
    return Said(np.where(short[:, :, None], np.nan, y_hat), reasons)


def per_panel(fit_predict: Callable[..., Floats]) -> Model:
    """The model that fits all series at once, origin by origin.

    Args:
        fit_predict: from ``(past, *, seed)`` to an array (n, h); a Panel ends at its origin.
    """

    @functools.wraps(fit_predict)
    def model(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
        parts = [fit_predict(panel.until(back), seed=seed) for back in origins]
        return Said(np.stack(parts, axis=1))

    return model


def per_series(fit_predict: Callable[..., Floats]) -> Model:
    """The model that fits each series on its own; one that raises costs only its own series.

    Args:
        fit_predict: from the rows of one series and of its steps ahead to one number per step
            ahead: ``(history, *, future, season_length, seed)``. Frames as ``Panel.frames`` gives.
    """

    @functools.wraps(fit_predict)
    def model(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
        y_hat = np.full((len(panel.ids), len(origins), panel.h), np.nan)
        reasons: dict[tuple[int, int], str] = {}
        for at, back in enumerate(origins):
            past = panel.until(back)
            for row, (history, future) in enumerate(past.frames()):
                try:
                    y_hat[row, at] = fit_predict(
                        history, future=future, season_length=past.season_length, seed=seed
                    )
                except Exception as error:  # noqa: BLE001 - may fail in any way; it is told
                    reasons[row, at] = f"{type(error).__name__}: {error}"
        return Said(y_hat, reasons)

    return model


def ask(model: Model, panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
    """What the model says, with a reason beside everything that it could not say.

    A series that was never negative before an origin is not forecast below 0. A model that raises
    fails for all series; where it says something that is no finite number, that is the reason.
    """
    shape = (len(panel.ids), len(origins), panel.h)
    try:
        said = model(panel, origins=origins, seed=seed)
        y_hat = np.broadcast_to(said.y_hat, shape).astype(float)
        reasons = dict(said.reasons)
    except Exception as error:  # noqa: BLE001 - a model may fail in any way; the reason is kept
        told = f"{type(error).__name__}: {error}"
        everywhere = {(row, at): told for row in range(shape[0]) for at in range(shape[1])}
        return Said(np.full(shape, np.nan), everywhere)
    y_hat = np.maximum(y_hat, floors(panel, origins=origins)[:, :, None])
    for row, at in np.argwhere(~np.isfinite(y_hat).all(axis=2)):
        y_hat[row, at] = np.nan
        reasons.setdefault((int(row), int(at)), "y_hat is not a finite number")
    return Said(y_hat, reasons)


def floors(panel: Panel, *, origins: Sequence[int]) -> Floats:
    """(n, origins) what a forecast cannot fall below: 0 where the series never did, else -inf."""
    least = np.minimum.accumulate(np.nan_to_num(panel.y, nan=0.0), axis=1)
    last = panel.y.shape[1] - 1
    at_origin = least[:, [last - back for back in origins]]
    return np.where(at_origin >= 0, 0.0, -np.inf)
