"""How good a backtest was, and which model was best."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from workbench.errors import InputInvalid
from workbench.forecast.origins import Backtest
from workbench.forecast.panel import Panel

__all__ = ["backtest_scores", "champion", "mase", "naive_errors", "smape"]

Floats = NDArray[np.float64]

_KEYS = ["unique_id", "model"]


def mase(y: ArrayLike, *, y_hat: ArrayLike, train: ArrayLike, season_length: int) -> float:
    """Mean absolute error as a multiple of the seasonal naive forecast's own, inside ``train``.

    Args:
        y: what happened.
        y_hat: what was forecast, same length.
        train: what the model had seen.
        season_length: steps in one season.

    Returns:
        Below 1 is better than repeating the last season was, one step ahead. NaN where ``train``
        repeats itself exactly, because there is nothing to measure against.

    >>> mase([12, 8], y_hat=[10, 10], train=[4, 8, 5, 7], season_length=2)
    2.0

    Source: Hyndman & Koehler (2006), Another look at measures of forecast accuracy, section 3.
    """
    past = np.asarray(train, dtype=float)
    scale = np.abs(past[season_length:] - past[:-season_length]).mean()
    error = np.abs(np.asarray(y, dtype=float) - np.asarray(y_hat, dtype=float)).mean()
    return float(error / scale) if scale > 0 else float("nan")


def smape(y: ArrayLike, *, y_hat: ArrayLike) -> float:
    """Symmetric mean absolute percentage error, as a fraction from 0 to 2.

    A step on which both are 0 counts as no error. The M4 competition prints 100 times this.

    >>> smape([100, 0], y_hat=[50, 0])
    0.3333333333333333

    Source: Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition, section 2.
    """
    return float(_smape_terms(np.asarray(y, dtype=float), np.asarray(y_hat, dtype=float)).mean())


def backtest_scores(tested: Backtest, *, combination: Floats | None = None) -> pd.DataFrame:
    """Errors of each model over all origins and steps.

    Args:
        tested: n series, m models, k origins, h steps.
        combination: (n, k, h) what the combination said there, scored beside the models.

    Returns:
        One row per (unique_id, model) that could be tested, sorted, ``n`` predictions each:
        ``mae``, ``rmse`` and ``bias`` (forecast minus actual) in the unit of y; ``mase`` (scaled at
        each origin by what was known then; NaN as in ``mase``); ``smape``.
    """
    said, names = tested.y_hat, list(tested.models)
    if combination is not None:
        said = np.concatenate([said, combination[:, None]], axis=1)
        names.append("combination")
    error = said - tested.y[:, None]
    scale = naive_errors(tested.panel, origins=tested.origins)[:, None, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(scale > 0, np.abs(error) / scale, np.nan)
    relative = _smape_terms(np.broadcast_to(tested.y[:, None], said.shape), said)
    means = {
        "mae": _mean(np.abs(error)),
        "rmse": np.sqrt(_mean(error**2)),
        "mase": _mean(scaled),
        "smape": _mean(relative),
        "bias": _mean(error),
        "n": np.isfinite(error).sum(axis=(2, 3)),
    }
    rows = pd.DataFrame(
        {
            "unique_id": np.repeat(tested.panel.ids, len(names)),
            "model": np.tile(np.array(names, dtype=object), len(tested.panel.ids)),
            **{name: values.ravel() for name, values in means.items()},
        }
    )
    return rows[rows["n"] > 0].sort_values(_KEYS, ignore_index=True)


def champion(scores: pd.DataFrame, *, by: str = "mase") -> pd.DataFrame:
    """The best single model of each series.

    Args:
        scores: one row per (unique_id, model), as from ``backtest_scores``.
        by: the column that decides, the smaller the better; mae decides where it is NaN or equal,
            and then the model's name.

    Returns:
        One row per unique_id: ``unique_id model``. The combination is no single model.

    Raises:
        InputInvalid: ``by`` is not an error that can be compared.
    """
    if by not in ("mae", "rmse", "mase", "smape"):
        raise InputInvalid(f"by is {by!r}", hint="pass mae, rmse, mase or smape")
    single = scores[scores["model"] != "combination"]
    best = single.sort_values(["unique_id", by, "mae", "model"], na_position="last")
    return best.drop_duplicates("unique_id", ignore_index=True)[_KEYS]


def naive_errors(panel: Panel, *, origins: tuple[int, ...]) -> Floats:
    """(n, k) at each origin, the mean absolute seasonal difference of all steps up to it."""
    season = panel.season_length
    change = np.full(panel.y.shape, np.nan)
    change[:, season:] = np.abs(panel.y[:, season:] - panel.y[:, :-season])
    known = np.isfinite(change)
    total = np.cumsum(np.where(known, change, 0.0), axis=1)
    count = np.cumsum(known, axis=1)
    at = [panel.y.shape[1] - 1 - back for back in origins]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count[:, at] > 0, total[:, at] / count[:, at], np.nan)


def _mean(values: Floats) -> Floats:
    """(n, m) over origins and steps, of what is known."""
    known = np.isfinite(values)
    count = known.sum(axis=(2, 3))
    total = np.where(known, values, 0.0).sum(axis=(2, 3))
    means: Floats = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return means


def _smape_terms(y: Floats, y_hat: Floats) -> Floats:
    size = np.abs(y) + np.abs(y_hat)
    terms: Floats = 2 * np.abs(y - y_hat) / np.where(size > 0, size, 1.0)
    return terms
