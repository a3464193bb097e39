"""Backtests: what each model would have said at earlier steps, beside what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import InputInvalid
from workbench.forecast.model import Model, ask
from workbench.forecast.panel import Panel

__all__ = ["Backtest", "backtest", "rolling_origins"]

Floats = NDArray[np.float64]

_RECENT = 4  # such a part of h is forecast once more from just before the end


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a backtest found, and what the same models say of the steps ahead.

    n series, m models, k origins, h steps.

    Attributes:
        panel: what was backtested.
        models: (m) their names.
        origins: (k) how many steps before the end each stands, the farthest first.
        y: (n, k, h) what happened; NaN where the series was too short to be tested there.
        y_hat: (n, m, k, h) what was said; NaN where a model failed, or ``y`` is NaN.
        ahead: (n, m, h) what is said at the end of the panel; NaN where a model is dropped.
        dropped: one row per (unique_id, model) that failed somewhere: ``unique_id model cutoff
            reason`` of its first failure.
        recent: (n, m) mean absolute error over the last quarter of h steps, said just before them:
            whether a model has followed what happened lately; NaN where it said nothing.
    """

    panel: Panel
    models: tuple[str, ...]
    origins: tuple[int, ...]
    y: Floats
    y_hat: Floats
    ahead: Floats
    dropped: pd.DataFrame
    recent: Floats

    def frame(self) -> pd.DataFrame:
        """One row per (unique_id, model, origin, step): ``unique_id model cutoff ds step y y_hat``.

        Without the rows where y or y_hat is NaN.
        """
        n, m, k, h = self.y_hat.shape
        t = self.panel.y.shape[1]
        cut = np.array([t - 1 - back for back in self.origins], dtype=np.int64)
        row, model, origin, step = (
            index.ravel() for index in np.indices((n, m, k, h), dtype=np.int32)
        )
        whole = pd.DataFrame(
            {
                "unique_id": self.panel.ids[row],
                "model": np.array(self.models, dtype=object)[model],
                "cutoff": self.panel.ds[cut[origin]],
                "ds": self.panel.ds[cut[origin] + 1 + step],
                "step": step + 1,
                "y": np.broadcast_to(self.y[:, None], self.y_hat.shape).ravel(),
                "y_hat": self.y_hat.ravel(),
            }
        )
        return whole.dropna(subset=["y", "y_hat"], ignore_index=True)


def rolling_origins(*, h: int, origins: int, step: int) -> tuple[int, ...]:
    """How many steps before the end each origin stands, the farthest first.

    >>> rolling_origins(h=7, origins=3, step=5)
    (17, 12, 7)

    Raises:
        InputInvalid: h, origins or step is below 1.
    """
    for name, value in {"h": h, "origins": origins, "step": step}.items():
        if value < 1:
            raise InputInvalid(f"{name} is {value}", hint=f"pass {name}=1 or more")
    return tuple(h + at * step for at in reversed(range(origins)))


def backtest(
    panel: Panel, *, models: Mapping[str, Model], origins: Sequence[int], seed: int
) -> Backtest:
    """Ask every model at rolling origins, and at the end, in one call each.

    Args:
        panel: the series; a model sees nothing of ``y`` after an origin.
        models: by the name under which they are reported.
        origins: as from ``rolling_origins``; none where the panel is too short to be tested.
        seed: handed to every model.

    Raises:
        InputInvalid: there is no model.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.10.
    """
    if not models:
        raise InputInvalid("there is no model to backtest", hint="leave models= out")
    t = panel.y.shape[1]
    possible = tuple(back for back in origins if t - back >= 1)
    y = _actuals(panel, origins=possible)
    y_hat = np.full((len(panel.ids), len(models), len(possible), panel.h), np.nan)
    ahead = np.full((len(panel.ids), len(models), panel.h), np.nan)
    recent = np.full((len(panel.ids), len(models)), np.nan)
    near = min(max(1, panel.h // _RECENT), t - 1)
    asked = (*possible, near, 0)
    failed = []
    for at, (name, model) in enumerate(models.items()):
        said = ask(model, panel, origins=asked, seed=seed)
        y_hat[:, at] = np.where(np.isfinite(y), said.y_hat[:, :-2], np.nan)
        ahead[:, at] = said.y_hat[:, -1]
        if near:
            recent[:, at] = np.abs(panel.y[:, -near:] - said.y_hat[:, -2, :near]).mean(axis=1)
        failed += _failures(panel, name, said.reasons, origins=asked, tested=y)
    dropped = pd.DataFrame(failed, columns=["unique_id", "model", "cutoff", "reason"])
    return Backtest(panel, tuple(models), possible, y, y_hat, ahead, dropped, recent)


def _actuals(panel: Panel, *, origins: Sequence[int]) -> Floats:
    """(n, k, h) what happened after each origin; NaN for a series too short to be tested there.

    Two seasons have to be known before it, or three horizons where the season is longer.
    """
    t = panel.y.shape[1]
    least = max(2, min(2 * panel.season_length, 3 * panel.h))
    y = np.full((len(panel.ids), len(origins), panel.h), np.nan)
    for at, back in enumerate(origins):
        enough = panel.lengths - back >= least
        y[:, at] = np.where(enough[:, None], panel.y[:, t - back : t - back + panel.h], np.nan)
    return y


def _failures(
    panel: Panel,
    name: str,
    reasons: Mapping[tuple[int, int], str],
    *,
    origins: Sequence[int],
    tested: Floats,
) -> list[tuple[object, str, object, str]]:
    """The first failure of each series where it could be tested, or at the end."""
    t = panel.y.shape[1]
    first: dict[int, tuple[int, str]] = {}
    for (row, at), reason in sorted(reasons.items()):
        at_end = at == len(origins) - 1
        is_tested = at < tested.shape[1] and np.isfinite(tested[row, at]).any()
        if row not in first and (at_end or is_tested):
            first[row] = (at, reason)
    return [
        (panel.ids[row], name, panel.ds[t - 1 - origins[at]], reason)
        for row, (at, reason) in first.items()
    ]
