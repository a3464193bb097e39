"""Possible futures of each series, so that a sum over steps has an interval of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import InputInvalid
from workbench.forecast.conformal import LEVELS, sizes_and_scores
from workbench.forecast.model import floors
from workbench.forecast.panel_forecast import PanelForecast
from workbench.forecast.result import ForecastResult

__all__ = ["forecast_totals", "path_intervals", "sample_paths"]

Floats = NDArray[np.float64]

_PATHS = 1000
_OWN_PRIOR = 6.0  # origins that the panel's dependence over steps counts as, beside a series' own
_BLOCKS = 600  # error blocks that speak for the panel, at the most
_AT_ONCE = 100  # series whose paths are held in memory together


def sample_paths(done: PanelForecast, *, rows: Sequence[int], paths: int, seed: int) -> Floats:
    """(rows, paths, h) futures whose every step has the calibrated bounds.

    How far a path strays at one step and at the next comes from whole blocks of errors, h steps
    after one origin: a path mixes them at random, and its rank at each step is read off the bounds
    there. Path number p of every series mixes the origins in the same way, so that series that
    erred together stray together.

    Args:
        done: the forecast of a panel.
        rows: positions of series in the panel.
        paths: how many futures.
        seed: same seed, same paths.

    Returns:
        In the unit of y, never below the floor of the forecast; NaN where a bound is.

    Raises:
        InputInvalid: there are too few paths to tell the outermost bounds apart.

    Source: Schefzik, Thorarinsdottir & Gneiting (2013), Uncertainty Quantification in Complex
    Simulation Models Using Ensemble Copula Coupling, section 3.
    """
    if paths < 100:
        raise InputInvalid(f"paths is {paths}", hint="pass paths=100 or more")
    chosen = np.asarray(rows)
    # the paths lie beside each other in memory, because it is they that are sorted
    order = np.argsort(_strayed(done, rows=chosen, paths=paths, seed=seed), axis=2)
    futures = np.empty(order.shape)
    np.put_along_axis(futures, order, _quantiles(done, rows=chosen, paths=paths), axis=2)
    floor = floors(done.tested.panel, origins=(0,))[chosen][:, :, None]
    np.maximum(futures, floor, out=futures)
    return futures.transpose(0, 2, 1)


def path_intervals(values: Floats, *, levels: Sequence[int] = LEVELS) -> tuple[Floats, Floats]:
    """Lower and upper bounds (n, levels) that hold so many percent of the paths.

    Args:
        values: (n, paths) one number of each path, such as the sum of its steps.
        levels: percent.
    """
    tail = (1 - np.array(levels) / 100) / 2
    low: Floats = np.quantile(values, tail, axis=1).T
    high: Floats = np.quantile(values, 1 - tail, axis=1).T
    return low, high


def forecast_totals(
    result: ForecastResult, *, seed: int, period: str | None = None, paths: int = _PATHS
) -> pd.DataFrame:
    """The expected total of each series with its intervals, over all steps or by period.

    Args:
        result: a forecast.
        seed: of the paths.
        period: of dated steps, as pandas writes it: M, W, Q; all steps are one when not given.
        paths: how many futures the intervals are counted on.

    Returns:
        One row per (unique_id, first step of the period): ``unique_id ds steps y_hat`` and
        ``lo_50 hi_50`` to ``lo_95 hi_95``, sorted; a period that the horizon does not cover whole
        has the ``steps`` that it covers. Bounds NaN where the forecast has none.

    Raises:
        InputInvalid: a period is asked of steps without dates, or too few paths.
    """
    frames = []
    for done in result.panels:
        spans = _spans(done, period=period)
        for first in range(0, len(done.y_hat), _AT_ONCE):
            rows = range(first, min(first + _AT_ONCE, len(done.y_hat)))
            futures = sample_paths(done, rows=rows, paths=paths, seed=seed)
            frames += [_total(done, futures, rows=rows, span=span) for span in spans]
    return pd.concat(frames).sort_values(["unique_id", "ds"], ignore_index=True)


def _strayed(done: PanelForecast, *, rows: NDArray[np.int64], paths: int, seed: int) -> Floats:
    """(rows, h, paths) how far each path strays; only its order over the paths has a meaning."""
    _, scores = sizes_and_scores(done.tested.y - done.past, scale=done.scale)
    blocks = np.nan_to_num(scores)
    n, k, h = blocks.shape
    rng = np.random.default_rng(seed)
    origins = rng.standard_normal((paths, k))
    every = blocks.reshape(n * k, h)[np.isfinite(scores).all(axis=2).ravel()]
    some = rng.permutation(len(every))[:_BLOCKS]
    pooled = every[some].T @ rng.standard_normal((paths, len(some))).T
    tested = np.isfinite(scores[rows]).any(axis=2).sum(axis=1)[:, None, None]
    own_weight = tested / (tested + _OWN_PRIOR) if n > 1 else np.ones(tested.shape)
    strayed: Floats = blocks[rows].transpose(0, 2, 1) @ origins.T
    strayed *= np.sqrt(own_weight / np.maximum(tested, 1))
    pooled_weight = np.sqrt((1 - own_weight) / max(len(some), 1))
    # what the panel's blocks add is shuffled, so that it does not make all series stray together
    for at, row in enumerate(rows):
        order = np.random.default_rng((seed, row)).permutation(paths)
        strayed[at] += pooled_weight[at] * pooled[:, order]
    return strayed


def _quantiles(done: PanelForecast, *, rows: NDArray[np.int64], paths: int) -> Floats:
    """(rows, h, paths) the bounds as evenly spread quantiles, ascending over the paths."""
    from scipy.special import ndtri  # takes long to import, see models/recursion.py

    tail = (1 - np.array(LEVELS) / 100) / 2
    known = ndtri(np.concatenate([tail[::-1], [0.5], 1 - tail]))
    wanted = ndtri((np.arange(paths) + 0.5) / paths)
    values = np.concatenate(
        [done.lower[rows][:, :, ::-1], done.y_hat[rows][:, :, None], done.upper[rows]], axis=2
    )
    # between two bounds, and beyond the last, as a normal distribution through them goes
    left = np.clip(np.searchsorted(known, wanted) - 1, 0, len(known) - 2)
    share = (wanted - known[left]) / (known[left + 1] - known[left])
    ladder: Floats = np.take(np.diff(values, axis=2), left, axis=2)
    ladder *= share
    ladder += np.take(values, left, axis=2)
    return ladder


def _spans(done: PanelForecast, *, period: str | None) -> list[slice]:
    """Which steps belong to each period."""
    panel = done.tested.panel
    if period is None:
        return [slice(0, panel.h)]
    if not panel.is_dated:
        raise InputInvalid(f"period is {period!r}, the steps have no date", hint="leave it out")
    ahead = pd.Series(pd.DatetimeIndex(panel.ds[-panel.h :])).dt.to_period(period)
    starts = [*np.flatnonzero((ahead != ahead.shift()).to_numpy()), panel.h]
    return [slice(int(a), int(b)) for a, b in pairwise(starts)]


def _total(
    done: PanelForecast, futures: Floats, *, rows: Sequence[int], span: slice
) -> pd.DataFrame:
    low, high = path_intervals(futures[:, :, span].sum(axis=2))
    panel = done.tested.panel
    chosen = np.asarray(rows)
    columns: dict[str, object] = {
        "unique_id": panel.ids[chosen],
        "ds": panel.ds[panel.y.shape[1] + span.start],
        "steps": span.stop - span.start,
        "y_hat": done.y_hat[chosen][:, span].sum(axis=1),
    }
    for at, level in enumerate(LEVELS):
        columns[f"lo_{level}"], columns[f"hi_{level}"] = low[:, at], high[:, at]
    return pd.DataFrame(columns)
