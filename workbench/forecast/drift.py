"""Whether forecasts have become worse than their backtest promised."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["DRIFT_STEPS", "drift"]

DRIFT_STEPS = 28  # of the latest steps looked at
_FEWEST = 14  # steps that can tell something
_SIGNIFICANCE = 0.01  # of each of the two tests: one false alarm in fifty looks, at the most
_WORSE = 1.2  # times the error of the backtest: a smaller change is not worth a person's time


def drift(misses: pd.DataFrame) -> pd.DataFrame:
    """Compare what happened with what the backtest promised, series by series.

    Two tests, one-sided. The mean absolute error against the backtest's: a t test, and at least a
    fifth more. The share inside the 80 % interval against the share of the backtest, at most 80 %:
    a binomial test. Errors of neighbouring steps resemble each other, so both count as many steps
    as would tell as much were they independent.

    Args:
        misses: one row per (unique_id, grain, step that is over), sorted by time: ``unique_id grain
            y y_hat lo_80 hi_80``, and ``mae coverage`` of the backtest; NaN where not known.

    Returns:
        One row per (unique_id, grain): ``unique_id grain n mae_ratio coverage_80 p_error p_coverage
        is_drifting reason``; reason says what drifts, or why nothing could be tested.

    Source: effective number of steps n (1 - r) / (1 + r), Bayley & Hammersley (1946), The effective
    number of independent observations in an autocorrelated time series, with lag 1.
    """
    found = [
        {"unique_id": uid, "grain": grain} | _judged(rows)
        for (uid, grain), rows in misses.groupby(["unique_id", "grain"], sort=True)
    ]
    columns = ["unique_id", "grain", "n", "mae_ratio", "coverage_80", "p_error", "p_coverage"]
    return pd.DataFrame(found, columns=[*columns, "is_drifting", "reason"])


def _judged(rows: pd.DataFrame) -> dict[str, object]:
    error = (rows["y_hat"] - rows["y"]).abs().to_numpy(dtype=float)
    promised = rows["mae"].mean()  # of the forecasts in force; each has its own backtest
    ratio = error.mean() / promised if promised > 0 else np.nan
    width = rows[["lo_80", "hi_80"]].notna().all(axis=1)
    inside = np.asarray(rows["y"].between(rows["lo_80"], rows["hi_80"])[width], dtype=float)
    told: dict[str, object] = {
        "n": len(rows),
        "mae_ratio": float(ratio),
        "coverage_80": float(inside.mean()) if len(inside) else np.nan,
        "p_error": np.nan,
        "p_coverage": np.nan,
        "is_drifting": False,
    }
    if len(rows) < _FEWEST:
        return told | {"reason": f"{len(rows)} steps are too few to tell: {_FEWEST} are needed"}
    if np.isnan(ratio):
        return told | {"reason": "the backtest knows no error to compare with"}
    p_error = _p_error(error, promised=float(promised))
    p_coverage = np.nan
    if len(inside) >= _FEWEST:
        reached = rows["coverage"].mean()
        share = 0.8 if np.isnan(reached) else min(0.8, float(reached))
        p_coverage = _p_coverage(inside, share=share)
    reasons = []
    if p_error < _SIGNIFICANCE and ratio >= _WORSE:
        reasons.append(f"the error is {ratio:.1f} times that of the backtest")
    if p_coverage < _SIGNIFICANCE:
        reasons.append(f"the 80 % interval held {inside.mean():.0%} of {len(inside)} steps")
    return told | {
        "p_error": p_error,
        "p_coverage": p_coverage,
        "is_drifting": bool(reasons),
        "reason": "; ".join(reasons),
    }


def _p_error(error: NDArray[np.float64], *, promised: float) -> float:
    """How likely a mean as high, or higher, is where the promised one is true."""
    from scipy import stats

    count = _effective(error)
    spread = error.std(ddof=1)
    if spread == 0:
        return 0.0 if error[0] > promised else 1.0
    return float(stats.t.sf((error.mean() - promised) / (spread / np.sqrt(count)), df=count - 1))


def _p_coverage(inside: NDArray[np.float64], *, share: float) -> float:
    """How likely as few, or fewer, steps inside are where the share is true."""
    from scipy import stats

    count = round(_effective(inside))
    return float(stats.binom.cdf(round(inside.mean() * count), count, share))


def _effective(values: NDArray[np.float64]) -> float:
    """How many independent values tell as much as these; at least 3."""
    centred = values - values.mean()
    total = float(centred @ centred)
    r = float(centred[1:] @ centred[:-1]) / total if total > 0 else 0.0
    r = min(max(r, 0.0), 0.99)
    return max(3.0, len(values) * (1 - r) / (1 + r))
