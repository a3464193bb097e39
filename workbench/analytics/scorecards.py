"""How good forecasts were, in a table and in sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.analytics.figures import count_text, rate_text
from workbench.columns import checked

__all__ = ["forecast_scorecard", "reached_coverage", "scorecard_sentences"]

_AHEAD = {1: "1", 2: "2 to 7", 8: "8 to 14", 15: "15 to 28", 29: "29 to 56", 57: "57 and more"}
_LEVELS = (50, 80, 90, 95)
_KEYS = ["metric", "unit", "grain", "step_from"]
_SCORES = ["n", "mae", "bias", "mase", *(f"coverage_{level}" for level in _LEVELS)]


def forecast_scorecard(performance: pd.DataFrame) -> pd.DataFrame:
    """The forecast of each metric beside the naive one, by how far ahead.

    Args:
        performance: one row per (metric, unit, grain, step_from, model), as from
            ``load.load_forecast_performance``.

    Returns:
        One row per (metric, unit, grain, step_from), sorted: ``ahead`` in words; n, mae, bias, mase
        and coverages of the forecast; ``against_naive``, its error as a share of the naive one's;
        ``bias_rate``, the bias as a share of the mean error, from -1 to 1. NaN where there is
        nothing to divide by.

    Raises:
        ContractBroken: a column is missing.
    """
    rows = checked(performance, columns=[*_KEYS, "model", *_SCORES])
    stated = rows[rows["model"] == "forecast"].drop(columns="model")
    naive = rows[rows["model"] != "forecast"].drop_duplicates(_KEYS)
    table = stated.merge(
        naive[[*_KEYS, "mae"]].rename(columns={"mae": "naive_mae"}), on=_KEYS, how="left"
    )
    return table.assign(
        ahead=table["step_from"].map(_AHEAD),
        against_naive=_share(table["mae"], table["naive_mae"]),
        bias_rate=_share(table["bias"], table["mae"]),
    ).sort_values(_KEYS, ignore_index=True)


def reached_coverage(scores: pd.DataFrame) -> pd.DataFrame:
    """The share of steps inside each interval, over all ranges of steps ahead.

    Args:
        scores: rows of one metric and grain: ``n`` and ``coverage_50`` to ``coverage_95``.

    Returns:
        One row per level: ``level coverage``; NaN where it is not known.
    """
    rows = checked(scores, columns=["n", *(f"coverage_{level}" for level in _LEVELS)])
    reached = []
    for level in _LEVELS:
        known = rows.dropna(subset=f"coverage_{level}")
        total = known["n"].sum()
        held = (known["n"] * known[f"coverage_{level}"]).sum()
        reached.append(float(held / total) if total else float("nan"))
    return pd.DataFrame({"level": _LEVELS, "coverage": reached})


def scorecard_sentences(scorecard: pd.DataFrame) -> list[str]:
    """One sentence for each metric and grain; one that says why where there is nothing to say.

    Args:
        scorecard: as from ``forecast_scorecard``.
    """
    if scorecard.empty:
        return [
            "Nothing can be said yet: no forecast that was stored has steps that are over and were"
            " compared with what happened."
        ]
    return [
        _sentence(str(metric), str(grain), some)
        for (metric, grain), some in scorecard.groupby(["metric", "grain"])
    ]


def _sentence(metric: str, grain: str, some: pd.DataFrame) -> str:
    known = some.dropna(subset="naive_mae")
    usual = float((known["naive_mae"] * known["n"]).sum())
    error = float((known["mae"] * known["n"]).sum())
    held = reached_coverage(some).set_index("level")["coverage"][80]
    told = f"{metric} ({grain}): {count_text(some['n'].sum())} steps were compared"
    if usual > 0:
        told += f"; the error was {rate_text(error / usual)} of the naive forecast's"
    if not np.isnan(held):
        told += f"; the 80 % interval held {rate_text(held)} of them"
    return f"{told}."


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole > 0)
