"""Prediction intervals from what a backtest got wrong, on the same footing for every model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["LEVELS", "conformal_coverage", "conformal_intervals", "conformal_widths"]

LEVELS = (80, 95)
_SMOOTHING = 7  # steps over which the error's size is averaged: a whole week, so no weekday shows
_KEYS = ["unique_id", "model"]


def conformal_widths(predictions: pd.DataFrame, *, levels: Sequence[int] = LEVELS) -> pd.DataFrame:
    """Half widths of intervals that grow with the horizon as the errors did.

    The absolute errors of all origins are divided by their usual size at that step (mean over
    origins, smoothed over the week around the step), pooled over steps, and the finite-sample
    quantile of the pool is multiplied by that size again. Pooling makes six origins enough for
    95 %; errors of one origin resemble each other, so the coverage is only as exact as the number
    of origins: read ``conformal_coverage``.

    Args:
        predictions: one row per (unique_id, model, cutoff, step) with y and y_hat.
        levels: percent of days that should fall inside.

    Returns:
        One row per (unique_id, model, step): ``width_80 width_95`` in the unit of y; NaN where so
        few errors are at hand that no finite width keeps the promise.

    Source: Vovk, Gammerman & Shafer (2005), split conformal; normalised scores after Lei, G'Sell,
    Rinaldo, Tibshirani & Wasserman (2018), Distribution-Free Predictive Inference, section 5.2.
    """
    error = (predictions["y"] - predictions["y_hat"]).abs()
    table = predictions[[*_KEYS, "step"]].assign(error=error)
    sizes = _usual_sizes(table)
    table = table.merge(sizes, on=[*_KEYS, "step"])
    # a size of 0 means that every error around the step was 0: so is the width
    table["score"] = (table["error"] / table["size"].where(table["size"] > 0)).fillna(0.0)
    widths = sizes.copy()
    for level in levels:
        factor = table.groupby(_KEYS)["score"].agg(_finite_quantile, level=level)
        factors = factor.rename("factor").reset_index()
        widths[f"width_{level}"] = sizes["size"] * sizes.merge(factors, on=_KEYS)["factor"]
    return widths.drop(columns="size")


def _usual_sizes(errors: pd.DataFrame) -> pd.DataFrame:
    """One row per (unique_id, model, step): the mean error there and in the week around it."""
    means = errors.groupby([*_KEYS, "step"], as_index=False).agg(size=("error", "mean"))
    means["size"] = means.groupby(_KEYS)["size"].transform(
        lambda size: size.rolling(_SMOOTHING, center=True, min_periods=1).mean()
    )
    return means


def conformal_intervals(
    predictions: pd.DataFrame,
    *,
    widths: pd.DataFrame,
    floor: pd.Series,
    levels: Sequence[int] = LEVELS,
) -> pd.DataFrame:
    """The predictions with ``lo_80 hi_80 lo_95 hi_95``.

    Args:
        predictions: one row per (unique_id, model, step) with y_hat.
        widths: as from ``conformal_widths``.
        floor: by unique_id, the least value that can occur (0 for revenue, -inf for any number).
        levels: percent, as given to ``conformal_widths``.
    """
    wide = predictions.merge(widths, on=[*_KEYS, "step"], how="left", validate="many_to_one")
    least = wide["unique_id"].map(floor)
    for level in levels:
        width = wide.pop(f"width_{level}")
        wide[f"lo_{level}"] = (wide["y_hat"] - width).clip(lower=least)
        wide[f"hi_{level}"] = wide["y_hat"] + width
    return wide


def conformal_coverage(
    predictions: pd.DataFrame, *, levels: Sequence[int] = LEVELS
) -> pd.DataFrame:
    """The share of days inside the interval, each origin judged by widths from the other origins.

    Args:
        predictions: one row per (unique_id, model, cutoff, step) with y and y_hat.
        levels: percent.

    Returns:
        One row per (unique_id, model): ``coverage_80 coverage_95``, fractions 0 to 1; NaN with a
        single origin, or where the widths are NaN.
    """
    origin = predictions.groupby("unique_id")["cutoff"].rank(method="dense")
    parts = []
    for left_out in origin.unique():
        widths = conformal_widths(predictions[origin != left_out], levels=levels)
        parts.append(predictions[origin == left_out].merge(widths, on=[*_KEYS, "step"], how="left"))
    judged = pd.concat(parts, ignore_index=True)
    error = (judged["y"] - judged["y_hat"]).abs()
    for level in levels:
        width = judged[f"width_{level}"]
        judged[f"coverage_{level}"] = (error <= width).astype(float).where(width.notna())
    covered = {f"coverage_{level}": (f"coverage_{level}", "mean") for level in levels}
    shares: pd.DataFrame = judged.groupby(_KEYS, as_index=False).agg(**covered)
    return shares


def _finite_quantile(scores: pd.Series, *, level: int) -> float:
    """The ceil((n + 1) level)-th smallest score; NaN when n is too small for that level."""
    rank = int(np.ceil((len(scores) + 1) * level / 100))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else float("nan")
